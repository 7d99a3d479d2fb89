//! Output files, checked before the fit and written after it.

use cairn::data::DataError;
use cairn::data::write::{Output, RestartRow, RestartsOut};
use cairn::engine::{NO_LABEL, Outcome};
use cairn::kmeans::{Fit, Progress};
use cairn::model::ModelError;

use super::args::FitArgs;
use super::done::Done;
use super::output::Out;
use super::rows_out;

/// The requested files.
pub(super) struct Files {
    labels: Option<Output>,
    rows: Option<Output>,
    centroids: Option<Output>,
    restarts: Option<Output>,
    model: Option<Output>,
    report: Option<Output>,
}

impl Files {
    /// Checks that all of them can be written.
    pub(super) fn create(args: &FitArgs) -> anyhow::Result<Self> {
        let create = |to: &Option<Out>| to.as_ref().map(Out::create).transpose();
        Ok(Self {
            labels: create(&args.labels)?,
            rows: args.rows_out.as_ref().map(Out::create_rows).transpose()?,
            centroids: create(&args.centroids)?,
            restarts: create(&args.restarts_out)?,
            model: args.model.as_deref().map(Output::create_plain).transpose()?,
            report: args.report.as_deref().map(Output::create_plain).transpose()?,
        })
    }

    /// Begins the file of restarts, which is written while they end.
    pub(super) fn begin_restarts(&mut self, n_restarts: u64) -> RestartsFile {
        RestartsFile(self.restarts.take().map(|output| output.begin_restarts(n_restarts)))
    }

    /// Writes the others but the report, which it returns: that comes last, so that an error in it leaves the others.
    /// Each is written whatever becomes of those before it; the first error is returned.
    pub(super) fn write(self, done: &Done<'_>) -> (Option<Output>, anyhow::Result<()>) {
        let Done { fit, data, params, source, .. } = done;
        let label = |&label: &u32| (label != NO_LABEL).then_some(label);
        let of_all = || {
            data.reading.dropped.with_gaps(fit.labels().iter().map(label)).into_iter().map(Option::flatten)
        };
        let names = &data.reading.names;
        let labels = self.labels.map(|to| match names.as_slice() {
            [] => to.write_labels(of_all()),
            names => to.write_labels_of(names, of_all()),
        });
        let centroids = self.centroids.map(|to| to.write_matrix(&data.columns, fit.centroids().view()));
        let model = self.model.map(|to| Ok(to.write_bytes(&fit.model(data, params)?.to_bytes()?)?));
        let rows = self.rows.map(|to| rows_out::of_fit(to, done, &**source));
        let written = [labels, centroids].into_iter().flatten().collect::<Result<(), DataError>>();
        let others = [model.map(|model| model.map_err(|error: ModelError| error.into())), rows];
        let others = others.into_iter().flatten().collect::<anyhow::Result<()>>();
        (self.report, written.map_err(anyhow::Error::from).and(others))
    }
}

/// The file of restarts, if it was asked for, or the first error in it.
pub(super) struct RestartsFile(Option<Result<RestartsOut, DataError>>);

impl RestartsFile {
    /// Writes a batch of restarts. After an error no more is written; the fit goes on, for the other files.
    pub(super) fn write(&mut self, progress: &Progress<'_>) {
        self.write_rows(progress.batch, &|cost| progress.cost(cost));
    }

    /// Writes all restarts of a fit.
    pub(super) fn write_all(&mut self, fit: &Fit) {
        self.write_rows(&fit.restarts.outcomes, &|cost| fit.cost(cost));
    }

    fn write_rows(&mut self, outcomes: &[Outcome], cost: &dyn Fn(u128) -> f64) {
        if let Some(Ok(file)) = &mut self.0
            && let Err(error) =
                outcomes.iter().try_for_each(|outcome| file.write(&row(outcome, cost(outcome.inertia))))
        {
            self.0 = Some(Err(error));
        }
    }

    /// Gives the file its name.
    pub(super) fn finish(self) -> Result<(), DataError> {
        self.0.map_or(Ok(()), |file| file?.finish())
    }
}

fn row(outcome: &Outcome, inertia: f64) -> RestartRow {
    RestartRow {
        restart: outcome.restart,
        inertia,
        iterations: outcome.iterations,
        stopped: outcome.stop.name(),
        stopped_code: outcome.stop as u8,
    }
}
