//! Predictions: fitted rows, centroids, distant rows; on every device, in any chunks.

#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use crate::common::{self, Backend, dataset, normal, on, on_devices, values, weighted};
use cairn::data::{DataError, Dataset, Pick, ReadOptions, Source, open, open_reader};
use cairn::engine::reference::Reference;
use cairn::engine::{Device, Engine};
use cairn::kmeans::{Fit, KMeans, fit};
use cairn::lattice::{Lattice, LatticeError};
use cairn::model::{ColumnError, ColumnOptions, Model, PredictError, Prediction, Predictor};
use ndarray::{Array2, s};

fn fitted(data: &Dataset<'_>, n_clusters: usize) -> (Fit, Model) {
    let params = KMeans::new(n_clusters).restarts(2).device(Device::Cpu).check().unwrap();
    let fit = fit(data, &params).unwrap();
    let model = fit.model(data, &params).unwrap();
    (fit, model)
}

fn predict(model: &Model, engine: &dyn Engine, rows: &[f64]) -> Vec<Prediction> {
    Predictor::new(model, engine).unwrap().predict(rows).unwrap()
}

fn labels(found: &[Prediction]) -> Vec<u32> {
    found.iter().map(|row| row.label).collect()
}

/// Four features of very different steps.
fn mixed() -> Dataset<'static> {
    let values = values(&normal(300, 4, 3));
    dataset(4, values.iter().enumerate().map(|(at, x)| x * [1.0, 1e6, 1e-4, 37.0][at % 4]).collect())
}

/// Rows without weight, some of them outside the range of the others.
fn weightless() -> Dataset<'static> {
    let mut values = values(&normal(200, 3, 4));
    values.extend([50.0, 0.0, -20.0, 1e5, 1.0, 1.0, 0.1, 0.2, 0.3]);
    let mut weights = vec![2.0; 200];
    weights.extend([0.0; 3]);
    weighted(dataset(3, values), &weights)
}

on_devices!(
    training_rows_get_the_labels_of_the_fit,
    centroids_are_their_own,
    every_device_equals_the_reference
);

fn training_rows_get_the_labels_of_the_fit(backend: Backend) {
    for (data, k) in [(common::digits(), 10), (mixed(), 9), (weightless(), 6), (normal(50, 2, 5), 1)] {
        let (fit, model) = fitted(&data, k);
        let rows = values(&data);
        on(backend, &|engine| assert_eq!(labels(&predict(&model, engine, &rows)), fit.labels()));
        assert_eq!(labels(&predict(&model, &Reference, &rows)), fit.labels());
    }
}

fn centroids_are_their_own(backend: Backend) {
    for (data, k) in [(common::digits(), 25), (mixed(), 9), (normal(50, 2, 5), 1)] {
        let (_, model) = fitted(&data, k);
        let centroids: Vec<f64> = model.values().iter().copied().collect();
        on(backend, &|engine| {
            let found = predict(&model, engine, &centroids);
            assert_eq!(labels(&found), (0..k as u32).collect::<Vec<_>>());
            assert!(found.iter().all(|row| row.distance == 0.0 && row.exact.distance == (0, 0)));
            assert!(found.iter().all(|row| row.runner_up.is_some() == (k > 1)));
        });
        let distances = model.transform(&centroids).unwrap();
        assert!((0..k).all(|c| distances[c * k + c] == 0.0));
        assert_eq!(distances.iter().filter(|&&x| x == 0.0).count(), k);
    }
}

fn every_device_equals_the_reference(backend: Backend) {
    for (data, k) in [(mixed(), 9), (normal(300, 7, 6), 12)] {
        let (_, model) = fitted(&data, k);
        // far outside, inside, and on the edge
        let rows: Vec<f64> =
            values(&data).iter().enumerate().map(|(i, x)| x * [1.0, 1.5, 300.0][i / 50 % 3]).collect();
        let expected = predict(&model, &Reference, &rows);
        on(backend, &|engine| {
            assert_eq!(predict(&model, engine, &rows), expected);
            let mut predictor = Predictor::new(&model, engine).unwrap();
            for some in [1, 7] {
                let parts = rows.chunks(some * model.n_dims()).take(40);
                let found: Vec<_> = parts.flat_map(|rows| predictor.predict(rows).unwrap()).collect();
                assert_eq!(found, expected[..found.len()]);
            }
        });
    }
}

#[test]
fn distances_to_all_hold_the_two_nearest() {
    for (data, k) in [(mixed(), 9), (weightless(), 6), (normal(60, 2, 7), 1)] {
        let (_, model) = fitted(&data, k);
        let rows: Vec<f64> = values(&data).iter().map(|x| x * 1.25).collect();
        let distances = model.transform(&rows).unwrap();
        for (to, row) in distances.chunks(k).zip(predict(&model, &Reference, &rows)) {
            assert_eq!(to[row.label as usize], row.distance);
            assert!(to.iter().all(|&x| x >= row.distance));
            let Some(second) = row.runner_up else { continue };
            assert_eq!(to[second as usize] - row.distance, row.margin.unwrap());
            assert!((0..k).all(|c| c as u32 == row.label || to[c] >= to[second as usize]));
        }
    }
}

#[test]
fn distances_are_those_of_the_users_units() {
    let (_, model) = fitted(&dataset(2, vec![0.0, 0.0, 0.0, 2.0, 30.0, 40.0, 30.0, 42.0]), 2);
    let at = |label: u32| model.values().row(label as usize).to_vec();
    let found = predict(&model, &Reference, &[3.0, 5.0])[0];
    assert_eq!(at(found.label), [0.0, 1.0]);
    let second = (27f64 * 27.0 + 36.0 * 36.0).sqrt();
    assert_eq!((found.distance, found.margin), (5.0, Some(second - 5.0)));
}

/// A mixed lattice whose distances to far rows need more than 128 bits.
#[test]
fn rows_far_outside_a_mixed_range_are_found_in_wide_integers() {
    let (_, mut model) = fitted(&dataset(2, vec![-8.0, -8.0, 8.0, 8.0]), 2);
    model.lattice = Lattice::new(vec![0.0; 2], vec![0, -31], vec![0, 31]).expect("a lattice");
    assert_eq!(model.lattice.bits, 29);
    model.centroids = vec![-8, 0, 8, 1 << 20];
    let far = (1u64 << 61) as f64;
    let found = predict(&model, &Reference, &[far, 0.0, -far, 0.0]);
    assert_eq!(labels(&found), [1, 0]);
    assert!(found[0].exact.distance.0 > 0);
    let by_hand = (far - 8.0).hypot((1 << 20) as f64 * 2f64.powi(-31));
    assert!((found[0].distance / by_hand - 1.0).abs() < 1e-15);
    assert_eq!(model.transform(&[far, 0.0]).unwrap()[1], found[0].distance);
}

#[test]
fn values_that_can_not_be_placed_are_refused() {
    let (_, model) = fitted(&normal(50, 3, 8), 4);
    let error = |rows: &[f64]| {
        let errors = [
            Predictor::new(&model, &Reference).unwrap().predict(rows).unwrap_err(),
            model.transform(rows).unwrap_err(),
        ];
        assert_eq!(errors[0].to_string(), errors[1].to_string());
        errors.into_iter().next().unwrap()
    };
    let row = [0.0; 3];
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let found = error(&[row, [1.0, bad, 0.0]].concat());
        assert!(
            matches!(found, PredictError::Lattice(LatticeError::NotFinite { row: 2, column: 2, .. })),
            "{found}"
        );
    }
    for bad in [1e11, -1e300, f64::MAX] {
        let found = error(&[row, row, [bad, 0.0, 0.0]].concat());
        assert!(
            matches!(found, PredictError::Lattice(LatticeError::TooFarOutside { row: 3, column: 1, .. })),
            "{found}"
        );
    }
    assert!(matches!(error(&[1.0; 4]), PredictError::Width { values: 4, n_dims: 3 }));
    assert!(predict(&model, &Reference, &[]).is_empty());
}

#[test]
fn views_of_both_widths_and_any_strides_are_predicted() {
    let (fit, model) = fitted(&normal(50, 3, 8), 4);
    let wide = Array2::from_shape_fn((3, 20), |(j, i)| f64::from((i * 7 + j * 5) as f32 / 16.0 - 3.0));
    let view = wide.t(); // (20, 3), column by column
    let flat: Vec<f64> = view.iter().copied().collect();
    let expected = predict(&model, &Reference, &flat);
    assert!(labels(&expected).iter().any(|&label| label != expected[0].label));
    let single = view.mapv(|x| x as f32);
    let mut predictor = Predictor::new(&model, &Reference).unwrap();
    assert_eq!(predictor.predict_view(view).unwrap(), expected);
    assert_eq!(predictor.predict_view(&single).unwrap(), expected);
    assert_eq!(fit.predict(view).unwrap(), expected);
    assert_eq!(
        fit.predict(single.slice(s![..;3, ..])).unwrap(),
        expected.iter().step_by(3).copied().collect::<Vec<_>>()
    );
    let error = fit.predict(&wide).unwrap_err();
    assert!(matches!(error, PredictError::Columns { found: 20, n_dims: 3 }), "{error}");
    let error = fit.predict(view.mapv(|x| if x > 3.0 { f64::NAN } else { x }).view()).unwrap_err();
    assert!(matches!(error, PredictError::Lattice(LatticeError::NotFinite { .. })), "{error}");
}

#[test]
fn tiny_steps_refuse_what_is_not_finite_too() {
    let (_, model) = fitted(&dataset(1, vec![0.0, 1e-310, 2e-310, 5e-310]), 2);
    let mut predictor = Predictor::new(&model, &Reference).unwrap();
    assert!(predictor.predict(&[f64::NAN]).is_err() && predictor.predict(&[1.0]).is_err());
    assert_eq!(labels(&predictor.predict(&[0.0, 5e-310]).unwrap()).len(), 2);
}

fn source(text: &str) -> Box<dyn Source> {
    let text: &'static [u8] = text.to_owned().into_bytes().leak();
    open_reader("t.csv", Box::new(text), &ReadOptions::default()).unwrap()
}

#[test]
fn a_stream_in_any_chunks_gives_the_same() {
    let (_, model) = fitted(&cairn::data::digits(), 15);
    let run = |most_rows| {
        let source = open("digits", &ReadOptions::default()).unwrap();
        let pick = Pick { most_rows, ..model.pick(source.columns(), &ColumnOptions::default()).unwrap() };
        let (mut found, mut predictor) = (Vec::new(), Predictor::new(&model, &Reference).unwrap());
        source
            .visit::<DataError>(&pick, &mut |chunk| {
                assert_eq!(chunk.first, found.len());
                found.extend(predictor.predict(&chunk.rows.to_f64()).unwrap());
                Ok(())
            })
            .unwrap();
        found
    };
    let whole = run(None);
    assert_eq!(whole.len(), 1797);
    assert_eq!(run(Some(1)), whole);
    assert_eq!(run(Some(7)), whole);
}

#[test]
fn columns_are_found_by_name_else_by_position() {
    let (_, mut model) = fitted(&normal(30, 2, 9), 2);
    let pick =
        |model: &Model, text: &str, options: &ColumnOptions| model.pick(source(text).columns(), options);
    let plain = ColumnOptions::default();
    let ignore = |column: &str| ColumnOptions { ignore: vec![column.into()], ..ColumnOptions::default() };
    // no names on one side
    assert_eq!(pick(&model, "x,y\n1,2\n", &plain).unwrap().features, [0, 1]);
    assert_eq!(pick(&model, "x,c,y\n1,2,3\n", &ignore("c")).unwrap().features, [0, 2]);
    let error = pick(&model, "x,c,y\n1,2,3\n", &plain).unwrap_err();
    assert!(matches!(error, ColumnError::Width { found: 3, n_dims: 2, .. }), "{error}");
    model.columns = vec!["a".into(), "b".into()];
    assert_eq!(pick(&model, "1,2\n", &plain).unwrap().features, [0, 1]);
    // names on both
    assert_eq!(pick(&model, "b,c,a\n1,2,3\n", &plain).unwrap().features, [2, 0]);
    let error = pick(&model, "b,c\n1,2\n", &plain).unwrap_err();
    assert!(matches!(&error, ColumnError::Missing { missing, .. } if missing == &["a"]), "{error}");
    let by_position = ColumnOptions { by_position: true, ..plain.clone() };
    assert_eq!(pick(&model, "b,c\n1,2\n", &by_position).unwrap().features, [0, 1]);
    let error = pick(&model, "a,b,a\n1,2,3\n", &plain).unwrap_err();
    assert!(matches!(error, ColumnError::Ambiguous { first: 1, second: 3, .. }), "{error}");
    let error = pick(&model, "a,b\n1,2\n", &ignore("b")).unwrap_err();
    assert!(matches!(error, ColumnError::Missing { .. }), "{error}");
    let truth = ColumnOptions { truth: Some("c".into()), ..plain };
    assert_eq!(pick(&model, "b,c,a\n1,2,3\n", &truth).unwrap().truth, Some(1));
    assert!(matches!(pick(&model, "1\n", &ignore("c")), Err(ColumnError::Data(_))));
}
