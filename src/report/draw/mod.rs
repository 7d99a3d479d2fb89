//! A page on which digits are drawn, and named as they are by a model: `cairn draw`, and a part of the report.
//!
//! | file | what it is about |
//! |---|---|
//! | `draw.css`, `draw.html` | the looks, the controls |
//! | `normalise.js` | [`drawing::normalise`](crate::drawing::normalise()), the same operations in the same order |
//! | `nearest.js` | squared distances in exact integers, as [`Model`] has them |
//! | `ink.js` | strokes to bitmaps, strokes to digits |
//! | `text.js` | arrays of 64 numbers in and out |
//! | `pad.js` | mouse, finger, pen and keys |
//! | `show.js` | what is shown of each digit |
//! | `main.js` | all of it together |
//!
//! The scripts are one closure: the page they are in keeps its own names.

use askama::Template;
use serde::Serialize;

use crate::drawing::{SIDE, SIZE};
use crate::model::{Model, REACH_OF};

/// Why a model can't name what is drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// Its rows are no pictures of 8 x 8.
    #[error(
        "the model has {n_dims} columns, and a drawing {SIZE} numbers; fit one to {SIDE} x {SIDE} pictures, such as \
         the digits"
    )]
    Dims {
        /// Features of the model.
        n_dims: usize,
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
    model: String,
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
    reach: Option<String>,
    reach_of: u64,
    names: Vec<Option<&'a str>>,
    purities: Vec<Option<f64>>,
    weights: Vec<f64>,
}

/// A whole page: one file that asks no network for anything.
///
/// # Errors
/// [`DrawError`].
pub fn page(model: &Model) -> Result<String, DrawError> {
    let (k, data) = (model.n_clusters(), &model.provenance.data);
    let about = format!("{k} clusters of {}", data);
    Page { model: about, section: section(model)? }.render().map_err(failed)
}

/// The part of a page: a `section` with its own style and script, for any HTML body. It needs `script-src
/// 'unsafe-inline'` and `style-src 'unsafe-inline'` where the page has a content policy. One to a page.
///
/// # Errors
/// [`DrawError`].
pub fn section(model: &Model) -> Result<String, DrawError> {
    if model.n_dims() != SIZE {
        return Err(DrawError::Dims { n_dims: model.n_dims() });
    }
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
    let k = model.n_clusters();
    let for_page = ForPage {
        centroids: model.centroids.chunks_exact(SIZE).collect(),
        offset: &model.lattice.offset,
        exponent: &model.lattice.exponent,
        reach: model.reach.map(|reach| reach.to_string()),
        reach_of: REACH_OF,
        names: (0..k).map(|c| model.name(c)).collect(),
        purities: model.names.iter().map(|name| name.as_ref()?.purity).collect(),
        weights: (0..k).map(|c| model.weight(c)).collect(),
    };
    let text = serde_json::to_string(&for_page).map_err(failed)?;
    // a name may hold what ends a script
    Ok(text.replace('<', "\\u003c"))
}

fn failed(reason: impl std::fmt::Display) -> DrawError {
    DrawError::Page { reason: reason.to_string() }
}
