//! `cairn draw`: writes a page on which digits are drawn and named.

use anyhow::Context;
use cairn::data::write::Output;
use cairn::model::Model;
use cairn::report::draw;

use super::args::draw::DrawArgs;
use super::terminal;

/// Runs the subcommand.
pub(super) fn run(args: &DrawArgs) -> anyhow::Result<()> {
    let output = Output::create_plain(&args.output)?;
    let (model, name) = match &args.model {
        Some(path) => (Model::load(path)?, path.display().to_string()),
        None => (Model::digits(), "the built-in model".into()),
    };
    let page = draw::page(&model).with_context(|| name)?;
    output.write_bytes(page.as_bytes())?;
    if !args.quiet {
        let path = terminal::plain(&args.output.display().to_string());
        terminal::write_stderr(&format!("{path}: {} kB; open it in a browser", page.len().div_ceil(1000)));
    }
    Ok(())
}
