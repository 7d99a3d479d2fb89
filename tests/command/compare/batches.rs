//! A comparison times the loop of a fit: both use the same batches, and both can be stopped between batches.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use cairn::compare::Method;
use cairn::engine::{Engine, Keep};
use cairn::kmeans::{CONTINUE, FitError, KMeans, Params, Restarts, pack, run};

use super::doubles::{Double, FakeClock, compare, table};

/// A batch of this length is followed by one of its own size, but by a larger one where restarts follow one another.
const LENGTH: Duration = Duration::from_millis(150);

fn params() -> Params {
    KMeans::new(3).restarts(24).check().unwrap()
}

/// Sizes of the batches that an engine is given by `work`.
fn batches(steady: bool, work: &dyn Fn(&dyn Engine)) -> Vec<u64> {
    let (clock, sizes) = (FakeClock::default(), Mutex::new(Vec::new()));
    let note = |_: u64, n: u64| {
        sleep(LENGTH);
        sizes.lock().unwrap().push(n);
        1000
    };
    work(&Double { steady, ..Double::new(&clock, note) });
    sizes.into_inner().unwrap()
}

/// As a fit does it.
fn fit(
    engine: &dyn Engine,
    observer: &mut (dyn FnMut(u64) -> ControlFlow<()> + Send),
) -> Result<Restarts, FitError> {
    let (packed, params) = (pack(&table(), None)?, params());
    let job = params.job(&packed)?;
    let mut session = engine.load(&job)?;
    let (n_restarts, keep) = (params.n_restarts(), Keep::Best);
    let mut done = 0;
    run(session.as_mut(), &job, n_restarts, None, keep, &mut |batch| {
        done += batch.len() as u64;
        observer(done)
    })
}

#[test]
fn compare_and_fit_cut_batches_alike() {
    for (steady, expected) in [(true, &[8, 16][..]), (false, &[8, 8, 8])] {
        let fitted = batches(steady, &|engine| {
            fit(engine, &mut |_| CONTINUE).unwrap();
        });
        assert_eq!(fitted, expected);
        let compared = batches(steady, &|engine| {
            let once = Method { runs: 1, warmup: 0, budget: None };
            compare(&FakeClock::default(), &[("one", engine)], &params(), None, once).unwrap();
        });
        assert_eq!(compared, [expected, expected].concat(), "one run verifies, one is measured");
    }
}

#[test]
fn an_observer_cancels_between_batches() {
    let sizes = batches(false, &|engine| {
        let mut after_two = |done| if done < 16 { CONTINUE } else { ControlFlow::Break(()) };
        let error = fit(engine, &mut after_two).unwrap_err();
        assert!(matches!(error, FitError::Cancelled { done: 16, of: 24 }), "{error:?}");
        assert_eq!(error.to_string(), "cancelled after 16 of 24 restarts");
    });
    assert_eq!(sizes, [8, 8]);
    // after the last batch there is nothing left to cancel
    let sizes = batches(false, &|engine| {
        let done = fit(engine, &mut |done| if done < 24 { CONTINUE } else { ControlFlow::Break(()) });
        assert_eq!(done.unwrap().outcomes.len(), 24);
    });
    assert_eq!(sizes.iter().sum::<u64>(), 24);
}
