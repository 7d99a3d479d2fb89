//! Progress of steps that take longer than a second: a bar, plain lines, or JSON for programs.
//!
//! `--progress json` writes an object on a line of standard error when a step begins, at most twice a second, and when it
//! ends: see docs/FIT.md.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cairn::data::{ReadCounter, files_of};
use cairn::kmeans::{self, MOST_OUTCOMES, Progress};
use cairn::numbers;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::args::ProgressArg;
use super::terminal;

/// How long a step takes at least before a bar appears.
const WAIT: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);
/// Time between two plain lines, and between two lines of JSON.
const PLAIN: Duration = Duration::from_secs(10);
const JSON: Duration = Duration::from_millis(500);
/// Width of a terminal that has no room for a long bar.
const NARROW: usize = 80;

/// The step of a fit that takes longest.
const RESTARTS: &str = "restarts";

/// How progress is shown, for the whole run.
static MODE: AtomicU8 = AtomicU8::new(Mode::None as u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Mode {
    None,
    Bar,
    Plain,
    Json,
}

/// Sets how progress is shown, for all later steps.
pub(super) fn set(asked: ProgressArg, quiet: bool) {
    let mode = match asked {
        ProgressArg::Json => Mode::Json,
        ProgressArg::Plain => Mode::Plain,
        ProgressArg::None => Mode::None,
        ProgressArg::Auto if quiet => Mode::None,
        ProgressArg::Auto if terminal::stderr_is_terminal() => Mode::Bar,
        ProgressArg::Auto => Mode::Plain,
    };
    MODE.store(mode as u8, Ordering::Relaxed);
}

fn mode() -> Mode {
    let modes = [Mode::None, Mode::Bar, Mode::Plain, Mode::Json];
    modes.into_iter().find(|&mode| mode as u8 == MODE.load(Ordering::Relaxed)).unwrap_or(Mode::None)
}

/// A step: what is done, in which units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    step: &'static str,
    /// How it is called in a sentence.
    doing: &'static str,
    unit: &'static str,
}

/// The progress of a step, which is shown until it is dropped.
pub(super) struct Bar {
    step: Arc<Step>,
    bar: ProgressBar,
    mode: Mode,
    showing: Option<(Sender<()>, JoinHandle<()>)>,
}

/// How far a step is, as a thread shows it.
struct Step {
    kind: Kind,
    of: Option<u64>,
    done: AtomicU64,
    earlier: AtomicU64, // of these, what an earlier process did
    iterations: AtomicU64,
    best: AtomicU64, // bits of a float; infinite for none
    text: Mutex<String>,
    bytes: Option<ReadCounter>,
    begun: Instant,
}

impl Bar {
    /// For restarts: so many, or as many as `--time` allows.
    pub(super) fn restarts(n: u64, unit: &'static str) -> Self {
        let of = Some(n).filter(|&n| n != MOST_OUTCOMES as u64);
        Self::new(Kind { step: RESTARTS, doing: "fitting", unit }, of, None)
    }

    /// For the fits of a sweep.
    pub(super) fn fits(n: u64) -> Self {
        Self::new(Kind { step: "fits", doing: "fitting", unit: "fits" }, Some(n), None)
    }

    /// For rows that are placed on the lattice.
    pub(super) fn pack(n: u64) -> Self {
        Self::new(Kind { step: "pack", doing: "packing", unit: "rows" }, Some(n), None)
    }

    /// For rows that are written.
    pub(super) fn write(n: u64) -> Self {
        Self::new(Kind { step: "write", doing: "writing rows", unit: "rows" }, Some(n), None)
    }

    /// For reading tables, by the counter that it is given.
    pub(super) fn read(sources: &[String], counter: &ReadCounter) -> Self {
        let kind = Kind { step: "read", doing: "reading", unit: "bytes" };
        Self::new(kind, bytes_of(sources), Some(counter.clone()))
    }

    /// For a step that says itself what it does.
    pub(super) fn line(step: &'static str) -> Self {
        Self::new(Kind { step, doing: "", unit: "" }, None, None)
    }

    /// The same, but hidden: rows on standard output are progress enough in a terminal.
    pub(super) fn hidden() -> Self {
        Self::shown(Kind { step: "", doing: "", unit: "" }, None, None, Mode::None)
    }

    fn new(kind: Kind, of: Option<u64>, bytes: Option<ReadCounter>) -> Self {
        Self::shown(kind, of, bytes, mode())
    }

    fn shown(kind: Kind, of: Option<u64>, bytes: Option<ReadCounter>, mode: Mode) -> Self {
        let bar = ProgressBar::with_draw_target(of, ProgressDrawTarget::hidden());
        let width = if terminal::stderr_width().is_some_and(|width| width < NARROW) { 10 } else { 24 };
        let template = match of {
            Some(_) => format!("{{spinner}} {{bar:{width}}} {{wide_msg}}"),
            None => "{spinner} {wide_msg}".to_owned(),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        let step = Arc::new(Step {
            kind,
            of,
            done: AtomicU64::new(0),
            earlier: AtomicU64::new(0),
            iterations: AtomicU64::new(0),
            best: AtomicU64::new(f64::INFINITY.to_bits()),
            text: Mutex::default(),
            bytes,
            begun: Instant::now(),
        });
        if mode == Mode::Json {
            step.write_json(false);
        }
        let showing = (mode != Mode::None).then(|| show(mode, bar.clone(), step.clone())).flatten();
        Self { step, bar, mode, showing }
    }

    /// Sets what a step of no number does.
    pub(super) fn say(&self, text: &str) {
        text.clone_into(&mut self.step.text.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Writes lines above the bar.
    pub(super) fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Takes over the progress of restarts.
    pub(super) fn update(&self, progress: &Progress<'_>) {
        self.step.iterations.store(progress.iterations, Ordering::Relaxed);
        self.step.best.store(progress.best.to_bits(), Ordering::Relaxed);
        self.step.earlier.store(progress.earlier, Ordering::Relaxed);
        self.step(progress.done);
    }

    /// Sets how many are done.
    pub(super) fn step(&self, done: u64) {
        self.step.done.store(done, Ordering::Relaxed);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.showing.take() {
            drop(stop);
            let _ = thread.join(); // so that the thread can't redraw the cleared bar
        }
        self.bar.finish_and_clear();
        if self.mode == Mode::Json {
            self.step.write_json(true);
        }
    }
}

/// Shows the steps of a fit, one bar after the other.
pub(super) fn of_fit(bar: &mut Option<Bar>, step: &kmeans::Step<'_>) {
    match step {
        // each row is visited twice
        kmeans::Step::Pack { done, of } => bar.get_or_insert_with(|| Bar::pack(*of / 2)).step(*done / 2),
        kmeans::Step::Restarts(progress) => {
            if bar.as_ref().is_none_or(|bar| bar.step.kind.step != RESTARTS) {
                *bar = None; // the one before ends first
                *bar = Some(Bar::restarts(progress.of, progress.unit));
            }
            bar.iter().for_each(|bar| bar.update(progress));
        }
        _ => {}
    }
}

/// A line of `--progress json`.
#[derive(Serialize)]
struct Line<'a> {
    progress: &'a str,
    unit: Option<&'a str>,
    done: u64,
    of: Option<u64>,
    seconds: f64,
    per_second: Option<f64>,
    left_s: Option<f64>,
    best_inertia: Option<f64>,
    iterations: Option<u64>,
    text: Option<String>,
    ended: bool,
}

impl Step {
    fn done(&self) -> u64 {
        let done = self.bytes.as_ref().map_or_else(|| self.done.load(Ordering::Relaxed), ReadCounter::bytes);
        self.of.map_or(done, |of| done.min(of))
    }

    fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    fn rate(&self) -> Option<f64> {
        let (done, seconds) = (self.done(), self.seconds());
        let done = done.saturating_sub(self.earlier.load(Ordering::Relaxed));
        (done > 0 && seconds > 0.0).then(|| done as f64 / seconds)
    }

    fn left(&self) -> Option<f64> {
        Some((self.of?.saturating_sub(self.done())) as f64 / self.rate()?)
    }

    fn best(&self) -> Option<f64> {
        Some(f64::from_bits(self.best.load(Ordering::Relaxed))).filter(|best| best.is_finite())
    }

    fn iterations(&self) -> Option<u64> {
        Some(self.iterations.load(Ordering::Relaxed)).filter(|&iterations| iterations > 0)
    }

    fn text(&self) -> Option<String> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (!text.is_empty()).then_some(text)
    }

    /// How far it is, in words. `None` if nothing is known yet.
    fn said(&self) -> Option<String> {
        if let Some(text) = self.text() {
            return Some(text);
        }
        let Kind { doing, unit, .. } = self.kind;
        if unit.is_empty() {
            return None;
        }
        let (done, bytes) = (self.done(), self.bytes.is_some());
        let amount = |n: u64| if bytes { size(n) } else { n.to_string() };
        let mut said = match (self.of, bytes) {
            (Some(of), true) => format!("{doing}, {} of {}", amount(done), amount(of)),
            (None, true) => format!("{doing}, {}", amount(done)),
            (Some(of), false) => format!("{doing}, {} of {} {unit}", amount(done), amount(of)),
            (None, false) => format!("{doing}, {} {unit}", amount(done)),
        };
        if let Some(rate) = self.rate() {
            let rate = if bytes { size(rate as u64) } else { numbers::rate(rate) };
            said.push_str(&format!(", {}/s", rate.trim_end()));
        } else if let Some(iterations) = self.iterations() {
            let rate = numbers::rate(iterations as f64 / self.seconds().max(1e-9));
            said.push_str(&format!(", {}, {}/s", numbers::plural(iterations, "iteration"), rate.trim_end()));
        }
        if let Some(left) = self.left() {
            said.push_str(&format!(", {} left", numbers::about(left)));
        }
        if let Some(best) = self.best() {
            said.push_str(&format!(", best inertia {}", numbers::short(best)));
        }
        Some(said)
    }

    /// Writes a line, never wrapped, whatever becomes of it.
    fn write_json(&self, ended: bool) {
        let Kind { step, unit, .. } = self.kind;
        let line = Line {
            progress: step,
            unit: (!unit.is_empty()).then_some(unit),
            done: self.done(),
            of: self.of,
            seconds: self.seconds(),
            per_second: self.rate(),
            left_s: self.left().filter(|_| !ended),
            best_inertia: self.best(),
            iterations: self.iterations(),
            text: self.text(),
            ended,
        };
        if let Ok(line) = serde_json::to_string(&line) {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }
}

/// Bytes of all files; `None` if one of the sources is no file.
fn bytes_of(sources: &[String]) -> Option<u64> {
    let bytes = |file: String| {
        let (file, _) = cairn::data::file_and_part(&file);
        std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
    };
    let files: Vec<Vec<String>> =
        sources.iter().map(|source| files_of(source).ok()).collect::<Option<_>>()?;
    let bytes: Vec<u64> = files.into_iter().flatten().map(bytes).collect::<Option<_>>()?;
    (!bytes.is_empty()).then(|| bytes.iter().sum())
}

/// A number of bytes.
pub(super) fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().si().to_string()
}

fn show(mode: Mode, bar: ProgressBar, step: Arc<Step>) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel();
    let show = move || {
        let (first, then) = match mode {
            Mode::Plain => (PLAIN, PLAIN),
            Mode::Json => (JSON, JSON),
            Mode::Bar | Mode::None => (WAIT, TICK),
        };
        let mut wait = first;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            match mode {
                Mode::Json => step.write_json(false),
                Mode::Plain => step.said().iter().for_each(|said| {
                    terminal::write_stderr(&format!("progress: {}", terminal::plain(said)));
                }),
                Mode::Bar | Mode::None => {
                    if wait == first {
                        bar.set_draw_target(ProgressDrawTarget::stderr());
                    }
                    bar.set_position(step.done());
                    bar.set_message(step.said().unwrap_or_default());
                    bar.tick();
                }
            }
            wait = then;
        }
    };
    // without a thread nothing is shown
    Some((stop, thread::Builder::new().name("progress".into()).spawn(show).ok()?))
}
