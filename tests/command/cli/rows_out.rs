//! Tables on standard output, and `--rows-out`: the rows with their labels.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Folder, Ran, gzip, npy_f64};

/// Ids, text with a comma, blanks around a number, holes.
const CUSTOMERS: &str = "id,Gender,age,income\n1,Male, 19,15\n2,Female,NA,15\n3,\"Fe,male\",20,16\n4,Female,23,\n\n5,Male,31,17.0\n";
const LABELLED: &str = "id,Gender,age,income,label,distance\n1,Male, 19,15,0,0.7071067811865476\n2,Female,NA,15,,\n3,\"Fe,male\",20,16,0,0.7071067811865476\n4,Female,23,,,\n5,Male,31,17.0,1,0\n";
const FLAGS: &str = "-k 2 --numeric --ignore id --missing drop";

fn customers() -> Folder {
    Folder::with([("t.csv", CUSTOMERS.as_bytes())])
}

#[test]
fn rows_are_written_as_they_were_read_with_label_and_distance() {
    let folder = customers();
    folder.fit(&format!("t.csv {FLAGS} --rows-out o.csv --model m.safetensors")).done();
    assert_eq!(folder.read("o.csv"), LABELLED);
    // of a pipe too, and by the model
    let piped = Ran::of(
        folder
            .cairn()
            .args(format!("fit - {FLAGS} -q --device cpu --rows-out -").split(' '))
            .write_stdin(CUSTOMERS),
    );
    assert_eq!((piped.code, piped.out.as_str()), (0, LABELLED));
    let packed = folder.path("t.csv.gz");
    std::fs::write(&packed, gzip(CUSTOMERS.as_bytes())).unwrap();
    let ran = folder.run("predict m.safetensors t.csv.gz --rows-out -");
    assert_eq!(ran.out, LABELLED);
    let piped = Ran::of(
        folder.cairn().args("predict m.safetensors - --rows-out -".split(' ')).write_stdin(CUSTOMERS),
    );
    assert_eq!((piped.code, piped.out.as_str()), (0, LABELLED));
    // both outputs
    folder.run("predict m.safetensors t.csv -o p.csv --rows-out o.jsonl");
    assert!(folder.read("p.csv").starts_with("label,name,distance,runner_up,margin\n0,,0.707"));
    let rows: Vec<Value> =
        folder.read("o.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        rows[0],
        serde_json::json!({"id": "1", "Gender": "Male", "age": 19.0, "income": 15.0, "label": 0, "distance": std::f64::consts::FRAC_1_SQRT_2})
    );
    assert_eq!(
        (&rows[1]["age"], &rows[1]["label"], &rows[3]["income"]),
        (&"NA".into(), &Value::Null, &Value::Null)
    );
}

#[test]
fn names_come_with_a_truth_and_names_that_are_taken_get_a_number() {
    let text = "label;x;kind\na;1,5;p\nb;1,25;p\nc;9,0;q\n";
    let folder = Folder::with([("t.csv", text.as_bytes())]);
    folder.fit("t.csv -k 2 --columns x --truth kind --rows-out o.csv").done();
    let expected =
        "label;x;kind;label (column 4);name;distance\na;1,5;p;0;p;0,125\nb;1,25;p;0;p;0,125\nc;9,0;q;1;q;0\n";
    assert_eq!(folder.read("o.csv"), expected);
    // such a file can be read again
    folder.fit("o.csv -k 2 --columns x,distance").done();
}

#[test]
#[cfg(feature = "parquet")]
fn parquet_keeps_numbers_as_numbers_and_text_as_text() {
    let folder = customers();
    folder.fit(&format!("t.csv {FLAGS} --rows-out o.parquet --model m.safetensors")).done();
    let ran = folder.run("predict m.safetensors o.parquet --rows-out - -o p.parquet");
    let expected = "id,Gender,age,income,label,distance,label (column 7),distance (column 8)\n1,Male,19,15,0,0.7071067811865476,0,0.7071067811865476\n2,Female,,15,,,,\n3,\"Fe,male\",20,16,0,0.7071067811865476,0,0.7071067811865476\n4,Female,23,,,,,\n5,Male,31,17,1,0,1,0\n";
    assert_eq!((ran.code, ran.out.as_str()), (0, expected), "{}", ran.err);
    // the columns of predictions and distances too
    let labels =
        folder.run("fit p.parquet -k 2 --columns label,distance --missing drop --device cpu --rows-out -");
    assert!(
        labels.out.starts_with(
            "label,name,distance,runner_up,margin,label (column 6),distance (column 7)\n0,,0.707"
        ),
        "{}",
        labels.out
    );
    folder.run("transform m.safetensors t.csv -o d.parquet");
    let rows = folder.run("fit d.parquet -k 2 --missing drop --device cpu --rows-out -").out;
    assert!(rows.starts_with("cluster 0,cluster 1,label,distance\n0.707"), "{rows}");
    let piped =
        folder.cairn().args("predict m.safetensors t.csv --format parquet".split(' ')).output().unwrap();
    assert_eq!(&piped.stdout[..4], b"PAR1");
    assert_eq!(piped.stdout, std::fs::read(folder.path("p.parquet")).unwrap());
}

/// Dates and nested values are not read, so they are not written, which every output says.
#[test]
#[cfg(feature = "parquet")]
fn columns_that_are_not_read_are_named() {
    let fixture =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/columns/kinds.parquet");
    let folder = Folder::new();
    std::fs::copy(fixture, folder.path("kinds.parquet")).unwrap();
    let json = folder
        .run("fit kinds.parquet -k 1 --numeric --device cpu --rows-out o.csv --model m.safetensors --json");
    let said = "o.csv lacks columns of kinds.parquet that can't be read as text: \"day\" (dates or times), \"point\" (nested values)";
    assert!(json.code == 0 && json.err.contains(said), "{}", json.err);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let warnings = json["warnings"].as_array().unwrap();
    let warning = warnings.iter().find(|warning| warning["code"] == "columns-not-written").unwrap();
    assert!(warning["text"].as_str().unwrap().contains(said), "{warning}");
    let header = folder.read("o.csv").lines().next().unwrap().to_owned();
    assert!(
        header.contains("text,") && !header.contains("day") && header.ends_with(",label,distance"),
        "{header}"
    );
    let ran = folder.run("predict m.safetensors kinds.parquet --rows-out o.parquet");
    assert!(ran.code == 0 && ran.err.contains(&said.replace("o.csv", "o.parquet")), "{}", ran.err);
    // types stay: the model reads its columns, and truth values are such
    assert_eq!(
        folder.run("predict m.safetensors o.parquet").out,
        folder.run("predict m.safetensors kinds.parquet").out
    );
    let rows = folder.run("predict m.safetensors o.parquet --rows-out -").out;
    assert!(rows.contains("true,") || rows.contains(",true"), "{rows}");
}

#[test]
fn arrays_have_all_digits_and_no_names() {
    let folder = Folder::with([("x.npy", &npy_f64("(3, 2)", &[0.1, 1e300, f64::NAN, 2.0, 0.1, 1e300]))]);
    let ran = folder.fit("x.npy -k 1 --missing drop --rows-out - -q");
    let wide = format!("1{}", "0".repeat(300));
    let expected = format!("column 1,column 2,label,distance\n0.1,{wide},0,0\nNaN,2,,\n0.1,{wide},0,0\n");
    assert_eq!((ran.code, ran.out), (0, expected), "{}", ran.err);
}

#[test]
fn a_row_that_lacks_a_weight_has_no_label() {
    let folder = Folder::with([("t.csv", b"x,w\n1,1\n2,\n9,2\n")]);
    let ran = folder.fit("t.csv -k 2 --weights w --missing drop --rows-out - -q");
    assert_eq!(ran.out, "x,w,label,distance\n1,1,1,0\n2,,,\n9,2,0,0\n");
}

/// However rows are compared, and however clusters are made.
#[test]
fn labels_are_those_of_the_fit() {
    let folder = Folder::new();
    for how in
        ["", "--metric cosine", "--algorithm bisecting", "--scale standard", "--scale robust --max-iter 1"]
    {
        folder.fit(&format!("digits -k 7 -r 2 -q {how} --rows-out o.csv --labels l.csv")).done();
        let (rows, labels) = (folder.read("o.csv"), folder.read("l.csv"));
        let of_row = |line: &str| line.rsplit(',').nth(2).unwrap().to_owned();
        assert!(rows.lines().map(of_row).eq(labels.lines().map(str::to_owned)), "{how}");
        assert_eq!(rows.lines().count(), 1798);
    }
}

#[test]
fn several_files_are_one_table_of_rows() {
    let folder = Folder::with([("a.csv", b"x,y\n1,1\n1,2\n"), ("b.csv", b"x,y\n9,9\n")]);
    let ran = folder.fit("a.csv b.csv -k 2 --rows-out - -q");
    assert_eq!(ran.out, "x,y,label,distance\n1,1,0,0.5\n1,2,0,0.5\n9,9,1,0\n");
}

#[test]
fn the_summary_leaves_standard_output_to_a_table() {
    let folder = customers();
    for flag in ["--labels", "--centroids", "--restarts-out"] {
        let ran = folder.fit(&format!("t.csv {FLAGS} {flag} -"));
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.err.contains("fingerprint ") && !ran.out.contains("fingerprint"), "{flag}: {}", ran.err);
        let quiet = folder.fit(&format!("t.csv {FLAGS} -q {flag} -"));
        assert_eq!((quiet.out, quiet.err.as_str()), (ran.out, ""), "{flag}");
    }
    let labels = folder.fit(&format!("t.csv {FLAGS} -q --labels -")).out;
    assert_eq!(labels, "label\n0\n\"\"\n0\n\"\"\n1\n");
    let ran =
        folder.run("sweep t.csv --columns income --missing drop -k 1,2 --seeds 1 --device cpu --table -");
    assert!(
        ran.out.starts_with("n_clusters,inertia_median") && ran.err.contains("\nfits "),
        "{}{}",
        ran.out,
        ran.err
    );
    assert_eq!(folder.names(), ["t.csv"]);
}

#[test]
fn two_tables_do_not_share_standard_output_or_a_file() {
    let folder = customers();
    let both = "are both standard output; name a file for";
    folder
        .fit(&format!("t.csv {FLAGS} --labels - --rows-out -"))
        .refused(2, &["--labels and --rows-out", both]);
    folder
        .fit(&format!("t.csv {FLAGS} --centroids - --json"))
        .refused(2, &["--centroids and --json", both, "for --centroids"]);
    folder.run("sweep t.csv --table - --json").refused(2, &["--table and --json", both]);
    folder.fit(&format!("t.csv {FLAGS} --model m.safetensors")).done();
    folder.run("predict m.safetensors t.csv -o - --rows-out -").refused(2, &[both]);
    folder
        .fit(&format!("t.csv {FLAGS} --rows-out o.csv --labels o.csv"))
        .refused(2, &["are the same file, o.csv"]);
    folder
        .fit(&format!("t.csv {FLAGS} --rows-out t.csv"))
        .refused(2, &["DATA and --rows-out are the same file"]);
    folder.run("predict m.safetensors t.csv --rows-out m.safetensors").refused(2, &["MODEL and --rows-out"]);
    assert_eq!(folder.read("t.csv"), CUSTOMERS);
}

#[test]
fn bad_places_for_rows_are_refused_before_the_fit() {
    let folder = customers();
    folder
        .fit(&format!("t.csv {FLAGS} --rows-out nowhere/o.csv"))
        .refused(1, &["nowhere/o.csv: can't be written: its folder does not exist"]);
    folder
        .fit(&format!("t.csv {FLAGS} --rows-out o.npy"))
        .refused(2, &["o.npy: an array holds no text", ".parquet"]);
    folder
        .fit(&format!("t.csv {FLAGS} --rows-out o.txt"))
        .refused(2, &["o.txt: the name of an output file must end in"]);
    folder.fit(&format!("t.csv {FLAGS} --model m.safetensors")).done();
    folder.run("predict m.safetensors t.csv --rows-out o.npy").refused(2, &["o.npy: an array holds no text"]);
    folder
        .run("predict m.safetensors t.csv --rows-out o.csv --format jsonl")
        .refused(2, &["--format is that of --output"]);
    folder.run("predict m.safetensors t.csv -o x.txt").refused(2, &["x.txt: the name must end in .csv"]);
    assert_eq!(folder.names(), ["m.safetensors", "t.csv"]);
}

/// A command whose reader is gone.
fn into_closed_pipe(folder: &Folder, args: &str) -> (i32, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cairn"));
    command.env("XDG_RUNTIME_DIR", std::env::temp_dir()).current_dir(folder.path(""));
    let child = command.args(args.split(' ')).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_closed_pipe_ends_quietly_and_leaves_the_other_files() {
    let folder = customers();
    for flag in ["--labels", "--rows-out", "--centroids", "--restarts-out"] {
        let args = format!("fit t.csv {FLAGS} --device cpu -q {flag} - --model m.safetensors");
        assert_eq!(into_closed_pipe(&folder, &args), (0, String::new()), "{flag}");
        std::fs::remove_file(folder.path("m.safetensors")).unwrap();
    }
    folder.fit(&format!("t.csv {FLAGS} --model m.safetensors")).done();
    folder.fit("digits -r 1 -q --model d.safetensors").done();
    for args in [
        "predict m.safetensors t.csv",
        "predict m.safetensors t.csv --rows-out -",
        // more than any buffer holds
        "predict d.safetensors digits --rows-out -",
        "fit digits -r 1 --device cpu -q --rows-out -",
        "fit digits -k 300 -r 1 --device cpu -q --centroids -",
    ] {
        let (code, err) = into_closed_pipe(&folder, args);
        assert!(code == 0 && !err.contains("error"), "{args}: {err}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_as_standard_output() {
    let folder = customers();
    folder.fit(&format!("t.csv {FLAGS} --model m.safetensors")).done();
    for args in [
        &format!("fit t.csv {FLAGS} --device cpu -q --labels -"),
        "predict m.safetensors t.csv --rows-out -",
        "predict m.safetensors t.csv",
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("cairn"));
        let output =
            command.current_dir(folder.path("")).args(args.split(' ')).stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(
            err.contains("error: standard output: can't be written: ")
                && err.contains("a part may have been written"),
            "{err}"
        );
    }
}
