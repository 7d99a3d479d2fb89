//! Warnings: the same in every output. Values beyond floats, rows without a label, columns by name.

use std::fs::{self, File};

use npyz::NpyFile;
use serde_json::{Value, json};

use super::{Folder, Ran, npy_f64};

const FILL: &str = "temp,precip\n11.2,.5\n11.4,.6\n29.9,.4\n30.1,.7\n11.3,9.96921e36\n";
/// Six distinct rows of eight.
const SIX: &str = "x,y\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n1,1\n2,2\n";
const HUGE: &str = "x\n1e155\n2e155\n9e155\n8e155\n";

fn folder() -> Folder {
    Folder::with([
        ("fill.csv", FILL.as_bytes()),
        ("six.csv", SIX.as_bytes()),
        ("huge.csv", HUGE.as_bytes()),
        ("uv.csv", b"u,v\n1,10\n2,20\n9,90\n8,80\n"),
    ])
}

/// The JSON of a run, whatever it says on standard error.
fn json_of(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

fn codes(warnings: &Value) -> Vec<&str> {
    warnings.as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

#[test]
fn a_fill_value_is_named_with_its_column_and_row() {
    let folder = folder();
    let ran = folder.fit("fill.csv -k 3 --json");
    let warnings = &json_of(&ran)["warnings"];
    assert_eq!(codes(warnings), ["stretched-range", "rows-merged"]);
    assert_eq!(warnings[0]["column"], "precip");
    assert_eq!(warnings[0]["rows"], json!([6]), "the line of the file");
    let text = warnings[0]["text"].as_str().unwrap();
    assert!(text.starts_with("column \"precip\": one value, 9.96921e36 in row "), "{text}");
    assert!(!ran.err.contains("distinct rows than") && ran.err.contains("1 of 3 clusters"), "{}", ran.err);
    // rows of an array are numbered as they are
    fs::write(folder.path("a.npy"), npy_f64("(9, 1)", &[1.0, 2.0, -1e30, 3.0, 4.0, 5.0, 6.0, 7.0, -1e30]))
        .unwrap();
    let warnings = &json_of(&folder.fit("a.npy -k 2 --json"))["warnings"];
    assert_eq!((&warnings[0]["column"], &warnings[0]["rows"]), (&json!("column 1"), &json!([3, 9])));
}

#[test]
fn every_output_has_the_same_warnings() {
    let folder = folder();
    let said = "2 of 8 clusters ended empty: there are only 6 distinct rows; ask for at most 6 clusters";
    let fit = folder.fit("six.csv -k 8 --json -q --report fit.html");
    assert_eq!(fit.err, "");
    assert_eq!(
        json_of(&fit)["warnings"],
        json!([
            {"code": "few-distinct-rows", "text": said, "column": null, "rows": null}
        ])
    );
    assert_eq!(folder.fit("six.csv -k 8").said(), format!("warning: {said}\n"));
    let report = folder.run("report six.csv -k 8 --device cpu -o report.html");
    assert!(report.err.contains(&format!("warning: {said}\n")), "{}", report.err);
    for page in ["fit.html", "report.html"] {
        assert!(folder.read(page).contains(&format!("<li>{said}</li>")), "{page}");
    }
    let sweep = folder.run("sweep six.csv -k 7,8 --device cpu");
    assert!(sweep.err.contains("1 of 7 clusters") && sweep.err.contains(said), "{}", sweep.err);
    let quiet = folder.run("sweep six.csv -k 7,8 --device cpu -q --json");
    assert_eq!((codes(&json_of(&quiet)["warnings"]).len(), quiet.err.as_str()), (2, ""));
    let compare = folder.run("compare six.csv -k 8 --devices cpu --runs 1 --warmup 0 --export-json c.json");
    assert!(compare.err.contains(said), "{}", compare.err);
    let exported: Value = serde_json::from_str(&folder.read("c.json")).unwrap();
    assert_eq!(exported["warnings"][0]["text"], said);
}

#[test]
fn copies_have_no_silhouette() {
    let folder = folder();
    let sweep = json_of(&folder.run("sweep six.csv -k 6,7 --device cpu --json --seeds 1"));
    assert!(sweep["runs"][0]["silhouette"].is_f64() && sweep["runs"][1]["silhouette"].is_null(), "{sweep}");
    let fit = json_of(&folder.fit("six.csv -k 7 --measures --json"));
    assert!(fit["measures"]["silhouette"].is_null());
    assert!(fit["measures"]["undefined"].as_str().unwrap().contains("copies of one row"));
}

#[test]
fn inertia_beyond_floats_is_shown_with_its_exponent() {
    let folder = folder();
    let ran = folder.fit("huge.csv -k 2");
    assert!(ran.out.contains("\ninertia     1.0000") && ran.out.contains("e310 in restart"), "{}", ran.out);
    assert!(!ran.out.contains("inf") && ran.err.contains("above the largest 64-bit float"), "{}", ran.out);
    let json = json_of(&folder.fit("huge.csv -k 2 --json"));
    assert_eq!(codes(&json["warnings"]), ["inertia-overflow"]);
    assert!(json["best"]["inertia"].is_null() && json["restarts"]["median"].is_null());
    assert!(json["restarts"]["median_text"].as_str().unwrap().ends_with("e310"));
    let ran = folder.run("sweep huge.csv -k 2 --device cpu");
    assert!(ran.out.contains("e310 ") && !ran.out.contains("inf"), "{}", ran.out);
    assert_eq!(ran.err.matches("above the largest").count(), 1, "{}", ran.err);
    // squares that vanish
    fs::write(folder.path("tiny.csv"), "1e-200\n2e-200\n9e-200\n8e-200\n").unwrap();
    let json = json_of(&folder.fit("tiny.csv -k 2 --json"));
    assert_eq!(
        (codes(&json["warnings"]), &json["best"]["inertia"]),
        (vec!["inertia-underflow"], &json!(0.0))
    );
    assert!(json["best"]["inertia_text"].as_str().unwrap().contains("e-40"), "{json}");
}

#[test]
fn huge_and_tiny_values_have_pages() {
    let folder = folder();
    fs::write(folder.path("tiny.csv"), "x,y\n1e-200,0\n2e-200,0\n9e-200,1e-200\n8e-200,1e-200\n").unwrap();
    fs::write(folder.path("wide.csv"), "x,y\n1e300,1\n-1e300,2\n8e307,1\n-8e307,5\n").unwrap();
    for name in ["huge", "tiny", "wide"] {
        let ran = folder.run(&format!("report {name}.csv -k 2 --device cpu -o {name}.html"));
        assert_eq!(ran.code, 0, "{}", ran.err);
        let page = folder.read(&format!("{name}.html"));
        for section in ["map", "silhouette", "restarts", "warnings"] {
            assert!(page.contains(&format!("<section id=\"{section}\"")), "{name}: {section}");
        }
        assert!(!page.contains("NaN") && !page.contains(">inf<"), "{name}");
    }
    let ran = folder.fit("huge.csv -k 2 -q --report r.html --labels l.csv --model m.safetensors");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(folder.read("r.html").contains("e310") && folder.read("l.csv").lines().count() == 5);
}

#[test]
fn whole_numbers_beyond_floats_are_doubted() {
    let folder = Folder::with([("ids.csv", b"9007199254740993\n9007199254740992\n9007199254740995\n")]);
    let json = json_of(&folder.fit("ids.csv -k 2 --json"));
    assert_eq!(json["warnings"][0]["code"], "large-integers");
    fs::write(folder.path("times.csv"), "1600000000\n1600000001\n1631536000\n").unwrap();
    assert!(codes(&json_of(&folder.fit("times.csv -k 2 --json"))["warnings"]).is_empty());
}

/// The report is too large for the limit on the size of files; the other files are not.
#[cfg(unix)]
#[test]
fn an_error_in_the_report_leaves_the_other_files() {
    let folder = folder();
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec '{}' fit six.csv -k 2 --device cpu --labels l.csv --centroids c.csv \
         --model m.safetensors --restarts-out r.csv --report page.html",
        env!("CARGO_BIN_EXE_cairn")
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("error: ") && err.contains("page.html") && out.contains("fingerprint"),
        "{err}{out}"
    );
    for name in ["l.csv", "c.csv", "m.safetensors", "r.csv"] {
        assert!(folder.path(name).exists(), "{name}");
    }
    assert!(!folder.path("page.html").exists());
}

#[test]
fn starts_are_matched_by_name() {
    let folder = folder();
    let fit = |starts: &str, text: &str| {
        fs::write(folder.path(starts), text).unwrap();
        folder.fit(&format!("uv.csv --init {starts} --json"))
    };
    let by_name = fit("vu.csv", "v,u\n10,1\n90,9\n");
    by_name.done();
    let same = fit("same.csv", "u,v\n1,10\n9,90\n");
    let (by_name, same) = (json_of(&by_name), json_of(&same));
    assert_eq!(by_name["fingerprint"], same["fingerprint"]);
    assert_eq!(by_name["params"]["init_columns"], "by name");
    let nameless = fit("nameless.csv", "1,10\n9,90\n");
    let said = nameless.said();
    assert!(said.starts_with("note: --init nameless.csv has no column names"), "{said}");
    assert_eq!(json_of(&nameless)["params"]["init_columns"], "by position");
    let other = fit("other.csv", "u,w\n1,10\n9,90\n");
    other.refused(1, &["--init other.csv", "uv.csv", "missing: \"v\"", "unknown: \"w\""]);
    folder.run("report uv.csv --init other.csv").refused(1, &["--init other.csv", "\"w\""]);
    folder.run("compare uv.csv --init other.csv --devices cpu").refused(1, &["--init other.csv", "\"w\""]);
}

#[test]
fn rows_without_a_label_are_counted() {
    let folder = Folder::with([
        ("fitted.csv", b"p,q\n0.000001,0\n0.0000005,0\n-0.0000012,0\n-0.000001,0\n"),
        ("near.csv", b"p,q\n0,1\n0,-1\n"),
        ("later.csv", b"q,p\n1000000,0\n0,0.000001\n"),
    ]);
    folder.fit("fitted.csv -k 2 -q --model m.safetensors").done();
    // a column that was constant in the fit may differ by far more than any range of the fit
    let ran = folder.run("predict m.safetensors near.csv");
    assert_eq!((ran.code, ran.said()), (0, String::new()));
    assert!(ran.out.lines().skip(1).all(|line| line.starts_with(['0', '1'])), "{}", ran.out);
    let ran = folder.run("predict m.safetensors later.csv");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!((ran.code, lines.len(), lines[1]), (0, 3, ",,,,"), "{}", ran.err);
    assert!(!lines[2].starts_with(','));
    let said = "warning: 1 row has no label: later.csv, row 2, column 1 (\"q\"): 1000000.0 lies";
    assert!(ran.said().starts_with(said) && ran.said().lines().count() == 1, "{}", ran.err);
    folder
        .run("predict m.safetensors later.csv --strict")
        .refused(1, &["later.csv, row 2, column 1 (\"q\")"]);
    folder.run("transform m.safetensors later.csv --strict -o t.csv").refused(1, &["row 2, column 1"]);
    let json = folder.run("predict m.safetensors later.csv --format jsonl").out;
    assert!(json.starts_with("{\"label\":null,\"name\":null,\"distance\":null,"), "{json}");
    let distances = folder.run("transform m.safetensors later.csv");
    assert_eq!(distances.out.lines().nth(1), Some(","));
    assert!(distances.said().starts_with(said), "{}", distances.err);
    assert!(folder.run("transform m.safetensors later.csv --format jsonl").out.starts_with("[null,null]\n"));
}

#[test]
fn rows_without_a_label_keep_their_place_in_arrays() {
    let folder = Folder::with([("fitted.csv", b"p,q\n1,0\n2,0\n8,5\n9,5\n")]);
    folder.fit("fitted.csv -k 2 -q --model m.safetensors").done();
    let rows = [1.0, 0.0, f64::NAN, 0.0, 9.0, 5.0, 1e300, 0.0];
    fs::write(folder.path("rows.npy"), npy_f64("(4, 2)", &rows)).unwrap();
    let ran = folder.run("predict m.safetensors rows.npy -o p.npy");
    assert!(ran.err.contains("2 rows have no label (rows 2, 4); the first: rows.npy, row 2"), "{}", ran.err);
    assert!(ran.err.contains("note: rows.npy has no column names"), "{}", ran.err);
    let bytes = fs::read(folder.path("p.npy")).unwrap();
    let size = 4 + 8 + 8 + 8;
    let labels: Vec<u32> = bytes[bytes.len() - 4 * size..]
        .chunks(size)
        .map(|row| u32::from_le_bytes(row[..4].try_into().unwrap()))
        .collect();
    assert_eq!((labels[1], labels[3]), (u32::MAX, u32::MAX));
    assert!(labels[0] < 2 && labels[2] < 2 && labels[0] != labels[2]);
    folder.run("transform m.safetensors rows.npy -o t.npy");
    let file = NpyFile::new(File::open(folder.path("t.npy")).unwrap()).unwrap();
    let distances: Vec<f64> = file.into_vec().unwrap();
    let is_nan: Vec<bool> = distances.iter().map(|x| x.is_nan()).collect();
    assert_eq!(is_nan, [false, false, true, true, false, false, true, true]);
}

#[test]
fn rows_without_a_label_are_not_scored() {
    let folder = Folder::with([
        ("fitted.csv", b"p,q\n0.000001,0\n0.0000005,0\n-0.0000012,0\n-0.000001,0\n"),
        ("later.csv", b"p,q,kind\n0,1000000,a\n0.000001,0,b\n-0.000001,0,c\n"),
        ("far.csv", b"p,q,kind\n0,1000000,a\n"),
    ]);
    folder.fit("fitted.csv -k 2 -q --model m.safetensors").done();
    let ran = folder.run("score m.safetensors later.csv --truth kind --json --measures");
    let json = json_of(&ran);
    assert_eq!((&json["n_points"], codes(&json["warnings"])), (&json!(2), vec!["unlabelled-rows"]));
    assert_eq!((&json["purity"], &json["warnings"][0]["rows"]), (&json!(1.0), &json!([2])));
    assert!(ran.err.contains("1 row has no label"), "{}", ran.err);
    folder.run("score m.safetensors later.csv --truth kind --strict").refused(1, &["row 2"]);
    folder
        .run("score m.safetensors far.csv --truth kind")
        .refused(1, &["nothing to score", "far.csv, row 2"]);
}

#[test]
fn rounding_that_matters_is_said() {
    let folder = Folder::with([
        // two tight groups far apart: their rows differ by less than a step
        ("tight.csv", b"x\n0\n1e-12\n1\n1.000000000001\n".as_slice()),
        ("copies.csv", b"x\n0.1\n0.1\n0.7\n0.7\n"),
    ]);
    let warnings = json_of(&folder.fit("tight.csv -k 2 --json"))["warnings"].clone();
    assert_eq!(codes(&warnings), ["coarse-rounding"]);
    let text = warnings[0]["text"].as_str().unwrap();
    assert!(text.contains("made the rows of cluster") && text.contains("equal, which differ"), "{text}");
    let swept = json_of(&folder.run("sweep tight.csv --clusters 2 --json --device cpu"));
    assert_eq!(codes(&swept["runs"][0]["warnings"]), ["coarse-rounding"]);
    // equal rows lose nothing
    assert_eq!(json_of(&folder.fit("copies.csv -k 2 --json"))["warnings"], json!([]));
}

#[test]
fn a_fit_goes_on_where_a_row_of_no_weight_has_no_place() {
    let folder = Folder::with([
        ("t.csv", b"x,w,kind\n1,1,a\n\n2,1,a\n9,1,b\n1e30,0,b\n".as_slice()),
        ("far.csv", b"x,w\n1,1\n\n2,1\n9,1\n1e9,0\n"),
    ]);
    let outputs = "--labels l.csv --model m.safetensors --report r.html --measures --json";
    let ran = folder.fit(&format!("t.csv -k 2 --weights w --truth kind {outputs}"));
    let json = json_of(&ran);
    assert_eq!(codes(&json["warnings"]), ["unlabelled-rows"]);
    assert_eq!(json["warnings"][0]["rows"], json!([6]), "the line of the file");
    assert_eq!((&json["score"]["purity"], json["data"]["n_points"].as_u64()), (&json!(1.0), Some(4)));
    let labels = folder.read("l.csv");
    let labels: Vec<&str> = labels.lines().collect();
    assert_eq!((labels.len(), labels[4]), (5, "\"\""));
    assert!(folder.read("r.html").contains("has no label"));
    let ran = folder.fit("t.csv -k 2 --weights w --truth kind --labels l.npy -q");
    ran.done();
    folder.run("sweep t.csv --clusters 2 --weights w --truth kind --device cpu -q").done();
    // a row that is only far has a label
    let ran = folder.fit("far.csv -k 2 --weights w --labels l.csv --json");
    assert_eq!(json_of(&ran)["warnings"], json!([]));
    let labels = folder.read("l.csv");
    let labels: Vec<&str> = labels.lines().collect();
    assert_eq!(labels[4], labels[3]);
}

#[test]
fn cells_without_a_number_leave_a_row_without_a_label() {
    let folder = Folder::with([
        ("fitted.csv", b"p,q\n1,0\n2,0\n8,5\n9,5\n".as_slice()),
        ("later.csv", b"p,q\n1,0\nnone,0\n9,\n8,5\n"),
    ]);
    folder.fit("fitted.csv -k 2 -q --model m.safetensors").done();
    let ran = folder.run("predict m.safetensors later.csv");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!((ran.code, lines.len(), lines[2], lines[3]), (0, 5, ",,,,", ",,,,"), "{}", ran.err);
    assert!(ran.err.contains("2 rows have no label (rows 3, 4); the first: later.csv, row 3"), "{}", ran.err);
    folder.run("predict m.safetensors later.csv --strict").refused(1, &["row 3", "\"none\""]);
    let ran = folder.run("report m.safetensors later.csv -o r.html");
    assert!(ran.code == 0 && ran.err.contains("2 rows have no label"), "{}", ran.err);
    assert!(folder.read("r.html").contains("2 rows have no label"));
}

#[test]
fn what_was_not_rounded_is_said_only_if_it_is_true() {
    let folder = Folder::with([
        ("tiny.csv", b"x\n1e-200\n2.5e-200\n9.7e-200\n8.1e-200\n".as_slice()),
        ("huge.csv", b"x\n1.1e155\n2.7e155\n9.3e155\n8.9e155\n"),
        ("ids.csv", b"x\n9007199254740993\n9007199254740992\n9007199254740995\n"),
        ("grid.csv", b"x\n1\n2\n9\n8\n"),
    ]);
    for (file, said) in [
        ("tiny.csv", "rounding "),
        ("huge.csv", "rounding "),
        ("ids.csv", "rounded when read"),
        ("grid.csv", "nothing rounded"),
    ] {
        let ran = folder.fit(&format!("{file} -k 2"));
        assert!(ran.out.lines().next().unwrap().contains(said), "{}", ran.out);
    }
}

#[test]
fn compare_says_what_row_1_is() {
    let folder = Folder::with([("t.csv", b"x\n1\n2\n9\n8\n".as_slice()), ("n.csv", b"1\n2\n9\n8\n")]);
    let data = |file: &str| {
        folder
            .run(&format!("compare {file} -k 2 -r 2 --devices cpu --runs 1 -q --export-json c.json"))
            .done();
        let json: Value = serde_json::from_str(&folder.read("c.json")).unwrap();
        json["data"].clone()
    };
    assert_eq!((&data("t.csv")["header"], &data("t.csv")["first_row"]), (&json!(true), &json!(1)));
    assert_eq!(data("n.csv")["header"], json!(false));
}

/// A class among the features is warned of, with the flags that help, in every output.
#[test]
fn a_class_used_as_a_feature_is_warned_of() {
    let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.csv");
    let folder = Folder::new();
    let flags =
        "--truth digit leaves it out and scores the clusters against it, --ignore digit leaves it out";
    let ran = folder.fit(&format!("{digits} -k 10 -r 1 --report r.html"));
    assert!(ran.code == 0 && ran.err.contains("warning: column \"digit\" looks like a class"), "{}", ran.err);
    assert!(ran.err.contains(flags), "{}", ran.err);
    assert!(folder.read("r.html").contains(flags));
    let warning = |json: &Value| {
        let all = json["warnings"].as_array().unwrap().clone();
        let mut found = all.into_iter().filter(|warning| warning["code"] == "class-column");
        let first = found.next().unwrap();
        assert!(found.next().is_none() && first["text"].as_str().unwrap().ends_with(flags), "{first}");
        assert_eq!(first["column"], "digit");
    };
    warning(&json_of(&folder.fit(&format!("{digits} -k 10 -r 1 --json"))));
    warning(&json_of(
        &folder.run(&format!("sweep {digits} -k 2 --seeds 1 -r 1 --device cpu --no-measures --json")),
    ));
    let compare =
        format!("compare {digits} -k 10 -r 1 --runs 1 --warmup 0 --devices cpu --export-json c.json");
    assert_eq!(folder.run(&compare).code, 0);
    warning(&serde_json::from_str(&folder.read("c.json")).unwrap());
    for flag in ["--truth", "--ignore"] {
        folder.fit(&format!("{digits} -k 10 -r 1 {flag} digit")).done();
    }
    folder.fit("digits -r 1").done();
    // a column without a name is asked for by its number
    let rows: String =
        (0..30).map(|i| format!("{:.2},{:.2},{}\n", i as f64 * 0.37, 9.0 / (i + 1) as f64, i % 2)).collect();
    fs::write(folder.path("t.csv"), rows).unwrap();
    let ran = folder.fit("t.csv -k 2 --header no");
    assert!(
        ran.err.contains("warning: column 3 looks like a class") && ran.err.contains("--truth 3 "),
        "{}",
        ran.err
    );
}
