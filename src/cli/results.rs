//! Streams of rows out: predictions and distances, for `predict` and `transform`.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Seek, SeekFrom, Write};

use anyhow::Context;
#[cfg(feature = "parquet")]
use cairn::data::write::ColumnsOut;
use cairn::data::write::{Output, Sink};
#[cfg(feature = "parquet")]
use cairn::model::parquet;
use cairn::model::{Layout, Model, Prediction, RowFormat};

use super::args::{FormatArg, OutArgs};
use super::failure::Usage;
use super::output::{Out, STDOUT};
use super::terminal;

/// Format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Rows(RowFormat),
    #[cfg(feature = "parquet")]
    Parquet,
}

/// The requested format, or that of the file name.
pub(super) fn format(out: &OutArgs) -> Result<Format, Usage> {
    let path = out.output.as_ref().and_then(Out::file);
    let ending = path.and_then(|path| path.extension()).unwrap_or_default().to_ascii_lowercase();
    match (out.format, path, ending.to_str()) {
        (Some(FormatArg::Csv), ..) => Ok(Format::Rows(RowFormat::Csv)),
        (Some(FormatArg::Npy), ..) => Ok(Format::Rows(RowFormat::Npy)),
        (Some(FormatArg::Jsonl), ..) => Ok(Format::Rows(RowFormat::JsonLines)),
        #[cfg(feature = "parquet")]
        (Some(FormatArg::Parquet), ..) | (None, _, Some("parquet")) => Ok(Format::Parquet),
        (None, None, _) | (None, _, Some("csv")) => Ok(Format::Rows(RowFormat::Csv)),
        (None, _, Some("npy")) => Ok(Format::Rows(RowFormat::Npy)),
        (None, _, Some("jsonl" | "ndjson")) => Ok(Format::Rows(RowFormat::JsonLines)),
        (None, Some(path), _) => {
            let path = path.display();
            let endings = if cfg!(feature = "parquet") {
                ".csv, .npy, .jsonl or .parquet"
            } else {
                ".csv, .npy or .jsonl"
            };
            Err(Usage(format!("{path}: the name must end in {endings}, or --format say what it is")))
        }
    }
}

fn no_temporary() -> String {
    let folder = std::env::temp_dir();
    format!(
        "an array on standard output needs a temporary file, and there can be none in {}; name a file with --output, or \
         set TMPDIR to a folder that can be written",
        folder.display()
    )
}

/// What each row of results is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Predictions,
    Distances,
}

/// Results of a model. Files are written atomically; standard output is streamed.
pub(super) struct Results<'a> {
    model: &'a Model,
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only columns need it"))]
    what: What,
    format: Format,
    layout: Layout,
    target: Target,
    n_rows: u64,
}

enum Target {
    /// Nothing has been written yet.
    Waiting(Option<Output>),
    Sink(Box<Sink>),
    /// An `.npy` array for standard output. Its header needs the number of rows, so it is first written to a
    /// temporary file.
    Spooled(BufWriter<File>),
    #[cfg(feature = "parquet")]
    Columns(Box<ColumnsOut>),
}

/// The requested output, checked that it can be written; `None` for an array on standard output.
pub(super) fn check_output(out: &OutArgs, format: Format) -> anyhow::Result<Option<Output>> {
    match out.output.as_ref().and_then(Out::file) {
        Some(path) => Ok(Some(Output::create_plain(path)?)),
        None if format == Format::Rows(RowFormat::Npy) => Ok(None),
        None => Ok(Some(Output::to_stream(STDOUT, Box::new(io::stdout())))),
    }
}

impl<'a> Results<'a> {
    /// An output that writes nothing before the first rows.
    pub(super) fn new(
        output: Option<Output>,
        model: &'a Model,
        what: What,
        (format, out): (Format, &OutArgs),
    ) -> Self {
        #[cfg_attr(
            not(feature = "parquet"),
            expect(clippy::infallible_destructuring_match, reason = "there is another format with it")
        )]
        let rows = match format {
            Format::Rows(rows) => rows,
            #[cfg(feature = "parquet")]
            Format::Parquet => RowFormat::Csv, // the layout is not used
        };
        let mut layout = match what {
            What::Predictions => Layout::of_predictions(model, rows),
            What::Distances => Layout::of_distances(model, rows),
        };
        if out.output.as_ref().and_then(Out::file).is_none() && io::stdout().is_terminal() {
            layout = layout.with_names(terminal::plain);
        }
        Self { model, what, format, layout, target: Target::Waiting(output), n_rows: 0 }
    }

    /// Writes predictions, `None` for a row without a label; with the names of their files, if they have some and the format
    /// has a place for them.
    pub(super) fn predictions(
        &mut self,
        rows: &[Option<Prediction>],
        files: &[String],
    ) -> anyhow::Result<()> {
        self.begin(files)?;
        #[cfg(feature = "parquet")]
        if let Target::Columns(out) = &mut self.target {
            return Ok(out.write(parquet::of_predictions(self.model, rows))?);
        }
        self.write(rows.len(), |layout, to| {
            rows.iter().enumerate().try_for_each(|(at, row)| {
                layout.write_file(to, files.get(at).map(|file| shown(file)).as_deref())?;
                layout.write_prediction(to, row.as_ref())
            })
        })
    }

    /// Writes distances; NaN for a row that has none; with the names of files as predictions. (any, n_clusters)
    pub(super) fn distances(&mut self, distances: &[f64], files: &[String]) -> anyhow::Result<()> {
        self.begin(files)?;
        #[cfg(feature = "parquet")]
        if let Target::Columns(out) = &mut self.target {
            return Ok(out.write(parquet::of_distances(self.model, distances))?);
        }
        let n_clusters = self.model.n_clusters();
        self.write(distances.len() / n_clusters, |layout, to| {
            distances.chunks_exact(n_clusters).enumerate().try_for_each(|(at, row)| {
                layout.write_file(to, files.get(at).map(|file| shown(file)).as_deref())?;
                layout.write_distances(to, row)
            })
        })
    }

    fn write(
        &mut self,
        n_rows: usize,
        write: impl FnOnce(&Layout, &mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        self.n_rows += n_rows as u64;
        let layout = &self.layout;
        match &mut self.target {
            Target::Sink(sink) => {
                // flush after each chunk, so that the reader of a stream sees its rows
                let written = write(layout, &mut **sink).and_then(|()| sink.flush());
                written.map_err(|reason| sink.failed(reason))?;
            }
            Target::Spooled(to) => write(layout, to).context("a temporary file")?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, files: &[String]) -> anyhow::Result<()> {
        let Target::Waiting(output) = &mut self.target else { return Ok(()) };
        if !files.is_empty() {
            self.layout = self.layout.clone().with_files();
        }
        let output = output.take();
        #[cfg(feature = "parquet")]
        if self.format == Format::Parquet {
            let columns = match self.what {
                What::Predictions => parquet::names_of_predictions(),
                What::Distances => parquet::names_of_distances(self.model),
            };
            let output = output.context("no output for columns")?;
            self.target = Target::Columns(Box::new(output.begin_columns(&columns)?));
            return Ok(());
        }
        self.target = match output {
            Some(output) => Target::Sink(Box::new(output.begin()?)),
            None => Target::Spooled(BufWriter::new(tempfile::tempfile().with_context(no_temporary)?)),
        };
        let header = self.layout.header(0);
        self.write(0, |_, to| to.write_all(&header))
    }

    /// Renames the finished file.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.begin(&[])?;
        let header = self.layout.header(self.n_rows);
        match self.target {
            Target::Sink(mut sink) => {
                if self.format == Format::Rows(RowFormat::Npy) {
                    let written = sink.seek(SeekFrom::Start(0)).and_then(|_| sink.write_all(&header));
                    written.map_err(|reason| sink.failed(reason))?;
                }
                Ok(sink.finish()?)
            }
            Target::Spooled(mut to) => {
                let written = to.seek(SeekFrom::Start(0)).and_then(|_| to.write_all(&header));
                written.and_then(|()| to.rewind()).context("a temporary file")?;
                let mut stdout = io::stdout().lock();
                let copied = io::copy(to.get_mut(), &mut stdout).and_then(|_| stdout.flush());
                copied.context(STDOUT)
            }
            #[cfg(feature = "parquet")]
            Target::Columns(out) => Ok(out.finish()?),
            Target::Waiting(_) => Ok(()),
        }
    }
}

/// The name of a file, as a terminal may be given it.
fn shown(file: &str) -> Cow<'_, str> {
    if io::stdout().is_terminal() { Cow::Owned(terminal::plain(file)) } else { Cow::Borrowed(file) }
}
