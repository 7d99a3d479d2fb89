//! Bisecting k-means: splits, centroids and labels equal the reference's on every device.

use std::ops::ControlFlow;

use cairn::data::{Dataset, Scale};
use cairn::engine::Engine;
use cairn::engine::Metric;
use cairn::engine::reference::Reference;
use cairn::kmeans::{Algorithm, Bisected, FitError, Init, KMeans, Params, bisect, pack_for};
use cairn::lattice::Table;

use crate::common::{Backend, compare, digits, normal, on, on_devices, repeated, weighted};

/// A table and parameters.
struct Case {
    table: Table,
    params: Params,
}

fn case(data: &Dataset<'_>, kmeans: KMeans) -> Case {
    let params = kmeans.algorithm(Algorithm::Bisecting).check().expect("the parameters make sense");
    Case { table: pack_for(data, &params).expect("the table can be packed"), params }
}

impl Case {
    fn run(&self, engine: &dyn Engine) -> Bisected {
        bisect(engine, &self.table, &self.params, &mut |_| ControlFlow::Continue(())).expect("it runs")
    }
}

fn cases() -> Vec<Case> {
    let weights: Vec<f64> = (0..200).map(|i| f64::from(i % 5)).collect();
    let cosine = normal(150, 6, 3).scaled(Scale::Unit).expect("finite values");
    vec![
        case(&digits(), KMeans::new(7).restarts(3)),
        case(&normal(300, 9, 1), KMeans::new(12).restarts(4).batch(3)),
        case(&normal(200, 2, 2), KMeans::new(1)),
        case(&weighted(normal(200, 4, 4), &weights), KMeans::new(6).restarts(4).init(Init::Random)),
        case(&repeated(&normal(20, 3, 5), &[3; 20]), KMeans::new(30).restarts(2)),
        case(&cosine, KMeans::new(8).restarts(3).metric(Metric::Cosine)),
        case(&normal(400, 3, 6), KMeans::new(9).restarts(2).tol(0.02)),
        case(&normal(400, 3, 6), KMeans::new(9).restarts(2).max_iter(2)),
    ]
}

on_devices!(every_device_splits_alike);

fn every_device_splits_alike(backend: Backend) {
    let cases = cases();
    on(backend, &|engine| {
        for case in &cases {
            let (expected, got) = (case.run(&Reference), case.run(engine));
            compare(&expected.restarts, &got.restarts).unwrap_or_else(|difference| panic!("{difference}"));
            assert_eq!(expected.splits, got.splits);
            let job = case.params.job(&case.table).expect("a job");
            assert_eq!(expected.restarts.fingerprint(&job), got.restarts.fingerprint(&job));
        }
    });
}

#[test]
fn each_split_is_of_the_largest_inertia_and_none_grows() {
    for case in cases() {
        let bisected = case.run(&Reference);
        assert_eq!(bisected.splits.len(), case.params.n_clusters() - 1);
        let mut left: Vec<u128> = bisected.splits.first().map(|split| split.before).into_iter().collect();
        for split in &bisected.splits {
            assert_eq!(Some(&split.before), left.iter().max());
            assert_eq!(
                left.iter().position(|&inertia| inertia == split.before),
                Some(split.cluster as usize)
            );
            assert!(split.restart < case.params.n_restarts());
            left[split.cluster as usize] = split.after[0];
            left.push(split.after[1]);
        }
        let best = bisected.restarts.best().expect("an outcome");
        assert!(left.is_empty() || best.inertia <= left.iter().sum());
    }
}

#[test]
fn a_cancelled_run_says_how_far_it_came() {
    let case = case(&normal(200, 4, 7), KMeans::new(5).restarts(3).batch(2));
    let mut calls = 0;
    let error = bisect(&Reference, &case.table, &case.params, &mut |_| {
        calls += 1;
        if calls < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert!(matches!(error, Err(FitError::Cancelled { done: 5, of: 12 })), "{error:?}");
}
