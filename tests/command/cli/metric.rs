//! The metric cosine: said in every output, kept in the model, applied to new rows; what is refused.

use serde_json::Value;

use super::{Folder, Ran};

/// Two directions, of rows of any length.
fn table() -> String {
    let row = |i: usize| {
        let (size, away) = (1 + i * 37 % 90, i % 7);
        let [x, y] =
            if i.is_multiple_of(2) { [size * 10, size + away] } else { [size - 1, size * 10 + away] };
        format!("{x},{y},{}\n", ["a", "b"][i % 2])
    };
    "x,y,kind\n".to_owned() + &(0..40).map(row).collect::<String>()
}

const ARGS: &str = "t.csv -k 2 --truth kind --metric cosine";

fn folder() -> Folder {
    let folder = Folder::with([("t.csv", table().as_bytes())]);
    folder
        .run(&format!("fit {ARGS} --device cpu -q --model m.safetensors --centroids c.csv --labels l.csv"))
        .done();
    folder
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_metric_is_said_in_every_output() {
    let folder = folder();
    let ran = folder.run(&format!("fit {ARGS} --device cpu --report r.html"));
    assert!(ran.out.contains("\nmetric      cosine: rows and centroids have length 1"), "{}", ran.out);
    assert!(ran.out.contains("the mean cosine of a row and its centroid is 0.9999"), "{}", ran.out);
    assert!(ran.out.contains("\nscale       unit"), "{}", ran.out);
    assert!(folder.read("r.html").contains("cosine: centroids have length 1 too"));
    let fitted = json(&folder.run(&format!("fit {ARGS} --device cpu --json")));
    assert_eq!((&fitted["params"]["metric"], &fitted["data"]["scale"]), (&"cosine".into(), &"unit".into()));
    assert_eq!(fitted["score"]["accuracy"], 1.0);
    let swept = folder.run(&format!("sweep {ARGS} --seeds 1 --device cpu"));
    assert!(swept.out.contains("restarts each, metric cosine"), "{}", swept.out);
    let swept = json(&folder.run(&format!("sweep {ARGS} --seeds 42 --device cpu --json")));
    assert_eq!(swept["metric"], "cosine");
    assert_eq!(swept["runs"][0]["fingerprint"], fitted["fingerprint"]);
    let compare = format!("compare {ARGS} --devices cpu,reference --runs 1 --warmup 0");
    let ran = folder.run(&format!("{compare} --sweep points=10,40 --export-json c.json"));
    assert!(ran.code == 0 && (ran.out + &ran.err).contains("seed 42, metric cosine"), "{}", ran.err);
    let compared: Value = serde_json::from_str(&folder.read("c.json")).unwrap();
    assert_eq!(compared["params"]["metric"], "cosine");
    assert_eq!(compared["measurements"][1]["fingerprint"], fitted["fingerprint"]);
    assert_eq!(json(&folder.run("name m.safetensors --json"))["metric"], "cosine");
    assert!(folder.run("report m.safetensors -o m.html").code == 0);
    assert!(folder.read("m.html").contains("cosine: centroids have length 1 too"));
    // the usual metric is not said
    let usual = folder.run("fit t.csv -k 2 --truth kind --device cpu");
    assert!(!usual.out.contains("metric") && !usual.out.contains("cosine"), "{}", usual.out);
    assert_eq!(json(&folder.run("fit t.csv -k 2 --truth kind --json"))["params"]["metric"], "euclidean");
}

#[test]
fn a_model_labels_rows_by_their_angle() {
    let folder = folder();
    let labels: Vec<String> = folder.read("l.csv").lines().skip(1).map(str::to_owned).collect();
    let longer = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let times = |cell: &str| cell.parse::<f64>().unwrap() * 1e6;
        format!("{},{},{}\n", times(cells[0]), times(cells[1]), cells[2])
    };
    let rows: String = table().lines().skip(1).map(longer).collect();
    std::fs::write(folder.path("new.csv"), format!("x,y,kind\n{rows}0,0,a\n")).unwrap();
    let ran = folder.run("predict m.safetensors new.csv");
    let mut found: Vec<&str> = ran.out.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(found.pop(), Some(""), "a row of zeros has no label");
    assert_eq!(found, labels);
    assert!(ran.err.contains("1 row has no label: new.csv, row 42: all its values are 0"), "{}", ran.err);
    folder.run("predict m.safetensors new.csv --strict").refused(1, &["row 42", "no direction"]);
    assert!(folder.run("transform m.safetensors new.csv").out.lines().last().unwrap().starts_with(','));
    let scored = folder.run("score m.safetensors new.csv --truth kind");
    assert!(scored.out.contains(", scale unit, metric cosine\n"), "{}", scored.out);
    assert_eq!(json(&folder.run("score m.safetensors new.csv --truth kind --json"))["metric"], "cosine");
    folder.run("draw m.safetensors -o d.html").refused(1, &["the model's rows are scaled (unit)"]);
    // centroids have length 1, and those of any length can be starts
    for line in folder.read("c.csv").lines().skip(1) {
        let squares = line.split(',').map(|x| x.parse::<f64>().unwrap().powi(2)).sum::<f64>();
        assert!((squares - 1.0).abs() < 1e-8, "{line}");
    }
    std::fs::write(folder.path("starts.csv"), "x,y\n500,1\n0.001,2\n").unwrap();
    let again = json(&folder.run(&format!("fit {ARGS} --device cpu --init starts.csv --json")));
    assert_eq!(again["score"]["accuracy"], 1.0);
}

#[test]
fn held_out_rows_are_compared_by_angle() {
    let folder = folder();
    // longer rows of the same directions, with their columns in another order
    let longer = |line: &str| line.replace(',', "00,") + "\n";
    let rows: String = table().lines().skip(1).map(longer).collect();
    std::fs::write(folder.path("test.csv"), format!("y,x,kind\n{}", swapped(&rows))).unwrap();
    let args = format!("sweep {ARGS} --test test.csv --seeds 1 --device cpu --json");
    assert_eq!(json(&folder.run(&args))["runs"][0]["held_out_accuracy"], 1.0);
    std::fs::write(folder.path("test.csv"), "x,y,kind\n1,2,a\n0,0,b\n").unwrap();
    folder.run(&args).refused(1, &["test.csv: row 3: all its values are 0"]);
}

fn swapped(rows: &str) -> String {
    let swap = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{},{},{}\n", cells[1], cells[0], cells[2])
    };
    rows.lines().map(swap).collect()
}

#[test]
fn what_has_no_angle_is_refused() {
    let folder = folder();
    let zeros = "x,y\n1,2\n\n3,4\n0,0\n5,1\n";
    std::fs::write(folder.path("z.csv"), zeros).unwrap();
    for args in ["fit", "sweep", "compare"] {
        let devices = if args == "compare" { "--devices cpu" } else { "--device cpu" };
        let ran = folder.run(&format!("{args} z.csv -k 2 --metric cosine {devices}"));
        ran.refused(1, &["z.csv: row 5: all its values are 0", "the metric euclidean"]);
    }
    folder.run("fit z.csv -k 2 --metric cosine --missing drop").refused(1, &["row 5"]);
    for scale in ["standard", "minmax", "robust"] {
        for command in ["fit", "sweep"] {
            let ran =
                folder.run(&format!("{command} t.csv -k 2 --truth kind --metric cosine --scale {scale}"));
            ran.refused(2, &["--metric cosine with --scale", scale, "leave out --scale"]);
        }
    }
    assert_eq!(folder.run(&format!("fit {ARGS} --scale unit")).code, 0);
    let ran = folder.run("fit t.csv -k 2 --metric manhattan");
    assert!(ran.code == 2 && ran.err.contains("[possible values: euclidean, cosine]"), "{}", ran.err);
    std::fs::write(folder.path("starts.csv"), "x,y\n500,1\n0,0\n").unwrap();
    folder
        .run(&format!("fit {ARGS} --init starts.csv"))
        .refused(1, &["start centroid 2: all its values are 0"]);
    assert!(!folder.path("labels.csv").exists());
}
