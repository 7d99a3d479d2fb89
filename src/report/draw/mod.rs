//! A page on which digits are drawn, and named as they are by a model: `cairn draw`, and a part of the report.
//!
//! | file | what it is about |
//! |---|---|
//! | `limit` | which models can name drawings, and how far away is too far |
//! | `draw.css`, `draw.html` | the looks, the controls |
//! | `normalise.js` | [`drawing::counts`](crate::drawing::counts()), the same operations in the same order |
//! | `nearest.js` | squared distances in exact integers, as [`Model`] has them |
//! | `ink.js` | strokes to digits, digits to bitmaps |
//! | `text.js` | arrays of 64 numbers in and out |
//! | `pad.js` | mouse, finger, pen and keys |
//! | `show.js` | what is shown of each digit |
//! | `main.js` | all of it together |
//!
//! The scripts are one closure: the page they are in keeps its own names.

mod limit;

use std::path::Path;

use askama::Template;
use serde::Serialize;

pub use limit::{check, limit};

use crate::drawing::{SIDE, SIZE};
use crate::model::{Model, REACH_OF};

/// Why a model can't name what is drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// Its rows are not of 64 numbers.
    #[error(
        "the model has {n_dims} columns, and a drawing {SIZE} numbers; fit one to {SIDE} x {SIDE} pictures, such as \
         the digits"
    )]
    Dims {
        /// Features of the model.
        n_dims: usize,
    },
    /// Its rows are not pictures of 8 x 8.
    #[error(
        "the model's {SIZE} columns are {}, and a drawing is a picture of {SIDE} x {SIDE}; name them pixel_0_0 to \
         pixel_7_7, row by row, and fit again",
        image.map_or("no picture".to_owned(), |(height, width)| format!("a picture of {height} x {width}"))
    )]
    Shape {
        /// Height and width of its pictures, if they are.
        image: Option<(usize, usize)>,
    },
    /// Its numbers are not counts of ink.
    #[error(
        "the model's rows are no counts from 0 to 16, more than 8 somewhere, which drawings are made into: its centroids \
         go from {low} to {high}; bring its columns to 0..16 and fit again"
    )]
    Range {
        /// Least number of all centroids.
        low: f64,
        /// Largest.
        high: f64,
    },
    /// The page can't be put together.
    #[error("the page can't be written: {reason}")]
    Page {
        /// What is wrong.
        reason: String,
    },
}

#[derive(Template)]
#[template(path = "draw.html")]
struct Page {
    about: String,
    section: String,
}

#[derive(Template)]
#[template(path = "draw_section.html")]
struct Section {
    css: &'static str,
    script: [&'static str; 7],
    model: String,
}

/// A model as the page takes it. Numbers of more than 53 bits are texts.
#[derive(Serialize)]
struct ForPage<'a> {
    centroids: Vec<&'a [i32]>, // lattice coordinates (n_clusters, n_dims)
    offset: &'a [f64],
    exponent: &'a [i32],
    limit: Option<String>,
    reach: Option<String>,
    reach_of: u64,
    names: Vec<Option<&'a str>>,
}

/// A whole page: one file that asks no network for anything.
///
/// # Errors
/// [`DrawError`].
pub fn page(model: &Model) -> Result<String, DrawError> {
    let (k, data) = (model.n_clusters(), &model.provenance.data);
    let file = Path::new(data).file_name().map_or(data.into(), |file| file.to_string_lossy());
    let about = format!("{k} {} of {file}", if k == 1 { "cluster" } else { "clusters" });
    Page { about, section: section(model)? }.render().map_err(failed)
}

/// The part of a page: a `div` with its own style and script, for any HTML body. It needs `script-src
/// 'unsafe-inline'` and `style-src 'unsafe-inline'` where the page has a content policy. One to a page.
///
/// # Errors
/// [`DrawError`].
pub fn section(model: &Model) -> Result<String, DrawError> {
    check(model)?;
    let script = [
        include_str!("normalise.js"),
        include_str!("nearest.js"),
        include_str!("ink.js"),
        include_str!("text.js"),
        include_str!("pad.js"),
        include_str!("show.js"),
        include_str!("main.js"),
    ];
    Section { css: include_str!("draw.css"), script, model: for_page(model)? }.render().map_err(failed)
}

fn for_page(model: &Model) -> Result<String, DrawError> {
    let for_page = ForPage {
        centroids: model.centroids.chunks_exact(SIZE).collect(),
        offset: &model.lattice.offset,
        exponent: &model.lattice.exponent,
        limit: limit(model).map(|limit| limit.to_string()),
        reach: model.reach.map(|reach| reach.to_string()),
        reach_of: REACH_OF,
        names: (0..model.n_clusters()).map(|c| model.name(c)).collect(),
    };
    let text = serde_json::to_string(&for_page).map_err(failed)?;
    // a name may hold what ends a script
    Ok(text.replace('<', "\\u003c"))
}

fn failed(reason: impl std::fmt::Display) -> DrawError {
    DrawError::Page { reason: reason.to_string() }
}
