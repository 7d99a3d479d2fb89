//! The files of `--export-..`, checked before the measurements.

use cairn::compare::Document;
use cairn::compare::export::{self, ExportFormat};
use cairn::data::write::Output;

use crate::cli::args::CompareArgs;
use crate::cli::failure::Usage;

/// The requested files.
pub(super) struct ExportFiles(Vec<(Output, ExportFormat)>);

impl ExportFiles {
    /// Checks that all of them can be written.
    pub(super) fn create(args: &CompareArgs) -> Result<Self, Usage> {
        let asked = [
            ("--export-json", &args.export_json, ExportFormat::Json),
            ("--export-csv", &args.export_csv, ExportFormat::Csv),
            ("--export-html", &args.export_html, ExportFormat::Html),
        ];
        let mut files = Vec::new();
        for (flag, path, format) in asked {
            let Some(path) = path else { continue };
            let output = Output::create_plain(path).map_err(|error| Usage(format!("{flag}: {error}")))?;
            files.push((output, format));
        }
        Ok(Self(files))
    }

    /// Writes them; after an error the others too. Returns the first error.
    pub(super) fn write(self, document: &Document) -> anyhow::Result<()> {
        let mut first = Ok(());
        for (output, format) in self.0 {
            let text = export::text(document, format).map_err(anyhow::Error::from);
            let written = text.and_then(|text| Ok(output.write_bytes(text.as_bytes())?));
            first = first.and(written);
        }
        first
    }
}
