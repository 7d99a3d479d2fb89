//! Invalid input: exit code, a message of one line, no file left behind.

use super::{Folder, Ran, npy, npy_f64};

/// Runs on `t.csv` of this content with an output file asked for, which must not be there after.
fn refused_csv(content: &str, args: &str, code: i32, parts: &[&str]) {
    refused_file("t.csv", content.as_bytes(), args, code, parts);
}

fn refused_file(name: &str, content: &[u8], args: &str, code: i32, parts: &[&str]) {
    let folder = Folder::with([(name, content)]);
    let ran = folder.fit(&format!("{name} -k 1 --labels out.csv --restarts-out r.npy {args}"));
    ran.refused(code, parts);
    assert_eq!(folder.names(), [name], "{}", ran.err);
}

#[test]
fn parameters_that_make_no_sense_are_usage_errors() {
    let folder = Folder::new();
    for (args, part) in [
        ("-k 0", "0 clusters"),
        ("-r 0", "0 restarts"),
        ("--max-iter 0", "max_iter is 0"),
        ("--threads 0", "0 threads"),
        ("--tol -1", "tol is -1"),
        ("--tol nan", "tol is NaN"),
        ("--labels l.txt", "l.txt"),
        ("--labels labels", ".csv, .npy"),
        ("--labels a.csv --centroids ./a.csv", "--labels and --centroids are the same file"),
        ("--centroids a.npy --restarts-out a.npy", "--centroids and --restarts-out are the same file"),
    ] {
        folder.fit(args).refused(2, &[part]);
    }
    assert!(folder.names().is_empty());
}

#[test]
fn flags_that_can_not_be_read_are_usage_errors() {
    let folder = Folder::new();
    for args in
        ["-k ten", "-k -1", "--seed -1", "--seed 18446744073709551616", "--header maybe", "--color red"]
            .into_iter()
            .chain(["--delimiter ab", "--no-such-flag", "--quiet --verbose"])
    {
        let ran = folder.fit(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args}");
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
    }
    assert_eq!(folder.run("").code, 2);
    assert_eq!(folder.run("cluster").code, 2);
    assert_eq!(folder.cairn().args(["fit", "--device", ""]).output().unwrap().status.code(), Some(2));
}

#[test]
fn more_clusters_than_rows_of_positive_weight() {
    let folder = Folder::with([("t.csv", b"x,w\n1,1\n2,1\n3,0\n")]);
    folder.fit("t.csv -k 4").refused(1, &["t.csv", "4 clusters for 3 rows"]);
    folder.fit("t.csv -k 3 --weights w").refused(1, &["t.csv", "3 clusters for 2 rows of positive weight"]);
    folder.fit("t.csv -k 2 --weights w -q").done();
    folder.fit("-k 1798").refused(1, &["digits", "1798", "1797"]);
}

#[test]
fn missing_and_empty_files() {
    let folder = Folder::new();
    folder.fit("no-such.csv -k 1 --labels out.csv").refused(1, &["no-such.csv", "no such file"]);
    folder.fit(". -k 1 --labels out.csv").refused(1, &["is a folder"]);
    assert!(folder.names().is_empty());
    refused_csv("", "", 1, &["t.csv", "empty"]);
    refused_csv("a,b\n", "", 1, &["t.csv", "2 columns", "no rows", "--header no"]);
}

#[test]
fn cells_are_named_as_a_spreadsheet_shows_them() {
    refused_csv("a,b\n1,2\n3\n", "", 1, &["t.csv", "row 3", "1 cells", "2", "--delimiter"]);
    refused_csv(
        "a,b\n1,2\n3,x\n",
        "",
        1,
        &["t.csv", "row 3", "column 2", "\"b\"", "\"x\"", "--ignore b leaves the column out"],
    );
    refused_csv("a,b\n1,NaN\n3,4\n", "", 1, &["t.csv", "row 2", "column 2", "\"b\"", "NaN"]);
    refused_csv("1,2\ninf,4\n", "", 1, &["t.csv", "row 2", "column 1", "inf"]);
    refused_csv("-1.7e308,1\n1.7e308,2\n", "", 1, &["t.csv", "column 1", "-1.7e308"]);
    refused_csv("big,one\n-1.7e308,1\n1.7e308,2\n", "", 1, &["t.csv", "\"big\"", "-1.7e308"]);
}

#[test]
fn what_may_help_is_named_by_its_flag() {
    refused_csv("1,cat\n3,4\n", "", 1, &["row 1", "\"cat\"", "--header yes or --header no"]);
    refused_csv("1,2,cat\n3,4,dog\n", "", 1, &["row 1, column 3", "\"cat\"", "--ignore 3"]);
    refused_csv("x,y\n1,2\n", "--header no", 1, &["row 1, column 1", "\"x\"", "--header yes"]);
    refused_csv(",2019\n3,4\n", "", 1, &["row 1, column 1", "empty", "--header yes"]);
    refused_csv("x:y\n1:2\n", "", 1, &["cells are split at ','", "--delimiter"]);
}

#[test]
fn delimiters_that_separate_nothing_are_usage_errors() {
    refused_csv("1,2\n3,4\n", "--delimiter 3", 2, &["delimiter '3'"]);
}

#[test]
fn weights_must_be_numbers_of_zero_or_more() {
    refused_csv("x,w\n1,1\n2,-1\n", "--weights w", 1, &["row 3", "column 2", "\"w\"", "-1"]);
    refused_csv("x,w\n1,1\n2,inf\n", "--weights w", 1, &["row 3", "\"w\"", "inf"]);
    refused_csv("x,w\n1,0\n2,0\n", "--weights w", 1, &["t.csv", "2 weights are zero"]);
}

#[test]
fn columns_that_are_not_there() {
    refused_csv("x,w\n1,1\n", "--weights v", 1, &["--weights", "\"v\"", "\"x\", \"w\""]);
    refused_csv("x,w\n1,1\n", "--truth 3", 1, &["--truth", "\"3\"", "2 columns"]);
    refused_csv("x,w\n1,1\n", "--truth w --weights 2", 1, &["\"w\"", "both truth and weights"]);
    Folder::new().fit("--truth nothing").refused(1, &["digits", "\"nothing\""]);
}

#[test]
fn npy_files_that_are_no_tables() {
    let refused = |bytes: &[u8], parts: &[&str]| refused_file("x.npy", bytes, "", 1, parts);
    let whole = npy_f64("(2, 2)", &[1.0, 2.0, 3.0, 4.0]);
    refused(&whole[..whole.len() - 8], &["x.npy", "24 bytes", "32", "cut short"]);
    refused(&whole[..20], &["x.npy"]);
    refused(&npy("'|O'", "(1, 1)", &[0; 8]), &["x.npy", "|O"]);
    refused(&npy_f64("(1, 1, 1)", &[1.0]), &["x.npy", "(1, 1, 1)"]);
    refused(b"1,2\n3,4\n", &["x.npy", "numpy.save"]);
}

#[test]
fn damaged_files_of_other_formats() {
    let refused = |name: &str, bytes: &[u8], parts: &[&str]| refused_file(name, bytes, "", 1, parts);
    let idx = [0, 0, 8, 2, 0, 0, 0, 9, 0, 0, 0, 2, 1, 2, 3, 4];
    refused("t.idx", &idx, &["t.idx", "4 bytes", "(9, 2)", "18", "cut short"]);
    let cut = super::gzip(b"1,2\n3,4\n");
    refused("t.csv.gz", &cut[..cut.len() - 4], &["t.csv.gz", "gzip data are damaged or cut short"]);
    let cut = super::zstd(b"1,2\n3,4\n");
    refused("t.csv.zst", &cut[..cut.len() - 4], &["t.csv.zst", "zstd data are damaged or cut short"]);
    refused("t.fvecs", &[2, 0, 0, 0, 1], &["t.fvecs", "2 values", "12 bytes", "5 bytes are left"]);
    let array = npy_f64("(2, 1)", &[1.0, f64::NAN]);
    refused("t.npz", &super::npz("a.npy", &array), &["t.npz:a, row 2, column 1: NaN"]);
    let folder = Folder::with([("t.npz", &super::npz("a.npy", &array))]);
    folder.fit("t.npz:b -k 1 --labels out.csv").refused(1, &["t.npz: holds no array \"b\"", "\"a\""]);
    folder.fit("t.npz:a -k 1 --labels t.npz").refused(2, &["t.npz"]);
    assert_eq!(folder.names(), ["t.npz"]);
}

#[test]
fn numbers_of_npy_files_are_named_by_row_and_column() {
    let bytes = npy_f64("(3, 2)", &[1.0, 2.0, 3.0, f64::NAN, 5.0, 6.0]);
    refused_file("x.npy", &bytes, "", 1, &["x.npy, row 2, column 2: NaN"]);
    // the column keeps its number in the file when an earlier one is left out
    refused_file("x.npy", &bytes, "--weights 1", 1, &["x.npy, row 2, column 2: NaN"]);
}

#[test]
fn start_centroids_that_do_not_fit() {
    let table: &[u8] = b"0,0\n1,1\n2,2\n3,3\n";
    let files =
        [("t.csv", table), ("c.csv", b"0,0\n3,3\n"), ("wide.csv", b"1,2,3\n"), ("far.csv", b"0,0\n0,99\n")];
    let folder = Folder::with(files);
    for (args, code, parts) in [
        ("--init c.csv -r 2", 2, ["2 restarts", "given centroids"]),
        ("--init none.csv -r 2", 2, ["2 restarts", "given centroids"]),
        ("--init c.csv -k 3", 2, ["c.csv", "2 start centroids for 3 clusters"]),
        ("--init none.csv", 1, ["none.csv", "k-means++, random, or"]),
        ("--init wide.csv", 1, ["wide.csv", "3 columns and the points 2"]),
    ] {
        folder.fit(&format!("t.csv {args} --labels out.csv")).refused(code, &parts);
    }
    assert_eq!(folder.names(), ["c.csv", "far.csv", "t.csv", "wide.csv"]);
    // starts may lie outside the data: the range covers them
    folder.fit("t.csv --init far.csv").done();
}

#[test]
fn output_is_never_written_over_the_input() {
    let folder = Folder::with([("t.csv", b"1\n2\n")]);
    folder.fit("t.csv -k 1 --centroids ./t.csv").refused(2, &["DATA and --centroids are the same file"]);
    assert_eq!(folder.read("t.csv"), "1\n2\n");
}

#[test]
fn outputs_that_can_not_be_written_are_found_before_the_work() {
    let folder = Folder::with([("t.csv", b"text that is\nno table,1\n")]);
    std::fs::create_dir(folder.path("folder.csv")).unwrap();
    // the data are bad too, and would be found first if they were read first
    for flag in ["--labels", "--centroids", "--restarts-out"] {
        folder.fit(&format!("t.csv {flag} nowhere/x.csv")).refused(1, &["nowhere/x.csv", "can't be written"]);
        folder.fit(&format!("t.csv {flag} folder.csv")).refused(1, &["folder.csv", "can't be written"]);
    }
    assert_eq!(folder.names(), ["folder.csv", "t.csv"]);
}

#[test]
fn an_unknown_device_is_named() {
    let folder = Folder::new();
    let ran = folder.run("fit --device no-such-gpu -r 1 --labels out.csv");
    ran.refused(1, &["no-such-gpu"]);
    assert!(folder.names().is_empty());
}

#[test]
fn names_with_control_characters_do_not_reach_the_terminal() {
    let ran = Folder::new().fit("no\u{1b}[31m-such.csv -k 1");
    ran.refused(1, &["no\\u{1b}[31m-such.csv"]);
}

#[test]
fn a_row_may_be_as_long_as_asked_for() {
    let unclosed = format!("x,y\n1,2\n{}\"3,4\n{}", "5,6\n".repeat(9000), "3,4\n".repeat(200_000));
    let folder =
        Folder::with([("t.csv", unclosed.as_bytes()), ("wide.csv", "1,".repeat(500_000).as_bytes())]);
    let limited = folder.fit("t.csv -k 1 --max-row 100kB");
    limited.refused(1, &["t.csv, row 9003: is longer than 100000 bytes", "--max-row 16MiB allows longer"]);
    folder.fit("wide.csv -k 1 --max-row 100kB").refused(1, &["wide.csv, row 1: is longer than 100000 bytes"]);
    folder.fit("t.csv -k 1").refused(1, &["t.csv, row 9003", "cells"]);
    let folder = Folder::with([("t.csv", b"x,y\n1,2\n3,4\n")]);
    folder.fit("t.csv -k 1 -q --max-row 1GiB").done();
    for size in ["", "many", "1e99"] {
        let ran = Ran::of(folder.cairn().args(["fit", "t.csv", "-k", "1", "--max-row", size]));
        assert!(ran.code == 2 && ran.err.contains("--max-row"), "{size}: {}", ran.err);
    }
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf8_are_refused_alike() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::with([("t.csv", b"1\n2\n")]);
    let bad = std::ffi::OsStr::from_bytes(b"b\xff.csv");
    std::fs::write(folder.0.path().join(bad), "1\n2\n").unwrap();
    for before in [
        &["fit"][..],
        &["fit", "t.csv", "-k", "1", "--labels"],
        &["fit", "t.csv", "-k", "1", "--model"],
        &["fit", "t.csv", "--init"],
        &["predict"],
        &["draw"],
        &["report", "t.csv", "-o"],
    ] {
        let ran = Ran::of(folder.cairn().args(before).arg(bad));
        assert_eq!(ran.code, 2, "{before:?}: {}", ran.err);
        assert!(ran.err.contains(r"b\xFF.csv") && ran.err.contains("is not UTF-8"), "{}", ran.err);
    }
}

#[test]
fn too_many_columns_are_counted_in_the_file_that_has_them() {
    let row = ["1"; 65_537].join(",");
    let array = npy("'<f4'", "(2, 65537)", &vec![0; 2 * 65_537 * 4]);
    let text = format!("{row}\n{row}\n");
    let folder = Folder::with([("wide.csv", text.as_bytes()), ("wide.npy", &array)]);
    for file in ["wide.csv", "wide.npy"] {
        for command in ["fit", "sweep", "report"] {
            let ran = folder.run(&format!("{command} {file} -k 1 --device cpu"));
            ran.refused(1, &[file, "65537 columns", "at most 65535", "leave some out"]);
        }
    }
}
