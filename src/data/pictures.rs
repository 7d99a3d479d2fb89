//! Pictures as rows: each pixel of them, or each picture.
//!
//! The values of all pictures are kept in memory if they are few; else each picture is decoded anew on each pass. So
//! memory is bounded by a few chunks, one picture and [`MOST_HELD`].

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};
use std::sync::OnceLock;

use super::columns::Columns;
use super::error::DataError;
use super::input::Input;
use super::options::ReadOptions;
use super::pick::Pick;
use super::picture_files::PictureFiles;
use super::reading::PictureReading;
use super::rows::Rows;
use super::source::{Chunk, Source};
use super::texts::{CellType, Texts};
use crate::picture::{Channels, Samples};

/// Most bytes of values that are kept in memory.
const MOST_HELD: u64 = 256 << 20;

/// The pixels of pictures.
struct Pictures {
    files: PictureFiles,
    columns: Columns,
    n_rows: usize,
    reading: PictureReading,
    /// Of each row, if rows are pictures.
    names: Vec<String>,
    /// The values of all pictures after a pass, if they are no more than so many bytes.
    held: OnceLock<Vec<Samples>>,
    most_held: u64,
}

/// A source of the pixels of pictures: of each pixel, or of each picture, whose columns are planes of its pixels. What else
/// is in their folder was left out. `name` is that of the table; names of rows are those of files, without `prefix`.
pub(super) fn open(
    name: &str,
    inputs: Vec<Input>,
    options: &ReadOptions,
    (prefix, left_out): (&str, Vec<String>),
) -> Result<Box<dyn Source>, DataError> {
    Ok(Box::new(Pictures::open(name, inputs, options, (prefix, left_out))?))
}

impl Pictures {
    fn open(
        name: &str,
        inputs: Vec<Input>,
        options: &ReadOptions,
        (prefix, left_out): (&str, Vec<String>),
    ) -> Result<Self, DataError> {
        let files = PictureFiles::open(inputs, options)?;
        let (columns, n_rows, names) = if options.pixels {
            let names = files.channels().names().iter().map(|&channel| channel.to_owned()).collect();
            (names, files.all_pixels() as usize, Vec::new())
        } else {
            let bare = |name: String| name.strip_prefix(prefix).map(str::to_owned).unwrap_or(name);
            let names = files.names().into_iter().map(bare).collect();
            (planes(files.channels(), files.one_size()?), files.count(), names)
        };
        let reading = files.reading(options.pixels, left_out);
        let (columns, held) = (Columns::named(name, columns), OnceLock::new());
        Ok(Pictures { files, columns, n_rows, reading, names, held, most_held: MOST_HELD })
    }
}

/// The names of columns of pixels: those of grey pictures are called as models know them, others begin with the value.
fn planes(channels: Channels, (width, height): (usize, usize)) -> Vec<String> {
    let plane = |&channel: &&'static str| {
        let channel = if channel == "grey" { "pixel" } else { channel };
        (0..height * width).map(move |at| format!("{channel}_{}_{}", at / width, at % width))
    };
    channels.names().iter().flat_map(plane).collect()
}

impl Source for Pictures {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn n_rows(&self) -> Option<usize> {
        Some(self.n_rows)
    }

    fn can_reread(&self) -> bool {
        true
    }

    fn pictures(&self) -> Option<&PictureReading> {
        Some(&self.reading)
    }

    fn cell_types(&self) -> Vec<CellType> {
        vec![CellType::Unsigned; self.columns.count()]
    }

    fn row_names(&self) -> &[String] {
        &self.names
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        let most_rows = pick.chunk_rows(size_of::<f32>());
        let (mut block, mut first) = (Block::default(), 0);
        let mut keep = (self.held.get().is_none() && self.n_bytes() <= self.most_held).then(Vec::new);
        for picture in 0..self.files.count() {
            let samples = match self.held.get() {
                Some(held) => Cow::Borrowed(&held[picture]),
                None => Cow::Owned(self.files.samples(picture)?),
            };
            let n_rows = if self.reading.pixels { self.files.n_pixels(picture) } else { 1 };
            let mut next = 0;
            while next < n_rows {
                let end = n_rows.min(next + most_rows - block.n_rows);
                self.add(&mut block, &samples, next..end, pick);
                next = end;
                if block.n_rows == most_rows {
                    if each(block.chunk(self, pick, first)).is_break() {
                        return Ok(());
                    }
                    first += block.n_rows;
                    block.clear();
                }
            }
            if let Some(keep) = &mut keep {
                keep.push(samples.into_owned());
            }
        }
        if block.n_rows > 0 {
            let _ = each(block.chunk(self, pick, first)); // nothing follows
        }
        keep.map(|all| self.held.set(all)); // another pass may have set it
        Ok(())
    }
}

impl Pictures {
    /// Bytes of the values of all pictures.
    fn n_bytes(&self) -> u64 {
        self.files.all_pixels() * self.files.channels().count() as u64 * self.files.value_bytes()
    }

    /// Adds rows of a picture.
    fn add(&self, block: &mut Block, samples: &Samples, rows: Range<usize>, pick: &Pick) {
        let channels = self.files.channels().count();
        let n_pixels = samples.len() / channels;
        // where a column's value of a row is, from the row's first value on
        let place = |column: usize| match self.reading.pixels {
            true => column,
            false => column % n_pixels * channels + column / n_pixels,
        };
        let places: Vec<usize> = pick.features.iter().map(|&column| place(column)).collect();
        match samples {
            Samples::Eight(samples) => add(&mut block.values, samples, rows.clone(), channels, &places),
            Samples::Sixteen(samples) => add(&mut block.values, samples, rows.clone(), channels, &places),
        }
        block.n_rows += rows.len();
        for row in rows {
            let value = |column| samples.get(row * channels + place(column));
            block.truth.extend(pick.truth.map(|column| value(column).to_string()));
            block.weights.extend(pick.weights.map(|column| f64::from(value(column))));
            let all = if pick.texts { self.columns.count() } else { 0 };
            (0..all).for_each(|column| block.texts.push(Some(&value(column).to_string())));
        }
    }
}

/// Adds the values at these places of each row.
fn add<T: Copy + Into<f32>>(
    to: &mut Vec<f32>,
    samples: &[T],
    rows: Range<usize>,
    channels: usize,
    places: &[usize],
) {
    if places.iter().copied().eq(0..channels) {
        let samples = &samples[rows.start * channels..rows.end * channels];
        return to.extend(samples.iter().map(|&value| value.into()));
    }
    for row in rows {
        to.extend(places.iter().map(|place| samples[row * channels + place].into()));
    }
}

/// Buffers for the rows of a chunk.
#[derive(Default)]
struct Block {
    n_rows: usize,
    values: Vec<f32>, // (n_rows, n_features)
    truth: Vec<String>,
    weights: Vec<f64>,
    texts: Texts,
}

impl Block {
    fn clear(&mut self) {
        self.n_rows = 0;
        self.values.clear();
        self.truth.clear();
        self.weights.clear();
        self.texts.clear();
    }

    fn chunk<'a>(&'a self, pictures: &'a Pictures, pick: &'a Pick, first: usize) -> Chunk<'a> {
        Chunk {
            first,
            n_rows: self.n_rows,
            rows: Rows::F32(&self.values),
            truth: &self.truth,
            weights: &self.weights,
            texts: pick.texts.then_some(&self.texts),
            numbers: None,
            columns: &pictures.columns,
            features: &pick.features,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, Rgb, RgbImage};

    use super::*;

    fn picture(name: &str, (width, height): (u32, u32)) -> Input {
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).expect("memory");
        Input::of_memory(name, bytes.get_ref()).expect("memory")
    }

    /// The rows of all passes, and how many chunks there were.
    fn passes(source: &Pictures, pick: &Pick) -> Vec<(Vec<f64>, usize)> {
        let pass = |_| {
            let (mut values, mut chunks, mut next) = (Vec::new(), 0, 0);
            let read = source.read(pick, &mut |chunk| {
                assert_eq!((chunk.first, chunk.rows.len()), (next, chunk.n_rows * pick.features.len()));
                next += chunk.n_rows;
                chunks += 1;
                values.extend_from_slice(&chunk.rows.to_f64());
                ControlFlow::Continue(())
            });
            read.expect("whole pictures");
            assert_eq!(next, source.n_rows);
            (values, chunks)
        };
        (0..3).map(pass).collect()
    }

    #[test]
    fn passes_are_alike_whether_values_are_kept_or_decoded_again() {
        for pixels in [false, true] {
            let sizes = if pixels { [(7, 5), (3, 9), (11, 2)] } else { [(7, 5); 3] };
            let inputs = || (0..3).map(|at| picture(&format!("p{at}"), sizes[at])).collect();
            let options = ReadOptions { pixels, ..ReadOptions::default() };
            let open = || Pictures::open("t", inputs(), &options, ("", Vec::new())).expect("pictures");
            let again = Pictures { most_held: 0, ..open() };
            let (kept, n_columns) = (open(), again.columns.count());
            for features in [(0..n_columns).collect(), vec![n_columns - 1, 0]] {
                let pick = Pick { features, most_rows: Some(2), ..Pick::default() };
                let (first, others) = (passes(&kept, &pick), passes(&again, &pick));
                assert!(first.iter().chain(&others).all(|pass| *pass == first[0]));
                assert_eq!(first[0].1, kept.n_rows.div_ceil(2));
            }
            assert!(kept.held.get().is_some() && again.held.get().is_none());
            // a pass that ends early keeps nothing
            let pick = Pick { features: vec![0], most_rows: Some(1), ..Pick::default() };
            let early = open();
            early.read(&pick, &mut |_| ControlFlow::Break(())).expect("a row");
            assert!(early.held.get().is_none());
        }
    }
}
