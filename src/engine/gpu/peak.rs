//! Peak rates of an adapter, by a kernel of multiply-adds and a copy.

use super::buffers::allocate;
use super::context::Context;
use super::kernel::Kernel;
use super::timestamps::PassTimer;
use crate::engine::EngineError;
use crate::engine::peak::{Peak, fastest};

/// Invocations per workgroup, in both kernels.
const WIDTH: usize = 256;
/// Bytes copied per workgroup.
const BLOCK: usize = WIDTH * 16;
/// Workgroups of the multiply-adds: several per core of the largest GPU.
const GROUPS: usize = 2048;
/// The same where a processor does their work.
const GROUPS_SOFTWARE: usize = 64;
/// Operations per invocation in a trip of the loop of `peak_fma`.
const TRIP: usize = 256;
/// Most trips per dispatch: some drivers limit the trips of a loop.
const MAX_TRIPS: u64 = 16_384;
/// Bytes copied per dispatch: beyond the caches of large GPUs.
const COPY: u64 = 128 << 20;
/// The same where a processor does their work.
const COPY_SOFTWARE: u64 = 32 << 20;

/// Attempts with less memory.
const RETRIES: u32 = 6;

/// Measures both rates.
pub(super) fn measure(context: &Context) -> Result<Peak, EngineError> {
    let timer = with_room(context, 1, |_| PassTimer::new(context))?;
    let software = context.info.software;
    let groups = if software { GROUPS_SOFTWARE } else { GROUPS };
    let bytes = if software { COPY_SOFTWARE } else { COPY }.min(context.max_binding()) as usize;
    Ok(Peak {
        flops: with_room(context, groups, |groups| flops(context, &timer, groups))?,
        bytes_per_second: with_room(context, bytes / BLOCK, |blocks| copied(context, &timer, blocks))?,
    })
}

/// Calls `measure` with `units`, halved while memory is short.
fn with_room<T>(
    context: &Context,
    units: usize,
    measure: impl Fn(usize) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let mut units = units;
    for _ in 0..RETRIES {
        match measure(units) {
            Err(EngineError::OutOfMemory { .. }) => context.clear_oom(),
            done => return done,
        }
        units = (units / 2).max(1);
    }
    measure(units)
}

fn flops(context: &Context, timer: &PassTimer, groups: usize) -> Result<f64, EngineError> {
    let kernel = Kernel::build(context, "peak_fma", &[]);
    let wanted = allocate(context, "trips", 4)?;
    let bound = kernel.bind(context, &[&wanted, &allocate(context, "sums", groups * WIDTH * 16)?]);
    context.check()?;
    let trips = fastest(MAX_TRIPS, |trips| {
        context.write(&wanted, 0, &[trips as u32]);
        timer.seconds(context, &|pass| bound.dispatch_slots(pass, groups))
    })?;
    Ok(trips * (groups * WIDTH * TRIP) as f64)
}

/// Bytes a second that are read and written.
fn copied(context: &Context, timer: &PassTimer, blocks: usize) -> Result<f64, EngineError> {
    let kernel = Kernel::build(context, "peak_copy", &[]);
    let (from, to) = (allocate(context, "from", blocks * BLOCK)?, allocate(context, "to", blocks * BLOCK)?);
    let bound = kernel.bind(context, &[&from, &to]);
    context.check()?;
    let copies = fastest(64, |copies| {
        timer.seconds(context, &|pass| {
            for _ in 0..copies {
                bound.dispatch(pass, blocks, 1);
            }
        })
    })?;
    Ok(copies * (2 * blocks * BLOCK) as f64)
}
