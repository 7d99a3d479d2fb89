//! Timestamp queries of a submission, on devices that support them.

use std::time::{Duration, Instant};

use super::buffers::allocate;
use super::commands::Commands;
use super::context::Context;
use crate::engine::{EngineError, Times};

/// Timestamps per submission: see [`Moment`].
const MOMENTS: u32 = 5;
/// Bytes of the timestamps of a submission.
pub(super) const BYTES: u64 = MOMENTS as u64 * 8;

/// Where a timestamp is written, in order. `Assigned` and `Updated` are those of the submission's first round.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    Start,
    Seeded,
    Assigned,
    Updated,
    End,
}

/// The timestamp queries of the submission that is being encoded.
#[derive(Debug)]
pub(super) struct Timestamps {
    queries: wgpu::QuerySet,
    pub(super) resolved: wgpu::Buffer,
    period: f64, // nanoseconds
}

impl Timestamps {
    /// `None` if the device has no timestamp queries.
    pub(super) fn new(context: &Context) -> Result<Option<Self>, EngineError> {
        let Some(period) = context.timestamp_period() else { return Ok(None) };
        let queries = context.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("moments"),
            ty: wgpu::QueryType::Timestamp,
            count: MOMENTS,
        });
        let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let resolved = context.allocate("moments", BYTES, usage)?;
        Ok(Some(Self { queries, resolved, period: period.into() }))
    }

    /// Writes a timestamp once all work encoded so far is done.
    pub(super) fn mark(&self, commands: &mut Commands<'_>, moment: Moment) {
        commands.empty_pass(wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(moment as u32),
            end_of_pass_write_index: None,
        });
    }

    /// Resolves the queries to a buffer.
    pub(super) fn resolve(&self, commands: &mut Commands<'_>) {
        commands.resolve(&self.queries, MOMENTS, &self.resolved);
    }

    /// Durations of the parts of a submission that took at most `most` by the host's clock. `None` if they can't be right.
    pub(super) fn spans(&self, bytes: &[u8], most: Duration) -> Option<Spans> {
        let moments: [u64; MOMENTS as usize] = bytemuck::pod_collect_to_vec(bytes).try_into().ok()?;
        spans(&moments, self.period, most)
    }
}

/// Durations between moments in ticks of `period` nanoseconds. `None` if the clock ran backwards, stood still, or ran for
/// longer than the host measured: some drivers resolve the timestamps of an empty pass to zero, or leave old ones.
fn spans(moments: &[u64; MOMENTS as usize], period: f64, most: Duration) -> Option<Spans> {
    let between = |from: Moment, to: Moment| {
        let ticks = moments[to as usize] - moments[from as usize];
        Duration::from_nanos((ticks as f64 * period) as u64)
    };
    let runs = moments.is_sorted() && moments[0] > 0 && moments.first() < moments.last();
    (runs && between(Moment::Start, Moment::End) <= most).then(|| Spans {
        seed: between(Moment::Start, Moment::Seeded),
        assign: between(Moment::Seeded, Moment::Assigned),
        update: between(Moment::Assigned, Moment::Updated),
        iterate: between(Moment::Seeded, Moment::End),
    })
}

/// Durations of the parts of a submission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spans {
    /// All before the first round.
    pub(super) seed: Duration,
    /// Assign of the first round.
    pub(super) assign: Duration,
    /// Update of the first round.
    pub(super) update: Duration,
    /// All rounds.
    pub(super) iterate: Duration,
}

impl Spans {
    /// Times of a submission. Its rounds are split into assign and update in the proportion of the first round.
    pub(super) fn times(&self) -> Times {
        let round = (self.assign + self.update).as_secs_f64();
        let share = if round > 0.0 { self.assign.as_secs_f64() / round } else { 0.0 };
        let assign = self.iterate.mul_f64(share);
        Times {
            seed: self.seed,
            iterate: self.iterate,
            assign,
            update: self.iterate - assign,
            read_back: Duration::ZERO,
            busy: self.seed + self.iterate,
            device_clock: true,
        }
    }
}

/// Times a pass by timestamp queries where the device has them, else by the host's clock.
pub(super) struct PassTimer {
    queries: Option<PassQueries>,
    mark: wgpu::Buffer, // reading it waits for all work
}

struct PassQueries {
    set: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    period: f64, // nanoseconds
}

/// Bytes of two timestamps.
const PAIR: u64 = 16;

impl PassTimer {
    pub(super) fn new(context: &Context) -> Result<Self, EngineError> {
        let queries =
            context.timestamp_period().map(|period| PassQueries::new(context, period)).transpose()?;
        let mark = allocate(context, "mark", 4)?;
        Ok(Self { queries, mark })
    }

    /// Seconds of a pass, without earlier work.
    pub(super) fn seconds(
        &self,
        context: &Context,
        encode: &dyn Fn(&mut wgpu::ComputePass<'_>),
    ) -> Result<f64, EngineError> {
        context.read(&[(&self.mark, 0, 4)])?;
        let mut encoder = context.encoder();
        let writes = self.queries.as_ref().map(|queries| wgpu::ComputePassTimestampWrites {
            query_set: &queries.set,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        });
        let descriptor = wgpu::ComputePassDescriptor { label: Some("timed"), timestamp_writes: writes };
        encode(&mut encoder.begin_compute_pass(&descriptor));
        if let Some(queries) = &self.queries {
            encoder.resolve_query_set(&queries.set, 0..2, &queries.resolved, 0);
        }
        let start = Instant::now();
        context.submit(encoder)?;
        let (buffer, bytes) =
            self.queries.as_ref().map_or((&self.mark, 4), |queries| (&queries.resolved, PAIR));
        let read = context.read(&[(buffer, 0, bytes)])?;
        let by_host = start.elapsed().as_secs_f64();
        let by_device = self.queries.as_ref().and_then(|queries| queries.seconds(&read));
        // timestamps of zero, or longer than the host measured, are wrong
        Ok(by_device.filter(|&seconds| seconds > 0.0 && seconds <= by_host).unwrap_or(by_host))
    }
}

impl PassQueries {
    fn new(context: &Context, period: f32) -> Result<Self, EngineError> {
        let set = context.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("pass"),
            ty: wgpu::QueryType::Timestamp,
            count: 2,
        });
        let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let resolved = context.allocate("timestamps", PAIR, usage)?;
        Ok(Self { set, resolved, period: period.into() })
    }

    fn seconds(&self, bytes: &[u8]) -> Option<f64> {
        let queries: Vec<u64> = bytemuck::pod_collect_to_vec(bytes);
        let &[begin, end] = &queries[..] else { return None };
        Some(end.checked_sub(begin)? as f64 * self.period * 1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_that_can_not_be_right_are_refused() {
        let most = Duration::from_micros(50);
        let spans = |moments| spans(&moments, 100.0, most);
        let right = spans([7, 107, 207, 307, 507]).expect("50 microseconds");
        assert_eq!((right.seed, right.iterate), (Duration::from_micros(10), Duration::from_micros(40)));
        for wrong in [
            [0; 5],                  // all zero
            [9; 5],                  // all stale
            [0, 100, 200, 300, 400], // the first is zero
            [7, 107, 0, 307, 407],   // one is zero
            [7, 107, 50, 307, 407],  // one is stale
            [7, 107, 207, 307, 508], // longer than the host measured
            [7, 107, 207, 307, u64::MAX],
        ] {
            assert!(spans(wrong).is_none(), "{wrong:?}");
        }
    }
}
