//! Peak: what an adapter can do at most, by a plain kernel of multiply-adds and a plain copy.

use super::buffers::storage;
use super::clock::Clock;
use super::context::Context;
use super::kernel::Kernel;
use crate::engine::EngineError;
use crate::engine::peak::{Peak, fastest};

/// Invocations of a workgroup of both kernels.
const WIDTH: usize = 256;
/// Workgroups of the multiply-adds: several for every core of the largest GPU.
const GROUPS: usize = 2048;
/// The same where a processor does their work.
const GROUPS_SOFTWARE: usize = 64;
/// Operations of a round of `peak_fma`.
const ROUND: usize = 256;
/// Most rounds in a dispatch: some drivers count them.
const MAX_ROUNDS: u64 = 16_384;
/// Bytes that a dispatch copies: beyond the caches of large GPUs.
const COPY: u64 = 128 << 20;
/// The same where a processor does their work.
const COPY_SOFTWARE: u64 = 32 << 20;

/// Measures it.
pub(super) fn measure(context: &Context) -> Result<Peak, EngineError> {
    let clock = Clock::new(context)?;
    Ok(Peak { flops: flops(context, &clock)?, bytes_per_second: bytes_per_second(context, &clock)? })
}

fn flops(context: &Context, clock: &Clock) -> Result<f64, EngineError> {
    let kernel = Kernel::build(context, "peak_fma", &[]);
    let groups = if context.info.software { GROUPS_SOFTWARE } else { GROUPS };
    let (wanted, out) = (storage(context, "rounds", 4), storage(context, "sums", groups * WIDTH * 16));
    let bound = kernel.bind(context, &[&wanted, &out]);
    context.check()?;
    let rounds = fastest(MAX_ROUNDS, |rounds| {
        context.write(&wanted, 0, &[rounds as u32]);
        clock.seconds(context, &|pass| bound.dispatch_lanes(pass, groups))
    })?;
    Ok(rounds * (groups * WIDTH * ROUND) as f64)
}

fn bytes_per_second(context: &Context, clock: &Clock) -> Result<f64, EngineError> {
    let kernel = Kernel::build(context, "peak_copy", &[]);
    let wish = if context.info.software { COPY_SOFTWARE } else { COPY };
    let bytes = wish.min(context.max_binding()) as usize / (WIDTH * 16) * (WIDTH * 16);
    let (from, to) = (storage(context, "from", bytes), storage(context, "to", bytes));
    let bound = kernel.bind(context, &[&from, &to]);
    context.check()?;
    let copies = fastest(64, |copies| {
        clock.seconds(context, &|pass| {
            for _ in 0..copies {
                bound.dispatch(pass, bytes / (WIDTH * 16), 1);
            }
        })
    })?;
    Ok(copies * (2 * bytes) as f64)
}
