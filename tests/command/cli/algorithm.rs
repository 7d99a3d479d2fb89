//! Bisecting k-means: said in every output, its splits, what is refused.

use serde_json::Value;

use super::{Folder, Ran};

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

const ARGS: &str = "digits -k 5 -r 3 --algorithm bisecting --device cpu";

#[test]
fn splits_are_in_every_output() {
    let folder = Folder::new();
    let fit = format!("fit {ARGS} --report r.html --model m.safetensors --restarts-out r.csv --labels l.csv");
    let ran = folder.run(&fit);
    assert!(ran.out.contains("\nalgorithm   bisecting: 4 splits in two"), "{}", ran.out);
    assert!(ran.out.contains("each the best of 3 restarts"), "{}", ran.out);
    assert!(folder.read("r.html").contains("bisecting: 4 splits in two"));
    let found = json(&folder.run(&format!("fit {ARGS} --json")));
    assert_eq!(
        (&found["params"]["algorithm"], &found["params"]["n_restarts"]),
        (&"bisecting".into(), &3.into())
    );
    assert_eq!(found["restarts"]["count"], 1);
    let splits = found["splits"].as_array().unwrap();
    let new: Vec<u64> = splits.iter().map(|split| split["new"].as_u64().unwrap()).collect();
    assert_eq!((new, &splits[0]["cluster"]), (vec![1, 2, 3, 4], &0.into()));
    let counts: u64 = splits[0]["counts"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(counts, 1797);
    let halves: f64 =
        splits[0]["inertia_after"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).sum();
    assert!(halves < splits[0]["inertia"].as_f64().unwrap());
    // a row for the one outcome
    assert_eq!(folder.read("r.csv").lines().count(), 2);
    // a model labels the fitted rows as the fit does
    let labels: Vec<String> = folder.read("l.csv").lines().skip(1).map(str::to_owned).collect();
    let predicted = folder.run("predict m.safetensors digits").out;
    let predicted: Vec<&str> =
        predicted.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(predicted, labels);
    assert!(folder.run("report m.safetensors -o m.html").code == 0);
    assert!(folder.read("m.html").contains("bisecting: 4 splits in two"));
    let swept = folder.run("sweep digits -k 5 --seeds 42 -r 3 --algorithm bisecting --device cpu --json");
    let swept = json(&swept);
    assert_eq!(swept["algorithm"], "bisecting");
    assert_eq!(swept["runs"][0]["fingerprint"], found["fingerprint"]);
    let swept = folder.run("sweep digits -k 5 --seeds 42 -r 3 --algorithm bisecting --device cpu");
    assert!(swept.out.contains("3 restarts for each split in two"), "{}", swept.out);
    // the usual loop has no splits, and is not said
    let usual = json(&folder.run("fit digits -r 3 --json --device cpu"));
    assert!(usual["splits"].is_null() && usual["params"]["algorithm"] == "lloyd");
    assert!(!folder.run("fit digits -r 3 --device cpu").out.contains("algorithm"));
}

#[test]
fn the_metric_cosine_and_more_clusters_than_distinct_rows_go_too() {
    let folder = Folder::with([("t.csv", b"x,y\n1,2\n2,4\n1,2\n5,1\n")]);
    let args = "fit t.csv --algorithm bisecting --device cpu --json";
    let found = json(&folder.run(&format!("{args} -k 3 --metric cosine")));
    assert_eq!((&found["best"]["empty"], &found["best"]["inertia"]), (&1.into(), &0.0.into()));
    assert_eq!(json(&folder.run(&format!("{args} -k 1")))["splits"], Value::Array(Vec::new()));
    assert_eq!(json(&folder.run(&format!("{args} -k 4")))["splits"].as_array().unwrap().len(), 3);
}

#[test]
fn what_bisecting_can_not_do_is_refused() {
    let folder = Folder::with([("t.csv", b"x,y\n1,2\n3,4\n9,9\n"), ("s.csv", b"x,y\n1,2\n3,4\n")]);
    let fit = "fit t.csv --algorithm bisecting --device cpu";
    folder.run(&format!("{fit} --init s.csv")).refused(2, &["given start centroids", "leave them out"]);
    folder.run(&format!("{fit} -k 4")).refused(1, &["4 clusters for 3 rows"]);
    folder.run(&format!("{fit} -k 2 -r 4294967297")).refused(2, &["4294967297 restarts of each split"]);
    let ran = folder.run("fit t.csv -k 2 --algorithm halving");
    assert!(ran.code == 2 && ran.err.contains("[possible values: lloyd, bisecting]"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing() {
    let folder = Folder::new();
    let args = "fit digits -k 40 -r 500000 --algorithm bisecting --device cpu --labels l.csv";
    let (code, out, err) = super::interrupted(&folder, args, 2);
    assert_eq!((code, out.as_str()), (Some(130), ""), "{err}");
    assert!(err.contains("before there were as many clusters as asked for; nothing was written"), "{err}");
    assert!(!folder.path("l.csv").exists());
}
