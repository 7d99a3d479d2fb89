//! Output files, checked before the fit and written after it.

use std::path::{Path, PathBuf};

use cairn::data::Dataset;
use cairn::data::write::{Output, RestartRow};
use cairn::engine::NO_LABEL;
use cairn::kmeans::{Fit, Params};
use cairn::model::{Model, ModelError};

use super::args::{FitArgs, InitArg};
use super::failure::Usage;

/// The requested files.
pub(super) struct Files {
    labels: Option<Output>,
    centroids: Option<Output>,
    restarts: Option<Output>,
    model: Option<Output>,
    report: Option<Output>,
}

impl Files {
    /// Checks that all of them can be written, and that they differ from each other and from the data.
    pub(super) fn create(args: &FitArgs) -> anyhow::Result<Self> {
        check_files_apart(args)?;
        let create = |path: &Option<PathBuf>| path.as_deref().map(Output::create).transpose();
        Ok(Self {
            labels: create(&args.labels)?,
            centroids: create(&args.centroids)?,
            restarts: create(&args.restarts_out)?,
            model: args.model.as_deref().map(Output::create_plain).transpose()?,
            report: args.report.as_deref().map(Output::create_plain).transpose()?,
        })
    }

    /// Writes all of them but the report, which it returns. The report comes last, so that an error in it leaves the
    /// others.
    pub(super) fn write(
        self,
        fit: &Fit,
        data: &Dataset,
        params: &Params,
    ) -> Result<Option<Output>, ModelError> {
        if let Some(labels) = self.labels {
            let label = |&label: &u32| (label != NO_LABEL).then_some(label);
            labels.write_labels(fit.labels().iter().map(label))?;
        }
        if let Some(centroids) = self.centroids {
            centroids.write_matrix(&data.columns, fit.centroids().view())?;
        }
        if let Some(restarts) = self.restarts {
            restarts.write_restarts(restart_rows(fit))?;
        }
        if let Some(model) = self.model {
            model.write_bytes(&Model::from_fit(fit, data, params)?.to_bytes()?)?;
        }
        Ok(self.report)
    }
}

fn restart_rows(fit: &Fit) -> impl ExactSizeIterator<Item = RestartRow> {
    let row = move |outcome: &cairn::engine::Outcome| RestartRow {
        restart: outcome.restart,
        inertia: fit.cost(outcome.inertia),
        iterations: outcome.iterations,
        stopped: outcome.stop.name(),
        stopped_code: outcome.stop as u8,
    };
    fit.restarts.outcomes.iter().map(row)
}

fn check_files_apart(args: &FitArgs) -> Result<(), Usage> {
    let init = match &args.job.init {
        InitArg::File(path) => Some(Path::new(path)),
        _ => None,
    };
    let data_is_file = args.job.data != "digits" && args.job.data != "-";
    check_apart(&[
        ("DATA", data_is_file.then_some(Path::new(&args.job.data))),
        ("--init", init),
        ("--labels", args.labels.as_deref()),
        ("--centroids", args.centroids.as_deref()),
        ("--restarts-out", args.restarts_out.as_deref()),
        ("--model", args.model.as_deref()),
        ("--report", args.report.as_deref()),
    ])
}

/// An error if two of the files are the same.
pub(super) fn check_apart(named: &[(&'static str, Option<&Path>)]) -> Result<(), Usage> {
    let places: Vec<(&str, PathBuf)> =
        named.iter().filter_map(|&(flag, path)| Some((flag, place(path?)))).collect();
    for (at, (second, path)) in places.iter().enumerate() {
        if let Some((first, _)) = places[..at].iter().find(|(_, other)| other == path) {
            let path = path.display();
            return Err(Usage(format!("{first} and {second} are the same file, {path}; name two files")));
        }
    }
    Ok(())
}

/// The canonical path, also of a file that does not exist yet.
pub(super) fn place(path: &Path) -> PathBuf {
    let folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(folder).unwrap_or_else(|| path.to_owned())
}
