//! What a file asks `std::env` for.

use super::source::Source;

/// What is no reading: constants of the build, and the folder for temporary files.
const HARMLESS: [&str; 2] = ["consts", "temp_dir"];

/// Uses of `std::env` but harmless ones, tests left out.
pub(crate) fn reads(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(&Source::read(text), &mut found);
    found
        .into_iter()
        .map(|path| format!("{file} uses {path}: only the command reads its environment"))
        .collect()
}

fn collect(source: &Source, found: &mut Vec<String>) {
    // `use std::env` by itself is harmless: what is made of it shows as a path
    let imports = source.imports.iter().filter(|import| import.name != "env").map(|import| &import.path);
    let paths = imports.chain(&source.globs).chain(&source.paths);
    found.extend(paths.filter(|path| is_reading(path)).map(|path| path.join("::")));
    source.inline.iter().for_each(|(_, inner)| collect(inner, found));
}

fn is_reading(path: &[String]) -> bool {
    let path = if path.first().is_some_and(|first| first == "std") { &path[1..] } else { path };
    let is_harmless = |name: &String| HARMLESS.contains(&name.as_str());
    path.first().is_some_and(|first| first == "env") && !path.get(1).is_some_and(is_harmless)
}

#[test]
fn reads_are_seen_however_they_are_written() {
    for text in [
        "fn f() { std::env::var(\"A\"); }",
        "use std::env; fn f() { env::var_os(\"A\"); }",
        "use std::env::var; fn f() { var(\"A\"); }",
        "use std::{env::vars, fs};",
        "use std::env as e; fn f() { e::args(); }",
        "use std::env::*; fn f() { vars(); }",
        "mod inner { fn f() { std::env::args(); } }",
    ] {
        assert_eq!(reads("a.rs", text).len(), 1, "{text}");
    }
    for text in [
        "fn f() { std::env::temp_dir(); std::env::consts::OS; env!(\"A\"); }",
        "use std::{env, fs};",
        "fn f() { a::env::b(); }",
        "#[cfg(test)] mod tests { fn f() { std::env::var(\"A\"); } }",
    ] {
        assert_eq!(reads("a.rs", text), [] as [String; 0], "{text}");
    }
}
