//! The progress bar, for work that takes longer than a second.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cairn::kmeans::Progress;
use cairn::numbers;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal;

const WAIT: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);
/// Width of a terminal that has no room for a long bar.
const NARROW: usize = 80;

/// A progress bar on standard error that appears after a second and is cleared on drop.
///
/// The library reports only after each batch of restarts, so a separate thread draws the bar.
pub(super) struct Bar {
    bar: ProgressBar,
    start: Instant,
    showing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Bar {
    /// A bar for `n_restarts` restarts; hidden if `quiet` or if standard error is not a terminal.
    pub(super) fn new(n_restarts: u64, quiet: bool) -> Self {
        Self::of(n_restarts, "restarts", quiet)
    }

    /// A bar for `n` of anything else.
    pub(super) fn of(n: u64, noun: &str, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(n), ProgressDrawTarget::hidden());
        let width = if terminal::stderr_width().is_some_and(|width| width < NARROW) { 10 } else { 24 };
        let template = format!("{{spinner}} {{bar:{width}}} {{pos}}/{{len}} {noun} {{wide_msg}}");
        let style = ProgressStyle::with_template(&template);
        if let Ok(style) = style {
            bar.set_style(style);
        }
        let showing = (!quiet && terminal::stderr_is_terminal()).then(|| show_later(bar.clone())).flatten();
        Self { bar, start: Instant::now(), showing }
    }

    /// A status line; hidden if `quiet` or if standard error is not a terminal.
    pub(super) fn line(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        let showing = (!quiet && terminal::stderr_is_terminal()).then(|| show_later(bar.clone())).flatten();
        Self { bar, start: Instant::now(), showing }
    }

    /// Sets the text of a status line.
    pub(super) fn say(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    /// Writes lines above the bar.
    pub(super) fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Shows progress of restarts.
    pub(super) fn update(&self, progress: &Progress<'_>) {
        if progress.done == 0 {
            return;
        }
        let rate = progress.done as f64 / self.start.elapsed().as_secs_f64();
        let left = numbers::about((progress.of - progress.done) as f64 / rate);
        let rate = numbers::rate(rate);
        let known = progress.best.is_finite();
        let best = if known { format!(", best {}", numbers::short(progress.best)) } else { String::new() };
        self.bar.set_message(format!("{left} left, {rate}/s{best}"));
        self.bar.set_position(progress.done);
    }

    /// Shows how many items are done.
    pub(super) fn step(&self, done: u64) {
        if done == 0 {
            return;
        }
        let all = self.bar.length().unwrap_or(done);
        let left = self.start.elapsed().as_secs_f64() * all.saturating_sub(done) as f64 / done.max(1) as f64;
        self.bar.set_message(format!("{} left", numbers::about(left)));
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.showing.take() {
            drop(stop);
            let _ = thread.join(); // so that the thread can't redraw the cleared bar
        }
        self.bar.finish_and_clear();
    }
}

fn show_later(bar: ProgressBar) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel();
    let show = move || {
        let mut wait = WAIT;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            if wait == WAIT {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.tick();
            wait = TICK;
        }
    };
    // without a thread there is no bar
    Some((stop, thread::Builder::new().name("progress".into()).spawn(show).ok()?))
}
