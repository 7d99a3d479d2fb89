//! A page on which digits are drawn, and named as they are by a model: `cairn draw`, and a part of the report.
//!
//! | file | what it is about |
//! |---|---|
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

use std::path::Path;

use askama::Template;
use serde::Serialize;

use crate::drawing::SIZE;
use crate::model::{DrawnError, Model, RADIUS_OF};

/// Why a model can't name what is drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The model is not of drawings.
    #[error(transparent)]
    Model(#[from] DrawnError),
    /// The page can't be put together.
    #[error("the page can't be written: {reason}")]
    DrawPage {
        /// What is wrong.
        reason: String,
    },
}

#[derive(Template)]
#[template(path = "draw.html")]
struct DrawPage {
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
    radius: Option<String>,
    radius_of: u64,
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
    DrawPage { about, section: section(model)? }.render().map_err(failed)
}

/// The part of a page: a `div` with its own style and script, for any HTML body. It needs `script-src
/// 'unsafe-inline'` and `style-src 'unsafe-inline'` where the page has a content policy. One to a page.
///
/// # Errors
/// [`DrawError`].
pub fn section(model: &Model) -> Result<String, DrawError> {
    model.check_drawn()?;
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
        limit: model.limit_of_drawn().map(|limit| limit.to_string()),
        radius: model.radius.map(|radius| radius.to_string()),
        radius_of: RADIUS_OF,
        names: (0..model.n_clusters()).map(|c| model.name(c)).collect(),
    };
    let text = serde_json::to_string(&for_page).map_err(failed)?;
    // a name may hold what ends a script
    Ok(text.replace('<', "\\u003c"))
}

fn failed(reason: impl std::fmt::Display) -> DrawError {
    DrawError::DrawPage { reason: reason.to_string() }
}
