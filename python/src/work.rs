//! Work outside the interpreter's lock. It runs on a thread of its own, while the calling one waits for Ctrl-C and calls
//! back: only Python's main thread learns of a signal.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Time between two looks for a signal.
const LOOK: Duration = Duration::from_millis(50);

/// Restarts or fits done, requested, and the least inertia.
pub(crate) type Step = (u64, u64, f64);

/// What the work is watched by.
pub(crate) struct Watcher<'a> {
    stop: &'a AtomicBool,
    steps: Option<Sender<Step>>,
    done: Sender<()>, // closed when the work ends
}

impl Watcher<'_> {
    /// Whether the work has to end.
    pub(crate) fn ends(&self) -> ControlFlow<()> {
        match self.stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Passes on a step, if someone wants to know. Whether the work has to end.
    pub(crate) fn step(&self, step: Step) -> ControlFlow<()> {
        if let Some(steps) = &self.steps {
            let _ = steps.send(step); // the receiver lives longer than the work
        }
        self.ends()
    }
}

/// Does the work. `callback` is called with each step, and ends the work by returning true. An exception in it, and
/// Ctrl-C, end the work too, and are raised once it has ended.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    callback: Option<&Py<PyAny>>,
    work: impl FnOnce(&Watcher<'_>) -> T + Send,
) -> PyResult<T> {
    let (done, ended) = mpsc::channel();
    let (step, steps) = mpsc::channel();
    let steps_wanted = callback.is_some();
    py.detach(move || {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = Watcher { stop: &stop, steps: steps_wanted.then_some(step), done };
            let work = move || {
                let all = guarded(|| work(&watcher));
                drop(watcher.done);
                all
            };
            let worker = thread::Builder::new().name("cairn".into()).spawn_scoped(scope, work);
            let worker = worker.map_err(|error| {
                PyRuntimeError::new_err(format!(
                    "no thread could be started ({error}); end other programs, then try again"
                ))
            })?;
            let mut raised = None;
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                look(&stop, &mut raised, callback, &steps);
            }
            look(&stop, &mut raised, callback, &steps);
            let all = worker.join().unwrap_or_else(|panic| Err(panicked(panic.as_ref())))?;
            raised.map_or(Ok(all), Err)
        })
    })
}

/// Passes on steps and signals. An exception stops the work; after the first, nothing more is passed on.
fn look(
    stop: &AtomicBool,
    raised: &mut Option<PyErr>,
    callback: Option<&Py<PyAny>>,
    steps: &mpsc::Receiver<Step>,
) {
    if raised.is_some() {
        return;
    }
    let looked = Python::attach(|py| {
        py.check_signals()?;
        let Some(callback) = callback else { return Ok(()) };
        for step in steps.try_iter() {
            if callback.call1(py, step)?.is_truthy(py)? {
                stop.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    });
    if let Err(error) = looked {
        stop.store(true, Ordering::Relaxed);
        *raised = Some(error);
    }
}

/// Does short work on the calling thread. A panic becomes an exception that asks for a report.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panicked(panic.as_ref()))
}

/// Panics, for the test of what becomes of it.
#[pyfunction]
pub(crate) fn _panic(py: Python<'_>, text: String) -> PyResult<()> {
    run(py, None, |_| panic!("{text}"))
}

fn panicked(panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    PyRuntimeError::new_err(format!(
        "an error in cairn ({text}); please report it, with what you called and the shape and type of the data"
    ))
}
