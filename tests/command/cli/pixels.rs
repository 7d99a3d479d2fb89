//! Pictures as tables: each pixel as a row, or each picture of a folder.

use std::fs;
use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::Value;

use super::{Folder, Ran, gzip, npy};

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    encoded(picture, ImageFormat::Png)
}

/// Reds and greens that differ, and a constant blue.
fn colourful(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 37 % 251) as u8, (y * 53 % 241) as u8, 9]))
}

/// A grey picture, one of several kinds.
fn grey(width: u32, height: u32, kind: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([((x * kind + y * (5 - kind)) * 23 % 256) as u8]))
}

/// A folder `shapes` of pictures of 6 x 5 pixels, written in no order.
fn shapes() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("shapes")).unwrap();
    for at in [4, 0, 3, 1, 5, 2] {
        fs::write(folder.path(&format!("shapes/{at}, a.png")), png(grey(6, 5, at % 2 * 3 + 1))).unwrap();
    }
    folder
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn pixels_are_rows_of_the_values_that_the_picture_has() {
    let alpha = RgbaImage::from_fn(4, 3, |x, y| Rgba([x as u8, y as u8, 7, if x == 0 { 9 } else { 255 }]));
    let opaque = RgbaImage::from_fn(4, 3, |x, y| Rgba([x as u8, y as u8, 7, 255]));
    let veil = image::GrayAlphaImage::from_fn(4, 3, |x, y| LumaA([x as u8, y as u8]));
    let deep = ImageBuffer::<Luma<u16>, _>::from_fn(4, 3, |x, y| Luma([(x * 300 + y) as u16]));
    let folder = Folder::with([
        ("rgb.png", &png(colourful(4, 3))),
        ("grey.png", &png(grey(4, 3, 2))),
        ("alpha.png", &png(alpha)),
        ("opaque.png", &png(opaque)),
        ("veil.png", &png(veil)),
        ("deep.png", &png(deep)),
        ("rgb.jpg", &encoded(colourful(4, 3), ImageFormat::Jpeg)),
        ("rgb.bmp", &encoded(colourful(4, 3), ImageFormat::Bmp)),
        ("rgb.ppm", &encoded(colourful(4, 3), ImageFormat::Pnm)),
        ("packed.png.gz", &gzip(&png(colourful(4, 3)))),
        ("no-ending", &png(colourful(4, 3))),
    ]);
    let rgb = "red,green,blue";
    let cases = [
        ("rgb.png", "", rgb, "4 x 3 pixels, each a row of red, green, blue from 0 to 255"),
        ("rgb.jpg", "", rgb, "each a row of red, green, blue from 0 to 255"),
        ("rgb.bmp", "", rgb, "each a row of red, green, blue from 0 to 255"),
        ("rgb.ppm", "", rgb, "each a row of red, green, blue from 0 to 255"),
        ("packed.png.gz", "", rgb, "each a row of red, green, blue from 0 to 255"),
        ("no-ending", "", rgb, "each a row of red, green, blue from 0 to 255"),
        ("grey.png", "", "grey", "each a row of grey from 0 to 255"),
        ("alpha.png", "", "red,green,blue,alpha", "each a row of red, green, blue, alpha from 0 to 255"),
        ("opaque.png", "", rgb, "each a row of red, green, blue from 0 to 255"),
        ("veil.png", "", "grey,alpha", "each a row of grey, alpha from 0 to 255"),
        ("deep.png", "", "grey", "each a row of grey from 0 to 65535"),
        ("grey.png", "--channels rgb", rgb, "each a row of red, green, blue from 0 to 255"),
        ("rgb.png", "--channels grey", "grey", "each a row of grey from 0 to 255"),
        ("opaque.png", "--channels rgba", "red,green,blue,alpha", "each a row of red, green, blue, alpha"),
    ];
    for (file, flags, header, note) in cases {
        let ran =
            folder.fit(&format!("{file} -k 2 --pixels {flags} --centroids c.csv --labels l.csv --json"));
        assert!(ran.err.contains(note), "{file}: {}", ran.err); // beside a warning about opacity, perhaps
        assert_eq!(json(&ran)["data"]["n_points"], 12, "{file}");
        assert_eq!(folder.read("c.csv").lines().next(), Some(header), "{file} {flags}");
        assert_eq!(folder.read("l.csv").lines().count(), 13, "{file}");
    }
    let found = json(&folder.fit("deep.png -k 2 --pixels --json -q"))["data"]["pictures"].clone();
    let expected = serde_json::json!({"count": 1, "width": 4, "height": 3, "channels": ["grey"], "bits": 16,
        "rows_are_pixels": true, "left_out": []});
    assert_eq!(found, expected);
    // from a pipe
    let bytes = fs::read(folder.path("rgb.png")).unwrap();
    let ran = Ran::of(folder.cairn().args(["fit", "-", "--pixels", "-k", "2", "--json"]).write_stdin(bytes));
    assert_eq!(json(&ran)["data"]["n_points"], 12);
    // several pictures of any sizes are one table
    let ran = folder.fit("rgb.png no-ending rgb.jpg grey.png --pixels -k 2 --json");
    ran.noted(&["4 pictures of 4 x 3 pixels"]);
    assert_eq!(
        (json(&ran)["data"]["n_points"].clone(), json(&ran)["data"]["n_dims"].clone()),
        (48.into(), 3.into())
    );
}

#[test]
fn a_picture_is_the_same_table_as_its_values() {
    let picture = colourful(40, 30);
    let values: Vec<u8> = picture.as_raw().clone();
    let rows: String = values.chunks(3).map(|p| format!("{},{},{}\n", p[0], p[1], p[2])).collect();
    let folder = Folder::with([
        ("p.png", &png(picture)),
        ("p.csv", format!("red,green,blue\n{rows}").as_bytes()),
        ("p.npy", &npy("'|u1'", "(1200, 3)", &values)),
    ]);
    let prints: Vec<Value> = ["p.png --pixels", "p.csv", "p.npy"]
        .map(|file| folder.json(&format!("{file} -k 7 -r 3"))["fingerprint"].clone())
        .into();
    assert!(prints[0].is_string() && prints.iter().all(|print| *print == prints[0]), "{prints:?}");
    let parts = ["p.png --pixels --columns red,blue", "p.csv --ignore green"]
        .map(|file| folder.json(&format!("{file} -k 5 --scale standard"))["fingerprint"].clone());
    assert_eq!(parts[0], parts[1]);
    // classes and weights too
    let parts = ["p.png --pixels", "p.csv"]
        .map(|file| folder.json(&format!("{file} -k 5 --truth blue --weights red"))["fingerprint"].clone());
    assert_eq!(parts[0], parts[1]);
}

#[test]
fn each_picture_of_a_folder_is_a_row_with_its_name() {
    let folder = shapes();
    fs::write(folder.path("shapes/notes.txt"), "not a picture").unwrap();
    fs::write(folder.path("shapes/.hidden.png"), "nor this").unwrap();
    fs::create_dir(folder.path("shapes/more")).unwrap();
    let ran =
        folder.fit("shapes -k 2 --seed 1 --json --labels l.csv --centroids c.csv --model m.safetensors");
    ran.noted(&["6 pictures of 6 x 5 pixels, each picture a row of grey from 0 to 255"]);
    ran.noted(&["shapes: \"more/\", \"notes.txt\" left out, which are no pictures"]);
    let found = json(&ran);
    assert_eq!((found["data"]["n_points"].clone(), found["data"]["n_dims"].clone()), (6.into(), 30.into()));
    assert_eq!(found["data"]["pictures"]["left_out"], serde_json::json!(["more/", "notes.txt"]));
    let labels = folder.read("l.csv");
    let lines: Vec<&str> = labels.lines().collect();
    assert_eq!(lines[0], "file,label");
    let label = |at: usize| lines[1 + at].strip_prefix(&format!("\"{at}, a.png\",")).expect(lines[1 + at]);
    assert!((0..6).all(|at| label(at) == label(at % 2)) && label(0) != label(1), "{labels}");
    assert!(folder.read("c.csv").starts_with("pixel_0_0,pixel_0_1,"));
    // JSON Lines and Parquet have names too, arrays have none
    for file in ["l.jsonl", "l.parquet", "l.npy"] {
        folder.fit(&format!("shapes -k 2 -q --labels {file}")).done();
    }
    assert!(folder.read("l.jsonl").starts_with("{\"file\":\"0, a.png\",\"label\":"));
    assert_eq!(fs::metadata(folder.path("l.npy")).unwrap().len() % 64, 24);
    let parquet = fs::read(folder.path("l.parquet")).unwrap();
    assert!(parquet.windows(8).any(|bytes| bytes == b"5, a.png"));
    // a report shows them
    folder.run("report shapes -k 2 --device cpu -q -o r.html").done();
    assert!(folder.read("r.html").contains("0, a.png"));
    // one of them, or some, for a model
    let ran = folder.run("predict m.safetensors shapes");
    assert!(ran.code == 0 && ran.out.starts_with("file,label,name,distance,"), "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.lines().count(), 7);
    let ran =
        Ran::of(folder.cairn().args(["predict", "m.safetensors", "shapes/3, a.png", "--format", "jsonl"]));
    assert!(ran.out.starts_with("{\"file\":\"shapes/3, a.png\",\"label\":"), "{}{}", ran.out, ran.err);
    serde_json::from_str::<Value>(&ran.out).unwrap();
    let ran = Ran::of(folder.cairn().args(["transform", "m.safetensors", "shapes/*, a.png"]));
    assert!(ran.out.starts_with("file,cluster 0,cluster 1\n\"shapes/0, a.png\","), "{}{}", ran.out, ran.err);
    let ran = folder.run("predict m.safetensors shapes --format npy -o p.npy");
    ran.done();
}

/// The pixels of an IDX file have the names and the order of those of pictures.
#[test]
fn a_model_of_idx_reads_pictures() {
    let folder = shapes();
    let mut idx = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 5, 0, 0, 0, 6].to_vec();
    (0..6).for_each(|at| idx.extend(grey(6, 5, at % 2 * 3 + 1).into_raw()));
    fs::write(folder.path("shapes.idx"), idx).unwrap();
    let of = |data: &str| folder.json(&format!("{data} -k 2"))["fingerprint"].clone();
    assert_eq!(of("shapes.idx"), of("shapes"));
    folder.fit("shapes.idx -k 2 -q --model m.safetensors").done();
    assert_eq!(folder.run("predict m.safetensors shapes").out.lines().count(), 7);
}

#[test]
fn planes_are_columns_of_colour_pictures() {
    let folder = Folder::new();
    fs::create_dir(folder.path("f")).unwrap();
    fs::write(folder.path("f/a.png"), png(colourful(3, 2))).unwrap();
    fs::write(folder.path("f/b.png"), png(grey(3, 2, 1))).unwrap();
    folder.fit("f -k 2 --init random -r 20 -q --centroids c.csv --labels l.csv").done();
    let centroids = folder.read("c.csv");
    let lines: Vec<&str> = centroids.lines().collect();
    assert!(lines[0].starts_with("red_0_0,red_0_1,red_0_2,red_1_0,") && lines[0].ends_with(",blue_1_2"));
    let a = lines[1 + usize::from(folder.read("l.csv").contains("a.png,1"))];
    let picture = colourful(3, 2);
    let planes: Vec<String> = (0..3)
        .flat_map(|c| picture.pixels().map(move |pixel| pixel.0[c].to_string()).collect::<Vec<_>>())
        .collect();
    assert_eq!(a, planes.join(","));
    let header = |flags: &str| {
        folder.fit(&format!("f -k 2 -q --centroids c.csv {flags}")).done();
        folder.read("c.csv").lines().next().unwrap().to_owned()
    };
    assert!(header("--channels grey").ends_with("pixel_1_2"));
    assert!(header("--channels rgba").ends_with("alpha_1_2"));
}

#[test]
fn a_picture_that_is_cut_anywhere_is_refused_in_words() {
    for (name, bytes) in [
        ("p.png", png(colourful(5, 4))),
        ("p.jpg", encoded(colourful(5, 4), ImageFormat::Jpeg)),
        ("p.bmp", encoded(colourful(5, 4), ImageFormat::Bmp)),
    ] {
        let folder = Folder::new();
        let whole = cairn::data::ReadOptions { pixels: true, ..Default::default() };
        let open = |bytes: &[u8]| {
            fs::write(folder.path(name), bytes).unwrap();
            let options = cairn::data::LoadOptions { read: whole.clone(), ..Default::default() };
            let path = folder.path(name).to_str().unwrap().to_owned();
            cairn::data::load(&path, &options).and_then(|data| data.points.to_f64())
        };
        let all = open(&bytes).unwrap();
        for cut in 0..bytes.len() {
            match open(&bytes[..cut]) {
                Err(error) => assert!(error.to_string().contains(name), "{error}"),
                // nothing of the picture was in the bytes that are gone
                Ok(rest) => assert!(rest == all && name != "p.jpg", "{name}, {cut} of {}", bytes.len()),
            }
        }
        fs::write(folder.path(name), &bytes[..bytes.len() / 2]).unwrap();
        folder.fit(&format!("{name} -k 2 --pixels")).refused(1, &[name, "is damaged", "save it again"]);
        assert_eq!(folder.names(), [name]);
    }
}

/// A PNG whose header claims another size.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(grey(1, 1, 1));
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    bytes
}

#[test]
fn what_can_be_no_table_is_refused_by_name() {
    let deep = ImageBuffer::<Luma<u16>, _>::from_fn(6, 5, |x, y| Luma([(x * 300 + y) as u16]));
    let folder = Folder::with([
        ("huge.png", &claiming(200_000, 100_000)),
        ("lying.png", &claiming(300, 200)),
        ("text.png", b"a,b\n1,2\n3,4\n"),
        ("t.csv", b"a,b\n1,2\n3,4\n"),
        ("gif.png", b"GIF89a\x01\0\x01\0\0\0\0;"),
        ("wide.png", &png(grey(300, 300, 2))),
        ("one.png", &png(grey(6, 5, 2))),
    ]);
    for name in ["empty", "texts", "nested", "sizes", "depths", "liar"] {
        fs::create_dir(folder.path(name)).unwrap();
    }
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path(name), bytes).unwrap();
    write("texts/a.txt", b"1,2\n");
    fs::create_dir(folder.path("nested/0")).unwrap();
    write("sizes/a.png", &png(grey(6, 5, 1)));
    write("sizes/b.png", &png(grey(5, 6, 1)));
    write("depths/a.png", &png(grey(6, 5, 1)));
    write("depths/b.png", &png(deep));
    write("liar/a.png", &png(grey(6, 5, 1)));
    write("liar/b.png", b"1,2\n3,4\n");
    let cases: [(&str, i32, &[&str]); 17] = [
        (
            "huge.png --pixels",
            1,
            &["huge.png: is 200000 x 100000 pixels, and at most 67108864", "scale it down"],
        ),
        ("lying.png --pixels", 1, &["lying.png: is damaged"]),
        ("text.png --pixels", 1, &["text.png: is not a PNG, JPEG, BMP or PNM picture"]),
        ("t.csv --pixels", 1, &["t.csv: is not a PNG"]),
        ("gif.png --pixels", 1, &["gif.png: is not a PNG"]),
        ("t.csv --channels grey", 1, &["t.csv: is no picture, and has no pixels"]),
        ("digits --pixels", 1, &["digits: is no picture, and has no pixels"]),
        (
            "one.png",
            1,
            &["one.png: is one picture, which would be one row", "--pixels makes each pixel a row"],
        ),
        ("empty", 1, &["empty: is a folder without pictures", "; it is empty"]),
        ("texts", 1, &["texts: is a folder without pictures", "it holds other files"]),
        ("nested", 1, &["nested: is a folder without pictures", "a pattern such as 'nested/*/*.png'"]),
        ("sizes", 1, &["sizes/b.png: is 5 x 6 pixels where sizes/a.png is 6 x 5 pixels", "cut or scale it"]),
        ("depths", 1, &["depths/b.png: has 16 bits a value where depths/a.png has 8 bits a value"]),
        ("liar", 1, &["liar/b.png: is not a PNG, JPEG, BMP or PNM picture"]),
        ("one.png t.csv", 1, &["t.csv: is not a PNG"]),
        ("t.csv one.png", 1, &["one.png: is a picture", "give pictures without other tables"]),
        ("wide.png wide.png", 1, &["90000", "65535"]),
    ];
    let before = folder.names();
    for (args, code, parts) in cases {
        folder.fit(&format!("{args} -k 2 --labels labels.csv")).refused(code, parts);
        assert_eq!(folder.names(), before, "{args}");
    }
    // sizes may differ where pixels are rows
    assert_eq!(folder.json("sizes -k 2 --pixels")["data"]["n_points"], 60);
    // outputs are kept from the pictures of a folder
    folder
        .fit("sizes -k 2 --pixels --labels sizes/b.png")
        .refused(2, &["DATA and --labels are the same file"]);
}

#[test]
fn every_subcommand_reads_pixels() {
    let folder = Folder::with([("p.png", &png(colourful(20, 10))), ("q.png", &png(colourful(9, 30)))]);
    folder.fit("p.png --pixels -k 4 -q --model m.safetensors").done();
    for args in [
        "predict m.safetensors q.png --pixels",
        "transform m.safetensors q.png --pixels",
        "score m.safetensors q.png --pixels --channels rgba --truth alpha --device cpu",
        "sweep p.png --pixels --clusters 2,3 --seeds 1 --device cpu --test q.png --truth green",
        "report p.png --pixels -k 3 --device cpu -q -o r.html",
        "report m.safetensors q.png --pixels --device cpu -q -o r.html",
        "compare p.png --pixels -k 3 --devices cpu,reference --runs 2 --warmup 0",
    ] {
        let ran = folder.run(args);
        assert_eq!(ran.code, 0, "{args}: {}", ran.err);
    }
    let ran = folder.run("predict m.safetensors q.png --pixels");
    assert_eq!(ran.out.lines().count(), 271);
}
