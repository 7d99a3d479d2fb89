//! CPU kernels for older instructions, which this processor would not choose.
//!
//! `CAIRN_CPU` names the kernel of all tests of a process (`common::options`), so the CPU tests run in child
//! processes.

use std::process::Command;

use crate::common::{long, quick};

/// Runs the tests `::cpu` of this crate, but the longest and those of `nearest`, which do this themselves, with a
/// kernel of that name, and these others.
fn run_with(kernel: &str, others: &[&str]) {
    let own = std::env::current_exe().expect("a test knows its own file");
    let left_out = ["digits", "many_rows", "nearest::", "peak::", "truth::"].map(|name| ["--skip", name]);
    // the shapes, the ties and the adversaries, if there is no time for more
    let shared = kernel == SHORT && !long(); // all but one loop is that of int8
    let of = if quick() || shared {
        vec!["shapes::", "ties::", "narrow::", "--skip", "::vulkan", "--skip", "::gl", "--skip", "::native"]
    } else {
        vec!["::cpu"]
    };
    let tests = of.into_iter().chain(left_out.into_iter().flatten());
    let mut run = Command::new(own);
    run.args(tests).args(others).env("CAIRN_CPU", kernel);
    if !long() {
        run.env_remove("CAIRN_ALL"); // the cases of `cargo test`
    }
    let run = run.output().expect("tests can be run");
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "CAIRN_CPU={kernel}:\n{text}");
    assert!(!text.contains("running 0 tests"), "{text}");
}

/// Bytes with sums in 16 bits.
const SHORT: &str = "short-int8";
const IN_16_BITS: &str = "mutations::a_bound_of_zero_is_caught_in_16_bits";
const LESS_IN_8_BITS: &str = "mutations::less_than_the_bound_is_caught_in_8_bits";
const LESS_BESIDE_A_GRID: &str = "mutations::less_than_the_bound_is_caught_beside_a_grid";
const BOUNDS: &str = "mutations::bounds_that_stand_and_movers_that_are_not_seen_are_caught";
const UNPROVEN_CANDIDATE: &str = "mutations::an_unproven_candidate_is_caught";
const SEARCHES: &str = "search::long_restarts";
const UNPROVEN_MOVES: &str = "search::moves_without_proof_are_caught_in_8_bits";
const HALF_THE_BOUND: &str = "mutations::half_the_bound_is_caught_in_bf16";

#[test]
fn portable() {
    run_with("portable", &[BOUNDS, UNPROVEN_CANDIDATE, SEARCHES]);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx2() {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        run_with("avx2", &[IN_16_BITS, BOUNDS, LESS_BESIDE_A_GRID, SEARCHES, "--include-ignored"]);
    }
}

/// Everything of AMX but its own instructions, which a test of their own guards where they are used.
#[test]
fn bf16() {
    run_with("bf16", &[IN_16_BITS, HALF_THE_BOUND, "--include-ignored"]);
}

/// The loop over bytes in plain arithmetic.
#[test]
fn int8() {
    let others = [LESS_IN_8_BITS, LESS_BESIDE_A_GRID, BOUNDS, UNPROVEN_MOVES, SEARCHES, "--include-ignored"];
    run_with("int8", &others);
}

/// The same with sums in 16 bits, as on AVX2 without VNNI.
#[test]
fn short_int8() {
    run_with(SHORT, &[LESS_BESIDE_A_GRID, BOUNDS, SEARCHES, "--include-ignored"]);
}

/// Where the widest has a unit for matrices, and would be chosen.
#[cfg(target_arch = "x86_64")]
#[test]
fn avx512() {
    if is_x86_feature_detected!("avx512vnni") {
        run_with("avx512", &[LESS_IN_8_BITS, LESS_BESIDE_A_GRID, "--include-ignored"]);
    }
}

#[cfg(target_arch = "aarch64")]
#[test]
fn neon() {
    run_with("neon", &[]);
}
