//! An independent reference: runs of scikit-learn in float64 on real tables (see `fixtures/README.md`).
//!
//! Labels and iterations are equal, inertia within 1e-12 relative.

use std::path::Path;

use cairn::data::{Dataset, LoadOptions, load};
use cairn::engine::reference::Reference;
use cairn::engine::{Engine, Stop};
use cairn::kmeans::{Init, KMeans};
use ndarray::Array2;
use serde::Deserialize;

use crate::common::{Backend, Case, on, on_devices, shape};

#[derive(Deserialize)]
struct Fixtures {
    cases: Vec<Fixture>,
}

/// One run from a start. The fields are those of `fixtures/README.md`.
#[derive(Deserialize)]
struct Fixture {
    name: String,
    file: String,
    truth_column: Option<String>,
    n: usize,
    d: usize,
    k: usize,
    start: Vec<Vec<f64>>,
    labels: Vec<u32>,
    iterations: u32,
    inertia: f64,
    centroids: Vec<Vec<f64>>,
}

fn fixtures() -> Vec<Fixture> {
    let text = std::fs::read_to_string(root("tests/fixtures/lloyd.json")).expect("the fixtures are there");
    serde_json::from_str::<Fixtures>(&text).expect("the fixtures are as their README says").cases
}

fn root(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).to_string_lossy().into_owned()
}

impl Fixture {
    fn data(&self) -> Dataset<'static> {
        let options = LoadOptions { truth: self.truth_column.clone(), ..LoadOptions::default() };
        let data = load(&root(&self.file), &options).expect("the table can be read");
        assert_eq!(shape(&data), (self.n, self.d), "{}", self.name);
        data
    }

    fn case(&self) -> Case {
        let starts = Array2::from_shape_vec((self.k, self.d), self.start.concat()).expect("whole rows");
        Case::new(&self.data(), KMeans::new(self.k).restarts(1).init(Init::Centroids(starts)))
    }

    fn assert_holds_on(&self, engine: &dyn Engine) {
        let case = self.case();
        let got = case.run(engine, 1);
        let (outcome, (_, state)) = (got.outcomes[0], &got.states[0]);
        let name = &self.name;
        assert_eq!(outcome.stop, Stop::FixedPoint, "{name}");
        assert_eq!(outcome.iterations, self.iterations, "{name}");
        let differs = state.labels.iter().zip(&self.labels).position(|(got, expected)| got != expected);
        assert_eq!(differs, None, "{name}: first row with another label");
        let inertia = case.table.cost(outcome.inertia);
        assert!((inertia / self.inertia - 1.0).abs() <= 1e-12, "{name}: {inertia}, not {}", self.inertia);
        let values = case.table.lattice.centroid_values(&state.centroids);
        for (at, (value, mean)) in values.iter().zip(self.centroids.concat()).enumerate() {
            let step = libm::ldexp(1.0, case.table.lattice.exponent[at % self.d]);
            assert!(
                (value - mean).abs() <= 0.5 * step * (1.0 + 1e-6),
                "{name}: centroid value {at}: {value}, not {mean}"
            );
        }
    }
}

#[test]
fn fixtures_are_what_they_say() {
    let of = |file: &str| fixtures().iter().filter(|fixture| fixture.file.ends_with(file)).count();
    let files = ["digits.csv", "breast_cancer.csv", "china.csv", "cancer_means.csv", "wine.csv"];
    assert_eq!(files.map(of), [5; 5]);
    let mixed = |fixture: &Fixture| fixture.case().table.lattice.mixed();
    assert_eq!(fixtures().iter().filter(|fixture| mixed(fixture)).count(), 10);
    // no value was rounded: else the run would be one of other values
    assert!(fixtures().iter().all(|fixture| fixture.case().table.rounding.rms == 0.0));
    // two tables need nearly all bits of the lattice
    let fine = |fixture: &&Fixture| fixture.case().table.granularity <= 3;
    assert_eq!(fixtures().iter().filter(fine).count(), 10);
}

#[test]
fn reference() {
    fixtures().iter().for_each(|fixture| fixture.assert_holds_on(&Reference));
}

on_devices!(device);

fn device(backend: Backend) {
    on(backend, &|engine| fixtures().iter().for_each(|fixture| fixture.assert_holds_on(engine)));
}
