//! Marks: moments of a turn by the device's own clock, where it has one.

use std::time::Duration;

use super::commands::Commands;
use super::context::Context;
use crate::engine::{EngineError, Times};

/// Moments of a turn, in order: its start, the end of seeding, of the first round's assign, of that round's
/// update, of the turn.
const MOMENTS: u32 = 5;
/// Their bytes.
pub(super) const BYTES: u64 = MOMENTS as u64 * 8;

/// One of [`MOMENTS`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    Start,
    Seeded,
    Assigned,
    Updated,
    End,
}

/// The moments of the turn that is encoded.
#[derive(Debug)]
pub(super) struct Marks {
    queries: wgpu::QuerySet,
    pub(super) resolved: wgpu::Buffer,
    period: f64, // nanoseconds
}

impl Marks {
    /// None where the device has no clock.
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

    /// Marks the moment when all that is encoded so far is done.
    pub(super) fn mark(&self, commands: &mut Commands<'_>, moment: Moment) {
        commands.empty_pass(wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(moment as u32),
            end_of_pass_write_index: None,
        });
    }

    /// Makes the moments readable.
    pub(super) fn resolve(&self, commands: &mut Commands<'_>) {
        commands.resolve(&self.queries, MOMENTS, &self.resolved);
    }

    /// How long the parts of a turn took. None if the clock went backwards, or stood.
    pub(super) fn spans(&self, bytes: &[u8]) -> Option<Spans> {
        let moments: Vec<u64> = bytemuck::pod_collect_to_vec(bytes);
        if !moments.is_sorted() || moments.first() == moments.last() {
            return None;
        }
        let between = |from: Moment, to: Moment| {
            let ticks = moments[to as usize] - moments[from as usize];
            Duration::from_nanos((ticks as f64 * self.period) as u64)
        };
        Some(Spans {
            seed: between(Moment::Start, Moment::Seeded),
            assign: between(Moment::Seeded, Moment::Assigned),
            update: between(Moment::Assigned, Moment::Updated),
            iterate: between(Moment::Seeded, Moment::End),
        })
    }
}

/// How long the parts of a turn took.
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
    /// Times of a turn. The shares of assign and update are those of its first round.
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
