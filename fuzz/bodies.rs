//! What is done with bytes from anywhere. Nothing of it may panic, hang, or take memory without bound.
//!
//! `tests/command/corpora.rs` runs each over `corpus/`; `run.sh` has a fuzzer change these files.
#![allow(dead_code, reason = "every target uses its own")]

use std::io::{Cursor, Write};

use cairn::data::write::from_text;
use cairn::data::{Dataset, Pick, ReadOptions, open_reader};
use cairn::engine::cpu::Cpu;
use cairn::kmeans::KMeans;
use cairn::model::{Layout, Model, Predictor, RowFormat};
use cairn::reading::{Picture, proof, read};
use cairn::report::{Report, draw, html};
use cairn::{drawing, warnings};

/// Most values that are clustered.
const MOST: usize = 1 << 12;

/// A table of any format: opened, read by columns, and clustered if it is small.
pub(crate) fn table(bytes: &[u8]) {
    // the first byte chooses options
    let Some((&options, bytes)) = bytes.split_first() else { return };
    let header = [cairn::data::Header::Auto, cairn::data::Header::Yes, cairn::data::Header::No]
        [usize::from(options % 3)];
    let read = ReadOptions { header, longest_row: 1 << 16, ..ReadOptions::default() };
    let Ok(source) = open_reader("t", Box::new(Cursor::new(bytes.to_vec())), &read) else { return };
    let columns = source.columns();
    (0..columns.count().min(100)).for_each(|column| {
        let _ = from_text(&columns.name(column));
    });
    let n_columns = columns.count();
    let role = |on: u8, column: usize| (options & on != 0 && column < n_columns).then_some(column);
    let (truth, weights) = (role(64, 0), role(128, 1));
    let features =
        (0..n_columns).filter(|&column| Some(column) != truth && Some(column) != weights).collect();
    let pick = Pick { features, truth, weights, lenient: options & 32 != 0, ..Pick::default() };
    let (mut values, mut weights) = (Vec::new(), Vec::new());
    let read = source.visit::<cairn::data::DataError>(&pick, &mut |chunk| {
        values.extend_from_slice(&chunk.rows.to_f64());
        weights.extend_from_slice(chunk.weights);
        Ok(())
    });
    let (Ok(_), n_dims) = (read, pick.features.len()) else { return };
    if n_dims == 0 || values.len() > MOST || source.text(&pick).is_some_and(|text| text.first_row == 0) {
        return;
    }
    let Ok(points) = ndarray::Array2::from_shape_vec((values.len() / n_dims, n_dims), values) else { return };
    let mut data = Dataset::new("t", points);
    data.weights = (!weights.is_empty()).then_some(weights);
    let Ok(params) = KMeans::new(2).restarts(2).max_iter(20).device(cairn::engine::Device::Cpu).check()
    else {
        return;
    };
    if let Ok(fit) = cairn::kmeans::fit(&data, &params) {
        let _ = warnings::of_fit(&fit, &data);
        let model = fit.model(&data, &params).expect("a fit makes a model");
        check_written(&model);
    }
}

/// Names of files that no first bytes tell apart, and one of those that are told by them.
const NAMES: [&str; 5] = ["t", "t.fvecs", "t.bvecs", "t.ivecs", "t.npz"];

/// A table in a binary format, or compressed: opened, and read as a whole. The first byte chooses the name.
pub(crate) fn binary(bytes: &[u8]) {
    let Some((&name, bytes)) = bytes.split_first() else { return };
    read_whole(NAMES[usize::from(name) % NAMES.len()], bytes);
}

/// What a container holds whose checksums are right: gzip, zstd, an archive of one array or of two, UTF-16 in either
/// order. The first byte chooses the container.
pub(crate) fn packed(bytes: &[u8]) {
    let Some((&kind, inner)) = bytes.split_first() else { return };
    let (first, second) = inner.split_at(inner.len() / 2);
    let packed = match kind % 6 {
        0 => gzip(inner),
        1 => zstd::encode_all(inner, 1).expect("memory"),
        2 => archive(&[inner]),
        3 => archive(&[first, second]),
        4 => [&[0xff, 0xfe], inner].concat(),
        _ => [&[0xfe, 0xff], inner].concat(),
    };
    read_whole("t", &packed);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).and_then(|()| gzip.finish()).expect("memory")
}

/// An `.npz` archive of these files, the second compressed.
fn archive(files: &[&[u8]]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let methods = [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated];
    for ((bytes, method), name) in files.iter().zip(methods).zip(["a.npy", "b.npy"]) {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        zip.start_file(name, options).expect("a name");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// Opens a table, and reads all of it with and without a class.
fn read_whole(name: &str, bytes: &[u8]) {
    let read = ReadOptions { longest_row: 1 << 16, ..ReadOptions::default() };
    let Ok(source) = open_reader(name, Box::new(Cursor::new(bytes.to_vec())), &read) else { return };
    let n_columns = source.columns().count();
    for (truth, lenient) in [(None, true), (Some(0), false)] {
        let features = (0..n_columns).filter(|&column| Some(column) != truth).collect();
        let pick = Pick { features, truth, lenient, ..Pick::default() };
        let mut n_rows = 0;
        let read = source.visit::<cairn::data::DataError>(&pick, &mut |chunk| {
            assert_eq!(chunk.rows.to_f64().len(), chunk.n_rows * pick.features.len());
            n_rows += chunk.n_rows;
            // a file of a few bytes may hold billions of equal rows
            if n_rows > MOST { Err(cairn::data::DataError::Empty { name: String::new() }) } else { Ok(()) }
        });
        if read.is_ok() {
            assert!(source.n_rows().is_none_or(|said| said == n_rows));
        }
    }
}

/// A model is the same when it was written and read: its bytes are, as a NaN differs from itself.
fn check_written(model: &Model) {
    let bytes = model.to_bytes().expect("it is small");
    let read = Model::from_bytes("m", &bytes).expect("it was just written");
    assert!(read.to_bytes().is_ok_and(|again| again == bytes), "it changes when it is read");
}

/// A model with a right checksum: applied to rows, shown, drawn on, and written again.
pub(crate) fn model(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    sign(&mut bytes);
    let Ok(model) = Model::from_bytes("m", &bytes) else { return };
    check_written(&model);
    let (n_clusters, n_dims) = (model.n_clusters(), model.n_dims());
    if n_clusters * n_dims > MOST {
        return;
    }
    let rows: Vec<f64> = (0..3 * n_dims).map(|at| at as f64 * 1.5 - 7.0).chain(vec![1e300; n_dims]).collect();
    let engine = Cpu::default();
    if let Ok(mut predictor) = Predictor::new(&model, &engine)
        && let Ok((found, _)) = predictor.predict_each(&rows)
    {
        for format in [RowFormat::Csv, RowFormat::JsonLines, RowFormat::Npy] {
            let layout = Layout::of_predictions(&model, format);
            let mut written = layout.header(found.len() as u64);
            for row in &found {
                layout.write_prediction(&mut written, row.as_ref()).expect("memory");
            }
        }
    }
    let _ = model.transform_each(&rows);
    let page = html(&Report::of(&model));
    assert!(page.is_ok_and(|page| !page.contains("NaN")), "a model has a page");
    let _ = draw::page(&model);
}

/// Writes the checksum that the bytes should have, where it is.
fn sign(bytes: &mut [u8]) {
    let key = br#""checksum":""#;
    let Some(at) = bytes.windows(key.len()).position(|window| window == key) else { return };
    let Some(place) = bytes.get_mut(at + key.len()..at + key.len() + 64) else { return };
    place.fill(b'0');
    let sum = blake3::hash(bytes).to_hex();
    bytes[at + key.len()..][..64].copy_from_slice(sum.as_bytes());
}

/// A picture: decoded, and read with a model.
pub(crate) fn picture(bytes: &[u8]) {
    let Ok(picture) = Picture::decode(bytes) else { return };
    if picture.pixels.len() > 1 << 20 {
        return;
    }
    let model = digits();
    if let Ok(reading) = read(&picture, model) {
        let _ = proof(&picture, &reading, model);
    }
}

/// A model of a few digits.
fn digits() -> &'static Model {
    static MODEL: std::sync::OnceLock<Model> = std::sync::OnceLock::new();
    MODEL.get_or_init(|| {
        let data = cairn::data::digits();
        let params =
            KMeans::new(10).restarts(1).device(cairn::engine::Device::Cpu).check().expect("good parameters");
        let fit = cairn::kmeans::fit(&data, &params).expect("a fit");
        fit.model(&data, &params).expect("a model")
    })
}

/// A text of drawings: read, and counted.
pub(crate) fn drawing(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(drawings) = drawing::read(text) else { return };
    for one in drawings {
        assert!(one.values.len() == 64 && one.values.iter().all(|x| x.is_finite() && *x >= 0.0));
        let _ = drawing::counts(&one.values);
    }
}
