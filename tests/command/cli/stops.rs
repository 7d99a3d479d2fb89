//! Ctrl-C in `cairn fit` and `cairn sweep`.

use std::fs::File;

use cairn::engine::draws::Draws;
use npyz::NpyFile;
use serde_json::Value;

use super::{Folder, interrupted, npy_f64};

/// A stopped fit is the fit of the restarts that were done, in every output, and says so.
#[test]
fn ctrl_c_leaves_the_best_so_far() {
    let folder = Folder::new();
    let files = "--labels l.csv --restarts-out r.npy --model m.safetensors --report r.html";
    let args = format!("fit --device cpu -k 4 -r 3000000 --json {files}");
    let (code, out, err) = interrupted(&folder, &args, 3);
    assert_eq!(code, Some(130), "{out}{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    let count = json["restarts"]["count"].as_u64().unwrap();
    assert!((1..3_000_000).contains(&count), "{count}");
    let warnings = json["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning["code"] == "stopped-early"), "{warnings:?}");
    let said = format!(
        "error: stopped by Ctrl-C; the result is that of --restarts {count}; l.csv, r.npy, m.safetensors and r.html were written"
    );
    assert!(err.contains(&said), "{err}");
    assert!(err.contains(&format!("stopped by Ctrl-C after {count} of 3000000 restarts")), "{err}");
    assert_eq!(folder.names(), ["l.csv", "m.safetensors", "r.html", "r.npy"]);
    assert!(folder.read("r.html").contains(&format!("after {count} of 3000000 restarts")));

    let whole = folder.json(&format!("-k 4 -r {count} --labels whole.csv"));
    assert_eq!(json["fingerprint"], whole["fingerprint"]);
    assert_eq!(folder.read("l.csv"), folder.read("whole.csv"));
    let restarts = NpyFile::new(File::open(folder.path("r.npy")).unwrap()).unwrap();
    assert_eq!(restarts.shape(), [count, 4]);
    let inertias: Vec<f64> = restarts.into_vec::<f64>().unwrap().chunks(4).map(|row| row[1]).collect();
    assert_eq!(inertias.iter().copied().reduce(f64::min), json["best"]["inertia"].as_f64());
}

/// Before the first restart has ended, the result is that of its iterations so far, whether the table is in memory or in a file.
#[test]
fn ctrl_c_leaves_the_iterations_done() {
    // no clusters at all, so that a restart takes many iterations
    let mut draws = Draws::new(1, 0);
    let values: Vec<f64> = (0..100_000 * 40).map(|_| (draws.draw() >> 40) as f64).collect();
    for more in ["", " --memory 80MiB --scratch . -q"] {
        let folder = Folder::with([("x.npy", &npy_f64("(100000, 40)", &values))]);
        let fit = "x.npy -k 400 --init random --max-iter 100000";
        let args = format!("fit --device cpu {fit} -r 3 --json --labels l.csv --restarts-out r.csv{more}");
        let (code, out, err) = interrupted(&folder, &args, 2);
        assert_eq!(code, Some(130), "{out}{err}");
        let json: Value = serde_json::from_str(&out).unwrap();
        let iterations = json["best"]["iterations"].as_u64().unwrap();
        assert!(iterations > 0 && json["best"]["converged"] == false, "{json:#}");
        assert_eq!(
            (json["restarts"]["count"].as_u64(), json["streamed"].is_object()),
            (Some(1), !more.is_empty())
        );
        let said = format!("stopped by Ctrl-C after {iterations} iteration");
        let warnings = json["warnings"].as_array().unwrap();
        assert!(
            warnings.iter().any(|warning| warning["text"].as_str().unwrap().starts_with(&said)),
            "{warnings:?}"
        );
        let said = format!(
            "error: stopped by Ctrl-C; the result is that of --restarts 1 --max-iter {iterations}; l.csv and r.csv were written"
        );
        assert!(err.contains(&said), "{err}");
        let whole = folder
            .json(&format!("x.npy -k 400 --init random -r 1 --max-iter {iterations} --restarts-out whole-r.csv --labels whole.csv"));
        assert_eq!(json["fingerprint"], whole["fingerprint"]);
        assert_eq!(json["best"], whole["best"]);
        assert_eq!(folder.read("r.csv"), folder.read("whole-r.csv"));
        assert_eq!(folder.read("l.csv"), folder.read("whole.csv"));
    }
}

/// A stopped minibatch is that of the batches that were done, in every output, and says so.
#[test]
fn ctrl_c_leaves_the_batches_done() {
    let folder = Folder::new();
    let minibatch = "--algorithm minibatch --batch-size 64 -k 4 -r 2";
    let args =
        format!("fit --device cpu --json {minibatch} --batches 4000000 --labels l.csv --model m.safetensors");
    let (code, out, err) = interrupted(&folder, &args, 2);
    assert_eq!(code, Some(130), "{out}{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    let batches = json["minibatch"]["batches"].as_u64().unwrap();
    assert!((1..4_000_000).contains(&batches) && json["best"]["iterations"] == batches, "{json:#}");
    let said = format!(
        "error: stopped by Ctrl-C; the result is that of --batches {batches}; l.csv and m.safetensors were"
    );
    assert!(err.contains(&said), "{err}");
    assert!(err.contains(&format!("stopped by Ctrl-C after {batches} of 4000000 batches")), "{err}");
    let whole = folder.json(&format!("{minibatch} --batches {batches} --labels whole.csv"));
    assert_eq!(json["fingerprint"], whole["fingerprint"]);
    assert_eq!(folder.read("l.csv"), folder.read("whole.csv"));
}

#[test]
fn ctrl_c_before_a_restart_has_ended_ends_the_program() {
    // one restart takes minutes
    let values: Vec<f64> =
        (0..40_000u32 * 8).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8)).collect();
    let folder = Folder::with([("x.npy", &npy_f64("(40000, 8)", &values))]);
    let args = "fit x.npy --device cpu -k 20000 -r 1 --labels l.csv";
    let (code, out, err) = interrupted(&folder, args, 2);
    assert_eq!((code, out.as_str()), (None, ""), "{err}");
    assert!(err.contains("stopped by Ctrl-C; no restart has ended yet, and nothing was written"), "{err}");
    assert_eq!(folder.names(), ["x.npy"]);
}

#[test]
fn ctrl_c_in_a_fit_without_files_says_so() {
    let (code, out, err) = interrupted(&Folder::new(), "fit --device cpu -k 4 -r 3000000", 2);
    assert!(code == Some(130) && out.contains("fingerprint "), "{out}{err}");
    assert!(err.contains("no file was asked for, and none was written"), "{err}");
}

/// A stopped sweep has the fits that were done, each as in a whole one.
#[test]
fn ctrl_c_in_a_sweep_leaves_the_fits_done() {
    let folder = Folder::new();
    let args = "sweep --device cpu -k 2..9 --seeds 1..900 -r 20 --no-measures --json --table t.csv";
    let (code, out, err) = interrupted(&folder, args, 3);
    assert_eq!(code, Some(130), "{out}{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    let runs = json["runs"].as_array().unwrap();
    let said = format!(
        "error: stopped by Ctrl-C; the result is that of {} of 7200 fits; t.csv was written",
        runs.len()
    );
    assert!(!runs.is_empty() && runs.len() < 7200 && err.contains(&said), "{err}");
    let warnings = json["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning["code"] == "stopped-early"), "{warnings:?}");
    let rows = json["table"].as_array().unwrap().len();
    assert_eq!(folder.read("t.csv").lines().count(), rows + 1);
    assert_eq!(folder.names(), ["t.csv"]);
    let one = folder.run("sweep --device cpu -k 2 --seeds 1 -r 20 --no-measures --json").out;
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!(runs[0]["fingerprint"], one["runs"][0]["fingerprint"]);
}
