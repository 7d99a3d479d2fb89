//! Turns: the host hands over a few rounds at a time, and looks at the turn before while the device works.
//!
//! A restart that is done leaves its lane in the next turn but one, and a new restart takes it: no lane waits
//! for the slowest, and the device never waits for the host.

use std::collections::VecDeque;
use std::time::Duration;

use super::buffers::{Lanes, Record, Sizes, Slots};
use super::collect::{BoundCollect, sign_bytes, words};
use super::commands::Commands;
use super::counters::count;
use super::empty::BoundEmpty;
use super::marks::{self, Marks, Moment, Spans};
use super::pace::{LONGEST, Pace, Step};
use super::rounds::{BoundRounds, Work};
use super::rows;
use super::seed::{BoundSeed, Newcomer};
use super::session::GpuSession;
use crate::engine::{EngineError, Keep, Outcome, State, Times};

/// Turns that the device has before it while the host looks at an earlier one.
const AHEAD: usize = 1;
/// How long a turn takes.
const TURN: Duration = Duration::from_millis(20);
/// The same while restarts wait for one of many lanes: one that is done is taken a turn and a half later.
const SHORT_TURN: Duration = Duration::from_millis(4);
/// Lanes that are so many that some are done in every round.
const MANY: usize = 64;
/// Fewest and most rounds of a turn. Those that no lane needs cost little: their workgroups end at once.
const ROUNDS: (u32, u32) = (4, 8);
/// Locations that a lane's empty clusters take in a turn, and in one of many turns in a row.
const STEPS: usize = 4;
const MOST_STEPS: usize = 64;
/// Bytes of states that come back with a turn, if all are kept: the rest waits for the next.
const STATE_BYTES: u64 = 64 << 20;

/// What a lane does, as far as the host knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Post {
    Free,
    /// Works on a restart since this turn.
    Busy {
        restart: u64,
        since: u64,
    },
    /// Is done with a restart.
    Ended {
        restart: u64,
    },
}

/// A restart that is done.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) repaired_first: u64,
    pub(super) repaired: u64,
    pub(super) state: Option<State>,
}

/// A turn that was handed over.
struct Turn {
    number: u64,
    submission: wgpu::SubmissionIndex,
    staging: wgpu::Buffer,
    bytes: u64,
    ended: Vec<(usize, u64)>, // lane, restart
    seeding: u128,            // operations
    rounds: u32,
    lanes: Vec<u32>, // of its rounds
    marked: bool,
}

/// A run of restarts in the lanes of a session.
pub(super) struct Turns<'s, 'a> {
    session: &'s GpuSession<'a>,
    lanes: &'s [Lanes],
    seed: BoundSeed<'s>,
    rounds: BoundRounds<'s>,
    collect: BoundCollect<'s>,
    empty: Option<BoundEmpty<'s>>,
    slots: &'s [Slots],
    n_slots: usize,
    keep: Keep,
    first: u64,
    todo: VecDeque<u64>,
    posts: Vec<Post>,
    running: Vec<u32>,
    waiting: Vec<u32>,
    idle: Vec<u32>, // waited at the end of the last turn that was looked at, in order
    steps: usize,
    turns: u64,
    in_flight: VecDeque<Turn>,
    spare: Vec<wgpu::Buffer>, // to read through
    marks: Option<Marks>,
    /// Where the time went.
    pub(super) times: Times,
}

impl<'s, 'a> Turns<'s, 'a> {
    /// Binds everything. `todo` are restarts of a run that began with `first`.
    pub(super) fn new(
        session: &'s GpuSession<'a>,
        lanes: &'s [Lanes],
        slots: &'s [Slots],
        counts: (usize, usize), // lanes, slots
        todo: &[u64],
        first: u64,
        keep: Keep,
    ) -> Result<Self, EngineError> {
        let (context, points) = (&session.gpu.context, &session.points);
        let collect = session.collect.bind(context, points, lanes, counts.0)?;
        Ok(Self {
            session,
            lanes,
            slots,
            seed: session.seeding.bind(context, points, lanes, slots)?,
            rounds: session.rounds.bind(context, points, lanes, counts.0),
            collect,
            empty: None,
            n_slots: counts.1,
            keep,
            first,
            todo: todo.iter().copied().collect(),
            posts: vec![Post::Free; counts.0],
            running: Vec::new(),
            waiting: Vec::new(),
            idle: Vec::new(),
            steps: STEPS,
            turns: 0,
            in_flight: VecDeque::new(),
            spare: Vec::new(),
            marks: Marks::new(context)?,
            times: Times::default(),
        })
    }

    /// Runs all restarts, and hands each over when it is known.
    pub(super) fn run(&mut self, pace: &mut Pace, done: &mut Vec<Ended>) -> Result<(), EngineError> {
        pace.stop_watch();
        loop {
            let more = !self.todo.is_empty() || self.posts.iter().any(|&post| post != Post::Free);
            if more {
                self.hand_over(pace)?;
            }
            if self.in_flight.len() > if more { AHEAD } else { 0 } {
                self.look(pace, done)?;
            } else if !more {
                return Ok(());
            }
        }
    }

    fn sizes(&self) -> &Sizes {
        &self.session.sizes
    }

    /// Encodes the next turn and hands it over.
    fn hand_over(&mut self, pace: &Pace) -> Result<(), EngineError> {
        let (session, context) = (self.session, &self.session.gpu.context);
        let mut commands = Commands::new(context, pace);
        self.turns += 1;
        let ended = self.leave();
        let states = if self.keep == Keep::All { ended.len() as u64 * self.state_bytes() } else { 0 };
        let moments = self.marks.as_ref().map_or(0, |_| marks::BYTES);
        let (signs, records) = (sign_bytes(self.posts.len()), (ended.len() * size_of::<Record>()) as u64);
        let bytes = moments + signs + records + states;
        let staging = self.staging(bytes)?;
        self.mark(&mut commands, Moment::Start);
        if !ended.is_empty() {
            let list: Vec<u32> = ended.iter().map(|&(lane, _)| lane as u32).collect();
            self.collect.encode_ends(context, &mut commands, &session.points, &list)?;
            commands.copy((&self.collect.records, 0), (&staging, moments + signs), records);
            if self.keep == Keep::All {
                self.copy_states(&mut commands, &list, &staging, moments + signs + records);
            }
        }
        self.refill(&mut commands)?;
        let newcomers = self.enter();
        if !newcomers.is_empty() {
            count(&context.tally.entries, 1);
            let before = context.counters().dispatches;
            self.seed.encode(context, &mut commands, session.job, &session.points, &newcomers, self.first)?;
            count(&context.tally.seed_dispatches, context.counters().dispatches - before);
        }
        self.mark(&mut commands, Moment::Seeded);
        let rounds = self.iterate(&mut commands, pace)?;
        self.collect.encode_look(&mut commands);
        let marked = rounds > 0 && self.marks.is_some();
        if let Some(marks) = self.marks.as_ref().filter(|_| marked) {
            marks.mark(&mut commands, Moment::End);
            marks.resolve(&mut commands);
            commands.copy((&marks.resolved, 0), (&staging, 0), moments);
        }
        commands.copy((&self.collect.signs, 0), (&staging, moments), signs);
        let submission = commands.finish()?;
        let (number, seeding) = (self.turns, self.seed.work(self.sizes(), newcomers.len()));
        let lanes = if rounds > 0 { self.running.clone() } else { Vec::new() };
        let turn = Turn { number, submission, staging, bytes, ended, seeding, rounds, lanes, marked };
        self.in_flight.push_back(turn);
        Ok(())
    }

    fn mark(&self, commands: &mut Commands<'_>, moment: Moment) {
        if let Some(marks) = &self.marks {
            marks.mark(commands, moment);
        }
    }

    /// Encodes rounds for all lanes that may have something to do. Returns how many.
    fn iterate(&mut self, commands: &mut Commands<'_>, pace: &Pace) -> Result<u32, EngineError> {
        let (session, context) = (self.session, &self.session.gpu.context);
        let busy = |(lane, post): (usize, &Post)| matches!(post, Post::Busy { .. }).then_some(lane as u32);
        let running: Vec<u32> = self.posts.iter().enumerate().filter_map(busy).collect();
        if running.is_empty() {
            return Ok(0);
        }
        if running != self.running {
            context.write(&self.lanes[0].running, 0, &running);
            self.running = running;
        }
        let n = self.running.len();
        // but the points of a streamed table go up in every one
        let rounds = if session.plan.streamed { 1 } else { self.rounds_of_a_turn(pace, n) };
        for round in 0..rounds {
            let marks = self.marks.as_ref().filter(|_| round == 0);
            self.rounds.encode(context, commands, &session.points, n, marks)?;
        }
        Ok(rounds)
    }

    /// Rounds of a turn of so many lanes: many of a small job, one of a job that will be cut in several places.
    fn rounds_of_a_turn(&self, pace: &Pace, n_lanes: usize) -> u32 {
        let work = Work::new(self.sizes(), n_lanes);
        let round = pace.seconds(Step::Assign, work.assign) + pace.seconds(Step::Update, work.update());
        let long = 4.0 * LONGEST.as_secs_f64();
        let least = if round < long { ROUNDS.0 } else { 1 };
        let turn = if n_lanes >= MANY && !self.todo.is_empty() { SHORT_TURN } else { TURN };
        ((turn.as_secs_f64() / round) as u32).clamp(least, ROUNDS.1)
    }

    /// Lanes that are done leave. Returns them with their restarts.
    fn leave(&mut self) -> Vec<(usize, u64)> {
        let most = match self.keep {
            Keep::All => (STATE_BYTES / self.state_bytes()).max(1) as usize,
            Keep::Best => self.posts.len(),
        };
        let mut ended = Vec::new();
        for (lane, post) in self.posts.iter_mut().enumerate() {
            if let Post::Ended { restart } = *post
                && ended.len() < most
            {
                ended.push((lane, restart));
                *post = Post::Free;
            }
        }
        ended
    }

    /// Restarts enter lanes that are free.
    fn enter(&mut self) -> Vec<Newcomer> {
        let mut newcomers = Vec::new();
        for (lane, post) in self.posts.iter_mut().enumerate() {
            if *post != Post::Free || newcomers.len() == self.n_slots {
                continue;
            }
            let Some(restart) = self.todo.pop_front() else { break };
            *post = Post::Busy { restart, since: self.turns };
            newcomers.push(Newcomer { lane, restart });
        }
        newcomers
    }

    /// Encodes the refill of lanes that wait for one.
    fn refill(&mut self, commands: &mut Commands<'_>) -> Result<(), EngineError> {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.truncate(self.n_slots);
        if waiting.is_empty() {
            self.steps = STEPS;
            return Ok(());
        }
        let (session, context) = (self.session, &self.session.gpu.context);
        let empty = self.empty.get_or_insert_with(|| {
            session.empties(context).bind(context, &session.points, self.lanes, self.slots)
        });
        empty.encode(context, commands, &session.points, &waiting, self.steps)?;
        self.steps = (self.steps * 2).min(MOST_STEPS);
        Ok(())
    }

    /// Bytes of a state as it comes back.
    fn state_bytes(&self) -> u64 {
        self.sizes().centroid_floats() as u64 * 4 + u64::from(self.sizes().n_points) * 4
    }

    /// Copies centroids and labels of these lanes, one lane after the other.
    fn copy_states(&self, commands: &mut Commands<'_>, lanes: &[u32], staging: &wgpu::Buffer, at: u64) {
        let floats = self.sizes().centroid_floats() as u64 * 4;
        let mut to = at;
        for lane in lanes.iter().map(|&lane| u64::from(lane)) {
            commands.copy((&self.lanes[0].centroids, lane * floats), (staging, to), floats);
            to += floats;
            for (chunk, Lanes { labels, .. }) in self.lanes.iter().enumerate() {
                let bytes = u64::from(self.session.points.sizes(chunk).n_points) * 4;
                commands.copy((labels, lane * bytes), (staging, to), bytes);
                to += bytes;
            }
        }
    }

    fn staging(&mut self, bytes: u64) -> Result<wgpu::Buffer, EngineError> {
        if let Some(at) = self.spare.iter().position(|buffer| buffer.size() >= bytes) {
            return Ok(self.spare.swap_remove(at));
        }
        let least =
            marks::BYTES + sign_bytes(self.posts.len()) + (self.posts.len() * size_of::<Record>()) as u64;
        self.session.gpu.context.staging(bytes.max(least))
    }

    /// Waits for the earliest turn in flight, and takes in what it says.
    fn look(&mut self, pace: &mut Pace, done: &mut Vec<Ended>) -> Result<(), EngineError> {
        let context = &self.session.gpu.context;
        let Some(turn) = self.in_flight.pop_front() else { return Ok(()) };
        let bytes = context.take(&turn.staging, turn.bytes, turn.submission.clone())?;
        let took = pace.tick(!self.in_flight.is_empty());
        let moments = self.marks.as_ref().map_or(0, |_| marks::BYTES) as usize;
        let marks = self.marks.as_ref().filter(|_| turn.marked);
        let spans = marks.and_then(|marks| marks.spans(&bytes[..moments]));
        let times = self.take_times(pace, &turn, took, spans.as_ref());
        self.times.merge(times);
        let bytes = &bytes[moments..];
        let signs = sign_bytes(self.posts.len()) as usize;
        let records = signs + turn.ended.len() * size_of::<Record>();
        self.take_signs(turn.number, &bytemuck::pod_collect_to_vec(&bytes[..signs]));
        let ends: Vec<Record> = bytemuck::pod_collect_to_vec(&bytes[signs..records]);
        let mut states = bytes[records..].chunks_exact(self.state_bytes() as usize);
        for (&(_, restart), record) in turn.ended.iter().zip(&ends) {
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
        self.spare.push(turn.staging);
        Ok(())
    }

    /// Takes in how long a turn took, by the device's clock if it has one. Returns where the time went.
    fn take_times(&self, pace: &mut Pace, turn: &Turn, took: Duration, spans: Option<&Spans>) -> Times {
        let of_a_round = |sizes| Work::new(sizes, self.active(turn));
        if let Some(spans) = spans {
            let points = &self.session.points;
            let Work { assign, sums, means } = of_a_round(points.sizes(0));
            let update = if points.n_chunks() == 1 { sums + means } else { sums };
            pace.note(Step::Seed, turn.seeding, spans.seed.as_secs_f64());
            pace.note(Step::Assign, assign, spans.assign.as_secs_f64());
            pace.note(Step::Update, update, spans.update.as_secs_f64());
            return spans.times();
        }
        let (work, rounds) = (of_a_round(self.sizes()), u128::from(turn.rounds));
        let [seed, assign, update] = [turn.seeding, work.assign * rounds, work.update() * rounds];
        pace.note_all(
            &[(Step::Seed, seed), (Step::Assign, assign), (Step::Update, update)],
            took.as_secs_f64(),
        );
        let iterate = pace.seconds(Step::Assign, assign) + pace.seconds(Step::Update, update);
        let seed = pace.seconds(Step::Seed, seed);
        let seed = took.mul_f64(if seed > 0.0 { seed / (seed + iterate) } else { 0.0 });
        Times { seed, iterate: took - seed, ..Times::default() }
    }

    /// Lanes that had something to do when a turn began, as the signs of the turn before say.
    fn active(&self, turn: &Turn) -> usize {
        let busy = |lane: &&u32| {
            let post = self.posts[**lane as usize];
            matches!(post, Post::Busy { since, .. } if since <= turn.number)
                && self.idle.binary_search(lane).is_err()
        };
        turn.lanes.iter().filter(busy).count()
    }

    /// Takes in which lanes were done, or waiting, at the end of a turn.
    fn take_signs(&mut self, number: u64, signs: &[u32]) {
        let (done, empty) = signs.split_at(words(self.posts.len()));
        let is = |signs: &[u32], lane: usize| signs[lane / 32] >> (lane % 32) & 1 == 1;
        self.waiting.clear();
        for (lane, post) in self.posts.iter_mut().enumerate() {
            let Post::Busy { restart, since } = *post else { continue };
            // what is said of the lane's restart before says nothing
            if since <= number && is(done, lane) {
                *post = Post::Ended { restart };
            } else if since <= number && is(empty, lane) {
                self.waiting.push(lane as u32);
            }
        }
        self.idle.clone_from(&self.waiting);
    }

    /// Reads the state of the best restart of this run, which is `restart`.
    pub(super) fn best(&self, restart: u64) -> Result<State, EngineError> {
        let (context, place) = (&self.session.gpu.context, self.posts.len() as u64);
        let floats = self.sizes().centroid_floats() as u64 * 4;
        let lane = size_of::<super::Lane>() as u64;
        let mut parts = vec![
            (&self.lanes[0].lanes, place * lane, lane),
            (&self.lanes[0].centroids, place * floats, floats),
        ];
        for (chunk, Lanes { labels, .. }) in self.lanes.iter().enumerate() {
            let bytes = u64::from(self.session.points.sizes(chunk).n_points) * 4;
            parts.push((labels, place * bytes, bytes));
        }
        let bytes = context.read(&parts)?;
        let (kept, state) = bytes.split_at(lane as usize);
        let kept: super::Lane = bytemuck::pod_read_unaligned(kept);
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
    /// A state from its centroids and labels as they lie on the device.
    fn state(&self, bytes: &[u8]) -> State {
        let (centroids, labels) = bytes.split_at(self.sizes.centroid_floats() * 4);
        let labels: Vec<u32> = bytemuck::pod_collect_to_vec(labels);
        let mut counts = vec![0; self.job.n_clusters];
        for (i, &label) in labels.iter().enumerate() {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += u64::from(self.job.table.weights.get(i));
            }
        }
        let columns: Vec<f32> = bytemuck::pod_collect_to_vec(centroids);
        State { centroids: rows(&self.sizes, &columns), labels, counts }
    }
}
