//! Seconds to read a file as single-precision rows in memory, and to pack it, least of some runs:
//! `cargo bench --bench reading -- RUNS FILE..`. `benches/formats.py` runs it beside other programs.

use std::time::Instant;

use cairn::data::{DataError, LoadOptions, Rows, load};
use cairn::kmeans::pack;

/// Rows of a file, (n_points, n_dims).
fn read(file: &str) -> Result<Vec<f32>, DataError> {
    let data = load(file, &LoadOptions::default())?;
    let mut values = Vec::with_capacity(data.points.n_points() * data.points.n_dims());
    data.points.visit::<DataError>(&mut |_, rows| {
        match rows {
            Rows::F32(rows) => values.extend_from_slice(rows),
            Rows::F64(rows) => values.extend(rows.iter().map(|&value| value as f32)),
        }
        Ok(())
    })?;
    Ok(values)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let runs: usize = args.next().unwrap_or_default().parse().unwrap_or(3);
    for file in args {
        let (mut reading, mut fitting) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..runs {
            let start = Instant::now();
            let values = read(&file)?;
            reading = reading.min(start.elapsed().as_secs_f64());
            drop(values);
            let start = Instant::now();
            drop(pack(&load(&file, &LoadOptions::default())?, None)?);
            fitting = fitting.min(start.elapsed().as_secs_f64());
        }
        println!("{file}\t{reading:.6}\t{fitting:.6}");
    }
    Ok(())
}
