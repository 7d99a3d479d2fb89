//! The commands that documents show are run as shown, and print what is shown.
//!
//! The blocks `sh` of a document are run in order, in one folder that holds links to `data`, `docs` and `tests`. The first block
//! `text` after one is its output: `...` stands for any lines, notes may be missing, and lines with times or devices are
//! not compared. A block ends with an error if an error is shown.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use tempfile::TempDir;

/// Starts of lines that differ from machine to machine.
const VARYING: [&str; 4] = ["device ", "time ", "speed ", "note: device "];
/// Commands that other tests run, that take minutes, or that need packages of Python.
const LEFT_OUT: [&str; 8] = [
    "cargo ",
    "tests/",
    "cairn compare",
    "cairn devices --test",
    "python3 -m venv target/formats",
    "target/formats/",
    "cairn fit formats/",
    "cairn sweep data/digits-writers30.csv --truth digit --test digits --clusters 10,20,40,128,400 --no-measures\n",
];
/// A line for any lines.
const ANYTHING: &str = "...";

/// Commands, and what the document says that they print.
#[derive(Debug, Default)]
struct Block {
    /// Line of the document.
    line: usize,
    commands: String,
    shown: Option<String>,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = (1..).zip(document.lines());
    while let Some((line, fence)) = lines.next() {
        let Some(kind) = fence.strip_prefix("```") else { continue };
        let body = lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```");
        let body: String = body.map(|text| text.to_owned() + "\n").collect();
        match (kind, blocks.last_mut()) {
            ("sh", _) => blocks.push(Block { line, commands: body, shown: None }),
            ("text", Some(block)) if block.shown.is_none() => block.shown = Some(body),
            _ => {}
        }
    }
    blocks
}

/// A folder in which the commands of a document run.
fn place() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["data", "docs", "tests"] {
        let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        std::os::unix::fs::symlink(there, folder.path().join(name)).unwrap();
    }
    folder
}

/// All that the commands print, and whether the last one succeeded. The first that fails is the last.
fn run(folder: &Path, commands: &str) -> (String, bool) {
    let program = Path::new(env!("CARGO_BIN_EXE_cairn")).parent().unwrap();
    let path = format!("{}:{}", program.display(), env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-eu", "-c", &format!("exec 2>&1\n{commands}")]).current_dir(folder);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("PATH", path).env("LC_ALL", "C");
    command.env("CAIRN_CACHE", folder.join("cache")).env("XDG_RUNTIME_DIR", env::temp_dir());
    let output = command.output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

fn compared(text: &str) -> impl Iterator<Item = &str> {
    let same = |line: &&str| !VARYING.iter().any(|start| line.starts_with(start));
    text.lines().map(str::trim_end).filter(same)
}

/// Why `printed` is not what is shown, if it is not.
fn differs(shown: &str, printed: &str) -> Option<String> {
    let shown: Vec<&str> = compared(shown).collect();
    let printed = compared(printed).filter(|line| !line.starts_with("note: ") || shown.contains(line));
    let printed: Vec<&str> = printed.collect();
    let parts: Vec<&[&str]> = shown.split(|line| *line == ANYTHING).collect();
    let not_printed = |part: &[&str]| Some(format!("not printed here:\n{}", part.join("\n")));
    let Some(mut rest) = printed.strip_prefix(parts[0]) else { return not_printed(parts[0]) };
    let [_, middle @ .., last] = &parts[..] else {
        return (!rest.is_empty()).then(|| format!("not shown:\n{}", rest.join("\n")));
    };
    for part in middle {
        let Some(at) = rest.windows(part.len().max(1)).position(|lines| lines == *part) else {
            return not_printed(part);
        };
        rest = &rest[at + part.len()..];
    }
    (!rest.ends_with(last)).then(|| format!("not printed at the end:\n{}", last.join("\n")))
}

/// The commands without those of `LEFT_OUT`.
fn kept(commands: &str) -> String {
    let is_kept = |line: &&str| !LEFT_OUT.iter().any(|start| line.starts_with(start));
    commands.split_inclusive('\n').filter(is_kept).collect()
}

/// The text of a document, by its path in the repository.
fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Runs the blocks of a document.
fn check(name: &str) {
    let folder = place();
    let blocks = blocks(&document(name));
    assert!(!blocks.is_empty(), "{name} has no commands");
    for Block { line, commands, shown } in blocks {
        let commands = commands.replace("cargo run --release -- ", "cairn ");
        let kept = kept(&commands);
        let (printed, done) = run(folder.path(), &kept);
        let fails = shown.as_ref().is_some_and(|shown| shown.lines().any(|line| line.starts_with("error: ")));
        assert_eq!(done, !fails, "{name}, line {line}:\n{kept}\n{printed}");
        let difference = shown
            .filter(|_| kept == commands)
            .and_then(|shown| differs(&shown, &printed))
            .unwrap_or_default();
        assert_eq!(difference, "", "{name}, line {line}:\n{kept}\nprinted:\n{printed}");
    }
}

/// Its commands are run without an exception.
#[test]
fn the_tutorial_is_what_a_class_sees() {
    for Block { line, commands, .. } in blocks(&document("docs/TUTORIAL.md")) {
        assert_eq!(kept(&commands), commands, "line {line}");
    }
    check("docs/TUTORIAL.md");
}

#[test]
fn commands_of_readme_run_as_shown() {
    check("README.md");
}

#[test]
fn commands_on_tables_and_models_run_as_shown() {
    check("docs/FIT.md");
    check("docs/SCALE.md");
    check("docs/MODELS.md");
    check("docs/PICTURES.md");
}

#[test]
fn commands_on_pages_and_devices_run_as_shown() {
    check("docs/REPORTS.md");
    check("docs/DEVICES.md");
}

#[test]
fn readme_names_the_least_rust_that_builds_it() {
    let least = format!("With [Rust](https://rustup.rs) {} or later", env!("CARGO_PKG_RUST_VERSION"));
    assert!(document("README.md").contains(&least), "{least}");
}

/// A command that no document shows any more need not be left out.
#[test]
fn what_is_left_out_is_shown_somewhere() {
    let all: String =
        ["README.md", "docs/FIT.md", "docs/SCALE.md", "docs/MODELS.md", "docs/REPORTS.md", "docs/DEVICES.md"]
            .iter()
            .flat_map(|name| blocks(&document(name)))
            .map(|block| block.commands)
            .collect();
    for start in LEFT_OUT {
        assert!(all.split_inclusive('\n').any(|line| line.starts_with(start)), "{start}");
    }
}

/// Checks that the check can fail.
#[test]
fn what_is_shown_but_not_printed_is_found() {
    let printed = "one\nnote: a note\ntime 3 ms\ntwo\nthree\n";
    for right in [
        "one\ntwo\nthree\n",
        "one\nnote: a note\ntwo\nthree",
        "...\nthree",
        "one\n...",
        "...\ntwo\n...",
        "one\ntime 4 ms\n...\nthree",
    ] {
        assert_eq!(differs(right, printed), None, "{right}");
    }
    for wrong in [
        "one\n",
        "two\nthree",
        "one\nthree",
        "one\n...\ntwo",
        "one\n...\nfour\n...",
        "one\nnote: no note\ntwo\nthree",
    ] {
        assert!(differs(wrong, printed).is_some(), "{wrong}");
    }
    let [first, second] =
        &blocks("a\n```sh\nb\n```\n```rust\n```\n```text\nc\n```\n```text\nd\n```\n```sh\ne\n```\n")[..]
    else {
        panic!("two blocks")
    };
    assert_eq!((first.line, first.commands.as_str(), first.shown.as_deref()), (2, "b\n", Some("c\n")));
    assert_eq!((second.line, second.shown.as_deref()), (13, None));
    let folder = place();
    assert_eq!(run(folder.path(), "ls\nfalse\necho no\n"), ("data\ndocs\ntests\n".to_owned(), false));
}
