//! Start centroids from a file: read, and matched with the columns of the data.

use anyhow::{Context, anyhow};
use cairn::data::write::from_text;
use cairn::data::{self, DIGITS, DataError, Dataset, Header, LoadOptions, ReadOptions};
use cairn::kmeans::{ColumnOrder, column_order};
use ndarray::{Array2, Axis};

use super::args::TableArgs;

/// Start centroids from a file.
pub(super) struct Starts {
    pub(super) centroids: Array2<f64>, // (n_clusters, n_dims), in the order of the file's columns
    columns: Vec<String>,
    file: String,
}

/// How the columns of start centroids were matched with those of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StartColumns {
    /// There is no file of start centroids.
    None,
    /// By name.
    ByName,
    /// By position, since this file has no names.
    ByPosition { file: String },
}

impl StartColumns {
    /// A note, if the data have names that were not used.
    pub(super) fn note(&self, data: &Dataset<'_>) -> Option<String> {
        let Self::ByPosition { file } = self else { return None };
        data::has_names(&data.columns).then(|| {
            format!(
                "--init {file} has no column names, so its columns are taken in the order of those of {}",
                data.name
            )
        })
    }

    /// The word for it in JSON.
    pub(super) fn name(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::ByName => Some("by name"),
            Self::ByPosition { .. } => Some("by position"),
        }
    }
}

impl Starts {
    /// Reads a file of numbers, with or without a header. `--header` is about the data, and about this file only if it
    /// is doubtful.
    pub(super) fn read(file: &str, table: &TableArgs) -> anyhow::Result<Self> {
        // the embedded digits are not centroids
        let source = if file == DIGITS { "./digits" } else { file };
        let load = |header| {
            // what else is said of the table is not about this one
            let longest_row = table.read_options().longest_row;
            let read = ReadOptions { header, longest_row, ..ReadOptions::default() };
            data::load(source, &LoadOptions { read, ..LoadOptions::default() })
        };
        let table = match load(Header::Auto) {
            // standard input can't be read again
            Err(DataError::DoubtfulHeader { .. })
                if Header::from(table.header) != Header::Auto && source != "-" =>
            {
                load(table.header.into())
            }
            loaded => loaded,
        };
        let table = table.map_err(|error| match error {
            DataError::NotFound { name } => {
                anyhow!("{name}: no such file; give k-means++, random, or a CSV or .npy file of centroids")
            }
            error => error.into(),
        });
        let starts = table.and_then(|table| {
            let (values, n_dims) = (table.points.to_f64()?, table.points.n_dims());
            let centroids = Array2::from_shape_vec((values.len() / n_dims, n_dims), values)?;
            Ok(Self { centroids, columns: table.columns, file: file.to_owned() })
        });
        starts.context("--init")
    }

    /// The centroids in the order of the columns of the data: matched by name if both have names.
    pub(super) fn in_order_of(&self, data: &Dataset<'_>) -> anyhow::Result<(Array2<f64>, StartColumns)> {
        // --centroids may have written an apostrophe before a name
        let plain = || self.columns.iter().map(|name| from_text(name).to_owned()).collect::<Vec<_>>();
        let order = column_order(&self.columns, &data.columns)
            .or_else(|error| column_order(&plain(), &data.columns).map_err(|_| error));
        match order
            .with_context(|| format!("--init {}: its columns are not those of {}", self.file, data.name))?
        {
            ColumnOrder::ByPosition => {
                Ok((self.centroids.clone(), StartColumns::ByPosition { file: self.file.clone() }))
            }
            ColumnOrder::ByName(order) => Ok((self.centroids.select(Axis(1), &order), StartColumns::ByName)),
        }
    }
}
