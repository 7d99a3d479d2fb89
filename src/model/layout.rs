//! Output of predictions and distances, as a stream.
//!
//! | what | CSV | `.npy` | JSON lines |
//! |---|---|---|---|
//! | predictions | header `label,name,distance,runner_up,margin` | a structured array: `label` u4, `name` U (if the
//! model has names), `distance` f8, `runner_up` i8, `margin` f8 | objects with these keys |
//! | distances | header `cluster 0,cluster 1,..` | f8 (n_rows, n_clusters) | arrays |
//!
//! With one cluster there is no runner-up: CSV has an empty cell, `.npy` -1 and NaN, JSON null. A row without a label
//! has empty cells in CSV and nulls in JSON; in `.npy` the label 4294967295, an empty name, the runner-up -1, and NaN.
//! Rows that are files, such as pictures, begin with the name of the file (`file`) in CSV and in objects.
//! Numbers are the shortest text that reads back as the same f64.

use std::io::{self, Write};

use super::{Model, Prediction};
use crate::data::write::{csv_cell, npy_header, number};

/// In an `.npy` array, the label of a row that has none.
pub const NO_LABEL: u32 = u32::MAX;

/// Format of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// Comma-separated, with a header.
    Csv,
    /// As `numpy.save` writes it. The header has the number of rows: see [`Layout::header`].
    Npy,
    /// One JSON value per line.
    JsonLines,
}

/// Columns and format of the output rows of a model.
#[derive(Debug, Clone)]
pub struct Layout {
    format: RowFormat,
    columns: String,      // CSV
    descr: String,        // dtype in an `.npy` header
    width: Option<usize>, // columns of a plain array
    names: Vec<Named>,    // (n_clusters)
    files: bool,          // whether rows begin with the name of a file
}

/// A cluster's name, encoded for each format.
#[derive(Debug, Clone)]
struct Named {
    csv: String,
    json: String,
    npy: Vec<u8>,
}

impl Layout {
    /// The layout of [`Prediction`]s.
    #[must_use]
    pub fn of_predictions(model: &Model, format: RowFormat) -> Self {
        let texts: Vec<&str> = (0..model.n_clusters()).map(|c| model.name(c).unwrap_or_default()).collect();
        let name_chars = texts.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let name = if name_chars > 0 { format!("('name', '<U{name_chars}'), ") } else { String::new() };
        let descr =
            format!("[('label', '<u4'), {name}('distance', '<f8'), ('runner_up', '<i8'), ('margin', '<f8')]");
        let named = |c: usize| Named {
            csv: csv_cell(texts[c]),
            json: model.name(c).map_or_else(|| "null".to_owned(), |name| serde_json::json!(name).to_string()),
            npy: wide_text(texts[c], name_chars),
        };
        let names = (0..model.n_clusters()).map(named).collect();
        let columns = "label,name,distance,runner_up,margin".to_owned();
        Self { format, columns, descr, width: None, names, files: false }
    }

    /// The layout of distances to all centroids.
    #[must_use]
    pub fn of_distances(model: &Model, format: RowFormat) -> Self {
        let k = model.n_clusters();
        let columns: Vec<String> = (0..k).map(|c| format!("cluster {c}")).collect();
        let (columns, descr) = (columns.join(","), "'<f8'".to_owned());
        Self { format, columns, descr, width: Some(k), names: Vec::new(), files: false }
    }

    /// The same with all names of CSV rewritten, such as for a terminal.
    #[must_use]
    pub fn with_names(mut self, rewrite: impl Fn(&str) -> String) -> Self {
        self.names.iter_mut().for_each(|name| name.csv = rewrite(&name.csv));
        self
    }

    /// The same with the name of a file before each row: see [`Layout::write_file`].
    #[must_use]
    pub fn with_files(mut self) -> Self {
        self.columns = format!("file,{}", self.columns);
        self.files = true;
        self
    }

    /// Format of the rows.
    #[must_use]
    pub fn format(&self) -> RowFormat {
        self.format
    }

    /// The header. For `.npy` it has the number of rows, but a length that does not depend on it: write it with any
    /// number, then overwrite it when the number is known.
    #[must_use]
    pub fn header(&self, n_rows: u64) -> Vec<u8> {
        match self.format {
            RowFormat::Csv => format!("{}\n", self.columns).into_bytes(),
            RowFormat::JsonLines => Vec::new(),
            RowFormat::Npy => self.npy_header(n_rows),
        }
    }

    fn npy_header(&self, n_rows: u64) -> Vec<u8> {
        let shape = self.width.map_or_else(|| format!("({n_rows},)"), |width| format!("({n_rows}, {width})"));
        // room for any number of rows
        npy_header(&self.descr, &shape, 20 - n_rows.to_string().len())
    }

    /// Writes the name of a file, which begins a row of CSV, or the object of a prediction. Arrays have no place for it.
    ///
    /// # Errors
    /// The errors of `to`.
    pub fn write_file(&self, to: &mut dyn Write, file: Option<&str>) -> io::Result<()> {
        let Some(file) = file.filter(|_| self.files) else { return Ok(()) };
        match (self.format, self.width) {
            (RowFormat::Csv, _) => write!(to, "{},", csv_cell(file)),
            (RowFormat::JsonLines, None) => write!(to, "{{\"file\":{},", serde_json::json!(file)),
            _ => Ok(()),
        }
    }

    /// What begins the object of a prediction.
    fn brace(&self) -> &'static str {
        if self.files { "" } else { "{" }
    }

    /// Writes predictions.
    ///
    /// # Errors
    /// The errors of `to`.
    pub fn write_predictions(&self, to: &mut dyn Write, rows: &[Prediction]) -> io::Result<()> {
        rows.iter().try_for_each(|row| self.write_prediction(to, Some(row)))
    }

    /// Writes a prediction; `None` for a row without a label.
    ///
    /// # Errors
    /// The errors of `to`.
    pub fn write_prediction(&self, to: &mut dyn Write, row: Option<&Prediction>) -> io::Result<()> {
        match (self.format, row) {
            (RowFormat::Csv, Some(row)) => self.csv_prediction(to, row),
            (RowFormat::Npy, Some(row)) => self.npy_prediction(to, row),
            (RowFormat::JsonLines, Some(row)) => self.json_prediction(to, row),
            (RowFormat::Csv, None) => writeln!(to, ",,,,"),
            (RowFormat::Npy, None) => self.npy_without_label(to),
            (RowFormat::JsonLines, None) => {
                let nothing = r#""label":null,"name":null,"distance":null,"runner_up":null,"margin":null}"#;
                writeln!(to, "{}{nothing}", self.brace())
            }
        }
    }

    fn npy_without_label(&self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(&NO_LABEL.to_le_bytes())?;
        to.write_all(&vec![0; self.names.first().map_or(0, |name| name.npy.len())])?;
        to.write_all(&f64::NAN.to_le_bytes())?;
        to.write_all(&(-1i64).to_le_bytes())?;
        to.write_all(&f64::NAN.to_le_bytes())
    }

    fn csv_prediction(&self, to: &mut dyn Write, row: &Prediction) -> io::Result<()> {
        let name = &self.names[row.label as usize].csv;
        write!(to, "{},{name},{},", row.label, number(&row.distance))?;
        match (row.runner_up, row.margin) {
            (Some(runner_up), Some(margin)) => writeln!(to, "{runner_up},{}", number(&margin)),
            _ => writeln!(to, ","),
        }
    }

    fn npy_prediction(&self, to: &mut dyn Write, row: &Prediction) -> io::Result<()> {
        to.write_all(&row.label.to_le_bytes())?;
        to.write_all(&self.names[row.label as usize].npy)?;
        to.write_all(&row.distance.to_le_bytes())?;
        to.write_all(&row.runner_up.map_or(-1, i64::from).to_le_bytes())?;
        to.write_all(&row.margin.unwrap_or(f64::NAN).to_le_bytes())
    }

    fn json_prediction(&self, to: &mut dyn Write, row: &Prediction) -> io::Result<()> {
        let name = &self.names[row.label as usize].json;
        let optional = |text: Option<String>| text.unwrap_or_else(|| "null".to_owned());
        let (runner_up, margin) = (row.runner_up.map(|c| c.to_string()), row.margin.map(json_number));
        writeln!(
            to,
            r#"{}"label":{},"name":{name},"distance":{},"runner_up":{},"margin":{}}}"#,
            self.brace(),
            row.label,
            json_number(row.distance),
            optional(runner_up),
            optional(margin)
        )
    }

    /// Writes rows of distances; NaN is an empty cell in CSV, and null in JSON. (any, n_clusters)
    ///
    /// # Errors
    /// The errors of `to`.
    pub fn write_distances(&self, to: &mut dyn Write, distances: &[f64]) -> io::Result<()> {
        let k = self.width.unwrap_or(1).max(1);
        distances.chunks_exact(k).try_for_each(|row| match self.format {
            RowFormat::Npy => row.iter().try_for_each(|x| to.write_all(&x.to_le_bytes())),
            // quotes: a line of one empty cell would be an empty line
            RowFormat::Csv if k == 1 && row[0].is_nan() => writeln!(to, "\"\""),
            RowFormat::Csv => {
                writeln!(
                    to,
                    "{}",
                    joined(row, |x| if x.is_nan() { String::new() } else { number(&x).to_string() })
                )
            }
            RowFormat::JsonLines => writeln!(to, "[{}]", joined(row, json_number)),
        })
    }
}

fn joined(row: &[f64], text: impl Fn(f64) -> String) -> String {
    row.iter().map(|&x| text(x)).collect::<Vec<_>>().join(",")
}

/// A number in JSON; null if it is not finite.
fn json_number(x: f64) -> String {
    serde_json::json!(x).to_string()
}

/// A text as numpy's `<U`: four bytes per character, padded with zeros.
fn wide_text(text: &str, chars: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    bytes.resize(chars * 4, 0);
    bytes
}
