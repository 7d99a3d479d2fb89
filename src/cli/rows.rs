//! Streams of rows in, for `predict`, `transform` and `score`.

use std::sync::Arc;

use cairn::data::{
    self, Chunk, ColumnRoles, Columns, DataError, DrawingReading, Pick, PictureReading, ReadCounter,
    ReadOptions, Source, TextReading, Truth,
};
use cairn::engine::{DeviceInfo, Opened};
use cairn::model::{ColumnOptions, Model, Prediction, Predictor, RowErrors};
use cairn::warnings::{Unlabelled, Warning, of_device};

use super::args::{DeviceArgs, RowsArgs};
use super::device::{self, Wanted};
use super::progress::Bar;
use super::{input, notes};

/// Opens the requested device.
pub(super) fn open_device(args: &DeviceArgs) -> anyhow::Result<Opened> {
    device::open(&args.device(), &Wanted::default())
}

/// What is known once the rows were read.
pub(super) struct Visited {
    pub(super) truth: Option<Truth>,
    pub(super) text: Option<TextReading>,
    pub(super) pictures: Option<PictureReading>,
    pub(super) drawings: Option<DrawingReading>,
}

/// Visits the rows of DATA, with the model's features in the model's order: a chunk, and the names of its rows if they
/// have some. Their classes are in a column, or in a file. Then writes notes on how they were read.
pub(super) fn walk(
    args: &RowsArgs,
    model: &Model,
    (truth, truth_file): (Option<&str>, Option<&str>),
    work: &mut dyn FnMut(&Chunk<'_>, &[String]) -> anyhow::Result<()>,
) -> anyhow::Result<Visited> {
    let how = Walk { truth, truth_file, ..Walk::default() };
    walk_with_texts(args, model, how, &mut |_, chunk, files| work(chunk, files))
}

/// How rows are visited.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walk<'a> {
    /// Column of the classes.
    pub(super) truth: Option<&'a str>,
    /// File of the classes.
    pub(super) truth_file: Option<&'a str>,
    /// Whether the texts of all cells are read.
    pub(super) texts: bool,
    /// Whether what comes of the rows is written to a terminal at once, where a bar would be in the way.
    pub(super) to_terminal: bool,
}

/// A source, and what is read of it.
pub(super) type From<'a> = (&'a dyn Source, &'a Pick);

/// What is done with a chunk, and the names of its rows if they have some.
type Work<'a> = &'a mut dyn FnMut(From<'_>, &Chunk<'_>, &[String]) -> anyhow::Result<()>;

/// The same, with the texts of all cells if they are asked for; and with the source, and what is read of it.
pub(super) fn walk_with_texts(
    args: &RowsArgs,
    model: &Model,
    Walk { truth, truth_file, texts, to_terminal }: Walk<'_>,
    work: Work<'_>,
) -> anyhow::Result<Visited> {
    let counter = ReadCounter::default();
    let _bar = if to_terminal { Bar::hidden() } else { Bar::read(&args.sources(), &counter) };
    let options = ReadOptions { counter: Some(counter), ..args.table.read_options() };
    let source: Arc<dyn Source> = data::open_all(&args.sources(), &options)?.into();
    let roles = ColumnRoles {
        truth: truth.map(str::to_owned),
        columns: args.columns.columns.clone(),
        ignore: args.columns.ignore.clone(),
        numeric: args.columns.numeric,
        ..ColumnRoles::default()
    };
    let (source, roles) = data::as_drawings(source, options.as_drawings, roles)?;
    let ColumnRoles { truth, columns, ignore, numeric, .. } = roles;
    let columns = ColumnOptions { truth, columns, ignore, numeric, by_position: args.by_position };
    let pick = Pick { lenient: !args.strict, texts, ..model.pick(source.columns(), &columns)? };
    if source.columns().header().is_none() && model.has_column_names() && !args.by_position {
        notes::write_note(&format!(
            "{} has no column names, so its columns are taken in the order of the model's",
            source.columns().source()
        ));
    }
    let (source, pick) = data::with_truth_file(source, pick, truth_file, &options)?;
    let names = source.row_names();
    let truth = source.visit(&pick, &mut |chunk| {
        let files = names.get(chunk.first..chunk.first + chunk.n_rows).unwrap_or_default();
        work((&*source, &pick), &chunk, files)
    })?;
    let text = source.text(&pick);
    let name = source.columns().source();
    let mut notes = input::of_reading(name, text.as_ref(), source.pictures(), source.drawings());
    notes.extend(left_out(source.columns(), &pick, &columns.ignore)?);
    notes.iter().for_each(|note| notes::write_note(note));
    let (pictures, drawings) = (source.pictures().cloned(), source.drawings().cloned());
    Ok(Visited { truth, text, pictures, drawings })
}

/// A note on columns that are neither the model's nor ignored by request.
fn left_out(columns: &Columns, pick: &Pick, ignore: &[String]) -> Result<Option<String>, DataError> {
    let mut used = pick.features.clone();
    used.extend(pick.truth);
    for asked in ignore {
        used.extend(columns.find_all("ignored", asked)?);
    }
    let others: Vec<String> = (0..columns.count())
        .filter(|column| !used.contains(column))
        .map(|column| columns.name(column))
        .collect();
    let name = columns.source();
    let said = || format!("{name}: the model does not use {}, left out", input::listed(&others));
    Ok((!others.is_empty() && name != data::DIGITS).then(said))
}

/// Warnings about the device that labelled rows.
pub(super) fn device_warnings(predictor: &Predictor<'_>, opened: &Opened) -> Vec<Warning> {
    let info = predictor.info();
    let fallback = info.fallback.clone().or_else(|| opened.fallback.clone());
    of_device(&DeviceInfo { fallback, ..info })
}

/// Counts rows of a chunk without a label; with --strict the first is an error. The errors are of rows that begin at
/// `first` in the chunk.
pub(super) fn without_label(
    args: &RowsArgs,
    chunk: &Chunk<'_>,
    (first, errors): (usize, RowErrors),
    unlabelled: &mut Unlabelled,
) -> anyhow::Result<()> {
    for (_, error) in errors {
        let error = error.in_chunk(chunk, first);
        if args.strict {
            return Err(error.into());
        }
        unlabelled.add(&error);
    }
    Ok(())
}

/// The predictions of a chunk; `None` for rows without a label, as in [`without_label`].
pub(super) fn labelled(
    args: &RowsArgs,
    predictor: &mut Predictor<'_>,
    chunk: &Chunk<'_>,
    unlabelled: &mut Unlabelled,
) -> anyhow::Result<Vec<Option<Prediction>>> {
    let (found, errors) = predictor.predict_each(&chunk.rows.to_f64())?;
    without_label(args, chunk, (0, errors), unlabelled)?;
    Ok(found)
}
