//! Peak memory of a fit whose rows are read from an `.npy` file: at most 1.25 times the points.
//!
//! The system reports the largest peak of all child processes, so this binary starts no other.
#![cfg(all(feature = "cli", target_os = "linux"))]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};

const N_POINTS: usize = 5_000_000;
const N_DIMS: usize = 16;
/// What the program, its threads and the chunks it reads may take besides.
const BESIDE: usize = 64 << 20;

/// 320 MB of numbers between 0 and 1, no two columns alike.
fn write_points(file: File) {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({N_POINTS}, {N_DIMS}), }}");
    let header = format!("{header:<117}\n");
    let mut file = BufWriter::new(file);
    file.write_all(b"\x93NUMPY\x01\x00").expect("written");
    file.write_all(&(header.len() as u16).to_le_bytes()).expect("written");
    file.write_all(header.as_bytes()).expect("written");
    let mut state = 1u32;
    for _ in 0..N_POINTS * N_DIMS {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        file.write_all(&((state >> 8) as f32 / (1 << 24) as f32).to_le_bytes()).expect("written");
    }
    file.flush().expect("written");
}

#[test]
fn a_large_file_takes_its_points_and_a_quarter_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("points.npy");
    write_points(File::create(&path).expect("a file"));
    let how = ["-k", "100", "-r", "1", "--init", "random", "--max-iter", "3", "--device", "cpu", "--json"];
    let run =
        Command::new(env!("CARGO_BIN_EXE_cairn")).arg("fit").arg(&path).args(how).output().expect("runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let points = N_POINTS * N_DIMS * size_of::<f32>();
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).expect("an account").max_rss() as usize * 1024;
    let most = points + points / 4 + BESIDE;
    assert!(peak > points, "{peak} bytes can't be right: the points alone are {points}");
    assert!(peak <= most, "{} MiB at the peak, {} MiB allowed", peak >> 20, most >> 20);
}
