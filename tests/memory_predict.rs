//! Peak memory of a prediction of many rows: a few chunks, whatever the number of rows.
//!
//! The system reports the largest peak of all child processes, so this binary starts only those that it compares.
#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use cairn::engine::Device;
use cairn::kmeans::{KMeans, fit};
use nix::sys::resource::{UsageWho, getrusage};

const N_POINTS: usize = 1_500_000;
/// What the program, its threads and a few chunks may take: less than half of the text, or of the results.
const MOST: usize = 64 << 20;

fn write_points(path: &Path) -> u64 {
    let mut file = BufWriter::new(File::create(path).unwrap());
    writeln!(file, "pixel_0_0,b,pixel_0_1,note").unwrap();
    let mut state = 1u32;
    for _ in 0..N_POINTS {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (a, b) = (f64::from(state >> 8) / 16.0, f64::from(state & 0xffff));
        writeln!(file, "{a},{b:.12},{b},a note that is left out: {a} {b} {a} {b} {a} {b} {a} {b}").unwrap();
    }
    file.flush().unwrap();
    path.metadata().unwrap().len()
}

fn save_model(path: &Path) {
    let values =
        ndarray::Array2::from_shape_fn((400, 2), |(i, j)| ((i * 7919 + j * 104_729) % 65_536) as f64);
    let data = cairn::data::Dataset {
        name: "made by a test".into(),
        points: values.into(),
        columns: vec!["pixel_0_0".into(), "pixel_0_1".into()],
        truth: None,
        weights: None,
        reading: cairn::data::Reading::default(),
    };
    let params = KMeans::new(16).restarts(1).device(Device::Cpu).check().unwrap();
    fit(&data, &params).unwrap().model(&data, &params).unwrap().save(path).unwrap();
}

#[test]
fn many_rows_take_no_more_than_a_few_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let bytes = write_points(&path("points.csv"));
    assert!(bytes > 2 * MOST as u64, "{bytes} bytes would prove nothing");
    save_model(&path("m.safetensors"));
    for (from, to) in [("points.csv", "out.npy"), ("-", "out.jsonl")] {
        let input = File::open(path("points.csv")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        command
            .args(["predict", "m.safetensors", from, "--device", "cpu", "-o", to])
            .current_dir(folder.path());
        let run = command.stdin(input).stdout(Stdio::null()).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert!(path(to).metadata().unwrap().len() > N_POINTS as u64 * 20);
        let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as usize * 1024;
        assert!(
            peak > 1 << 20 && peak <= MOST,
            "{from}: {} MiB at the peak, {} MiB allowed",
            peak >> 20,
            MOST >> 20
        );
    }
}
