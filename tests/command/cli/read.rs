//! `cairn read`.

use std::fs;
use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};
use serde_json::Value;

use super::{Folder, Ran};

/// The first ten digits of the table, 0 to 9, as the rows of `data/digits.csv` have them.
const TEXT: &str = "0123456789";

/// A strip of them, 40 pixels high each.
fn strip() -> GrayImage {
    let text = include_str!("../../../data/digits.csv");
    let rows = text.lines().skip(1).take(10);
    let rows: Vec<Vec<f32>> =
        rows.map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    GrayImage::from_fn(560, 100, |x, y| {
        let (x, y) = (x as i64 - 25, y as i64 - 30);
        let (digit, column, row) = (x.div_euclid(52) as usize, x.rem_euclid(52) / 5, y.div_euclid(5));
        let inside = (0..8).contains(&column) && (0..8).contains(&row) && x >= 0 && digit < 10;
        let count = if inside { rows[digit][(row * 8 + column) as usize] } else { 0.0 };
        Luma([(240.0 - 12.0 * count) as u8])
    })
}

fn file(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A folder with the strip and a model of the digits.
fn fitted() -> Folder {
    let folder = Folder::with([("s.png", &file(&strip(), ImageFormat::Png))]);
    folder.fit("-k 200 -r 1 -q --model m.safetensors").done();
    folder
}

fn right(text: &str) -> usize {
    assert_eq!(text.len(), TEXT.len(), "{text}");
    text.chars().zip(TEXT.chars()).filter(|(a, b)| a == b).count()
}

#[test]
fn digits_are_read_from_files_and_pipes() {
    let folder = fitted();
    let plain = folder.run("read m.safetensors s.png --plain");
    plain.done();
    assert!(right(plain.out.trim_end()) >= 9 && plain.out.ends_with('\n'), "{}", plain.out);
    let shown = folder.run("read m.safetensors s.png");
    shown.done();
    let lines: Vec<&str> = shown.out.lines().collect();
    assert_eq!((lines[0], lines.len()), (plain.out.trim_end(), 2));
    assert!(lines[1].starts_with("  confidence  0 ") && lines[1].matches('%').count() == 10, "{}", lines[1]);
    for format in [ImageFormat::Jpeg, ImageFormat::Bmp, ImageFormat::Pnm] {
        let args = ["read", "m.safetensors", "-", "--plain"];
        let piped = Ran::of(folder.cairn().args(args).write_stdin(file(&strip(), format)));
        piped.done();
        assert_eq!(piped.out, plain.out, "{format:?}");
    }
}

#[test]
fn json_has_a_box_and_a_confidence_for_each() {
    let folder = fitted();
    let ran = folder.run("read m.safetensors s.png --json");
    ran.done();
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["schema"], &json["picture"]["width"]), (&1.into(), &560.into()));
    let digits = json["lines"][0]["digits"].as_array().unwrap();
    assert!(right(json["text"].as_str().unwrap()) >= 9);
    assert_eq!((json["lines"].as_array().unwrap().len(), digits.len()), (1, 10));
    for (at, digit) in (0u64..).zip(digits) {
        let corner = |at: usize| digit["box"][at].as_u64().unwrap();
        let (left, top, width, height) = (corner(0), corner(1), corner(2), corner(3));
        let field = 25 + 52 * at..25 + 52 * at + 40;
        assert!(
            field.contains(&left) && left + width <= field.end && top >= 30 && top + height <= 70,
            "{digit}"
        );
        assert!((0.0..=1.0).contains(&digit["confidence"].as_f64().unwrap()), "{digit}");
        assert_eq!(digit["counts"].as_array().unwrap().len(), 64);
    }
}

/// The strip with a minus before it, and a point before its last two digits.
fn amount() -> GrayImage {
    let mut picture = strip();
    let mut mark = |left: u32, top: u32, width: u32, height: u32| {
        (0..width * height).for_each(|at| picture.put_pixel(left + at % width, top + at / width, Luma([40])));
    };
    mark(3, 48, 16, 5);
    mark(25 + 52 * 7 + 43, 64, 6, 6);
    picture
}

#[test]
fn amounts_are_listed_with_boxes_and_a_likely_total() {
    let folder = fitted();
    fs::write(folder.path("a.png"), file(&amount(), ImageFormat::Png)).unwrap();
    let text = folder.run("read m.safetensors s.png --plain -q").out;
    let expected = format!("-{}.{}", &text[..8], &text[8..10]);
    let ran = folder.run("read m.safetensors a.png --amounts -q");
    ran.done();
    let line = ran.out.trim_start();
    assert!(line.starts_with(&format!("{expected}  at 3,")), "{line} {expected}");
    assert!(line.ends_with("likely the total: the largest at the right edge, a guess\n"), "{line}");
    assert_eq!(folder.run("read m.safetensors a.png --amounts --plain -q").out, format!("{expected}\n"));
    let json: Value = serde_json::from_str(&folder.run("read m.safetensors a.png --json -q").out).unwrap();
    let found = &json["amounts"][0];
    assert_eq!(
        (found["text"].clone(), found["likely_total"].clone()),
        (expected.as_str().into(), true.into())
    );
    assert_eq!(found["value"].as_f64().unwrap(), expected.parse::<f64>().unwrap());
    let corner = |at: usize| found["box"][at].as_u64().unwrap();
    assert!(corner(0) <= 4 && corner(0) + corner(2) > 500 && corner(3) >= 38, "{found}");
    // digits alone are no amounts
    folder.run("read m.safetensors s.png --amounts -q").refused(1, &["s.png: no amount found"]);
}

/// Colours of frames: read, unsure, no digit, left out.
const FRAMES: [[u8; 3]; 4] = [[0, 114, 178], [190, 110, 0], [200, 30, 90], [125, 125, 135]];

/// The proof of a picture, and the digits of the JSON.
fn proof(folder: &Folder, picture: &str) -> (image::RgbImage, Vec<Value>) {
    let ran = folder.run(&format!("read m.safetensors {picture} --json -q --debug seen.png"));
    ran.done();
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let lines = json["lines"].as_array().unwrap();
    let digits = lines.iter().flat_map(|line| line["digits"].as_array().unwrap().clone()).collect();
    (image::open(folder.path("seen.png")).unwrap().into_rgb8(), digits)
}

fn corner(digit: &Value, at: usize) -> u32 {
    digit["box"][at].as_u64().unwrap() as u32
}

/// What stands on the tag of the least size above a digit: the pixels that are more white than the frame's colour.
fn tag(seen: &image::RgbImage, digit: &Value, frame: [u8; 3], thick: u32) -> Vec<bool> {
    let (left, top) = (corner(digit, 0) - thick, corner(digit, 1) - thick - 16);
    let pixel = |x, y| seen.get_pixel(left + x, top + y).0;
    assert_eq!([pixel(0, 0), pixel(0, 15)], [frame; 2], "{digit}");
    let white = |(x, y)| {
        let share =
            |at: usize| (f64::from(pixel(x, y)[at]) - f64::from(frame[at])) / f64::from(255 - frame[at]);
        share(0) > 0.5
    };
    (0..16).flat_map(|y| (0..14).map(move |x| (x, y))).map(white).collect()
}

#[test]
fn the_proof_frames_and_names_each_digit() {
    let folder = fitted();
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/numbers.png"), folder.path("n.png")).unwrap();
    let (height, thick) = (image::open(folder.path("n.png")).unwrap().height(), 2);
    let (seen, digits) = proof(&folder, "n.png");
    let mut tags = std::collections::BTreeMap::new();
    let mut unsure = 0;
    for digit in &digits {
        let sure = digit["confidence"].as_f64().unwrap() >= 0.1;
        unsure += usize::from(!sure);
        let frame = FRAMES[if digit["strange"] == true { 2 } else { usize::from(!sure) }];
        let beside = (corner(digit, 0) - 1, corner(digit, 1) + corner(digit, 3) / 2);
        assert_eq!(seen.get_pixel(beside.0, beside.1).0, frame, "{digit}");
        let (name, tag) = (digit["name"].as_str().unwrap(), tag(&seen, digit, frame, thick));
        assert!((15..120).contains(&tag.iter().filter(|&&white| white).count()), "{digit}");
        assert_eq!(tags.entry(name).or_insert_with(|| tag.clone()), &tag, "{digit}");
    }
    assert!(digits.len() == 16 && (1..16).contains(&unsure), "{unsure} of {} unsure", digits.len());
    let different: std::collections::BTreeSet<&Vec<bool>> = tags.values().collect();
    assert!(tags.len() >= 7 && different.len() == tags.len(), "{:?}", tags.keys());
    // the legend has a sample of each, also of those that do not occur
    for frame in FRAMES {
        let samples =
            seen.enumerate_pixels().filter(|(_, y, pixel)| *y >= height && pixel.0 == frame).count();
        assert!(samples > 60, "{frame:?}: {samples}");
    }
    let framed = seen.enumerate_pixels().any(|(_, y, pixel)| y < height && pixel.0 == FRAMES[2]);
    assert_eq!(framed, digits.iter().any(|digit| digit["strange"] == true));
}

#[test]
fn the_proof_shows_what_was_seen() {
    let folder = fitted();
    let (seen, digits) = proof(&folder, "s.png");
    assert_eq!(digits.len(), 10);
    // below the legend, each digit is drawn with squares of 4 pixels, as the JSON has it
    let ink = |x: u32, y: u32| 255 - u32::from(seen.get_pixel(x, y).0[0]);
    let top = seen.height() - (2 * 32 + 3 * 6) + 6;
    for (at, digit) in (0..).zip(&digits) {
        for (cell, count) in (0..).zip(digit["counts"].as_array().unwrap()) {
            let (x, y) = (6 + at * 38 + cell % 8 * 4 + 1, top + cell / 8 * 4 + 1);
            let shown = (f64::from(ink(x, y)) / 255.0 * 16.0).round();
            assert_eq!(Some(shown), count.as_f64(), "cell {cell} of {digit}");
        }
    }
    assert_eq!(folder.names(), ["m.safetensors", "s.png", "seen.png"]);
}

#[test]
fn clusters_without_names_are_numbers() {
    let folder = fitted();
    folder.fit("data.csv -k 1 --model n.safetensors").refused(1, &["data.csv"]);
    fs::write(folder.path("pixels.csv"), pixels()).unwrap();
    folder.fit("pixels.csv -k 10 -r 1 -q --model n.safetensors").done();
    let ran = folder.run("read n.safetensors s.png --plain");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.split_whitespace().all(|name| name.starts_with('#')), "{}", ran.out);
    assert!(ran.err.contains("have no names") && ran.err.contains("cairn name"), "{}", ran.err);
}

/// The digits' table without its classes.
fn pixels() -> String {
    let text = include_str!("../../../data/digits.csv");
    text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n").collect()
}

/// Thin pictures of 20 million pixels, in a gigabyte of addresses: they take about 300 MB.
#[test]
#[cfg(target_os = "linux")]
fn thin_pictures_need_little_memory() {
    let folder = fitted();
    let pixel = |at: u64| {
        let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56 < 13 { 20 } else { 240 }
    };
    let pixels: Vec<u8> = (0..20_000_000).map(pixel).collect();
    for size in ["20000000 1", "1 20000000", "4000000 5", "5 4000000"] {
        let bytes = [format!("P5 {size} 255 ").as_bytes(), &pixels].concat();
        fs::write(folder.path("thin.pnm"), bytes).unwrap();
        let started = std::time::Instant::now();
        let read = "ulimit -v 1000000; exec \"$0\" read m.safetensors thin.pnm --plain";
        let output = std::process::Command::new("sh")
            .args(["-c", read, env!("CARGO_BIN_EXE_cairn")])
            .current_dir(folder.path(""))
            .env("RAYON_NUM_THREADS", "1")
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{size}: {:?}, {err}", output.status);
        assert!(started.elapsed().as_secs() < 60, "{size}: {:.0?}", started.elapsed());
    }
}

#[test]
fn what_can_not_be_read_is_refused() {
    let folder = fitted();
    let refused = |name: &str, bytes: &[u8], parts: &[&str]| {
        fs::write(folder.path(name), bytes).unwrap();
        folder.run(&format!("read m.safetensors {name}")).refused(1, parts);
    };
    let png = file(&strip(), ImageFormat::Png);
    refused("cut.png", &png[..png.len() / 2], &["cut.png is damaged", "save it again"]);
    refused("text.png", b"no picture at all", &["text.png is not a PNG"]);
    refused("empty.png", b"", &["empty.png is not a PNG"]);
    refused("bomb.pnm", b"P5 200000 100000 255 ", &["bomb.pnm is 200000 x 100000 pixels", "scale it down"]);
    refused("none.pnm", b"P5 0 1 255 ", &["none.pnm is 0 x 1 pixels", "nothing to read"]);
    let jpeg = file(&strip(), ImageFormat::Jpeg);
    for cut in [jpeg.len() - 2, jpeg.len() * 3 / 4, jpeg.len() / 2] {
        refused("cut.jpg", &jpeg[..cut], &["cut.jpg is damaged", "cut short", "save it again"]);
    }
    let noise = (0..6_000_000u32).map(|at| if at.wrapping_mul(2_654_435_761) >> 31 == 0 { 0 } else { 255 });
    let noise = [b"P5 6000000 1 255 ".to_vec(), noise.collect()].concat();
    refused("noise.pnm", &noise, &["noise.pnm has more than 2097152 horizontal runs", "scale it down"]);
    refused("blank.pnm", &[b"P5 30 30 255 ".as_slice(), &[255; 900]].concat(), &["blank.pnm: nothing found"]);
    refused("ink.pnm", &[b"P5 30 30 255 ".as_slice(), &[0; 900]].concat(), &["ink.pnm: nothing found"]);
    folder.run("read m.safetensors none.png").refused(1, &["none.png can't be read"]);
    folder.run("read none.safetensors s.png").refused(1, &["none.safetensors"]);
    folder.run("read m.safetensors s.png --debug nowhere/x.png").refused(1, &["nowhere/x.png"]);
    folder.run("read m.safetensors s.png --debug s.png").refused(2, &["IMAGE and --debug are the same file"]);
    assert_eq!(fs::read(folder.path("s.png")).unwrap(), png);
    fs::write(folder.path("t.csv"), "1,2\n3,4\n5,7\n").unwrap();
    folder.fit("t.csv -k 2 -q --model t.safetensors").done();
    folder.run("read t.safetensors s.png").refused(1, &["2 columns", "64 numbers"]);
    let ran = folder.run("read m.safetensors blank.pnm --json");
    assert_eq!((ran.code, ran.out.contains("\"lines\": []")), (1, true), "{}", ran.out);
}
