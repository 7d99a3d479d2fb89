//! Output files in both formats, and reading them back.

use std::fs::{self, File};

use npyz::NpyFile;

use super::Folder;

fn npy_shape(folder: &Folder, name: &str) -> Vec<u64> {
    NpyFile::new(File::open(folder.path(name)).unwrap()).unwrap().shape().to_vec()
}

fn npy_values<T: npyz::Deserialize>(folder: &Folder, name: &str) -> Vec<T> {
    NpyFile::new(File::open(folder.path(name)).unwrap()).unwrap().into_vec().unwrap()
}

#[test]
fn labels_are_one_a_row_in_both_formats() {
    let folder = Folder::new();
    let json = folder.json("-r 2 --labels l.csv");
    folder.json("-r 2 --labels l.npy");
    let text = folder.read("l.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("label"));
    let labels: Vec<u32> = lines.map(|line| line.parse().unwrap()).collect();
    assert_eq!(labels, npy_values::<u32>(&folder, "l.npy"));
    let counted = |c| labels.iter().filter(|&&label| label == c).count();
    let counts: Vec<usize> = (0..10).map(counted).collect();
    assert_eq!(serde_json::json!(counts), json["best"]["counts"]);
    assert_eq!(folder.names(), ["l.csv", "l.npy"]);
}

#[test]
fn restarts_are_one_a_line_in_both_formats() {
    let folder = Folder::new();
    let json = folder.json("-r 3 --restarts-out r.csv --max-iter 14");
    folder.json("-r 3 --restarts-out r.npy --max-iter 14");
    let text = folder.read("r.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("restart,inertia,iterations,stopped"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), ["0", "1", "2"]);
    let best = rows[json["best"]["restart"].as_u64().unwrap() as usize].clone();
    assert_eq!(best[1].parse::<f64>().unwrap(), json["best"]["inertia"].as_f64().unwrap());
    assert_eq!(
        (best[2], best[3]),
        (&*json["best"]["iterations"].to_string(), json["best"]["stopped"].as_str().unwrap())
    );

    assert_eq!(npy_shape(&folder, "r.npy"), [3, 4]);
    let code =
        |name: &str| ["fixed_point", "tol", "max_iter"].iter().position(|stop| *stop == name).unwrap() as f64;
    let values: Vec<f64> = rows
        .iter()
        .flat_map(|row| {
            [row[0].parse().unwrap(), row[1].parse().unwrap(), row[2].parse().unwrap(), code(row[3])]
        })
        .collect();
    assert_eq!(npy_values::<f64>(&folder, "r.npy"), values);
}

#[test]
fn centroids_go_out_and_in_again() {
    let folder = Folder::new();
    for (name, shape) in [("c.csv", None), ("c.npy", Some([10, 64]))] {
        let first = folder.json(&format!("-r 5 --centroids {name} --labels first.csv"));
        assert!(shape.is_none_or(|shape| npy_shape(&folder, name) == shape));
        let again = folder.json(&format!("-q --init {name} --max-iter 1 --labels again.csv"));
        assert_eq!(again["params"]["n_clusters"], 10);
        assert_eq!(again["params"]["init"], name);
        assert_eq!(
            (&again["best"]["iterations"], &again["best"]["stopped"]),
            (&1.into(), &"fixed_point".into())
        );
        assert_eq!(again["best"]["inertia_exact"], first["best"]["inertia_exact"]);
        assert_eq!(folder.read("first.csv"), folder.read("again.csv"));
    }
    assert!(folder.read("c.csv").starts_with("pixel_0_0,pixel_0_1,"));
    assert_eq!(folder.read("c.csv").lines().count(), 11);
}

#[test]
fn other_centroids_do_not_converge_at_once() {
    // the check above can fail: from elsewhere one iteration is not enough
    let folder = Folder::new();
    folder.json("-r 1 --max-iter 2 --centroids c.npy");
    let json = folder.json("-q --init c.npy --max-iter 1");
    assert_eq!((&json["best"]["stopped"], &json["best"]["converged"]), (&"max_iter".into(), &false.into()));
}

#[test]
fn a_file_that_is_there_is_replaced_when_all_went_well_and_kept_when_not() {
    let folder = Folder::with([("l.csv", b"before"), ("bad.csv", b"1\nx\n")]);
    folder.fit("bad.csv --labels l.csv").refused(1, &["bad.csv"]);
    assert_eq!(folder.read("l.csv"), "before");
    folder.fit("-q -r 1 --labels l.csv").done();
    assert!(folder.read("l.csv").starts_with("label\n"));
}

#[test]
fn all_three_at_once_and_nothing_else() {
    let folder = Folder::new();
    folder.fit("-q -r 2 --labels l.npy --centroids c.csv --restarts-out r.csv").done();
    assert_eq!(folder.names(), ["c.csv", "l.npy", "r.csv"]);
    assert!(fs::metadata(folder.path("l.npy")).unwrap().len() > 1797 * 4);
}
