//! Peak rates of this processor, on all threads.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;

use super::kernel::Kernel;
use crate::engine::EngineError;
use crate::engine::peak::{Peak, fastest};
use crate::memory::{self, OutOfMemory};

/// Trips of the loop of multiply-adds per unit of work.
const TRIPS: usize = 20_000;
/// Floats copied: 128 MiB are read and as many written, beyond most caches.
const FLOATS: usize = 32 << 20;

/// Measures both rates with a kernel, on the threads of the current pool.
pub(super) fn measure(kernel: Kernel) -> Result<Peak, EngineError> {
    Ok(Peak { flops: flops(kernel)?, bytes_per_second: bytes_per_second()? })
}

fn flops(kernel: Kernel) -> Result<f64, EngineError> {
    let units = fastest(1 << 20, |units| {
        let trips = units as usize * TRIPS;
        Ok(seconds(|| {
            rayon::broadcast(|_| black_box(kernel.multiply_add(black_box(trips), black_box(0.75))));
        }))
    })?;
    let each = TRIPS * kernel.multiply_adds() * 2;
    Ok(units * (each * rayon::current_num_threads()) as f64)
}

fn bytes_per_second() -> Result<f64, EngineError> {
    let (from, mut to) = (filled(1.0)?, filled(2.0)?);
    let share = FLOATS.div_ceil(rayon::current_num_threads());
    let copies = fastest(4, |units| {
        Ok(seconds(|| {
            for _ in 0..units {
                let both = to.par_chunks_mut(share).zip(from.par_chunks(share));
                both.for_each(|(to, from)| to.copy_from_slice(from));
                black_box(&mut to);
            }
        }))
    })?;
    Ok(copies * (2 * size_of_val(&from[..])) as f64)
}

fn filled(value: f32) -> Result<Vec<f32>, EngineError> {
    let mut floats = Vec::new();
    let refused = |memory: OutOfMemory| EngineError::OutOfMemory {
        adapter: "CPU".to_owned(),
        reason: memory.to_string(),
    };
    memory::reserve(&mut floats, FLOATS).map_err(refused)?;
    floats.resize(FLOATS, value);
    Ok(floats)
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}
