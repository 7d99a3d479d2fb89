//! `cairn draw`: a page on which digits are drawn and named.

use cairn::data::write::Output;
use cairn::model::Model;
use cairn::report::draw;

use super::args::draw::DrawArgs;
use super::files;

/// Runs the subcommand.
pub(super) fn run(args: &DrawArgs) -> anyhow::Result<()> {
    files::check_apart(&[("MODEL", Some(&args.model)), ("--output", Some(&args.output))])?;
    let output = Output::create_plain(&args.output)?;
    let page = draw::page(&Model::load(&args.model)?)?;
    Ok(output.write_bytes(page.as_bytes())?)
}
