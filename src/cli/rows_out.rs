//! `--rows-out`: the rows of the table, with their labels.

use anyhow::{Context, bail};
use cairn::data::write::{Output, RowLabel, RowsOut};
use cairn::data::{CellType, Chunk, Pick, Source};
use cairn::engine::NO_LABEL;
use cairn::model::{Model, Prediction, Predictor};
use cairn::warnings::{Warning, WarningCode};

use super::done::Done;
use super::output::Out;
use super::prepared;
use super::progress::Bar;

/// A file of rows, which is begun with the first of them.
pub(super) struct RowsFile<'a> {
    model: &'a Model,
    waiting: Option<Output>,
    begun: Option<RowsOut>,
}

impl<'a> RowsFile<'a> {
    /// A file for rows with labels of `model`.
    pub(super) fn new(to: Output, model: &'a Model) -> Self {
        Self { model, waiting: Some(to), begun: None }
    }

    /// Writes the rows of a chunk that was read from `source` by `pick`.
    pub(super) fn write(
        &mut self,
        (source, pick): (&dyn Source, &Pick),
        chunk: &Chunk<'_>,
        found: &[Option<Prediction>],
    ) -> anyhow::Result<()> {
        if let Some(to) = self.waiting.take() {
            let named = self.model.is_named();
            // only now is it known whether numbers have a decimal comma
            self.begun = Some(to.begin_rows(source, pick, source.text(pick).as_ref(), named)?);
        }
        let label = |row: &Prediction| RowLabel {
            label: row.label,
            name: self.model.name(row.label as usize),
            distance: row.distance,
        };
        let labels: Vec<Option<RowLabel<'_>>> = found.iter().map(|row| row.as_ref().map(label)).collect();
        match &mut self.begun {
            Some(out) => Ok(out.write(chunk, &labels)?),
            None => Ok(()),
        }
    }

    /// Gives the file its name.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        Ok(self.begun.map_or(Ok(()), RowsOut::finish)?)
    }
}

/// Writes the rows that were fitted, and those that were left out, without a label, by reading `source` again.
pub(super) fn of_fit(to: Output, done: &Done<'_>, source: &dyn Source) -> anyhow::Result<()> {
    let model = done.fit.model(&done.data, &done.params)?;
    let features = done.data.reading.features.as_ref().map(|(_, features)| features.clone());
    let features = features.context("a table in memory has no rows to write")?;
    let pick = Pick { features, lenient: true, texts: true, ..Pick::default() };
    let fitted = done.data.reading.dropped.with_gaps(done.fit.labels().iter().copied());
    let mut predictor = Predictor::new(&model, &*done.opened.engine)?;
    let mut file = RowsFile::new(to, &model);
    let mut n_rows = 0;
    let bar = Bar::write(fitted.len() as u64);
    source.visit::<anyhow::Error>(&pick, &mut |chunk| {
        let Some(fitted) = fitted.get(chunk.first..chunk.first + chunk.n_rows) else {
            bail!(changed(&done.data.name));
        };
        let (mut found, _) = predictor.predict_each(&chunk.rows.to_f64())?;
        for (found, fitted) in found.iter_mut().zip(fitted) {
            // a row that was left out may have all its features, and lack a weight
            *found = found.take().filter(|_| fitted.is_some());
            let label = fitted.filter(|&label| label != NO_LABEL);
            if found.as_ref().map(|found| found.label) != label {
                bail!(changed(&done.data.name));
            }
        }
        n_rows += chunk.n_rows;
        bar.step(n_rows as u64);
        file.write((source, &pick), &chunk, &found)
    })?;
    if n_rows != fitted.len() {
        bail!(changed(&done.data.name));
    }
    file.finish()
}

fn changed(name: &str) -> String {
    format!("{name}: has changed since it was read; fit again, when nothing writes to it")
}

/// A warning of columns that are not written, since they are not read.
pub(super) fn unread(source: &dyn Source, to: &Out) -> Option<Warning> {
    let columns = source.columns();
    let of = |(at, cells): (usize, CellType)| match cells {
        CellType::Unread(what) => Some(format!("{:?} ({what})", columns.name(at))),
        _ => None,
    };
    let unread: Vec<String> = source.cell_types().into_iter().enumerate().filter_map(of).collect();
    if unread.is_empty() {
        return None;
    }
    let (listed, source) = (prepared::shortened(&unread), columns.source());
    let text = format!("{to} lacks columns of {source} that can't be read as text: {listed}");
    Some(Warning::new(WarningCode::ColumnsNotWritten, text))
}
