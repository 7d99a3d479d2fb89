//! Pictures of ink on paper read as drawings, from every form of a table; what is refused.

use cairn::data::{Dataset, Ink, LoadOptions, Missing, ReadOptions, load};
use cairn::drawing::normalise;
use tempfile::TempDir;

use crate::files::{idx, npy, write};

const SIDE: usize = 28;
const N: usize = 12;

/// Pictures of 28 x 28 bytes: the digits, bright on a dark border of 4 pixels. (N, 784)
fn pictures() -> Vec<u8> {
    let rows = cairn::data::digits().points.to_f64().expect("the digits");
    let picture = |row: &[f64]| {
        let pixel = |at: usize| {
            let (y, x) = (at / SIDE, at % SIDE);
            let inside = (2..26).contains(&y) && (2..26).contains(&x);
            if inside { (row[(y - 2) / 3 * 8 + (x - 2) / 3] * 15.0) as u8 } else { 0 }
        };
        (0..SIDE * SIDE).map(pixel).collect::<Vec<u8>>()
    };
    rows.chunks(64).take(N).flat_map(picture).collect()
}

/// What `normalise` makes of them.
fn expected(pictures: &[u8]) -> Vec<f64> {
    let counts = |picture: &[u8]| {
        let ink: Vec<f64> = picture.iter().copied().map(f64::from).collect();
        normalise(&ink, SIDE, SIDE).expect("ink").map(f64::from)
    };
    pictures.chunks(SIDE * SIDE).flat_map(counts).collect()
}

/// Rows of numbers between commas; `before` and `after` are added to each.
fn csv(header: &str, values: &[u8], width: usize, (before, after): (&str, &str)) -> String {
    let row = |row: &[u8]| {
        let cells: Vec<String> = row.iter().map(u8::to_string).collect();
        format!("{before}{}{after}\n", cells.join(","))
    };
    header.to_owned() + &values.chunks(width).map(row).collect::<String>()
}

fn drawn(ink: Ink) -> LoadOptions {
    let read = ReadOptions { as_drawings: Some(ink), ..ReadOptions::default() };
    LoadOptions { read, ..LoadOptions::default() }
}

fn values(data: &Dataset<'_>) -> Vec<f64> {
    data.points.to_f64().expect("values")
}

#[test]
fn every_form_of_pictures_gives_the_same_counts() {
    let folder = TempDir::new().expect("a folder");
    let (pictures, n) = (pictures(), N as u32);
    let expected = expected(&pictures);
    let inverted: Vec<u8> = pictures.iter().map(|x| 240 - x).collect();
    let all = format!("({N}, 784)");
    let names: Vec<String> = (0..784).map(|at| format!("pixel_{}_{}", at / 28, at % 28)).collect();
    let named = names.join(",") + ",digit\n";
    let files = [
        ("images-idx3-ubyte", idx(&[n, 28, 28], &pictures), false),
        ("flat-idx2-ubyte", idx(&[n, 784], &pictures), false),
        ("bright.npy", npy(&all, &pictures), false),
        ("dark.npy", npy(&all, &inverted), true),
        ("bright.csv", csv("", &pictures, 784, ("", "")).into(), false),
        ("dark.csv", csv("", &inverted, 784, ("", "")).into(), true),
        ("named.csv", csv(&named, &pictures, 784, ("", ",7")).into(), false),
    ];
    for (name, bytes, dark_ink) in files {
        let file = write(&folder, name, bytes);
        for ink in [Ink::Auto, if dark_ink { Ink::Dark } else { Ink::Bright }] {
            let data = load(&file, &drawn(ink)).expect(name);
            assert_eq!(values(&data), expected, "{name}");
            assert_eq!(values(&data), expected, "{name}, again");
            assert_eq!((data.columns.len(), &*data.columns[9], data.points.n_dims()), (64, "pixel_1_1", 64));
            let found = data.reading.drawings.as_ref().expect("drawings");
            assert_eq!((found.height, found.width, found.dark_ink), (28, 28, dark_ink), "{name}");
            assert_eq!(found.votes, (ink == Ink::Auto).then_some((N, N)), "{name}");
            let left_out = if name == "named.csv" { vec!["digit".to_owned()] } else { vec![] };
            assert_eq!(found.left_out, left_out);
        }
    }
    // a class before the pixels, found by its number in the table
    let file = write(&folder, "class.csv", csv("", &pictures, 784, ("3,", "")));
    let data = load(&file, &LoadOptions { truth: Some("1".into()), ..drawn(Ink::Auto) }).expect("a truth");
    assert_eq!(values(&data), expected);
    let truth = data.truth.expect("a truth");
    assert_eq!((&*truth.column, &truth.names[..]), ("column 1", &["3".to_owned()][..]));
    let weighted =
        LoadOptions { weights: Some("785".into()), ignore: vec!["786".into()], ..drawn(Ink::Auto) };
    let file = write(&folder, "weights.csv", csv("", &pictures, 784, ("", ",2,9")));
    let data = load(&file, &weighted).expect("weights");
    assert_eq!((values(&data), data.weights), (expected.clone(), Some(vec![2.0; N])));
    // several files
    let half = pictures.len() / 2;
    let parts: Vec<String> = (0..2)
        .map(|at| write(&folder, &format!("p{at}"), idx(&[n / 2, 28, 28], &pictures[at * half..][..half])))
        .collect();
    let data =
        load(&parts[0], &LoadOptions { more: parts[1..].to_vec(), ..drawn(Ink::Auto) }).expect("parts");
    assert_eq!(values(&data), expected);
}

/// Counts as in the digits stay, so that the digits are the same table either way.
#[test]
fn the_digits_are_drawings_already() {
    let data = load("digits", &drawn(Ink::Auto)).expect("digits");
    let digits = cairn::data::digits();
    assert_eq!(
        (values(&data), &data.truth, &data.columns),
        (values(&digits), &digits.truth, &digits.columns)
    );
}

/// A dark picture on white, also where white is what shines through.
#[cfg(feature = "cli")]
#[test]
fn a_folder_of_pictures_is_dark_on_white() {
    use image::{GrayImage, Luma, Rgba, RgbaImage};
    let (folder, pictures) = (TempDir::new().expect("a folder"), pictures());
    let [grey, clear] = ["grey", "clear"].map(|name| folder.path().join(name));
    [&grey, &clear].into_iter().for_each(|path| std::fs::create_dir(path).expect("a folder"));
    for (at, picture) in pictures.chunks(784).enumerate() {
        let ink = |x: u32, y: u32| picture[(y * 28 + x) as usize];
        let name = format!("{at:02}.png");
        GrayImage::from_fn(28, 28, |x, y| Luma([255 - ink(x, y)])).save(grey.join(&name)).expect("a picture");
        let opaque = |x, y| Rgba([0, 0, 0, ink(x, y)]);
        RgbaImage::from_fn(28, 28, opaque).save(clear.join(&name)).expect("a picture");
    }
    for path in [&grey, &clear] {
        let data = load(path.to_str().expect("plain"), &drawn(Ink::Auto)).expect("pictures");
        assert_eq!(values(&data), expected(&pictures), "{}", path.display());
        assert!(data.reading.drawings.expect("drawings").dark_ink);
        assert_eq!(data.reading.names.len(), N);
    }
}

#[test]
fn rows_without_a_drawing_are_named_or_dropped() {
    let folder = TempDir::new().expect("a folder");
    let mut blank = pictures();
    blank[784 * 4..784 * 5].fill(0);
    let file = write(&folder, "images", idx(&[N as u32, 28, 28], &blank));
    let error = |file: &str, options: &LoadOptions| {
        let points = load(file, options).map(|data| data.points.to_f64());
        let error = match points {
            Ok(Err(error)) | Err(error) => error.to_string(),
            Ok(Ok(_)) => panic!("{file} must be refused"),
        };
        assert!(!error.contains('\n') && !error.ends_with('.'), "{error}");
        error
    };
    let said = error(&file, &drawn(Ink::Auto));
    assert!(
        said.contains("images, row 5: all its pixels are 0, so there is no ink; leave the row out"),
        "{said}"
    );
    let dropped = load(&file, &LoadOptions { missing: Missing::Drop, ..drawn(Ink::Auto) }).expect("11 rows");
    let mut left = expected(&pictures());
    left.drain(4 * 64..5 * 64);
    assert_eq!((values(&dropped), dropped.reading.dropped.count()), (left, 1));
    // classes of their own go with their rows
    let classes: String = (0..N).map(|row| format!("{row}\n")).collect();
    let truth_file = Some(write(&folder, "c.csv", classes));
    let options = LoadOptions { missing: Missing::Drop, truth_file, ..drawn(Ink::Auto) };
    let truth = load(&file, &options).expect("11 rows").truth.expect("classes");
    assert_eq!((truth.names.len(), truth.names.contains(&"4".to_owned())), (N - 1, false));
    let mut negative = csv("", &pictures(), 784, ("", ""));
    negative.replace_range(0..1, "-1");
    let said = error(&write(&folder, "t.csv", &negative), &drawn(Ink::Auto));
    assert!(said.contains("t.csv, row 1, column 1") && said.contains("-1 is not an amount of ink"), "{said}");
    negative.replace_range(0..2, "");
    let said = error(&write(&folder, "t.csv", &negative), &drawn(Ink::Auto));
    assert!(said.contains("row 1, column 1"), "{said}");
    let dropped = load(
        &write(&folder, "t.csv", &negative),
        &LoadOptions { missing: Missing::Drop, ..drawn(Ink::Auto) },
    );
    assert_eq!(dropped.expect("11 rows").points.n_points(), N - 1);
}

#[test]
fn what_is_no_picture() {
    let folder = TempDir::new().expect("a folder");
    let error = |name: &str, bytes: Vec<u8>, options: &LoadOptions| {
        load(&write(&folder, name, bytes), options).expect_err(name).to_string()
    };
    let said = error("t.csv", b"a,b,c\n1,2,3\n4,5,6\n".to_vec(), &drawn(Ink::Auto));
    assert!(
        said.contains("its rows are no pictures") && said.contains("3 columns are no square number"),
        "{said}"
    );
    assert!(said.contains("8 x 8 = 64"), "{said}");
    let said = error("t.npy", npy("(2, 9)", &[7; 18]), &drawn(Ink::Auto));
    assert!(said.contains("9 columns are fewer than 8 x 8"), "{said}");
    let gap = "pixel_0_0,pixel_0_1,pixel_1_0\n1,2,3\n";
    assert!(
        error("g.csv", gap.into(), &drawn(Ink::Auto)).contains("do not count the pixels of one row by row")
    );
    // some bright, some dark
    let mut mixed = pictures();
    mixed[..784 * 4].iter_mut().for_each(|x| *x = 255 - *x);
    let bytes = idx(&[N as u32, 28, 28], &mixed);
    let said = error("mixed", bytes.clone(), &drawn(Ink::Auto));
    assert!(said.contains("8 have a dark border, and 4 a bright one; say which it is"), "{said}");
    let file = write(&folder, "mixed", bytes);
    let told = load(&file, &drawn(Ink::Bright)).expect("told").points.to_f64().expect("counts");
    assert_eq!(told[4 * 64..], expected(&pictures())[4 * 64..]);
    #[cfg(feature = "cli")]
    {
        let path = folder.path().join("pictures");
        std::fs::create_dir(&path).expect("a folder");
        image::RgbImage::new(8, 8).save(path.join("a.png")).expect("a picture");
        image::RgbImage::new(8, 8).save(path.join("b.png")).expect("a picture");
        let read = ReadOptions { pixels: true, as_drawings: Some(Ink::Auto), ..ReadOptions::default() };
        let options = LoadOptions { read, ..LoadOptions::default() };
        let said = load(path.to_str().expect("plain"), &options).expect_err("pixels").to_string();
        assert!(said.contains("each is a pixel of one"), "{said}");
    }
}
