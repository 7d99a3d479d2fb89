//! `cairn compare`: text, files, the page in a browser, `--calibrate` and its effect on `auto`.

use serde_json::Value;

use super::Folder;
#[cfg(unix)]
use super::interrupted;
use crate::browser;

const QUICK: &str = "compare -k 3 -r 2 --runs 6 --warmup 0 --devices cpu,reference";

fn document(folder: &Folder, file: &str) -> Value {
    serde_json::from_str(&folder.read(file)).unwrap()
}

#[test]
fn two_devices_are_verified_and_timed() {
    let folder = Folder::new();
    let ran = folder.run(&format!("{QUICK} --export-json c.json --export-csv c.csv --export-html c.html"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let fingerprint = folder.json("-k 3 -r 2")["fingerprint"].as_str().unwrap().to_owned();
    for part in ["cpu and reference agree in every bit", &fingerprint, "median", "where it goes", "result  "]
    {
        assert!(ran.out.contains(part), "{part:?} is missing from {}", ran.out);
    }
    assert_eq!(folder.names(), ["c.csv", "c.html", "c.json"]);
    let json = document(&folder, "c.json");
    assert_eq!((&json["complete"], &json["data"]["n_points"]), (&true.into(), &1797.into()));
    let measured = &json["measurements"][0];
    assert_eq!(measured["fingerprint"], fingerprint);
    for device in measured["devices"].as_array().unwrap() {
        let split = |part: &str| device["split_s"][part].as_f64().unwrap();
        assert_eq!(device["runs_s"].as_array().unwrap().len(), 6);
        assert!(split("assign") > 0.0 && split("update") > 0.0, "{device}");
        // each is a median of its own, so they need not add up on a machine that is busy
        assert!(split("assign") + split("update") <= split("iterate") * 1.25 + 1e-6, "{device}");
        assert!(split("seed") > 0.0 && device["rates"]["gflops"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(folder.read("c.csv").lines().count(), 3);
}

#[test]
fn a_sweep_has_its_curve_and_its_crossover() {
    let folder = Folder::new();
    let ran = folder.run(&format!("{QUICK} --sweep restarts=1..5 --export-json c.json"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in
        ["time of a run by restarts", "● cpu   ○ reference", "└──", "at restarts = 5:", "result      "]
    {
        assert!(ran.out.contains(part), "{part:?} is missing from {}", ran.out);
    }
    let json = document(&folder, "c.json");
    let values: Vec<u64> =
        json["measurements"].as_array().unwrap().iter().filter_map(|m| m["value"].as_u64()).collect();
    assert!(values.starts_with(&[1, 2, 5]), "{values:?}");
    assert_eq!(
        (&json["sweep"]["parameter"], &json["crossovers"][0]["device"]),
        (&"restarts".into(), &"reference".into())
    );
    for sweep in ["points=100,1797", "clusters=2..5"] {
        assert_eq!(folder.run(&format!("{QUICK} --sweep {sweep}")).code, 0, "{sweep}");
    }
    let one = folder.run(&format!("{QUICK} --sweep restarts=2"));
    assert!(one.out.contains("3 clusters, 2 restarts") && one.out.contains("cpu is "), "{}", one.out);
    let alone = folder.run("compare -k 3 --runs 2 --devices cpu --sweep restarts=1,2");
    assert!(alone.code == 0 && !alone.out.contains("fastest"), "{}", alone.out);
}

#[test]
fn one_device_is_timed_alone() {
    let folder = Folder::new();
    let ran = folder.run("compare -k 3 -r 2 --runs 5 --devices cpu --threads 1 --gpu-memory 1GiB");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("threads: 1)"), "{}", ran.out);
    assert!(ran.out.contains("one device only") && ran.out.contains("median"), "{}", ran.out);
    assert!(!ran.out.contains("result"), "{}", ran.out);
    assert!(ran.err.contains("5 runs say little") && ran.err.contains("see --runs"), "{}", ran.err);
}

/// A software adapter takes part only where it is named, or all adapters are.
#[cfg(feature = "gpu")]
#[test]
fn software_adapters_are_left_out_and_the_time_is_said_before() {
    let folder = Folder::new();
    let devices: Value = serde_json::from_str(&folder.run("devices --json").out).unwrap();
    let adapters = devices["adapters"].as_array().unwrap();
    let ran = folder.run("compare -k 3 -r 2 --runs 1 --warmup 0 --export-json c.json");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("note: measuring takes "), "{}", ran.err);
    let json = document(&folder, "c.json");
    let compared = json["devices"].as_array().unwrap();
    assert!(compared.iter().all(|device| device["software"] == false), "{compared:?}");
    let software = adapters.iter().find(|adapter| adapter["software"] == true);
    assert_eq!(software.is_some(), ran.err.contains("is left out, a software adapter"), "{}", ran.err);
    if let Some(software) = software {
        let word = software["name"].as_str().unwrap().split([' ', '(']).next().unwrap();
        let named = format!("--devices cpu,{word}");
        assert!(ran.err.contains(&named), "{}", ran.err);
        let ran = folder.run(&format!("compare -k 3 -r 1 --runs 1 --warmup 0 {named}"));
        assert!(ran.code == 0 && ran.out.contains("software adapter on the CPU"), "{}{}", ran.out, ran.err);
        assert!(!ran.err.contains("left out"), "{}", ran.err);
    }
    assert_eq!(folder.run("compare -k 3 -r 2 --runs 1 -q").err, "");
}

#[test]
fn few_runs_say_what_a_clear_answer_takes() {
    let ran = Folder::new().run("compare -k 3 -r 2 --runs 2 --warmup 1 --devices cpu,reference");
    let said =
        ": 1 warm-up run and 2 runs of each device; --runs 6, the fewest that can say which is faster, take ";
    assert!(ran.code == 0 && ran.err.contains(said), "{}", ran.err);
}

/// The share that bounds skip is the engine's own count: the reference computes every distance.
#[test]
fn useful_work_and_skipped_distances_are_columns() {
    let folder = Folder::new();
    let ran = folder.run(
        "compare -k 60 -r 2 --runs 1 --warmup 0 --devices cpu,reference --export-json c.json --export-csv c.csv",
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    for part in ["useful work a second", "restarts  distances  skipped by bounds"] {
        assert!(ran.out.contains(part), "{part:?} is missing from {}", ran.out);
    }
    assert!(!ran.out.contains("of peak"), "{}", ran.out);
    let json = document(&folder, "c.json");
    let [cpu, reference] = [0, 1].map(|at| json["measurements"][0]["devices"][at]["rates"].clone());
    assert_eq!(reference["skipped_distances"], 0.0);
    let skipped = cpu["skipped_distances"].as_f64().unwrap();
    assert!(0.0 < skipped && skipped < 1.0 && cpu["distances_per_s"].as_f64().unwrap() > 0.0, "{cpu}");
    let lines: Vec<Vec<String>> =
        folder.read("c.csv").lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let at = lines[0].iter().position(|name| name == "skipped_distances").unwrap();
    assert_eq!((&lines[1][at], lines[2][at].as_str()), (&skipped.to_string(), "0"));
}

#[test]
fn misuse_is_refused_before_any_work() {
    let folder = Folder::with([("init.csv", b"1,2\n3,4\n"), ("t.csv", b"1,2\n3,4\n5,7\n")]);
    for (args, part) in [
        ("--runs 0", "--runs"),
        ("--sweep restarts=9..1", "9..1 is empty"),
        ("--sweep restarts=0..9", "whole number"),
        ("--sweep seeds=1..9", "restarts, points or clusters"),
        ("--sweep restarts", "restarts=1..1000"),
        ("--devices cpu,cpu", "twice"),
        ("--devices auto", "choice"),
        ("--export-json nowhere/c.json", "nowhere/c.json"),
        ("--export-html .", "--export-html"),
        ("--export-json a --export-csv ./a", "--export-json and --export-csv are the same file"),
        ("--init init.csv --sweep restarts=1..2", "2 restarts from given centroids"),
        ("--calibrate --sweep restarts=1..2", "--calibrate"),
        ("--calibrate -r 5", "--calibrate"),
        ("--calibrate --runs 3", "--calibrate"),
        ("-k 0", "0 clusters"),
        ("-k 3 --sweep points=2,100", "start at 3"),
    ] {
        let ran = folder
            .run(&format!("compare missing.csv {args}").replace("missing.csv --calibrate", "--calibrate"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args}: {}", ran.err);
        assert!(ran.err.starts_with("error: ") && ran.err.contains(part), "{args}: {}", ran.err);
    }
    let ran = folder.run("compare t.csv -k 2 --devices cpu --export-csv t.csv");
    assert!(ran.code == 2 && ran.err.contains("DATA and --export-csv"), "{}", ran.err);
    folder
        .run("compare t.csv -k 2 --devices cpu --sweep points=2..9")
        .refused(1, &["--sweep points=2,5,9", "5 points", "3 rows"]);
    folder
        .run("compare t.csv --devices cpu --sweep clusters=2,4")
        .refused(1, &["--sweep clusters=2,4", "4 clusters", "3 rows"]);
    folder.run("compare t.csv -k 2 --devices cpu,nosuch").refused(1, &["--devices", "nosuch"]);
    assert_eq!(folder.names(), ["init.csv", "t.csv"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_shows_what_was_measured_until_then() {
    let folder = Folder::new();
    let args = "compare -k 10 -r 3 --runs 100000 --warmup 0 --devices cpu,reference --export-json c.json";
    let (code, out, err) = interrupted(&folder, args, 4);
    assert_eq!(code, Some(130), "{out}{err}");
    assert!(out.contains("incomplete") && out.contains("stopped by Ctrl-C"), "{out}");
    assert!(err.contains("error: stopped by Ctrl-C"), "{err}");
    let json = document(&folder, "c.json");
    assert_eq!((&json["stopped"], &json["complete"]), (&true.into(), &false.into()));
    assert!(!json["measurements"][0]["devices"][0]["runs_s"].as_array().unwrap().is_empty());
}

/// In a sweep the largest value with times is shown, and the finding is of that one.
#[cfg(unix)]
#[test]
fn ctrl_c_in_a_sweep_shows_the_values_that_were_measured() {
    let folder = Folder::new();
    let args = "compare -k 3 --runs 1000 --warmup 0 --devices cpu,reference --sweep restarts=1,2,20";
    let (code, out, err) = interrupted(&folder, args, 5);
    assert_eq!(code, Some(130), "{out}{err}");
    assert!(out.contains("not all values were measured; at restarts = "), "{out}");
    assert!(!out.contains("\nat restarts = 20:") && out.contains("\n  20 "), "{out}");
}

/// Where there is an adapter: the GPU is verified and timed like any other.
#[cfg(feature = "gpu")]
#[test]
fn a_gpu_takes_part_where_there_is_one() {
    let folder = Folder::new();
    let devices: Value = serde_json::from_str(&folder.run("devices --json").out).unwrap();
    if devices["adapters"].as_array().unwrap().is_empty() {
        return folder.run("compare --devices cpu,gpu").refused(1, &["--devices", "no GPU"]);
    }
    let args = "compare -k 4 -r 2 --runs 1 --warmup 0 --devices cpu,gpu --export-json c.json";
    let ran = folder.run(args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("cpu and gpu agree in every bit"), "{}", ran.out);
    assert!(ran.out.contains("too few runs to say") && ran.err.contains("1 run says little"), "{}", ran.err);
    let name = devices["adapters"][0]["name"].as_str().unwrap().split([' ', ',']).next().unwrap();
    folder.run(&format!("compare --devices gpu,{name}")).refused(2, &["the same device", "name it once"]);
    let json = document(&folder, "c.json");
    let gpu = &json["measurements"][0]["devices"][1];
    assert!(gpu["split_s"]["build"].as_f64().unwrap() > 0.0, "{gpu}");
    assert!(json["devices"][1]["open_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_page_shows_its_chart_and_asks_nobody_for_anything() {
    let folder = Folder::new();
    let ran = folder.run(&format!("{QUICK} --sweep restarts=1,2 --export-html c.html"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let Some(seen) = browser::open(&folder.path("c.html")) else { return };
    assert!(seen.console.is_empty(), "{:?}", seen.console);
    assert!(seen.requests.is_empty(), "{:?}", seen.requests);
    let chart = seen.dom.split("<svg").nth(1).unwrap();
    assert!(chart.contains("polyline") && chart.contains("var(--device-1)") && chart.contains("restarts"));
    assert!(seen.dom.contains("cpu wins") || seen.dom.contains("no clear difference"), "{}", seen.dom);
}

/// Without a GPU there is nothing to choose.
#[cfg(feature = "gpu")]
#[test]
fn what_was_calibrated_is_what_auto_goes_by() {
    let folder = Folder::new();
    let ran = folder.run("fit -k 2 -r 1 -v");
    assert!(ran.err.contains("note: auto estimated") && ran.err.contains("built-in model"), "{}", ran.err);
    let ran = folder.run("compare --calibrate --devices cpu");
    ran.done();
    assert!(ran.out.contains("saved for `--device auto` in"), "{}", ran.out);
    let kept = document(&folder, "cache/costs.json");
    assert!(kept["schema"] == 1 && kept["cpu"]["per_step"].as_f64().unwrap() > 0.0, "{kept}");
    let ran = folder.run("fit -k 2 -r 1 -v");
    assert!(ran.err.contains("on the CPU, as measured by `cairn compare --calibrate`"), "{}", ran.err);
    assert!(!ran.err.contains("measures this machine"), "{}", ran.err);
    folder.run("compare --calibrate --devices cpu --threads 1 -q").done();
    assert_eq!(document(&folder, "cache/costs.json")["threads"], 1);
    std::fs::write(folder.path("cache/costs.json"), "{\"schema\": 1, \"cpu\": 7}").unwrap();
    let ran = folder.run("fit -k 2 -r 1");
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("costs.json is ignored: not a cost model"), "{}", ran.err);
    assert!(!folder.run("fit -k 2 -r 1 -q").err.contains("ignored"));
}
