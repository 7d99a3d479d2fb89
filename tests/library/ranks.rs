//! Fits by several processes: that of one process with all rows, to the last bit. Here ranks are threads.

use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cairn::comm::{Comm, CommError, Threads, threads};
use cairn::data::{Dataset, Scale};
use cairn::engine::reference::update::centroids_of;
use cairn::engine::{Device, EngineError, Metric, OpenOptions, Opened, Watch, open};
use cairn::kmeans::{
    Algorithm, CONTINUE, Checkpoint, Fit, FitError, Init, KMeans, Minibatch, Params, RunEnd, SavedRunError,
    Search, Step, fit, fit_on_ranks, fit_restarts_on_ranks, fit_with_checkpoint, pack_for,
};
use ndarray::Array2;
use tempfile::TempDir;

use crate::common::{dataset, digits, normal, weighted};

fn cpu() -> Opened {
    open(&Device::Cpu, &OpenOptions::default()).expect("the CPU opens")
}

fn checked(kmeans: KMeans) -> Params {
    kmeans.device(Device::Cpu).check().expect("good parameters")
}

/// Shares of unlike sizes, the second one empty if there are more than two.
fn shares(n: usize, n_ranks: usize) -> Vec<Range<usize>> {
    let first = |rank: usize| match rank {
        0 => 0,
        1 | 2 if n_ranks > 2 => n / 7,
        rank => n * rank / n_ranks,
    };
    (0..n_ranks).map(|rank| first(rank)..first(rank + 1)).collect()
}

/// What each rank makes of it.
fn on_ranks<T: Send>(n_ranks: usize, make: impl Fn(&Threads) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let make = &make;
        let all: Vec<_> = threads(n_ranks).into_iter().map(|rank| scope.spawn(move || make(&rank))).collect();
        all.into_iter().map(|rank| rank.join().expect("no panic")).collect()
    })
}

fn fits(data: &Dataset<'_>, params: &Params, n_ranks: usize) -> Vec<Result<Fit, FitError>> {
    let shares = shares(data.points.n_points(), n_ranks);
    on_ranks(n_ranks, |rank| {
        let own = data.part(shares[rank.rank()].clone());
        fit_on_ranks(&cpu(), &own, params, rank, None, &mut |_| CONTINUE)
    })
}

fn assert_same(one: &Fit, other: &Fit) {
    assert_eq!(one.fingerprint, other.fingerprint);
    assert_eq!((one.best, &one.state, &one.lattice), (other.best, &other.state, &other.lattice));
    assert_eq!(
        (one.n_points, one.weight_unit, &one.scaling),
        (other.n_points, other.weight_unit, &other.scaling)
    );
    // sums of floats, in another order
    assert!((one.rounding.rms - other.rounding.rms).abs() <= 1e-9 * other.rounding.rms);
    assert_eq!(one.rounding.coarse, other.rounding.coarse);
}

#[test]
fn all_kinds_of_tables_and_parameters() {
    let unit = normal(500, 6, 3).scaled(Scale::Unit).expect("no row of zeros");
    let outside = weighted(dataset(1, vec![0.0, 1.0, 5.0, 1e10, 0.5]), &[1.0, 1.0, 0.0, 0.0, 3.0]);
    let far = weighted(dataset(1, vec![0.0, 1.0, 1e300, 5.0, 0.5]), &[1.0, 1.0, 0.0, 2.0, 3.0]);
    let rounded: Vec<f64> = (0..400).map(|i| 0.1 + f64::from(i % 13) / 7.0).collect();
    let starts = Array2::from_shape_fn((4, 3), |(c, j)| (c * 70 + j) as f64);
    let cases = [
        (digits(), KMeans::new(10).restarts(3)),
        (digits(), KMeans::new(10).restarts(3).tol(1e-3)),
        (normal(3000, 5, 1), KMeans::new(7).restarts(2).init(Init::Random)),
        (normal(300, 3, 2), KMeans::new(4).restarts(1).init(Init::Centroids(starts))),
        (normal(400, 6, 4).scaled(Scale::Standard).expect("finite"), KMeans::new(5).restarts(2)),
        (weighted(normal(400, 6, 4), &rounded), KMeans::new(5).restarts(2)),
        (unit, KMeans::new(5).restarts(2).metric(Metric::Cosine)),
        (outside, KMeans::new(2).restarts(2)),
        (far, KMeans::new(2).restarts(2)),
        // bounds are kept within a restart, and begin anew in the next
        (normal(6000, 16, 9), KMeans::new(70).restarts(3)),
        // features of unlike scale
        (
            dataset(
                2,
                (0..600).map(|i| if i % 2 == 0 { f64::from(i) * 1e9 } else { f64::from(i % 7) }).collect(),
            ),
            KMeans::new(4),
        ),
        // more clusters than distinct rows, by both seedings
        (dataset(2, [1.0, 2.0, 3.0, 4.0].repeat(50)), KMeans::new(9).restarts(2)),
        (dataset(2, [1.0, 2.0, 3.0, 4.0].repeat(50)), KMeans::new(9).restarts(2).init(Init::Random)),
        (dataset(1, vec![1.0, 2.0, 4.0]), KMeans::new(3).restarts(2)),
        (dataset(1, vec![1.0, 2.0, 4.0]), KMeans::new(1).restarts(2)),
    ];
    for (data, kmeans) in cases {
        let params = checked(kmeans);
        let whole = fit(&data, &params).expect("it fits");
        for n_ranks in [1, 2, 3, 7] {
            for fitted in fits(&data, &params, n_ranks) {
                assert_same(&fitted.expect("it fits"), &whole);
            }
        }
    }
}

/// What is kept between passes is of one restart: the first pass of the next begins anew.
#[test]
fn passes_begin_anew() {
    let (data, params) = (normal(6000, 16, 9), checked(KMeans::new(70)));
    let table = pack_for(&data, &params).expect("finite");
    let opened = cpu();
    let mut passes = opened.engine.passes(&table, 70).expect("the CPU keeps bounds");
    let mut centroids: Vec<i32> = table.points[..70 * 16].to_vec();
    let (mut labels, mut first, mut skipped) = (vec![0; 6000], true, 0);
    for _ in 0..40 {
        let passed = passes.pass((first, &centroids), &mut labels, &Watch::default());
        let passed = passed.expect("it does not fail").expect("nothing ends it");
        centroids = centroids_of(Metric::Euclidean, &table.lattice, &passed.sums, &centroids);
        (first, skipped) = (false, passed.skipped);
    }
    assert!(skipped > 0, "bounds are not kept");
    let mut expected = vec![0; 6000];
    let mut fresh = opened.engine.passes(&table, 70).expect("the CPU keeps bounds");
    let fresh = fresh.pass((true, &centroids), &mut expected, &Watch::default());
    labels.fill(0);
    let again = passes.pass((true, &centroids), &mut labels, &Watch::default());
    assert_eq!(labels, expected);
    assert_eq!(again.expect("it does not fail"), fresh.expect("it does not fail"));
}

/// Each rank makes some of the restarts, of the whole table.
#[test]
fn ranks_that_make_restarts() {
    let sizes = KMeans::new(4).sizes(Some(60), None).restarts(5);
    let cases = [
        (digits(), KMeans::new(10).restarts(7)),
        (digits(), KMeans::new(10).restarts(4).first_restart(5)),
        (digits(), KMeans::new(10).restarts(5).refine(true)),
        (weighted(normal(400, 6, 4), &[0.5; 400]), sizes),
    ];
    for (data, kmeans) in cases {
        let params = checked(kmeans);
        let whole = fit(&data, &params).expect("it fits");
        for n_ranks in [1, 2, 4] {
            let fits = on_ranks(n_ranks, |rank| {
                fit_restarts_on_ranks(&cpu(), &data, &params, rank, &mut |_| CONTINUE).expect("it fits")
            });
            for fitted in fits {
                assert_same(&fitted, &whole);
                assert_eq!((fitted.spread, fitted.restarts.work), (whole.spread, whole.restarts.work));
                assert_eq!(fitted.unlimited, whole.unlimited);
                assert_eq!(fitted.restarts.outcomes, whole.restarts.outcomes);
            }
        }
    }
    // ranks with other tables
    let errors = on_ranks(2, |rank| {
        let params = checked(KMeans::new(3).restarts(2));
        fit_restarts_on_ranks(&cpu(), &normal(100, 2, 1 + rank.rank() as u64), &params, rank, &mut |_| {
            CONTINUE
        })
    });
    for error in errors {
        let Err(FitError::Comm(CommError::Unlike { what, .. })) = error else { panic!("{error:?}") };
        assert_eq!(what, "a table of hash");
    }
    let few = checked(KMeans::new(3).restarts(2));
    for error in on_ranks(3, |rank| fit_restarts_on_ranks(&cpu(), &digits(), &few, rank, &mut |_| CONTINUE)) {
        assert!(matches!(error, Err(FitError::OneProcessOnly { .. })), "{error:?}");
    }
}

/// The model of a rank is that of the whole table.
#[test]
fn a_model_of_ranks() {
    let weights: Vec<f64> = (0..1797).map(|i| f64::from(i % 4) / 8.0).collect();
    for data in [digits(), weighted(digits(), &weights)] {
        let (data, params) = (Dataset { truth: None, ..data }, checked(KMeans::new(10).restarts(2)));
        let whole = fit(&data, &params).expect("it fits").model(&data, &params).expect("a model");
        let shares = shares(1797, 4);
        for model in on_ranks(4, |rank| {
            let own = data.part(shares[rank.rank()].clone());
            let fit = fit_on_ranks(&cpu(), &own, &params, rank, None, &mut |_| CONTINUE).expect("it fits");
            fit.model_on_ranks(&own, &params, rank).expect("a model").to_bytes().expect("it can be written")
        }) {
            assert!(model == whole.to_bytes().expect("it can be written"));
        }
    }
}

/// A run that is stopped goes on with more or fewer ranks, or alone, and ends the same.
#[test]
fn a_checkpoint_goes_on_with_any_number_of_ranks() {
    let data = normal(30_011, 9, 5); // blocks of hashes end within rows, and within shares
    let params = checked(KMeans::new(40).restarts(3));
    let whole = fit(&data, &params).expect("it fits");
    let folder = TempDir::new().expect("a folder");
    let go_on = |n_ranks: usize, path: &Path, stop_at: u64| {
        let shares = shares(data.points.n_points(), n_ranks);
        on_ranks(n_ranks, |rank| {
            let mut kept = (rank.rank() == 0).then(|| {
                let kept = if path.exists() { Checkpoint::resume(path) } else { Checkpoint::create(path) };
                kept.expect("the file is good").every(Duration::ZERO)
            });
            let mut seen = |step: Step<'_>| match step {
                // any rank may end it
                Step::Restarts(progress) if rank.rank() == n_ranks / 2 && progress.iterations >= stop_at => {
                    ControlFlow::Break(())
                }
                _ => CONTINUE,
            };
            let own = data.part(shares[rank.rank()].clone());
            fit_on_ranks(&cpu(), &own, &params, rank, kept.as_mut(), &mut seen)
        })
    };
    let path = folder.path().join("r.run");
    let mut stopped = 0;
    for n_ranks in [4, 2, 1, 3] {
        for fitted in go_on(n_ranks, &path, 2) {
            stopped += u32::from(matches!(fitted, Err(FitError::Cancelled { .. })));
        }
    }
    assert!(stopped >= 4, "{stopped}");
    for fitted in go_on(2, &path, u64::MAX) {
        let fitted = fitted.expect("it fits");
        assert_same(&fitted, &whole);
        assert!(fitted.resumed.is_some());
    }
    // and by one process as ever
    let mut kept = Checkpoint::resume(&path).expect("the file is good");
    let alone = fit_with_checkpoint(&cpu(), &data, &params, &mut kept, &mut |_| CONTINUE).expect("it fits");
    assert_eq!(alone.fingerprint, whole.fingerprint);
    // of another table it is refused, on all ranks
    let other = normal(30_011, 9, 6);
    let shares = shares(30_011, 3);
    let refused = on_ranks(3, |rank| {
        let mut kept = (rank.rank() == 0).then(|| Checkpoint::resume(&path).expect("the file is good"));
        let own = other.part(shares[rank.rank()].clone());
        fit_on_ranks(&cpu(), &own, &params, rank, kept.as_mut(), &mut |_| CONTINUE)
    });
    for refused in refused {
        let Err(FitError::Saved(error)) = refused else { panic!("{refused:?}") };
        assert!(matches!(*error, SavedRunError::OtherRun { .. }), "{error}");
    }
}

/// One rank ends the run, and all have the result of the same restarts.
#[test]
fn one_rank_ends_it_for_all() {
    let data = normal(2000, 4, 8);
    let params = checked(KMeans::new(20).restarts(1000).best_so_far(true));
    let shares = shares(2000, 3);
    let fits = on_ranks(3, |rank| {
        let own = data.part(shares[rank.rank()].clone());
        let mut seen = |step: Step<'_>| match step {
            Step::Restarts(progress) if rank.rank() == 2 && progress.done >= 5 => ControlFlow::Break(()),
            _ => CONTINUE,
        };
        fit_on_ranks(&cpu(), &own, &params, rank, None, &mut seen).expect("the restarts so far")
    });
    let done = fits[0].restarts.count();
    assert!((5..1000).contains(&done));
    let expected = fit(&data, &checked(KMeans::new(20).restarts(done))).expect("it fits");
    for fitted in &fits {
        assert_same(fitted, &expected);
        assert_eq!(fitted.searched.ended, RunEnd::Cancelled);
    }
    // a time is over on one rank first
    let timed = checked(KMeans::new(20).restarts(1_000_000).time(Duration::from_millis(300)));
    let fits = self::fits(&data, &timed, 3);
    let fits: Vec<Fit> = fits.into_iter().map(|fitted| fitted.expect("it fits")).collect();
    let expected = fit(&data, &checked(KMeans::new(20).restarts(fits[0].restarts.count()))).expect("it fits");
    for fitted in &fits {
        assert_same(fitted, &expected);
        assert_eq!(fitted.searched.ended, RunEnd::Time);
    }
}

/// An error of one rank is that of all, by its number; and the rows of all ranks count from the first one.
#[test]
fn an_error_of_one_rank_ends_all() {
    let mut rows = vec![1.0; 40];
    rows[25] = f64::NAN;
    let params = checked(KMeans::new(1));
    let errors = fits(&dataset(2, rows), &params, 3);
    let texts: Vec<String> = errors.into_iter().map(|error| error.expect_err("a NaN").to_string()).collect();
    let own = "row 13, column 2: NaN is not a finite number";
    let at = texts.iter().position(|text| text.starts_with(own)).expect("that of the rank itself");
    for (rank, text) in texts.iter().enumerate().filter(|(rank, _)| *rank != at) {
        assert!(text.starts_with(&format!("process {at} of this fit failed: {own}")), "{rank}: {text}");
    }
    let weights = [&[1.0; 19][..], &[-1.0]].concat();
    for error in fits(&weighted(dataset(2, vec![1.0; 40]), &weights), &params, 2) {
        assert!(error.expect_err("a weight").to_string().contains("row 20"));
    }
    for error in fits(&dataset(2, vec![1.0; 40]), &checked(KMeans::new(21)), 2) {
        assert!(error.expect_err("many clusters").to_string().contains("20"));
    }
}

#[test]
fn what_ranks_have_unlike_is_named() {
    let cases = [
        ([2, 3], [4, 4], [false, false], "the number of features 3, and process 0 has 2"),
        ([2, 2], [4, 5], [false, false], "the parameters "),
        ([2, 2], [4, 4], [true, false], "as weights of rows none, and process 0 has weights"),
    ];
    for (dims, clusters, weights, expected) in cases {
        let errors = on_ranks(2, |rank| {
            let (at, n_dims) = (rank.rank(), dims[rank.rank()]);
            let data = normal(100, n_dims, 1);
            let data = if weights[at] { weighted(data, &[1.0; 100]) } else { data };
            let params = checked(KMeans::new(clusters[at]));
            fit_on_ranks(&cpu(), &data, &params, rank, None, &mut |_| CONTINUE)
        });
        for error in errors {
            let Err(FitError::Comm(error @ CommError::Unlike { rank: 1, .. })) = error else {
                panic!("{error:?}")
            };
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
    let alone = [
        KMeans::new(3).refine(true),
        KMeans::new(3).search(Search::Evolve { population: 4 }).restarts(8),
        KMeans::new(3).algorithm(Algorithm::Bisecting).restarts(1),
        KMeans::new(3).algorithm(Algorithm::Minibatch(Minibatch::USUAL)),
        KMeans::new(3).sizes(Some(2), None),
    ];
    for kmeans in alone {
        for error in fits(&normal(100, 2, 1), &checked(kmeans), 2) {
            assert!(matches!(error, Err(FitError::OneProcessOnly { .. })), "{error:?}");
        }
    }
}

/// A comm whose calls fail from one of them on.
struct Failing<'a> {
    comm: &'a dyn Comm,
    left: AtomicU64,
}

impl Failing<'_> {
    fn call(&self) -> Result<(), CommError> {
        let lost = || CommError::Lost { reason: "cut on purpose".into() };
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .map_err(|_| lost())?;
        Ok(())
    }
}

impl Comm for Failing<'_> {
    fn rank(&self) -> usize {
        self.comm.rank()
    }

    fn size(&self) -> usize {
        self.comm.size()
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), CommError> {
        self.call()?;
        self.comm.sum(words)
    }

    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, CommError> {
        self.call()?;
        self.comm.gather(bytes)
    }

    fn broadcast(&self, bytes: &mut Vec<u8>, root: usize) -> Result<(), CommError> {
        self.call()?;
        self.comm.broadcast(bytes, root)
    }
}

/// A rank that is lost at any call ends the others with an error; none waits for ever.
#[test]
fn a_rank_that_is_lost_ends_the_others() {
    let (data, params) = (normal(300, 3, 4), checked(KMeans::new(4).restarts(2)));
    let shares = shares(300, 3);
    let whole = fit(&data, &params).expect("it fits").fingerprint;
    let mut failed_at = 0;
    for call in 0.. {
        let fits = {
            let ranks = threads(3);
            std::thread::scope(|scope| {
                let run = |rank: Threads| {
                    let (data, params, shares) = (&data, &params, &shares);
                    scope.spawn(move || {
                        let own = data.part(shares[rank.rank()].clone());
                        let left = AtomicU64::new(if rank.rank() == 1 { call } else { u64::MAX });
                        let comm = Failing { comm: &rank, left };
                        fit_on_ranks(&cpu(), &own, params, &comm, None, &mut |_| CONTINUE)
                    })
                };
                let all: Vec<_> = ranks.into_iter().map(run).collect();
                all.into_iter().map(|rank| rank.join().expect("no panic")).collect::<Vec<_>>()
            })
        };
        if fits.iter().all(Result::is_ok) {
            assert!(fits.iter().all(|fitted| fitted.as_ref().is_ok_and(|fit| fit.fingerprint == whole)));
            break;
        }
        failed_at = call;
        for (rank, fitted) in fits.iter().enumerate() {
            let is_lost = |error: &CommError| matches!(error, CommError::Lost { .. });
            let lost = match fitted {
                Err(FitError::Comm(error) | FitError::Engine(EngineError::Comm(error))) => is_lost(error),
                // the last call is over for a rank that gets its answer before
                Ok(fit) => rank != 1 && fit.fingerprint == whole,
                _ => false,
            };
            assert!(lost, "rank {rank}, call {call}: {fitted:?}");
        }
    }
    assert!(failed_at > 20, "{failed_at}");
}
