//! Input tables and output files: content, and error messages.

use std::fs;
use std::path::{Path, PathBuf};

use cairn::data::{
    DataError, Dataset, Header, LoadOptions, Pick, Points, ReadOptions, Rows, digits, load, open,
};
use proptest::prelude::*;
use tempfile::TempDir;

/// A folder that goes away, and ways to put tables in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(TempDir::new().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).expect("the folder is writable");
        path.to_str().expect("plain name").to_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder is there");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

fn csv_with(text: impl AsRef<[u8]>, options: &LoadOptions) -> Result<Dataset<'static>, DataError> {
    load(&Folder::new().write("points.csv", text), options)
}

/// The error's text with the folder's name left out.
fn refused(result: Result<Dataset<'static>, DataError>) -> String {
    let error = result.map(|_| ()).expect_err("must be refused").to_string();
    assert!(!error.contains('\n') && !error.ends_with('.'), "{error}");
    error[error.find("points.").unwrap_or(0)..].to_owned()
}

fn csv_refused(text: impl AsRef<[u8]>, options: &LoadOptions) -> String {
    refused(csv_with(text, options))
}

fn columns(truth: Option<&str>, weights: Option<&str>) -> LoadOptions {
    LoadOptions {
        truth: truth.map(str::to_owned),
        weights: weights.map(str::to_owned),
        ..LoadOptions::default()
    }
}

fn header(header: Header) -> LoadOptions {
    LoadOptions { read: ReadOptions { header, ..ReadOptions::default() }, ..LoadOptions::default() }
}

/// All values as f64, row by row.
fn values(points: &Points<'_>) -> Result<Vec<f64>, DataError> {
    let mut values = Vec::new();
    points.visit::<DataError>(&mut |first, rows| {
        assert_eq!(first * points.n_dims(), values.len());
        match rows {
            Rows::F32(rows) => values.extend(rows.iter().map(|&x| f64::from(x))),
            Rows::F64(rows) => values.extend_from_slice(rows),
        }
        Ok(())
    })?;
    assert_eq!(values.len(), points.n_points() * points.n_dims());
    Ok(values)
}

fn values_of(table: &Dataset<'_>) -> Vec<f64> {
    values(&table.points).expect("readable")
}

// ---- digits ----

fn digit_counts(table: &Dataset<'_>) -> Vec<usize> {
    let truth = table.truth.as_ref().expect("digit is the truth");
    assert_eq!(truth.column, "digit");
    assert_eq!(truth.names, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let count = |digit| truth.labels.iter().filter(|&&label| label == digit).count();
    (0..10).map(count).collect()
}

#[test]
fn digits_are_inside_the_program() {
    let table = digits();
    assert_eq!((table.points.n_points(), table.points.n_dims()), (1797, 64));
    assert_eq!(
        (table.columns.len(), table.columns[0].as_str(), table.columns[63].as_str()),
        (64, "pixel_0_0", "pixel_7_7")
    );
    assert_eq!(digit_counts(&table), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    let values = values_of(&table);
    assert!(values.iter().all(|&x| (0.0..=16.0).contains(&x) && x.fract() == 0.0));
    assert_eq!(values[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
    assert!(matches!(table.points, Points::F32(_)));
    assert!(table.weights.is_none());
}

#[test]
fn the_other_writers_are_a_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/digits-writers30.csv");
    let table = load(path.to_str().expect("plain name"), &columns(Some("digit"), None)).expect("a table");
    assert_eq!(digit_counts(&table), [376, 389, 380, 389, 387, 376, 377, 387, 380, 382]);
}

#[test]
fn digits_take_other_columns_and_ignore_the_form_of_csv() {
    let mut options = columns(Some("pixel_0_2"), Some("digit"));
    (options.read.header, options.read.delimiter) = (Header::No, Some(b';'));
    let table = load("digits", &options).expect("a table");
    assert_eq!((table.points.n_dims(), table.weights.expect("the digits").len()), (63, 1797));
    assert_eq!(table.truth.expect("a pixel").column, "pixel_0_2");
    let error = refused(load("digits", &columns(None, Some("digit"))));
    assert_eq!(error, r#"digits: column 65 ("digit") is both truth and weights; name two columns"#);
}

// ---- CSV ----

#[test]
fn csv_with_a_header_truth_and_weights() {
    let text = "\u{feff} x ,name,\"w\",y\r\n1, b ,2,\" 0.1\"\r\n\r\n-2.5e1,a,0,+3\r\n";
    let table = csv_with(text, &columns(Some("name"), Some("3"))).expect("a table");
    assert_eq!(table.columns, ["x", "y"]);
    assert_eq!(values_of(&table), [1.0, 0.1, -25.0, 3.0]);
    assert_eq!(table.weights.as_deref(), Some([2.0, 0.0].as_slice()));
    let truth = table.truth.expect("named");
    assert_eq!((truth.column.as_str(), truth.labels), ("name", vec![1, 0]));
    assert_eq!(truth.names, ["a", "b"]);
    assert!(table.name.ends_with("points.csv"));
}

#[test]
fn values_are_f32_only_where_all_are_exact() {
    let kind = |text: &str| {
        matches!(csv_with(text, &LoadOptions::default()).expect("a table").points, Points::F32(_))
    };
    assert!(kind("1,0.5\n-16777216,340282346638528859811704183484516925440\n"));
    assert!(!kind("1,0.5\n16777217,3\n"));
    assert!(!kind("1,0.1\n"));
    assert!(!kind("1,1e39\n"));
    assert!(!kind("1,1e-50\n"));
}

#[test]
fn a_header_is_a_first_row_unlike_those_below() {
    let n_rows = |text: &str, asked| csv_with(text, &header(asked)).expect("a table").points.n_points();
    assert_eq!(n_rows("1,2\n3,4\n", Header::Auto), 2);
    assert_eq!(n_rows("a,b\n3,4\n", Header::Auto), 1);
    assert_eq!(n_rows(",b\n3,4\n", Header::Auto), 1);
    assert_eq!(n_rows("0,1,2\n3.5,4.5,5.5\n", Header::Auto), 1);
    assert_eq!(n_rows("1,2\n3,4\n", Header::Yes), 1);
    assert_eq!(n_rows("1,2\n3,4\n", Header::No), 2);
    let table = csv_with("1,2,3\n", &columns(Some("2"), None)).expect("a table");
    assert_eq!(table.columns, ["column 1", "column 3"]);
    assert_eq!(table.truth.expect("named").column, "column 2");
}

#[test]
fn other_delimiters_are_asked_for_or_guessed() {
    for (name, text, delimiter) in [
        ("a.csv", "x;y\n1;2\n", None),
        ("a.csv", "x\ty\n1\t2\n", None),
        ("a.tsv", "x\ty, z\n1\t2\n", None),
        ("a.csv", "x|y\n1|2\n", Some(b'|')),
        ("a.csv", "x,y\n1,2\n", None),
        ("a.csv", "x y\n1 2\n", None),
        ("a.csv", "x|y|\n1|2|\n", None),
        ("a.csv", "sep=:\nx:y\n1:2\n", None),
        ("a.csv", "  x\t\ty\n  1\t\t2\n", Some(b' ')),
    ] {
        let options = LoadOptions {
            read: ReadOptions { delimiter, ..ReadOptions::default() },
            ..LoadOptions::default()
        };
        let table = load(&Folder::new().write(name, text), &options).expect("a table");
        assert_eq!(values_of(&table), [1.0, 2.0], "{text}");
    }
    let read = ReadOptions { delimiter: Some(b'.'), ..ReadOptions::default() };
    let options = LoadOptions { read, ..LoadOptions::default() };
    assert!(csv_refused("1.2\n", &options).contains("delimiter '.' can't separate cells"));
}

#[test]
fn truth_values_are_one_and_zero() {
    let table = csv_with("a,b,c\nTrue,131,no\nFALSE,23,yes\ntrue,120,No\n", &LoadOptions::default());
    let table = table.expect("a table");
    assert_eq!(values_of(&table), [1.0, 131.0, 0.0, 0.0, 23.0, 1.0, 1.0, 120.0, 0.0]);
    assert_eq!(table.reading.text.expect("a text").booleans, ["a", "c"]);
    let error =
        csv_refused("a,b\n".to_owned() + &"True,131\n".repeat(200) + "2,120\n", &LoadOptions::default());
    assert!(error.contains(r#"row 202, column 1 ("a"): "2" is not a number"#), "{error}");
    assert!(error.contains("the first cells of the column are true or false"), "{error}");
}

#[test]
fn decimal_commas_are_read_where_all_numbers_have_them() {
    let auto = LoadOptions::default();
    for text in ["x;y\n1,5;-2\n3;4,25e1\n", "1,5\t-2\n3\t4,25e1\n", "1,5 -2\n3 4,25e1\n"] {
        let table = csv_with(text, &auto).expect("a table");
        assert_eq!(values_of(&table), [1.5, -2.0, 3.0, 42.5], "{text}");
        assert!(table.reading.text.expect("a text").decimal_comma);
    }
    // with semicolons the comma is certain, and with tabs once another number shows what it is
    let table = csv_with("1,234;2,5\n3,456;4\n", &auto).expect("a table");
    assert_eq!(values_of(&table), [1.234, 2.5, 3.456, 4.0]);
    let table = csv_with("1,234\t2,5\n3,456\t4\n", &auto).expect("a table");
    assert_eq!(values_of(&table), [1.234, 2.5, 3.456, 4.0]);
    let error = csv_refused("1,234\t2\n3,456\t4\n", &auto);
    assert!(
        error.contains(r#"row 1, column 1: "1,234" may have a decimal comma, or a comma between thousands"#)
    );
    let error = csv_refused("1,5;2\n3;4\n5;6.5\n", &auto);
    assert!(error.starts_with(r#"points.csv, row 3, column 2: "6.5" has a decimal point"#), "{error}");
    assert!(error.contains("a number in row 1 has a decimal comma"), "{error}");
    assert!(csv_refused("1;2\n3;1.234,5\n5;6\n", &auto).contains(r#""1.234,5" is not a number"#));
    let error = csv_refused("x,y\n\"1,5\",2\n3,4\n5,6\n", &auto);
    assert!(
        error.contains(r#"row 2, column 1 ("x"): "1,5" is not a number"#) && error.contains("write a point")
    );
}

#[test]
fn rows_keep_the_numbers_of_their_lines() {
    let table = csv_with("\nx\n1\n\n2\n3\n", &LoadOptions::default()).expect("a table");
    let numbers: Vec<u64> = (0..3).map(|row| table.reading.rows.number(row)).collect();
    assert_eq!(numbers, [3, 5, 6]);
}

#[test]
fn other_files_are_named_by_their_first_bytes() {
    for (bytes, what) in [
        (&b"1\0,\x002\0\n\0"[..], "is text in UTF-16 without a byte order mark; save it as CSV in UTF-8"),
        (b"\xff\xfe\0\x001\0\0\0", "is text in UTF-32; save it as CSV in UTF-8"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file; save its table with numpy.save"),
        (b"\xfd7zXZ\0", "is compressed by xz; decompress it"),
    ] {
        let error = csv_refused(bytes, &LoadOptions::default());
        assert!(error.starts_with(&format!("points.csv: {what}")), "{error}");
    }
}

#[test]
fn csv_cells_that_are_no_numbers() {
    let auto = LoadOptions::default();
    assert_eq!(
        csv_refused("id,x,age\n1,2,3\n\n4,5,n/a\n", &auto),
        r#"points.csv, row 4, column 3 ("age"): "n/a" stands for a missing value; fill in a number, remove the row, or leave out the column"#
    );
    assert_eq!(
        csv_refused("x,y\n1,2\n3, \n", &auto),
        r#"points.csv, row 3, column 2 ("y"): the cell is empty; fill it, or remove the row"#
    );
    for text in ["nan", "NaN"] {
        let said = csv_refused(format!("1,2\n3,{text}\n"), &auto);
        let expected = format!("points.csv, row 2, column 2: {text:?} stands for a missing value");
        assert!(said.starts_with(&expected), "{said}");
    }
    for text in ["inf", "-inf", "Infinity", "1e999"] {
        assert_eq!(
            csv_refused(format!("1,2\n3,{text}\n"), &auto),
            format!(
                r#"points.csv, row 2, column 2: "{text}" is not a finite number; fill in a number, or remove the row"#
            )
        );
        assert!(csv_refused(format!("{text},2\n3,4\n"), &auto).contains("row 1, column 1"));
    }
    let long = csv_refused(format!("x,y\n1,{}\n", "z".repeat(5000)), &auto);
    assert!(long.len() < 300 && long.contains("zzz…"), "{long}");
    assert!(csv_refused("x,class\n1,\n", &columns(Some("class"), None)).contains("the cell is empty"));
}

#[test]
fn doubtful_headers_are_pointed_at() {
    let auto = LoadOptions::default();
    assert_eq!(
        csv_refused("1,b\n3,4\n", &auto),
        r#"points.csv, row 1: may be the names of the columns, or data: column 2 has the text "b", but column 1 has "1", like the rows below; say which it is"#
    );
    assert!(
        csv_refused("\n0,1\n1,0\n", &auto).starts_with("points.csv, row 2: may be the names of the columns")
    );
    assert!(csv_refused("1,2,cat\n3,4,dog\n", &auto).contains("row 1, column 3: \"cat\" is not a number"));
    assert!(csv_refused("x,y,cat\n3,4,dog\n", &auto).contains("row 2, column 3 (\"cat\"): \"dog\""));
    assert!(
        csv_refused("x,y\n1,2\n", &header(Header::No)).contains("row 1, column 1: \"x\" is not a number")
    );
    assert!(csv_refused("x,y\n1,2\n", &header(Header::No)).contains("does it hold the column names?"));
    assert!(csv_refused(",2019\n3,4\n", &auto).contains("row 1, column 1: the cell is empty"));
    assert!(csv_refused(",2019\n3,4\n", &auto).contains("does it hold the column names?"));
    assert!(csv_refused("x:y\n1:2\n", &auto).contains("cells are split at ','"));
    let row_one_kept =
        csv_with("1,2,cat\n3,4,dog\n", &LoadOptions { truth: Some("3".into()), ..header(Header::Auto) });
    assert_eq!(row_one_kept.expect("a table").points.n_points(), 2);
}

#[test]
fn weights_are_finite_and_not_negative() {
    for text in ["-1", "nan", "inf", "heavy", ""] {
        let error = csv_refused(format!("x,w\n1,0\n2,{text}\n"), &columns(None, Some("w")));
        assert!(
            error.starts_with(&format!(r#"points.csv, row 3, column 2 ("w"): weight "{text}" is not"#)),
            "{error}"
        );
    }
}

#[test]
fn ragged_rows_name_row_and_both_counts() {
    let error = csv_refused("x,y,z\n1,2,3\n\n1,2\n", &LoadOptions::default());
    assert!(error.starts_with("points.csv, row 4: has 2 cells where the first row has 3;"), "{error}");
    let error = csv_refused("1,2\n3,4\n5,6,7\n", &LoadOptions::default());
    assert!(error.starts_with("points.csv, row 3: has 3 cells where the first row has 2;"), "{error}");
    let error = csv_refused("1,2\n3,\"4\n5,6\n", &LoadOptions::default());
    assert!(error.starts_with(r#"points.csv, row 2, column 2: "4\n5,6" is not a number"#), "{error}");
    assert!(error.contains("a quote before it may have no end"), "{error}");
    let error = csv_refused("x,note\n1,\"two\nlines\"\n\nz,1\n", &columns(Some("note"), None));
    assert!(error.starts_with(r#"points.csv, row 5, column 1 ("x"): "z" is not a number"#), "{error}");
}

#[test]
fn a_byte_order_mark_is_no_line() {
    let error = csv_refused("\u{feff}\n1\nz\n", &LoadOptions::default());
    assert!(error.starts_with("points.csv, row 3, column 1: \"z\""), "{error}");
}

#[test]
fn sources_that_hold_no_table() {
    let auto = LoadOptions::default();
    let folder = Folder::new();
    for empty in ["", "\n\r\n  \n", "\u{feff}"] {
        assert!(csv_refused(empty, &auto).starts_with("points.csv: is empty"), "{empty:?}");
    }
    assert!(csv_refused("x,y\n\n", &auto).starts_with("points.csv: has a header of 2 columns and no rows"));
    assert!(
        csv_refused(b"x,y\n1,2\n3,\xff\n", &auto).starts_with("points.csv, row 3: byte 0xff is not UTF-8")
    );
    assert!(csv_refused(b"PK\x03\x04rest", &auto).starts_with("points.csv: is a zip archive"));
    let missing = folder.path("points.csv");
    let missing = refused(load(missing.to_str().expect("plain name"), &auto));
    assert!(missing.starts_with("points.csv: no such file"), "{missing}");
    fs::create_dir(folder.path("points.d")).expect("the folder is writable");
    let inner = folder.path("points.d");
    let error = refused(load(inner.to_str().expect("plain name"), &auto));
    assert!(error.starts_with("points.d: is a folder"), "{error}");
    let error = refused(load(&folder.write("points.npy", "x,y\n1,2\n"), &auto));
    assert!(error.starts_with("points.npy: does not begin as an .npy file does"), "{error}");
    assert!(refused(load(&folder.write("points.npy", ""), &auto)).contains("is empty"));
    assert!(refused(load("./digits", &auto)).contains("no such file"));
    assert!(refused(load("", &auto)).contains("no such file"));
    assert!(refused(load("nul\0byte", &auto)).contains("can't be read"));
}

#[test]
fn columns_that_can_not_be_named() {
    let error = csv_refused("x,y\n1,2\n", &columns(Some("z"), None));
    assert_eq!(
        error,
        r#"points.csv: truth "z" is not a column; it has 2 columns, "x", "y"; give a name, or a number from 1"#
    );
    let error = csv_refused("1,2\n", &columns(None, Some("3")));
    assert!(error.contains(r#"weights "3" is not a column; it has columns 1 to 2 and no header"#), "{error}");
    assert!(csv_refused("x,y\n1,2\n", &columns(Some("x"), Some("1"))).contains("both truth and weights"));
    assert!(
        csv_refused("x,y\n1,2\n", &columns(Some("x"), Some("y")))
            .contains("no column is left for the features")
    );
    assert!(csv_refused("x,y,x\n1,2,3\n", &columns(Some("x"), None)).contains("columns 1 and 3"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_is_read_once() {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    for bytes in [b"1,2\n3,4\n".to_vec(), npy(1, "<f8", false, "(2, 2)", &doubles(&[1.0, 2.0, 3.0, 4.0]))] {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(&bytes).expect("it fits the pipe");
        drop(writer);
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
        let table = load(&path, &LoadOptions::default()).expect("a table");
        assert_eq!(values_of(&table), [1.0, 2.0, 3.0, 4.0]);
    }
}

// ---- npy ----

/// An `.npy` file as numpy writes it: the header padded to a multiple of 64.
fn npy(version: u8, descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let quote = if descr.starts_with('[') { "" } else { "'" };
    let order = if fortran { "True" } else { "False" };
    let mut text =
        format!("{{'descr': {quote}{descr}{quote}, 'fortran_order': {order}, 'shape': {shape}, }}");
    let before = if version == 1 { 10 } else { 12 };
    while (before + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    match version {
        1 => bytes.extend((text.len() as u16).to_le_bytes()),
        _ => bytes.extend((text.len() as u32).to_le_bytes()),
    }
    bytes.extend(text.bytes());
    bytes.extend(data);
    bytes
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn npy_with(bytes: impl AsRef<[u8]>, options: &LoadOptions) -> Result<Dataset<'static>, DataError> {
    let folder = Folder::new();
    let mut table = load(&folder.write("points.npy", bytes), options)?;
    let read = values(&table.points)?; // while the file is there
    let shape = (table.points.n_points(), table.points.n_dims());
    table.points = ndarray::Array2::from_shape_vec(shape, read).expect("the shape it says").into();
    Ok(table)
}

fn npy_refused(bytes: impl AsRef<[u8]>) -> String {
    refused(npy_with(bytes, &LoadOptions::default()))
}

#[test]
fn npy_of_all_versions_and_orders() {
    let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // (3, 2)
    let by_column = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0];
    for version in [1, 2, 3] {
        let c = npy_with(npy(version, "<f8", false, "(3, 2)", &doubles(&rows)), &LoadOptions::default());
        let c = c.expect("a table");
        assert_eq!(
            (values_of(&c), c.columns),
            (rows.to_vec(), vec!["column 1".to_owned(), "column 2".to_owned()])
        );
        let f = npy_with(npy(version, "<f8", true, "(3, 2)", &doubles(&by_column)), &LoadOptions::default());
        assert_eq!(values_of(&f.expect("a table")), rows);
    }
}

#[test]
fn npy_of_all_types() {
    fn bytes<const N: usize>(cells: [[u8; N]; 6]) -> Vec<u8> {
        cells.concat()
    }
    let values = [1_i8, 2, 3, 4, 5, 100];
    let cases = [
        ("i1", bytes(values.map(i8::to_le_bytes))),
        ("u1", bytes(values.map(|v| (v as u8).to_le_bytes()))),
        ("i2", bytes(values.map(|v| i16::from(v).to_le_bytes()))),
        ("u2", bytes(values.map(|v| (v as u16).to_le_bytes()))),
        ("i4", bytes(values.map(|v| i32::from(v).to_le_bytes()))),
        ("u4", bytes(values.map(|v| (v as u32).to_le_bytes()))),
        ("i8", bytes(values.map(|v| i64::from(v).to_le_bytes()))),
        ("u8", bytes(values.map(|v| (v as u64).to_le_bytes()))),
        ("f4", bytes(values.map(|v| f32::from(v).to_le_bytes()))),
        ("f8", bytes(values.map(|v| f64::from(v).to_le_bytes()))),
    ];
    let expected = values.map(f64::from);
    let folder = Folder::new();
    for (kind, little) in cases {
        let size = little.len() / 6;
        let big: Vec<u8> = little.chunks(size).flat_map(|cell| cell.iter().rev().copied()).collect();
        for (mark, data) in [("<", &little), (">", &big), ("|", &little)] {
            let file = npy(1, &format!("{mark}{kind}"), false, "(3, 2)", data);
            let table = load(&folder.write("points.npy", file), &LoadOptions::default());
            if mark == "|" && size > 1 {
                assert!(refused(table).contains("dtype"), "{mark}{kind}");
                continue;
            }
            let table = table.expect("a table");
            assert!(matches!(table.points, Points::Source(_)), "{mark}{kind} stays on disk");
            assert_eq!(values_of(&table), expected, "{mark}{kind}");
            let mut singles = false;
            let seen: Result<(), DataError> = table.points.visit(&mut |_, rows| {
                singles = matches!(rows, Rows::F32(_));
                Ok(())
            });
            seen.expect("readable");
            assert_eq!(singles, !["i4", "u4", "i8", "u8", "f8"].contains(&kind), "{mark}{kind}");
        }
    }
}

#[test]
fn npy_with_truth_and_weights_in_either_order() {
    let c = [1.0, 7.0, 0.5, 2.0, -1.0, 2.0]; // (2, 3)
    let f = [1.0, 2.0, 7.0, -1.0, 0.5, 2.0];
    for (fortran, data) in [(false, c), (true, f)] {
        let file = npy(1, "<f8", fortran, "(2, 3)", &doubles(&data));
        let table = npy_with(&file, &columns(Some("2"), Some("3"))).expect("a table");
        assert_eq!((values_of(&table), table.columns), (vec![1.0, 2.0], vec!["column 1".to_owned()]));
        assert_eq!(table.weights.as_deref(), Some([0.5, 2.0].as_slice()));
        let truth = table.truth.expect("named");
        assert_eq!((truth.names, truth.labels), (vec!["-1".to_owned(), "7".to_owned()], vec![1, 0]));
        let error = refused(npy_with(&file, &columns(None, Some("2"))));
        assert!(error.starts_with(r#"points.npy, row 2, column 2: weight "-1" is not"#), "{error}");
        assert!(refused(npy_with(&file, &columns(Some("x"), None))).contains("columns 1 to 3 and no header"));
    }
    let file = npy(1, "<f8", false, "(2, 2)", &doubles(&[1.0, 0.0, 2.0, f64::NAN]));
    for (truth, weights) in [(Some("2"), None), (None, Some("2"))] {
        let error = refused(npy_with(&file, &columns(truth, weights)));
        assert!(error.starts_with("points.npy, row 2, column 2: ") && error.contains("\"NaN\""), "{error}");
    }
    let one = npy(1, "<f8", false, "(2, 1)", &doubles(&[1.0, 2.0]));
    assert!(refused(npy_with(one, &columns(Some("1"), None))).contains("no column is left"));
}

#[test]
fn npy_features_may_be_nan_here() {
    let file = npy(1, "<f8", false, "(1, 2)", &doubles(&[f64::NAN, f64::INFINITY]));
    let table = npy_with(file, &LoadOptions::default()).expect("the lattice refuses it, not the file");
    assert!(values_of(&table)[0].is_nan());
}

#[test]
fn npy_that_is_no_table_of_numbers() {
    for (descr, shown, advice) in [
        ("|O", "'|O'", "x.astype('f8')"),
        ("<U5", "'<U5'", "x.astype('f8')"),
        ("<c16", "'<c16'", "np.c_[x.real, x.imag]"),
        ("[('a', '<f8'), ('b', '<i4')]", "[('a', '<f8')", "np.c_[x['a'], x['b']]"),
    ] {
        let error = npy_refused(npy(1, descr, false, "(2, 1)", &[0; 16]));
        assert!(
            error.starts_with(&format!("points.npy: dtype {shown}")) && error.contains(advice),
            "{error}"
        );
    }
    for (shape, advice) in [
        ("(4,)", "x.reshape(-1, 1)"),
        ("(1, 2, 2)", "x.reshape(len(x), -1)"),
        ("(1, 2, 2)", "x.reshape(-1, x.shape[-1])"),
        ("()", "single number"),
    ] {
        let error = npy_refused(npy(1, "<f8", false, shape, &[0; 32]));
        assert!(error.contains(&format!("has shape {shape} where (rows, columns)")), "{error}");
        assert!(error.contains(advice), "{error}");
    }
    for (shape, sizes) in [("(0, 3)", "0 rows and 3 columns"), ("(3, 0)", "3 rows and 0 columns")] {
        assert!(npy_refused(npy(1, "<f8", false, shape, &[])).contains(sizes));
    }
}

#[test]
fn npy_of_the_wrong_length_says_both_lengths() {
    for fortran in [false, true] {
        let short = npy(1, "<f8", fortran, "(3, 2)", &[0; 40]);
        let error = npy_refused(short);
        assert!(
            error.contains("has 40 bytes of values where its shape (3, 2) needs 48; the file is cut short"),
            "{error}"
        );
        let long = npy_refused(npy(1, "<f8", fortran, "(3, 2)", &[0; 49]));
        assert!(
            long.contains("has 49 bytes of values where its shape (3, 2) needs 48; the file is too long"),
            "{long}"
        );
    }
    for shape in [
        "(1099511627776, 1048576)",
        "(18446744073709551615, 18446744073709551615)",
        "(4611686018427387904, 4)",
    ] {
        let error = npy_refused(npy(1, "<f8", true, shape, &[0; 16]));
        assert!(error.contains("has 16 bytes of values") && error.contains("cut short"), "{error}");
    }
}

#[test]
fn npy_headers_that_make_no_sense() {
    let good = npy(1, "<f8", false, "(1, 1)", &[0; 8]);
    for end in 6..128 {
        let error = npy_refused(&good[..end]);
        assert!(error.contains("header is cut short"), "{end}: {error}");
    }
    let mut version = good.clone();
    version[6] = 4;
    assert!(npy_refused(&version).contains(".npy version 4.0 is not one of"));
    let mut huge = npy(2, "<f8", false, "(1, 1)", &[0; 8]);
    huge[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(npy_refused(&huge).contains("header claims 4294967295 bytes"));
    assert!(npy_refused(npy(1, "<f8", false, "5", &[0; 8])).contains("'shape' that is not a tuple"));
    assert!(npy_refused(npy(1, "<f8", false, "(1, -1)", &[0; 8])).contains(r#"size "-1""#));
}

#[test]
fn an_npy_file_that_changes_is_noticed() {
    let folder = Folder::new();
    let file = npy(1, "<f8", false, "(2, 1)", &doubles(&[1.0, 2.0]));
    let path = folder.write("points.npy", &file);
    let table = load(&path, &LoadOptions::default()).expect("a table");
    assert_eq!(values_of(&table), [1.0, 2.0]);
    assert_eq!(values_of(&table), [1.0, 2.0], "a second visit gives the same");

    folder.write("points.npy", &file[..file.len() - 8]);
    let error = values(&table.points).expect_err("it is shorter").to_string();
    assert!(error.contains(&format!("from {} bytes to {}", file.len(), file.len() - 8)), "{error}");

    folder.write("points.npy", &file);
    let later = fs::File::options().append(true).open(&path).expect("there");
    later.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("ours");
    let error = values(&table.points).expect_err("it was written anew").to_string();
    assert!(error.contains("changed while it was in use"), "{error}");

    fs::remove_file(&path).expect("there");
    assert!(matches!(values(&table.points), Err(DataError::NotFound { .. })));
}

#[test]
fn a_file_cut_during_a_visit_is_noticed() {
    let folder = Folder::new();
    let n_points = 1 << 20; // 8 MiB: several chunks
    let path =
        folder.write("points.npy", npy(1, "<f8", false, &format!("({n_points}, 1)"), &vec![0; n_points * 8]));
    let table = load(&path, &LoadOptions::default()).expect("a table");
    let mut firsts = Vec::new();
    let result = table.points.visit::<DataError>(&mut |first, rows| {
        firsts.push(first);
        assert!(matches!(rows, Rows::F64(rows) if rows.len() * 8 <= 2 << 20));
        fs::File::options().write(true).open(&path).and_then(|file| file.set_len(1000)).expect("ours");
        Ok(())
    });
    assert!(matches!(result, Err(DataError::Changed { found: 1000, .. })), "{result:?}");
    assert_eq!(firsts, [0]);
}

#[test]
fn a_file_written_anew_during_a_visit_is_noticed_at_its_end() {
    let folder = Folder::new();
    let path = folder.write("points.npy", npy(1, "<f8", false, "(1, 1)", &[0; 8]));
    let table = load(&path, &LoadOptions::default()).expect("a table");
    let result = table.points.visit::<DataError>(&mut |_, _| {
        let file = fs::File::options().append(true).open(&path).expect("there");
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("ours");
        Ok(())
    });
    assert!(matches!(result, Err(DataError::Changed { .. })), "{result:?}");
}

/// Whatever is done to a file, and in whichever pass: the rows are never a mixture of two versions.
#[test]
fn a_file_that_changes_in_any_pass_is_noticed() {
    let n_rows = 40_000; // several chunks
    let csv = |x: usize| (0..n_rows).map(|row| format!("{x},{},{}\n", row % 3, row % 7)).collect::<String>();
    let array = |x: f64| {
        let rows = (0..n_rows).flat_map(|row| [x, (row % 3) as f64, (row % 7) as f64]);
        npy(1, "<f8", false, &format!("({n_rows}, 3)"), &doubles(&rows.collect::<Vec<_>>()))
    };
    let versions = [("t.csv", csv(1).into_bytes(), csv(2).into_bytes()), ("t.npy", array(1.0), array(2.0))];
    type Change = fn(&str, &[u8]);
    let changes: [Change; 4] = [
        |path, other| fs::write(path, other).expect("ours"),
        |path, other| {
            let mut file = fs::File::options().write(true).open(path).expect("ours");
            std::io::Write::write_all(&mut file, other).expect("ours"); // in place
        },
        |path, _| {
            fs::File::options().write(true).open(path).and_then(|file| file.set_len(5000)).expect("ours")
        },
        |path, other| {
            let mut file = fs::File::options().append(true).open(path).expect("ours");
            std::io::Write::write_all(&mut file, &other[other.len() - 24..]).expect("ours");
        },
    ];
    let read = ReadOptions { header: Header::No, ..ReadOptions::default() };
    for (name, first, other) in &versions {
        for change in changes {
            for (pass, truth) in [(1, None), (1, Some(1)), (2, None), (2, Some(1))] {
                let folder = Folder::new();
                let path = folder.write(name, first);
                let source = open(&path, &read).expect("a table");
                let pick = Pick { features: vec![0, 2], truth, most_rows: Some(1000), ..Pick::default() };
                let mut n_passes = 0;
                let mut visit = || {
                    n_passes += 1;
                    let mut n_chunks = 0;
                    source.visit::<DataError>(&pick, &mut |_| {
                        n_chunks += 1;
                        if n_passes == pass && n_chunks == 2 {
                            change(&path, other);
                        }
                        Ok(())
                    })
                };
                if pass == 2 {
                    visit().expect("nothing has changed yet");
                }
                let result = visit();
                assert!(matches!(result, Err(DataError::Changed { .. })), "{name}, pass {pass}: {result:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn npy_never_panics(flips in proptest::collection::vec((0_usize..160, any::<u8>()), 1..4), cut in 0_usize..200, fortran: bool) {
        let mut bytes = npy(1, "<i2", fortran, "(4, 3)", &[7; 24]);
        for (at, byte) in flips {
            if let Some(old) = bytes.get_mut(at) {
                *old = byte;
            }
        }
        bytes.truncate(cut.max(100));
        for options in [LoadOptions::default(), columns(Some("2"), Some("1"))] {
            if let Ok(table) = npy_with(&bytes, &options) {
                prop_assert_eq!(values_of(&table).len(), table.points.n_points() * table.columns.len());
            }
        }
    }

    #[test]
    fn npy_headers_never_panic(text in "[{}()\\[\\]'\",: a-z0-9<|]{0,80}") {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.bytes());
        prop_assert!(npy_with(&bytes, &LoadOptions::default()).is_err());
    }

    #[test]
    fn csv_never_panics(bytes in proptest::collection::vec(prop_oneof![Just(b','), Just(b'\n'), Just(b'"'), Just(b'1'), any::<u8>()], 0..60)) {
        for options in [LoadOptions::default(), columns(Some("1"), Some("2"))] {
            if let Ok(table) = csv_with(&bytes, &options) {
                let values = values_of(&table);
                prop_assert!(values.iter().all(|value| value.is_finite()));
                prop_assert_eq!(table.points.n_dims(), table.columns.len());
            }
        }
    }

    #[test]
    fn csv_gives_back_every_number(rows in proptest::collection::vec(proptest::array::uniform3(-1e300..1e300_f64), 1..20)) {
        let lines: Vec<String> = rows.iter().map(|[a, b, c]| format!("{a:?},{b:e},{c}\n")).collect();
        let table = csv_with(lines.concat(), &LoadOptions::default()).expect("a table");
        prop_assert_eq!(values_of(&table), rows.concat());
    }
}

// ---- files out ----

use cairn::data::write::{Output, RestartRow};

fn output(folder: &Folder, name: &str) -> Output {
    Output::create(&folder.path(name)).expect("the folder is writable")
}

fn read_npy<T: npyz::Deserialize>(path: &Path) -> (Vec<u64>, Vec<T>) {
    let bytes = fs::read(path).expect("written");
    let file = npyz::NpyFile::new(bytes.as_slice()).expect("an npy file");
    assert_eq!(file.order(), npyz::Order::C);
    (file.shape().to_vec(), file.into_vec().expect("of that type"))
}

#[test]
fn labels_are_written() {
    let folder = Folder::new();
    output(&folder, "a.csv").write_labels([Some(3), Some(0), Some(70_000)].into_iter()).expect("room for it");
    assert_eq!(fs::read_to_string(folder.path("a.csv")).expect("written"), "label\n3\n0\n70000\n");
    output(&folder, "a.NPY").write_labels([Some(3), Some(0), Some(70_000)].into_iter()).expect("room for it");
    assert_eq!(read_npy::<u32>(&folder.path("a.NPY")), (vec![3], vec![3, 0, 70_000]));
}

#[test]
fn matrices_are_written_and_read_back_to_the_bit() {
    let folder = Folder::new();
    let rows = ndarray::arr2(&[[0.1, -1e300], [5e-324, 1.0 / 3.0], [12_345.0, -0.0], [1e16, 0.00001]]);
    let names = ["x".to_owned(), "y, \"quoted\"".to_owned()];
    for name in ["c.csv", "c.npy"] {
        output(&folder, name).write_matrix(&names, rows.view()).expect("room for it");
        let table =
            load(folder.path(name).to_str().expect("plain name"), &LoadOptions::default()).expect("a table");
        let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(values_of(&table)), bits(rows.iter().copied().collect()), "{name}");
        assert!(name != "c.csv" || table.columns == names);
    }
    let text = fs::read_to_string(folder.path("c.csv")).expect("written");
    assert_eq!(text.lines().next_back(), Some("1e16,0.00001"));
    assert_eq!(read_npy::<f64>(&folder.path("c.npy")).0, [4, 2]);
    let transposed = ndarray::arr2(&[[1.0, 3.0], [2.0, 4.0]]).reversed_axes();
    output(&folder, "t.npy").write_matrix(&names, transposed.view()).expect("room for it");
    assert_eq!(read_npy::<f64>(&folder.path("t.npy")).1, [1.0, 2.0, 3.0, 4.0]);
    let error =
        output(&folder, "d.csv").write_matrix(&names[..1], rows.view()).expect_err("a name is missing");
    assert!(error.to_string().ends_with("1 column names were given for 2 columns"), "{error}");
    assert!(!folder.path("d.csv").exists());
}

#[test]
fn restarts_are_written() {
    let folder = Folder::new();
    let rows = [
        RestartRow {
            restart: 0,
            inertia: 1_165_133.25,
            iterations: 12,
            stopped: "fixed_point",
            stopped_code: 0,
        },
        RestartRow { restart: 1, inertia: 0.1, iterations: 300, stopped: "max_iter", stopped_code: 2 },
    ];
    let write = |name| {
        let mut out = output(&folder, name).begin_restarts(2).expect("room for it");
        rows.iter().for_each(|row| out.write(row).expect("room for it"));
        out.finish().expect("room for it");
    };
    write("r.csv");
    let text = fs::read_to_string(folder.path("r.csv")).expect("written");
    assert_eq!(text, "restart,inertia,iterations,stopped\n0,1165133.25,12,fixed_point\n1,0.1,300,max_iter\n");
    write("r.npy");
    let expected = vec![0.0, 1_165_133.25, 12.0, 0.0, 1.0, 0.1, 300.0, 2.0];
    assert_eq!(read_npy::<f64>(&folder.path("r.npy")), (vec![2, 4], expected));
}

#[test]
fn outputs_as_json_lines() {
    let folder = Folder::new();
    let read = |name: &str| fs::read_to_string(folder.path(name)).expect("written");
    output(&folder, "l.jsonl").write_labels([Some(3), None].into_iter()).expect("room for it");
    assert_eq!(read("l.jsonl"), "{\"label\":3}\n{\"label\":null}\n");
    let names = ["x", "a \"b\"", "x"].map(str::to_owned);
    let rows = ndarray::arr2(&[[1.0, 0.1, 1e300], [f64::NAN, -0.0, 3.0]]);
    output(&folder, "m.ndjson").write_matrix(&names, rows.view()).expect("room for it");
    let lines: Vec<serde_json::Value> =
        read("m.ndjson").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[0], serde_json::json!({"x": 1.0, "a \"b\"": 0.1, "x (column 3)": 1e300}));
    assert_eq!(lines[1]["x"], serde_json::Value::Null);
    output(&folder, "t.jsonl").write_table(&names[..1], &[vec![None], vec![Some(2.5)]]).expect("room for it");
    assert_eq!(read("t.jsonl"), "{\"x\":null}\n{\"x\":2.5}\n");
}

#[cfg(feature = "parquet")]
#[test]
fn outputs_as_parquet_are_read_back() {
    let folder = Folder::new();
    let read = |name: &str| {
        let data =
            load(folder.path(name).to_str().expect("plain name"), &LoadOptions::default()).expect(name);
        (values(&data.points).expect(name), data.columns)
    };
    output(&folder, "l.parquet")
        .write_labels([Some(3), Some(u32::MAX - 1)].into_iter())
        .expect("room for it");
    assert_eq!(read("l.parquet"), (vec![3.0, 4_294_967_294.0], vec!["label".to_owned()]));
    let names = ["x", "y", "x"].map(str::to_owned);
    let rows = ndarray::arr2(&[[1.0, 0.1, 1e300], [2.0, -0.0, 3.0]]);
    output(&folder, "m.parquet").write_matrix(&names, rows.view()).expect("room for it");
    let expected = ["x", "y", "x (column 3)"].map(str::to_owned).to_vec();
    assert_eq!(read("m.parquet"), (rows.iter().copied().collect(), expected));
    let mut out = output(&folder, "r.parquet").begin_restarts(9).expect("room for it");
    for restart in 0..2 {
        let row = RestartRow { restart, inertia: 0.5, iterations: 7, stopped: "tol", stopped_code: 1 };
        out.write(&row).expect("room for it");
    }
    out.finish().expect("room for it");
    let path = folder.path("r.parquet");
    let options = columns(Some("stopped"), None);
    let data = load(path.to_str().expect("plain name"), &options).expect("a table");
    assert_eq!(values(&data.points).expect("whole"), [0.0, 0.5, 7.0, 1.0, 0.5, 7.0]);
    assert_eq!(data.truth.expect("stopped").names, ["tol"]);
    output(&folder, "n.parquet").write_labels([None].into_iter()).expect("room for it");
    let null = load(folder.path("n.parquet").to_str().expect("plain name"), &LoadOptions::default());
    assert!(
        values(&null.expect("a table").points).expect_err("null").to_string().contains("row 1, column 1")
    );
}

#[test]
fn outputs_leave_nothing_until_they_are_whole() {
    let folder = Folder::new();
    folder.write("a.csv", "old");
    let unused = output(&folder, "b.csv");
    let used = output(&folder, "a.csv");
    assert_eq!(folder.names(), ["a.csv"]);
    assert_eq!(fs::read_to_string(folder.path("a.csv")).expect("there"), "old");
    drop(unused);
    used.write_labels([Some(1)].into_iter()).expect("room for it");
    assert_eq!(folder.names(), ["a.csv"]);
    assert_eq!(fs::read_to_string(folder.path("a.csv")).expect("there"), "label\n1\n");
}

#[test]
fn outputs_that_can_not_be_written_are_found_at_once() {
    let folder = Folder::new();
    let refused = |path: &Path| Output::create(path).expect_err("must be refused").to_string();
    for name in ["labels", "labels.txt", "labels.csv.gz", ".csv"] {
        assert!(refused(&folder.path(name)).contains("must end in .csv, .npy"), "{name}");
    }
    assert!(refused(&folder.path("none/labels.csv")).contains("can't be written: its folder does not exist"));
    fs::create_dir(folder.path("d.csv")).expect("the folder is writable");
    assert!(refused(&folder.path("d.csv")).contains("can't be written: is a directory"));
    folder.write("file.csv", "");
    assert!(refused(&folder.path("file.csv/labels.csv")).contains("can't be written: "));
    let read_only = folder.path("locked.csv");
    folder.write("locked.csv", "keep");
    let mut permissions = fs::metadata(&read_only).expect("there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&read_only, permissions).expect("ours");
    assert!(refused(&read_only).contains("read-only"));
    assert!(Output::create(Path::new("in_this_folder.csv")).is_ok());
    assert!(!Path::new("in_this_folder.csv").exists());
}

#[cfg(unix)]
#[test]
fn outputs_have_the_permissions_of_any_new_file_and_follow_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    folder.write("plain", "");
    let mode = |name: &str| fs::metadata(folder.path(name)).expect("there").permissions().mode();
    output(&folder, "a.csv").write_labels([Some(1)].into_iter()).expect("room for it");
    assert_eq!(mode("a.csv"), mode("plain"));

    symlink(folder.path("a.csv"), folder.path("link.csv")).expect("links work");
    output(&folder, "link.csv").write_labels([Some(2)].into_iter()).expect("room for it");
    assert_eq!(fs::read_to_string(folder.path("a.csv")).expect("there"), "label\n2\n");
    assert!(folder.path("link.csv").is_symlink());
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_takes_no_files_is_refused() {
    let refused =
        Output::create(Path::new("/sys/labels.csv")).expect_err("no files can be made there").to_string();
    assert!(refused.starts_with("/sys/labels.csv: can't be written: "), "{refused}");
}
