//! All that is known before a fit begins: the device, the table, the parameters.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn::comm::Comm;
use cairn::data::{Dataset, Loaded, Source};
use cairn::engine::{Device, Opened};
use cairn::kmeans::{Params, job_size};

use super::args::FitArgs;
use super::device::{self, Wanted};
use super::output::Out;
use super::request::{self, Asked};
use super::starts::StartColumns;
use super::streaming;

/// The names of all outputs that were asked for.
pub(super) fn outputs(args: &FitArgs) -> Vec<String> {
    let FitArgs { labels, rows_out, centroids, restarts_out, model, report, .. } = args;
    let tables = [labels, rows_out, centroids, restarts_out].into_iter().flatten().map(Out::to_string);
    let others = [model, report].into_iter().flatten().map(|file| file.display().to_string());
    tables.chain(others).collect()
}

/// All that is known before a fit begins.
pub(super) struct Ready {
    pub(super) opened: Opened,
    pub(super) data: Dataset<'static>,
    /// All rows of the table.
    pub(super) source: Arc<dyn Source>,
    pub(super) params: Params,
    /// How the columns of the --init file were matched.
    pub(super) starts: StartColumns,
    /// When reading began, and how long it took.
    pub(super) begun: Instant,
    pub(super) read: Duration,
}

/// Opens the device and reads the table.
///
/// Of several processes each reads its own rows, from the files.
pub(super) fn ready(args: &FitArgs, asked: Asked, ranks: Option<&dyn Comm>) -> anyhow::Result<Ready> {
    let params = &asked.params;
    let begun = Instant::now();
    let load = || match &args.host.memory {
        _ if ranks.is_some() => streaming::load(args),
        None => Ok(request::load_kept(&args.job, &args.more, args.rows_out.is_some())?),
        Some(_) => streaming::load(args),
    };
    let wanted = Wanted { gpu_memory: args.memory.gpu_memory, quiet: args.quiet, size: None };
    let (opened, Loaded { data, source }) = match params.device() {
        // the choice depends on the size of the job, so load first
        Device::Auto => {
            let loaded = load()?;
            let mut size = job_size(&loaded.data, params);
            if let Some(comm) = ranks {
                size.n_points = size.n_points.div_ceil(comm.size());
            } else if streaming::needed(args, &loaded.data, params)?.is_some() {
                size.cpu_only = Some("a table that is streamed from a file is at hand there");
            }
            (device::open(&Device::Auto, &Wanted { size: Some(size), ..wanted })?, loaded)
        }
        // an error in opening the device is reported before rows are read
        named => (device::open(named, &wanted)?, load()?),
    };
    let read = begun.elapsed() - opened.took;
    let (params, starts) = asked.of_data(&data)?;
    Ok(Ready { opened, data, source, params, starts, begun, read })
}
