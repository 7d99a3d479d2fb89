//! Restarts: each depends only on its number; the best, the spread and the fingerprint of all.
//!
//! These tests run the reference and the CPU; `engines` tests that every device equals them.

use std::ops::ControlFlow;

use cairn::data::Dataset;
use cairn::engine::reference::assign::{assign, assign_outside, inertia};
use cairn::engine::reference::{Reference, Sums, lloyd, seed};
use cairn::engine::{Device, Engine, Job, Keep, OpenOptions, Outcome, Seeding, State, Stop, Watch, digest};
use cairn::kmeans::{CONTINUE, Fit, FitError, Init, KMeans, Progress, Restarts, fit, fit_with, run};
use ndarray::{Array2, ShapeBuilder};
use proptest::prelude::*;

use crate::common::{
    Case, compare, dataset, deterministic, digits, normal, processor, repeated, rows, shape, shapes, values,
    weighted,
};

fn fit_on_cpu(data: &Dataset<'_>, kmeans: KMeans) -> Fit {
    let params = kmeans.device(Device::Cpu).check().expect("the parameters make sense");
    fit(data, &params).expect("the fit succeeds")
}

#[test]
fn a_restart_alone_equals_itself_in_a_batch() {
    let case = Case::new(&digits(), KMeans::new(10).restarts(12));
    let all = case.run(&processor(), 12);
    let job = case.job();
    for restart in [0, 5, 11] {
        let alone = Engine::load(&processor(), &job)
            .and_then(|mut session| session.run(restart..restart + 1, Keep::All, &Watch::default()))
            .expect("the engine does the job");
        assert_eq!(alone.outcomes, [all.outcomes[restart as usize]]);
        assert_eq!(alone.states, [all.states[restart as usize].clone()]);
    }
}

#[test]
fn fewer_restarts_are_the_first_of_more() {
    let run = |n| fit_on_cpu(&digits(), KMeans::new(10).restarts(n)).restarts.outcomes;
    assert_eq!(run(4), run(9)[..4]);
}

/// With `best_so_far` a cancelled fit is the fit of the restarts done.
#[test]
fn a_cancelled_fit_keeps_what_is_done_if_asked() {
    let params = |n| KMeans::new(10).restarts(n).device(Device::Cpu).batch(3);
    let until_six = |params: KMeans| {
        let stop =
            |progress: &Progress<'_>| if progress.done < 6 { CONTINUE } else { ControlFlow::Break(()) };
        let params = params.check().expect("the parameters make sense");
        fit_with(&digits(), &params, &OpenOptions::default(), &mut { stop })
    };
    let error = until_six(params(20)).expect_err("it is cancelled");
    assert!(matches!(error, FitError::Cancelled { done: 6, of: 20 }), "{error:?}");
    for keep in [Keep::Best, Keep::All] {
        let some = until_six(params(20).keep(keep).best_so_far(true)).expect("the best so far");
        let six = fit_on_cpu(&digits(), params(6));
        assert_eq!((some.restarts.count(), &some.fingerprint), (6, &six.fingerprint));
        assert_eq!((some.best, some.state), (six.best, six.state));
    }
}

/// Bounds skip points only where they pay, and only after the first pass; the pass that would follow the fixed point is
/// left out always. The reference computes every distance.
#[test]
fn points_that_bounds_decide_are_counted() {
    let case = Case::new(&normal(3000, 16, 1), KMeans::new(80).restarts(2));
    let work = case.run(&processor(), 2).work;
    assert!(
        0 < work.skipped_distances && work.skipped_distances < work.later_assigned_points * 80,
        "{work:?}"
    );
    assert_eq!(case.run(&Reference, 1).work.skipped_distances, 0);
    let small = Case::new(&normal(3000, 4, 1), KMeans::new(20).restarts(2));
    let found = small.run(&processor(), 2);
    assert!(found.outcomes.iter().all(|outcome| outcome.stop == Stop::FixedPoint));
    assert_eq!(found.work.skipped_distances, 2 * 3000 * 20);
}

#[test]
fn more_restarts_never_worsen_inertia() {
    let data = normal(300, 4, 1);
    let best = |n| fit_on_cpu(&data, KMeans::new(12).restarts(n)).best.inertia;
    let bests: Vec<u128> = [1, 2, 4, 8, 16, 32].map(best).into();
    assert!(bests.is_sorted_by(|few, more| few >= more), "{bests:?}");
    assert!(bests[5] < bests[0], "a table on which restarts gain nothing tests nothing");
}

#[test]
fn the_best_is_the_first_of_least_inertia() {
    // two locations, two clusters: every restart reaches 0
    let data = repeated(&rows(&[[0.0], [1.0]]), &[5, 5]);
    assert_eq!(fit_on_cpu(&data, KMeans::new(2).restarts(6)).best.restart, 0);
}

#[test]
fn keeping_the_best_keeps_the_state_that_keeping_all_calls_best() {
    for data in [normal(200, 3, 2), digits()] {
        for batch in [1, 4, 20] {
            let run = |keep| fit_on_cpu(&data, KMeans::new(9).restarts(20).keep(keep).batch(batch));
            let (best, all) = (run(Keep::Best), run(Keep::All));
            assert_eq!((best.restarts.states.len(), all.restarts.states.len()), (0, 20));
            assert_eq!(Some(&best.state), all.restarts.best_state());
            assert_eq!((&best.state, best.best), (&all.state, all.best));
            assert_eq!(best.fingerprint, all.fingerprint);
        }
    }
}

#[test]
fn the_spread_is_that_of_the_outcomes() {
    let fit = fit_on_cpu(&digits(), KMeans::new(10).restarts(20));
    let mut inertias: Vec<u128> = fit.restarts.outcomes.iter().map(|outcome| outcome.inertia).collect();
    inertias.sort_unstable();
    assert_eq!((fit.spread.min, fit.spread.max, fit.spread.count), (inertias[0], inertias[19], 20));
    assert_eq!(fit.spread.median, (inertias[9], inertias[10]));
    assert_eq!(fit.spread.found_best, inertias.iter().filter(|&&x| x == inertias[0]).count() as u64);
    assert_eq!(fit.best.inertia, inertias[0]);
}

mod fingerprint {
    use super::*;

    /// `cairn fit` on the digits with five restarts. It may change only when docs/DEFINITION.md
    /// (sections 2 and 3) does: then every machine's changes, and the text `cairn-fp-2` goes up by one.
    /// `fixtures/definition.py`, which shares no code with this crate, prints the same one.
    const DIGITS: &str = "2aacf12bd39982cd094d0d960b59137b88fe67dd82b2b71faddc78acd06884fb";

    #[test]
    fn of_the_digits_is_pinned() {
        assert_eq!(fit_on_cpu(&digits(), KMeans::new(10).restarts(5)).fingerprint, DIGITS);
        let reference =
            KMeans::new(10).restarts(5).device(Device::Reference).check().expect("good parameters");
        assert_eq!(fit(&digits(), &reference).expect("the fit succeeds").fingerprint, DIGITS);
    }

    /// `cairn fit` without flags: the first fingerprint that a reader of the README compares with.
    #[test]
    fn of_readme_is_pinned() {
        let readme = include_str!("../../README.md");
        let line = readme.lines().find_map(|line| line.strip_prefix("fingerprint "));
        let fingerprint = line.expect("the README shows the summary of `cairn fit`").trim();
        assert_eq!(fit_on_cpu(&digits(), KMeans::new(10).restarts(1000)).fingerprint, fingerprint);
    }

    #[test]
    fn is_the_same_twice_and_for_any_threads_and_batches() {
        let print = |kmeans: KMeans| fit_on_cpu(&digits(), kmeans.restarts(7)).fingerprint;
        let first = print(KMeans::new(10));
        assert_eq!(first, print(KMeans::new(10)));
        for threads in [1, 2, 5] {
            assert_eq!(first, print(KMeans::new(10).threads(threads)));
            assert_eq!(first, print(KMeans::new(10).threads(threads).batch(2)));
        }
    }

    #[test]
    fn differs_by_data_and_by_every_parameter_that_matters() {
        let (a, b) = (normal(100, 3, 3), normal(100, 3, 4));
        let base = KMeans::new(5).restarts(3);
        let prints = [
            fit_on_cpu(&a, base.clone()),
            fit_on_cpu(&b, base.clone()),
            fit_on_cpu(&weighted(a.clone(), &[&[2.0][..], &[1.0; 99]].concat()), base.clone()),
            fit_on_cpu(&a, KMeans::new(6).restarts(3)),
            fit_on_cpu(&a, base.clone().restarts(4)),
            fit_on_cpu(&a, base.clone().seed(43)),
            fit_on_cpu(&a, base.clone().init(Init::Random)),
            fit_on_cpu(&a, base.clone().max_iter(2)),
            fit_on_cpu(&a, base.tol(0.1)),
        ]
        .map(|fit| fit.fingerprint);
        for (at, print) in prints.iter().enumerate() {
            assert_eq!(prints.iter().position(|other| other == print), Some(at), "{prints:?}");
        }
    }

    fn case() -> Case {
        Case::new(&normal(50, 2, 5), KMeans::new(3).restarts(4))
    }

    #[test]
    fn changes_with_every_part_of_the_result() {
        let case = case();
        let truth = case.oracle();
        let print = |restarts: &Restarts| restarts.fingerprint(&case.job());
        let spoilt = |spoil: &dyn Fn(&mut Restarts)| {
            let mut restarts = truth.clone();
            spoil(&mut restarts);
            print(&restarts)
        };
        let best = truth.best().expect("there are restarts").restart as usize;
        assert_eq!(print(&truth), spoilt(&|_| {}));
        let spoils: [&dyn Fn(&mut Restarts); 8] = [
            &|all| all.outcomes[3].iterations += 1,
            &|all| all.outcomes[3].stop = Stop::MaxIter,
            &|all| all.outcomes[(best + 1) % 4].inertia += 1 << 100,
            &|all| all.outcomes[0].digest ^= 1 << 63,
            &|all| all.states[best].1.centroids[5] += 1,
            &|all| all.states[best].1.labels[49] ^= 1,
            &|all| all.outcomes.swap(0, 1),
            &|all| all.outcomes.truncate(3),
        ];
        for (which, spoil) in spoils.iter().enumerate() {
            assert_ne!(spoilt(spoil), print(&truth), "part {which}");
        }
        // states of other restarts are no part of it
        assert_eq!(spoilt(&|all| all.states[(best + 1) % 4].1.labels[0] ^= 1), print(&truth));
    }

    /// docs/DEFINITION.md, section 3.10, written once more.
    #[test]
    fn is_what_the_definition_says() {
        let case = case();
        let all = case.oracle();
        let mut bytes = b"cairn-fp-2".to_vec();
        [50u64, 2, 3, 4].iter().for_each(|size| bytes.extend(size.to_le_bytes()));
        for Outcome { iterations, stop, inertia, digest, .. } in &all.outcomes {
            bytes.extend(iterations.to_le_bytes());
            bytes.push(match stop {
                Stop::FixedPoint => 0,
                Stop::Tol => 1,
                Stop::MaxIter => 2,
            });
            bytes.extend(inertia.to_le_bytes());
            bytes.extend(digest.to_le_bytes());
        }
        let State { centroids, labels, .. } = all.best_state().expect("there is a best");
        centroids.iter().for_each(|q| bytes.extend(q.to_le_bytes()));
        labels.iter().for_each(|label| bytes.extend(label.to_le_bytes()));
        assert_eq!(all.fingerprint(&case.job()), blake3::hash(&bytes).to_hex().as_str());
    }
}

proptest! {
    #![proptest_config(deterministic(120))]

    #[test]
    fn inertia_never_rises_and_every_start_ends(shape in shapes(120, 8, 20)) {
        let data = shape.data();
        let case = Case::new(&data, shape.kmeans().max_iter(10_000).tol(0.0));
        let job = case.job();
        for restart in 0..case.params.n_restarts() {
            let start = seed::seed(&job, restart);
            let first = inertia(&case.table, &start, &assign(&case.table, &start));
            let mut seen = vec![first];
            let (_, iterations, stop) = lloyd(&job, start, |centroids, labels| {
                seen.push(inertia(&case.table, centroids, labels));
            });
            prop_assert!(seen.is_sorted_by(|before, after| before >= after), "{seen:?}");
            prop_assert_eq!(stop, Stop::FixedPoint);
            prop_assert!(iterations < 10_000);
        }
    }

    #[test]
    fn what_a_restart_returns_belongs_together(shape in shapes(120, 8, 20)) {
        let case = shape.case();
        let all = case.oracle();
        for (outcome, (_, state)) in all.outcomes.iter().zip(&all.states) {
            let mut labels = assign(&case.table, &state.centroids);
            for (row, q) in &case.table.outside {
                labels[*row] = assign_outside(&case.table, &state.centroids, q); // of weight 0, outside the range
            }
            prop_assert_eq!(&state.labels, &labels);
            prop_assert_eq!(&state.counts, &Sums::of(&case.table, &state.labels, state.counts.len()).counts);
            prop_assert_eq!(outcome.inertia, inertia(&case.table, &state.centroids, &state.labels));
            prop_assert_eq!(outcome.digest, digest(&state.centroids));
        }
    }

    #[test]
    fn starting_from_an_optimum_changes_nothing(shape in shapes(120, 8, 20)) {
        let data = shape.data();
        let case = Case::new(&data, shape.kmeans().max_iter(300).tol(0.0).restarts(1));
        let found = case.oracle();
        let state = &found.states[0].1;
        // on the same lattice: as starts in the user's units they could move the range by half a step
        let job = Job { seeding: Seeding::Given(state.centroids.clone()), ..case.job() };
        let processor = processor();
        let mut session = processor.load(&job).expect("the job fits");
        let again = run(session.as_mut(), &job, 1, None, Keep::All, &mut |_| CONTINUE).expect("it runs");
        prop_assert_eq!(&again.states[0].1, state);
        prop_assert_eq!(again.outcomes[0].iterations, 1);
        prop_assert_eq!(again.outcomes[0].stop, Stop::FixedPoint);
    }

    #[test]
    fn a_weight_is_that_many_copies(times in prop::collection::vec(1..6usize, 1..60), d in 1..5usize, seed: u64) {
        let n = times.len();
        let data = normal(n, d, seed);
        // one row of weight 1, so that no common factor is divided away
        let mut times = times;
        times[n / 2] = 1;
        let weights: Vec<f64> = times.iter().map(|&w| w as f64).collect();
        let kmeans = KMeans::new(n.min(6)).restarts(2).seed(seed);
        let by_weight = Case::new(&weighted(data.clone(), &weights), kmeans.clone()).run(&processor(), 2);
        let by_copies = Case::new(&repeated(&data, &times), kmeans).run(&processor(), 2);
        prop_assert_eq!(&by_weight.outcomes, &by_copies.outcomes);
        for ((_, weight), (_, copies)) in by_weight.states.iter().zip(&by_copies.states) {
            prop_assert_eq!(&weight.centroids, &copies.centroids);
            prop_assert_eq!(&weight.counts, &copies.counts);
            let labels: Vec<u32> =
                weight.labels.iter().zip(&times).flat_map(|(&label, &times)| vec![label; times]).collect();
            prop_assert_eq!(&labels, &copies.labels);
        }
    }
}

mod weights {
    use super::*;

    /// Where every row is a seed already, which one comes next must not depend on how often a row stands there.
    #[test]
    fn are_copies_even_where_seeds_run_out() {
        let data = rows(&[[5.0], [2.0], [2.0], [7.0]]);
        let times = [2, 1, 3, 1];
        for init in [Init::KMeansPlusPlus, Init::Random] {
            let kmeans = KMeans::new(4).restarts(20).init(init);
            let by_weight =
                Case::new(&weighted(data.clone(), &times.map(|w| w as f64)), kmeans.clone()).oracle();
            let by_copies = Case::new(&repeated(&data, &times), kmeans).oracle();
            for ((restart, weight), (_, copies)) in by_weight.states.iter().zip(&by_copies.states) {
                assert_eq!(weight.centroids, copies.centroids, "restart {restart}");
            }
        }
    }

    #[test]
    fn times_three_are_the_same() {
        let data = normal(150, 4, 6);
        let weights: Vec<f64> = (0..150).map(|i| f64::from(i * 7 % 5)).collect();
        let print = |factor: f64| {
            let weights: Vec<f64> = weights.iter().map(|w| w * factor).collect();
            let fit = fit_on_cpu(&weighted(data.clone(), &weights), KMeans::new(6).restarts(4));
            (fit.fingerprint.clone(), fit.inertia() / factor)
        };
        assert_eq!(print(3.0).0, print(1.0).0);
        assert!((print(3.0).1 / print(1.0).1 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn of_one_are_none() {
        let data = normal(150, 4, 7);
        let print = |data: &Dataset<'_>| fit_on_cpu(data, KMeans::new(6).restarts(4)).fingerprint;
        assert_eq!(print(&data), print(&weighted(data.clone(), &[1.0; 150])));
        assert_eq!(print(&data), print(&weighted(data.clone(), &[0.125; 150])));
    }

    #[test]
    fn of_zero_never_seed_but_get_labels() {
        // far rows of no weight: the first that a draw in proportion to distance would take
        let mut rows = values(&normal(100, 3, 8));
        rows[..30].iter_mut().for_each(|x| *x *= 0.9);
        let weights: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i >= 10))).collect();
        let data = weighted(dataset(3, rows), &weights);
        for init in [Init::KMeansPlusPlus, Init::Random] {
            let case = Case::new(&data, KMeans::new(8).init(init));
            for restart in 0..20 {
                let seeds = seed::seed(&case.job(), restart);
                for seed in seeds.chunks_exact(3) {
                    let is_seed = |&i: &usize| case.table.point(i).iter().zip(seed).all(|(x, q)| x == q);
                    assert!((0..100).find(is_seed).is_some_and(|i| i >= 10));
                }
            }
        }
        let fit = fit_on_cpu(&data, KMeans::new(8).restarts(3));
        assert_eq!(
            fit.labels(),
            assign(&cairn::kmeans::pack(&data, None).expect("packs"), &fit.state.centroids)
        );
        assert_eq!(fit.state.counts.iter().sum::<u64>(), 90);
    }

    #[test]
    fn of_zero_beyond_the_range_get_labels_by_their_own_place() {
        let data =
            weighted(dataset(1, vec![0.0, 1.0, 9.0, 10.0, 1e4, -1e4]), &[1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        let fit = fit_on_cpu(&data, KMeans::new(2).restarts(2));
        let labels = fit.labels();
        assert_eq!((labels[4], labels[5]), (labels[3], labels[0]));
        assert_ne!(labels[0], labels[3]);
    }
}

#[test]
fn fewer_distinct_rows_than_clusters_end_at_once_and_say_so() {
    let data = repeated(&rows(&[[0.0, 1.0], [4.0, 1.0], [9.0, 3.0]]), &[10, 20, 30]);
    let fit = fit_on_cpu(&data, KMeans::new(7).restarts(5));
    assert_eq!((fit.best.inertia, fit.best.iterations, fit.best.stop), (0, 1, Stop::FixedPoint));
    assert_eq!(fit.empty(), 4);
}

#[test]
fn rows_and_columns_first_are_the_same_table() {
    let data = normal(80, 5, 9);
    let (n, d) = shape(&data);
    let values = values(&data);
    let by_column = Array2::from_shape_fn((n, d).f(), |(i, j)| values[i * d + j]);
    assert!(!by_column.is_standard_layout());
    let by_column = Dataset { points: by_column.into(), ..data.clone() };
    let print = |data: &Dataset<'_>| fit_on_cpu(data, KMeans::new(6).restarts(3)).fingerprint;
    assert_eq!(print(&data), print(&by_column));
}

#[test]
fn a_fit_leaves_its_data_as_they_are() {
    let data = weighted(normal(80, 5, 10), &[2.0; 80]);
    let before = (values(&data), data.weights.clone());
    fit_on_cpu(&data, KMeans::new(6).restarts(3));
    assert_eq!((values(&data), data.weights), before);
}

#[test]
fn labels_belong_to_the_centroids_however_a_run_ends() {
    for kmeans in [KMeans::new(10).max_iter(1), KMeans::new(10).max_iter(3), KMeans::new(10).tol(0.01)] {
        let case = Case::new(&digits(), kmeans.restarts(2));
        let all = case.run(&processor(), 2);
        assert!(all.outcomes.iter().all(|outcome| outcome.stop != Stop::FixedPoint));
        assert!(all.states.iter().all(|(_, state)| state.labels == assign(&case.table, &state.centroids)));
    }
}

#[test]
fn seeds_of_one_engine_are_seeds_of_the_other() {
    // one update from the same seeds, compared before anything could converge
    let case = Case::new(&normal(400, 6, 11), KMeans::new(40).restarts(6).max_iter(1));
    assert_eq!(compare(&case.run(&Reference, 6), &case.run(&processor(), 6)), Ok(()));
}
