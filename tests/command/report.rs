//! `cairn report` and `fit --report`: the page in a browser, on a phone and on a desktop; its content; its size.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::browser;

/// Bytes that the page of the digits may have, and that of a million rows.
const MOST_OF_DIGITS: usize = 1_500_000;
const MOST: usize = 5_000_000;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.file(name), text).expect("a file");
        self.file(name)
    }

    /// Runs the command, which must succeed.
    fn cairn(&self, args: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_cairn"))
            .current_dir(self.0.path())
            .args(args)
            .output()
            .expect("the command runs");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {err}");
        err
    }

    fn page(&self) -> String {
        fs::read_to_string(self.file("report.html")).expect("the page")
    }
}

/// No errors, no requests; the expected sections.
fn opens_well(page: &Path, sections: &[&str]) {
    let Some(seen) = browser::open(page) else { return };
    assert!(seen.console.is_empty(), "{:?}", seen.console);
    assert!(!seen.dom.contains("<script>alert"), "a cell became a script");
    for section in sections {
        assert!(seen.dom.contains(&format!("<section id=\"{section}\"")), "no section {section}");
    }
    assert!(seen.requests.is_empty(), "{:?}", seen.requests);
}

/// A picture of the page so wide has ink and paper in it, and nothing sticks out to the right.
fn looks_alive(place: &Place, width: u32) {
    let to = place.file("shot.png");
    if browser::picture(&place.file("report.html"), width, &to).is_none() {
        return;
    }
    let mut decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(&to).expect("a picture")));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("pixels");
    let bytes = info.color_type.samples();
    let mut colors: Vec<&[u8]> = pixels.chunks_exact(bytes).collect();
    assert_eq!(info.width, width);
    colors.sort_unstable();
    colors.dedup();
    assert!(colors.len() > 100, "{} colours at {width} pixels: the page is blank", colors.len());
}

/// The width of the document beside that of its window, as the page itself measures them in a frame `width` wide.
fn fits(place: &Place, width: u32) {
    let widths = "document.documentElement.scrollWidth + ' ' + document.documentElement.clientWidth";
    let Some(says) = browser::measured(place.0.path(), &place.page(), width, widths) else { return };
    let numbers: Vec<u32> = says.split(' ').filter_map(|n| n.parse().ok()).collect();
    let [scroll, client] = numbers[..] else { panic!("{says:?}") };
    assert!(scroll <= client, "{scroll} pixels of page in a window of {client}");
}

#[test]
fn the_digits_are_shown_whole_and_small() {
    let place = Place::new();
    place.cairn(&["fit", "digits", "-r", "20", "--device", "cpu", "--report", "report.html", "-q"]);
    let page = place.page();
    assert!(page.len() < MOST_OF_DIGITS, "{} bytes", page.len());
    let sections =
        ["rows", "clusters", "counts", "confusion", "misread", "map", "silhouette", "restarts", "about"];
    opens_well(&place.file("report.html"), &sections);
    looks_alive(&place, 390);
    looks_alive(&place, 1280);
    [390, 1280].iter().for_each(|&width| fits(&place, width));
    // 64 of the rows, 10 centroids, 8 nearest and 8 farthest of each, and the misread
    assert!(page.matches("<img ").count() > 64 + 10 + 160);
    assert_eq!(page.matches("<img ").count(), page.matches(" alt=\"").count());
    assert!(page.contains("Alpaydin") && page.contains("CC BY 4.0"), "the authors must be named");
    assert!(page.contains("The most frequent name is") && page.contains("correlation is"));
    assert_eq!(page.matches("class=\"layer ").count(), 2, "a map by cluster and one by digit");
    assert!(!page.contains("http://www.w3.org/1999/xhtml") && !page.contains("src=\"http"));
}

/// Names and numbers of clusters, which tell what `--labels` has; the seeding; and a frame of one colour in any theme.
#[test]
fn many_clusters_are_a_readable_choice() {
    let place = Place::new();
    place.cairn(&[
        "fit",
        "digits",
        "-k",
        "200",
        "-r",
        "2",
        "--device",
        "cpu",
        "--report",
        "report.html",
        "-q",
    ]);
    let page = place.page();
    assert!(page.contains("40 of 200 clusters are shown: for each name in turn the largest"));
    for digit in 0..10 {
        assert!(
            page.contains(&format!("<h3>{digit}</h3><p class=\"soft\">cluster ")),
            "no cluster of {digit}"
        );
    }
    assert_eq!(page.matches("<article class=\"card\">").count(), 40);
    assert!(page.contains("it is low where classes are divided, here 10 into 200 clusters"));
    assert!(page.contains("from rows chosen by k-means++") && !page.contains("from random rows"));
    assert!(!page.contains(">\n-0.0\n<") && !page.contains("(-0.00)"), "a zero has no sign");
    // names on a map are 26 high, and one letter of 18 wide
    let layer = page.split("class=\"layer map-cluster\"").nth(1).and_then(|part| part.split("</svg>").next());
    let number = |text: &str| text.split('"').next().and_then(|n| n.parse::<f64>().ok()).expect("a number");
    let names: Vec<(f64, f64)> = layer
        .expect("a map")
        .split("<text x=\"")
        .skip(1)
        .map(|text| (number(text), number(text.split("y=\"").nth(1).expect("a place"))))
        .collect();
    assert!(names.len() > 10, "{} names", names.len());
    for (at, a) in names.iter().enumerate() {
        for b in &names[at + 1..] {
            assert!((a.0 - b.0).abs() >= 17.0 || (a.1 - b.1).abs() >= 25.0, "{a:?} and {b:?} overlap");
        }
    }
    looks_alive(&place, 1920);
    [400, 800, 1920].iter().for_each(|&width| fits(&place, width));
}

#[test]
fn frames_are_no_part_of_inverted_images() {
    let place = Place::new();
    place.cairn(&["fit", "digits", "-r", "1", "--device", "cpu", "--report", "report.html", "-q"]);
    let page = place.page();
    let style = page.split("<style>").nth(1).and_then(|part| part.split("</style>").next()).expect("a style");
    let inverted: Vec<&str> = style.lines().filter(|line| line.contains("invert(")).collect();
    assert_eq!(inverted.len(), 1, "{inverted:?}");
    for line in style.lines().filter(|line| line.contains(" img")) {
        assert!(
            !line.contains("outline") && !line.contains("border:"),
            "{line}: its colour would be inverted"
        );
    }
    assert!(style.contains(".tile.wrong::after { border: 2px solid var(--wrong); }"));
}

#[test]
fn restarts_that_agree_are_not_doubted() {
    let place = Place::new();
    let heaps: String =
        (0..40).map(|i| format!("{},{}\n", i % 2 * 1000 + i % 5, i % 2 * 1000 + i % 3)).collect();
    place.write("heaps.csv", &("x,y\n".to_owned() + &heaps));
    let args =
        ["fit", "heaps.csv", "-k", "2", "-r", "8", "--init", "random", "--report", "report.html", "-q"];
    place.cairn(&args);
    let page = place.page();
    assert!(page.contains("from random rows") && page.contains("All restarts reached it."));
    assert!(!page.contains("a lower one may exist") && !page.contains("found by chance"));
}

#[test]
fn the_same_fit_gives_the_same_page_but_for_its_times() {
    let place = Place::new();
    let args = ["report", "digits", "-r", "3", "--device", "cpu", "-q", "-o"];
    for name in ["a.html", "b.html"] {
        place.cairn(&[&args[..], &[name]].concat());
    }
    let text = |name: &str| {
        let page = fs::read_to_string(place.file(name)).expect("the page");
        page.split("<section id=\"about\"").next().expect("a part").to_owned()
    };
    assert_eq!(text("a.html"), text("b.html"));
}

#[test]
fn a_model_alone_and_a_model_with_rows() {
    let place = Place::new();
    place.cairn(&["fit", "digits", "-r", "2", "--device", "cpu", "--model", "m.safetensors", "-q"]);
    place.cairn(&["report", "m.safetensors"]);
    let page = place.page();
    opens_well(&place.file("report.html"), &["rows", "clusters", "counts", "about"]);
    assert!(page.contains("A model holds no rows") && !page.contains("id=\"map\""));
    assert_eq!(page.matches("<img ").count(), 10);
    place.cairn(&["report", "m.safetensors", "digits", "--device", "cpu"]);
    opens_well(
        &place.file("report.html"),
        &["rows", "clusters", "confusion", "misread", "map", "silhouette"],
    );
}

#[test]
fn the_sweep_says_where_its_curves_peak() {
    let place = Place::new();
    let flags = ["--device", "cpu", "-r", "2", "-k", "3", "--truth", "kind", "--sweep", "2..5"];
    // four heaps
    let mut text = "x,y,kind\n".to_owned();
    for i in 0..200 {
        let (x, y) = ((i % 4 / 2) * 10, (i % 2) * 10);
        text += &format!("{}.{},{}.{},{}\n", x, i % 7, y, i % 9, ["a", "b", "c", "d"][i % 4]);
    }
    place.write("heaps.csv", &text);
    place.cairn(&[&["report", "heaps.csv"], &flags[..]].concat());
    opens_well(&place.file("report.html"), &["profile", "sweep", "restarts"]);
    assert!(place.page().contains("It is highest at k = 4, and there are as many classes."));
}

#[test]
fn names_and_cells_do_nothing() {
    let place = Place::new();
    let evil = "<script>alert(1)</script>";
    let mut text = format!("{evil},\"\"\" onload=\"\"alert(2)\",class<b>\n");
    for i in 0..60 {
        text +=
            &format!("{},{},{}\n", i % 2 * 9, i % 5, [evil, "\"\"\"><img src=x onerror=alert(3)>\""][i % 2]);
    }
    let name = "<img src=x onerror=alert(4)>.csv";
    place.write(name, &text);
    let file = format!("./{name}");
    place.cairn(&["report", &file, "-k", "2", "--truth", "class<b>", "--device", "cpu", "-r", "2"]);
    let page = place.page();
    assert!(!page.contains("<script") && !page.contains("<img src=x") && !page.contains("class<b>"));
    assert!(page.contains("script"), "the names are shown, as text");
    opens_well(&place.file("report.html"), &["profile", "confusion", "map"]);
}

#[test]
fn a_table_of_words_and_numbers_fits_a_phone() {
    let place = Place::new();
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/breast_cancer.csv");
    let header = fs::read_to_string(&table).expect("the table");
    let truth = header.lines().next().and_then(|line| line.rsplit(',').next()).expect("a header").trim();
    let table = table.display().to_string();
    place.cairn(&["report", &table, "-k", "2", "--truth", truth, "--device", "cpu", "-r", "5"]);
    opens_well(&place.file("report.html"), &["profile", "counts", "confusion", "map", "silhouette"]);
    looks_alive(&place, 390);
    fits(&place, 390);
}

#[test]
fn odd_tables_have_pages_too() {
    let place = Place::new();
    let same = "x,y\n".to_owned() + &"1,2\n".repeat(20);
    let tables =
        [("one.csv", "5\n", "1"), ("same.csv", same.as_str(), "3"), ("two.csv", "1,1e300\n2,-1e300\n", "2")];
    for (name, text, k) in tables {
        place.write(name, text);
        place.cairn(&["report", name, "-k", k, "--device", "cpu", "-r", "2", "--header", "auto"]);
        opens_well(&place.file("report.html"), &["rows", "clusters"]);
        assert!(!place.page().contains("NaN"), "{name}");
    }
}

#[test]
fn a_million_rows_are_sampled_and_it_says_so() {
    let place = Place::new();
    let (n, d) = (1_000_000usize, 2usize);
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, {d}), }}").into_bytes();
    header.resize(117, b' ');
    header.push(b'\n');
    let mut file = std::io::BufWriter::new(fs::File::create(place.file("big.npy")).expect("a file"));
    file.write_all(b"\x93NUMPY\x01\x00")
        .and_then(|()| file.write_all(&118u16.to_le_bytes()))
        .expect("a start");
    file.write_all(&header).expect("a header");
    let mut state = 1u64;
    for i in 0..n * d {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let value = (state >> 40) as f32 / 16_777_216.0 + (i / d % 4) as f32 * 3.0;
        file.write_all(&value.to_le_bytes()).expect("a value");
    }
    drop(file);
    place.cairn(&["report", "big.npy", "-k", "4", "-r", "1", "--max-iter", "5", "--device", "cpu"]);
    let page = place.page();
    assert!(page.len() < MOST, "{} bytes", page.len());
    assert!(page.contains("1,000,000 rows") && page.contains("a random sample of 2,000 of them"));
    opens_well(&place.file("report.html"), &["map", "silhouette"]);
}

#[test]
fn what_can_not_be_is_refused_before_any_work() {
    let place = Place::new();
    place.write("x.csv", "1,2\n3,4\n5,6\n");
    let refused = |args: &[&str], says: &str| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_cairn")).current_dir(place.0.path()).args(args).output();
        let output = output.expect("the command runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && err.contains(says), "{args:?}: {err}");
    };
    refused(&["report", "x.csv", "-o", "x.csv"], "are the same file");
    refused(&["report", "x.csv", "digits"], "is not a model");
    refused(&["report", "x.csv", "-o", "nowhere/report.html"], "nowhere");
    refused(&["report", "gone.safetensors"], "gone.safetensors");
    refused(&["fit", "x.csv", "--report", "x.csv"], "are the same file");
    assert!(!place.file("report.html").exists());
}
