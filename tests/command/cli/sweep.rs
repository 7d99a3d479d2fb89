//! `cairn sweep`.

use super::{Folder, Ran, npy_f64};

/// Three groups of a class each, and a class of its own in the rows held out.
fn folder() -> Folder {
    let row = |i: usize| {
        let (x, y, class) = [(0, 0, "a"), (50, 1, "b"), (0, 60, "c")][i % 3];
        format!("{},{},{class}\n", x + i * 7 % 5, y + i * 3 % 4)
    };
    let fitted: String = (0..60).map(row).collect();
    let held_out: String = (60..90).map(row).collect::<String>() + "51,2,other\n-9000,3,a\n";
    let head = "x,y,class\n";
    Folder::with([
        ("fitted.csv", format!("{head}{fitted}").as_bytes()),
        ("held.csv", format!("{head}{held_out}").as_bytes()),
        ("three.npy", &npy_f64("(2, 3)", &[0.0; 6])),
    ])
}

fn sweep(folder: &Folder, args: &str) -> Ran {
    folder.run(&format!("sweep --device cpu {args}"))
}

fn json(folder: &Folder, args: &str) -> serde_json::Value {
    let ran = sweep(folder, &format!("--json {args}"));
    ran.done();
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_line_for_each_number_of_clusters() {
    let folder = folder();
    let ran = sweep(&folder, "fitted.csv --truth class --test held.csv -k 1..3,60 --seeds 1..3 -r 2");
    ran.done();
    insta::assert_snapshot!(ran.out, @r"
    data        fitted.csv, 60 rows
    held out    held.csv, 32 rows
    fits        3 seeds, 2 restarts each; medians over the seeds, (min to max)
    clusters      inertia  silhouette   Calinski-H.   Davies-B.      gap        BIC   accuracy  held out
           1  80741.66667           -             -           -  -0.8549   -567.114     33.33%    34.38%
           2        25205      0.7237       127.797      0.4141  -0.2974   -541.619     66.67%    62.50%
           3          195      0.9545*      11772.2*     0.0641   4.1039   -283.822*   100.00%    96.88%
          60            0           -             -           -        -          -    100.00%    96.88%
    choice      k = 3 by silhouette, Calinski-Harabasz and BIC; gap chooses none up to 60
    ");
}

#[test]
fn one_seed_and_no_truth_have_less_to_show() {
    let folder = folder();
    let ran = sweep(&folder, "fitted.csv --truth class -k 2,3 --seeds 7 -r 2 --no-measures");
    ran.done();
    insta::assert_snapshot!(ran.out, @r"
    data        fitted.csv, 60 rows
    fits        1 seed, 2 restarts each
    clusters  inertia  accuracy
           2    25205    66.67%
           3      195   100.00%
    ");
    let json = json(&folder, "three.npy -k 1 --seeds 0..1");
    assert!(json["truth"].is_null() && json["table"][0]["accuracy"].is_null());
}

/// The choice in words, by stars, in JSON and, as the curves it is made of, in the file of the table.
#[test]
fn the_measures_choose_a_number() {
    let folder = folder();
    let args = "fitted.csv --truth class -k 1..6 --seeds 1..2 -r 3";
    let ran = sweep(&folder, args);
    ran.done();
    assert!(ran.out.contains("\nchoice      k = 3 by silhouette, Calinski-Harabasz, gap"), "{}", ran.out);
    assert!(
        ran.out.lines().any(|line| line.trim_start().starts_with("3 ") && line.matches('*').count() >= 3)
    );
    let json = json(&folder, &format!("{args} --table t.csv"));
    let choice = &json["choice"];
    assert!(choice["n_clusters"] == 3 && choice["gap"] == 3 && choice["silhouette"] == 3, "{choice}");
    assert!(ran.out.contains(choice["text"].as_str().unwrap()));
    let run = &json["runs"][2];
    assert!(run["gap_sample"] == 60 && run["silhouette_sample"] == 60 && run["gap_error"].is_f64(), "{run}");
    let head = folder.read("t.csv").lines().next().unwrap().to_owned();
    for column in ["gap_median", "gap_error_median", "bic_median"] {
        assert!(head.contains(column), "{head}");
    }
    let without = self::json(&folder, &format!("{args} --reference-sets 0"));
    assert!(without["choice"]["gap"].is_null() && without["table"][0]["gap"].is_null());
    assert_eq!(without["choice"]["bic"], choice["bic"]);
    assert!(self::json(&folder, &format!("{args} --no-measures"))["choice"].is_null());
}

#[test]
fn every_fit_is_one_of_its_own() {
    let folder = Folder::new();
    let json = json(&folder, "-k 10,4 --seeds 42,3 -r 5 --no-measures --table t.csv");
    let runs = json["runs"].as_array().unwrap();
    let asked: Vec<_> = runs.iter().map(|run| (run["n_clusters"].as_u64().unwrap(), &run["seed"])).collect();
    let (a, b) = ("42".into(), "3".into());
    assert_eq!(asked, [(4, &a), (4, &b), (10, &a), (10, &b)]);
    for (run, args) in [(0, "-k 4 --seed 42"), (3, "-k 10 --seed 3")] {
        let fit = folder.json(&format!("{args} -r 5"));
        assert_eq!(runs[run]["fingerprint"], fit["fingerprint"]);
        assert_eq!(runs[run]["inertia"], fit["best"]["inertia"]);
        assert_eq!(runs[run]["accuracy"], fit["score"]["accuracy"]);
    }
    let (low, high) = (runs[0]["inertia"].as_f64().unwrap(), runs[1]["inertia"].as_f64().unwrap());
    let inertia = &json["table"][0]["inertia"];
    assert_eq!(inertia["min"].as_f64().unwrap(), low.min(high));
    assert_eq!(inertia["max"].as_f64().unwrap(), low.max(high));
    // the reader of JSON may be a unit in the last place off
    let middle = low / 2.0 + high / 2.0;
    assert!((inertia["median"].as_f64().unwrap() / middle - 1.0).abs() < 1e-15);

    let text = folder.read("t.csv");
    let mut lines = text.lines();
    let head = "n_clusters,inertia_median,inertia_min,inertia_max,accuracy_median,accuracy_min,accuracy_max";
    assert_eq!(lines.next(), Some(head));
    let first: Vec<f64> = lines.next().unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(first.len(), 7);
    assert!(first[0] == 4.0 && (first[1] / middle - 1.0).abs() < 1e-15, "{text}");
}

#[test]
fn undefined_measures_are_empty_cells_and_nulls() {
    let folder = folder();
    let json = json(&folder, "fitted.csv --truth class -k 1,2 --seeds 1 --table t.csv");
    assert!(json["table"][0]["silhouette"].is_null() && json["runs"][0]["davies_bouldin"].is_null());
    assert!(json["table"][1]["silhouette"]["median"].is_f64());
    let text = folder.read("t.csv");
    assert!(text.lines().nth(1).unwrap().contains(",,,,,,,,,"), "{text}");
    assert!(!text.contains("NaN"));
}

#[test]
fn names_come_from_the_fitted_rows() {
    let folder = folder();
    let json = json(&folder, "fitted.csv --truth class --test held.csv -k 3 --seeds 1");
    let accuracy = &json["runs"][0];
    assert_eq!(accuracy["accuracy"], 1.0);
    // `other` is nowhere among the fitted rows; the row far outside the range is nearest to its class
    assert_eq!(accuracy["held_out_accuracy"], 31.0 / 32.0);
    let same = self::json(&folder, "fitted.csv --truth class --test fitted.csv -k 2..9 --seeds 1..2 -r 1");
    for run in same["runs"].as_array().unwrap() {
        assert_eq!(run["accuracy"], run["held_out_accuracy"], "the fitted rows held out");
    }
}

#[test]
fn columns_of_rows_held_out_are_found_by_name() {
    let folder = folder();
    let turned = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{},{},{}\n", cells[1], cells[0], cells[2])
    };
    let text: String = folder.read("held.csv").lines().map(turned).collect();
    std::fs::write(folder.path("turned.csv"), text).unwrap();
    let runs = |test: &str| {
        json(&folder, &format!("fitted.csv --truth class --test {test} -k 2,3 --seeds 1"))["runs"].clone()
    };
    assert_eq!(runs("turned.csv"), runs("held.csv"));
    let nameless: String = folder.read("held.csv").lines().skip(1).map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.path("nameless.csv"), nameless).unwrap();
    let ran = sweep(&folder, "fitted.csv --truth 3 --test nameless.csv -k 2 --header no");
    assert_eq!(ran.code, 1, "{}", ran.err); // the row of names is read as data
}

#[test]
fn a_small_table_has_fewer_numbers_of_clusters() {
    let folder = Folder::with([("small.csv", b"a,b\n1,2\n3,4\n5,6\n9,9\n8,8\n"), ("one.csv", b"7\n")]);
    let ran = sweep(&folder, "small.csv --json");
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let numbers: Vec<u64> =
        json["table"].as_array().unwrap().iter().map(|row| row["n_clusters"].as_u64().unwrap()).collect();
    assert_eq!((ran.code, numbers), (0, vec![2, 3, 4, 5]), "{}", ran.err);
    assert_eq!(json["warnings"][0]["code"], "fewer-clusters");
    assert!(
        ran.err.contains("small.csv has 5 rows") && ran.err.contains("end at 5, not at 20"),
        "{}",
        ran.err
    );
    assert_eq!(sweep(&folder, "one.csv").code, 0);
    sweep(&folder, "small.csv -k 2..6").refused(1, &["6 clusters for 5 rows"]); // asked for
}

#[test]
fn what_is_refused() {
    let folder = folder();
    std::fs::write(folder.path("other.csv"), "x,z,class\n1,0,a\n0,50,b\n").unwrap();
    sweep(&folder, "fitted.csv --truth class --test other.csv -k 2")
        .refused(1, &["other.csv", "missing: \"y\"", "unknown: \"z\""]);
    std::fs::remove_file(folder.path("other.csv")).unwrap();
    let refused = |args: &str, code, parts: &[&str]| sweep(&folder, args).refused(code, parts);
    refused("fitted.csv --truth class -k 61", 1, &["fitted.csv", "61 clusters for 60 rows"]);
    refused("fitted.csv --truth class --test nothing.csv", 1, &["--test", "nothing.csv"]);
    refused("fitted.csv --truth class --test digits", 1, &["--truth", "class"]);
    refused("fitted.csv --test held.csv", 1, &["class"]); // text where features are
    refused("three.npy -k 2 --test three.npy", 1, &["three.npy has no truth column"]);
    refused("digits -k 2 --test held.csv --truth 1", 1, &["held.csv"]);
    refused("-r 0", 2, &["0 restarts"]);
    refused("fitted.csv --truth class --table held.txt", 2, &["held.txt", ".csv, .npy"]);
    refused("fitted.csv --truth class --table fitted.csv", 2, &["DATA and --table", "fitted.csv"]);
    refused("- --test -", 2, &["standard input"]);
    for args in ["-k 0", "-k 9..2", "-k ten", "--seeds 0..1000"] {
        let ran = sweep(&folder, args);
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.starts_with("error: "), "{}", ran.err);
    }
    assert_eq!(folder.names(), ["fitted.csv", "held.csv", "three.npy"]);
}

#[test]
fn quiet_and_help() {
    let folder = Folder::new();
    let ran = sweep(&folder, "-k 2 --seeds 1 -r 1 -q --table t.npy");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    assert_eq!(folder.names(), ["t.npy"]);
    let help = folder.run("sweep --help");
    help.done();
    assert!(help.out.contains("--clusters <LIST>") && help.out.contains("preferred numbers"), "{}", help.out);
    assert!(help.out.lines().all(|line| line.chars().count() <= 100), "{}", help.out);
}
