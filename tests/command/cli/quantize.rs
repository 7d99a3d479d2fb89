//! `cairn quantize`: the picture, its palette, and what is said of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::Value;

use super::{Folder, Ran};

fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A gradient with spots, of some 2,000 colours.
fn gradient() -> RgbImage {
    RgbImage::from_fn(60, 50, |x, y| {
        let spot = if (x / 7 + y / 5) % 3 == 0 { 90 } else { 0 };
        Rgb([(x * 4) as u8, (y * 4 + spot) as u8, ((x * y) % 200) as u8])
    })
}

fn read(folder: &Folder, name: &str) -> RgbaImage {
    image::load_from_memory(&fs::read(folder.path(name)).unwrap()).unwrap().to_rgba8()
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

fn colours(picture: &RgbaImage) -> BTreeMap<[u8; 4], u64> {
    let mut colours = BTreeMap::new();
    picture.pixels().for_each(|pixel| *colours.entry(pixel.0).or_insert(0) += 1);
    colours
}

#[test]
fn the_picture_has_the_colours_of_its_palette() {
    let folder = Folder::with([("in.png", &png(gradient()))]);
    for (k, depth) in [(1, 1), (2, 1), (3, 2), (16, 4), (17, 8), (200, 8)] {
        let ran = folder.run(&format!("quantize in.png -k {k} -o out.png --json --device cpu -r 2"));
        let said = json(&ran);
        let (from, to) = (read(&folder, "in.png"), read(&folder, "out.png"));
        assert_eq!(from.dimensions(), to.dimensions());
        let found = colours(&to);
        let palette = said["palette"].as_array().unwrap();
        assert!(palette.len() <= k && palette.len() == found.len(), "{k}: {}", found.len());
        let mut last = u64::MAX;
        for entry in palette {
            let byte = |name: &str| entry[name].as_u64().unwrap() as u8;
            let colour = [byte("red"), byte("green"), byte("blue"), byte("alpha")];
            let pixels = entry["pixels"].as_u64().unwrap();
            assert_eq!(found[&colour], pixels, "{k}");
            assert!(pixels <= last);
            last = pixels;
        }
        // the error, from both pictures
        let squared = |a: &Rgba<u8>, b: &Rgba<u8>| {
            (0..3).map(|c| f64::from(a.0[c].abs_diff(b.0[c])).powi(2)).sum::<f64>() / 3.0
        };
        let mean = from.pixels().zip(to.pixels()).map(|(a, b)| squared(a, b)).sum::<f64>() / 3000.0;
        let told = said["mean_squared_error"].as_f64().unwrap();
        assert!((told - mean).abs() < 1e-9 * mean, "{k}: {told} {mean}");
        let psnr = 10.0 * (255.0 * 255.0 / mean).log10();
        assert!((said["psnr_db"].as_f64().unwrap() - psnr).abs() < 1e-9);
        let bytes = fs::read(folder.path("out.png")).unwrap();
        assert_eq!(
            (bytes[24], bytes[25], bytes.len() as u64),
            (depth, 3, said["bytes"].as_u64().unwrap()),
            "{k}"
        );
    }
}

/// A fit of the colours with their numbers as weights, and one of all pixels in the order of colours, are the same.
#[test]
fn equal_pixels_are_weighted_rows() {
    let folder = Folder::with([("in.png", &png(gradient()))]);
    let of = colours(&read(&folder, "in.png"));
    let row = |colour: &[u8; 4]| format!("{},{},{}", colour[0], colour[1], colour[2]);
    let weighted: String = of.iter().map(|(colour, n)| format!("{},{n}\n", row(colour))).collect();
    let all: String = of.iter().map(|(colour, &n)| format!("{}\n", row(colour)).repeat(n as usize)).collect();
    fs::write(folder.path("w.csv"), format!("red,green,blue,n\n{weighted}")).unwrap();
    fs::write(folder.path("all.csv"), format!("red,green,blue\n{all}")).unwrap();
    let said = json(&folder.run("quantize in.png -k 9 -r 4 --seed 7 -o out.png --json"));
    let table = folder.json("w.csv -k 9 -r 4 --seed 7 --weights n --centroids w-c.csv");
    assert_eq!(said["fingerprint"], table["fingerprint"]);
    let copies = folder.json("all.csv -k 9 -r 4 --seed 7 --centroids all-c.csv");
    assert_eq!(table["best"]["inertia_text"], copies["best"]["inertia_text"]);
    assert_eq!(folder.read("w-c.csv"), folder.read("all-c.csv"));
    // and each engine writes the same bytes
    let written = fs::read(folder.path("out.png")).unwrap();
    folder.run("quantize in.png -k 9 -r 4 --seed 7 -o other.png -q --device reference").done();
    assert!(written == fs::read(folder.path("other.png")).unwrap());
}

#[test]
fn transparency_stays() {
    // invisible on the left, half visible in the middle, opaque on the right
    let picture = RgbaImage::from_fn(30, 10, |x, y| match x / 10 {
        0 => Rgba([(x * 20) as u8, (y * 20) as u8, 3, 0]),
        1 => Rgba([200, (y * 3) as u8, 0, 128]),
        _ => Rgba([0, 90, (x * 5 + y) as u8, 255]),
    });
    let folder = Folder::with([("in.png", &png(picture))]);
    let said = json(&folder.run("quantize in.png -k 6 -o out.png --palette p.csv --json"));
    let to = read(&folder, "out.png");
    for (x, _, pixel) in to.enumerate_pixels() {
        let expected = [0, 128, 255][x as usize / 10];
        assert!(pixel.0[3].abs_diff(expected) <= 1, "{x}: {pixel:?}");
    }
    // what is not seen is one colour, that of no paint
    assert_eq!(colours(&to)[&[0, 0, 0, 0]], 100);
    let palette = folder.read("p.csv");
    assert!(palette.starts_with("colour,red,green,blue,alpha,pixels,share\n#"), "{palette}");
    assert!(palette.contains("#00000000,0,0,0,0,100,0.3333333333333333\n"), "{palette}");
    assert_eq!(palette.lines().count(), said["palette"].as_array().unwrap().len() + 1);
    folder.run("quantize in.png -k 6 -o out.png --palette p.jsonl -q").done();
    let lines = folder.read("p.jsonl");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&lines, said["palette"].as_array().unwrap());
}

#[test]
fn few_colours_stay_as_they_are() {
    let few =
        RgbImage::from_fn(9, 9, |x, y| Rgb([if x > 4 { 250 } else { 3 }, if y > 2 { 90 } else { 91 }, 7]));
    let folder = Folder::with([("in.png", &png(few))]);
    let ran = folder.run("quantize in.png -o out.png --palette p.json");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("in.png: has 4 colours, fewer than the 256 asked for"), "{}", ran.err);
    for part in [
        "picture     in.png, 9 x 9 pixels, 4 colours among 81 pixels",
        "none, every pixel keeps its colour",
        "#fa5a07  29.63%",
        "with a palette",
        "fingerprint ",
    ] {
        assert!(ran.out.contains(part), "{part:?} is missing from {}", ran.out);
    }
    assert!(read(&folder, "in.png") == read(&folder, "out.png"));
    let palette: Value = serde_json::from_str(&folder.read("p.json")).unwrap();
    assert_eq!(palette[0]["colour"], "#03".to_owned() + "5a07");
    assert!(json(&folder.run("quantize in.png -o out.png --json -q"))["psnr_db"].is_null());
}

#[test]
fn greys_and_depths_and_many_colours() {
    let deep = ImageBuffer::<Luma<u16>, _>::from_fn(40, 40, |x, y| Luma([(x * 1600 + y * 3) as u16]));
    let folder = Folder::with([("deep.png", &png(deep)), ("in.png", &png(gradient()))]);
    let ran = folder.run("quantize deep.png -k 5 -o out.png");
    assert!(
        ran.code == 0 && ran.err.contains("deep.png: its values of 16 bits are rounded to 8"),
        "{}",
        ran.err
    );
    assert!(colours(&read(&folder, "out.png")).keys().all(|c| c[0] == c[1] && c[1] == c[2] && c[3] == 255));
    let ran = folder.run("quantize in.png -k 300 -o out.png");
    assert!(
        ran.out.contains("without a palette") && ran.out.contains("more, which --palette writes"),
        "{}",
        ran.out
    );
    let n = colours(&read(&folder, "out.png")).len();
    assert!((257..=300).contains(&n), "{n}");
    // from standard input
    let bytes = fs::read(folder.path("in.png")).unwrap();
    let ran =
        Ran::of(folder.cairn().args(["quantize", "-", "-k", "4", "-o", "piped.png"]).write_stdin(bytes));
    assert!(ran.code == 0 && ran.out.contains("standard input, 60 x 50 pixels"), "{}", ran.err);
}

#[test]
fn what_is_wrong_leaves_nothing_behind() {
    let whole = png(gradient());
    let folder =
        Folder::with([("in.png", &whole), ("cut.png", &whole[..whole.len() / 2]), ("t.png", b"a,b\n1,2\n")]);
    let before = folder.names();
    let cases: [(&str, i32, &[&str]); 8] = [
        ("in.png -k 0 -o out.png", 2, &["0"]),
        ("in.png -k 4 -o in.png", 2, &["IMAGE and --output are the same file"]),
        ("in.png -k 4 -o out.png --palette out.png", 2, &["--output and --palette are the same file"]),
        (
            "in.png -k 4 -o out.png --palette p.txt",
            2,
            &["p.txt: the name of a palette must end in .csv, .json or .jsonl"],
        ),
        ("in.png -k 4 -o no/out.png", 1, &["no/out.png: can't be written"]),
        ("cut.png -k 4 -o out.png --palette p.csv", 1, &["cut.png is damaged"]),
        ("t.png -k 4 -o out.png", 1, &["t.png is not a PNG, JPEG, BMP or PNM picture"]),
        ("missing.png -k 4 -o out.png", 1, &["missing.png can't be read"]),
    ];
    for (args, code, parts) in cases {
        folder.run(&format!("quantize {args}")).refused(code, parts);
        assert_eq!(folder.names(), before, "{args}");
    }
    let ran = folder.run("quantize in.png");
    assert!(ran.code == 2 && ran.err.contains("--output"), "{}", ran.err);
}
