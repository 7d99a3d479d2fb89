//! Streams of rows, for `predict`, `transform` and `score`.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Stdout, Write};
use std::path::Path;

use anyhow::Context;
use cairn::data::write::{Output, Sink};
use cairn::data::{self, Chunk, Columns, DataError, Pick, PictureReading, TextReading, Truth};
use cairn::engine::{DeviceInfo, Opened};
use cairn::model::{ColumnOptions, Layout, Model, Prediction, Predictor, RowErrors, RowFormat};
use cairn::warnings::{Unlabelled, Warning, of_device};

use super::args::{DeviceArgs, FormatArg, OutArgs, RowsArgs};
use super::device::{self, Wanted};
use super::failure::Usage;
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
}

/// Visits the rows of DATA, with the model's features in the model's order: a chunk, and the names of its rows if they
/// have some. Then writes notes on how they were read.
pub(super) fn walk(
    args: &RowsArgs,
    model: &Model,
    truth: Option<&str>,
    work: &mut dyn FnMut(&Chunk<'_>, &[String]) -> anyhow::Result<()>,
) -> anyhow::Result<Visited> {
    let source = data::open_all(&args.sources(), &args.table.read_options())?;
    let columns = ColumnOptions {
        truth: truth.map(str::to_owned),
        columns: args.columns.columns.clone(),
        ignore: args.columns.ignore.clone(),
        numeric: args.columns.numeric,
        by_position: args.by_position,
    };
    let pick = Pick { lenient: !args.strict, ..model.pick(source.columns(), &columns)? };
    if source.columns().header().is_none() && model.has_column_names() && !args.by_position {
        notes::write_note(&format!(
            "{} has no column names, so its columns are taken in the order of the model's",
            source.columns().source()
        ));
    }
    let names = source.row_names();
    let truth = source.visit(&pick, &mut |chunk| {
        work(&chunk, names.get(chunk.first..chunk.first + chunk.n_rows).unwrap_or_default())
    })?;
    let text = source.text(&pick);
    let name = source.columns().source();
    let mut notes = input::of_reading(name, text.as_ref(), source.pictures());
    notes.extend(left_out(source.columns(), &pick, args)?);
    notes.iter().for_each(|note| notes::write_note(note));
    Ok(Visited { truth, text, pictures: source.pictures().cloned() })
}

/// A note on columns that are neither the model's nor ignored by request.
fn left_out(columns: &Columns, pick: &Pick, args: &RowsArgs) -> Result<Option<String>, DataError> {
    let mut used = pick.features.clone();
    used.extend(pick.truth);
    for asked in &args.columns.ignore {
        used.extend(columns.find_all("ignored", asked)?);
    }
    let others: Vec<String> = (0..columns.count())
        .filter(|column| !used.contains(column))
        .map(|column| columns.name(column))
        .collect();
    let name = columns.source();
    let said = || format!("{name}: the model does not use {}, left out", input::listed(&others));
    Ok((!others.is_empty() && name != "digits").then(said))
}

/// The requested format, or that of the file name.
pub(super) fn format(out: &OutArgs) -> Result<RowFormat, Usage> {
    let ending = out.output.extension().unwrap_or_default().to_ascii_lowercase();
    match (out.format, ending.to_str()) {
        (Some(FormatArg::Csv), _) => Ok(RowFormat::Csv),
        (Some(FormatArg::Npy), _) => Ok(RowFormat::Npy),
        (Some(FormatArg::Jsonl), _) => Ok(RowFormat::JsonLines),
        (None, _) if is_stdout(&out.output) => Ok(RowFormat::Csv),
        (None, Some("csv")) => Ok(RowFormat::Csv),
        (None, Some("npy")) => Ok(RowFormat::Npy),
        (None, Some("jsonl" | "ndjson")) => Ok(RowFormat::JsonLines),
        (None, _) => {
            let path = out.output.display();
            Err(Usage(format!(
                "{path}: the name must end in .csv, .npy or .jsonl, or --format say what it is"
            )))
        }
    }
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

fn no_temporary() -> String {
    let folder = std::env::temp_dir();
    format!(
        "an array on standard output needs a temporary file, and there can be none in {}; name a file with --output, or \
         set TMPDIR to a folder that can be written",
        folder.display()
    )
}

/// Output of rows. Files are written atomically; standard output is streamed.
pub(super) struct Out {
    layout: Layout,
    target: Target,
    n_rows: u64,
}

enum Target {
    /// Nothing has been written yet.
    Waiting(Option<Output>),
    File(Box<Sink>),
    Stdout(BufWriter<Stdout>),
    /// An `.npy` array for standard output. Its header needs the number of rows, so it is first written to a
    /// temporary file.
    Spooled(BufWriter<File>),
}

/// The requested file, if any; checks that it can be written.
pub(super) fn check_output(out: &OutArgs) -> anyhow::Result<Option<Output>> {
    let file = Some(&out.output).filter(|output| !is_stdout(output));
    Ok(file.map(|output| Output::create_plain(output)).transpose()?)
}

impl Out {
    /// An output that writes nothing before the first rows.
    pub(super) fn new(output: Option<Output>, layout: Layout) -> Self {
        Self { layout, target: Target::Waiting(output), n_rows: 0 }
    }

    /// Lets each row begin with the name of its file, where the format has a place for it.
    pub(super) fn name_rows(&mut self) {
        if let Target::Waiting(_) = self.target {
            self.layout = self.layout.clone().with_files();
        }
    }

    /// Writes `n` rows.
    pub(super) fn write(
        &mut self,
        n_rows: usize,
        write: impl FnOnce(&Layout, &mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        self.begin()?;
        self.n_rows += n_rows as u64;
        let layout = &self.layout;
        match &mut self.target {
            Target::File(sink) => write(layout, &mut **sink).map_err(|reason| sink.failed(reason))?,
            // flush after each chunk, so that the reader sees its rows
            Target::Stdout(to) => write(layout, to).and_then(|()| to.flush()).context("standard output")?,
            Target::Spooled(to) => write(layout, to).context("a temporary file")?,
            Target::Waiting(_) => {}
        }
        Ok(())
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        let Target::Waiting(output) = &mut self.target else { return Ok(()) };
        self.target = match output.take() {
            Some(output) => Target::File(Box::new(output.begin()?)),
            None if self.layout.format() == RowFormat::Npy => {
                Target::Spooled(BufWriter::new(tempfile::tempfile().with_context(no_temporary)?))
            }
            None => Target::Stdout(BufWriter::new(io::stdout())),
        };
        let header = self.layout.header(0);
        self.write(0, |_, to| to.write_all(&header))
    }

    /// Renames the finished file.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.begin()?;
        let header = self.layout.header(self.n_rows);
        match self.target {
            Target::File(mut sink) => {
                let written = sink.seek(SeekFrom::Start(0)).and_then(|_| sink.write_all(&header));
                written.map_err(|reason| sink.failed(reason))?;
                Ok(sink.finish()?)
            }
            Target::Spooled(mut to) => {
                let written = to.seek(SeekFrom::Start(0)).and_then(|_| to.write_all(&header));
                written.and_then(|()| to.rewind()).context("a temporary file")?;
                let mut stdout = io::stdout().lock();
                let copied = io::copy(to.get_mut(), &mut stdout).and_then(|_| stdout.flush());
                copied.context("standard output")
            }
            Target::Stdout(_) | Target::Waiting(_) => Ok(()),
        }
    }
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
