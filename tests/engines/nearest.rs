//! The two nearest centroids: every device equals the reference in every bit, also on ties and near ties.

#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

use crate::common::{
    self, Adversary, Backend, Numbers, bisector, dataset, far_centroid, normal, on, on_devices, on_mutants,
};
use cairn::data::Dataset;
use cairn::engine::certify::Bound;
use cairn::engine::nearest_two::{Centroids, NearestTwo};
use cairn::engine::reference::Reference;
use cairn::engine::{Device, Engine};
use cairn::kmeans::{CONTINUE, KMeans, fit_table, pack};
use cairn::lattice::Table;

/// Rows, and the centroids to find for them.
struct Rows {
    table: Table,
    centroids: Vec<i32>,
}

impl Rows {
    fn new(data: &Dataset<'_>, centroids: impl FnOnce(&Table) -> Vec<i32>) -> Self {
        let table = pack(data, None).unwrap();
        Self { centroids: centroids(&table), table }
    }

    /// With the centroids of a fit.
    fn fitted(data: &Dataset<'_>, n_clusters: usize) -> Self {
        Self::new(data, |table| {
            let params = KMeans::new(n_clusters).restarts(1).max_iter(4).check().unwrap();
            let opened = cairn::engine::open(&Device::Cpu, &common::options()).unwrap();
            fit_table(&opened, table, &params, &mut |_| CONTINUE).unwrap().state.centroids
        })
    }

    /// With some of the rows as centroids.
    fn from_rows(data: &Dataset<'_>, rows: &[usize]) -> Self {
        Self::new(data, |table| rows.iter().flat_map(|&i| table.point(i).to_vec()).collect())
    }

    fn adversary(adversary: &Adversary) -> Self {
        Self::new(&adversary.data(), |_| adversary.centroids.iter().map(|&x| x as i32).collect())
    }

    fn found(&self, engine: &dyn Engine) -> Vec<NearestTwo> {
        let centroids = Centroids { lattice: &self.table.lattice, values: &self.centroids };
        engine.nearest(centroids).unwrap().nearest_two(&self.table).unwrap()
    }

    fn agree(&self, backend: Backend) {
        let expected = self.found(&Reference);
        on(backend, &|engine| {
            let got = self.found(engine);
            assert_eq!(got.len(), expected.len());
            let differs = (0..got.len()).find(|&row| got[row] != expected[row]);
            if let Some(row) = differs {
                panic!("{:?}, row {row}: {:?}, expected {:?}", engine.info(), got[row], expected[row]);
            }
        });
    }
}

on_devices!(the_digits, few_centroids, odd_sizes, mixed, ties, bisectors, far_centroids, many_rows);

fn the_digits(backend: Backend) {
    Rows::fitted(&common::digits(), 30).agree(backend);
}

fn few_centroids(backend: Backend) {
    for n_clusters in 1..=5 {
        Rows::fitted(&normal(77, 3, 4), n_clusters).agree(backend);
    }
}

fn odd_sizes(backend: Backend) {
    for (n, d, k) in [(1, 1, 1), (2, 1, 2), (33, 5, 13), (65, 129, 7), (200, 2, 199)] {
        Rows::fitted(&normal(n, d, 7 + n as u64), k).agree(backend);
    }
}

fn mixed(backend: Backend) {
    let values = common::values(&normal(300, 4, 8));
    let scaled = values.iter().enumerate().map(|(at, x)| x * [1.0, 1e6, 1e-4, 37.0][at % 4]);
    let rows = Rows::fitted(&dataset(4, scaled.collect()), 12);
    assert!(rows.table.lattice.mixed());
    rows.agree(backend);
}

/// Zeros and ones, small and large, and centroids that are equal.
fn ties(backend: Backend) {
    let mut numbers = Numbers::new(9);
    for scale in [1.0, 4_194_301.0] {
        let values = (0..300 * 9).map(|_| numbers.whole(0, 1) * scale).collect();
        let rows: Vec<usize> = (0..20).chain(5..9).collect();
        Rows::from_rows(&common::integers(9, values), &rows).agree(backend);
    }
    Rows::from_rows(&normal(50, 3, 10), &[4; 6]).agree(backend);
}

/// A centroid in the middle is nearest to all; the two ends are second and third, to a hair.
fn between(n_dims: usize, seed: u64) -> Rows {
    let mut adversary = bisector(n_dims, seed);
    let (low, high) = adversary.centroids.split_at(n_dims);
    let middle: Vec<f64> = low.iter().zip(high).map(|(a, b)| (a + b) / 2.0).collect();
    adversary.centroids.extend(middle);
    Rows::adversary(&adversary)
}

fn bisectors(backend: Backend) {
    for (n_dims, seed) in [(2, 11), (64, 12), (200, 13)] {
        Rows::adversary(&bisector(n_dims, seed)).agree(backend);
        let rows = between(n_dims, seed);
        let found = rows.found(&Reference);
        assert!(found[..120].iter().all(|two| two.label == 2));
        let seconds = |c| found[..120].iter().filter(|two| two.runner_up.unwrap().0 == c).count();
        assert!(seconds(0) > 20 && seconds(1) > 20);
        rows.agree(backend);
    }
}

fn far_centroids(backend: Backend) {
    for at in [0, 131, 399] {
        Rows::adversary(&far_centroid(400, at, 14)).agree(backend);
    }
}

fn many_rows(backend: Backend) {
    Rows::fitted(&normal(5000, 6, 15), 9).agree(backend);
}

on_devices!(a_bound_of_zero_is_caught);

/// Points whose second nearest a kernel gets wrong when it trusts its guess.
fn a_bound_of_zero_is_caught(backend: Backend) {
    let all = [between(64, 12), between(200, 13)];
    on_mutants(backend, Bound::Zero, &|engine| {
        let wrong = |rows: &Rows| {
            let (expected, got) = (rows.found(&Reference), rows.found(engine));
            assert!(
                expected.iter().zip(&got).all(|(a, b)| a.label == b.label),
                "the nearest is not in doubt"
            );
            expected.iter().zip(&got).any(|(a, b)| a != b)
        };
        assert!(all.iter().any(wrong), "{:?}", engine.info());
    });
}

/// The CPU takes over when a device fails, if that is requested, and it is reported.
#[cfg(feature = "gpu")]
#[test]
fn a_device_that_fails_hands_over() {
    use cairn::engine::gpu::{Fault, FaultKind};
    use cairn::engine::{OpenOptions, Testing, open};

    let rows = Rows::fitted(&normal(100, 4, 20), 6);
    let centroids = Centroids { lattice: &rows.table.lattice, values: &rows.centroids };
    for adapter in common::opened(Backend::Vulkan) {
        let device = Device::Named(adapter.info.name.clone());
        // one refusal makes the pieces smaller (gpu_faults.rs); a device that has never room is given up
        for (kind, at) in [(FaultKind::Lost, 1), (FaultKind::OutOfMemory, 2), (FaultKind::Lost, 12)] {
            let fault = Some(Fault { kind, at, again: kind == FaultKind::OutOfMemory });
            let failing =
                OpenOptions { testing: Testing { fault, ..Testing::default() }, ..common::options() };
            let guarded = OpenOptions { fallback: Some(true), ..failing.clone() };
            let guarded = open(&device, &guarded).unwrap();
            let mut session = guarded.engine.nearest(centroids).unwrap();
            for _ in 0..2 {
                assert_eq!(session.nearest_two(&rows.table).unwrap(), rows.found(&Reference));
            }
            assert!(session.info().fallback.unwrap().contains("continued on the CPU"));
            let bare = open(&device, &failing).unwrap();
            let twice = bare.engine.nearest(centroids).and_then(|mut session| {
                session.nearest_two(&rows.table)?;
                session.nearest_two(&rows.table)
            });
            assert!(twice.is_err(), "{kind:?} at {at}");
        }
    }
}

/// The older instructions of this processor: all tests of a process have one kernel, so in others.
#[test]
fn other_instructions() {
    for kernel in ["portable", "avx2", "avx512"] {
        let own = std::env::current_exe().unwrap();
        let tests = ["nearest::", "--skip", "::vulkan", "--skip", "::gl", "--skip", "::native"];
        let but = ["--skip", "hands_over", "--skip", "other_instructions"];
        let mut run = std::process::Command::new(own);
        let run = run.args(tests).args(but).env("CAIRN_CPU", kernel).output().unwrap();
        let text = String::from_utf8_lossy(&run.stdout);
        let missing = text.contains("this processor runs");
        assert!(run.status.success() || (missing && kernel != "portable"), "CAIRN_CPU={kernel}:\n{text}");
        assert!(!text.contains("running 0 tests"), "{text}");
    }
}
