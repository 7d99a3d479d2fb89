//! Refined restarts, and children of a population: every device equals the reference.

use cairn::data::Dataset;
use cairn::engine::certify::Bound;
use cairn::engine::reference::Reference;
use cairn::engine::{Engine, Keep};
use cairn::kmeans::{CONTINUE, Init, KMeans, Restarts, RunPlan, Search, pack_for, run_plan};
use cairn::lattice::Table;

use crate::common::{Backend, Numbers, compare, dataset, digits, normal, on_mutants, processor, weighted};

/// A job, and how its restarts are chosen.
struct Searching {
    table: Table,
    kmeans: KMeans,
}

impl Searching {
    fn new(data: &Dataset<'_>, kmeans: KMeans) -> Self {
        let kmeans = kmeans.keep(Keep::All);
        let params = kmeans.clone().check().expect("the parameters make sense");
        Self { table: pack_for(data, &params).expect("the table can be packed"), kmeans }
    }

    fn run(&self, engine: &dyn Engine, batch: Option<u64>) -> Restarts {
        let params = self.kmeans.clone().check().expect("the parameters make sense");
        let job = params.job(&self.table).expect("the parameters fit the table");
        let mut session = engine.load(&job).expect("the engine takes the job");
        let plan = RunPlan { batch_size: batch, ..RunPlan::of(&params) };
        run_plan(session.as_mut(), &job, &plan, &mut |_| CONTINUE).expect("the engine does the job")
    }

    /// Asserts that the CPU, on some threads and in any batches, computes what the reference does, which is returned.
    fn agrees(&self, what: &str) -> Restarts {
        let expected = self.run(&Reference, None);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            for batch in [None, Some(1), Some(5)] {
                let got = pool.install(|| self.run(&processor(), batch));
                if let Err(difference) = compare(&expected, &got) {
                    panic!("{what}, {threads} threads, batches of {batch:?}: {difference}");
                }
            }
        }
        expected
    }
}

const EVOLVE: Search = Search::Evolve { population: 4 };

/// How restarts are chosen: each refined, children, and both.
fn searches(kmeans: &KMeans) -> [KMeans; 3] {
    let of = |kmeans: &KMeans| kmeans.clone();
    [of(kmeans).refine(true), of(kmeans).search(EVOLVE), of(kmeans).search(EVOLVE).refine(true)]
}

fn agree(data: &Dataset<'_>, kmeans: &KMeans) {
    for kmeans in searches(kmeans) {
        let what = format!("{kmeans:?}");
        Searching::new(data, kmeans).agrees(&what);
    }
}

#[test]
fn sizes() {
    agree(&digits(), &KMeans::new(10).restarts(9));
    for (n_points, n_dims, n_clusters) in
        [(1, 5, 1), (40, 3, 40), (300, 1, 7), (255, 63, 31), (257, 65, 33), (33, 257, 5), (300, 2, 129)]
    {
        agree(&normal(n_points, n_dims, 1), &KMeans::new(n_clusters).restarts(11));
    }
    agree(&normal(300, 9, 2), &KMeans::new(1).restarts(6));
    agree(&normal(2, 9, 2), &KMeans::new(2).restarts(6));
}

/// So long that bounds, movers and guesses in fewer bits are used.
#[test]
fn long_restarts() {
    agree(&normal(900, 34, 3), &KMeans::new(60).restarts(5));
    agree(&normal(1200, 4, 3), &KMeans::new(120).restarts(5));
    // locations of many weights, and clusters without any
    let mut numbers = Numbers::new(20);
    let distinct: Vec<f64> = (0..90 * 34).map(|_| numbers.normal()).collect();
    let mut place = || numbers.below(90) as usize * 34;
    let values = (0..300).flat_map(|_| distinct[place()..][..34].to_vec()).collect();
    let weights: Vec<f64> = (0..300).map(|_| [0.0, 1.0, 2.0, 900.0][numbers.below(4) as usize]).collect();
    let data = weighted(dataset(34, values), &weights);
    for k in [30, 85] {
        agree(&data, &KMeans::new(k).restarts(6));
    }
}

#[test]
fn mixed_tables() {
    let mut numbers = Numbers::new(5);
    let values = (0..200).flat_map(|_| [1e9 * numbers.normal(), numbers.normal(), 1e4]).collect();
    agree(&dataset(3, values), &KMeans::new(8).restarts(9));
}

/// Rows in few places, so that locations have many rows, costs are equal and clusters may stay empty.
#[test]
fn few_places() {
    for (places, n_clusters, seed) in [(2, 5, 6), (4, 3, 7), (9, 8, 8), (12, 9, 9), (25, 6, 10)] {
        let mut numbers = Numbers::new(seed);
        let values = (0..90 * 2).map(|_| numbers.below(places) as f64).collect();
        agree(&dataset(2, values), &KMeans::new(n_clusters).restarts(13));
        let values = (0..60).map(|_| numbers.below(places) as f64).collect();
        agree(&dataset(1, values), &KMeans::new(n_clusters).init(Init::Random).restarts(13));
    }
    agree(&dataset(2, vec![7.5; 30]), &KMeans::new(4).restarts(9));
}

#[test]
fn weights() {
    let mut numbers = Numbers::new(11);
    for (n_dims, most) in [(2, 9), (3, 4_000_000_000), (1, 2)] {
        let values: Vec<f64> = (0..200 * n_dims).map(|_| numbers.whole(0, 40)).collect();
        let mut weights: Vec<f64> = (0..200).map(|_| numbers.below(most) as f64).collect();
        weights[0] = 1.0;
        agree(&weighted(dataset(n_dims, values), &weights), &KMeans::new(12).restarts(9));
    }
}

/// With few iterations a round is only made where one more iteration is left, and with a tolerance runs end elsewhere.
#[test]
fn stops() {
    for max_iter in [1, 2, 3, 4, 6, 9, 14] {
        agree(&normal(400, 3, 12), &KMeans::new(12).max_iter(max_iter).restarts(6));
        let kmeans = KMeans::new(12).refine(true).max_iter(max_iter).restarts(6);
        let all = Searching::new(&normal(400, 3, 12), kmeans).run(&processor(), None);
        assert!(all.outcomes.iter().all(|outcome| outcome.iterations <= max_iter));
    }
    agree(&normal(400, 3, 13), &KMeans::new(12).tol(0.01).restarts(6));
}

/// A weight of w is w rows.
#[test]
fn a_weight_is_so_many_copies() {
    let mut numbers = Numbers::new(14);
    let values: Vec<f64> = (0..80).map(|_| numbers.whole(0, 99)).collect();
    let weights: Vec<f64> = (0..40).map(|_| numbers.whole(1, 4)).collect();
    let copied = values.chunks(2).zip(&weights);
    let copied: Vec<f64> = copied.flat_map(|(row, &weight)| row.repeat(weight as usize)).collect();
    for kmeans in searches(&KMeans::new(6).restarts(17)) {
        let of_weights = Searching::new(&weighted(dataset(2, values.clone()), &weights), kmeans.clone());
        let of_copies = Searching::new(&dataset(2, copied.clone()), kmeans);
        assert_eq!(of_weights.run(&Reference, None).outcomes, of_copies.run(&Reference, None).outcomes);
    }
}

/// A refined restart is never worse than the plain one, and some are better; labels name nearest centroids.
#[test]
fn refining_never_raises_an_inertia() {
    let mut better = 0;
    for seed in 0..60 {
        let mut numbers = Numbers::new(100 + seed);
        let (n_points, n_dims) = (numbers.whole(2, 200) as usize, numbers.whole(1, 6) as usize);
        let most = [3, 20, 1 << 40][seed as usize % 3];
        let values = (0..n_points * n_dims).map(|_| numbers.below(most) as f64).collect();
        let data = dataset(n_dims, values);
        let n_clusters = (2 + numbers.below(12) as usize).min(n_points);
        let kmeans = KMeans::new(n_clusters).restarts(8).seed(seed);
        let plain = Searching::new(&data, kmeans.clone()).run(&processor(), None);
        let refined = Searching::new(&data, kmeans.refine(true)).run(&processor(), None);
        for (plain, refined) in plain.outcomes.iter().zip(&refined.outcomes) {
            assert!(refined.inertia <= plain.inertia, "seed {seed}: {refined:?} after {plain:?}");
            better += usize::from(refined.inertia < plain.inertia);
        }
    }
    assert!(better > 100, "{better}");
}

/// The first generation is that of independent restarts, and none of its outcomes is lost.
#[test]
fn evolving_begins_with_restarts_and_goes_below_them() {
    let data = normal(600, 3, 15);
    let kmeans = KMeans::new(20).restarts(40);
    let plain = Searching::new(&data, kmeans.clone()).run(&processor(), None);
    let evolved =
        Searching::new(&data, kmeans.search(Search::Evolve { population: 8 })).run(&processor(), None);
    assert_eq!(plain.outcomes[..8], evolved.outcomes[..8]);
    assert!(evolved.best().expect("restarts").inertia < plain.best().expect("restarts").inertia);
}

/// Directions are crossed and swapped as other centroids are.
#[test]
fn directions_evolve() {
    let data = normal(300, 5, 19).scaled(cairn::data::Scale::Unit).expect("finite values");
    let kmeans = KMeans::new(9).metric(cairn::engine::Metric::Cosine).restarts(14).search(EVOLVE);
    Searching::new(&data, kmeans.clone()).agrees("cosine");
    assert!(kmeans.refine(true).check().is_err());
}

/// More members than restarts, one member, and one cluster.
#[test]
fn populations_of_all_sizes() {
    let data = normal(120, 3, 16);
    for population in [1, 2, 5, 12, 100, u64::MAX] {
        for refine in [false, true] {
            let kmeans = KMeans::new(6).restarts(12).search(Search::Evolve { population }).refine(refine);
            let all = Searching::new(&data, kmeans).agrees(&format!("a population of {population}"));
            assert_eq!(all.count(), 12);
        }
    }
    let one = KMeans::new(1).restarts(5);
    let evolved = Searching::new(&data, one.clone().search(EVOLVE)).agrees("one cluster");
    assert_eq!(evolved.outcomes, Searching::new(&data, one).run(&Reference, None).outcomes);
}

/// A GPU's restarts are refined on the CPU, and go on there.
#[cfg(feature = "gpu")]
#[test]
fn a_gpu_is_assisted() {
    use crate::common::opened;
    use cairn::engine::{Device, OpenOptions, open};
    let adapters = opened(Backend::Vulkan);
    let Some(adapter) = adapters.first() else { return };
    let options = OpenOptions { backends: vec![cairn::engine::Backend::Vulkan], ..OpenOptions::default() };
    let device = open(&Device::Named(adapter.info.name.clone()), &options).expect("it opened before");
    for kmeans in searches(&KMeans::new(10).restarts(9)) {
        let searching = Searching::new(&normal(500, 8, 17), kmeans);
        let expected = searching.run(&Reference, None);
        assert_eq!(compare(&expected, &searching.run(device.engine.as_ref(), Some(3))), Ok(()));
    }
}

/// Rows so far from the centre that their scores in `f32` say little of where they cost least.
#[test]
fn moves_without_proof_are_caught() {
    let mut numbers = Numbers::new(18);
    let values =
        (0..600).flat_map(|i| [if i % 2 == 0 { 0.0 } else { 1e9 }, (numbers.normal() * 1e4).round()]);
    let data = dataset(2, values.collect());
    let searching = Searching::new(&data, KMeans::new(12).restarts(4).refine(true));
    let expected = searching.run(&Reference, None);
    assert_eq!(compare(&expected, &searching.run(&processor(), None)), Ok(()));
    on_mutants(Backend::Cpu, Bound::MovesUnproven, &|engine| {
        assert!(compare(&expected, &searching.run(engine, None)).is_err(), "guessed costs are right here");
    });
}

/// Rounded to 8 bits, some rows cost less where they do not.
#[test]
#[ignore = "needs the loop over bytes: run by `instructions`"]
fn moves_without_proof_are_caught_in_8_bits() {
    let searching = Searching::new(&normal(900, 34, 19), KMeans::new(40).restarts(6).refine(true));
    let expected = searching.run(&Reference, None);
    assert_eq!(compare(&expected, &searching.run(&processor(), None)), Ok(()));
    on_mutants(Backend::Cpu, Bound::MovesUnproven, &|engine| {
        assert!(compare(&expected, &searching.run(engine, None)).is_err(), "guessed costs are right here");
    });
}
