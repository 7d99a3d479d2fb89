//! The fuzzers' corpora (`fuzz/corpus`), of which nothing may panic or take long.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../../fuzz/bodies.rs"]
mod bodies;

/// The longest that one file may take, in unoptimised code on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut n = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let start = Instant::now();
        let bytes = fs::read(&path).unwrap();
        let ended = std::panic::catch_unwind(|| body(&bytes));
        assert!(ended.is_ok(), "{} made it panic", path.display());
        assert!(start.elapsed() < LONGEST, "{}: {:?}", path.display(), start.elapsed());
        n += 1;
    }
    assert!(n > 2, "{target}: {n} files");
}

#[test]
fn tables() {
    replay("table", bodies::table);
}

#[test]
fn binary_tables() {
    replay("binary", bodies::binary);
}

#[test]
fn packed_tables() {
    replay("packed", bodies::packed);
}

#[test]
fn models() {
    replay("model", bodies::model);
}

#[test]
fn pictures() {
    replay("picture", bodies::picture);
}

#[test]
fn drawings() {
    replay("drawing", bodies::drawing);
}
