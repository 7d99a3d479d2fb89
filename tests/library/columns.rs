//! Parquet and Arrow files as pyarrow and polars write them (`fixtures/columns.py`).

use std::fs;
use std::path::Path;

use cairn::data::{DataError, Dataset, LoadOptions, Missing, Points, Rows, load};

/// The table of `formats.rs`, with the columns x, y and z.
const ROWS: [[f64; 3]; 5] =
    [[0.0, 1.0, 200.0], [3.0, 4.0, 5.0], [199.0, 7.0, 8.0], [9.0, 100.0, 11.0], [12.0, 13.0, 0.0]];

const FILES: [&str; 13] = [
    "none.parquet",
    "snappy.parquet",
    "gzip.parquet",
    "zstd.parquet",
    "lz4.parquet",
    "groups.parquet",
    "polars.parquet",
    "uncompressed.feather",
    "lz4.feather",
    "zstd.feather",
    "batches.feather",
    "polars.arrow",
    "kinds.parquet", // only to be cut
];

fn path(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/columns");
    folder.join(name).to_str().expect("plain name").to_owned()
}

fn with(name: &str, truth: &str, weights: &str, ignore: &str) -> Result<Dataset<'static>, DataError> {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let options = LoadOptions {
        truth: text(truth),
        weights: text(weights),
        ignore: text(ignore).into_iter().collect(),
        ..LoadOptions::default()
    };
    load(&path(name), &options)
}

fn values(data: &Dataset<'_>) -> Vec<f64> {
    data.points.to_f64().expect("whole")
}

fn refused(data: Result<Dataset<'static>, DataError>) -> String {
    let error = data.and_then(|data| data.points.to_f64()).expect_err("must be refused").to_string();
    assert!(!error.contains('\n') && !error.ends_with('.'), "{error}");
    error[error.find("columns/").expect("the file is named") + "columns/".len()..].to_owned()
}

#[test]
fn the_table_is_the_same_whoever_wrote_it() {
    for name in FILES.into_iter().filter(|name| !name.starts_with("kinds")) {
        let data = with(name, "", "", "").expect(name);
        assert_eq!(data.columns, ["x", "y", "z"], "{name}");
        assert_eq!(values(&data), ROWS.as_flattened(), "{name}");
        let data = with(name, "x", "z", "").expect(name);
        assert_eq!(data.columns, ["y"]);
        assert_eq!(data.weights.as_deref(), Some([200.0, 5.0, 8.0, 11.0, 0.0].as_slice()), "{name}");
        let truth = data.truth.as_ref().expect("x");
        assert_eq!(
            (&truth.names[..], truth.labels[2]),
            (&["0", "3", "9", "12", "199"].map(str::to_owned)[..], 4)
        );
    }
}

/// What zstd makes of equal values unpacks to far more than that of LZ4 can.
#[test]
fn many_equal_values_are_read() {
    let data = with("zeros.feather", "", "", "").expect("whole");
    let sum: f64 = values(&data).iter().sum();
    assert_eq!((data.points.n_points(), sum), (100_000, 1.0));
}

#[test]
fn small_types_are_read_in_single_precision() {
    for (name, narrow) in [("none.parquet", true), ("polars.parquet", true), ("groups.parquet", false)] {
        let data = with(name, "", "", "").expect(name);
        assert!(matches!(data.points, Points::Source(_)), "{name} stays in the file");
        let seen = data.points.visit::<DataError>(&mut |_, rows| {
            assert_eq!(matches!(rows, Rows::F32(_)), narrow, "{name}");
            Ok(())
        });
        seen.expect("whole");
    }
}

/// The batches of an Arrow file say how many rows it has, so that these need not be in memory to be counted.
#[test]
fn arrow_files_say_how_many_rows_they_have() {
    for (name, n_points) in [
        ("batches.feather", None),
        ("zeros.feather", Some(100_000)),
        ("polars.arrow", None),
        ("lz4.feather", None),
    ] {
        let data = with(name, "", "", "").expect(name);
        assert!(matches!(data.points, Points::Source(_)), "{name} stays in the file");
        assert_eq!(values(&data).len(), data.points.n_points() * data.points.n_dims(), "{name}");
        assert!(n_points.is_none_or(|n| n == data.points.n_points()), "{name}");
    }
}

#[test]
fn every_kind_of_column() {
    let expected: [(&str, [f64; 3]); 15] = [
        ("bool", [1.0, 0.0, 1.0]),
        ("i8", [-1.0, 2.0, 3.0]),
        ("i16", [-1.0, 2.0, 3.0]),
        ("i32", [-1.0, 2.0, 3.0]),
        ("i64", [-1.0, 2.0, 9_007_199_254_740_991.0]),
        ("u8", [255.0, 2.0, 3.0]),
        ("u16", [65_535.0, 2.0, 3.0]),
        ("u32", [4_294_967_295.0, 2.0, 3.0]),
        ("u64", [9_007_199_254_740_992.0, 2.0, 3.0]),
        ("f16", [1.5, -2.0, 0.25]),
        ("f32", [1.5, -2.0, 0.1_f32 as f64]),
        ("f64", [1.5, -2.0, 0.1]),
        ("codes", [7.0, 9.0, 7.0]),
        ("vector[0]", [1.0, 3.0, 5.0]),
        ("vector[1]", [2.0, 4.0, 6.0]),
    ];
    for file in ["kinds.parquet", "kinds.feather"] {
        let error = refused(with(file, "", "", ""));
        let all = r#""text") holds text, not numbers; so do "day", "point", "lists"; leave it out"#;
        assert!(error.contains(all), "{error}");
        let data = with(file, "text", "", "day,point,lists").expect(file);
        let (read, d) = (values(&data), data.columns.len());
        for (name, cells) in expected {
            let at = data.columns.iter().position(|column| column == name).expect(name);
            assert_eq!([read[at], read[d + at], read[2 * d + at]], cells, "{file}: {name}");
        }
        assert_eq!(data.truth.expect("text").names, ["a", "b"]);
        if file == "kinds.parquet" {
            let at = data.columns.iter().position(|column| column == "decimal").expect("there");
            assert_eq!([read[at], read[d + at], read[2 * d + at]], [1.25, 0.5, -0.25]);
        }
        for (truth, names) in [("bool", ["false", "true"]), ("codes", ["7", "9"])] {
            let data = with(file, truth, "", "text,day,point,lists").expect(file);
            assert_eq!(data.truth.expect("named").names, names);
        }
        let error = refused(with(file, "day", "", "text,point,lists"));
        assert!(error.contains(r#"("day") holds dates or times"#), "{error}");
    }
}

/// A fuzzer's finding: 5 GiB were taken for the dictionary that a file of 2 KiB claims.
#[test]
fn a_dictionary_that_claims_more_values_than_bytes_is_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/binary/dictionary_of_many_parquet");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.parquet");
    fs::write(&file, &fs::read(corpus).expect("there")[1..]).expect("written");
    let data = load(file.to_str().expect("plain name"), &LoadOptions::default());
    let error = data.and_then(|data| data.points.to_f64()).expect_err("must be refused").to_string();
    assert!(error.contains("a dictionary of 671088633 values has 16 bytes"), "{error}");
}

#[test]
fn a_null_is_a_missing_value_with_row_and_column() {
    for file in ["nulls.parquet", "nulls.feather"] {
        let missing = |truth, weights, ignore| refused(with(file, truth, weights, ignore));
        let error = missing("", "", "class,vector[0],vector[1]");
        assert!(
            error.starts_with(&format!(r#"{file}, row 2, column 1 ("x"): "null" stands for a missing"#)),
            "{error}"
        );
        assert!(missing("class", "", "x,vector[0],vector[1]").contains(r#"row 3, column 3 ("class")"#));
        assert!(missing("", "x", "class,vector[0],vector[1]").contains(r#"row 2, column 1 ("x")"#));
        assert!(missing("", "", "x,class,vector[0]").contains(r#"row 2, column 5 ("vector[1]")"#));
        let data = with(file, "", "", "x,class,vector[0],vector[1]").expect("y is whole");
        assert_eq!(values(&data), [4.0, 5.0, 6.0]);
    }
}

#[test]
fn rows_with_nulls_are_left_out_on_request() {
    let of = |file: &str, more: &[&str], truth: &str, weights: &str| {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let options = LoadOptions {
            more: more.iter().map(|more| path(more)).collect(),
            numeric: true,
            missing: Missing::Drop,
            truth: text(truth),
            weights: text(weights),
            ..LoadOptions::default()
        };
        load(&path(file), &options).expect(file)
    };
    for file in ["nulls.parquet", "nulls.feather"] {
        let data = of(file, &[], "", "");
        assert_eq!(values(&data), [1.0, 4.0, 1.0, 2.0, 3.0, 6.0, 5.0, 6.0], "{file}");
        let lacking = ["x", "vector[0]", "vector[1]"].map(|column| (column.to_owned(), 1));
        assert_eq!(
            (data.reading.dropped.columns(), data.reading.dropped.count()),
            (&lacking[..], 1),
            "{file}"
        );
        assert_eq!(data.reading.not_numeric, ["class"], "{file}");
        assert_eq!([0, 1].map(|row| data.reading.rows.number(row)), [1, 3], "{file}");
        let data = of(file, &[], "class", "x");
        assert_eq!(values(&data), [4.0, 1.0, 2.0], "{file}");
        assert_eq!((data.truth.expect("class").names, data.weights), (vec!["a".into()], Some(vec![1.0])));
    }
    let both = of("nulls.parquet", &["nulls.feather"], "", "y");
    assert_eq!(values(&both), [1.0, 1.0, 2.0, 3.0, 5.0, 6.0].repeat(2));
    assert_eq!(both.weights.as_deref(), Some([4.0, 6.0, 4.0, 6.0].as_slice()));
    assert_eq!([1, 2].map(|row| both.reading.dropped.index(row)), [2, 3]);
}

#[test]
fn columns_that_hold_no_numbers_are_left_out_on_request() {
    for (file, n_dims) in [("kinds.parquet", 16), ("kinds.feather", 15)] {
        let data = load(&path(file), &LoadOptions { numeric: true, ..LoadOptions::default() }).expect(file);
        assert_eq!(data.reading.not_numeric, ["text", "day", "point", "lists"], "{file}");
        assert_eq!((data.columns.len(), values(&data).len()), (n_dims, 3 * n_dims), "{file}");
    }
}

#[test]
fn lists_have_one_length() {
    let error = refused(with("uneven.parquet", "", "", ""));
    let said = r#"uneven.parquet, row 3: the list in column "v" has 1 values where that of the first row has 2; leave the column out"#;
    assert!(error.starts_with(said), "{error}");
}

/// The name of a list is all its places, but for a column of that very name.
#[test]
fn a_list_is_named_as_a_whole() {
    for file in ["kinds.parquet", "kinds.feather"] {
        let of = |columns: &str, ignore: &str| {
            let all = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
            let options = LoadOptions {
                columns: all(columns),
                ignore: all(ignore),
                numeric: true,
                ..LoadOptions::default()
            };
            load(&path(file), &options).expect(file).columns
        };
        assert_eq!(of("vector", ""), ["vector[0]", "vector[1]"], "{file}");
        assert_eq!(of("f32,vector,vector[1]", ""), ["f32", "vector[0]", "vector[1]"], "{file}");
        assert_eq!(of("f64..vector[0]", "vector"), ["f64", "codes"], "{file}");
        let error = refused(with(file, "", "", "vec"));
        assert!(error.contains("ignored \"vec\" is not a column"), "{error}");
    }
}

#[test]
fn decimals_of_up_to_38_digits_are_numbers() {
    let expected = [
        12.5,
        1.25,
        123_456_789_012.0,
        123_456_789_012.345_67,
        -0.25, //
        -0.1,
        -1_234_567.89,
        -1.0,
        -0.000_001,
        1e20, //
        99.9,
        0.0,
        7.0,
        2.5,
        70.07,
    ];
    for file in ["decimals.parquet", "decimals_polars.parquet", "decimals.feather"] {
        assert_eq!(values(&with(file, "", "", "").expect(file)), expected, "{file}");
        let truth = with(file, "price", "", "").expect(file).truth.expect("named");
        assert_eq!(truth.names, ["-1234567.89", "0", "1.25"], "{file}");
    }
    for file in ["long_decimals.parquet", "long_decimals.feather"] {
        let error = refused(with(file, "", "", ""));
        assert!(
            error.contains(r#"column 1 ("d") holds decimals of more than 38 digits, not numbers"#),
            "{error}"
        );
    }
}

#[test]
fn a_compression_that_is_not_read_is_named() {
    let error = refused(with("brotli.parquet", "", "", ""));
    assert!(
        error.contains("is a Parquet file compressed by Brotli, which is not read; write it with zstd"),
        "{error}"
    );
}

/// Nothing of it may panic, hang, or be taken for another table.
#[test]
fn a_file_cut_or_changed_anywhere_is_an_error_or_the_table() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // every change where time does not matter, else every third
    let step = if std::env::var_os("CAIRN_LONG").is_some() { 1 } else { 3 };
    let check = |name: &str| {
        let whole = fs::read(path(name)).expect("there");
        let read = |bytes: &[u8]| {
            let file = folder.path().join(name);
            fs::write(&file, bytes).expect("the folder is writable");
            load(file.to_str().expect("plain name"), &LoadOptions::default())
                .and_then(|data| data.points.to_f64())
        };
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{name} cut at {end}");
        }
        for at in (0..whole.len()).step_by(step) {
            let mut changed = whole.clone();
            changed[at] ^= 0x81;
            let _ = read(&changed);
        }
    };
    std::thread::scope(|scope| {
        for name in FILES {
            let check = &check;
            scope.spawn(move || check(name));
        }
    });
}
