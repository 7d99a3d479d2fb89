//! Fits by several processes, which `mpirun` has started together: the feature `mpi`.

use std::env;
use std::ops::Range;
use std::time::Duration;

#[cfg(feature = "mpi")]
use anyhow::Context;
use anyhow::anyhow;
use cairn::comm::{self, Comm};
use cairn::data::Dataset;
use cairn::kmeans::{MOST_OUTCOMES, MemoryPlan, Params, Search, Share, Shared};
use serde::Serialize;

use super::args::{Command, FitArgs, InitArg, ProgressArg, ShareArg};
use super::failure::Usage;
use super::{follower, notes, progress};

/// The processes of this command.
pub(super) struct Ranks {
    comm: Option<Box<dyn Comm>>, // of several
}

/// How a fit was shared, as JSON.
#[derive(Serialize)]
pub(super) struct SharedJson {
    count: usize,
    share: &'static str,
    in_calls_s: f64, // of the first process
}

impl Ranks {
    /// Finds the other processes. All but the first one write nothing.
    pub(super) fn begin(command: &mut Command) -> anyhow::Result<Self> {
        let comm = world()?.filter(|comm| comm.size() > 1);
        let Some(comm) = comm else { return Ok(Self { comm: None }) };
        if comm.rank() > 0 {
            let keeps = matches!(command, Command::Fit(args) if args.run.checkpoint.is_some());
            follower::set(keeps);
            progress::set(ProgressArg::None, true);
            if let Command::Fit(args) = command {
                follow(args);
            }
        }
        match command {
            Command::Fit(args) => check(args)?,
            _ => {
                let text = "of the commands only `cairn fit` is shared by the processes of mpirun: start this one alone";
                return Err(Usage(text.into()).into());
            }
        }
        Ok(Self { comm: Some(comm) })
    }

    /// How they reach each other, if there are several.
    pub(super) fn comm(&self) -> Option<&dyn Comm> {
        self.comm.as_deref()
    }

    /// The value, if no process has failed.
    pub(super) fn agree<T>(&self, own: anyhow::Result<T>) -> anyhow::Result<T> {
        let Some(comm) = self.comm() else { return own };
        match own {
            Ok(value) => comm::agree(comm, Ok(value)),
            Err(error) => {
                // with what caused it
                let told: anyhow::Result<()> = comm::agree(comm, Err(anyhow!("{error:#}")));
                debug_assert!(told.is_err());
                Err(error)
            }
        }
    }

    /// The error of a fit, which all processes have: on the first one that of the process in which it arose, in whose words.
    pub(super) fn told(&self, error: anyhow::Error, heard: bool) -> anyhow::Error {
        let Some(comm) = self.comm() else { return error };
        let own = if heard { String::new() } else { format!("{error:#}") };
        // those that can't be reached say nothing
        let all = comm.gather(own.as_bytes()).unwrap_or_default();
        match all.iter().position(|text| !text.is_empty()) {
            Some(rank) if heard => {
                anyhow!("process {rank} of this fit failed: {}", String::from_utf8_lossy(&all[rank]))
            }
            _ => error,
        }
    }

    /// Checks that all processes found the same table.
    fn check_table(&self, data: &Dataset<'_>) -> anyhow::Result<()> {
        let Some(comm) = self.comm() else { return Ok(()) };
        let own = format!("{} rows of {}", data.points.n_points(), data.columns.join(", "));
        Ok(comm::alike(comm, "a table of", &own)?)
    }

    /// What they share of this fit; `None` of one process. All find the same.
    pub(super) fn share(
        &self,
        args: &FitArgs,
        data: &Dataset<'_>,
        params: &Params,
    ) -> anyhow::Result<Option<Share>> {
        let Some(comm) = self.comm() else { return Ok(None) };
        self.check_table(data)?;
        let rows = own_rows(data, comm);
        let limit = args.host.memory.map(|memory| memory.as_u64());
        let whole = MemoryPlan::of(data, params, u64::MAX)?.in_memory;
        let most = limit.or_else(memory_of_a_process).unwrap_or(u64::MAX);
        // which of them has room is known to each alone
        let fits = self.all(whole <= most)?;
        let share = self.agree(chosen(args, params, comm.size(), fits))?;
        // the flags of the first process decide
        let mut bytes = share.name().as_bytes().to_vec();
        comm.broadcast(&mut bytes, 0)?;
        let share = if bytes == Share::Rows.name().as_bytes() { Share::Rows } else { Share::Restarts };
        let part = MemoryPlan::of(&data.part(rows), params, u64::MAX);
        let needed = match share {
            Share::Restarts => whole,
            // a process may have no row
            Share::Rows => {
                let weights = if data.weights.is_some() { 24 } else { 0 };
                let of_all = data.points.n_points() as u64 * (MemoryPlan::PER_SHARED_ROW + weights);
                part.map_or(MemoryPlan::PROCESS, |plan| plan.in_memory).saturating_add(of_all)
            }
        };
        if args.measures && share == Share::Rows {
            let text = "--measures: they need the whole table in one process; leave them out, or take --share restarts";
            return Err(Usage(text.into()).into());
        }
        let too_much = limit.filter(|&limit| needed > limit);
        self.agree(too_much.map_or(Ok(()), |limit| {
            let less = match share {
                Share::Restarts => "take --share rows",
                Share::Rows => "start more processes",
            };
            let text = format!(
                "--memory {} for each of {} processes: one needs {}, with its share of the {}; {less}, or allow more",
                progress::size(limit),
                comm.size(),
                progress::size(needed),
                share.name()
            );
            Err(Usage(text).into())
        }))?;
        if comm.rank() == 0 && !args.quiet {
            let why = match share {
                Share::Restarts => "each has the whole table and makes some of the restarts",
                Share::Rows => "each has some of the rows",
            };
            notes::write_note(&format!(
                "{} processes share the {}: {why}, in {} of memory planned",
                comm.size(),
                share.name(),
                progress::size(needed)
            ));
        }
        Ok(Some(share))
    }

    /// Whether it is so of all processes.
    fn all(&self, own: bool) -> anyhow::Result<bool> {
        let mut words = [u64::from(own)];
        let Some(comm) = self.comm() else { return Ok(own) };
        comm.sum(&mut words)?;
        Ok(words[0] == comm.size() as u64)
    }
}

/// What processes share by the flags of one of them. `fits`: whether each of them has room for the table.
fn chosen(args: &FitArgs, params: &Params, n_processes: usize, fits: bool) -> anyhow::Result<Share> {
    let restarts = params.n_restarts() >= n_processes as u64
        && params.search() == Search::Restarts
        && params.n_restarts() <= MOST_OUTCOMES as u64
        && params.time().is_none()
        && args.run.checkpoint.is_none();
    match args.ranks.share {
        ShareArg::Restarts if args.run.checkpoint.is_some() => {
            Err(Usage("--share restarts keeps no --checkpoint; leave one of them out".into()).into())
        }
        ShareArg::Restarts => Ok(Share::Restarts),
        ShareArg::Auto if restarts && fits => Ok(Share::Restarts),
        ShareArg::Auto | ShareArg::Rows => Ok(Share::Rows),
    }
}

/// The rows that a process has of a table.
pub(super) fn own_rows(data: &Dataset<'_>, comm: &dyn Comm) -> Range<usize> {
    let (n, ranks) = (data.points.n_points() as u128, comm.size() as u128);
    let first = |rank: usize| (n * rank as u128 / ranks) as usize;
    first(comm.rank())..first(comm.rank() + 1)
}

/// Leaves all that is written to the first process.
fn follow(args: &mut FitArgs) {
    let FitArgs { labels, rows_out, centroids, restarts_out, model, report, .. } = args;
    for output in [labels, rows_out, centroids, restarts_out] {
        *output = None;
    }
    (*model, *report, args.json, args.quiet) = (None, None, false, true);
    (args.run.checkpoint, args.run.resume) = (None, false);
}

fn check(args: &FitArgs) -> Result<(), Usage> {
    let starts = matches!(&args.job.init, InitArg::File(file) if file == "-");
    let truth = args.job.truth_file.as_deref() == Some("-");
    if args.job.data == "-" || args.more.iter().any(|source| source == "-") || starts || truth {
        return Err(Usage("standard input reaches one process only: save it to a file first".into()));
    }
    Ok(())
}

/// Memory of this machine for each of its processes, where both are known.
fn memory_of_a_process() -> Option<u64> {
    const LOCAL: [&str; 3] = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "SLURM_NTASKS_PER_NODE"];
    let here = LOCAL.iter().find_map(|name| env::var(name).ok()?.parse::<u64>().ok()).unwrap_or(1);
    let all = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib = all.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB"));
    Some(kib?.trim().parse::<u64>().ok()?.saturating_mul(1024) / here.max(1))
}

/// The processes that a launcher of MPI has started.
#[cfg(feature = "mpi")]
fn world() -> anyhow::Result<Option<Box<dyn Comm>>> {
    // variables of Open MPI, of MPICH and Intel MPI, and of PMIx, as Slurm has it
    const LAUNCHED: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"];
    if !LAUNCHED.iter().any(|name| env::var_os(name).is_some()) {
        return Ok(None);
    }
    let world = comm::mpi::World::begin().context("MPI")?;
    Ok(Some(Box::new(world)))
}

/// None: without the feature `mpi` each process is alone, which is said if there are others.
#[cfg(not(feature = "mpi"))]
fn world() -> anyhow::Result<Option<Box<dyn Comm>>> {
    let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
    // of Open MPI, of MPICH and Intel MPI, and of Slurm where it starts processes of MPI
    let pmix = env::var_os("PMIX_RANK").and_then(|_| number("SLURM_NTASKS"));
    let size = number("OMPI_COMM_WORLD_SIZE").or_else(|| number("PMI_SIZE")).or(pmix);
    let rank = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"].into_iter().find_map(number);
    if let Some(size) = size.filter(|&size| size > 1 && rank == Some(0)) {
        notes::write_note(&format!(
            "mpirun has started {size} processes, and this program was built without the feature mpi: each of them works \
             alone; install it by `cargo install --path . --features mpi`"
        ));
    }
    Ok(None)
}

/// What was done, for the summary.
pub(super) fn done(shared: &Shared, total: Duration) -> String {
    let share = shared.in_calls.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
    format!(
        "{}, which shared the {}; the first was in calls to the others for {:.0}% of the fit",
        shared.n_ranks,
        shared.share.name(),
        share * 100.0
    )
}

/// The same as JSON.
pub(super) fn json(shared: &Shared) -> SharedJson {
    SharedJson {
        count: shared.n_ranks,
        share: shared.share.name(),
        in_calls_s: shared.in_calls.as_secs_f64(),
    }
}
