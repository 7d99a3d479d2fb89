//! Bisecting and minibatch k-means, limits on sizes: said in every output, what they did, what is refused.

use serde_json::Value;

use super::{Folder, Ran};

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

const ARGS: &str = "digits -k 5 -r 3 --algorithm bisecting --device cpu";

/// The model labels the fitted rows as the fit does, and has a report.
fn model_labels_and_reports(folder: &Folder) {
    let labels: Vec<String> = folder.read("l.csv").lines().skip(1).map(str::to_owned).collect();
    let predicted = folder.run("predict m.safetensors digits").out;
    let predicted: Vec<&str> =
        predicted.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(predicted, labels);
    assert!(folder.run("report m.safetensors -o m.html").code == 0);
}

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
    model_labels_and_reports(&folder);
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
    assert!(
        ran.code == 2 && ran.err.contains("[possible values: lloyd, bisecting, minibatch]"),
        "{}",
        ran.err
    );
}

const BATCHES: &str = "digits -k 5 -r 3 --algorithm minibatch --batch-size 40 --batches 7 --device cpu";

#[test]
fn batches_are_said_in_every_output() {
    let folder = Folder::new();
    let fit = format!("fit {BATCHES} --report r.html --model m.safetensors --labels l.csv --centroids c.csv");
    let ran = folder.run(&fit);
    let said = "minibatch: a sample of 120 rows, the best of 3 restarts, then 7 batches of 40 drawn rows";
    assert!(ran.out.contains(said) && ran.out.contains("the result is not a fixed point"), "{}", ran.out);
    assert!(ran.out.contains("not a fixed point; --init with the file of --centroids"), "{}", ran.out);
    let report = folder.read("r.html");
    assert!(report.contains("7 batches of 40 drawn rows") && report.contains("not a fixed point"));
    let found = json(&folder.run(&format!("fit {BATCHES} --json")));
    let params = &found["params"];
    assert_eq!(
        (&params["algorithm"], &params["batch_size"], &params["batches"]),
        (&"minibatch".into(), &40.into(), &7.into())
    );
    let expected = serde_json::json!({"sample": 120, "batches": 7, "batch_size": 40, "fixed_point": false});
    assert_eq!(found["minibatch"], expected);
    assert_eq!((&found["best"]["iterations"], &found["best"]["converged"]), (&7.into(), &false.into()));
    // a model labels the fitted rows as the fit does, and its report says what it is
    model_labels_and_reports(&folder);
    assert!(folder.read("m.html").contains("the result is not a fixed point"));
    let swept = folder.run("sweep digits -k 5 --seeds 42 -r 3 --algorithm minibatch --batch-size 40 --batches 7 --device cpu --json");
    let swept = json(&swept);
    assert_eq!((&swept["batch_size"], &swept["batches"]), (&40.into(), &7.into()));
    assert_eq!(swept["runs"][0]["fingerprint"], found["fingerprint"]);
    let swept = folder.run("sweep digits -k 5 --seeds 42 -r 3 --algorithm minibatch --device cpu");
    assert!(swept.out.contains("for a sample, then 100 batches of 1024 drawn rows"), "{}", swept.out);
    // its centroids start the usual loop
    let next = json(&folder.run("fit digits --init c.csv --device cpu --json"));
    assert!(next["best"]["inertia"].as_f64() < found["best"]["inertia"].as_f64());
    assert!(next["minibatch"].is_null() && next["params"]["batches"].is_null());
    let dry = folder.run(&format!("fit {BATCHES} --dry-run"));
    assert!(dry.out.contains("minibatch: a sample, then 7 batches of 40 drawn rows"), "{}", dry.out);
}

#[test]
fn a_fixed_point_of_batches_is_said_too() {
    let folder = Folder::with([("t.csv", b"x\n0\n8\n0\n8\n8\n")]);
    let fit =
        "fit t.csv -k 2 --algorithm minibatch --batches 1 --device cpu --model m.safetensors --report r.html";
    let ran = folder.run(fit);
    assert!(ran.out.contains("the result is a fixed point"), "{} {}", ran.out, ran.err);
    assert!(
        ran.out.contains("1 of a batch each, and one more iteration over all rows would change no"),
        "{}",
        ran.out
    );
    assert!(folder.read("r.html").contains("the result is a fixed point"));
}

#[test]
fn a_sample_of_all_rows_and_clusters_without_rows_are_said() {
    // one row has nearly all of the weight, so that the sample has no other
    let table = b"x,w\n0,4000000000\n8,1\n9,1\n";
    let folder = Folder::with([("t.csv", &table[..])]);
    let fit = "fit t.csv -k 2 --algorithm minibatch --batches 1 --batch-size 5 --device cpu";
    let all = folder.run(&format!("{fit} --ignore w")).out;
    assert!(all.contains("a sample of 3 rows (all of them: the usual loop takes less time"), "{all}");
    assert!(!all.contains("a second"), "{all}");
    let ran = folder.run(&format!("{fit} --weights w --centroids c.csv"));
    assert!(
        ran.err.contains("1 of 2 clusters ended empty: the sample had too few distinct rows"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("a sample of 15 rows, the best"), "{}", ran.out);
    let next = folder.run("fit t.csv --init c.csv --weights w --device cpu"); // as the warning says
    assert!(next.code == 0 && !next.err.contains("ended empty"), "{}", next.err);
}

#[test]
#[cfg(feature = "gpu")]
fn auto_does_not_open_a_gpu_for_what_the_cpu_does_or_for_little_work() {
    let folder = Folder::new();
    let auto =
        |args: &str| folder.run(&format!("fit digits -k 10 --threads 1 --device auto --dry-run {args}")).out;
    let limits = auto("-r 100000 --min-size 170");
    assert!(limits.contains("limits on sizes are kept there"), "{limits}");
    // 1000 restarts of a sample of 30 rows are little, and of the table they are much
    let few = auto("-r 1000 --algorithm minibatch --batch-size 10 --batches 9");
    assert!(few.contains("a small job"), "{few}");
    let much = auto("-r 1000");
    assert!(!much.contains("a small job"), "{much}");
    let long = auto("-r 1 --algorithm minibatch --batch-size 10000 --batches 100000");
    assert!(!long.contains("a small job"), "{long}");
}

#[test]
fn what_batches_can_not_do_is_refused() {
    let folder = Folder::with([("t.csv", b"x,y\n1,2\n3,4\n9,9\n")]);
    let fit = "fit t.csv -k 2 --device cpu";
    folder
        .run(&format!("{fit} --batches 3"))
        .refused(2, &["--batches 3 with --algorithm lloyd", "minibatch"]);
    let ran = folder.run(&format!("{fit} --algorithm bisecting --batch-size 9"));
    ran.refused(2, &["--batch-size 9 with --algorithm bisecting"]);
    let minibatch = format!("{fit} --algorithm minibatch");
    folder.run(&format!("{minibatch} --refine")).refused(2, &["minibatch", "not refined"]);
    let ran = folder.run(&format!("{minibatch} --batch-size 65536 --batches 65536"));
    ran.refused(2, &["65536 batches of 65536 rows are 4294967296 rows; at most 1073741824"]);
    let ran = folder.run(&format!("{minibatch} --batches 0"));
    assert!(ran.code == 2 && ran.err.contains("give a whole number, 1 or more"), "{}", ran.err);
    folder.run("fit t.csv -k 4 --algorithm minibatch --device cpu").refused(1, &["4 clusters for 3 rows"]);
    folder.run("sweep t.csv -k 2 --batches 3").refused(2, &["--batches 3 with --algorithm lloyd"]);
}

#[test]
fn limits_on_sizes_and_their_cost_are_said_in_every_output() {
    let folder = Folder::new();
    let args = "fit digits -k 10 -r 2 --min-size 170 --max-size 190 --device cpu";
    let ran = folder.run(&format!("{args} --report r.html --model m.safetensors --labels l.csv"));
    assert!(ran.out.contains("\nsizes       170 to 190 rows, kept by moving rows"), "{}", ran.out);
    assert!(ran.out.contains("the limits cost 0."), "{}", ran.out);
    let found = json(&folder.run(&format!("{args} --json")));
    assert_eq!((&found["params"]["min_size"], &found["params"]["max_size"]), (&170.into(), &190.into()));
    let number = |value: &Value| value.as_f64().unwrap();
    let (with, without) = (number(&found["best"]["inertia"]), number(&found["sizes"]["inertia_without"]));
    assert!(without < with && (number(&found["sizes"]["cost"]) - (with - without)).abs() < 1e-6);
    let counts = found["best"]["counts"].as_array().unwrap();
    assert!(counts.iter().all(|count| (170..=190).contains(&count.as_u64().unwrap())), "{counts:?}");
    let labels = folder.read("l.csv");
    for cluster in 0..10 {
        let rows = labels.lines().skip(1).filter(|line| **line == cluster.to_string()).count();
        assert!((170..=190).contains(&rows));
    }
    let said = "at least 170 rows and at most 190 rows in each cluster, which adds ";
    assert!(folder.read("r.html").contains(said));
    assert_eq!(folder.run("report m.safetensors -o m.html").code, 0);
    assert!(folder.read("m.html").contains(said));
    let dry = folder.run(&format!("{args} --dry-run"));
    assert!(dry.out.contains("sizes       170 to 190 rows"), "{}", dry.out);
    let swept =
        folder.run("sweep digits -k 10 --seeds 42 -r 2 --min-size 170 --max-size 190 --device cpu --json");
    assert_eq!(json(&swept)["runs"][0]["fingerprint"], found["fingerprint"]);
    let swept = folder.run("sweep digits -k 10 --seeds 42 -r 2 --max-size 190 --device cpu --no-measures");
    assert!(swept.out.contains("clusters of at most 190 rows"), "{}", swept.out);
    // without limits there is no such line
    let usual = json(&folder.run("fit digits -r 2 --device cpu --json"));
    assert!(usual["sizes"].is_null() && usual["params"]["min_size"].is_null());
}

#[test]
fn limits_on_sizes_that_can_not_be_kept_are_refused() {
    let table = b"x,w\n1,1\n2,2\n3,1\n4,1\n9,0\n";
    let folder = Folder::with([("t.csv", &table[..])]);
    let fit = "fit t.csv -k 2 --ignore w --device cpu";
    folder
        .run(&format!("{fit} --min-size 3"))
        .refused(1, &["2 clusters of at least 3 rows need 6 rows", "at least 2 rows"]);
    folder
        .run(&format!("{fit} --max-size 2"))
        .refused(1, &["2 clusters of at most 2 rows hold 4 rows", "at most 3 rows"]);
    folder.run(&format!("{fit} --min-size 3 --max-size 2")).refused(2, &["at least 3 rows and at most 2"]);
    let weighted = "fit t.csv -k 2 --weights w --device cpu --max-size 3";
    folder.run(weighted).refused(1, &["row 2 has 2 times the weight of row 1", "leave the weights out"]);
    for other in ["--refine", "--search evolve", "--algorithm bisecting", "--algorithm minibatch"] {
        let name = other.rsplit(' ').next().unwrap().trim_start_matches("--"); // refine: refined
        let ran = folder.run(&format!("{fit} --max-size 3 {other}"));
        ran.refused(2, &["limits on the sizes of clusters (at most 3 rows)", name]);
    }
    let ran = folder.run(&format!("{fit} --min-size 0"));
    assert!(ran.code == 2 && ran.err.contains("give a whole number, 1 or more"), "{}", ran.err);
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
