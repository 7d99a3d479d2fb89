//! The groups of subcommands in the help: tables first, digits and drawings apart.

use anstyle::Style;
use clap::Command;

use crate::cli::terminal;

/// Each group's heading and its subcommands, in the order of the help.
pub(super) const GROUPS: [(&str, &[&str]); 4] = [
    ("Tables", &["fit", "merge", "sweep", "predict", "transform", "score", "name", "report"]),
    ("Digits, drawings and pictures", &["draw", "read", "quantize"]),
    ("Devices", &["devices", "compare"]),
    ("This program", &["completions", "man", "help"]),
];

/// Widest help, and the width where there is no terminal.
pub(super) const WIDTH: usize = 100;
const HELP_OF_HELP: &str = "Print this message, or the help of a subcommand";

/// The command with its subcommands in groups.
pub(super) fn grouped(command: Command) -> Command {
    let (heading, name_style) = (Style::new().bold().underline(), Style::new().bold());
    let longest = GROUPS.iter().flat_map(|(_, names)| names.iter()).map(|name| name.len()).max().unwrap_or(0);
    let width = terminal::room().map_or(WIDTH, |room| room.min(WIDTH));
    let mut text = String::new();
    for (title, names) in GROUPS {
        text.push_str(&format!("\n{heading}{title}:{heading:#}\n"));
        for name in names {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map_or_else(|| HELP_OF_HELP.to_owned(), ToString::to_string);
            let line = format!("  {name_style}{name:<longest$}{name_style:#}  {about}");
            text.push_str(&terminal::wrapped(&line, Some(width), longest + 4));
            text.push('\n');
        }
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{text}\n{heading}Options:{heading:#}\n{{options}}"
    );
    command.help_template(template)
}
