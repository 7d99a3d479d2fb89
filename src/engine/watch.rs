//! A watch over a run: it calls an observer while restarts run, and the observer may end the run.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two calls of the observer.
const EVERY: Duration = Duration::from_millis(100);

/// A restart between two iterations. What follows depends on nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Number of the restart, from 0.
    pub restart: u64,
    /// Iterations made, fewer than the most; 0 after the seeding.
    pub iterations: u32,
    /// Lattice coordinates. (n_clusters, n_dims)
    pub centroids: Vec<i32>,
}

type Observer<'a> = &'a mut (dyn FnMut() -> ControlFlow<()> + Send);

/// A watch over a run, shared by its threads. The default one has no observer, and never ends a run.
#[derive(Default)]
pub struct Watch<'a>(Option<Watched<'a>>);

struct Watched<'a> {
    begun: Instant,
    due: AtomicU64, // milliseconds since `begun`
    ended: AtomicBool,
    observer: Mutex<Observer<'a>>,
    iterations: Option<&'a AtomicU64>,
    latest: Option<&'a Mutex<Option<Unfinished>>>,
}

impl<'a> Watch<'a> {
    /// Calls `observer` every 100 milliseconds from now on. It ends the run by [`ControlFlow::Break`].
    pub fn new(observer: Observer<'a>) -> Self {
        Self(Some(Watched {
            begun: Instant::now(),
            due: AtomicU64::new(EVERY.as_millis() as u64),
            ended: AtomicBool::new(false),
            observer: Mutex::new(observer),
            iterations: None,
            latest: None,
        }))
    }

    /// The same, keeping the latest state of the restart that runs; of several that run at once, of that with the lowest
    /// number.
    #[must_use]
    pub fn keeping(mut self, latest: &'a Mutex<Option<Unfinished>>) -> Self {
        self.0.iter_mut().for_each(|watched| watched.latest = Some(latest));
        self
    }

    /// Keeps the state of a restart that has not stopped, after so many iterations. The CPU reports each, and so does a table in a
    /// file on any device; a GPU, whose host sees none, reports none.
    pub fn keep(&self, restart: u64, iterations: u32, centroids: &[i32]) {
        let Some(latest) = self.0.as_ref().and_then(|watched| watched.latest) else { return };
        let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.as_ref().is_some_and(|kept| kept.restart < restart) {
            return;
        }
        let mut kept = latest.take().map_or_else(Vec::new, |before| before.centroids);
        kept.clear();
        kept.extend_from_slice(centroids);
        *latest = Some(Unfinished { restart, iterations, centroids: kept });
    }

    /// The same, counting the iterations that engines report, of all restarts.
    #[must_use]
    pub fn counting(mut self, iterations: &'a AtomicU64) -> Self {
        self.0.iter_mut().for_each(|watched| watched.iterations = Some(iterations));
        self
    }

    /// Counts an iteration of a restart. The CPU and the reference report each; a GPU, whose host sees none, reports none.
    pub fn iterated(&self) {
        if let Some(iterations) = self.0.as_ref().and_then(|watched| watched.iterations) {
            iterations.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the run has to end. Engines ask in every step of a restart; if it is time, the observer is called.
    #[must_use]
    pub fn ends(&self) -> bool {
        let Some(watched) = &self.0 else { return false };
        watched.look();
        self.has_ended()
    }

    /// Whether an earlier call of [`Watch::ends`] said so, on any thread.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.0.as_ref().is_some_and(|watched| watched.ended.load(Ordering::Relaxed))
    }
}

impl Watched<'_> {
    fn look(&self) {
        let now = self.begun.elapsed().as_millis() as u64;
        if now < self.due.load(Ordering::Relaxed) {
            return;
        }
        // if another thread holds the lock, it calls the observer now
        if let Ok(mut observer) = self.observer.try_lock()
            && !self.ended.load(Ordering::Relaxed)
        {
            self.due.store(now + EVERY.as_millis() as u64, Ordering::Relaxed);
            self.ended.store(observer().is_break(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_observer_is_called_now_and_then_and_ends_the_run_for_good() {
        let mut calls = 0;
        let mut observer = || {
            calls += 1;
            if calls < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let watch = Watch::new(&mut observer);
        assert!(!watch.ends() && !watch.has_ended());
        let mut asked = 1;
        while !watch.ends() {
            asked += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(watch.has_ended() && watch.ends());
        let took = watch.0.as_ref().expect("it has an observer").begun.elapsed();
        assert!(took >= 3 * EVERY, "{took:?}");
        assert!(calls == 3 && asked > 10, "{calls} calls, asked {asked} times");
    }

    #[test]
    fn a_watch_without_an_observer_never_ends_a_run() {
        assert!(!Watch::default().ends());
    }
}
