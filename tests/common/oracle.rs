//! The oracle: runs a case on the reference, then on a device with every setting that must not affect results.

use std::path::Path;

use cairn::comm::{Comm, threads};
use cairn::data::Dataset;
use cairn::engine::parts::{PartsSession, RowParts};
use cairn::engine::reference::Reference;
use cairn::engine::{Engine, Job, Keep};
use cairn::kmeans::{CONTINUE, KMeans, Params, Restarts, RunPlan, Search, pack_for, run_plan};
use cairn::lattice::{Moments, Table};
use cairn::packed::{PackWriter, PackedTable};

use super::devices::{Backend, on, processor};
use super::{compare, dataset};

/// Threads that a case is run on.
const THREADS: [usize; 3] = [1, 2, 5];
/// Multiply-adds of one pass of all restarts, above which a GPU runs a case in one batch only.
const ONE_BATCH: usize = 1 << 22;
/// Most restarts that a GPU runs one at a time.
const ALONE: u64 = 12;

/// A table and a job.
pub(crate) struct Case {
    pub(crate) table: Table,
    pub(crate) params: Params,
}

impl Case {
    pub(crate) fn new(data: &Dataset<'_>, kmeans: KMeans) -> Self {
        let params = kmeans.keep(Keep::All).check().expect("the parameters make sense");
        let table = pack_for(data, &params).expect("the table can be packed");
        Self { table, params }
    }

    pub(crate) fn job(&self) -> Job<'_> {
        self.params.job(&self.table).expect("the parameters fit the table")
    }

    /// What the reference computes.
    pub(crate) fn oracle(&self) -> Restarts {
        self.run(&Reference, self.params.n_restarts())
    }

    /// What an engine computes in batches of this size.
    pub(crate) fn run(&self, engine: &dyn Engine, batch: u64) -> Restarts {
        let job = self.job();
        let mut session = engine.load(&job).expect("the engine takes the job");
        let plan = RunPlan { batch_size: Some(batch), ..RunPlan::of(&self.params) };
        run_plan(session.as_mut(), &job, &plan, &mut |_| CONTINUE).expect("the engine does the job")
    }

    /// What the processor computes on this many threads.
    pub(crate) fn run_threads(&self, threads: usize, batch: u64) -> Restarts {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| self.run(&processor(), batch))
    }

    /// Asserts that every device of `backend` computes what is `expected`, in batches of any size and on
    /// any number of threads.
    pub(crate) fn agrees(&self, backend: Backend, expected: &Restarts) {
        on(backend, &|engine| match backend {
            Backend::Cpu => {
                self.agrees_on_threads(expected);
                self.agrees_in_a_file(engine, expected, 5);
                self.agrees_on_ranks(engine, expected, 4);
            }
            _ => {
                self.agrees_on(engine, expected);
                if self.size() <= ONE_BATCH {
                    self.agrees_in_a_file(engine, expected, 2);
                    self.agrees_on_ranks(engine, expected, 2);
                }
            }
        });
    }

    /// Asserts that a table that lies in a file, in so many chunks, comes to the same.
    fn agrees_in_a_file(&self, engine: &dyn Engine, expected: &Restarts, chunks: usize) {
        if !self.is_plain() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let table = self.packed(folder.path(), chunks);
        let job = Job { table: table.head(), ..self.job() };
        let mut session = PartsSession::new(engine, &job, RowParts::of_file(&table));
        let plan = RunPlan::of(&self.params);
        let got = run_plan(&mut session, &job, &plan, &mut |_| CONTINUE).expect("the engine does the job");
        self.assert_equal(
            expected,
            &got,
            &format!("{:?}, in {} chunks of a file", engine.info(), table.n_chunks()),
        );
    }

    fn is_plain(&self) -> bool {
        !self.params.refine() && self.params.search() == Search::Restarts && self.params.sizes().is_none()
    }

    /// Asserts that so many ranks, of which one has no row, come to the same.
    fn agrees_on_ranks(&self, engine: &dyn Engine, expected: &Restarts, n_ranks: usize) {
        if !self.is_plain() {
            return;
        }
        let n = self.table.n_points();
        // shares of unlike sizes
        let firsts: Vec<usize> = (0..=n_ranks)
            .map(|rank| if rank < 2 { rank * n / 5 } else { n * (rank - 1) / (n_ranks - 1) })
            .collect();
        let mut moments = Moments::new(self.table.n_dims());
        moments.add(&self.table);
        let head = Table { points: Vec::new(), ..self.table.clone() };
        let run = |comm: &dyn Comm| {
            let rows = firsts[comm.rank()]..firsts[comm.rank() + 1];
            let d = self.table.n_dims();
            let own = self.table.part(rows.clone(), self.table.points[rows.start * d..rows.end * d].to_vec());
            let job = Job { table: &head, ..self.job() };
            let mut session =
                PartsSession::new(engine, &job, RowParts::of_ranks((&head, &moments), &own, &firsts, comm));
            let plan = RunPlan::of(&self.params);
            let got =
                run_plan(&mut session, &job, &plan, &mut |_| CONTINUE).expect("the engine does the job");
            let of = format!("{:?}, process {} of {n_ranks}", engine.info(), comm.rank());
            self.assert_equal(expected, &got, &of);
        };
        std::thread::scope(|scope| {
            for comm in threads(n_ranks) {
                let run = &run;
                scope.spawn(move || run(&comm));
            }
        });
    }

    /// The table in a file.
    pub(crate) fn packed(&self, folder: &Path, chunks: usize) -> PackedTable {
        let path = folder.join("table.packed");
        let block = self.table.points.len().div_ceil(chunks).min(1 << 18);
        let mut writer =
            PackWriter::create(&path, self.table.points.len() as u64).expect("room").in_blocks(block);
        let mut moments = Moments::new(self.table.n_dims());
        moments.add(&self.table);
        writer.add(&self.table.points).expect("room");
        writer.finish("key", &self.table, &moments).expect("room");
        let opened = PackedTable::open(&path, "key", self.table.weights.clone(), block as u64 * 4);
        opened.expect("it was just written").expect("it has this key")
    }

    /// Multiply-adds of one pass of all restarts.
    fn size(&self) -> usize {
        self.table.points.len() * self.params.n_clusters() * self.params.n_restarts() as usize
    }

    /// As [`Case::agrees`], but a software adapter may refuse the job: some have undocumented limits, and an
    /// error is better than a wrong result.
    pub(crate) fn agrees_or_is_refused(&self, backend: Backend, expected: &Restarts) {
        on(backend, &|engine| {
            let refused = engine.load(&self.job()).err();
            match refused {
                Some(error) => assert!(engine.info().software, "{error}"),
                None => self.agrees_on(engine, expected),
            }
        });
    }

    fn agrees_on_threads(&self, expected: &Restarts) {
        for batch in self.batches(true) {
            for threads in THREADS {
                let got = self.run_threads(threads, batch);
                self.assert_equal(expected, &got, &format!("cpu, {threads} threads, batches of {batch}"));
            }
        }
    }

    fn agrees_on(&self, engine: &dyn Engine, expected: &Restarts) {
        let n = self.params.n_restarts();
        for batch in self.batches(n <= ALONE && self.size() <= ONE_BATCH) {
            let got = self.run(engine, batch);
            self.assert_equal(expected, &got, &format!("{:?}, batches of {batch}", engine.info()));
        }
    }

    /// Sizes of batches: all restarts at once, and small ones too.
    fn batches(&self, small: bool) -> Vec<u64> {
        let n = self.params.n_restarts();
        let small = [1, 3].into_iter().filter(|&batch| small && batch < n);
        small.chain([n]).collect()
    }

    fn assert_equal(&self, expected: &Restarts, got: &Restarts, device: &str) {
        if let Err(difference) = compare(expected, got) {
            let (n, d, k) = (self.table.n_points(), self.table.n_dims(), self.params.n_clusters());
            panic!("{device} differs from the reference (n = {n}, d = {d}, k = {k}): {difference}");
        }
    }
}

/// A table whose values are lattice coordinates themselves: `rows` holds both -2^30 and 2^30 in each feature,
/// so the offset is 0 and a step is 1.
pub(crate) fn integers(n_dims: usize, mut rows: Vec<f64>) -> Dataset<'static> {
    let edge = f64::from(cairn::lattice::MAX_COORDINATE);
    rows.extend(vec![-edge; n_dims]);
    rows.extend(vec![edge; n_dims]);
    dataset(n_dims, rows)
}
