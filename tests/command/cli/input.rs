//! Sources of data, truth and weights.

use super::{Folder, Ran, npy_f64};

const TABLE: &[u8] = b"kind;x;y;copies\na;0;0;1\na;0;1;2\nb;9;9;1\nb;9;8;3\n";

#[test]
fn the_digits_are_inside_the_program() {
    let json = Folder::new().json("-r 2");
    assert_eq!(json["data"]["name"], "digits");
    assert_eq!((&json["data"]["n_points"], &json["data"]["n_dims"]), (&1797.into(), &64.into()));
}

#[test]
fn a_path_named_digits_is_a_file() {
    let folder = Folder::with([("digits", b"1\n2\n3\n")]);
    let json = folder.json("./digits -k 1");
    assert_eq!((&json["data"]["name"], &json["data"]["n_points"]), (&"./digits".into(), &3.into()));
    assert_eq!(json["params"]["n_restarts"], 10);
    assert_eq!(folder.json("digits -r 1")["data"]["n_points"], 1797);
}

#[test]
fn restarts_by_default_are_many_for_the_digits_and_ten_elsewhere() {
    let folder = Folder::with([("t.csv", b"1\n2\n3\n"), ("c.csv", b"1\n3\n")]);
    assert_eq!(folder.json("t.csv -k 2")["params"]["n_restarts"], 10);
    assert_eq!(folder.json("t.csv --init random -k 2")["params"]["n_restarts"], 10);
    assert_eq!(folder.json("t.csv --init c.csv")["params"]["n_restarts"], 1);
    assert_eq!(folder.json("-k 2 --max-iter 1")["restarts"]["count"], 1000);
}

#[test]
fn standard_input_may_be_csv_or_npy() {
    let folder = Folder::new();
    let piped = |bytes: &[u8]| {
        let mut command = folder.cairn();
        let ran =
            Ran::of(command.args(["fit", "-", "--device", "cpu", "-k", "2", "--json"]).write_stdin(bytes));
        ran.done();
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()
    };
    let (csv, npy) = (piped(b"1,2\n3,4\n5,9\n"), piped(&npy_f64("(3, 2)", &[1., 2., 3., 4., 5., 9.])));
    assert_eq!(csv["data"]["name"], "standard input");
    assert_eq!((&csv["data"]["n_points"], &csv["fingerprint"]), (&3.into(), &npy["fingerprint"]));
    folder.fit("-").refused(1, &["standard input", "empty"]);
}

#[test]
fn truth_and_weights_by_name_or_number() {
    let folder = Folder::with([("t.csv", TABLE)]);
    let named = folder.json("t.csv -k 2 --truth kind --weights copies");
    let numbered = folder.json("t.csv -k 2 --truth 1 --weights 4");
    assert_eq!(named["data"]["n_dims"], 2);
    assert_eq!(named["score"]["accuracy"], 1.0);
    assert_eq!(named["fingerprint"], numbered["fingerprint"]);
    assert_eq!(named["score"], numbered["score"]);
    assert_ne!(named["fingerprint"], folder.json("t.csv -k 2 --truth 1")["fingerprint"]); // then a feature
}

#[test]
fn a_weight_is_so_many_copies() {
    let copies = b"0,0\n0,1\n0,1\n9,9\n9,8\n9,8\n9,8\n";
    let folder = Folder::with([("t.csv", TABLE), ("copies.csv", copies)]);
    let weighted = folder.json("t.csv -k 2 --truth kind --weights copies --restarts-out r.csv");
    let plain = folder.json("copies.csv -k 2 --restarts-out p.csv");
    for key in ["inertia", "inertia_exact", "iterations", "counts"] {
        assert_eq!(weighted["best"][key], plain["best"][key], "{key}");
    }
    assert_eq!(folder.read("r.csv"), folder.read("p.csv"));
}

#[test]
fn counts_are_in_the_weights_that_were_given() {
    let folder = Folder::with([("t.csv", b"x,w\n0,0.5\n0,1\n9,2\n")]);
    let json = folder.json("t.csv -k 2 --weights w --init random");
    let mut counts: Vec<f64> =
        json["best"]["counts"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    counts.sort_by(f64::total_cmp);
    assert_eq!(counts, [1.5, 2.0]);
    assert!(json["best"]["counts"].as_array().unwrap().contains(&2.into())); // whole, so an integer
}

#[test]
fn headers_and_delimiters_as_told() {
    let folder = Folder::with([("t.csv", b"1:2\n3:4\n5:6\n"), ("tab.txt", b"1\t2\n3\t4\n")]);
    let rows = |args: &str| folder.json(&format!("{args} -k 1"))["data"].clone();
    assert_eq!(rows("t.csv --delimiter :")["n_points"], 3);
    assert_eq!(rows("t.csv --delimiter : --header yes")["n_points"], 2);
    for tab in ["tab", "\\t"] {
        assert_eq!(rows(&format!("tab.txt --delimiter {tab}"))["n_dims"], 2);
    }
}

#[test]
fn threads_change_nothing() {
    let folder = Folder::new();
    let fingerprint = |threads| folder.json(&format!("-r 5 --threads {threads}"))["fingerprint"].clone();
    assert_eq!(fingerprint(1), fingerprint(3));
    assert_ne!(fingerprint(1), folder.json("-r 5 --seed 43")["fingerprint"]);
}
