//! `cairn predict` and `cairn transform`.

use std::borrow::Cow;
use std::io::IsTerminal;

use cairn::model::{Layout, Model, Predictor};
use cairn::warnings::Unlabelled;

use super::args::{PredictArgs, TransformArgs};
use super::rows::{Out, check_output, device_warnings, format, labelled, open_device, walk, without_label};
use super::{drawings, notes, terminal};

/// Most distances in memory at a time.
const ROOM: usize = 1 << 20;

/// Runs `cairn predict`.
pub(super) fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let format = format(&args.out)?;
    let output = check_output(&args.out)?;
    let model = Model::load(&args.rows.model)?;
    let drawings = args.drawings.as_ref().map(|file| drawings::rows(file, args.as_is, model.n_dims()));
    let drawings = drawings.transpose()?;
    let opened = open_device(&args.device)?;
    let mut predictor = Predictor::new(&model, &*opened.engine)?;
    let mut layout = Layout::of_predictions(&model, format);
    if output.is_none() && std::io::stdout().is_terminal() {
        layout = layout.with_names(terminal::plain);
    }
    let mut out = Out::new(output, layout);
    let mut unlabelled = Unlabelled::default();
    if let Some(drawings) = &drawings {
        let found = predictor.predict(drawings)?;
        out.write(found.len(), |layout, to| layout.write_predictions(to, &found))?;
    } else {
        walk(&args.rows, &model, None, &mut |chunk, files| {
            let found = labelled(&args.rows, &mut predictor, chunk, &mut unlabelled)?;
            if !files.is_empty() {
                out.name_rows();
            }
            out.write(found.len(), |layout, to| {
                found.iter().enumerate().try_for_each(|(at, row)| {
                    layout.write_file(to, files.get(at).map(|file| shown(file)).as_deref())?;
                    layout.write_prediction(to, row.as_ref())
                })
            })
        })?;
    }
    let finished = out.finish();
    notes::warn(&device_warnings(&predictor, &opened));
    notes::warn(&Vec::from_iter(unlabelled.warning()));
    finished
}

/// The name of a file, as a terminal may be given it.
fn shown(file: &str) -> Cow<'_, str> {
    if std::io::stdout().is_terminal() { Cow::Owned(terminal::plain(file)) } else { Cow::Borrowed(file) }
}

/// Runs `cairn transform`. All distances must be exact, so they are computed in integers on the CPU.
pub(super) fn transform(args: &TransformArgs) -> anyhow::Result<()> {
    let format = format(&args.out)?;
    let output = check_output(&args.out)?;
    let model = Model::load(&args.rows.model)?;
    let mut out = Out::new(output, Layout::of_distances(&model, format));
    let mut unlabelled = Unlabelled::default();
    let n_dims = model.n_dims();
    let most_rows = (ROOM / model.n_clusters()).max(1);
    walk(&args.rows, &model, None, &mut |chunk, files| {
        if !files.is_empty() {
            out.name_rows();
        }
        for (part, rows) in chunk.rows.to_f64().chunks(most_rows * n_dims).enumerate() {
            let (distances, errors) = model.transform_each(rows)?;
            without_label(&args.rows, chunk, (part * most_rows, errors), &mut unlabelled)?;
            let mut files = files.get(part * most_rows..).unwrap_or_default().iter();
            out.write(rows.len() / n_dims, |layout, to| {
                distances.chunks_exact(model.n_clusters()).try_for_each(|row| {
                    layout.write_file(to, files.next().map(|file| shown(file)).as_deref())?;
                    layout.write_distances(to, row)
                })
            })?;
        }
        Ok(())
    })?;
    let finished = out.finish();
    notes::warn(&Vec::from_iter(unlabelled.warning()));
    finished
}
