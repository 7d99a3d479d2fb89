//! Closed pipes and full disks.

use std::process::{Command, Stdio};

use super::Folder;

/// The command writing to a pipe whose reader is gone before the first byte comes.
fn into_closed_pipe(args: &[&str]) -> (i32, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cairn"));
    command.env("XDG_RUNTIME_DIR", std::env::temp_dir()); // as in `Folder::cairn`
    let child = command.args(args).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let fit = ["fit", "--device", "cpu", "-r", "1"];
    assert_eq!(into_closed_pipe(&fit), (0, String::new()));
    assert_eq!(into_closed_pipe(&[&fit[..], &["--json"]].concat()), (0, String::new()));
    assert_eq!(into_closed_pipe(&["devices"]), (0, String::new()));
    assert_eq!(into_closed_pipe(&["fit", "--help"]).1, "");
}

#[test]
fn files_are_written_even_if_nobody_reads_the_summary() {
    let folder = Folder::new();
    let labels = folder.path("l.csv");
    into_closed_pipe(&["fit", "--device", "cpu", "-r", "1", "--labels", labels.to_str().unwrap()]);
    assert_eq!(folder.read("l.csv").lines().count(), 1798);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cairn"));
    let output = command.args(["fit", "--device", "cpu", "-r", "1"]).stdout(full).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.starts_with("error: standard output: "), "{err}");
}
