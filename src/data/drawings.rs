//! Pictures of ink on paper as drawings: each row is counted to 8 x 8, like the digits.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;

use super::columns::{Columns, listed};
use super::error::DataError;
use super::options::Ink;
use super::pick::Pick;
use super::pixels::{pixel_names, place, shape_of_names};
use super::reading::{DrawingReading, TextReading};
use super::rows::Rows;
use super::source::{Chunk, Source};
use super::texts::{CellType, Texts};
use crate::drawing::{self, DrawingError, SIDE, SIZE};
use crate::picture::Channels;

/// Rows that tell whether ink is bright or dark.
const SAMPLE: usize = 100;
/// Share of them that must agree.
const AGREE: f64 = 0.8;

/// The roles of columns, as they are asked for: see [`LoadOptions`](super::LoadOptions).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnRoles {
    /// The truth column.
    pub truth: Option<String>,
    /// The column of weights.
    pub weights: Option<String>,
    /// The only columns that may be features.
    pub columns: Vec<String>,
    /// Columns that are no features.
    pub ignore: Vec<String>,
    /// Whether columns of text are no features.
    pub numeric: bool,
}

/// A source whose rows are drawings: 64 counts of ink, then the columns that are no pixels.
struct Drawings {
    source: Arc<dyn Source>,
    columns: Columns,
    /// Columns of the source that are pixels, row by row. (height * width)
    pixels: Vec<usize>,
    /// The others, in order.
    others: Vec<usize>,
    reading: DrawingReading,
}

/// The rows of `source`, pictures of ink on paper, as drawings: each is [normalised](drawing::normalise()) to 8 x 8 counts
/// from 0 to 16, in the columns `pixel_0_0` to `pixel_7_7`, but for 8 x 8 pixels that are such counts already
/// ([`drawing::counts`]). The columns that are no pixels follow. Also returns the roles in the new table. Without `ink`
/// both are as they were.
///
/// The pixels are the columns without another role whose names count them row by row (`pixel_0_0`, `pixel_0_1`, ..), as
/// those of IDX files and of folders of pictures do; or all columns without another role, if there are a square number of
/// them, at least 64.
///
/// A row without ink lacks a value: it is an error, or left out, or without a label, as `pick` says of the rows that are
/// read.
///
/// # Errors
///
/// [`DataError::NotPictures`], [`DataError::DoubtfulInk`]; those of the first rows.
pub fn as_drawings(
    source: Arc<dyn Source>,
    ink: Option<Ink>,
    roles: ColumnRoles,
) -> Result<(Arc<dyn Source>, ColumnRoles), DataError> {
    let Some(ink) = ink else { return Ok((source, roles)) };
    let columns = source.columns();
    let (pixels, (height, width)) = pixels_of(&*source, &roles)?;
    let is_pixel = |column: &usize| pixels.binary_search(column).is_ok();
    let others: Vec<usize> = (0..columns.count()).filter(|column| !is_pixel(column)).collect();
    let names = pixel_names(SIDE, SIDE).chain(others.iter().map(|&column| columns.name(column)));
    let of_drawings = Columns::named(columns.source(), names.collect()).of_drawings();
    let place_of =
        |column| others.iter().position(|&other| other == column).map(|at| of_drawings.asked(SIZE + at));
    let found = |role, asked: &Option<String>| match asked {
        Some(asked) => columns.find(role, asked).map(place_of),
        None => Ok(None),
    };
    let (truth, weights) = (found("truth", &roles.truth)?, found("weights", &roles.weights)?);
    let (mut ignore, mut left_out) = (Vec::new(), Vec::new());
    let ignored = all_of(columns, "ignored", &roles.ignore)?;
    for &column in &others {
        let asked = place_of(column).filter(|asked| ![&truth, &weights].contains(&&Some(asked.clone())));
        if asked.is_some() && !ignored.contains(&column) {
            left_out.push(columns.name(column));
        }
        ignore.extend(asked);
    }
    let (dark_ink, votes) = match ink {
        Ink::Bright => (false, None),
        Ink::Dark => (true, None),
        Ink::Auto => {
            let [bright, dark] = votes(&*source, &pixels, width)?;
            let all = bright + dark;
            if (bright.max(dark) as f64) < AGREE * all as f64 {
                return Err(DataError::DoubtfulInk { name: columns.source().to_owned(), bright, dark });
            }
            (dark > bright, Some((bright.max(dark), all)))
        }
    };
    let reading = DrawingReading { height, width, dark_ink, votes, left_out };
    let drawings = Drawings { columns: of_drawings, pixels, others, reading, source };
    Ok((Arc::new(drawings), ColumnRoles { truth, weights, columns: Vec::new(), ignore, numeric: false }))
}

/// The columns that are pixels, and height and width of the picture.
fn pixels_of(source: &dyn Source, roles: &ColumnRoles) -> Result<(Vec<usize>, (usize, usize)), DataError> {
    let columns = source.columns();
    let no_pictures = |found: String| DataError::NotPictures { name: columns.source().to_owned(), found };
    if let Some(pictures) = source.pictures() {
        if pictures.pixels {
            return Err(no_pictures("each is a pixel of one".to_owned()));
        }
        if pictures.channels != Channels::Grey {
            return Err(no_pictures(format!("their pixels have {}", pictures.channels.names().join(", "))));
        }
    }
    let mut others = all_of(columns, "ignored", &roles.ignore)?;
    for (role, asked) in [("truth", &roles.truth), ("weights", &roles.weights)] {
        others.extend(asked.iter().map(|asked| columns.find(role, asked)).collect::<Result<Vec<_>, _>>()?);
    }
    others.extend(columns.text().iter().filter(|_| roles.numeric));
    let chosen = all_of(columns, "chosen", &roles.columns)?;
    let may_be =
        |column: &usize| !others.contains(column) && (roles.columns.is_empty() || chosen.contains(column));
    let left: Vec<usize> = (0..columns.count()).filter(may_be).collect();
    let names: Vec<String> = left.iter().map(|&column| columns.name(column)).collect();
    let named = || left.iter().copied().zip(&names).filter(|(_, name)| place(name).is_some());
    if named().next().is_some() {
        let shape = shape_of_names(named().map(|(_, name)| name.as_str()));
        let counts_none = || format!("columns {} do not count the pixels of one row by row", listed(&names));
        return Ok((
            named().map(|(column, _)| column).collect(),
            shape.ok_or_else(|| no_pictures(counts_none()))?,
        ));
    }
    let (side, n) = (left.len().isqrt(), left.len());
    if side < SIDE || side * side != n {
        let number = if n == 1 { "1 column is".to_owned() } else { format!("{n} columns are") };
        let what = if side * side == n { "fewer than 8 x 8" } else { "no square number" };
        return Err(no_pictures(format!("{number} {what}")));
    }
    Ok((left, (side, side)))
}

/// The columns that these texts ask for.
fn all_of(columns: &Columns, role: &'static str, asked: &[String]) -> Result<Vec<usize>, DataError> {
    let found = asked.iter().map(|asked| columns.find_all(role, asked));
    Ok(found.collect::<Result<Vec<_>, _>>()?.concat())
}

/// How many of the first rows seem to have bright ink, on a dark border, and how many dark ink.
fn votes(source: &dyn Source, pixels: &[usize], width: usize) -> Result<[usize; 2], DataError> {
    let pick = Pick { features: pixels.to_vec(), most_rows: Some(SAMPLE), lenient: true, ..Pick::default() };
    let (mut votes, mut rows) = ([0; 2], 0);
    source.read(&pick, &mut |chunk| {
        let values = chunk.rows.to_f64();
        let some = values.chunks_exact(pixels.len()).take(SAMPLE - rows);
        rows += some.len();
        some.filter_map(|row| has_bright_border(row, width))
            .for_each(|dark_ink| votes[usize::from(dark_ink)] += 1);
        if rows < SAMPLE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(votes)
}

/// Whether most pixels at the border are nearer to the largest value than to the least. `None` if all are equal.
fn has_bright_border(row: &[f64], width: usize) -> Option<bool> {
    let (least, most) = extent(row);
    let height = row.len() / width;
    let is_border = |at: usize| {
        let (y, x) = (at / width, at % width);
        y == 0 || x == 0 || y + 1 == height || x + 1 == width
    };
    let border = || row.iter().enumerate().filter(|&(at, _)| is_border(at));
    let bright = border().filter(|(_, value)| **value - least > most - **value).count();
    (least < most).then(|| 2 * bright > border().count())
}

fn extent(row: &[f64]) -> (f64, f64) {
    let least = row.iter().copied().fold(f64::INFINITY, f64::min);
    (least, row.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// Why a row is no drawing.
enum NoDrawing {
    /// A value is missing, or not finite where such rows are not errors.
    Missing,
    /// All values are this one.
    NoInk(f64),
    /// This pixel is not an amount of ink.
    Ink(usize),
}

impl Drawings {
    /// The counts of a row. (height * width)
    fn counts(&self, row: &[f64], pick: &Pick) -> Result<[u8; SIZE], NoDrawing> {
        if (pick.drops() || pick.lenient) && row.iter().any(|value| value.is_nan()) {
            return Err(NoDrawing::Missing);
        }
        if let Some(at) = row.iter().position(|value| !value.is_finite() || *value < 0.0) {
            return Err(NoDrawing::Ink(at));
        }
        let (least, most) = extent(row);
        if least == most {
            return Err(NoDrawing::NoInk(least));
        }
        let ink = match self.reading.dark_ink {
            true => Cow::Owned(row.iter().map(|value| most - value).collect()),
            false => Cow::Borrowed(row),
        };
        let (height, width) = (self.reading.height, self.reading.width);
        let counts = match (height, width) {
            (SIDE, SIDE) => drawing::counts(&ink),
            _ => drawing::normalise(&ink, height, width),
        };
        counts.map_err(|error| match error {
            DrawingError::Ink { row, column, .. } => NoDrawing::Ink((row - 1) * width + column - 1),
            _ => NoDrawing::NoInk(least),
        })
    }

    /// The counts of the rows of a chunk, whose first values are the pixels; `None` for a row without a drawing that is
    /// no error.
    fn of_chunk(&self, chunk: &Chunk<'_>, pick: &Pick) -> Result<Vec<Option<[u8; SIZE]>>, DataError> {
        let (values, n_pixels) = (chunk.rows.to_f64(), self.pixels.len());
        let rows = values.par_chunks_exact(values.len() / chunk.n_rows);
        let found: Vec<_> = rows.map(|row| self.counts(&row[..n_pixels], pick)).collect();
        let checked = found.into_iter().enumerate().map(|(row, found)| match found {
            Ok(counts) => Ok(Some(counts)),
            Err(NoDrawing::Missing) => Ok(None),
            Err(NoDrawing::NoInk(_)) if pick.drops() || pick.lenient => Ok(None),
            Err(NoDrawing::Ink(_)) if pick.lenient => Ok(None),
            Err(NoDrawing::NoInk(value)) => {
                let (name, row) = (self.columns.source().to_owned(), chunk.number(row));
                Err(DataError::NoInk { name, row, value })
            }
            Err(NoDrawing::Ink(pixel)) => {
                let value = values[row * (values.len() / chunk.n_rows) + pixel];
                Err(DataError::NotInk { position: chunk.position(row, pixel), value })
            }
        });
        checked.collect()
    }

    /// What is read of the source: all pixels, if any count is wanted, then the features among the others.
    fn of_source(&self, pick: &Pick) -> Pick {
        let others = pick.features.iter().filter_map(|&feature| self.other(feature));
        let wants_counts = pick.texts || pick.features.iter().any(|&feature| feature < SIZE);
        let pixels: &[usize] = if wants_counts { &self.pixels } else { &[] };
        Pick {
            features: pixels.iter().copied().chain(others).collect(),
            truth: pick.truth.and_then(|column| self.other(column)),
            weights: pick.weights.and_then(|column| self.other(column)),
            from: 0,
            ..pick.clone()
        }
    }

    /// The column of the source that is this one, if it is no pixel.
    fn other(&self, column: usize) -> Option<usize> {
        column.checked_sub(SIZE).map(|at| self.others[at])
    }
}

impl Source for Drawings {
    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn origin(&self) -> Option<&dyn Source> {
        Some(&*self.source)
    }

    fn n_rows(&self) -> Option<usize> {
        self.source.n_rows()
    }

    fn can_reread(&self) -> bool {
        self.source.can_reread()
    }

    fn check(&self, pick: &Pick) -> Result<(), DataError> {
        self.source.check(&self.of_source(pick))
    }

    fn text(&self, pick: &Pick) -> Option<TextReading> {
        self.source.text(&self.of_source(pick))
    }

    fn drawings(&self) -> Option<&DrawingReading> {
        Some(&self.reading)
    }

    fn cell_types(&self) -> Vec<CellType> {
        let types = self.source.cell_types();
        let others = self.others.iter().map(|&column| types[column]);
        std::iter::repeat_n(CellType::Unsigned, SIZE).chain(others).collect()
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        let of_source = self.of_source(pick);
        let has_counts = of_source.features.first().is_some_and(|&column| self.pixels[0] == column);
        let (mut block, mut failed) = (Block::default(), None);
        self.source.read(&of_source, &mut |chunk| {
            let counts = if has_counts { self.of_chunk(&chunk, pick) } else { Ok(Vec::new()) };
            match counts {
                Ok(counts) => {
                    block.fill(self, &chunk, &counts, pick);
                    each(block.chunk(self, chunk, pick))
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or(Ok(()), Err)
    }
}

/// Buffers for the rows of a chunk.
#[derive(Default)]
struct Block {
    narrow: Vec<f32>, // (n_rows, n_features) of counts alone, or empty
    wide: Vec<f64>,   // (n_rows, n_features), or empty
    texts: Texts,
}

impl Block {
    /// Takes the rows of a chunk of the source, whose counts are known if any are wanted.
    fn fill(&mut self, from: &Drawings, chunk: &Chunk<'_>, counts: &[Option<[u8; SIZE]>], pick: &Pick) {
        self.narrow.clear();
        self.wide.clear();
        self.texts.clear();
        if pick.features.iter().all(|&feature| feature < SIZE) {
            for counts in counts {
                let count = |&at: &usize| counts.map_or(f32::NAN, |counts| f32::from(counts[at]));
                self.narrow.extend(pick.features.iter().map(count));
            }
        } else {
            let (values, width) = (chunk.rows.to_f64(), chunk.rows.len() / chunk.n_rows);
            for row in 0..chunk.n_rows {
                let counts = counts.get(row).copied().flatten();
                let n_others = pick.features.iter().filter(|&&feature| feature >= SIZE).count();
                let mut others = values[(row + 1) * width - n_others..].iter();
                let value = |&at: &usize| match at {
                    0..SIZE => counts.map_or(f64::NAN, |counts| f64::from(counts[at])),
                    _ => others.next().copied().unwrap_or(f64::NAN),
                };
                self.wide.extend(pick.features.iter().map(value));
            }
        }
        let Some(texts) = chunk.texts else { return };
        for (row, counts) in counts.iter().enumerate() {
            for at in 0..SIZE {
                let text = counts.map(|counts| counts[at].to_string());
                self.texts.push(text.as_deref());
            }
            let first = row * from.source.columns().count();
            from.others.iter().for_each(|&column| self.texts.push(texts.cell(first + column)));
        }
    }

    /// The rows as drawings.
    fn chunk<'a>(&'a self, from: &'a Drawings, chunk: Chunk<'a>, pick: &'a Pick) -> Chunk<'a> {
        let rows = if self.wide.is_empty() { Rows::F32(&self.narrow) } else { Rows::F64(&self.wide) };
        let texts = pick.texts.then_some(&self.texts);
        Chunk { rows, texts, columns: &from.columns, features: &pick.features, ..chunk }
    }
}
