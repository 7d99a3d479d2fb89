//! The structure of `src/`: no cycle of files, and no dependency between layers that `docs/ARCHITECTURE.md` does not
//! allow.
//!
//! A file depends on each other file that **defines** a name which it uses, in a `use` line or in a path within its
//! code (`crate::a::b`, `super::x`, `cairn::a`, or `a::b` where `a` is in scope).
//!
//! * A re-exported name is followed to its definition: if `a/mod.rs` has `pub use b::B`, another file's `use super::B`
//!   is a dependency on `a/b.rs`, not on `a/mod.rs`.
//! * Declaring a module (`mod b;`), naming one (`use crate::a;`), and re-exporting names of the module's own folder
//!   are not dependencies by themselves. So a `mod.rs` that only declares and re-exports is not on a cycle. A re-export
//!   of another module's names is a dependency, and so is one whose name the file itself uses.
//! * A name that the text of a module lacks is defined there by a macro, and counts as defined there.
//! * Code behind `#[cfg(test)]` is ignored; code behind another `cfg` is read, whatever is built.
//! * Methods and fields are no dependencies: only names are seen.
//!
//! | file | what it is about |
//! |---|---|
//! | `tokens` | the text of a file as identifiers and signs |
//! | `source` | what a file defines, imports and uses |
//! | `modules` | which file a path leads to: dependencies |
//! | `cycles` | cycles of dependencies |
//! | `layers` | the table of layers |
//! | `environment` | what a file asks `std::env` for |

mod cycles;
mod environment;
mod layers;
mod modules;
mod source;
mod tokens;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cycles::{cycles, describe};
use layers::{layer_of, layers};
use modules::{Files, Modules};

/// Known cycles, each with all its files. A cycle that is gone, or has other files, is a failure.
const KNOWN_CYCLES: &[&[&str]] = &[];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of `src/`.
fn source_files() -> Files {
    let mut files = Files::new();
    read_folder(&root().join("src"), "", &mut files);
    files
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("a folder can be listed").path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().display());
        if path.is_dir() {
            read_folder(&path, &format!("{name}/"), files);
        } else if name.ends_with(".rs") {
            files.insert(name, fs::read_to_string(path).expect("a source file can be read"));
        }
    }
}

#[test]
fn every_file_is_read() {
    let files = source_files();
    let modules = Modules::read(&files);
    let read = modules.files();
    let unread: Vec<_> = files.keys().filter(|file| !read.contains(file.as_str())).collect();
    assert_eq!(unread, ["score/tests.rs"], "files that no module declares, but for tests");
}

#[test]
fn no_cycle_of_files() {
    let dependencies = Modules::read(&source_files()).dependencies();
    let found = cycles(&dependencies);
    let known: Vec<BTreeSet<&str>> =
        KNOWN_CYCLES.iter().map(|files| files.iter().copied().collect()).collect();
    let new = found.iter().filter(|c| !known.contains(c)).map(|c| describe(c, &dependencies));
    let gone = known.iter().filter(|c| !found.contains(c)).map(|c| format!("no cycle any more: {c:?}\n"));
    let wrong: String = new.chain(gone).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_dependency_between_layers_that_is_not_in_the_table() {
    let document = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the document can be read");
    let layers = layers(&document);
    let mut wrong = layers::check(&layers);
    let mut used = BTreeSet::new();
    for dependency in Modules::read(&source_files()).dependencies() {
        let [from, to] = [&dependency.from, &dependency.to].map(|file| layer_of(file, &layers));
        if from.name != to.name && !from.may_use.contains(&to.name) {
            let modules::Dependency { from: file, to: other, path } = &dependency;
            wrong.push(format!("{} must not use {}: {file} uses {path} of {other}", from.name, to.name));
        }
        used.insert((&from.name, &to.name));
    }
    for layer in &layers {
        let idle = layer.may_use.iter().filter(|name| !used.contains(&(&layer.name, name)));
        wrong.extend(idle.map(|name| format!("{} may use {name}, and does not: strike it", layer.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Only the command may look at what it was started with: variables, arguments, the current folder.
#[test]
fn only_the_command_reads_its_environment() {
    let is_command = |file: &str| file == "main.rs" || file.starts_with("cli/");
    let files = source_files();
    let library = files.iter().filter(|(file, _)| !is_command(file));
    let wrong: Vec<String> = library.flat_map(|(file, text)| environment::reads(file, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!environment::reads("", &files["cli/cache.rs"]).is_empty(), "not even the command reads any");
}
