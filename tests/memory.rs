//! Peak memory of fits whose rows are read from an `.npy` file: 4 bytes a value, 28 bytes a row, 20 more with weights, and
//! 64 MiB.
//!
//! The system reports the largest peak of all child processes, so this binary starts no other, and fits with a larger
//! bound come later.
#![cfg(all(feature = "cli", target_os = "linux"))]

#[path = "common/cases.rs"]
mod cases;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use cases::quick;
use nix::sys::resource::{UsageWho, getrusage};

/// What the program, its threads and the chunks it reads may take besides.
const BESIDE: usize = 64 << 20;
/// Norms, errors, labels, bounds, and the labels of the best restart.
const PER_ROW: usize = 28;
/// Weights as they were given, as integers, and their running totals.
const PER_WEIGHT: usize = 20;

/// Numbers between 0 and 1, no two columns alike.
fn write_points(path: &Path, n_points: usize, n_columns: usize) {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_points}, {n_columns}), }}");
    let header = format!("{header:<117}\n");
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    file.write_all(b"\x93NUMPY\x01\x00").expect("written");
    file.write_all(&(header.len() as u16).to_le_bytes()).expect("written");
    file.write_all(header.as_bytes()).expect("written");
    let mut state = 1u32;
    for _ in 0..n_points * n_columns {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        file.write_all(&((state >> 8) as f32 / (1 << 24) as f32).to_le_bytes()).expect("written");
    }
    file.flush().expect("written");
}

/// Fits, and asserts that the peak so far is within what the fit may take.
fn fit(path: &Path, how: &str, least: usize, most: usize) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.arg("fit").arg(path).args(how.split(' ')).args(["--device", "cpu", "--json"]);
    let run = command.output().expect("runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).expect("an account").max_rss() as usize * 1024;
    assert!(peak > least, "{how}: {peak} bytes can't be right: the points alone are {least}");
    assert!(peak <= most, "{how}: {} MiB at the peak, {} MiB allowed", peak >> 20, most >> 20);
}

#[test]
fn fits_take_their_points_and_a_few_bytes_a_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("points.npy");
    let bound = |n: usize, d: usize, per_row: usize| n * (d * 4 + per_row) + BESIDE;
    // points in f32, in 8 and in 16 bits, as much of them as is kept
    let n = 205_000;
    write_points(&path, n, 32);
    fit(&path, "-k 128 -r 1 --init random --max-iter 3", n * 32 * 4, bound(n, 32, PER_ROW));
    if !quick() {
        // few features, with weights, several restarts
        let n = 2_000_000;
        write_points(&path, n, 3);
        let most = bound(n, 2, PER_ROW + PER_WEIGHT);
        fit(&path, "-k 9 -r 2 --weights 3 --max-iter 3", n * 8, most);
        fit(&path, "-k 9 -r 3 --weights 3 --init random --max-iter 3", n * 8, most);
    }
    // 320 MB of points; without bounds and a best restart a quarter more will do
    let n = 5_000_000;
    write_points(&path, n, 16);
    fit(&path, "-k 100 -r 1 --init random --max-iter 3", n * 64, n * 64 * 5 / 4 + BESIDE);
    if !quick() {
        fit(&path, "-k 12 -r 1 --max-iter 2", n * 64, bound(n, 16, PER_ROW));
    }
}
