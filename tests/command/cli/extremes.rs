//! Values of every size a float has, in reports and sweeps: each ends in a page, or in words.

use std::time::Duration;

use super::{Folder, Ran};

/// The columns of the tables.
const TABLES: [&[&str]; 13] = [
    &["0", "2e154"],
    &["0", "2e154", "1e154"],
    &["0", "1.7976931348623157e308", "3"],
    &["-8e307", "8e307", "0", "1"],
    &["1.7976931348623157e308", "1.7976931348623155e308", "1.7976931348623153e308"],
    &["5e-324", "1e-323", "2e-323"],
    &["2.2250738585072014e-308", "1e-310", "4e-308"],
    &["5e-324", "1e308", "5"],
    &["0", "0", "0"],
    &["-0", "0", "1e-300"],
    &["1e308", "1e308", "1e308"],
    &["7"],
    &["1e16", "10000000000000002", "10000000000000004"],
];

fn run(folder: &Folder, args: &str) -> Ran {
    Ran::of(folder.cairn().timeout(Duration::from_secs(60)).args(args.split_whitespace()))
}

#[test]
fn every_size_of_value_ends_in_a_page() {
    for values in TABLES {
        let text = format!("x\n{}\n", values.join("\n"));
        let folder = Folder::with([("t.csv", text.as_bytes())]);
        let n = values.len();
        for (name, args) in [
            ("one.html", "report t.csv -k 1 -o one.html".to_owned()),
            ("all.html", format!("report t.csv -k {n} -o all.html")),
            ("sweep.html", format!("report t.csv -k 1 --sweep 1..{n} -o sweep.html")),
        ] {
            let ran = run(&folder, &format!("{args} --device cpu -q"));
            assert_eq!(ran.code, 0, "{values:?}, {args}: {}", ran.err);
            let page = folder.read(name);
            assert!(page.ends_with("</html>\n") || page.ends_with("</html>"), "{values:?}, {args}");
            for wrong in ["NaN", "\"inf", "could not be drawn"] {
                assert!(!page.contains(wrong), "{values:?}, {args}: {wrong}");
            }
        }
        let ran = run(&folder, &format!("sweep t.csv --clusters 1..{n} --device cpu"));
        assert_eq!(ran.code, 0, "{values:?}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{values:?}: {}", ran.err);
    }
}

#[test]
fn what_no_lattice_holds_is_refused_in_words() {
    for values in ["-1.7e308\n1.7e308", "inf\n1", "nan\n1", "1e400\n1"] {
        let folder = Folder::with([("t.csv", format!("x\n{values}\n").as_bytes())]);
        run(&folder, "report t.csv -k 1 -o r.html --device cpu").refused(1, &["t.csv"]);
        run(&folder, "report t.csv -k 1 --sweep 1..2 -o r.html --device cpu").refused(1, &["t.csv"]);
        run(&folder, "sweep t.csv --clusters 1..2 --device cpu").refused(1, &["t.csv"]);
        assert_eq!(folder.names(), ["t.csv"]);
    }
}
