//! Output files, checked before the fit and written after it.

use std::path::PathBuf;

use cairn::data::Dataset;
use cairn::data::write::{Output, RestartRow};
use cairn::engine::NO_LABEL;
use cairn::kmeans::{Fit, Params};
use cairn::model::{Model, ModelError};

use super::args::FitArgs;

/// The requested files.
pub(super) struct Files {
    labels: Option<Output>,
    centroids: Option<Output>,
    restarts: Option<Output>,
    model: Option<Output>,
    report: Option<Output>,
}

impl Files {
    /// Checks that all of them can be written.
    pub(super) fn create(args: &FitArgs) -> anyhow::Result<Self> {
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
