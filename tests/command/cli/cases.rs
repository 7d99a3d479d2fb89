//! Ordinary files of every form: what is read from them, what is said, and what is refused with which advice.

use serde_json::Value;

use super::{Folder, Ran, npy, npy_f64};

/// Runs `cairn` with this on standard input.
fn piped(folder: &Folder, args: &str, input: impl Into<Vec<u8>>) -> Ran {
    Ran::of(folder.cairn().args(args.split_whitespace()).write_stdin(input))
}

fn fit(input: impl Into<Vec<u8>>, args: &str) -> Ran {
    piped(&Folder::new(), &format!("fit - --device cpu {args}"), input)
}

fn json(input: impl Into<Vec<u8>>, args: &str) -> Value {
    let ran = fit(input, &format!("--json {args}"));
    ran.done();
    serde_json::from_str(&ran.out).unwrap()
}

/// Numbers of rows and columns that a fit reads.
fn size(input: &str, args: &str) -> (u64, u64) {
    let data = &json(input, args)["data"];
    (data["n_points"].as_u64().unwrap(), data["n_dims"].as_u64().unwrap())
}

const FLOWERS: &str = "5.1,3.5,a\n4.9,3.0,a\n6.2,2.9,b\n5.9,3.0,b";

#[test]
fn a_first_row_like_the_others_is_data() {
    assert_eq!(size(FLOWERS, "-k 2 --truth 3"), (4, 2));
    let ran = fit(FLOWERS, "-k 2 --truth 3");
    ran.noted(&["note: standard input: row 1 is data"]);
    let input = &json(FLOWERS, "-k 2 --truth 3")["data"]["input"];
    let found = (&input["header"], &input["first_row"], &input["delimiter"]);
    assert_eq!(found, (&false.into(), &1.into(), &",".into()));
    // the class of the first row is one that no other row has
    assert_eq!(size("5.1,3.5,a\n4.9,3.0,b\n6.2,2.9,c\n", "-k 2 --truth 3"), (3, 2));
    assert_eq!(fit(FLOWERS, "-k 2 -q --truth 3").err, "");
}

#[test]
fn predict_gives_a_line_for_each_row() {
    let folder = Folder::new();
    piped(&folder, "fit - --device cpu -k 2 --truth 3 -q --model m.safetensors", FLOWERS).done();
    for command in ["predict", "transform"] {
        let ran = piped(&folder, &format!("{command} m.safetensors -"), FLOWERS);
        ran.noted(&["row 1 is data", "the model does not use \"column 3\", left out"]);
        assert_eq!(ran.out.lines().count(), 5, "{}", ran.out);
    }
    let ran = piped(&folder, "score m.safetensors - --truth 3 --json", FLOWERS);
    ran.noted(&["row 1 is data"]);
    let score: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&score["n_points"], &score["input"]["header"]), (&4.into(), &false.into()));
    let ran = piped(&folder, "report m.safetensors - --truth 3 --device cpu", FLOWERS);
    assert!(ran.code == 0 && ran.err.contains("row 1 is data"), "{}", ran.err);
    // one row, in which there is nothing to compare
    assert_eq!(piped(&folder, "predict m.safetensors -", "5.1,3.5\n").out.lines().count(), 2);
    let one = |args: &str| piped(&folder, &format!("predict m.safetensors - {args}"), "5.1,3.5,a\n");
    one("").refused(1, &["row 1: may be", "--header yes or --header no"]);
    assert_eq!(one("--header no").out.lines().count(), 2);
}

#[test]
fn missing_values_make_no_header() {
    let refused = |input: &str, parts: &[&str]| fit(input, "-k 2").refused(1, parts);
    refused(
        "5,?,3\n4,1,2\n9,9,9\n8,9,9",
        &["row 1, column 2: \"?\" stands for a missing value", "--ignore 2"],
    );
    for mark in ["NA", "n/a", "null", "-", "?"] {
        let part = format!("row 1, column 2: {mark:?} stands for a missing value");
        refused(&format!("5,{mark}\n4,1\n9,9\n8,9"), &[&part]);
        refused(&format!("x,y\n5,1\n\n9,{mark}\n8,9"), &["row 4, column 2 (\"y\")", "missing", "--ignore y"]);
    }
    refused("5,NaN\n4,1\n9,9\n8,9", &["row 1, column 2", "NaN"]);
    refused("5,\n4,1\n9,9\n8,9", &["row 1, column 2: the cell is empty"]);
}

#[test]
fn counted_columns_are_names() {
    let unnamed = "0,1,2\n5.1,3.5,1.4\n4.9,3.0,1.4\n6.2,2.9,4.3\n5.9,3.0,4.2";
    assert_eq!(size(unnamed, "-k 2"), (4, 3));
    fit(unnamed, "-k 2").noted(&["row 1 names the columns: \"0\", \"1\", \"2\""]);
    let indexed = ",0,1\n0,5.1,3.5\n1,4.9,3.0\n2,6.2,2.9\n3,5.9,3.0";
    assert_eq!(size(indexed, "-k 2 -q"), (4, 3));
    // the advice works although a column has the name 1
    let said = fit(indexed, "-k 2").said();
    assert!(said.contains("column 1 counts the rows") && said.contains("--ignore 1"), "{said}");
    let args = ["fit", "-", "--device", "cpu", "-k", "2", "--json", "--ignore=column 1"];
    let ran = Ran::of(Folder::new().cairn().args(args).write_stdin(indexed));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["data"]["n_dims"], 2);
    for doubtful in ["0,1\n1,0\n1,1\n0,0\n", "0,1,2\n1,2,3\n2,3,4\n", "2019,2020,2021\n5,6,9\n4,3,2\n9,1,1\n"]
    {
        let parts = ["standard input, row 1: may be the names of the columns, or data", "--header"];
        fit(doubtful, "-k 2").refused(1, &parts);
        let n_lines = doubtful.lines().count() as u64;
        assert_eq!(size(doubtful, "-k 2 --header no").0, n_lines);
        assert_eq!(size(doubtful, "-k 2 --header yes").0, n_lines - 1);
    }
    assert_eq!(size("0\n1\n33554432\n33554433", "-k 2"), (4, 1));
}

#[test]
fn all_subcommands_read_row_1_alike() {
    let doubtful = b"1,b\n3,4\n5,6\n";
    let folder = Folder::with([("t.csv", FLOWERS.as_bytes()), ("d.csv", doubtful), ("c.csv", b"0,1\n5,6\n")]);
    let ran = folder.run("sweep t.csv --truth 3 -k 2 --seeds 1 -r 1 --device cpu --json --test t.csv");
    ran.noted(&["t.csv: row 1 is data"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["input"]["header"], &json["test_input"]["header"]), (&false.into(), &false.into()));
    let ran = folder.run("report t.csv --truth 3 -k 2 --device cpu");
    assert!(ran.code == 0 && ran.err.contains("t.csv: row 1 is data"), "{}", ran.err);
    assert!(folder.read("report.html").contains("row 1 is data"));
    for command in ["fit", "sweep", "report", "compare --devices cpu"] {
        let ran = folder.run(&format!("{command} d.csv -k 1"));
        ran.refused(1, &["d.csv, row 1", "\"b\"", "--header yes or --header no"]);
    }
    // a file of centroids: the flag is about it if it is doubtful
    folder.fit("t.csv --truth 3 --init c.csv").refused(1, &["--init: c.csv, row 1", "--header"]);
    folder.fit("t.csv --truth 3 --init c.csv --header no").done();
}

#[test]
fn ids_and_text_are_left_out_on_request() {
    let customers = "CustomerID,Gender,Age\n1,Male,19\n2,Female,21\n3,Male,20";
    let parts = ["row 2, column 2 (\"Gender\"): \"Male\"", "--ignore Gender leaves the column out"];
    fit(customers, "-k 2").refused(1, &parts);
    let said = fit(customers, "-k 2 --ignore Gender").said();
    assert!(said.contains("\"CustomerID\" counts the rows, as an id does"), "{said}");
    assert!(said.contains("; --ignore CustomerID leaves it out"), "{said}");
    assert_eq!(size(customers, "-k 2 --ignore Gender,CustomerID"), (3, 1));
    assert_eq!(size(customers, "-k 2 --ignore 1 --ignore 2"), (3, 1));
    let fitted = json(customers, "-k 2 --ignore Gender,1");
    assert_eq!(fitted["params"]["ignore"], serde_json::json!(["Gender,1"]));
    fit(customers, "-k 2 --ignore Gendre").refused(1, &["--ignore", "\"Gendre\"", "\"Gender\""]);
    fit(customers, "-k 2 --ignore Age --weights Age").refused(1, &["\"Age\"", "both weights and ignored"]);
    fit(customers, "-k 2 --ignore 1,2,3").refused(1, &["no column is left"]);
    let income = "a,Annual Income (k$)\n1,15k\n2,16k\n";
    fit(income, "-k 1").refused(1, &["--ignore='Annual Income (k$)'"]);
}

#[test]
fn a_model_knows_the_columns_that_were_left_out() {
    let table = b"1,Male,19\n2,Female,21\n3,Male,60\n";
    let folder = Folder::with([("t.csv", table), ("new.csv", b"19\n60\n")]);
    folder.fit("t.csv -k 2 --ignore 1,2 -q --model m.safetensors").done();
    let ran = folder.run("predict m.safetensors t.csv");
    ran.noted(&["the model does not use \"column 1\", \"column 2\", left out"]);
    let labels = |ran: &Ran| ran.out.lines().skip(1).map(|line| line[..1].to_owned()).collect::<Vec<_>>();
    let few = labels(&folder.run("predict m.safetensors new.csv"));
    assert_eq!(labels(&ran), [few[0].clone(), few[0].clone(), few[1].clone()]);
    piped(&folder, "predict m.safetensors -", "1,2\n3,4\n")
        .refused(1, &["has 2 columns", "the model has 1", "--ignore"]);
    folder.run("sweep t.csv -k 2 --ignore 1,2 --seeds 1 --device cpu").done();
    let ran = folder.run("report m.safetensors t.csv --device cpu");
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn delimiters_are_found_by_all_rows() {
    let semicolons = "5,10;3,50;a\n6,20;2,75;b\n9,10;8,50;c";
    let ran = fit(semicolons, "-k 2 --truth 3");
    ran.noted(&["row 1 is data", "cells are separated by ';'", "decimal comma"]);
    let input = json(semicolons, "-k 2 --truth 3")["data"]["input"].clone();
    assert_eq!((&input["delimiter"], &input["decimal_comma"]), (&";".into(), &true.into()));
    let table = "5.10,3.50,a\n6.20,2.75,b\n9.10,8.50,c";
    let fingerprint = |input: &str, args: &str| json(input, args)["fingerprint"].clone();
    assert_eq!(fingerprint(semicolons, "-k 2 --truth 3"), fingerprint(table, "-k 2 --truth 3"));
    let plain = fingerprint("1.5,2\n3,4\n9,8", "-k 2");
    for same in [
        "1.5 2\n3 4\n9 8\n",
        "   1.5      2\n   3.0      4\n   9.0      8\n",
        "1.500000000000000000e+00 2.000000000000000000e+00\n3.0e+00 4.0e+00\n9.0e+00 8.0e+00\n",
        "1.5\t\t2\n3\t\t4\n9\t\t8",
        "1.5|2\n3|4\n9|8",
        "sep=;\n1.5;2\n3;4\n9;8",
        "1.5,2,\n3,4,\n9,8,\n",
        "a b\n1.5 2\n3 4\n9 8\n",
        "a,b,\n1.5,2,\n3,4,\n9,8,\n",
        "\"a\" \"b\"\n1.5 2\n3 4\n9 8\n",
    ] {
        assert_eq!(fingerprint(same, "-k 2"), plain, "{same:?}");
    }
    assert_eq!(size("a,b,\n1,2,\n3,4,", "-k 2"), (2, 2));
    fit("a,b,\n1,2,\n3,4,", "-k 2").noted(&["the delimiter at the end of rows makes no column"]);
    fit("a,b,\n1,2,\n3,4,5", "-k 2").refused(1, &["row 2, column 3", "empty"]);
    fit("1,5;2\n3,5;4.5\n", "-k 2").refused(1, &["row 2, column 2: \"4.5\" has a decimal point", "row 1"]);
}

#[test]
fn row_names_as_r_writes_them_are_a_column_without_a_name() {
    let table = "\"x\" \"y\"\n\"1\" 5.5 1\n\"2\" 4.5 2\n\"3\" 9.5 8\n";
    assert_eq!(size(table, "-k 2 -q"), (3, 3));
    let ran = fit(table, "-k 2");
    assert!(ran.err.contains("row 1 names the columns: \"\", \"x\", \"y\""), "{}", ran.err);
    assert!(ran.err.contains("column 1 counts the rows") && ran.err.contains("--ignore 1"), "{}", ran.err);
    assert_eq!(size(table, "-k 2 --ignore 1"), (3, 2));
}

#[test]
fn names_after_a_comment_mark_are_a_header() {
    for table in ["# x y\n1.0 2.0\n3.0 4.0\n", "# x,y\n1.0,2.0\n3.0,4.0\n", "#x\ty\n1\t2\n3\t4\n"] {
        assert_eq!(size(table, "-k 2"), (2, 2), "{table}");
        fit(table, "-k 2").noted(&["row 1 names the columns: \"x\", \"y\""]);
    }
    fit("# made by a program\n1 2\n3 4\n", "-k 2")
        .refused(1, &["row 2: has 2 cells where the first row has 5"]);
}

#[test]
fn truth_values_are_one_and_zero() {
    let table = "a,b\nTrue,131\nFalse,23\nTrue,120";
    fit(table, "-k 2").noted(&["\"a\": true (or yes) is read as 1, and false (or no) as 0"]);
    let read = json(table, "-k 2");
    assert_eq!(read["data"]["input"]["booleans"], serde_json::json!(["a"]));
    assert_eq!(read["fingerprint"], json("a,b\n1,131\n0,23\n1,120", "-k 2")["fingerprint"]);
}

/// `a,b\n1,2\n3,4\n`, compressed by gzip.
const GZIP: [u8; 32] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 212, 73, 226, 50, 212, 49, 226, 50, 214, 49, 225, 2, 0, 229, 233,
    214, 206, 12, 0, 0, 0,
];

#[test]
fn other_formats_are_named_with_what_to_do() {
    assert_eq!(json(GZIP, "-k 2")["data"]["n_points"], 2);
    let utf_16: Vec<u8> = "\u{feff}a,b\n1,2\n3,4\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(json(&utf_16[..], "-k 2")["fingerprint"], json(GZIP, "-k 2")["fingerprint"]);
    fit(&utf_16[2..], "-k 1").refused(1, &["standard input: is text in UTF-16 without", "iconv -f UTF-16LE"]);
    fit(*b"a,b\n1,\xe9\n", "-k 1").refused(1, &["row 2: byte 0xe9", "'é'", "iconv -f WINDOWS-1252"]);
    let parquet = if cfg!(feature = "parquet") { "no whole Parquet file" } else { "is a Parquet file" };
    fit(*b"PAR1\x15\x04\x15\x10", "-k 1").refused(1, &[parquet]);
    let workbook = [b"PK\x03\x04".as_slice(), &[0; 26], b"[Content_Types].xml"].concat();
    let said = if cfg!(feature = "excel") { "no whole Excel or OpenDocument file" } else { ".xlsx" };
    fit(workbook, "-k 1").refused(1, &[said]);
}

#[test]
fn advice_on_arrays_works() {
    let structure = npy("[('x', '<f8'), ('y', '<f8')]", "(2,)", &[0; 32]);
    fit(structure, "-k 1").refused(1, &["np.c_[x['x'], x['y']]"]);
    let picture = npy("'|u1'", "(20, 30, 3)", &[0; 1800]);
    let parts = ["(20, 30, 3)", "x.reshape(-1, x.shape[-1])", "x.reshape(len(x), -1)"];
    fit(picture, "-k 3").refused(1, &parts);
    let row = npy_f64("(1, 60)", &(0..60).map(f64::from).collect::<Vec<_>>());
    fit(row, "-k 3").refused(1, &["1 row and 60 columns", "did you mean the transpose, x.T in numpy"]);
}

#[test]
fn drawings_are_read_as_programs_write_them() {
    let folder = Folder::new();
    folder.fit("-k 60 -r 1 -q --model m.safetensors").done();
    let text = include_str!("../../../data/digits.csv");
    let row = |line: &str| format!("[{}]", line.rsplit_once(',').unwrap().0.replace(',', ", "));
    let rows: Vec<String> = text.lines().skip(1).take(2).map(row).collect();
    let [first, second] = [&rows[0], &rows[1]];
    let predict = |text: String| piped(&folder, "predict m.safetensors --drawings - --device cpu", text);
    let ran = predict(format!("new_samples = np.array([\n{first},\n{second}\n])"));
    ran.done();
    let plain = predict(format!("{first}\n{second}"));
    assert_eq!((ran.out.lines().count(), &ran.out), (3, &plain.out));
}
