//! The definition, written a second time in Python: the cases of `fixtures/definition.json` on the reference, then on
//! every device. `fixtures/README.md` says what they are.

use cairn::data::{Dataset, Scale};
use cairn::engine::reference::Reference;
use cairn::engine::{Metric, NO_LABEL, Stop, digest};
use cairn::kmeans::{Algorithm, CONTINUE, Init, KMeans, Minibatch, Search, bisect, minibatch};
use ndarray::Array2;
use serde::Deserialize;
use serde_json::Value;

use crate::common::{Backend, Case, compare, on, on_devices};

#[derive(Deserialize)]
struct Fixture {
    name: String,
    input: Input,
    expected: Expected,
}

#[derive(Deserialize)]
struct Input {
    points: Vec<Vec<Value>>,
    weights: Option<Vec<Value>>,
    k: usize,
    seed: Value,
    restarts: u64,
    max_iter: u32,
    tol: Value,
    init: Value,
    #[serde(default)]
    metric: Option<String>, // none: euclidean
    #[serde(default)]
    algorithm: Option<String>, // none: lloyd
    #[serde(default)]
    refine: bool,
    population: Option<u64>,
    batches: Option<(u32, u32)>, // of minibatch: rows of each, number
    #[serde(default)]
    sizes: (Option<u64>, Option<u64>), // the least and the most rows of a cluster
}

#[derive(Deserialize)]
struct Expected {
    p: Vec<i32>,
    offset: Vec<Value>,
    e: Vec<u32>,
    w: Vec<u32>,
    q: Vec<Option<Vec<Value>>>,
    labels: Vec<Option<u32>>,
    counts: Vec<String>,
    centroids_q: Vec<Vec<i32>>,
    inertia_integer: String,
    inertia: Value,
    best_restart: u64,
    outcomes: Vec<Ended>,
    #[serde(default)]
    splits: Vec<(u32, u64, String, String, String)>, // of bisecting: cluster, restart, inertia before and of both halves
    fingerprint: String,
}

#[derive(Deserialize)]
struct Ended {
    iterations: u32,
    stop: String,
    inertia: String,
    digest: String,
}

/// A number, or one in a string. Only whole numbers up to 2^53 are written without one.
fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().expect("a number"),
        value => value.as_f64().expect("a number"),
    }
}

fn whole(value: &Value) -> i64 {
    match value {
        Value::String(text) => text.parse().expect("a whole number"),
        value => value.as_i64().expect("a whole number"),
    }
}

fn array(rows: &[Vec<Value>]) -> Array2<f64> {
    let values: Vec<f64> = rows.iter().flatten().map(number).collect();
    Array2::from_shape_vec((rows.len(), values.len() / rows.len()), values).expect("whole rows")
}

/// Those of Lloyd's loop.
fn fixtures() -> Vec<Fixture> {
    all().into_iter().filter(|fixture| fixture.input.algorithm.is_none()).collect()
}

fn all() -> Vec<Fixture> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/definition.json");
    let text = std::fs::read_to_string(file).expect("the fixtures are there");
    let all: Vec<Fixture> = serde_json::from_str(&text).expect("the fixtures are as their README says");
    assert!(all.len() > 100);
    all
}

impl Fixture {
    fn case(&self) -> Case {
        let Input {
            points, weights, k, seed, restarts, max_iter, tol, init, metric, refine, population, ..
        } = &self.input;
        let mut data = Dataset::new(&self.name, array(points));
        if let Some(weights) = weights {
            data = data.with_weights(weights.iter().map(number).collect());
        }
        let init = match init {
            Value::String(name) if name == "random" => Init::Random,
            Value::String(_) => Init::KMeansPlusPlus,
            rows => {
                let rows: Vec<Vec<Value>> = serde_json::from_value(rows.clone()).expect("rows");
                Init::Centroids(array(&rows))
            }
        };
        let seed = match seed {
            Value::String(text) => text.parse().expect("a seed"),
            seed => seed.as_u64().expect("a seed"),
        };
        let kmeans = KMeans::new(*k).restarts(*restarts).seed(seed).init(init).max_iter(*max_iter);
        let algorithm = match (self.input.algorithm.as_deref(), self.input.batches) {
            (Some("bisecting"), _) => Algorithm::Bisecting,
            (Some("minibatch"), Some((rows, batches))) => Algorithm::Minibatch(Minibatch { rows, batches }),
            _ => Algorithm::Lloyd,
        };
        let search = population.map_or(Search::Restarts, |population| Search::Evolve { population });
        let kmeans = kmeans.tol(number(tol)).algorithm(algorithm).refine(*refine).search(search);
        let kmeans = kmeans.sizes(self.input.sizes.0, self.input.sizes.1);
        if metric.as_deref() != Some("cosine") {
            return Case::new(&data, kmeans);
        }
        let data = data.scaled(Scale::Unit).expect("finite values");
        Case::new(&data, kmeans.metric(Metric::Cosine))
    }

    fn assert_placed(&self, case: &Case) {
        let (name, expected, table) = (&self.name, &self.expected, &case.table);
        let lattice = &table.lattice;
        assert_eq!((&lattice.exponent, &lattice.shift), (&expected.p, &expected.e), "{name}");
        assert_eq!(lattice.offset, expected.offset.iter().map(number).collect::<Vec<_>>(), "{name}");
        for (i, q) in expected.q.iter().enumerate() {
            assert_eq!(table.weights.get(i), expected.w[i], "{name}, weight of row {i}");
            let outside = table.outside.iter().find(|(row, _)| *row == i).map(|(_, q)| q.clone());
            let placed = outside.unwrap_or_else(|| table.point(i).iter().map(|&q| q.into()).collect());
            let placed = (!table.unplaced.contains(&i)).then_some(placed);
            let q = q.as_ref().map(|q| q.iter().map(whole).collect::<Vec<i64>>());
            assert_eq!(placed, q, "{name}, row {i}");
        }
    }
}

#[test]
fn the_reference_is_the_definition() {
    for fixture in fixtures() {
        let (name, case, expected) = (&fixture.name, fixture.case(), &fixture.expected);
        fixture.assert_placed(&case);
        let run = case.run(&Reference, 7);
        for (outcome, ended) in run.outcomes.iter().zip(&expected.outcomes) {
            let stop = match &ended.stop[..] {
                "fixed_point" => Stop::FixedPoint,
                "tol" => Stop::Tol,
                _ => Stop::MaxIter,
            };
            assert_eq!((outcome.iterations, outcome.stop), (ended.iterations, stop), "{name}");
            assert_eq!(outcome.inertia.to_string(), ended.inertia, "{name}");
            assert_eq!(outcome.digest.to_string(), ended.digest, "{name}");
        }
        let best = run.best().expect("a restart");
        assert_eq!(
            (best.restart, best.inertia.to_string()),
            (expected.best_restart, expected.inertia_integer.clone())
        );
        // shown with one rounding more where a weight of 1 stands for a number that f64 rounds
        let (shown, inertia) = (case.table.cost(best.inertia), number(&expected.inertia));
        assert!(shown == inertia || (shown / inertia - 1.0).abs() < 1e-15, "{name}: {shown}, {inertia}");
        let state = run.best_state().expect("its state");
        let labels: Vec<u32> = expected.labels.iter().map(|label| label.unwrap_or(NO_LABEL)).collect();
        assert_eq!(state.labels, labels, "{name}");
        assert_eq!(state.centroids, expected.centroids_q.concat(), "{name}");
        assert_eq!(digest(&state.centroids), best.digest, "{name}");
        assert_eq!(state.counts.iter().map(u64::to_string).collect::<Vec<_>>(), expected.counts, "{name}");
        assert_eq!(run.fingerprint(&case.job()), expected.fingerprint, "{name}");
    }
}

on_devices!(every_device_is_the_definition);

fn every_device_is_the_definition(backend: Backend) {
    let cases: Vec<(String, Case)> =
        fixtures().into_iter().map(|fixture| (fixture.name.clone(), fixture.case())).collect();
    on(backend, &|engine| {
        for (name, case) in &cases {
            let is_plain = case.params.sizes().is_none()
                && !case.params.refine()
                && case.params.search() == Search::Restarts;
            if backend != Backend::Cpu && !is_plain {
                continue; // the CPU assists a GPU: see `search`
            }
            let got = case.run(engine, case.params.n_restarts());
            compare(&case.oracle(), &got).unwrap_or_else(|difference| panic!("{name}: {difference}"));
        }
    });
}

on_devices!(every_device_bisects_as_defined);

fn every_device_bisects_as_defined(backend: Backend) {
    let fixtures: Vec<Fixture> =
        all().into_iter().filter(|fixture| fixture.input.algorithm.as_deref() == Some("bisecting")).collect();
    assert!(fixtures.len() > 10);
    on(backend, &|engine| {
        for fixture in &fixtures {
            let (name, case, expected) = (&fixture.name, fixture.case(), &fixture.expected);
            fixture.assert_placed(&case);
            let done = bisect(engine, &case.table, &case.params, &mut |_| CONTINUE).expect("it runs");
            let text = |split: &cairn::kmeans::Split| {
                let [first, second] = split.after.map(|inertia| inertia.to_string());
                (split.cluster, split.restart, split.before.to_string(), first, second)
            };
            assert_eq!(done.splits.iter().map(text).collect::<Vec<_>>(), expected.splits, "{name}");
            let best = done.restarts.best().expect("a restart");
            let state = done.restarts.best_state().expect("its state");
            assert_eq!(best.inertia.to_string(), expected.inertia_integer, "{name}");
            assert_eq!(state.centroids, expected.centroids_q.concat(), "{name}");
            let labels: Vec<u32> = expected.labels.iter().map(|label| label.unwrap_or(NO_LABEL)).collect();
            assert_eq!(state.labels, labels, "{name}");
            assert_eq!(done.restarts.fingerprint(&case.job()), expected.fingerprint, "{name}");
        }
    });
}

on_devices!(every_device_runs_minibatch_as_defined);

fn every_device_runs_minibatch_as_defined(backend: Backend) {
    let fixtures: Vec<Fixture> =
        all().into_iter().filter(|fixture| fixture.input.batches.is_some()).collect();
    assert!(fixtures.len() > 10);
    on(backend, &|engine| {
        for fixture in &fixtures {
            let (name, case, expected) = (&fixture.name, fixture.case(), &fixture.expected);
            fixture.assert_placed(&case);
            let plan = case.params.algorithm().minibatch().expect("batches");
            let done =
                minibatch(engine, &case.table, &case.params, plan, &mut |_| CONTINUE).expect("it runs");
            let best = done.restarts.best().expect("an outcome");
            let state = done.restarts.best_state().expect("its state");
            assert_eq!(best.inertia.to_string(), expected.inertia_integer, "{name}");
            assert_eq!(
                (best.iterations, best.stop.name()),
                (expected.outcomes[0].iterations, &expected.outcomes[0].stop[..])
            );
            assert_eq!(state.centroids, expected.centroids_q.concat(), "{name}");
            let labels: Vec<u32> = expected.labels.iter().map(|label| label.unwrap_or(NO_LABEL)).collect();
            assert_eq!(state.labels, labels, "{name}");
            assert_eq!(done.restarts.fingerprint(&case.job()), expected.fingerprint, "{name}");
        }
    });
}
