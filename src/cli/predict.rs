//! `cairn predict` and `cairn transform`.

use cairn::model::{Layout, Model, Predictor};

use super::args::{PredictArgs, TransformArgs};
use super::drawings;
use super::rows::{Out, check_output, format, open_device, start_threads, walk, warn_of_fallback};

/// Most distances in memory at a time.
const ROOM: usize = 1 << 20;

/// Runs `cairn predict`.
pub(super) fn run(args: &PredictArgs) -> anyhow::Result<()> {
    start_threads(&args.rows)?;
    let format = format(&args.out)?;
    let output = check_output(&args.rows, args.drawings.as_deref(), &args.out)?;
    let model = Model::load(&args.rows.model)?;
    let drawings = args.drawings.as_ref().map(|file| drawings::rows(file, args.as_is, model.n_dims()));
    let drawings = drawings.transpose()?;
    let opened = open_device(&args.device, &args.rows)?;
    let mut predictor = Predictor::new(&model, &*opened.engine)?;
    let mut out = Out::new(output, Layout::of_predictions(&model, format));
    if let Some(drawings) = &drawings {
        let found = predictor.predict(drawings)?;
        out.write(found.len(), |layout, to| layout.write_predictions(to, &found))?;
    } else {
        walk(&args.rows, &model, None, &mut |chunk| {
            let found = predictor.predict(&chunk.rows.to_f64()).map_err(|error| error.in_chunk(chunk, 0))?;
            out.write(found.len(), |layout, to| layout.write_predictions(to, &found))
        })?;
    }
    warn_of_fallback(predictor.info().fallback.or(opened.fallback));
    out.finish()
}

/// Runs `cairn transform`. All distances must be exact, so they are computed in integers on the CPU.
pub(super) fn transform(args: &TransformArgs) -> anyhow::Result<()> {
    start_threads(&args.rows)?;
    let format = format(&args.out)?;
    let output = check_output(&args.rows, None, &args.out)?;
    let model = Model::load(&args.rows.model)?;
    let mut out = Out::new(output, Layout::of_distances(&model, format));
    let n_dims = model.n_dims();
    let most_rows = (ROOM / model.n_clusters()).max(1);
    walk(&args.rows, &model, None, &mut |chunk| {
        for (part, rows) in chunk.rows.to_f64().chunks(most_rows * n_dims).enumerate() {
            let distances = model.transform(rows).map_err(|error| error.in_chunk(chunk, part * most_rows))?;
            out.write(rows.len() / n_dims, |layout, to| layout.write_distances(to, &distances))?;
        }
        Ok(())
    })?;
    out.finish()
}
