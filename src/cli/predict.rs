//! `cairn predict` and `cairn transform`.

use std::io::IsTerminal;

use cairn::model::{Model, Predictor};
use cairn::warnings::Unlabelled;

use super::args::{PredictArgs, TransformArgs};
use super::failure::Usage;
use super::output::Out;
use super::results::{Results, What, check_output, format};
use super::rows::{Walk, device_warnings, labelled, open_device, walk_with_texts, without_label};
use super::rows_out::{self, RowsFile};
use super::{drawings, notes};

/// Most distances in memory at a time.
const ROOM: usize = 1 << 20;

/// Runs `cairn predict`.
pub(super) fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let format = format(&args.out)?;
    let only_rows = args.rows_out.is_some() && args.out.output.is_none();
    if only_rows && args.out.format.is_some() {
        let text =
            "--format is that of --output, which there is not; the name of the --rows-out file says its own";
        return Err(Usage(text.into()).into());
    }
    let output = check_output(&args.out, format)?;
    let rows_output = args.rows_out.as_ref().map(Out::create_rows).transpose()?;
    let model = Model::load(&args.rows.model)?;
    let drawings = args.drawings.as_ref().map(|file| drawings::rows(file, args.as_is, model.n_dims()));
    let drawings = drawings.transpose()?;
    let opened = open_device(&args.device)?;
    let mut predictor = Predictor::new(&model, &*opened.engine)?;
    let results = || Results::new(output, &model, What::Predictions, (format, &args.out));
    let mut out = (!only_rows).then(results);
    let mut rows = rows_output.map(|to| RowsFile::new(to, &model));
    let mut unlabelled = Unlabelled::default();
    let mut unread = None;
    let of_results = (!only_rows).then(|| args.out.or_stdout());
    let out_names: Vec<Out> = of_results.into_iter().chain(args.rows_out.clone()).collect();
    if let Some(drawings) = &drawings {
        let found: Vec<_> = predictor.predict(drawings)?.into_iter().map(Some).collect();
        out.iter_mut().try_for_each(|out| out.predictions(&found, &[]))?;
    } else {
        let how = Walk { texts: rows.is_some(), to_terminal: to_terminal(&out_names), ..Walk::default() };
        walk_with_texts(&args.rows, &model, how, &mut |from, chunk, files| {
            let found = labelled(&args.rows, &mut predictor, chunk, &mut unlabelled)?;
            out.iter_mut().try_for_each(|out| out.predictions(&found, files))?;
            if chunk.first == 0 {
                unread = args.rows_out.as_ref().and_then(|to| rows_out::unread(from.0, to));
            }
            rows.iter_mut().try_for_each(|rows| rows.write(from, chunk, &found))
        })?;
    }
    let finished = out.map_or(Ok(()), Results::finish);
    let rows_finished = rows.map_or(Ok(()), RowsFile::finish);
    notes::warn(&device_warnings(&predictor, &opened));
    notes::warn(&Vec::from_iter(unlabelled.warning().into_iter().chain(unread)));
    finished.and(rows_finished)
}

/// Whether one of these outputs is a terminal.
fn to_terminal(outputs: &[Out]) -> bool {
    outputs.contains(&Out::Stdout) && std::io::stdout().is_terminal()
}

/// Runs `cairn transform`. All distances must be exact, so they are computed in integers on the CPU.
pub(super) fn transform(args: &TransformArgs) -> anyhow::Result<()> {
    let format = format(&args.out)?;
    let output = check_output(&args.out, format)?;
    let model = Model::load(&args.rows.model)?;
    let mut out = Results::new(output, &model, What::Distances, (format, &args.out));
    let mut unlabelled = Unlabelled::default();
    let n_dims = model.n_dims();
    let most_rows = (ROOM / model.n_clusters()).max(1);
    let how = Walk { to_terminal: to_terminal(&[args.out.or_stdout()]), ..Walk::default() };
    walk_with_texts(&args.rows, &model, how, &mut |_, chunk, files| {
        for (part, rows) in chunk.rows.to_f64().chunks(most_rows * n_dims).enumerate() {
            let (distances, errors) = model.transform_each(rows)?;
            without_label(&args.rows, chunk, (part * most_rows, errors), &mut unlabelled)?;
            out.distances(&distances, files.get(part * most_rows..).unwrap_or_default())?;
        }
        Ok(())
    })?;
    let finished = out.finish();
    notes::warn(&Vec::from_iter(unlabelled.warning()));
    finished
}
