//! `cairn completions` and `cairn man`.

use anyhow::Context;
use cairn::data::write::Output;
use cairn::numbers::plural;
use clap_mangen::Man;

use super::args::{self, CompletionsArgs, ManArgs};
use super::terminal;

/// Name of the program, as it is typed.
const NAME: &str = "cairn";

/// Prints a script that completes subcommands, flags and their values.
pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), NAME, &mut script);
    let script = String::from_utf8(script).context("the script is not text")?;
    terminal::write_stdout(&script).context("standard output")
}

/// Writes a manual page for the program and for each subcommand.
pub(super) fn man(args: &ManArgs) -> anyhow::Result<()> {
    let pages = pages()?;
    let name = args.dir.display();
    anyhow::ensure!(args.dir.exists(), "{name}: no such folder; make it, or name another one for the pages");
    anyhow::ensure!(args.dir.is_dir(), "{name}: is not a folder; name one for the pages");
    // all of them are checked before the first is written
    let outputs = pages.iter().map(|(name, _)| Output::create_plain(&args.dir.join(name)));
    let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
    for (output, (_, page)) in outputs.into_iter().zip(&pages) {
        output.write_bytes(page)?;
    }
    let (count, folder) = (plural(pages.len() as u64, "page"), args.dir.display().to_string());
    terminal::write_stderr(&format!("{}: {count} of the manual", terminal::plain(&folder)));
    Ok(())
}

/// The pages, by file name.
fn pages() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    // the groups of the help are for a terminal; the page lists all subcommands
    let mut all = args::command_without_groups().disable_help_subcommand(true);
    all.build();
    let commands = std::iter::once(&all).chain(all.get_subcommands()).cloned();
    let page = |command: clap::Command| {
        let man = Man::new(command);
        let mut page = Vec::new();
        man.render(&mut page)?;
        Ok((man.get_filename(), page))
    };
    commands.map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text of a page without the escapes of its format.
    fn read(page: &[u8]) -> String {
        let text = String::from_utf8_lossy(page);
        ["\\fB", "\\fI", "\\fR"].iter().fold(text.replace("\\-", "-"), |text, mark| text.replace(mark, ""))
    }

    #[test]
    fn every_subcommand_and_flag_stands_in_its_page_and_in_the_completions() {
        let pages = pages().unwrap();
        let mut all = args::command_without_groups();
        all.build();
        let subcommands: Vec<&clap::Command> =
            all.get_subcommands().filter(|command| command.get_name() != "help").collect();
        assert_eq!(pages.len(), subcommands.len() + 1);
        let scripts = clap::ValueEnum::value_variants().iter().map(|&shell: &clap_complete::Shell| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut args::command(), NAME, &mut script);
            (shell, String::from_utf8(script).unwrap())
        });
        let scripts: Vec<_> = scripts.collect();
        let main = read(&pages[0].1);
        let mut flags = 0;
        for command in subcommands {
            let name = command.get_name();
            assert!(main.contains(&format!("cairn-{name}(1)")), "{name} is missing from {main}");
            let (_, page) = pages.iter().find(|(file, _)| *file == format!("cairn-{name}.1")).unwrap();
            let page = read(page);
            let positionals = command.get_positionals().map(clap::Arg::get_index);
            assert!(positionals.is_sorted(), "{name} shows its arguments in another order");
            for arg in command.get_arguments() {
                let Some(long) = arg.get_long() else { continue };
                assert!(page.contains(&format!("--{long}")), "--{long} is missing from {name}: {page}");
                for (shell, script) in &scripts {
                    assert!(script.contains(long), "--{long} of {name} is missing for {shell}");
                }
                flags += 1;
            }
            scripts.iter().for_each(|(shell, script)| assert!(script.contains(name), "{name} for {shell}"));
        }
        assert!(flags > 100, "{flags}");
    }
}
