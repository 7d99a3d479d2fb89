//! The page on which digits are drawn and named by a model: `cairn draw`, and a section of the report.
//!
//! | file | what it is about |
//! |---|---|
//! | `draw.css`, `draw.html` | style, controls |
//! | `normalise.js` | [`drawing::counts`](crate::drawing::counts()), with the same operations in the same order |
//! | `nearest.js` | squared distances in exact integers, equal to the [`Model`]'s |
//! | `ink.js` | strokes -> digits -> bitmaps |
//! | `text.js` | reads and writes arrays of 64 numbers |
//! | `pad.js` | the board: mouse, finger, pen and keys |
//! | `show.js` | display of each digit |
//! | `main.js` | connects all of it |
//!
//! The scripts share one closure and define no global names.

use std::path::Path;

use askama::Template;
use serde::Serialize;

use crate::drawing::SIZE;
use crate::model::{DrawnError, Model, RADIUS_OF};

/// Why there is no drawing page for a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The model can't name drawings.
    #[error(transparent)]
    Model(#[from] DrawnError),
    /// The page can't be rendered.
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

/// A model as JSON for the page. Numbers of more than 53 bits are strings.
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

/// The whole page, as one self-contained file.
///
/// # Errors
/// [`DrawError`].
pub fn page(model: &Model) -> Result<String, DrawError> {
    let (k, data) = (model.n_clusters(), &model.provenance.data);
    let file = Path::new(data).file_name().map_or(data.into(), |file| file.to_string_lossy());
    let about = format!("{k} {} of {file}", if k == 1 { "cluster" } else { "clusters" });
    DrawPage { about, section: section(model)? }.render().map_err(failed)
}

/// A section for any HTML body: a `div` with its own style and script, at most one per page. With a content security
/// policy it needs `script-src 'unsafe-inline'` and `style-src 'unsafe-inline'`.
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
    // a name may contain `</script>`
    Ok(text.replace('<', "\\u003c"))
}

fn failed(reason: impl std::fmt::Display) -> DrawError {
    DrawError::DrawPage { reason: reason.to_string() }
}
