//! The metric cosine: against spherical k-means in numpy (`fixtures/spherical.json`), models, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::path::Path;

use cairn::data::{DataError, Dataset, Scale};
use cairn::engine::cpu::Cpu;
use cairn::engine::{Metric, Stop};
use cairn::kmeans::{Algorithm, Fit, FitError, Init, KMeans, ParamsError, fit, pack};
use cairn::model::{Model, ModelError, PredictError, Predictor};
use ndarray::Array2;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    rows: Vec<Vec<f64>>,
    starts: Vec<Vec<f64>>,
    labels: Vec<u32>,
    centroids: Vec<Vec<f64>>,
    iterations: u32,
    inertia: f64,
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/spherical.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn unit(rows: &[Vec<f64>]) -> Dataset<'static> {
    Dataset::from_rows(rows).unwrap().scaled(Scale::Unit).unwrap()
}

fn starts(rows: &[Vec<f64>]) -> Init {
    Init::Centroids(Array2::from_shape_fn((rows.len(), rows[0].len()), |(c, j)| rows[c][j]))
}

fn cosine(n_clusters: usize) -> KMeans {
    KMeans::new(n_clusters).metric(Metric::Cosine)
}

fn fitted(case: &Case) -> Fit {
    let params = cosine(case.starts.len()).restarts(1).init(starts(&case.starts)).check().unwrap();
    fit(&unit(&case.rows), &params).unwrap()
}

#[test]
fn labels_and_centroids_are_those_of_numpy() {
    for case in cases() {
        let (name, fit) = (&case.name, fitted(&case));
        assert_eq!(fit.labels(), case.labels, "{name}");
        // numpy's loop ends without the update that changes nothing
        assert_eq!((fit.best.iterations, fit.best.stop), (case.iterations + 1, Stop::FixedPoint), "{name}");
        for (found, expected) in fit.centroids().iter().zip(case.centroids.iter().flatten()) {
            assert!((found - expected).abs() < 2e-9, "{name}: {found}, {expected}");
        }
        assert!((fit.inertia() - case.inertia).abs() < 1e-8 * case.rows.len() as f64, "{name}");
        let mean = 1.0 - case.inertia / (2.0 * case.rows.len() as f64);
        assert!((fit.mean_cosine() - mean).abs() < 1e-8, "{name}");
    }
}

#[test]
fn the_length_of_a_row_changes_nothing() {
    for case in cases() {
        let longer = |(i, row): (usize, &Vec<f64>)| {
            row.iter().map(|x| x * 2f64.powi(i as i32 * 7 % 90)).collect::<Vec<f64>>()
        };
        let other = Case { rows: case.rows.iter().enumerate().map(longer).collect(), ..case };
        let [a, b] = [&cases().into_iter().find(|c| c.name == other.name).unwrap(), &other].map(fitted);
        assert_eq!(a.fingerprint, b.fingerprint, "{}", other.name);
    }
}

fn four() -> Vec<Vec<f64>> {
    vec![vec![1.0, 0.1], vec![90.0, 8.0], vec![0.2, 3.0], vec![0.1, 2.0]]
}

#[test]
fn a_model_keeps_the_metric_and_labels_rows_of_any_length() {
    let (data, params) = (unit(&four()), cosine(2).check().unwrap());
    let fit = fit(&data, &params).unwrap();
    let model = fit.model(&data, &params).unwrap();
    let read = Model::from_bytes("it", &model.to_bytes().unwrap()).unwrap();
    assert_eq!((&read, read.params.metric), (&model, Metric::Cosine));
    let cpu = Cpu::default();
    let mut predictor = Predictor::new(&read, &cpu).unwrap();
    let rows: Vec<f64> = four().concat().iter().map(|x| x * 1e-5).collect();
    let labels: Vec<u32> = predictor.predict(&rows).unwrap().iter().map(|found| found.label).collect();
    assert_eq!(labels, fit.labels());
    let distances = model.transform(&[-1.0, 0.0]).unwrap();
    for (distance, centroid) in distances.iter().zip(model.values().rows()) {
        assert!((distance * distance - (2.0 + 2.0 * centroid[0])).abs() < 1e-8);
    }
}

#[test]
fn a_new_row_of_zeros_has_no_label() {
    let (data, params) = (unit(&four()), cosine(2).check().unwrap());
    let fit = fit(&data, &params).unwrap();
    let model = fit.model(&data, &params).unwrap();
    let cpu = Cpu::default();
    let mut predictor = Predictor::new(&model, &cpu).unwrap();
    let rows = [1.0, 0.1, 0.0, -0.0, 0.2, 3.0, f64::NAN, 1.0, 0.0, 0.0];
    for error in [predictor.predict(&rows[..6]).unwrap_err(), model.transform(&rows[..6]).unwrap_err()] {
        assert!(matches!(error, PredictError::NoDirection { row: 2 }), "{error}");
    }
    assert!(fit.predict(&[[0.0, 0.0]][..]).unwrap_err().to_string().contains("row 1: all its values are 0"));
    let (found, errors) = predictor.predict_each(&rows).unwrap();
    let labels: Vec<Option<u32>> = found.iter().map(|found| found.map(|found| found.label)).collect();
    assert_eq!(labels, [Some(fit.labels()[0]), None, Some(fit.labels()[2]), None, None]);
    assert_eq!(errors.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 3, 4]);
    let (distances, errors) = model.transform_each(&rows).unwrap();
    let lacks: Vec<bool> = distances.chunks_exact(2).map(|two| two.iter().all(|x| x.is_nan())).collect();
    assert_eq!((lacks, errors.len()), (vec![false, true, false, true, true], 3));
}

#[test]
fn rows_without_a_direction_are_refused_by_number() {
    let mut rows = four();
    rows.insert(2, vec![0.0, -0.0]);
    let params = cosine(2).check().unwrap();
    let error = fit(&unit(&rows), &params).unwrap_err();
    assert!(matches!(&error, FitError::Data(DataError::NoDirection { row: 3, .. })), "{error}");
    assert!(error.to_string().contains("row 3: all its values are 0"), "{error}");
    // also one of weight 0: its label would mean nothing
    let weights = vec![1.0, 1.0, 0.0, 1.0, 1.0];
    let error = fit(&unit(&rows).with_weights(weights), &params).unwrap_err();
    assert!(matches!(error, FitError::Data(DataError::NoDirection { row: 3, .. })), "{error}");
}

#[test]
fn what_has_no_length_of_one_is_refused() {
    let params = cosine(2).check().unwrap();
    for (data, says) in [
        (Dataset::from_rows(four()).unwrap(), "these are not scaled"),
        (Dataset::from_rows(four()).unwrap().scaled(Scale::Standard).unwrap(), "scaled by `standard`"),
    ] {
        let error = fit(&data, &params).unwrap_err();
        assert!(matches!(error, FitError::Params(ParamsError::NotUnit { .. })), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let error = params.job(&pack(&unit(&four()), None).unwrap()).unwrap_err();
    assert!(matches!(error, ParamsError::NotADirection { row: 1 }), "{error}");
    let zero = starts(&[vec![1.0, 0.0], vec![0.0, 0.0]]);
    let error = fit(&unit(&four()), &cosine(2).restarts(1).init(zero).check().unwrap()).unwrap_err();
    assert!(matches!(error, FitError::Params(ParamsError::NoDirection { row: 2 })), "{error}");
}

#[test]
fn a_model_file_with_a_metric_and_no_scale_is_damaged() {
    let (data, params) = (unit(&four()), cosine(2).check().unwrap());
    let model = fit(&data, &params).unwrap().model(&data, &params).unwrap();
    let bytes = Model { scaling: None, ..model }.to_bytes().unwrap();
    let error = Model::from_bytes("it", &bytes).unwrap_err();
    assert!(matches!(error, ModelError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("its metric is cosine"), "{error}");
}

#[test]
fn a_model_file_with_splits_of_other_clusters_is_damaged() {
    let data = Dataset::from_rows(four()).unwrap();
    let params = KMeans::new(3).algorithm(Algorithm::Bisecting).restarts(2).check().unwrap();
    let model = fit(&data, &params).unwrap().model(&data, &params).unwrap();
    assert_eq!((model.splits.len(), model.splits[0]), (2, 0));
    assert_eq!(Model::from_bytes("it", &model.to_bytes().unwrap()).unwrap(), model);
    for splits in [vec![0], vec![0, 2], vec![1, 0], vec![0, 0, 0]] {
        let bytes = Model { splits, ..model.clone() }.to_bytes().unwrap();
        let error = Model::from_bytes("it", &bytes).unwrap_err();
        assert!(error.to_string().contains("its splits are not those of its clusters"), "{error}");
    }
}
