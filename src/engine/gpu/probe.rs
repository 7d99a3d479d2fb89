//! Probe: measures a driver's limit on loop trips when a device is opened.

use super::buffers::allocate;
use super::context::Context;
use super::kernel::Kernel;
use crate::engine::EngineError;

/// Loop trips that the probe requests. A driver that makes all of them is taken to have no limit.
const WANTED: u32 = 1 << 17;

/// Most loop trips of one invocation, in total.
pub(super) fn most_trips(context: &Context) -> Result<u64, EngineError> {
    let kernel = Kernel::build(context, "probe", &[]);
    let (wanted, counted) = (allocate(context, "wanted", 4)?, allocate(context, "counted", 4)?);
    context.write(&wanted, 0, &[WANTED]);
    let mut encoder = context.encoder();
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        kernel.bind(context, &[&wanted, &counted]).dispatch_slots(&mut pass, 1);
    }
    context.submit(encoder)?; // read waits for it
    let counted: Vec<u32> = bytemuck::pod_collect_to_vec(&context.read(&[(&counted, 0, 4)])?);
    match counted.first() {
        Some(&WANTED) => Ok(u64::MAX),
        Some(&trips) => Ok(trips.into()),
        None => Err(context.failed("the probe came back empty")),
    }
}
