//! Submissions: the host submits a few rounds at a time, and polls the previous submission while the device works.
//!
//! A finished restart leaves its slot in the next submission but one, and a new restart enters it. So no slot waits
//! for the slowest restart, and the device does not wait for the host.
//!
//! Lloyd's loop here is a queue of rounds over all slots, and the host learns a submission later that a slot is done; the
//! loops of the CPU and of the reference run one restart. See the head of `reference` for why they are not shared.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::buffers::{Record, Sizes, Slots, Workspaces};
use super::collect::{BoundCollect, status_bit_bytes, words};
use super::commands::Commands;
use super::counters::count;
use super::empty::BoundEmpty;
use super::rounds::{BoundRounds, Work};
use super::rows;
use super::seed::{Admitted, BoundSeed};
use super::session::GpuSession;
use super::throughput::{LONGEST, Step, Throughput};
use super::timestamps::{self, Moment, Spans, Timestamps};
use crate::engine::{EngineError, Keep, Outcome, State, Times, Watch};

/// Submissions in flight while the host polls an earlier one.
const AHEAD: usize = 1;
/// Target duration of a submission.
const SUBMISSION: Duration = Duration::from_millis(20);
/// The same while restarts wait for one of many slots: a finished slot is reused a submission and a half later.
const SHORT_SUBMISSION: Duration = Duration::from_millis(4);
/// Number of slots from which some finish in every round.
const MANY: usize = 64;
/// Fewest and most rounds per submission. Unneeded rounds cost little: their workgroups end at once.
const ROUNDS: (u32, u32) = (4, 8);
/// Most locations per slot that a submission refills: at first, and after several refills in a row.
const STEPS: usize = 4;
const MOST_STEPS: usize = 64;
/// Most bytes of states read back per submission, if all are kept; other slots wait for the next.
const STATE_BYTES: u64 = 64 << 20;

/// Status of a slot, as known to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Post {
    Free,
    /// Runs a restart, since submission `since`, with so many rounds encoded.
    Busy {
        restart: u64,
        since: u64,
        rounds: u32,
    },
    /// Has finished a restart.
    Ended {
        restart: u64,
    },
}

/// A finished restart.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) repaired_first: u64,
    pub(super) repaired: u64,
    pub(super) state: Option<State>,
}

/// A submission in flight.
struct Submission {
    number: u64,
    submission: wgpu::SubmissionIndex,
    begun: Instant, // before any of it was submitted
    staging: wgpu::Buffer,
    bytes: u64,
    ended: Vec<(usize, u64)>, // slot, restart
    seeding: u128,            // operations
    rounds: u32,
    slots: Vec<u32>, // running in its rounds
    marked: bool,
}

/// A run of restarts in the slots of a session.
pub(super) struct Submissions<'s, 'a> {
    session: &'s GpuSession<'a>,
    slots: &'s [Slots],
    seed: BoundSeed<'s>,
    rounds: BoundRounds<'s>,
    collect: BoundCollect<'s>,
    empty: Option<BoundEmpty<'s>>,
    workspaces: &'s [Workspaces],
    n_workspaces: usize,
    keep: Keep,
    first: u64,
    todo: VecDeque<u64>,
    posts: Vec<Post>,
    running: Vec<u32>,
    waiting: Vec<u32>,
    idle: Vec<u32>, // waiting at the end of the last polled submission, in order
    steps: usize,
    submissions: u64,
    in_flight: VecDeque<Submission>,
    spare: Vec<wgpu::Buffer>, // staging buffers
    timestamps: Option<Timestamps>,
    /// Times of the run so far.
    pub(super) times: Times,
}

impl<'s, 'a> Submissions<'s, 'a> {
    /// Binds the kernels. `todo` are restarts of a run whose first restart is `first`.
    pub(super) fn new(
        session: &'s GpuSession<'a>,
        slots: &'s [Slots],
        workspaces: &'s [Workspaces],
        counts: (usize, usize), // slots, workspaces
        todo: &[u64],
        first: u64,
        keep: Keep,
    ) -> Result<Self, EngineError> {
        let (context, points) = (&session.gpu.context, &session.points);
        let collect = session.collect.bind(context, points, slots, counts.0)?;
        Ok(Self {
            session,
            slots,
            workspaces,
            seed: session.seeding.bind(context, points, slots, workspaces)?,
            rounds: session.rounds.bind(context, points, slots, counts.0),
            collect,
            empty: None,
            n_workspaces: counts.1,
            keep,
            first,
            todo: todo.iter().copied().collect(),
            posts: vec![Post::Free; counts.0],
            running: Vec::new(),
            waiting: Vec::new(),
            idle: Vec::new(),
            steps: STEPS,
            submissions: 0,
            in_flight: VecDeque::new(),
            spare: Vec::new(),
            timestamps: Timestamps::new(context)?,
            times: Times::default(),
        })
    }

    /// Runs all restarts, and adds each to `done` when it is known. Where the watch ends the run, submissions in flight
    /// are waited for, and others are not made.
    pub(super) fn run(
        &mut self,
        throughput: &mut Throughput,
        done: &mut Vec<Ended>,
        watch: &Watch<'_>,
    ) -> Result<(), EngineError> {
        throughput.stop_watch();
        loop {
            let left = !self.todo.is_empty() || self.posts.iter().any(|&post| post != Post::Free);
            let more = left && !watch.ends();
            if more {
                self.hand_over(throughput)?;
            }
            if self.in_flight.len() > if more { AHEAD } else { 0 } {
                self.poll_earliest(throughput, done)?;
            } else if !more {
                return Ok(());
            }
        }
    }

    fn sizes(&self) -> &Sizes {
        &self.session.sizes
    }

    /// Encodes and submits the next submission.
    fn hand_over(&mut self, throughput: &Throughput) -> Result<(), EngineError> {
        let (session, context) = (self.session, &self.session.gpu.context);
        let (mut commands, begun) = (Commands::new(context, throughput), Instant::now());
        self.submissions += 1;
        let ended = self.leave();
        let states = if self.keep == Keep::All { ended.len() as u64 * self.state_bytes() } else { 0 };
        let moments = self.timestamps.as_ref().map_or(0, |_| timestamps::BYTES);
        let (status_bits, records) =
            (status_bit_bytes(self.posts.len()), (ended.len() * size_of::<Record>()) as u64);
        let bytes = moments + status_bits + records + states;
        let staging = self.staging(bytes)?;
        self.mark(&mut commands, Moment::Start);
        if !ended.is_empty() {
            let list: Vec<u32> = ended.iter().map(|&(slot, _)| slot as u32).collect();
            self.collect.encode_ends(context, &mut commands, &session.points, &list)?;
            commands.copy((&self.collect.records, 0), (&staging, moments + status_bits), records);
            if self.keep == Keep::All {
                self.copy_states(&mut commands, &list, &staging, moments + status_bits + records);
            }
        }
        self.refill(&mut commands)?;
        let admitted = self.enter();
        if !admitted.is_empty() {
            count(&context.tally.entries, 1);
            let before = context.counters().dispatches;
            self.seed.encode(context, &mut commands, session.job, &session.points, &admitted, self.first)?;
            count(&context.tally.seed_dispatches, context.counters().dispatches - before);
        }
        self.mark(&mut commands, Moment::Seeded);
        let rounds = self.iterate(&mut commands, throughput)?;
        self.collect.encode_poll(&mut commands);
        let marked = rounds > 0 && self.timestamps.is_some();
        if let Some(timestamps) = self.timestamps.as_ref().filter(|_| marked) {
            timestamps.mark(&mut commands, Moment::End);
            timestamps.resolve(&mut commands);
            commands.copy((&timestamps.resolved, 0), (&staging, 0), moments);
        }
        commands.copy((&self.collect.status_bits, 0), (&staging, moments), status_bits);
        let submission = commands.finish()?;
        let (number, seeding) = (self.submissions, self.seed.work(self.sizes(), admitted.len()));
        let slots = if rounds > 0 { self.running.clone() } else { Vec::new() };
        let submission =
            Submission { number, submission, begun, staging, bytes, ended, seeding, rounds, slots, marked };
        self.in_flight.push_back(submission);
        Ok(())
    }

    fn mark(&self, commands: &mut Commands<'_>, moment: Moment) {
        if let Some(timestamps) = &self.timestamps {
            timestamps.mark(commands, moment);
        }
    }

    /// Encodes rounds for all slots that may have work. Returns the number of rounds.
    fn iterate(&mut self, commands: &mut Commands<'_>, throughput: &Throughput) -> Result<u32, EngineError> {
        let (session, context) = (self.session, &self.session.gpu.context);
        let busy = |(slot, post): (usize, &Post)| matches!(post, Post::Busy { .. }).then_some(slot as u32);
        let running: Vec<u32> = self.posts.iter().enumerate().filter_map(busy).collect();
        if running.is_empty() {
            return Ok(0);
        }
        if running != self.running {
            context.write(&self.slots[0].running, 0, &running);
            self.running = running;
        }
        let n = self.running.len();
        // a streamed table uploads its points in every round
        let rounds = if session.plan.streamed { 1 } else { self.rounds_of_a_submission(throughput, n) };
        let rounds = rounds.min(self.most_rounds_left());
        for post in &mut self.posts {
            if let Post::Busy { rounds: encoded, .. } = post {
                *encoded = encoded.saturating_add(rounds);
            }
        }
        for round in 0..rounds {
            let timestamps = self.timestamps.as_ref().filter(|_| round == 0);
            self.rounds.encode(context, commands, &session.points, n, timestamps)?;
        }
        Ok(rounds)
    }

    /// Rounds that the newest restart may need: its iterations and the one for the final labels. A restart whose
    /// clusters were refilled may need more, and then gets one at a time.
    fn most_rounds_left(&self) -> u32 {
        let all = self.session.job.max_iter.saturating_add(1);
        let left = |post: &Post| match post {
            Post::Busy { rounds, .. } => Some(all.saturating_sub(*rounds)),
            Post::Free | Post::Ended { .. } => None,
        };
        self.posts.iter().filter_map(left).max().unwrap_or(1).max(1)
    }

    /// Rounds of a submission for `n_slots` slots: many for a small job, one for a job whose dispatches are cut.
    fn rounds_of_a_submission(&self, throughput: &Throughput, n_slots: usize) -> u32 {
        let work = Work::new(self.sizes(), n_slots);
        let round =
            throughput.seconds(Step::Assign, work.assign) + throughput.seconds(Step::Update, work.update());
        let long = 4.0 * throughput.longest().max(LONGEST.as_secs_f64());
        let least = if round < long { ROUNDS.0 } else { 1 };
        let submission = if n_slots >= MANY && !self.todo.is_empty() { SHORT_SUBMISSION } else { SUBMISSION };
        ((submission.as_secs_f64() / round) as u32).clamp(least, ROUNDS.1)
    }

    /// Frees finished slots. Returns them with their restarts.
    fn leave(&mut self) -> Vec<(usize, u64)> {
        let most = match self.keep {
            Keep::All => (STATE_BYTES / self.state_bytes()).max(1) as usize,
            Keep::Best => self.posts.len(),
        };
        let mut ended = Vec::new();
        for (slot, post) in self.posts.iter_mut().enumerate() {
            if let Post::Ended { restart } = *post
                && ended.len() < most
            {
                ended.push((slot, restart));
                *post = Post::Free;
            }
        }
        ended
    }

    /// Admits restarts to free slots.
    fn enter(&mut self) -> Vec<Admitted> {
        let mut admitted = Vec::new();
        for (slot, post) in self.posts.iter_mut().enumerate() {
            if *post != Post::Free || admitted.len() == self.n_workspaces {
                continue;
            }
            let Some(restart) = self.todo.pop_front() else { break };
            *post = Post::Busy { restart, since: self.submissions, rounds: 0 };
            admitted.push(Admitted { slot, restart });
        }
        admitted
    }

    /// Encodes the refill of waiting slots.
    fn refill(&mut self, commands: &mut Commands<'_>) -> Result<(), EngineError> {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.truncate(self.n_workspaces);
        if waiting.is_empty() {
            self.steps = STEPS;
            return Ok(());
        }
        let (session, context) = (self.session, &self.session.gpu.context);
        let empty = self.empty.get_or_insert_with(|| {
            session.empties(context).bind(context, &session.points, self.slots, self.workspaces)
        });
        empty.encode(context, commands, &session.points, &waiting, self.steps)?;
        self.steps = (self.steps * 2).min(MOST_STEPS);
        Ok(())
    }

    /// Bytes of a state read back.
    fn state_bytes(&self) -> u64 {
        self.sizes().centroid_coordinates() as u64 * 4 + u64::from(self.sizes().n_points) * 4
    }

    /// Copies centroids and labels of these slots, one slot after the other.
    fn copy_states(&self, commands: &mut Commands<'_>, slots: &[u32], staging: &wgpu::Buffer, at: u64) {
        let bytes = self.sizes().centroid_coordinates() as u64 * 4;
        let mut to = at;
        for slot in slots.iter().map(|&slot| u64::from(slot)) {
            commands.copy((&self.slots[0].centroids, slot * bytes), (staging, to), bytes);
            to += bytes;
            for (chunk, Slots { labels, .. }) in self.slots.iter().enumerate() {
                let bytes = u64::from(self.session.points.sizes(chunk).n_points) * 4;
                commands.copy((labels, slot * bytes), (staging, to), bytes);
                to += bytes;
            }
        }
    }

    fn staging(&mut self, bytes: u64) -> Result<wgpu::Buffer, EngineError> {
        if let Some(at) = self.spare.iter().position(|buffer| buffer.size() >= bytes) {
            return Ok(self.spare.swap_remove(at));
        }
        let least = timestamps::BYTES
            + status_bit_bytes(self.posts.len())
            + (self.posts.len() * size_of::<Record>()) as u64;
        self.session.gpu.context.staging(bytes.max(least))
    }

    /// Waits for the earliest submission in flight, and processes its results.
    fn poll_earliest(
        &mut self,
        throughput: &mut Throughput,
        done: &mut Vec<Ended>,
    ) -> Result<(), EngineError> {
        let context = &self.session.gpu.context;
        let Some(submission) = self.in_flight.pop_front() else { return Ok(()) };
        let bytes = context.take(&submission.staging, submission.bytes, submission.submission.clone())?;
        let took = throughput.tick(!self.in_flight.is_empty());
        let moments = self.timestamps.as_ref().map_or(0, |_| timestamps::BYTES) as usize;
        let timestamps = self.timestamps.as_ref().filter(|_| submission.marked);
        let spans =
            timestamps.and_then(|timestamps| timestamps.spans(&bytes[..moments], submission.begun.elapsed()));
        let times = self.take_times(throughput, &submission, took, spans.as_ref());
        self.times.merge(times);
        let bytes = &bytes[moments..];
        let status_bits = status_bit_bytes(self.posts.len()) as usize;
        let records = status_bits + submission.ended.len() * size_of::<Record>();
        self.take_status_bits(submission.number, &bytemuck::pod_collect_to_vec(&bytes[..status_bits]));
        let ends: Vec<Record> = bytemuck::pod_collect_to_vec(&bytes[status_bits..records]);
        let mut states = bytes[records..].chunks_exact(self.state_bytes() as usize);
        for (&(_, restart), record) in submission.ended.iter().zip(&ends) {
            if !record.is_done() || u64::from(record.restart) != restart - self.first {
                return Err(context.failed(format!("restart {restart} came back as {record:?}")));
            }
            let state = states.next().map(|bytes| self.session.state(bytes));
            done.push(Ended {
                outcome: outcome(restart, record),
                repaired_first: record.repaired_first.into(),
                repaired: record.repaired.into(),
                state,
            });
        }
        self.spare.push(submission.staging);
        Ok(())
    }

    /// Records the duration of a submission, by timestamps if there are any. Returns its times by step.
    fn take_times(
        &self,
        throughput: &mut Throughput,
        submission: &Submission,
        took: Duration,
        spans: Option<&Spans>,
    ) -> Times {
        let of_a_round = |sizes| Work::new(sizes, self.active(submission));
        if let Some(spans) = spans {
            let points = &self.session.points;
            let Work { assign, sums, means } = of_a_round(points.sizes(0));
            let update = if points.n_chunks() == 1 { sums + means } else { sums };
            throughput.note(Step::Seed, submission.seeding, spans.seed.as_secs_f64());
            throughput.note(Step::Assign, assign, spans.assign.as_secs_f64());
            throughput.note(Step::Update, update, spans.update.as_secs_f64());
            return spans.times();
        }
        let (work, rounds) = (of_a_round(self.sizes()), u128::from(submission.rounds));
        let [seed, assign, update] = [submission.seeding, work.assign * rounds, work.update() * rounds];
        throughput.note_all(
            &[(Step::Seed, seed), (Step::Assign, assign), (Step::Update, update)],
            took.as_secs_f64(),
        );
        let iterate = throughput.seconds(Step::Assign, assign) + throughput.seconds(Step::Update, update);
        let seed = throughput.seconds(Step::Seed, seed);
        let seed = took.mul_f64(if seed > 0.0 { seed / (seed + iterate) } else { 0.0 });
        Times { seed, iterate: took - seed, ..Times::default() }
    }

    /// Number of slots that had work when a submission began, by the bits of the submission before.
    fn active(&self, submission: &Submission) -> usize {
        let busy = |slot: &&u32| {
            let post = self.posts[**slot as usize];
            matches!(post, Post::Busy { since, .. } if since <= submission.number)
                && self.idle.binary_search(slot).is_err()
        };
        submission.slots.iter().filter(busy).count()
    }

    /// Updates which slots were done or waiting at the end of a submission.
    fn take_status_bits(&mut self, number: u64, status_bits: &[u32]) {
        let (done, empty) = status_bits.split_at(words(self.posts.len()));
        let is = |bits: &[u32], slot: usize| bits[slot / 32] >> (slot % 32) & 1 == 1;
        self.waiting.clear();
        for (slot, post) in self.posts.iter_mut().enumerate() {
            let Post::Busy { restart, since, .. } = *post else { continue };
            // bits from before the slot's restart entered are ignored
            if since <= number && is(done, slot) {
                *post = Post::Ended { restart };
            } else if since <= number && is(empty, slot) {
                self.waiting.push(slot as u32);
            }
        }
        self.idle.clone_from(&self.waiting);
    }

    /// Reads the state of the best restart of this run, which is `restart`.
    pub(super) fn best(&self, restart: u64) -> Result<State, EngineError> {
        let (context, place) = (&self.session.gpu.context, self.posts.len() as u64);
        let bytes = self.sizes().centroid_coordinates() as u64 * 4;
        let slot = size_of::<super::Slot>() as u64;
        let mut parts = vec![
            (&self.slots[0].slots, place * slot, slot),
            (&self.slots[0].centroids, place * bytes, bytes),
        ];
        for (chunk, Slots { labels, .. }) in self.slots.iter().enumerate() {
            let bytes = u64::from(self.session.points.sizes(chunk).n_points) * 4;
            parts.push((labels, place * bytes, bytes));
        }
        let bytes = context.read(&parts)?;
        let (kept, state) = bytes.split_at(slot as usize);
        let kept: super::Slot = bytemuck::pod_read_unaligned(kept);
        if u64::from(kept.restart()) != restart - self.first {
            let was = kept.restart();
            return Err(context.failed(format!("the best restart is {restart}, and {was} was kept")));
        }
        Ok(self.session.state(state))
    }
}

fn outcome(restart: u64, record: &Record) -> Outcome {
    let wide = |limbs: &[u32]| limbs.iter().rev().fold(0, |wide, &limb| wide << 32 | u128::from(limb));
    Outcome {
        restart,
        inertia: wide(&record.inertia),
        iterations: record.iterations,
        stop: record.why(),
        digest: wide(&record.digest) as u64,
    }
}

impl GpuSession<'_> {
    /// A state from the bytes of its centroids and labels.
    fn state(&self, bytes: &[u8]) -> State {
        let (centroids, labels) = bytes.split_at(self.sizes.centroid_coordinates() * 4);
        let labels: Vec<u32> = bytemuck::pod_collect_to_vec(labels);
        let mut counts = vec![0; self.job.n_clusters];
        for (i, &label) in labels.iter().enumerate() {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += u64::from(self.job.table.weights.get(i));
            }
        }
        let columns: Vec<i32> = bytemuck::pod_collect_to_vec(centroids);
        State { centroids: rows(&self.sizes, &self.job.table.centre, &columns), labels, counts }
    }
}
