//! Scaled rows equal those of scikit-learn (`fixtures/scaling.json`).
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::path::Path;

use cairn::data::{DataError, Dataset, LoadOptions, Points, Scale, Scaling, load};
use cairn::engine::{Engine, OpenOptions, cpu::Cpu};
use cairn::kmeans::{KMeans, fit};
use cairn::model::{Model, ModelError, Predictor};
use ndarray::{Array2, arr2};
use serde::Deserialize;

/// Largest difference of rows of length 1, in units of the last place: numpy adds squares in an order of its own.
const ULPS: u64 = 2;
/// The same of weighted means and deviations: numpy multiplies a matrix there.
const ULPS_OF_WEIGHTED: u64 = 8;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    table: Option<Vec<Vec<f64>>>,
    weights: Option<Vec<f64>>,
    at: Vec<usize>,
    scaled: Vec<Scaled>,
}

#[derive(Deserialize)]
struct Scaled {
    scale: String,
    shift: Vec<f64>,
    factor: Vec<f64>,
    rows: Vec<Vec<f64>>,
    back: Vec<Vec<f64>>,
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

impl Case {
    fn data(&self) -> Dataset<'static> {
        let data = match &self.table {
            Some(rows) => Dataset::from_rows(rows).unwrap(),
            None => {
                let path = fixture(&self.name);
                let text = std::fs::read_to_string(&path).unwrap();
                let has_class =
                    |name: &&str| text.lines().next().unwrap().split(',').any(|cell| cell == *name);
                let ignore = ["class", "benign", "target"].iter().filter(|name| has_class(name));
                let ignore = ignore.map(|name| (*name).to_owned()).collect();
                load(path.to_str().unwrap(), &LoadOptions { ignore, ..LoadOptions::default() }).unwrap()
            }
        };
        match &self.weights {
            Some(weights) => data.with_weights(weights.clone()),
            None => data,
        }
    }
}

/// Numbers of one sign that differ by so many units of the last place at most.
fn assert_near(what: &str, ours: &[f64], theirs: &[f64], most: u64) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (a, b) in ours.iter().zip(theirs) {
        let ulps = if a == b { 0 } else { a.to_bits().abs_diff(b.to_bits()) };
        assert!(ulps <= most, "{what}: {a} is {ulps} units from {b}");
    }
}

#[test]
fn scaled_rows_equal_those_of_scikit_learn() {
    let text = std::fs::read_to_string(fixture("scaling.json")).unwrap();
    let cases: Cases = serde_json::from_str(&text).unwrap();
    let mut n = 0;
    for case in &cases.cases {
        for expected in &case.scaled {
            let place = format!("{}, {}", case.name, expected.scale);
            let scale = Scale::ALL.into_iter().find(|scale| scale.name() == expected.scale).unwrap();
            let data = case.data().scaled(scale).unwrap();
            let scaling = data.points.scaling().unwrap();
            let d = data.points.n_dims();
            let most = match (scale, &case.weights) {
                (Scale::Unit, _) => ULPS,
                (_, Some(_)) => ULPS_OF_WEIGHTED,
                _ => 0,
            };
            assert_near(&format!("{place}: shift"), scaling.shift(), &expected.shift, most);
            assert_near(&format!("{place}: factor"), scaling.factor(), &expected.factor, most);
            let values = data.points.to_f64().unwrap();
            for ((&row, expected), back) in case.at.iter().zip(&expected.rows).zip(&expected.back) {
                let mut ours = values[row * d..][..d].to_vec();
                if case.weights.is_none() {
                    assert_near(&format!("{place}: row {row}"), &ours, expected, most);
                }
                scaling.undo(&mut ours);
                if most == 0 {
                    assert_eq!(&ours, back, "{place}: row {row}");
                }
                n += 1;
            }
        }
    }
    assert!(n > 50, "{n}");
}

/// Two groups by the second column, which is small beside the first.
const ROWS: [[f64; 2]; 6] =
    [[0.0, 0.1], [2000.0, 0.2], [4000.0, 0.1], [1000.0, 0.8], [3000.0, 0.9], [5000.0, 0.8]];

fn fitted(scale: Scale) -> (Dataset<'static>, Model, Vec<u32>) {
    let data = Dataset::new("rows", arr2(&ROWS)).scaled(scale).unwrap();
    let params = KMeans::new(2).restarts(5).check().unwrap();
    let fit = fit(&data, &params).unwrap();
    let model = fit.model(&data, &params).unwrap();
    assert_eq!(model.values(), fit.centroids());
    (data, model, fit.labels().to_vec())
}

#[test]
fn a_model_scales_rows_as_its_fit_did() {
    for scale in Scale::ALL {
        let (data, model, labels) = fitted(scale);
        let again = Model::from_bytes("m", &model.to_bytes().unwrap()).unwrap();
        assert_eq!(again, model, "{scale:?}");
        let cpu = Cpu::open(&OpenOptions::default()).unwrap();
        let mut predictor = Predictor::new(&again, &cpu as &dyn Engine).unwrap();
        let found = predictor.predict(&ROWS.concat()).unwrap();
        assert_eq!(found.iter().map(|row| row.label).collect::<Vec<_>>(), labels, "{scale:?}");
        // distances are those of scaled rows, and predict and transform agree
        let distances = model.transform(&ROWS.concat()).unwrap();
        let scaled = data.points.to_f64().unwrap();
        let centroids = model.scaled_values();
        for (i, row) in found.iter().enumerate() {
            assert_eq!(distances[i * 2 + row.label as usize], row.distance);
            let squares = (0..2).map(|j| (scaled[i * 2 + j] - centroids[[row.label as usize, j]]).powi(2));
            assert!((squares.sum::<f64>().sqrt() - row.distance).abs() < 1e-6, "{scale:?}, row {i}");
        }
    }
    for scale in [Scale::Standard, Scale::MinMax] {
        let (_, model, labels) = fitted(scale);
        assert_eq!((labels[0], labels[3]), (labels[2], labels[5]), "{scale:?}: by the small column");
        assert_ne!(labels[0], labels[3], "{scale:?}");
        let values = model.values();
        assert!((values[[labels[0] as usize, 0]] - 2000.0).abs() < 1e-2, "{scale:?}: {values}");
    }
}

#[test]
fn older_programs_refuse_a_model_of_scaled_rows() {
    let (_, model, _) = fitted(Scale::Standard);
    let text = |model: &Model| String::from_utf8_lossy(&model.to_bytes().unwrap()).into_owned();
    assert!(text(&model).contains(r#""version":"2""#));
    // a model without a scaling is what it was
    let plain = Model { scaling: None, ..model.clone() };
    assert!(text(&plain).contains(r#""version":"1""#) && !text(&plain).contains("scale"));
    assert_eq!(Model::from_bytes("m", &plain.to_bytes().unwrap()).unwrap(), plain);
    // versions after it are refused
    let newer = text(&plain).replace(r#""version":"1""#, r#""version":"3""#).into_bytes();
    assert!(matches!(
        Model::from_bytes("m", &newer),
        Err(ModelError::Newer { .. } | ModelError::Damaged { .. })
    ));
}

#[test]
fn what_can_not_be_scaled_is_named() {
    let scaled = |rows: &[[f64; 2]], scale| Dataset::new("t", Array2::from(rows.to_vec())).scaled(scale);
    let error = |rows: &[[f64; 2]], scale| scaled(rows, scale).unwrap_err().to_string();
    for scale in Scale::ALL {
        let said = error(&[[1.0, 2.0], [3.0, f64::INFINITY]], scale);
        assert!(said.contains("t, row 2, column 2: \"inf\" is not a finite number"), "{scale:?}: {said}");
    }
    let wide = [[1.0, -1.7e308], [2.0, 1.7e308], [3.0, 0.0], [4.0, 1.0]];
    assert!(matches!(scaled(&wide, Scale::MinMax), Err(DataError::ScaleRange { .. })));
    assert!(error(&wide, Scale::Standard).contains("column \"column 2\" can't be scaled (standard)"));
    // a constant column is shifted only, and a row of zeros stays
    let data = scaled(&[[5.0, 0.0], [5.0, 0.0]], Scale::Standard).unwrap();
    assert_eq!(data.points.to_f64().unwrap(), [0.0; 4]);
    let data = scaled(&[[0.0, 0.0], [3.0, 4.0]], Scale::Unit).unwrap();
    assert_eq!(data.points.to_f64().unwrap(), [0.0, 0.0, 0.6, 0.8]);
    // scaled twice is scaled once, from the values given
    let once = scaled(&ROWS, Scale::Robust).unwrap();
    let twice = scaled(&ROWS, Scale::Standard).unwrap().scaled(Scale::Robust).unwrap();
    assert_eq!(once.points.scaling(), twice.points.scaling());
    assert!(matches!(twice.points.raw(), Points::F64(_)));
    assert_eq!(Scaling::new(Scale::Unit, 0, vec![], vec![]), None);
}
