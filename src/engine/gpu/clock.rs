//! Clock: how long the device takes over a pass, by its own timestamps where it has them, else by the host's.

use std::time::Instant;

use super::buffers::storage;
use super::context::Context;
use crate::engine::EngineError;

/// A clock for passes of one device.
pub(super) struct Clock {
    stamps: Option<Stamps>,
    mark: wgpu::Buffer, // read to wait for all work
}

struct Stamps {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    period: f64, // nanoseconds
}

/// Bytes of two timestamps.
const PAIR: u64 = 16;

impl Clock {
    pub(super) fn new(context: &Context) -> Result<Self, EngineError> {
        let stamps = context.timestamp_period().map(|period| Stamps {
            queries: context.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("clock"),
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            }),
            resolved: context.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("timestamps"),
                size: PAIR,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            period: period.into(),
        });
        let mark = storage(context, "mark", 4);
        context.check()?;
        Ok(Self { stamps, mark })
    }

    /// Seconds of a pass, the work before it not counted.
    pub(super) fn seconds(
        &self,
        context: &Context,
        encode: &dyn Fn(&mut wgpu::ComputePass<'_>),
    ) -> Result<f64, EngineError> {
        context.read(&[(&self.mark, 0, 4)])?;
        let mut encoder = context.encoder();
        let writes = self.stamps.as_ref().map(|stamps| wgpu::ComputePassTimestampWrites {
            query_set: &stamps.queries,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        });
        let wish = wgpu::ComputePassDescriptor { label: Some("timed"), timestamp_writes: writes };
        encode(&mut encoder.begin_compute_pass(&wish));
        if let Some(stamps) = &self.stamps {
            encoder.resolve_query_set(&stamps.queries, 0..2, &stamps.resolved, 0);
        }
        let start = Instant::now();
        context.submit(encoder)?;
        let (buffer, bytes) = self.stamps.as_ref().map_or((&self.mark, 4), |stamps| (&stamps.resolved, PAIR));
        let read = context.read(&[(buffer, 0, bytes)])?;
        let by_host = start.elapsed().as_secs_f64();
        let by_device = self.stamps.as_ref().and_then(|stamps| stamps.seconds(&read));
        // a device that saw more time pass than the host did, or none, has no clock
        Ok(by_device.filter(|&seconds| seconds > 0.0 && seconds <= by_host).unwrap_or(by_host))
    }
}

impl Stamps {
    fn seconds(&self, bytes: &[u8]) -> Option<f64> {
        let stamps: Vec<u64> = bytemuck::pod_collect_to_vec(bytes);
        let &[begin, end] = &stamps[..] else { return None };
        Some(end.checked_sub(begin)? as f64 * self.period * 1e-9)
    }
}
