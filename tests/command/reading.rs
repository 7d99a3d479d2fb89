//! Reading of pictures of handwritten digits, composed from held-out rows.
//!
//! The constants in `src/reading` were chosen on the last rows of the 30 writers, read by a model of their first
//! 2,800, and on another part of MNIST. The rates here are of the 13 other writers.
//! `cargo test --test command -- reading:: --nocapture` prints them. If `CAIRN_MNIST` names a folder with MNIST's
//! four files (`train-..-ubyte` and `t10k-..-ubyte`), its test digits are read too, also by a model of its other digits.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the rates, for those who ask for them")]
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::cases::step;
use crate::strips::{Drawn, Strip, Style};
use cairn::data::{Dataset, Ink, LoadOptions, ReadOptions, digits, load};
use cairn::engine::Device;
use cairn::kmeans::{KMeans, fit};
use cairn::model::{DrawnError, Model};
use cairn::reading::{Picture, Reading, ReadingError, read};

/// 400 clusters of the 30 writers' digits, named by what most of their rows are.
static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/digits-writers30.csv");
    let options = LoadOptions { truth: Some("digit".into()), ..LoadOptions::default() };
    let data = load(path.to_str().unwrap(), &options).unwrap();
    let params = KMeans::new(400).restarts(5).device(Device::Cpu).check().unwrap();
    fit(&data, &params).unwrap().model(&data, &params).unwrap()
});

const PLAIN: Style = Style { size: 48, gap: 0.2, slant: 0.0, turn: 0.0, pen: 0.4, noise: 0.0, shade: 0.0 };

fn drawn(side: usize, ink: impl Iterator<Item = f64>, digit: u32) -> Drawn {
    Drawn { digit: char::from_digit(digit, 10).unwrap(), side, ink: ink.collect() }
}

/// All rows of the 13 other writers.
fn held_out() -> Vec<Drawn> {
    let data = digits();
    let rows = data.points.to_f64().unwrap();
    let truth = &data.truth.as_ref().unwrap().labels;
    let rows = rows.chunks(64).zip(truth);
    rows.map(|(row, &digit)| drawn(8, row.iter().map(|count| count / 16.0), digit)).collect()
}

/// MNIST's test part, where it is installed: http://yann.lecun.com/exdb/mnist describes the files.
fn mnist() -> Option<Vec<Drawn>> {
    let folder = std::env::var("CAIRN_MNIST").ok()?;
    let file = |name: &str| {
        let path = Path::new(&folder).join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("CAIRN_MNIST: {}: {error}", path.display()))
    };
    let (pictures, labels) = (file("t10k-images-idx3-ubyte"), file("t10k-labels-idx1-ubyte"));
    let digits = pictures[16..].chunks_exact(784).zip(&labels[8..]);
    Some(
        digits
            .map(|(ink, &digit)| drawn(28, ink.iter().map(|&x| f64::from(x) / 255.0), digit.into()))
            .collect(),
    )
}

/// MNIST's pictures as drawings, with their classes.
fn mnist_drawn(part: &str) -> Dataset<'static> {
    let file = |kind: &str| format!("{}/{part}-{kind}-ubyte", std::env::var("CAIRN_MNIST").unwrap());
    let read = ReadOptions { as_drawings: Some(Ink::Auto), ..ReadOptions::default() };
    let truth_file = Some(file("labels-idx1"));
    load(&file("images-idx3"), &LoadOptions { read, truth_file, ..LoadOptions::default() }).unwrap()
}

/// The share of digits that are read right: of all in strips of twelve, less insertions, omissions and mistakes.
fn rate(digits: &[Drawn], style: Style) -> f64 {
    rate_of(&MODEL, digits, style).0
}

/// The same by this model, and the share that is refused, as no digits.
fn rate_of(model: &Model, digits: &[Drawn], style: Style) -> (f64, f64) {
    let (mut mistakes, mut refused) = (0, 0);
    for (at, line) in digits.chunks(12).enumerate() {
        let strip = Strip::new(line, style, at as u64);
        let found = text_by(model, &read(&strip.picture, model).unwrap()).replace([' ', '/'], "");
        mistakes += distance(&found, &strip.text);
        refused += found.matches('?').count();
    }
    let share = |count: usize| count as f64 / digits.len() as f64;
    (1.0 - share(mistakes), share(refused))
}

fn text(reading: &Reading) -> String {
    text_by(&MODEL, reading)
}

fn text_by(model: &Model, reading: &Reading) -> String {
    let lines: Vec<String> = reading.lines.iter().map(|line| line.text(model)).collect();
    lines.join("/")
}

/// Insertions, omissions and changes between two texts (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[test]
fn strips_of_held_out_digits_are_read() {
    let digits = held_out();
    let styles = [
        ("clean", 1797, PLAIN, 0.90),
        ("20 pixels high", 600, Style { size: 20, ..PLAIN }, 0.90),
        ("200 pixels high", 120, Style { size: 200, ..PLAIN }, 0.88),
        ("slanted to the right", 600, Style { slant: 0.25, ..PLAIN }, 0.85),
        ("slanted to the left", 600, Style { slant: -0.25, ..PLAIN }, 0.88),
        ("turned by 6 degrees", 600, Style { turn: 6.0, ..PLAIN }, 0.90),
        ("noisy paper", 600, Style { noise: 25.0, ..PLAIN }, 0.90),
        ("uneven light", 600, Style { shade: 0.6, ..PLAIN }, 0.90),
        ("all of these", 600, Style { noise: 20.0, shade: 0.4, slant: 0.1, turn: -4.0, ..PLAIN }, 0.88),
        ("touching", 600, Style { gap: -0.3, ..PLAIN }, 0.88),
        ("a thin pen", 600, Style { pen: 0.55, ..PLAIN }, 0.88),
        ("a thick pen", 600, Style { pen: 0.3, ..PLAIN }, 0.82),
    ];
    for (name, n, style, least) in styles.into_iter().step_by(step(2, 8)) {
        let rate = rate(&digits[..n], style);
        println!("{name}: {:.1}% of {n}", 100.0 * rate);
        assert!(rate >= least, "{name}: {rate}");
    }
}

#[test]
fn mnist_is_read_where_it_is_installed() {
    let Some(digits) = mnist() else {
        return eprintln!("skipped: CAIRN_MNIST names no folder");
    };
    let digits = &digits[..2000.min(digits.len())];
    for (name, style) in [
        ("clean", PLAIN),
        ("noise, light, slant and turn", Style { noise: 20.0, shade: 0.4, slant: 0.1, turn: -4.0, ..PLAIN }),
    ] {
        let rate = rate(digits, style);
        println!("MNIST, {name}: {:.1}% of {}", 100.0 * rate, digits.len());
        assert!(rate >= 0.7, "{name}: {rate}");
    }
}

/// A model of MNIST's 60,000 other digits reads its test digits better, and the 13 writers' worse, than that of 30 writers.
#[test]
fn a_model_of_mnist_is_fitted_where_it_is_installed() {
    let Some(tests) = mnist() else {
        return eprintln!("skipped: CAIRN_MNIST names no folder");
    };
    let data = mnist_drawn("train");
    let params = KMeans::new(400).restarts(5).device(Device::Cpu).check().unwrap();
    let fitted = fit(&data, &params).unwrap();
    let model = fitted.model(&data, &params).unwrap();
    model.check_drawn().unwrap();
    for (name, digits, least) in
        [("MNIST", &tests[..2000], 0.88), ("the 13 other writers", &held_out()[..], 0.7)]
    {
        let (rate, refused) = rate_of(&model, digits, PLAIN);
        println!(
            "a model of MNIST reads {:.1}% of {} of {name}, refuses {:.1}%",
            100.0 * rate,
            digits.len(),
            100.0 * refused
        );
        assert!(rate >= least && refused < 0.02, "{name}: {rate}, {refused}");
    }
    let limit = model.limit_of_drawn_value().unwrap();
    for (name, rows) in [("MNIST", mnist_drawn("t10k")), ("the 13 other writers", digits())] {
        let values =
            ndarray::Array2::from_shape_vec((rows.points.n_points(), 64), rows.points.to_f64().unwrap());
        let found = fitted.predict(values.unwrap().view()).unwrap();
        let truth = rows.truth.as_ref().unwrap();
        let class = |at: usize| truth.names[truth.labels[at] as usize].as_str();
        let right =
            |(at, row): (usize, &cairn::model::Prediction)| model.name(row.label as usize) == Some(class(at));
        let right = found.iter().enumerate().filter(|row| right(*row)).count();
        let far = found.iter().filter(|row| row.distance > limit).count();
        let share = |count: usize| 100.0 * count as f64 / found.len() as f64;
        println!(
            "of {name}'s {} rows {:.2}% are named right, {:.2}% are beyond the limit",
            found.len(),
            share(right),
            share(far)
        );
        assert!(share(far) < 2.0, "{far}");
    }
}

/// Where the digits are surer, more of them are right.
#[test]
fn confidence_tells_right_from_wrong() {
    let mut bins = [(0usize, 0usize); 4];
    for (at, line) in held_out().chunks(12).enumerate() {
        let strip = Strip::new(line, PLAIN, at as u64);
        let found = read(&strip.picture, &MODEL).unwrap();
        let digits: Vec<_> = found.lines.iter().flat_map(|line| &line.digits).collect();
        if digits.len() != line.len() {
            continue;
        }
        for (digit, truth) in digits.iter().zip(line) {
            assert!((0.0..=1.0).contains(&digit.confidence));
            let bin = &mut bins[((digit.confidence * 10.0) as usize).min(3)];
            *bin = (bin.0 + usize::from(digit.name(&MODEL) == truth.digit.to_string()), bin.1 + 1);
        }
    }
    let shares = bins.map(|(right, all)| right as f64 / all as f64);
    println!(
        "right by confidence, below 10%, 20%, 30%, and above: {shares:.3?} of {:?}",
        bins.map(|bin| bin.1)
    );
    assert!(shares.is_sorted() && shares[3] > 0.98 && shares[0] < 0.8, "{shares:?}");
}

/// Boxes lie around the digits, in the pixels of the picture, however it was turned.
#[test]
fn boxes_lie_where_the_digits_are() {
    let digits = &held_out()[..10];
    for turn in [0.0, 8.0] {
        let strip = Strip::new(digits, Style { turn, ..PLAIN }, 1);
        let found = read(&strip.picture, &MODEL).unwrap();
        assert!((found.skew - turn).abs() < 1.0, "{}", found.skew);
        let [line] = &found.lines[..] else { panic!("one line") };
        assert_eq!(line.digits.len(), 10);
        for digit in &line.digits {
            let area = digit.area;
            let ink = |x: usize, y: usize| strip.picture.pixels[y * strip.picture.width + x] < 128;
            let rows = area.y..area.y + area.height;
            let inside = rows.flat_map(|y| (area.x..area.x + area.width).map(move |x| (x, y)));
            let share = inside.filter(|&(x, y)| ink(x, y)).count() as f64 / (area.width * area.height) as f64;
            assert!((0.1..0.9).contains(&share) && (30..75).contains(&area.height), "{area:?}: {share}");
        }
        let middles: Vec<usize> = line.digits.iter().map(|d| d.area.x + d.area.width / 2).collect();
        assert!(middles.is_sorted_by(|a, b| b - a > 30), "{middles:?}");
    }
}

/// A page: two lines, a gap in the first, a rule below and a dot beside the second.
#[test]
fn lines_gaps_rules_and_dots() {
    let digits = held_out();
    let strips: Vec<Strip> =
        [&digits[..6], &digits[10..15]].iter().map(|line| Strip::new(line, PLAIN, 3)).collect();
    let width = strips.iter().map(|strip| strip.picture.width).max().unwrap() + 200;
    let height: usize = strips.iter().map(|strip| strip.picture.height).sum();
    let mut page = Picture { width, height, pixels: vec![240; width * height] };
    let mut top = 0;
    for strip in &strips {
        for (y, row) in strip.picture.pixels.chunks(strip.picture.width).enumerate() {
            // after its third digit the first line has a gap
            let middle = if top == 0 { 48 + 3 * 58 - 4 } else { row.len() };
            page.pixels[(top + y) * width..][..middle].copy_from_slice(&row[..middle]);
            page.pixels[(top + y) * width + middle + 100..][..row.len() - middle]
                .copy_from_slice(&row[middle..]);
        }
        top += strip.picture.height;
    }
    (0..4).for_each(|y| page.pixels[(height - 40 + y) * width + 20..][..width - 40].fill(60));
    (0..7).for_each(|y| page.pixels[(height - 55 + y) * width + width - 60..][..7].fill(60));
    let found = read(&page, &MODEL).unwrap();
    let expected = format!("{} {}/{}", &strips[0].text[..3], &strips[0].text[3..], strips[1].text);
    let found_text = text(&found);
    assert_eq!(found_text.len(), expected.len(), "{found_text}, {expected}");
    assert!(distance(&found_text, &expected) <= 2, "{found_text}, {expected}");
    assert_eq!(found.left_out.len(), 2, "{:?}", found.left_out);
}

#[test]
fn pictures_without_digits() {
    let found = |width: usize, height: usize, pixel: &dyn Fn(usize, usize) -> u8| {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| pixel(x, y))).collect();
        read(&Picture { width, height, pixels }, &MODEL).unwrap()
    };
    for brightness in [0, 128, 255] {
        let blank = found(300, 100, &|_, _| brightness); // no ink, or all ink
        assert!(blank.lines.is_empty() && blank.left_out.is_empty());
    }
    assert!(found(1, 1, &|_, _| 0).lines.is_empty());
    let noise = found(400, 300, &|x, y| ((x * 2_654_435_761 + y * 40_503 * (x + 7)) >> 7) as u8);
    let digits: usize = noise.lines.iter().map(|line| line.digits.len()).sum();
    assert!(digits < 400 * 300 / 16, "{digits}");
    // pepper all over a large page: in seconds, not hours
    let pepper = found(3000, 3000, &|x, y| {
        let mixed = ((x as u64) << 32 | y as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56 < 13 { 0 } else { 255 }
    });
    assert!(pepper.left_out.len() > 1000 || pepper.lines.is_empty(), "{}", pepper.left_out.len());
    // one huge blot, round enough to be no digit
    let blot = found(500, 400, &|x, y| {
        if (x.abs_diff(250).pow(2) + y.abs_diff(200).pow(2)) < 150 * 150 { 20 } else { 250 }
    });
    assert_eq!(text(&blot), "?");
    let wide = found(20_000, 60, &|x, y| if (10..50).contains(&y) && x % 100 < 8 { 0 } else { 255 });
    assert_eq!((wide.lines.len(), wide.lines[0].digits.len()), (1, 200));
}

/// A limit for a picture that is read without optimisation, and shares the machine with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pictures of any size and content end in seconds, in a reading or in words.
#[test]
fn thin_pictures_and_noise_take_seconds() {
    let sizes = [
        (1, 1),
        (2, 1),
        (1, 2),
        (3, 5),
        (6400, 50),
        (50, 6400),
        (1, 30_000),
        (30_000, 1),
        (2_000_000, 7),
        (7, 2_000_000),
        (20_000_000, 1),
        (1, 20_000_000),
        (2000, 2000),
    ];
    // shares of ink, in 256ths, and sides of the grains
    let noises = [(0, 1), (256, 1), (13, 1), (90, 1), (128, 1), (200, 1), (100, 3), (128, 6)];
    let cases = sizes.iter().flat_map(|&size| noises.iter().map(move |&noise| (size, noise)));
    for ((width, height), (ink, grain)) in cases.step_by(step(5, 11)) {
        if width * height > 1_000_000 && !(ink == 128 || ink == 13) {
            continue; // one sparse and two dense ones
        }
        let pixel = |x: usize, y: usize| {
            let mixed = (((x / grain) as u64) << 32 | (y / grain) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let byte = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56;
            if byte < ink { 20 } else { 240 }
        };
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| pixel(x, y))).collect();
        let started = Instant::now();
        let found = read(&Picture { width, height, pixels }, &MODEL);
        let took = started.elapsed();
        let name = format!("{width} x {height}, {ink} of 256 in grains of {grain}");
        match found {
            Ok(reading) => {
                let digits = reading.lines.iter().map(|line| line.digits.len()).sum::<usize>();
                println!("{name}: {took:.1?}, {digits} digits, {} marks", reading.left_out.len());
                let areas = reading.lines.iter().flat_map(|line| &line.digits).map(|digit| digit.area);
                for area in areas.chain(reading.left_out.iter().copied()) {
                    let inside = area.x + area.width <= width && area.y + area.height <= height;
                    assert!(inside, "{name}: {area:?}");
                }
            }
            Err(ReadingError::Crowded) => println!("{name}: {took:.1?}, refused"),
            Err(error) => panic!("{name}: {error}"),
        }
        assert!(took < PATIENCE, "{name} took {took:.1?}");
    }
}

/// Pieces that touch are cut to a width of 30 heights, and left out beyond.
#[test]
fn lines_of_touching_digits_are_cut_up_to_a_limit() {
    let digits = held_out();
    for n in [12, 45, 200] {
        // a rule through the middle makes one component of them
        let mut strip = Strip::new(&digits[..n], Style { gap: 0.0, ..PLAIN }, 2).picture;
        (70..74).for_each(|y| strip.pixels[y * strip.width + 60..][..strip.width - 120].fill(50));
        let started = Instant::now();
        let found = read(&strip, &MODEL).unwrap();
        assert!(started.elapsed() < PATIENCE, "{n}: {:.1?}", started.elapsed());
        let read: usize = found.lines.iter().map(|line| line.digits.len()).sum();
        if n < 30 {
            assert!((n / 2..=2 * n).contains(&read), "{read} of {n}");
        } else {
            assert!(read < 10 && !found.left_out.is_empty(), "{read} of {n}");
        }
    }
}

#[test]
fn pictures_whose_pixels_do_not_fit_are_refused() {
    for (width, height, pixels) in [(0, 1, 0), (1, 0, 0), (0, 0, 0), (3, 3, 8), (usize::MAX, 2, 4), (1, 1, 2)]
    {
        let error = read(&Picture { width, height, pixels: vec![255; pixels] }, &MODEL).unwrap_err();
        assert!(matches!(error, ReadingError::Shape { .. }), "{error}");
    }
}

#[test]
fn a_model_of_other_data_is_refused() {
    let data = digits();
    let other = Model { lattice: MODEL.lattice.clone(), ..MODEL.clone() };
    assert_eq!(other.n_dims(), 64);
    let rows = cairn::data::Points::from(ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]);
    let table = Dataset { points: rows, columns: vec!["a".into(), "b".into()], truth: None, ..data };
    let params = KMeans::new(2).restarts(1).device(Device::Cpu).check().unwrap();
    let small = fit(&table, &params).unwrap().model(&table, &params).unwrap();
    let blank = Picture { width: 9, height: 9, pixels: vec![255; 81] };
    let error = read(&blank, &small).unwrap_err();
    assert!(matches!(error, ReadingError::Model(DrawnError::Dims { n_dims: 2 })), "{error}");
}

/// Two lines of numbers by writers of the table, on paper in uneven light, a little turned: the picture of
/// docs/REPORTS.md.
#[test]
#[ignore = "writes docs/numbers.png"]
fn writes_the_picture_of_numbers() {
    let digits = held_out();
    let mut used = std::collections::BTreeSet::new();
    let mut find = |wanted: char| {
        let at = (1000..digits.len()).find(|&at| digits[at].digit == wanted && !used.contains(&at)).unwrap();
        used.insert(at);
        digits[at].clone()
    };
    let style = Style { size: 44, noise: 2.0, shade: 0.35, turn: 3.0, pen: 0.44, ..PLAIN };
    let lines = ["31415926", "27182818"].map(|text| text.chars().map(&mut find).collect::<Vec<Drawn>>());
    let strips: Vec<Picture> = lines.iter().map(|line| Strip::new(line, style, 5).picture).collect();
    let (width, height) = (strips[0].width.min(strips[1].width), strips[0].height + strips[1].height);
    let rows = strips.iter().flat_map(|strip| strip.pixels.chunks(strip.width).map(|row| &row[..width]));
    let page =
        image::GrayImage::from_vec(width as u32, height as u32, rows.flatten().copied().collect()).unwrap();
    page.save(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/numbers.png")).unwrap();
}
