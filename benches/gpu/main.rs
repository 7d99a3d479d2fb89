//! Times a GPU on large cases, each checked against the CPU. Run by `gpu.sh`.
//!
//! A time covers seeding and iterations, as `cairn fit` shows it, and is the fastest of a few runs. Packing and the
//! work done once for all restarts are not included. Exits with 1 if a fingerprint differs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench says what it measured")]

mod cases;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use cairn::engine::gpu::{Gpu, MatrixUnits, adapters};
use cairn::engine::{Device, OpenOptions, Opened, Peak, Testing, Times, open};
use cairn::kmeans::{CONTINUE, Fit, Params, fit_table};
use cairn::lattice::Table;
use cases::{Case, cases};
use clap::Parser;
use serde::Serialize;

/// Times a GPU, and checks it against the CPU.
#[derive(Parser)]
struct Args {
    /// Part of the adapter's name; any GPU otherwise, or a software adapter where there is none
    #[arg(long, default_value = "gpu")]
    adapter: String,
    /// Small sizes, for software adapters
    #[arg(long)]
    small: bool,
    /// Only these cases
    #[arg(long, value_delimiter = ',')]
    cases: Vec<String>,
    /// Write the measurements here too
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write points and starts of the cases to this folder, for gpu_peers.py
    #[arg(long)]
    write: Option<PathBuf>,
    /// Time these kernels: `best`, `f32` (without matrix units) and `matrix`
    #[arg(long, value_delimiter = ',', default_value = "best,f32,matrix")]
    kernels: Vec<String>,
    /// Time these shapes of kernels too: the beginnings of their names, as `assign_tiled HIGH=8`
    #[arg(long, value_delimiter = ',')]
    shapes: Vec<String>,
    /// Passed by `cargo bench` to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// Time after which no further case is started.
const BUDGET: Duration = Duration::from_secs(150);
/// Runs of a case, and the time after which no further run is started.
const RUNS: usize = 3;
const LONG: Duration = Duration::from_secs(4);

#[derive(Serialize)]
struct Report {
    version: &'static str,
    adapter: String,
    driver: String,
    software: bool,
    /// Edge of its matrix units, if they passed their self-test.
    matrix_units_edge: Option<u32>,
    cpu: String,
    peak: Option<Peak>,
    cases: Vec<Measured>,
    left_out: Vec<&'static str>,
}

#[derive(Serialize)]
struct Measured {
    case: &'static str,
    /// `best`: the default choice; `f32` and `matrix` are separate if it has matrix units; or a shape.
    kernel: String,
    n_points: usize,
    n_dims: usize,
    n_clusters: usize,
    n_restarts: u64,
    /// Of all restarts.
    iterations: u64,
    /// The fastest run: seeding and iterations.
    seconds: f64,
    /// Of that run: seeding, assign and update.
    seed_seconds: f64,
    assign_seconds: f64,
    update_seconds: f64,
    /// Busy time by the adapter's timestamps; in the rest of `seconds` it waited for the host.
    busy_seconds: f64,
    first_run_seconds: f64,
    load_seconds: f64,
    restarts_per_second: f64,
    ms_per_iteration: f64,
    tflops: f64,
    /// Share of the measured peak of multiply-adds.
    share_of_fma: Option<f64>,
    /// As if every pass of every restart read the points and wrote the labels once: where restarts share what they
    /// read it may be above 1.
    share_of_copy: Option<f64>,
    repaired_share: f64,
    cpu_seconds: f64,
    fingerprint: String,
    same_as_cpu: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut cases = cases(args.small);
    if let Some(unknown) = args.cases.iter().find(|name| !cases.iter().any(|case| case.name == **name)) {
        let names: Vec<_> = cases.iter().map(|case| case.name).collect();
        bail!("unknown case \"{unknown}\": there are {}", names.join(", "));
    }
    cases.retain(|case| args.cases.is_empty() || args.cases.iter().any(|name| name == case.name));
    if let Some(folder) = &args.write {
        return cases.iter().try_for_each(|case| case.write(folder));
    }
    let report = measure(&args, &cases)?;
    let json = serde_json::to_string_pretty(&report)?;
    println!("\n{json}");
    if let Some(path) = &args.json {
        std::fs::write(path, &json).with_context(|| path.display().to_string())?;
    }
    let different: Vec<_> = report.cases.iter().filter(|case| !case.same_as_cpu).collect();
    if let Some(case) = different.first() {
        bail!("{} of {} differs from the CPU's result", report.adapter, case.case);
    }
    Ok(())
}

fn measure(args: &Args, cases: &[Case]) -> anyhow::Result<Report> {
    let start = Instant::now();
    let gpu = open(&Device::parse(&args.adapter), &OpenOptions::default())?;
    let cpu = open(&Device::Cpu, &OpenOptions::default())?;
    let (info, peak) = (gpu.engine.info(), gpu.engine.peak()?);
    let with = |kernel: &str| {
        let options = OpenOptions { gpu_kernel: Some(kernel.into()), ..OpenOptions::default() };
        open(&Device::parse(&args.adapter), &options)
    };
    let mut report = Report {
        version: env!("CARGO_PKG_VERSION"),
        matrix_units_edge: units(&info.adapter)?,
        adapter: info.adapter,
        driver: info.driver,
        software: info.software,
        cpu: cpu.engine.info().adapter,
        peak,
        cases: Vec::new(),
        left_out: Vec::new(),
    };
    println!(
        "adapter: {}; driver: {}; opened in {:.2} s",
        report.adapter,
        report.driver,
        gpu.took.as_secs_f64()
    );
    if let Some(Peak { flops, bytes_per_second }) = peak {
        println!(
            "its peaks: {:.2} TFLOP/s of multiply-adds, {:.0} GB/s of copying",
            flops / 1e12,
            bytes_per_second / 1e9
        );
    }
    let (f32, matrix) = (with("f32")?, with("matrix")?);
    let forced = args.shapes.iter().map(|shape| {
        let testing = Testing { choice: Some(shape.clone()), ..Testing::default() };
        let options = OpenOptions { gpu_kernel: Some("trial".into()), testing, ..OpenOptions::default() };
        open(&Device::parse(&args.adapter), &options)
    });
    let forced = forced.collect::<Result<Vec<_>, _>>()?;
    println!(
        "matrix units: {}",
        report.matrix_units_edge.map_or("none".into(), |edge| format!("{edge} x {edge}"))
    );
    println!("CPU: {}", report.cpu);
    println!(
        "\n| case | kernel | seconds | busy | seed | assign | update | restarts/s | ms/iteration | TFLOP/s | of FMA | of copy | repaired | CPU seconds | same |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for case in cases {
        if start.elapsed() > BUDGET {
            report.left_out.push(case.name);
            continue;
        }
        let mut kernels = vec![("best", &gpu)];
        if report.matrix_units_edge.is_some() && case.suits_matrix_units() {
            kernels.extend([("f32", &f32), ("matrix", &matrix)]);
        }
        kernels.retain(|(name, _)| args.kernels.iter().any(|wanted| wanted == name));
        kernels.extend(args.shapes.iter().map(String::as_str).zip(&forced));
        for measured in measure_case(case, &kernels, &cpu, peak)? {
            println!("{}", measured.row());
            report.cases.push(measured);
        }
    }
    if !report.left_out.is_empty() {
        println!("\nleft out, for want of time: {}", report.left_out.join(", "));
    }
    Ok(report)
}

/// The edge of the matrix units of an adapter that calls itself so.
fn units(name: &str) -> anyhow::Result<Option<u32>> {
    let mut found = adapters(&[], true).into_iter();
    let Some(info) = found.find(|info| name == format!("{}, {}", info.name, info.backend)) else {
        return Ok(None);
    };
    match Gpu::open(&info, &OpenOptions::default())?.matrix_units()? {
        MatrixUnits::Usable(units) => Ok(Some(units.edge)),
        MatrixUnits::Refused(why) => {
            println!("its matrix units are refused: {why}");
            Ok(None)
        }
        MatrixUnits::None => Ok(None),
    }
}

/// The same case by several kernels.
fn measure_case(
    case: &Case,
    kernels: &[(&str, &Opened)],
    cpu: &Opened,
    peak: Option<Peak>,
) -> anyhow::Result<Vec<Measured>> {
    let (table, params) = case.prepare()?;
    let expected = fit_table(cpu, &table, &params, &mut |_| CONTINUE)?;
    let each = kernels.iter();
    each.map(|&(kernel, gpu)| measure_kernel(case, (&table, &params), (kernel, gpu), &expected, peak))
        .collect()
}

fn measure_kernel(
    case: &Case,
    (table, params): (&Table, &Params),
    (kernel, gpu): (&str, &Opened),
    expected: &Fit,
    peak: Option<Peak>,
) -> anyhow::Result<Measured> {
    let first = fit_table(gpu, table, params, &mut |_| CONTINUE)?;
    let mut fastest = first.timings.run;
    let start = Instant::now();
    let mut same = first.fingerprint == expected.fingerprint;
    for _ in 1..RUNS {
        if start.elapsed() + lasted(&fastest) > LONG {
            break;
        }
        let next = fit_table(gpu, table, params, &mut |_| CONTINUE)?;
        same &= next.fingerprint == expected.fingerprint;
        fastest = std::cmp::min_by_key(fastest, next.timings.run, lasted);
    }
    let (work, times) = (first.work(), fastest);
    let fastest = lasted(&times).as_secs_f64();
    let iterations = first.restarts.outcomes.iter().map(|outcome| u64::from(outcome.iterations)).sum::<u64>();
    let (n, d, k) = (table.n_points(), table.n_dims(), params.n_clusters());
    let flops = 2.0 * work.assigned_points as f64 * (d * k) as f64 / fastest;
    let bytes = work.assigned_points as f64 * (4 * d + 4) as f64 / fastest;
    Ok(Measured {
        case: case.name,
        kernel: kernel.to_owned(),
        n_points: n,
        n_dims: d,
        n_clusters: k,
        n_restarts: params.n_restarts(),
        iterations,
        seconds: fastest,
        seed_seconds: times.seed.as_secs_f64(),
        assign_seconds: times.assign.as_secs_f64(),
        update_seconds: times.update.as_secs_f64(),
        busy_seconds: times.busy.as_secs_f64(),
        first_run_seconds: seconds(&first),
        load_seconds: first.timings.open.saturating_sub(gpu.took).as_secs_f64(),
        restarts_per_second: params.n_restarts() as f64 / fastest,
        ms_per_iteration: 1e3 * fastest / iterations as f64,
        tflops: flops / 1e12,
        share_of_fma: peak.map(|peak| flops / peak.flops),
        share_of_copy: peak.map(|peak| bytes / peak.bytes_per_second),
        repaired_share: work.repaired_points as f64 / work.assigned_points as f64,
        cpu_seconds: seconds(expected),
        fingerprint: first.fingerprint,
        same_as_cpu: same,
    })
}

fn lasted(times: &Times) -> Duration {
    times.seed + times.iterate
}

fn seconds(fit: &Fit) -> f64 {
    lasted(&fit.timings.run).as_secs_f64()
}

impl Measured {
    /// A row of the table.
    fn row(&self) -> String {
        let share = |share: Option<f64>| share.map_or("-".into(), |share| format!("{:.1}%", 100.0 * share));
        format!(
            "| {}: {} x {}, k {}, R {} | {} | {:.4} | {:.4} | {:.4} | {:.4} | {:.4} | {:.1} | {:.4} | {:.3} | {} | {} | {:.4}% | {:.3} | {} |",
            self.case,
            self.n_points,
            self.n_dims,
            self.n_clusters,
            self.n_restarts,
            self.kernel,
            self.seconds,
            self.busy_seconds,
            self.seed_seconds,
            self.assign_seconds,
            self.update_seconds,
            self.restarts_per_second,
            self.ms_per_iteration,
            self.tflops,
            share(self.share_of_fma),
            share(self.share_of_copy),
            100.0 * self.repaired_share,
            self.cpu_seconds,
            if self.same_as_cpu { "yes" } else { "NO" },
        )
    }
}
