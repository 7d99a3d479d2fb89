//! Known classes in a file of their own, and what is wrong with such files.

use cairn::data::{Dataset, Header, LoadOptions, Missing, ReadOptions, load};
use tempfile::TempDir;

use crate::files::{idx, npy, write};

const TABLE: &str = "x,y\n0,1\n2,3\n4,5\n6,7\n";
const CLASSES: [u8; 4] = [7, 2, 7, 10];

fn with(file: String) -> LoadOptions {
    LoadOptions { truth_file: Some(file), ..LoadOptions::default() }
}

/// The class of each row.
fn classes(data: &Dataset<'_>) -> Vec<String> {
    let truth = data.truth.as_ref().expect("a truth");
    truth.labels.iter().map(|&class| truth.names[class as usize].clone()).collect()
}

#[test]
fn every_form_of_one_column_gives_the_classes() {
    let folder = TempDir::new().expect("a folder");
    let table = write(&folder, "t.csv", TABLE);
    let array = write(&folder, "t.npy", npy("(4, 2)", &[0, 1, 2, 3, 4, 5, 6, 7]));
    let files = [
        ("v.npy", npy("(4,)", &CLASSES), "v.npy"),
        ("column.npy", npy("(4, 1)", &CLASSES), "column.npy"),
        ("labels-idx1-ubyte", idx(&[4], &CLASSES), "labels-idx1-ubyte"),
        ("bare.csv", b"7\n2\n7\n10\n".to_vec(), "bare.csv"),
        ("named.csv", b"kind\n7\n2\n7\n10\n".to_vec(), "kind"),
    ];
    for (name, bytes, column) in files {
        let file = write(&folder, name, bytes);
        for table in [&table, &array] {
            let data = load(table, &with(file.clone())).expect(name);
            assert_eq!(classes(&data), ["7", "2", "7", "10"], "{name}");
            let truth = data.truth.as_ref().expect("a truth");
            assert_eq!(
                (truth.column.as_str(), &truth.names[..]),
                (column, &["2", "7", "10"].map(String::from)[..])
            );
            assert_eq!((data.points.n_points(), data.points.n_dims()), (4, 2));
        }
    }
    let file = write(&folder, "texts.csv", "a\nb\na\nb\n");
    assert_eq!(classes(&load(&table, &with(file)).expect("texts")), ["a", "b", "a", "b"]);
}

/// The digits have a class of their own, which is then neither truth nor feature.
#[test]
fn the_digits_take_other_classes() {
    let folder = TempDir::new().expect("a folder");
    let rows: Vec<String> = (0..1797).map(|row| format!("{}\n", row % 3)).collect();
    let data = load("digits", &with(write(&folder, "c.csv", rows.concat()))).expect("digits");
    assert_eq!(
        (data.points.n_dims(), &classes(&data)[..4]),
        (64, &["0", "1", "2", "0"].map(String::from)[..])
    );
}

#[test]
fn rows_that_are_dropped_take_their_classes_along() {
    let folder = TempDir::new().expect("a folder");
    let table = write(&folder, "t.csv", "x,y\n0,1\n,3\n4,5\n6,7\n");
    let options =
        |classes: &str| LoadOptions { missing: Missing::Drop, ..with(write(&folder, "c.csv", classes)) };
    let data = load(&table, &options("a\nb\na\nb\n")).expect("three rows");
    assert_eq!(
        (classes(&data), data.reading.dropped.count()),
        (["a", "a", "b"].map(String::from).to_vec(), 1)
    );
    // a class that is missing drops its row too
    let data = load(&table, &options("kind\n1\n2\n\"\"\n4\n")).expect("two rows");
    assert_eq!((classes(&data), data.points.n_points()), (["1", "4"].map(String::from).to_vec(), 2));
    assert_eq!(data.reading.dropped.columns(), [("x".to_owned(), 1), ("kind".to_owned(), 1)]);
    let refuse = LoadOptions { missing: Missing::Refuse, ..options("kind\n1\n2\n\"\"\n4\n") };
    let whole = write(&folder, "whole.csv", TABLE);
    let error = load(&whole, &refuse).expect_err("a class is missing").to_string();
    assert!(error.contains("c.csv, row 4"), "{error}");
    let read = ReadOptions { na: vec!["-9".into()], ..ReadOptions::default() };
    let marked = LoadOptions { read, ..options("1\n2\n-9\n4\n") };
    assert_eq!(classes(&load(&whole, &marked).expect("three rows")), ["1", "2", "4"]);
}

#[test]
fn files_that_are_no_classes_of_the_rows() {
    let folder = TempDir::new().expect("a folder");
    let table = write(&folder, "t.csv", TABLE);
    let array = write(&folder, "t.npy", npy("(4, 2)", &[0; 8]));
    let error = |table: &str, name: &str, bytes: &[u8]| {
        let error = load(table, &with(write(&folder, name, bytes))).expect_err(name).to_string();
        assert!(!error.contains('\n') && !error.ends_with('.'), "{error}");
        error
    };
    for table in [&table, &array] {
        for (rows, found) in [("1\n2\n", "2 rows"), ("1\n2\n3\n4\n5\n6\n", "6 rows"), ("1\n", "1 row")] {
            let said = error(table, "c.csv", rows.as_bytes());
            assert!(said.contains(&format!("c.csv: has {found} where ")), "{said}");
            assert!(said.contains(" has 4 rows; give the class of every row"), "{said}");
        }
        // a first row may be taken for what it is not
        let said = error(table, "c.csv", b"1\n2\n3\n4\n5\n");
        assert!(
            said.contains("has 5 rows") && said.contains(r#"if its first row, "1", is the name of"#),
            "{said}"
        );
        let said = error(table, "c.csv", b"a\nb\nc\nd\n");
        assert!(said.contains("has 3 rows"), "{said}");
        assert!(said.contains(r#"its first row, "a", was taken for the name"#), "{said}");
    }
    let said = error(&table, "c.csv", b"a,b\n1,2\n3,4\n");
    assert!(said.contains("c.csv: has 2 columns, but a file of known classes has one"), "{said}");
    assert!(error(&table, "row.npy", &npy("(1, 4)", &CLASSES)).contains("has 4 columns"));
    assert!(error(&table, "images", &idx(&[4, 2, 2], &[0; 16])).contains("has 4 columns"));
    assert!(error(&table, "cube.npy", &npy("(1, 2, 2)", &CLASSES)).contains("(1, 2, 2)"));
    // an array of one dimension is no table
    let vector = write(&folder, "v.npy", npy("(4,)", &CLASSES));
    assert!(load(&vector, &LoadOptions::default()).is_err());
    let missing = load(&table, &with("nowhere.csv".into())).expect_err("no file").to_string();
    assert!(missing.contains("nowhere.csv: no such file"), "{missing}");
}

/// A doubtful first row is what is said of the table's.
#[test]
fn a_header_in_doubt() {
    let folder = TempDir::new().expect("a folder");
    let table = write(&folder, "t.csv", TABLE);
    let doubtful = write(&folder, "c.csv", "0\n7.5\n8.5\n9.5\n7.25\n");
    let error = load(&table, &with(doubtful.clone())).expect_err("doubtful").to_string();
    assert!(error.contains("c.csv, row 1: may be the names"), "{error}");
    let read = ReadOptions { header: Header::Yes, ..ReadOptions::default() };
    let data = load(&table, &LoadOptions { read, ..with(doubtful) }).expect("a header");
    assert_eq!(data.truth.expect("a truth").column, "0");
}
