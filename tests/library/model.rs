//! Model files: a round trip is exact; damaged files and other files are errors.

#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::collections::HashMap;
use std::path::Path;

use crate::common::{dataset, normal, weighted};
use cairn::data::{Dataset, Truth};
use cairn::engine::Device;
use cairn::kmeans::{KMeans, fit};
use cairn::model::{Model, ModelError};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

fn model(data: &Dataset<'_>, kmeans: KMeans) -> Model {
    let params = kmeans.device(Device::Cpu).check().unwrap();
    fit(data, &params).unwrap().model(data, &params).unwrap()
}

/// Three clusters of two features, with names, a weight column and text that JSON has to escape.
fn small() -> Model {
    let rows = vec![0.0, 0.5, 1.0, 0.25, 50.0, 51.0, 52.0, 50.5, -40.0, 7.0, -41.0, 8.0];
    let truth = Truth {
        column: "the \"truth\", \"checksum\":\"".into(),
        labels: vec![0, 0, 1, 0, 1, 1],
        names: vec!["ä\n".into(), "b".into()],
    };
    let data = Dataset { truth: Some(truth), name: "x\\y \u{1}.csv".into(), ..dataset(2, rows) };
    model(&weighted(data, &[1.0, 2.0, 0.5, 3.0, 1.0, 1.0]), KMeans::new(3).restarts(3).seed(u64::MAX))
}

fn mixed() -> Model {
    let mut data = normal(60, 3, 1);
    if let cairn::data::Points::F64(rows) = &mut data.points {
        let mut rows = rows.view_mut();
        rows.column_mut(1).mapv_inplace(|x| x * 1e9);
        rows.column_mut(2).fill(0.1);
    }
    model(&data, KMeans::new(4).restarts(2))
}

fn error_of(bytes: &[u8]) -> ModelError {
    Model::from_bytes("m.safetensors", bytes).unwrap_err()
}

#[test]
fn a_model_comes_back_as_it_was() {
    for model in [small(), mixed(), model(&cairn::data::digits(), KMeans::new(12).restarts(1).max_iter(3))] {
        let bytes = model.to_bytes().unwrap();
        assert_eq!(bytes, model.to_bytes().unwrap());
        let back = Model::from_bytes("m", &bytes).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.to_bytes().unwrap(), bytes);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    small().save(&path).unwrap();
    assert_eq!(Model::load(&path).unwrap(), small());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn it_holds_what_the_fit_found() {
    let data = cairn::data::digits();
    let params = KMeans::new(10).restarts(3).device(Device::Cpu).check().unwrap();
    let fit = fit(&data, &params).unwrap();
    let model = fit.model(&data, &params).unwrap();
    assert_eq!((model.n_clusters(), model.n_dims(), model.image), (10, 64, Some((8, 8))));
    assert_eq!((model.values(), model.inertia()), (fit.centroids(), fit.inertia()));
    assert_eq!((model.fingerprint.as_str(), model.truth.as_deref()), (&*fit.fingerprint, Some("digit")));
    // the names are those that the score gives, and their rows are the score's accuracy
    let truth = data.truth.as_ref().unwrap();
    let score = cairn::score::score(&truth.labels, 10, fit.labels(), 10).unwrap();
    let mut right = 0.0;
    for (c, name) in model.names.iter().enumerate() {
        let name = name.as_ref().unwrap();
        assert_eq!(name.name, truth.names[score.cluster_names[c].unwrap() as usize]);
        right += name.purity.unwrap() * model.weight(c);
    }
    assert!((right / 1797.0 - score.accuracy).abs() < 1e-12);
}

#[test]
fn another_table_than_the_fitted_one_is_refused() {
    let params = KMeans::new(3).restarts(1).device(Device::Cpu).check().unwrap();
    let fit = fit(&normal(30, 2, 5), &params).unwrap();
    let error = fit.model(&normal(31, 2, 5), &params).unwrap_err();
    assert!(matches!(error, ModelError::OtherData { n_points: 31, fit_points: 30, .. }), "{error}");
}

#[test]
fn every_flipped_bit_is_seen() {
    let bytes = small().to_bytes().unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            assert!(Model::from_bytes("m", &bytes).is_err(), "bit {bit} of byte {at}");
        }
        let mut bytes = bytes.clone();
        bytes[at] ^= b' ' ^ b'\n'; // white space where there was some
        assert!(Model::from_bytes("m", &bytes).is_err(), "byte {at}");
    }
}

#[test]
fn every_length_but_its_own_is_refused() {
    let bytes = small().to_bytes().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m");
    for length in 0..bytes.len() {
        assert!(Model::from_bytes("m", &bytes[..length]).is_err(), "{length} bytes");
        if length % 7 == 0 {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(Model::load(&path).is_err(), "{length} bytes");
        }
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(matches!(error_of(&longer), ModelError::Damaged { .. }));
    std::fs::write(&path, &longer).unwrap();
    assert!(matches!(Model::load(&path), Err(ModelError::Damaged { .. })));
    // where the header is whole, it is known for a model
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let error = error_of(&bytes[..header + 20]);
    assert!(matches!(error, ModelError::Damaged { .. }), "{error}");
}

#[test]
fn other_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let write = |bytes: &[u8]| {
        let path = folder.path().join("f");
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let huge = [&u64::MAX.to_le_bytes()[..], b"cairn-model"].concat();
    let long = [&90_000_000u64.to_le_bytes()[..], b"{\"cairn-model\"}"].concat();
    let weights = [1f32.to_le_bytes(), 2f32.to_le_bytes()].concat();
    let view = TensorView::new(Dtype::F32, vec![2], &weights).unwrap();
    let foreign = safetensors::serialize([("w", view)], None).unwrap();
    for bytes in [&b""[..], b"abc", b"a,b\n1,2\n3,4\n", b"\x93NUMPY\x01\x00\x76\x00{'descr'", &huge, &foreign]
    {
        let error = Model::load(&write(bytes)).unwrap_err();
        assert!(matches!(error, ModelError::NotAModel { .. }), "{error}");
    }
    assert!(matches!(Model::load(&write(&long)), Err(ModelError::Damaged { .. })));
    assert!(matches!(Model::load(folder.path()), Err(ModelError::NotAModel { .. })));
    assert!(matches!(Model::load(Path::new("no/such/file")), Err(ModelError::NotFound { .. })));
}

/// Name, type, shape, bytes.
type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// The model's file with other texts or tensors, and the checksum that belongs to them.
fn forged(change: impl Fn(&mut HashMap<String, String>, &mut Vec<Tensor>)) -> Vec<u8> {
    let bytes = small().to_bytes().unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut texts = header.metadata().clone().unwrap().into_iter().collect();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<_> = tensors
        .iter()
        .map(|(name, view)| (name.to_owned(), view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        .collect();
    change(&mut texts, &mut tensors);
    let zeros = "0".repeat(64);
    texts.insert("checksum".into(), zeros.clone());
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (name.clone(), TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    let mut bytes = safetensors::serialize(views, Some(texts.into_iter().collect())).unwrap();
    let checksum = blake3::hash(&bytes).to_hex();
    let at = bytes.windows(64).position(|window| window == zeros.as_bytes()).unwrap();
    bytes[at..at + 64].copy_from_slice(checksum.as_bytes());
    bytes
}

#[test]
fn a_later_version_is_refused_by_name() {
    let bytes = forged(|texts, _| drop(texts.insert("version".into(), "3".into())));
    let error = error_of(&bytes);
    assert!(matches!(&error, ModelError::Newer { version, .. } if version == "3"), "{error}");
    assert!(error.to_string().contains("update Cairn"), "{error}");
}

#[test]
fn files_with_a_right_checksum_and_wrong_contents_are_refused() {
    assert_eq!(Model::from_bytes("m", &forged(|_, _| ())).unwrap(), small());
    for (key, text) in [
        ("version", "x"),
        ("scale", "standard"),
        ("weight_unit", "0"),
        ("weight_unit", "nan"),
        ("seed", "-1"),
        ("inertia_exact", "1.5"),
        ("columns", "[]"),
        ("columns", "{"),
        ("names", "[null]"),
        ("image", "2"),
        ("image", "18446744073709551615x2"),
    ] {
        let error = error_of(&forged(|texts, _| drop(texts.insert(key.into(), text.into()))));
        assert!(matches!(error, ModelError::Damaged { .. }), "{key} {text}: {error}");
    }
    for key in ["seed", "data", "names", "fingerprint", "tol"] {
        let error = error_of(&forged(|texts, _| drop(texts.remove(key))));
        assert!(error.to_string().contains(&format!("no {key}")), "{error}");
    }
    let tensor = |name: &str, dtype: Dtype, shape: &[usize], data: Vec<u8>| {
        forged(|_, tensors| {
            let tensor = tensors.iter_mut().find(|tensor| tensor.0 == name).unwrap();
            *tensor = (name.to_owned(), dtype, shape.to_vec(), data.clone());
        })
    };
    let i32s = |values: &[i32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let f64s = |values: &[f64]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    for bytes in [
        tensor("centroids", Dtype::I32, &[3, 2], i32s(&[0, 0, 0, 0, 0, (1 << 30) + 1])),
        tensor("centroids", Dtype::I32, &[3, 2], i32s(&[0, 0, 0, 0, 0, i32::MIN])),
        tensor("centroids", Dtype::I32, &[6], i32s(&[0; 6])),
        tensor("centroids", Dtype::I32, &[0, 2], vec![]),
        tensor("centroids", Dtype::I32, &[3, 0], vec![]),
        tensor("exponents", Dtype::I32, &[2], i32s(&[0, 32])),
        tensor("exponents", Dtype::I32, &[2], i32s(&[i32::MIN, i32::MAX])),
        tensor("exponents", Dtype::I32, &[1], i32s(&[0])),
        tensor("offsets", Dtype::F64, &[2], f64s(&[0.0, f64::NAN])),
        tensor("offsets", Dtype::I32, &[2], i32s(&[0; 2])),
        tensor("purities", Dtype::F64, &[3], f64s(&[2.0; 3])),
        tensor("counts", Dtype::U64, &[1], vec![0; 8]),
    ] {
        let error = error_of(&bytes);
        assert!(matches!(error, ModelError::Damaged { .. }), "{error}");
    }
    let missing = forged(|_, tensors| tensors.retain(|tensor| tensor.0 != "counts"));
    assert!(error_of(&missing).to_string().contains("no counts"));
}

#[test]
fn clusters_are_named_by_hand() {
    let mut model = small();
    let before = model.clone();
    let purity = model.names[1].clone().unwrap().purity;
    model.rename(1, "seven").unwrap();
    assert_eq!((model.name(1), model.names[1].as_ref().unwrap().purity), (Some("seven"), None));
    assert_eq!(Model::from_bytes("m", &model.to_bytes().unwrap()).unwrap(), model);
    model.rename(0, "").unwrap();
    assert_eq!((model.name(0), model.name(7)), (None, None));
    model.rename(2, before.name(2).unwrap()).unwrap();
    assert_eq!(model.names[2], before.names[2]);
    assert!(purity.is_some());
    assert!(matches!(model.rename(3, "x"), Err(ModelError::NoSuchCluster { cluster: 3, n_clusters: 3 })));
}
