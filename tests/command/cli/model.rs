//! Models: fitted, listed, named, and applied to rows from files and pipes, in every format.

use std::fs::{self, File};
use std::io::Read;

use npyz::NpyFile;
use serde_json::Value;

use super::{Folder, Ran, npy, npy_f64};

/// Two clusters, of named columns and classes.
const POINTS: &str = "x,kind,y\n0,a,0\n0,a,2\n30,b,40\n30,\"c,d\",42\n30,\"c,d\",41\n";

fn fitted() -> Folder {
    let folder = Folder::with([("points.csv", POINTS.as_bytes())]);
    folder.fit("points.csv --truth kind -k 2 -q --model m.safetensors").done();
    folder
}

fn piped(folder: &Folder, args: &str, input: impl Into<Vec<u8>>) -> Ran {
    Ran::of(folder.cairn().args(args.split_whitespace()).write_stdin(input))
}

#[test]
fn the_summary_says_how_to_use_the_model() {
    let folder = Folder::new();
    let ran = folder.fit("-r 2 --model digits.safetensors");
    ran.done();
    assert!(ran.out.contains("use it with: cairn predict digits.safetensors DATA\n"), "{}", ran.out);
    assert_eq!(folder.names(), ["digits.safetensors"]);
}

#[test]
fn training_rows_get_the_labels_of_the_fit() {
    let folder = Folder::new();
    folder.fit("-q -r 2 -k 12 --labels l.csv --model m.safetensors").done();
    let ran = folder.run("predict m.safetensors digits");
    ran.done();
    let labels: Vec<&str> = ran.out.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(labels, folder.read("l.csv").lines().collect::<Vec<_>>());
    for device in ["cpu", "reference"] {
        assert_eq!(
            folder.run(&format!("predict m.safetensors digits --device {device} --threads 1")).out,
            ran.out
        );
    }
}

#[test]
fn every_format_says_the_same() {
    let folder = fitted();
    let csv = folder.run("predict m.safetensors points.csv");
    csv.done();
    // the column `kind` is not the model's; the order of the model's columns is its own
    let lines: Vec<&str> = csv.out.lines().collect();
    assert_eq!(lines[0], "label,name,distance,runner_up,margin");
    let near = lines[1].split(',').next().unwrap().to_owned();
    assert!(lines[1].starts_with(&format!("{near},a,1,")), "{}", lines[1]);
    assert!(lines[3].contains(",\"c,d\",1,"), "{}", lines[3]);
    let jsonl = folder.run("predict m.safetensors points.csv --format jsonl");
    jsonl.done();
    for (json, line) in jsonl.out.lines().zip(&lines[1..]) {
        let json: Value = serde_json::from_str(json).unwrap();
        let line = line.replace("\"c,d\"", "c d");
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(json["label"].to_string(), cells[0]);
        assert_eq!(json["name"].as_str().unwrap().replace(',', " "), cells[1]);
        assert_eq!(json["distance"].as_f64().unwrap(), cells[2].parse::<f64>().unwrap());
        assert_eq!(json["runner_up"].to_string(), cells[3]);
        assert_eq!(json["margin"].as_f64().unwrap(), cells[4].parse::<f64>().unwrap());
    }
    folder.run("predict m.safetensors points.csv -o p.csv").done();
    folder.run("predict m.safetensors points.csv -o p.jsonl").done();
    assert_eq!((folder.read("p.csv"), folder.read("p.jsonl")), (csv.out, jsonl.out));
}

#[test]
fn an_array_is_one_that_numpy_reads() {
    let folder = fitted();
    folder.run("predict m.safetensors points.csv -o p.npy").done();
    let file = NpyFile::new(File::open(folder.path("p.npy")).unwrap()).unwrap();
    assert_eq!(file.shape(), [5]);
    let descr = file.dtype().descr();
    assert_eq!(
        descr,
        "[('label', '<u4'), ('name', '<U3'), ('distance', '<f8'), ('runner_up', '<i8'), ('margin', '<f8'), ]"
    );
    let bytes = fs::read(folder.path("p.npy")).unwrap();
    let row = 4 + 3 * 4 + 8 + 8 + 8;
    assert_eq!((bytes.len() - 5 * row) % 64, 0);
    let first = &bytes[bytes.len() - 5 * row..][..row];
    assert_eq!(first[4..16], [b'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(f64::from_le_bytes(first[16..24].try_into().unwrap()), 1.0);
    // through a pipe too
    let output =
        folder.cairn().args(["predict", "m.safetensors", "points.csv", "--format", "npy"]).output().unwrap();
    assert_eq!(output.stdout, bytes);
    folder.run("transform m.safetensors points.csv -o t.npy").done();
    let file = NpyFile::new(File::open(folder.path("t.npy")).unwrap()).unwrap();
    assert_eq!(file.shape(), [5, 2]);
    let distances: Vec<f64> = file.into_vec().unwrap();
    let csv = folder.run("transform m.safetensors points.csv").out;
    assert_eq!(csv.lines().next(), Some("cluster 0,cluster 1"));
    let cells: Vec<f64> =
        csv.lines().skip(1).flat_map(|line| line.split(',')).map(|x| x.parse().unwrap()).collect();
    assert_eq!(cells, distances);
    let jsonl = folder.run("transform m.safetensors points.csv --format jsonl").out;
    let rows: Vec<Vec<f64>> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.concat(), distances);
}

#[test]
fn rows_may_come_through_a_pipe_as_text_or_array() {
    let folder = fitted();
    let expected = folder.run("predict m.safetensors points.csv").out;
    assert_eq!(piped(&folder, "predict m.safetensors -", POINTS).out, expected);
    assert_eq!(
        piped(&folder, "predict m.safetensors -", "y,x\n0,0\n2,0\n40,30\n42,30\n41,30\n").out,
        expected
    );
    assert_eq!(piped(&folder, "predict m.safetensors -", "0;0\n0;2\n30;40\n30;42\n30;41\n").out, expected);
    let values = [0.0, 0.0, 0.0, 2.0, 30.0, 40.0, 30.0, 42.0, 30.0, 41.0];
    let array = npy_f64("(5, 2)", &values);
    assert_eq!(piped(&folder, "predict m.safetensors -", array.clone()).out, expected);
    fs::write(folder.path("a.npy"), &array).unwrap();
    assert_eq!(folder.run("predict m.safetensors a.npy").out, expected);
    let ran = piped(&folder, "predict m.safetensors - --by-position", &array[..array.len() - 8]);
    ran.refused(1, &["standard input", "cut short"]);
    let wide = npy_f64("(1, 3)", &[0.0, 7.0, 0.0]);
    assert_eq!(
        piped(&folder, "predict m.safetensors - --ignore 2", wide).out.lines().nth(1),
        expected.lines().nth(1)
    );
}

#[test]
fn one_cluster_has_no_runner_up() {
    let folder = Folder::with([("t.csv", b"1\n3\n")]);
    folder.fit("t.csv -k 1 -q --model m.safetensors").done();
    assert_eq!(
        folder.run("predict m.safetensors t.csv").out,
        "label,name,distance,runner_up,margin\n0,,1,,\n0,,1,,\n"
    );
    let json = folder.run("predict m.safetensors t.csv --format jsonl").out;
    let row = r#"{"label":0,"name":null,"distance":1.0,"runner_up":null,"margin":null}"#;
    assert_eq!(json.lines().next(), Some(row));
    folder.run("predict m.safetensors t.csv -o p.npy").done();
    let bytes = fs::read(folder.path("p.npy")).unwrap();
    assert_eq!(bytes[bytes.len() - 16..bytes.len() - 8], (-1i64).to_le_bytes());
}

#[test]
fn clusters_are_listed_and_named() {
    let folder = fitted();
    let ran = folder.run("name m.safetensors");
    ran.done();
    assert!(ran.out.starts_with("cluster  weight  name  purity\n"), "{}", ran.out);
    assert!(ran.out.contains("c,d   66.67%\n") && ran.out.contains("a     100.00%\n"), "{}", ran.out);
    let list = |name: &str| -> Value {
        serde_json::from_str(&folder.run(&format!("name {name} --json")).out).unwrap()
    };
    let before = list("m.safetensors");
    folder.run("name m.safetensors 1=seven -o n.safetensors").done();
    assert_eq!(list("m.safetensors"), before);
    assert_eq!(list("n.safetensors")["clusters"][1]["name"], "seven");
    assert_eq!(list("n.safetensors")["clusters"][0], before["clusters"][0]);
    folder.run("name n.safetensors 1= 0=x=y").done();
    assert_eq!(list("n.safetensors")["clusters"][1]["name"], Value::Null);
    assert_eq!(list("n.safetensors")["clusters"][0]["name"], "x=y");
    folder.run("name n.safetensors 2=x").refused(1, &["cluster 2", "0 to 1"]);
    assert_eq!(folder.run("name n.safetensors seven").code, 2);
    assert_eq!(folder.names(), ["m.safetensors", "n.safetensors", "points.csv"]);
}

#[test]
fn known_classes_score_a_model() {
    let folder = fitted();
    let ran = folder.run("score m.safetensors points.csv --truth kind --json");
    ran.done();
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["accuracy_by_names"], &json["accuracy"]), (&0.8.into(), &0.8.into()));
    // classes unknown to the model: all names are wrong, but the clusters are not
    let other = "kind,x,y\np,0,1\nq,31,40\n";
    let json: Value =
        serde_json::from_str(&piped(&folder, "score m.safetensors - --truth 1 --json", other).out).unwrap();
    assert_eq!((&json["accuracy_by_names"], &json["accuracy"]), (&0.0.into(), &1.0.into()));
    let text = folder.run("score m.safetensors points.csv --truth kind").out;
    assert!(text.contains("80.00% of the rows are of the kind that their cluster is named after"), "{text}");
    assert!(text.contains("one-to-one 80.00%") && text.contains("purity 80.00%, homogeneity"), "{text}");
    let text = folder.run("score m.safetensors points.csv --truth kind --measures").out;
    assert!(text.contains("silhouette 0.") && text.contains("Davies-Bouldin 0."), "{text}");
    let ran = folder.run("score m.safetensors points.csv --truth kind --measures --json");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(json["measures"]["silhouette"].as_f64().unwrap() > 0.5, "{json}");
    assert!(json["purity"] == 0.8 && json["confusion"].as_array().unwrap().len() == 3, "{json}");
    folder.run("score m.safetensors points.csv").refused(2, &["--truth"]);
    // an array holds its classes as numbers
    let array = npy("'<i8'", "(2, 3)", &[0i64, 1, 7, 30, 40, 9].map(i64::to_le_bytes).concat());
    let ran = piped(&folder, "score m.safetensors - --truth 3 --json", array);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["accuracy"], &json["n_points"]), (&1.0.into(), &2.into()), "{}", ran.err);
}

#[test]
fn a_truth_of_one_value_or_of_as_many_as_rows_is_scored_honestly() {
    let folder = fitted();
    let score = |text: &str| -> Value {
        serde_json::from_str(&piped(&folder, "score m.safetensors - --truth t --json", text).out).unwrap()
    };
    let one = score("x,y,t\n0,0,z\n30,40,z\n");
    assert_eq!((&one["accuracy"], &one["ari"]), (&1.0.into(), &0.0.into()));
    let each = score("x,y,t\n0,0,p\n0,1,q\n30,40,r\n30,41,s\n");
    assert_eq!((&each["accuracy"], &each["ari"]), (&0.5.into(), &0.0.into()));
}

/// Runs `predict` and `transform` with an output file, which must not be there after.
fn refused(input: impl Into<Vec<u8>>, args: &str, parts: &[&str]) {
    let (folder, input) = (fitted(), input.into());
    for (command, out) in [("predict", "-o out.csv"), ("transform", "-o out.npy"), ("predict", "")] {
        let ran = piped(&folder, &format!("{command} m.safetensors - {args} {out}"), input.clone());
        ran.refused(1, parts);
        assert_eq!(folder.names(), ["m.safetensors", "points.csv"], "{}", ran.err);
    }
}

#[test]
fn rows_that_can_not_be_predicted_are_named() {
    refused(
        "x,y\n1,2\n3,four\n",
        "--strict",
        &["standard input, row 3, column 2 (\"y\"): \"four\" is not a number", "--ignore"],
    );
    refused("1,2\n3,4,5\n", "--by-position", &["row 2: has 3 cells"]);
    refused("1,2,3\n", "", &["has 3 columns", "the model has 2", "--ignore"]);
    refused("1\n", "", &["has 1 columns", "the model has 2"]);
    refused("x,z\n1,2\n", "", &["1 of the model's 2 columns", "\"y\"", "--by-position"]);
    refused(
        "x,y\n1,2\n\n1e300,0\n",
        "--strict",
        &["row 4, column 1 (\"x\")", "1e300", "the centre of the fitted rows"],
    );
    refused("y,c,x\n0,0,1e12\n", "--strict", &["row 2, column 3 (\"x\")"]);
    refused("x,y\n1,nan\n", "--strict", &["row 2, column 2", "\"nan\" stands for a missing value"]);
    refused("x,y\n1,\n", "--strict", &["row 2, column 2", "empty"]);
    refused("", "", &["standard input", "empty"]);
    refused("x,y\n", "", &["no rows"]);
    refused("x,y\n1,2\n", "--ignore z", &["--ignore", "\"z\"", "2 columns"]);
    refused(
        npy_f64("(2, 2)", &[0.0, 1.0, f64::NAN, 1.0]),
        "--strict --by-position",
        &["row 2, column 1", "NaN is not a finite number"],
    );
    refused(
        npy_f64("(2, 2)", &[0.0, 1.0, 1e99, 1.0]),
        "--strict --by-position",
        &["row 2, column 1", "1e99"],
    );
    refused(b"x,y\n1,\xff\n".to_vec(), "", &["row 2", "0xff", "UTF-8"]);
}

#[test]
fn what_is_no_model_is_refused() {
    let folder = fitted();
    let mut bytes = fs::read(folder.path("m.safetensors")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(folder.path("flipped"), &bytes).unwrap();
    fs::write(folder.path("cut"), &bytes[..bytes.len() - 9]).unwrap();
    for (model, part) in [
        ("flipped", "damaged"),
        ("cut", "damaged"),
        ("points.csv", "not a Cairn model"),
        ("points.csv", "cairn fit --model"),
        ("nothing", "no such file"),
        ("nothing", "cairn fit --model"),
        (".", "folder"),
    ] {
        for command in ["predict", "transform", "score --truth 1"] {
            folder.run(&format!("{command} {model} points.csv")).refused(1, &[model, part]);
        }
        folder.run(&format!("name {model} 0=x")).refused(1, &[model, part]);
    }
    assert_eq!(folder.names(), ["cut", "flipped", "m.safetensors", "points.csv"]);
}

#[test]
fn files_that_would_be_overwritten_are_saved() {
    let folder = fitted();
    for args in [
        "predict m.safetensors points.csv -o points.csv",
        "transform m.safetensors points.csv -o ./points.csv",
    ] {
        folder.run(args).refused(2, &["DATA and --output are the same file"]);
    }
    let args = "predict m.safetensors points.csv --format csv -o m.safetensors";
    folder.run(args).refused(2, &["MODEL and --output are the same file"]);
    folder
        .fit("points.csv --truth kind --model points.csv")
        .refused(2, &["DATA and --model are the same file"]);
    folder
        .run("predict m.safetensors points.csv -o out.txt")
        .refused(2, &["out.txt", "the name must end in .csv, .npy"]);
    folder.run("predict m.safetensors points.csv -o no/out.csv").refused(1, &["folder does not exist"]);
    folder.fit("points.csv --truth kind --model no/m").refused(1, &["folder does not exist"]);
    folder.run("predict m.safetensors points.csv --threads 0").refused(2, &["0 threads"]);
    assert_eq!(folder.read("points.csv"), POINTS);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::new();
    folder.fit("-q -r 1 --model m.safetensors").done();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.args(["transform", "m.safetensors", "digits"]).current_dir(folder.path("."));
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = [0; 9];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}
