//! Minibatch k-means and streams: centroids and labels equal the reference's on every device.

use std::ops::ControlFlow;

use cairn::data::{Dataset, Scale};
use cairn::engine::reference::Reference;
use cairn::engine::reference::minibatch::minibatch as plain;
use cairn::engine::{Engine, Metric, Outcome, State, Stop};
use cairn::kmeans::{
    Algorithm, CONTINUE, FitError, Init, KMeans, Minibatch, Params, Stream, StreamError, fit, minibatch,
    pack_for,
};
use cairn::lattice::Table;

use crate::common::{Backend, Numbers, dataset, digits, normal, on, on_devices, repeated, weighted};

/// A table, parameters and batches.
struct Case {
    table: Table,
    params: Params,
    plan: Minibatch,
}

fn case(data: &Dataset<'_>, kmeans: KMeans, rows: u32, batches: u32) -> Case {
    let plan = Minibatch { rows, batches };
    let params = kmeans.algorithm(Algorithm::Minibatch(plan)).check().expect("the parameters make sense");
    Case { table: pack_for(data, &params).expect("the table can be packed"), params, plan }
}

impl Case {
    fn run(&self, engine: &dyn Engine) -> (Outcome, State) {
        let done =
            minibatch(engine, &self.table, &self.params, self.plan, &mut |_| CONTINUE).expect("it runs");
        (*done.restarts.best().expect("an outcome"), done.restarts.best_state().expect("its state").clone())
    }

    fn oracle(&self) -> (Outcome, State) {
        let job = self.params.job(&self.table).expect("a job");
        let Minibatch { rows, batches } = self.plan;
        plain(&job, self.params.tol(), self.params.n_restarts(), rows as usize, batches).expect("a restart")
    }
}

/// Columns of very different ranges: a mixed lattice.
fn mixed(n: usize, seed: u64) -> Dataset<'static> {
    let mut numbers = Numbers::new(seed);
    dataset(3, (0..n).flat_map(|_| [numbers.unit() * 1e7, numbers.normal() * 1e-3, numbers.unit()]).collect())
}

fn cases() -> Vec<Case> {
    let weights: Vec<f64> = (0..600).map(|i| f64::from(i % 7)).collect();
    let large: Vec<f64> = (0..200).map(|i| f64::from(i % 3) * 1e8 + 1.0).collect();
    let cosine = normal(500, 6, 3).scaled(Scale::Unit).expect("finite values");
    vec![
        case(&digits(), KMeans::new(10).restarts(3), 100, 20),
        case(&normal(900, 9, 1), KMeans::new(12).restarts(4).batch(3), 50, 30),
        case(&normal(200, 2, 2), KMeans::new(1), 7, 3),
        case(&weighted(normal(600, 4, 4), &weights), KMeans::new(6).init(Init::Random), 64, 10),
        case(&weighted(normal(200, 3, 8), &large), KMeans::new(4), 16, 40),
        case(&repeated(&normal(20, 3, 5), &[30; 20]), KMeans::new(30).restarts(2), 11, 25),
        case(&cosine, KMeans::new(8).restarts(3).metric(Metric::Cosine), 40, 12),
        case(&mixed(400, 9), KMeans::new(5).restarts(2), 30, 15),
        // small tables and large batches: the sample is the table, and batches repeat rows
        case(&mixed(40, 10), KMeans::new(4).restarts(2), 500, 4),
        case(&normal(400, 3, 6), KMeans::new(9).restarts(2).tol(0.02), 20, 5),
        case(&normal(400, 3, 6), KMeans::new(9).restarts(2).max_iter(1), 20, 5),
    ]
}

on_devices!(every_device_follows_batches_alike, every_device_follows_a_stream_alike);

fn every_device_follows_batches_alike(backend: Backend) {
    let cases: Vec<(Case, (Outcome, State))> =
        cases().into_iter().map(|case| (case.oracle(), case)).map(|(oracle, case)| (case, oracle)).collect();
    on(backend, &|engine| {
        for (case, expected) in &cases {
            assert_eq!(&case.run(engine), expected);
        }
    });
}

#[test]
fn another_draw_or_another_sum_is_another_result() {
    // faults that the comparison above must see: other draws, a batch less, and the sample's sums forgotten
    let case = case(&normal(900, 4, 11), KMeans::new(5).restarts(2), 50, 8);
    let expected = case.oracle();
    let other = |kmeans: KMeans, rows, batches| {
        self::case(&normal(900, 4, 11), kmeans, rows, batches).run(&Reference)
    };
    assert_eq!(other(KMeans::new(5).restarts(2), 50, 8), expected);
    assert_ne!(other(KMeans::new(5).restarts(2).seed(43), 50, 8).1, expected.1);
    assert_ne!(other(KMeans::new(5).restarts(2), 50, 7).1, expected.1);
    assert_ne!(other(KMeans::new(5).restarts(2), 51, 8).1, expected.1);
}

#[test]
fn it_stops_at_a_fixed_point_only_if_it_is_one() {
    let rarely = case(&digits(), KMeans::new(10).restarts(2), 64, 10);
    let (outcome, state) = rarely.run(&Reference);
    assert_eq!((outcome.stop, outcome.iterations), (Stop::MaxIter, 10));
    let go_on = |state: &State, table: &Table| {
        let rows = state.centroids.iter().map(|&q| i64::from(q)).enumerate();
        let d = table.n_dims();
        let values: Vec<f64> = rows.map(|(at, q)| table.lattice.value(q, at % d)).collect();
        Init::Centroids(ndarray::Array2::from_shape_vec((values.len() / d, d), values).expect("a matrix"))
    };
    let next = KMeans::new(10).restarts(1).init(go_on(&state, &rarely.table));
    let next = fit(&digits(), &next.check().expect("parameters")).expect("a fit");
    assert!(next.best.iterations > 1 && next.best.inertia < outcome.inertia);
    // rows at two places: every centroid is at one of them
    let two = repeated(&dataset(1, vec![0.0, 8.0]), &[300, 200]);
    let (outcome, mut state) = case(&two, KMeans::new(2), 5, 9).run(&Reference);
    state.counts.sort_unstable();
    assert_eq!((outcome.stop, outcome.inertia, state.counts), (Stop::FixedPoint, 0, vec![200, 300]));
}

#[test]
fn a_cancelled_run_says_how_far_it_came() {
    let case = case(&normal(500, 4, 7), KMeans::new(5).restarts(3).batch(1), 20, 6);
    let run = |until: u64| {
        let mut seen = |done| if done < until { CONTINUE } else { ControlFlow::Break(()) };
        minibatch(&Reference, &case.table, &case.params, case.plan, &mut seen).map(|_| ())
    };
    assert!(matches!(run(0), Err(FitError::CancelledBatches { done: 0, of: 6 })));
    assert!(matches!(run(5), Err(FitError::CancelledBatches { done: 2, of: 6 })));
    assert!(run(9).is_ok());
}

/// With `best_so_far` a cancelled run is the run of the batches done.
#[test]
fn a_cancelled_run_leaves_what_its_batches_made() {
    let rows = normal(500, 4, 7);
    let kmeans = || KMeans::new(5).restarts(3).batch(1).best_so_far(true);
    let (six, two) = (case(&rows, kmeans(), 20, 6), case(&rows, kmeans(), 20, 2));
    let mut until = |done| if done < 5 { CONTINUE } else { ControlFlow::Break(()) };
    let cut = minibatch(&Reference, &six.table, &six.params, six.plan, &mut until).expect("two batches");
    assert!(cut.cancelled);
    let (outcome, state) = two.run(&Reference);
    assert_eq!(cut.restarts.best(), Some(&outcome));
    assert_eq!(cut.restarts.best_state(), Some(&state));
    let mut at_once = |_| ControlFlow::Break(());
    let none = minibatch(&Reference, &six.table, &six.params, six.plan, &mut at_once);
    assert!(matches!(none, Err(FitError::CancelledBatches { done: 0, of: 6 })));
}

/// Batches of rows, with whole weights or without.
fn batches() -> Vec<Dataset<'static>> {
    let weights: Vec<f64> = (0..80).map(|i| f64::from(i % 4)).collect();
    vec![normal(120, 5, 21), weighted(normal(80, 5, 22), &weights), normal(1, 5, 23), normal(300, 5, 24)]
}

fn every_device_follows_a_stream_alike(backend: Backend) {
    let cosine: Vec<_> =
        batches().into_iter().map(|batch| batch.scaled(Scale::Unit).expect("finite values")).collect();
    let euclidean = KMeans::new(7).restarts(3).check().expect("parameters");
    let directions = KMeans::new(4).restarts(2).metric(Metric::Cosine).check().expect("parameters");
    let run = |engine: &dyn Engine,
               params: &Params,
               ranges: Option<&[(f64, f64)]>,
               batches: &[Dataset<'static>]| {
        let stream = ranges.map_or_else(|| Stream::new(params), |ranges| Stream::with_ranges(params, ranges));
        let mut stream = stream.expect("a stream");
        let labels: Vec<Vec<u32>> =
            batches.iter().map(|batch| stream.partial_fit(engine, batch).expect("a batch")).collect();
        (labels, stream.coordinates().to_vec(), stream.counts().to_vec(), stream.cost(), stream.fingerprint())
    };
    let all = |engine: &dyn Engine| {
        [
            run(engine, &euclidean, None, &batches()),
            run(engine, &euclidean, Some(&[(-9.0, 9.0); 5]), &batches()),
            run(
                engine,
                &euclidean,
                Some(&[(-9.0, 9.0), (-1e6, 1e6), (-9.0, 9.0), (-20.0, 9.0), (-9.0, 1e4)]),
                &batches(),
            ),
            run(engine, &directions, None, &cosine),
        ]
    };
    let expected = all(&Reference);
    on(backend, &|engine| assert_eq!(all(engine), expected));
}

#[test]
fn a_stream_is_the_mean_of_what_came_and_refuses_what_does_not_fit() {
    let params = KMeans::new(2).restarts(4).check().expect("parameters");
    let mut stream = Stream::with_ranges(&params, &[(0.0, 100.0)]).expect("a stream");
    let rows = |values: &[f64]| dataset(1, values.to_vec());
    assert_eq!((stream.centroids().len(), stream.n_batches(), stream.weight()), (0, 0, 0));
    stream.partial_fit(&Reference, &rows(&[10.0, 12.0, 90.0])).expect("a batch");
    stream.partial_fit(&Reference, &weighted(rows(&[20.0, 94.0]), &[2.0, 3.0])).expect("a batch");
    let mut centroids = stream.centroids().into_raw_vec_and_offset().0;
    centroids.sort_by(f64::total_cmp);
    assert_eq!(centroids, [15.5, 93.0]); // (10 + 12 + 2 20) / 4, (90 + 3 94) / 4
    let before = (stream.fingerprint(), stream.cost(), stream.n_rows());
    let mut refused = |data: &Dataset<'_>, text: &str| {
        let error = stream.partial_fit(&Reference, data).expect_err("it is refused").to_string();
        assert!(error.contains(text), "{error}");
    };
    refused(&rows(&[5.0, 100.5]), "row 2 of the batch, column 1: 100.5 lies outside the range 0");
    refused(&weighted(rows(&[5.0, 101.0]), &[1.0, 0.0]), "row 2 of the batch, column 1: 101");
    refused(&rows(&[5.0, f64::NAN]), "row 2, column 1: NaN is not a finite number");
    refused(&rows(&[f64::INFINITY]), "row 1, column 1: inf");
    refused(&rows(&[1e300]), "1000000000000000000");
    refused(
        &weighted(rows(&[5.0, 6.0]), &[1.0, 0.5]),
        "row 2 of the batch: weight 0.5 is not a whole number",
    );
    refused(
        &weighted(rows(&[5.0]), &[4294967296.0]),
        "weight 4294967296 is not a whole number below 4294967296",
    );
    refused(&weighted(rows(&[5.0]), &[2147483648.0]), "weighs 2147483648 and those before it 8");
    refused(&dataset(2, vec![1.0, 2.0]), "2 columns of features and the stream 1");
    let scaled = rows(&[1.0, 2.0]).scaled(Scale::Standard).expect("finite values");
    refused(&scaled, "scaled by other numbers");
    assert_eq!((stream.fingerprint(), stream.cost(), stream.n_rows()), before);
    // the first batch decides: three times its range
    let mut stream = Stream::new(&params).expect("a stream");
    let error = stream.partial_fit(&Reference, &rows(&[1.0])).expect_err("one row for two clusters");
    assert!(error.to_string().contains("2 clusters for 1 rows"), "{error}");
    stream.partial_fit(&Reference, &rows(&[10.0, 20.0])).expect("a batch");
    stream.partial_fit(&Reference, &rows(&[0.0, 30.0])).expect("a batch");
    let error = stream.partial_fit(&Reference, &rows(&[31.0])).expect_err("outside");
    assert!(matches!(error, FitError::Stream(StreamError::Outside { row: 1, column: 1, .. })), "{error}");
}

#[test]
fn a_stream_is_not_started_with_what_it_has_no_use_for() {
    let text = |kmeans: KMeans, ranges: &[(f64, f64)]| {
        let params = kmeans.check().expect("parameters");
        Stream::with_ranges(&params, ranges).expect_err("it is refused").to_string()
    };
    let kmeans = KMeans::new(2);
    assert!(text(kmeans.clone().algorithm(Algorithm::Bisecting), &[(0.0, 1.0)]).contains("bisecting"));
    assert!(text(kmeans.clone().refine(true), &[(0.0, 1.0)]).contains("not refined"));
    assert!(text(kmeans.clone().metric(Metric::Cosine), &[(0.0, 1.0)]).contains("without ranges"));
    assert!(text(kmeans.clone(), &[(0.0, 1.0), (3.0, 2.0)]).contains("column 2: the range 3 .. 2"));
    assert!(text(kmeans.clone(), &[(0.0, f64::NAN)]).contains("column 1"));
    assert!(text(kmeans.clone(), &[(-1.7e308, 1.7e308)]).contains("scale the column down"));
    assert!(text(kmeans, &[]).contains("0 columns"));
}
