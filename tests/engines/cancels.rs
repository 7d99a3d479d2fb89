//! Runs that are cancelled: within a restart, on every device, and what is left of them.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cairn::data::Dataset;
use cairn::engine::reference::Reference;
use cairn::engine::{Device, Engine, Keep, OpenOptions};
use cairn::kmeans::{CONTINUE, FitError, Init, KMeans, Progress, fit, fit_with, run};

use crate::common::{self, Backend, Case, compare, normal, on_devices, processor};

on_devices!(within_a_restart);

/// Much longer than a step of a restart takes on any device here.
const SOON: Duration = Duration::from_secs(30);

/// A job whose restarts take seconds: a software adapter does one of many rounds in each submission.
fn long(backend: Backend) -> Case {
    let (n_points, n_clusters) = if backend == Backend::Cpu { (30_000, 3000) } else { (6000, 400) };
    let kmeans = KMeans::new(n_clusters).restarts(4).init(Init::Random);
    Case::new(&normal(n_points, 8, 70), kmeans)
}

fn within_a_restart(backend: Backend) {
    common::on(backend, &|engine| {
        let (case, mut calls) = (long(backend), 0);
        let (job, start) = (case.job(), Instant::now());
        let mut session = engine.load(&job).expect("the device takes the job");
        let cancelled = run(session.as_mut(), &job, 4, None, Keep::Best, &mut |batch| {
            calls += 1;
            assert!(batch.is_empty(), "no restart can have ended");
            ControlFlow::Break(())
        });
        assert!(matches!(cancelled, Err(FitError::Cancelled { done: 0, of: 4 })), "{cancelled:?}");
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert_eq!(calls, 1);
    });
}

/// After a cancelled run a session does others as if nothing had happened.
mod a_session_goes_on {
    crate::common::backends!(super::goes_on);
}

fn goes_on(backend: Backend) {
    common::on(backend, &|engine| {
        let case = Case::new(&normal(3000, 4, 71), KMeans::new(40).restarts(9));
        let job = case.job();
        let mut session = engine.load(&job).expect("the device takes the job");
        let n = if backend == Backend::Cpu { 4000 } else { 60 };
        let cancelled = run(session.as_mut(), &job, n, Some(n), Keep::Best, &mut |_| ControlFlow::Break(()));
        assert!(matches!(cancelled, Err(FitError::Cancelled { done, .. }) if done < n), "{cancelled:?}");
        let again = run(session.as_mut(), &job, 9, Some(4), Keep::All, &mut |_| CONTINUE).expect("it runs");
        assert_eq!(compare(&case.oracle(), &again), Ok(()));
    });
}

#[test]
fn the_reference_is_cancelled_within_a_restart() {
    let case = Case::new(&normal(3000, 8, 72), KMeans::new(300).restarts(1));
    let (job, start) = (case.job(), Instant::now());
    let mut session = Engine::load(&Reference, &job).expect("it takes every job");
    let cancelled = run(session.as_mut(), &job, 1, None, Keep::Best, &mut |_| ControlFlow::Break(()));
    assert!(matches!(cancelled, Err(FitError::Cancelled { done: 0, of: 1 })), "{cancelled:?}");
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// Within a batch: what is kept are the restarts before the first that had not ended.
#[test]
fn what_is_left_of_a_cancelled_batch_is_the_fit_of_its_first_restarts() {
    let data = normal(4000, 6, 73);
    let some = until_called(&data, 5, KMeans::new(60).restarts(100_000).batch(100_000));
    let done = some.restarts.count();
    assert!((1..100_000).contains(&done), "{done}");
    let whole = KMeans::new(60).restarts(done).device(Device::Cpu).check().expect("good parameters");
    let whole = fit(&data, &whole).expect("it fits");
    assert_eq!((some.fingerprint, some.best, some.state), (whole.fingerprint, whole.best, whole.state));
}

fn until_called(data: &Dataset<'_>, times: u32, params: KMeans) -> cairn::kmeans::Fit {
    let params = params.best_so_far(true).device(Device::Cpu).check().expect("good parameters");
    let mut left = times;
    let mut stop = |progress: &Progress<'_>| {
        left -= u32::from(left > 0);
        assert_eq!(progress.done == 0, progress.best.is_infinite());
        if left > 0 { CONTINUE } else { ControlFlow::Break(()) }
    };
    fit_with(data, &params, &OpenOptions::default(), &mut stop).expect("some restarts are done")
}

/// Restarts whose points are shared by threads are cancelled too, in the pass over the points and in the seeding.
#[test]
fn the_cpu_is_cancelled_within_a_pass_and_a_seeding() {
    let table = normal(200_000, 8, 74);
    let begins = |kmeans: KMeans| {
        let case = Case::new(&table, kmeans.restarts(1));
        let (job, start) = (case.job(), Instant::now());
        let cpu = processor();
        let mut session = cpu.load(&job).expect("the CPU takes the job");
        let cancelled = run(session.as_mut(), &job, 1, None, Keep::Best, &mut |_| ControlFlow::Break(()));
        assert!(matches!(cancelled, Err(FitError::Cancelled { done: 0, of: 1 })), "{cancelled:?}");
        start.elapsed()
    };
    // a pass takes many seconds
    let (passes, seeds) = (begins(KMeans::new(20_000).init(Init::Random)), begins(KMeans::new(20_000)));
    assert!(passes < SOON && seeds < SOON, "{passes:?} {seeds:?}");
}
