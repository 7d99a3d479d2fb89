//! The processor's instructions: the kernels of older ones, which this processor would not choose.
//!
//! A kernel is chosen once a process, by `CAIRN_CPU`: so the tests on the processor are run in another one.

use std::process::Command;

/// Runs the tests `::cpu` of this crate, but the longest, with a kernel of that name.
fn run_with(kernel: &str) {
    let own = std::env::current_exe().expect("a test knows its own file");
    let tests = ["::cpu", "--skip", "digits", "--skip", "many_rows"];
    let run = Command::new(own).args(tests).env("CAIRN_CPU", kernel).output().expect("tests can be run");
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "CAIRN_CPU={kernel}:\n{text}");
    assert!(!text.contains("running 0 tests"), "{text}");
}

#[test]
fn portable() {
    run_with("portable");
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx2() {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        run_with("avx2");
    }
}
