//! Seconds to read a file as single-precision rows in memory, to go through its rows once, and to read and pack it, each the
//! time of a clock and that of the processor, least of some runs: `cargo bench --bench reading -- RUNS FILE..`. `benches/formats.py` runs it beside
//! other programs.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "the times, for benches/formats.py")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use cairn::allocator::HugePages;
use cairn::data::{DataError, LoadOptions, Points, Rows, load};
use cairn::kmeans::pack;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

#[global_allocator]
static ALLOCATOR: HugePages = HugePages;

/// Rows of a file, (n_points, n_dims).
fn read(file: &str) -> Result<Vec<f32>, DataError> {
    let data = load(file, &LoadOptions::default())?;
    if let Points::F32(rows) = data.points {
        return Ok(rows.into_owned().into_raw_vec_and_offset().0); // they are in memory, and are not copied
    }
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

/// Goes through the rows of a file, a chunk at a time.
fn pass(file: &str) -> Result<(), DataError> {
    load(file, &LoadOptions::default())?.points.visit::<DataError>(&mut |_, rows| {
        black_box(rows);
        Ok(())
    })
}

/// The processor's time so far, of all threads.
fn processor() -> Duration {
    let used = getrusage(UsageWho::RUSAGE_SELF).expect("an account");
    Duration::from_micros((used.user_time() + used.system_time()).num_microseconds() as u64)
}

/// The least of both times.
fn timed<T>(least: &mut [f64; 2], work: impl FnOnce() -> T) -> T {
    let (start, used) = (Instant::now(), processor());
    let made = work();
    let times = [start.elapsed(), processor() - used].map(|time| time.as_secs_f64());
    *least = [least[0].min(times[0]), least[1].min(times[1])];
    made
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let runs: usize = args.next().unwrap_or_default().parse().unwrap_or(3);
    for file in args {
        let [mut reading, mut passing, mut packing] = [[f64::INFINITY; 2]; 3];
        for _ in 0..runs {
            drop(timed(&mut reading, || read(&file))?);
            timed(&mut passing, || pass(&file))?;
            timed(&mut packing, || -> Result<(), Box<dyn std::error::Error>> {
                pack(&load(&file, &LoadOptions::default())?, None)?;
                Ok(())
            })?;
        }
        let times = [reading, passing, packing]
            .concat()
            .iter()
            .map(|time| format!("\t{time:.6}"))
            .collect::<String>();
        println!("{file}{times}");
    }
    Ok(())
}
