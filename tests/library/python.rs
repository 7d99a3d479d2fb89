//! Models in Python: the snippet of docs/MODELS.md, with the package `safetensors` and numpy.
//!
//! Skipped if python3 or a package is missing, with a message on standard error. `tests/run.sh` installs them and
//! sets
//! `CAIRN_REQUIRE_PYTHON=1`, with which that is a failure. `CAIRN_PYTHON` names another interpreter.

#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::fs;
use std::io::Write;
use std::process::Command;

use cairn::engine::Device;
use cairn::kmeans::{KMeans, fit};
use cairn::model::{Layout, Model, Predictor, RowFormat};

/// What must be true after it.
const CHECK: &str = r#"
import numpy as np
with safe_open("digits.safetensors", "np") as model:
    q, offsets = model.get_tensor("centroids"), model.get_tensor("offsets")
    steps = 2.0 ** model.get_tensor("exponents")
    assert (offsets + q * steps == centroids).all()
    assert q.dtype == np.int32 and centroids.dtype == np.float64 and centroids.shape == (10, 64)
    assert model.get_tensor("counts").sum() == 1797
    assert model.metadata()["format"] == "cairn-model" and model.metadata()["image"] == "8x8"
assert len(names) == 10 and set(names) <= set("0123456789")
found = np.load("predictions.npy")
assert found.shape == (1797,)
points = np.loadtxt("digits.csv", delimiter=",", skiprows=1)[:, :64]
distances = np.sqrt(((points[:, None, :] - centroids[None]) ** 2).sum(axis=2))
assert (distances.argmin(axis=1) == found["label"]).all()
assert np.allclose(distances.min(axis=1), found["distance"], rtol=1e-12)
assert (found["name"] == np.array(names)[found["label"]]).all()
second = np.sort(distances, axis=1)[:, 1]
assert np.allclose(second - distances.min(axis=1), found["margin"], rtol=0, atol=1e-9)
print("python agrees")
"#;

/// The block of Python in docs/MODELS.md.
fn snippet() -> &'static str {
    let page = include_str!("../../docs/MODELS.md");
    let block = page.split_once("```python\n").and_then(|(_, rest)| rest.split_once("```"));
    block.expect("docs/MODELS.md shows how to read a model in Python").0
}

/// The interpreter, if it has what is needed.
fn python() -> Option<String> {
    let python = std::env::var("CAIRN_PYTHON").unwrap_or_else(|_| "python3".into());
    let here = Command::new(&python).args(["-c", "import numpy, safetensors.numpy"]).output();
    if here.is_ok_and(|run| run.status.success()) {
        return Some(python);
    }
    let what = format!("{python} with numpy and safetensors");
    assert!(std::env::var_os("CAIRN_REQUIRE_PYTHON").is_none(), "CAIRN_REQUIRE_PYTHON asks for {what}");
    // past the test harness, which hides what passing tests print
    let text = format!("\npython: 1 test skipped: no {what}; tests/run.sh installs them\n");
    std::io::stderr().write_all(text.as_bytes()).unwrap();
    None
}

#[test]
fn the_snippet_loads_a_model() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = cairn::data::digits();
    let params = KMeans::new(10).restarts(1).device(Device::Cpu).check().unwrap();
    let model = fit(&data, &params).unwrap().model(&data, &params).unwrap();
    model.save(&folder.path().join("digits.safetensors")).unwrap();
    let csv = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.csv")).unwrap();
    fs::write(folder.path().join("digits.csv"), csv).unwrap();
    fs::write(folder.path().join("predictions.npy"), predictions(&model)).unwrap();
    let script = format!("{}\nfrom safetensors import safe_open\n{CHECK}", snippet());
    let run = Command::new(python).args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && out.contains("python agrees"), "{out}{err}");
}

fn predictions(model: &Model) -> Vec<u8> {
    let engine = cairn::engine::cpu::Cpu::default();
    let mut predictor = Predictor::new(model, &engine).unwrap();
    let points = match cairn::data::digits().points {
        cairn::data::Points::F32(rows) => rows.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(),
        _ => unreachable!("the digits are small numbers"),
    };
    let found = predictor.predict(&points).unwrap();
    let layout = Layout::of_predictions(model, RowFormat::Npy);
    let mut bytes = layout.header(found.len() as u64);
    layout.write_predictions(&mut bytes, &found).unwrap();
    bytes
}
