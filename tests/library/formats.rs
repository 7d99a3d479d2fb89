//! The same table in every format, damage of every kind, and what each format alone has.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use cairn::data::{DataError, Dataset, LoadOptions, Missing, ReadOptions, Scale, load};
use cairn::kmeans::{KMeans, fit};
use tempfile::TempDir;

/// Values from 0 to 200, of 3 columns.
const ROWS: [[u8; 3]; 5] = [[0, 1, 200], [3, 4, 5], [199, 7, 8], [9, 100, 11], [12, 13, 0]];

fn text() -> String {
    ROWS.iter().map(|[x, y, z]| format!("{x},{y},{z}\n")).collect()
}

fn values() -> Vec<f64> {
    ROWS.iter().flatten().map(|&value| f64::from(value)).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory")
}

fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
}

fn npy(descr: &str, fortran: &str, shape: &str, cells: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), cells].concat()
}

/// The table as `.npy`, in C order or in Fortran order.
fn array(fortran: bool) -> Vec<u8> {
    let by_columns: Vec<u8> = (0..3).flat_map(|column| ROWS.iter().map(move |row| row[column])).collect();
    match fortran {
        false => npy("|u1", "False", "(5, 3)", ROWS.as_flattened()),
        true => npy("|u1", "True", "(5, 3)", &by_columns),
    }
}

fn npz(members: &[(&str, &[u8])], packed: bool) -> Vec<u8> {
    let method = if packed { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, options).expect("memory");
        archive.write_all(bytes).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

fn idx(code: u8, shape: &[u32], cells: &[u8]) -> Vec<u8> {
    let sizes: Vec<u8> = shape.iter().flat_map(|size| size.to_be_bytes()).collect();
    [&[0, 0, code, shape.len() as u8][..], &sizes, cells].concat()
}

fn vectors(value: fn(u8) -> Vec<u8>) -> Vec<u8> {
    let row =
        |row: &[u8; 3]| [3u32.to_le_bytes().to_vec(), row.iter().flat_map(|&x| value(x)).collect()].concat();
    ROWS.iter().flat_map(row).collect()
}

/// The table in every format.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let big = ROWS.as_flattened().iter().flat_map(|&x| f64::from(x).to_be_bytes()).collect::<Vec<u8>>();
    vec![
        ("t.csv", text().into_bytes()),
        ("t.csv.gz", gzip(text().as_bytes())),
        ("t.csv.zst", zstd(text().as_bytes())),
        ("named.by.content", gzip(text().as_bytes())),
        ("little.csv", utf_16(&text(), u16::to_le_bytes)),
        ("big.csv", utf_16(&text(), u16::to_be_bytes)),
        ("big.csv.gz", gzip(&utf_16(&text(), u16::to_be_bytes))),
        ("t.npy", array(false)),
        ("f.npy", array(true)),
        ("t.npy.gz", gzip(&array(false))),
        ("f.npy.zst", zstd(&array(true))),
        ("t.npz", npz(&[("a.npy", &array(false))], false)),
        ("packed.npz", npz(&[("a.npy", &array(false))], true)),
        ("f.npz", npz(&[("a.npy", &array(true))], true)),
        ("t-idx2-ubyte", idx(8, &[5, 3], ROWS.as_flattened())),
        ("t-idx3-ubyte.gz", gzip(&idx(8, &[5, 1, 3], ROWS.as_flattened()))),
        ("f64.idx", idx(14, &[5, 3], &big)),
        ("t.bvecs", vectors(|x| vec![x])),
        ("t.fvecs", vectors(|x| f32::from(x).to_le_bytes().to_vec())),
        ("t.ivecs.gz", gzip(&vectors(|x| i32::from(x).to_le_bytes().to_vec()))),
    ]
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path: PathBuf = self.0.path().join(name);
        fs::write(&path, bytes).expect("the folder is writable");
        path.to_str().expect("plain name").to_owned()
    }

    fn load(&self, name: &str, bytes: &[u8]) -> Result<Dataset<'static>, DataError> {
        load(&self.write(name, bytes), &LoadOptions::default())
    }

    /// All values of a table.
    fn read(&self, name: &str, bytes: &[u8]) -> Result<Vec<f64>, DataError> {
        self.load(name, bytes)?.points.to_f64()
    }

    /// The error, from the file's name on.
    fn refused(&self, name: &str, bytes: &[u8]) -> String {
        let error = self.read(name, bytes).expect_err("must be refused").to_string();
        assert!(!error.contains('\n') && !error.ends_with('.'), "{error}");
        error[error.find(name).unwrap_or(0)..].to_owned()
    }
}

#[test]
fn a_table_is_the_same_in_every_format() {
    let folder = Folder::new();
    for (name, bytes) in files() {
        assert_eq!(folder.read(name, &bytes).expect(name), values(), "{name}");
        let weights = LoadOptions { weights: Some("2".into()), ..LoadOptions::default() };
        let table = load(&folder.write(name, &bytes), &weights).expect(name);
        assert_eq!(table.weights.expect("named"), [1.0, 4.0, 7.0, 100.0, 13.0], "{name}");
        assert_eq!(table.points.to_f64().expect(name)[..2], [0.0, 200.0], "{name}");
    }
}

/// A text without a checksum is a table up to there, and so are whole vectors. All else is an error.
#[test]
fn a_file_cut_anywhere_is_an_error_or_a_part_of_the_table() {
    let folder = Folder::new();
    for (name, bytes) in files() {
        let text = !bytes.starts_with(b"\x1f\x8b") && name.contains(".csv") && !name.ends_with(".zst");
        for end in 0..bytes.len() {
            match folder.read(name, &bytes[..end]) {
                Err(error) => assert!(error.to_string().contains(name), "{name} cut at {end}: {error}"),
                Ok(_) if text => {}
                Ok(read) => {
                    assert!(name.contains("vecs"), "{name} cut at {end} is taken for {read:?}");
                    assert_eq!(read, values()[..read.len()]);
                }
            }
        }
    }
}

/// Where there is a checksum, each change is an error.
#[test]
fn a_changed_byte_of_what_has_a_checksum_is_found() {
    let folder = Folder::new();
    let found = |name: &str, bytes: &[u8], cells: std::ops::Range<usize>| {
        for at in cells {
            let mut changed = bytes.to_vec();
            changed[at] ^= 4;
            assert!(folder.read(name, &changed).is_err(), "{name}: byte {at}");
        }
    };
    for packed in [false, true] {
        let archive = npz(&[("a.npy", &array(false))], packed);
        let from = 30 + "a.npy".len();
        found("t.npz", &archive, from + 70..from + array(false).len().min(90));
    }
}

/// An archive that would fill the memory is refused by what it says of itself.
#[test]
fn a_bomb_is_refused_before_it_unpacks() {
    let folder = Folder::new();
    for order in ["False", "True"] {
        let (rows, array) = (200_000_000u32, npy("<f8", order, "(200000000, 1)", &[0; 4096]));
        let mut archive = npz(&[("x.npy", &array)], true);
        let entry = archive.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a central directory");
        let claimed = rows * 8 + (array.len() - 4096) as u32;
        archive[entry + 24..][..4].copy_from_slice(&claimed.to_le_bytes());
        let error = folder.read("t.npz", &archive).expect_err("a bomb").to_string();
        let said =
            format!("it unpacks to {claimed} bytes, more than 200 times its size; save it by numpy.savez");
        assert!(error.contains(&said), "{error}");
    }
}

#[test]
fn the_first_table_of_an_archive_is_read_or_the_one_that_is_named() {
    let folder = Folder::new();
    let line = npy("<f8", "False", "(3,)", &[0; 24]);
    let names = npy("<U5", "False", "(3, 1)", &[0; 60]);
    let other = npy("|u1", "False", "(2, 1)", &[5, 6]);
    let archive = npz(
        &[("line.npy", &line), ("names.npy", &names), ("x.npy", &array(false)), ("y:z.npy", &other)],
        true,
    );
    let path = folder.write("t.npz", &archive);
    let opened = |part: &str| load(&format!("{path}{part}"), &LoadOptions::default());
    let first = opened("").expect("x");
    assert!(first.name.ends_with("t.npz:x") && first.points.to_f64().expect("whole") == values());
    assert_eq!(opened(":y:z").expect("by name").points.to_f64().expect("whole"), [5.0, 6.0]);
    let error = |part: &str| opened(part).expect_err("no table").to_string();
    assert!(
        error(":line")
            .ends_with("save x.reshape(-1, 1) if each number is a point, x.reshape(1, -1) if all are one")
    );
    assert!(error(":names").contains("t.npz:names: dtype '<U5'"));
    let unknown = error(":w");
    assert!(unknown.contains(r#"holds no array "w"; it holds "line", "names", "x", "y:z""#), "{unknown}");
    // a file of that name is that file
    folder.write("t.npz:x", b"1,2\n");
    assert_eq!(opened(":x").expect("a text").points.to_f64().expect("whole"), [1.0, 2.0]);
    assert!(folder.refused("n.npz", &npz(&[("line.npy", &line)], true)).contains("has shape (3,)"));
    assert!(folder.refused("o.npz", &npz(&[("a.csv", b"1")], true)).starts_with("o.npz: is a zip archive; "));
    assert!(folder.refused("w.npz", b"PK\x03\x04").starts_with("w.npz: is no whole .npz file: "));
    assert!(folder.refused("c.npz", b"1,2\n").starts_with("c.npz: is no whole .npz file: "));
}

#[test]
fn pictures_of_idx_are_known_to_the_model() {
    let pictures: Vec<u8> = (0..6 * 28 * 28).map(|at| (at % 251) as u8).collect();
    let data = Folder::new().load("train-images-idx3-ubyte", &idx(8, &[6, 28, 28], &pictures));
    let data = data.expect("pictures");
    assert_eq!((data.points.n_points(), data.points.n_dims()), (6, 784));
    assert_eq!((data.columns[0].as_str(), data.columns[783].as_str()), ("pixel_0_0", "pixel_27_27"));
}

#[test]
fn idx_of_every_type_and_any_number_of_axes() {
    let folder = Folder::new();
    let cells: [(u8, Vec<u8>); 6] = [
        (8, vec![1, 250]),
        (9, vec![1, 250]),
        (11, [1_i16, -6].map(i16::to_be_bytes).concat()),
        (12, [1_i32, -6].map(i32::to_be_bytes).concat()),
        (13, [1_f32, -6.0].map(f32::to_be_bytes).concat()),
        (14, [1_f64, -6.0].map(f64::to_be_bytes).concat()),
    ];
    for (code, cells) in &cells {
        let second = if *code == 8 { 250.0 } else { -6.0 };
        for shape in [&[1, 2][..], &[1, 1, 2], &[1, 1, 1, 2]] {
            assert_eq!(folder.read("x.idx", &idx(*code, shape, cells)).expect("a table"), [1.0, second]);
        }
        let labels = folder.load("x.idx", &idx(*code, &[2], cells)).expect("a column");
        assert_eq!((labels.points.n_points(), labels.points.n_dims()), (2, 1));
    }
}

#[test]
fn idx_that_claims_more_or_less_than_it_holds() {
    let folder = Folder::new();
    for (shape, says) in [
        (&[6, 3][..], "has 15 bytes of values where its shape (6, 3) needs 18; the file is cut short"),
        (&[4, 3], "has 15 bytes of values where its shape (4, 3) needs 12; the file is too long"),
        (&[u32::MAX, u32::MAX, u32::MAX], "is cut short"),
        (&[u32::MAX; 200], "is cut short"),
        (&[0, 3], "has 0 rows and 3 columns"),
        (&[5, 0], "has 5 rows and 0 columns"),
        (&[], "has no axes"),
    ] {
        let error = folder.refused("x.idx", &idx(8, shape, ROWS.as_flattened()));
        assert!(error.starts_with("x.idx: ") && error.contains(says), "{error}");
    }
    let error = folder.refused("x.idx", b"1,2\n3,4\n");
    assert!(error.contains("is no whole IDX file: it does not begin as one does"), "{error}");
    let wide = idx(8, &[1, 2000, 1000], &vec![0; 2_000_000]);
    assert!(folder.refused("x.idx", &wide).contains("has 2000000 columns"));
}

#[test]
fn vectors_have_one_length() {
    let folder = Folder::new();
    let whole = vectors(|x| vec![x]);
    let mut other = whole.clone();
    other[14] = 2; // the third of 7 bytes a row
    let error = folder.refused("x.bvecs", &other);
    assert!(error.starts_with("x.bvecs, row 3: has 2 values where the first row has 3"), "{error}");
    let error = folder.refused("x.bvecs", &whole[..20]);
    assert!(
        error.contains("its first vector has 3 values, 7 bytes, but 6 bytes are left after 2 of them"),
        "{error}"
    );
    assert!(folder.refused("x.fvecs", &[0; 8]).contains("its first vector has no values"));
    assert!(folder.refused("x.fvecs", &[1, 0]).contains("fewer bytes than the length of a vector"));
    assert!(folder.refused("x.fvecs", &[0, 0, 0, 1, 0, 0, 0, 0]).contains("has 16777216 columns"));
}

/// The shape of pictures comes with the names of their pixels.
#[test]
fn a_model_of_pictures_has_their_shape() {
    let pictures: Vec<u8> = (0..6 * 6).map(|at| (at * 37 % 251) as u8).collect();
    let folder = Folder::new();
    let data = folder.load("p.idx", &idx(8, &[6, 2, 3], &pictures)).expect("pictures");
    let params = KMeans::new(2).restarts(2).check().expect("good");
    let model = fit(&data, &params).expect("a fit").model(&data, &params).expect("a model");
    assert_eq!(model.image, Some((2, 3)));
}

#[test]
fn files_of_the_same_columns_are_one_table() {
    let folder = Folder::new();
    let path = |name: &str, bytes: &[u8]| folder.write(name, bytes);
    let first = path("part-1.csv", b"x,y\n1,2\n\n3,4\n");
    let second = path("part-2.csv", b"x;y\n5;6\n");
    path("part-3.csv.gz", &gzip(b"x,y\n7,8\n9,10\n"));
    let pattern = folder.0.path().join("part-*");
    let pattern = pattern.to_str().expect("plain name");
    let with = |source: &str, more: &[&str]| {
        let more = more.iter().map(|&more| more.to_owned()).collect();
        load(source, &LoadOptions { more, truth: Some("y".into()), ..LoadOptions::default() })
    };
    let all = with(pattern, &[]).expect("three files");
    assert_eq!((all.name.as_str(), all.columns.len()), (pattern, 1));
    assert_eq!(all.points.to_f64().expect("in memory"), [1.0, 3.0, 5.0, 7.0, 9.0]);
    assert_eq!(all.truth.expect("y").names, ["2", "4", "6", "8", "10"]);
    assert_eq!(all.reading.rows.number(4), 5, "rows count through all files");
    let two = with(&second, &[&first]).expect("two files");
    assert_eq!(two.points.to_f64().expect("in memory"), [5.0, 1.0, 3.0]);
    assert!(two.name.ends_with("part-2.csv and 1 more"), "{}", two.name);

    let error = |more: &[&str]| with(&first, more).expect_err("must be refused").to_string();
    let bad = path("bad.csv", b"x,y\n1,2\n3,four\nz,5\n");
    assert!(error(&[&bad]).contains(r#"bad.csv, row 4, column 1 ("x"): "z" is not a number"#));
    let other = error(&[&path("other.csv", b"x,z\n1,2\n")]);
    assert!(
        other.contains("other.csv: column 2 is called \"z\", where that of ")
            && other.contains("part-1.csv is called \"y\"")
    );
    assert!(error(&[&path("wide.csv", b"x,y,z\n1,2,3\n")]).contains("wide.csv: has 3 columns where "));
    assert!(error(&[&path("bare.csv", b"1,2\n")]).contains("bare.csv: has no names of columns where "));
    let none = folder.0.path().join("none-*.csv");
    let none = with(none.to_str().expect("plain name"), &[]).expect_err("nothing").to_string();
    assert!(none.contains("none-*.csv: no file has such a name"), "{none}");
}

/// A table of floats with two holes, in formats of all kinds; NaN is a hole in those of numbers.
fn files_with_holes() -> Vec<(&'static str, Vec<u8>)> {
    let rows =
        [[1.0, 2.0, 3.0], [4.0, f32::NAN, 6.0], [7.0, 8.0, 9.0], [2.0, 1.0, f32::NAN], [5.0, 0.5, 2.0]];
    let text = "1,2,3\n4,,6\n7,8,9\n2,1,NA\n5,0.5,2\n";
    let cells =
        |order: fn(f32) -> [u8; 4]| rows.as_flattened().iter().flat_map(|&x| order(x)).collect::<Vec<u8>>();
    let by_columns = (0..3).flat_map(|at| rows.iter().flat_map(move |row| row[at].to_le_bytes()));
    let (c, f) = (
        npy("<f4", "False", "(5, 3)", &cells(f32::to_le_bytes)),
        npy("<f4", "True", "(5, 3)", &by_columns.collect::<Vec<u8>>()),
    );
    let vectors = rows.iter().flat_map(|row| {
        [3u32.to_le_bytes().to_vec(), row.iter().flat_map(|x| x.to_le_bytes()).collect()].concat()
    });
    vec![
        ("t.csv", text.as_bytes().to_vec()),
        ("t.csv.gz", gzip(text.as_bytes())),
        ("t.csv.zst", zstd(text.as_bytes())),
        ("little.csv", utf_16(text, u16::to_le_bytes)),
        ("t.npz", npz(&[("a.npy", &c)], true)),
        ("c.npy", c),
        ("f.npy.gz", gzip(&f)),
        ("f.npy", f),
        ("t.idx", idx(13, &[5, 3], &cells(f32::to_be_bytes))),
        ("t.fvecs", vectors.collect()),
    ]
}

#[test]
fn rows_with_holes_are_left_out_of_every_format() {
    let folder = Folder::new();
    for (name, bytes) in files_with_holes() {
        let path = folder.write(name, &bytes);
        let of = |options: LoadOptions| {
            load(&path, &LoadOptions { missing: Missing::Drop, ..options }).expect(name)
        };
        let values = |data: &Dataset<'_>| data.points.to_f64().expect(name);
        let all = of(LoadOptions::default());
        assert_eq!(values(&all), [1.0, 2.0, 3.0, 7.0, 8.0, 9.0, 5.0, 0.5, 2.0], "{name}");
        let numbers = [0, 1, 2].map(|row| all.reading.rows.number(row));
        assert_eq!((all.reading.dropped.count(), numbers), (2, [1, 3, 5]), "{name}");
        let holes = [("column 2".to_owned(), 1), ("column 3".to_owned(), 1)];
        assert_eq!(all.reading.dropped.columns(), holes, "{name}");
        let scaled = all.scaled(Scale::MinMax).expect(name);
        assert_eq!(values(&scaled)[..3], [0.0, 0.2, 1.0 / 7.0], "{name}");
        let chosen = of(LoadOptions { columns: vec!["1..2".into()], ..LoadOptions::default() });
        assert_eq!(values(&chosen), [1.0, 2.0, 7.0, 8.0, 2.0, 1.0, 5.0, 0.5], "{name}");
        let roles =
            LoadOptions { truth: Some("2".into()), weights: Some("3".into()), ..LoadOptions::default() };
        let roles = of(roles);
        assert_eq!(values(&roles), [1.0, 7.0, 5.0], "{name}");
        assert_eq!(roles.weights.expect("named"), [3.0, 9.0, 2.0], "{name}");
        assert_eq!(roles.truth.expect("named").labels.len(), 3, "{name}");
        let refused = load(&path, &LoadOptions::default()).and_then(|data| data.points.to_f64());
        assert!(refused.map_or(true, |values| values[4].is_nan()), "{name}");
    }
}

#[test]
fn marks_of_missing_values_are_for_text_alone() {
    let folder = Folder::new();
    for (name, bytes) in files() {
        let read = ReadOptions { na: vec!["100".into()], ..ReadOptions::default() };
        let options = LoadOptions { read, missing: Missing::Drop, ..LoadOptions::default() };
        let data = load(&folder.write(name, &bytes), &options);
        if name.contains(".csv") || name == "named.by.content" {
            assert_eq!(data.expect(name).points.n_points(), 4, "{name}");
        } else {
            assert!(matches!(data, Err(DataError::MarkOfNoText { .. })), "{name}");
        }
    }
}

#[test]
fn rows_with_holes_are_left_out_of_several_files() {
    let folder = Folder::new();
    let files = files_with_holes();
    let paths: Vec<String> = files.iter().map(|(name, bytes)| folder.write(name, bytes)).collect();
    for names in [["t.csv", "t.csv.gz"], ["c.npy", "t.fvecs"], ["t.idx", "t.csv.zst"]] {
        let of = |name: &str| paths.iter().find(|path| path.ends_with(name)).expect("written").clone();
        let (first, more) = (of(&format!("/{}", names[0])), vec![of(names[1])]);
        let data = load(&first, &LoadOptions { more, missing: Missing::Drop, ..LoadOptions::default() });
        let data = data.expect("two files");
        let whole = [1.0, 2.0, 3.0, 7.0, 8.0, 9.0, 5.0, 0.5, 2.0];
        for _ in 0..2 {
            assert_eq!(data.points.to_f64().expect("whole"), [whole, whole].concat(), "{names:?}");
        }
        let dropped = &data.reading.dropped;
        assert_eq!(dropped.columns(), [("column 2".to_owned(), 2), ("column 3".to_owned(), 2)], "{names:?}");
        assert_eq!([0, 3, 5].map(|row| dropped.index(row)), [0, 5, 9], "{names:?}");
        assert_eq!([0, 3, 5].map(|row| data.reading.rows.number(row)), [1, 6, 10], "{names:?}");
    }
}

#[test]
fn text_in_any_file_makes_a_column_of_text() {
    let folder = Folder::new();
    let first = folder.write("1.csv", b"x,y,z\n1,2,3\n4,5,6\n");
    let more = vec![folder.write("2.csv.gz", &gzip(b"x,y,z\n1,late,3\n4,5,6\n"))];
    let options = LoadOptions { more, numeric: true, ..LoadOptions::default() };
    let data = load(&first, &options).expect("x and z are numeric");
    assert_eq!(
        (&data.columns[..], data.reading.not_numeric),
        (&["x".into(), "z".into()][..], vec!["y".into()])
    );
    assert_eq!(data.points.to_f64().expect("in memory"), [1.0, 3.0, 4.0, 6.0, 1.0, 3.0, 4.0, 6.0]);
    let error = load(&first, &LoadOptions { numeric: false, ..options }).expect_err("text").to_string();
    assert!(error.contains("2.csv.gz, row 2, column 2 (\"y\"): \"late\" is not a number"), "{error}");
}

/// Arrays stay in their files, and are read again.
#[test]
fn arrays_in_several_files_are_read_again_and_again() {
    let folder = Folder::new();
    let first = folder.write("a.npy", &array(false));
    let more = vec![folder.write("b.idx", &idx(8, &[5, 3], ROWS.as_flattened())), first.clone()];
    let data = load(&first, &LoadOptions { more, ..LoadOptions::default() }).expect("three files");
    assert!(matches!(data.points, cairn::data::Points::Source(_)) && data.points.n_points() == 15);
    for _ in 0..2 {
        assert_eq!(data.points.to_f64().expect("whole"), [values(), values(), values()].concat());
    }
    folder.write("b.idx", &idx(8, &[5, 3], &[7; 15]));
    assert!(matches!(data.points.to_f64(), Err(DataError::Changed { .. })));
}

/// Some rows of a table that stays in its files: those of other parts are passed over, and none is missing.
#[test]
fn a_part_of_a_table_has_its_rows() {
    let folder = Folder::new();
    let mut sources: Vec<String> = files().iter().map(|(name, bytes)| folder.write(name, bytes)).collect();
    #[cfg(feature = "parquet")]
    for name in ["groups.parquet", "batches.feather"] {
        let columns = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/columns");
        sources.push(columns.join(name).display().to_string());
    }
    for (at, name) in ["1.npy", "2.npy", "3.npy"].into_iter().enumerate() {
        folder.write(&format!("part-{name}"), &array(at == 1));
        folder.write(&format!("part-{at}.csv"), text().as_bytes());
    }
    sources.extend(["part-*.npy", "part-*.csv"].map(|name| folder.0.path().join(name).display().to_string()));
    // rows with holes are counted out from the first one on
    let whole = sources.iter().cloned().map(|source| (source, Missing::default()));
    let holes = files_with_holes()
        .into_iter()
        .map(|(name, bytes)| (folder.write(&format!("holes-{name}"), &bytes), Missing::Drop));
    for (source, missing) in whole.chain(holes) {
        let read = ReadOptions { reread: true, ..ReadOptions::default() };
        let options = LoadOptions { stay: true, read, missing, ..LoadOptions::default() };
        let data = load(&source, &LoadOptions { numeric: true, ..options }).expect(&source);
        assert!(matches!(data.points, cairn::data::Points::Source(_)), "{source}");
        for data in [data.clone(), data.scaled(Scale::MinMax).expect("finite")] {
            let (n, d) = (data.points.n_points(), data.points.n_dims());
            let whole = data.points.to_f64().expect(&source);
            for (first, end) in (0..=n).flat_map(|first| (first..=n).map(move |end| (first, end))) {
                let part = data.part(first..end);
                assert_eq!((part.points.n_points(), part.points.n_dims()), (end - first, d));
                let values = part.points.to_f64().expect(&source);
                assert!(values == whole[first * d..end * d], "{source}, {first} to {end}");
                let half = part.part(0..(end - first) / 2).points.to_f64().expect(&source);
                assert!(half == values[..half.len()], "{source}, {first} to {end}");
            }
        }
    }
}

/// Every format with a few bytes changed, left out or repeated at random. Nothing of it may panic or hang, and what is
/// still a table has finite rows of one length.
#[test]
fn files_changed_at_random_are_errors_or_tables() {
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let columns = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/columns");
    let columns = fs::read_dir(columns).expect("there").map(|entry| entry.expect("an entry").path());
    let columns = columns.map(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).expect("plain name").to_owned();
        (name, fs::read(path).expect("there"))
    });
    let mut all: Vec<(String, Vec<u8>)> =
        files().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).chain(columns).collect();
    all.sort();
    let folder = Folder::new();
    for (name, whole) in all {
        for _ in 0..10_000 / crate::common::step(20, 200) {
            let mut bytes = whole.clone();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                match random(5) {
                    0 => bytes.truncate(at),
                    1 => bytes.extend_from_slice(&whole[..at.min(whole.len())]),
                    2 => _ = bytes.drain(at..(at + random(9)).min(bytes.len())),
                    3 => bytes[at..].iter_mut().take(4).for_each(|byte| *byte = 0xff),
                    _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random(8)),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            if let Ok(data) = folder.load(&name, &bytes)
                && let Ok(values) = data.points.to_f64()
            {
                assert_eq!(values.len(), data.points.n_points() * data.points.n_dims(), "{name}");
            }
        }
    }
}
