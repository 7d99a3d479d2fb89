//! Limits on sizes: labels are of least cost within them and lexicographically least, and equal on every device.

use cairn::data::{Dataset, Scale};
use cairn::engine::reference::assign::row_distance;
use cairn::engine::reference::sizes::assign_within;
use cairn::engine::{Device, Metric, OpenOptions, Sizes, Stop, open};
use cairn::kmeans::{Init, KMeans, Params, ParamsError, fit};
use cairn::lattice::Table;

use crate::common::{Backend, Case, Numbers, compare, dataset, digits, normal, part, repeated, weighted};

/// Labels by trying all of them, in lexicographic order.
fn by_trying_all(table: &Table, centroids: &[i32], sizes: Sizes) -> Vec<u32> {
    let (n, d) = (table.n_points(), table.n_dims());
    let k = centroids.len() / d;
    let cost = |i: usize, c: usize| row_distance(table, i, &centroids[c * d..][..d]);
    let costs: Vec<Vec<u128>> = (0..n).map(|i| (0..k).map(|c| cost(i, c)).collect()).collect();
    let mut best: Option<(u128, Vec<u32>)> = None;
    for number in 0..k.pow(n as u32) {
        let digit = |i: usize| (number / k.pow((n - 1 - i) as u32) % k) as u32;
        let labels: Vec<u32> = (0..n).map(digit).collect();
        let count = |c: usize| labels.iter().filter(|&&label| label as usize == c).count() as u64;
        if !(0..k).all(|c| (sizes.min..=sizes.max).contains(&count(c))) {
            continue;
        }
        let cost = labels.iter().enumerate().map(|(i, &c)| costs[i][c as usize]).sum();
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, labels));
        }
    }
    best.expect("there is one").1
}

#[test]
fn the_reference_is_what_trying_all_finds() {
    let mut numbers = Numbers::new(501);
    for round in 0..120 {
        let (n, k, d) =
            (4 + numbers.below(4) as usize, 2 + numbers.below(2) as usize, 1 + numbers.below(2) as usize);
        // few places, so that many assignments are of the same cost
        let places = [2, 4, 1000][round % 3];
        let data = dataset(d, (0..n * d).map(|_| numbers.whole(0, places)).collect());
        let table = cairn::kmeans::pack(&data, None).expect("a table");
        let centroids: Vec<i32> =
            (0..k).flat_map(|_| table.point(numbers.below(n as u64) as usize).to_vec()).collect();
        let most_min = (n / k) as u64;
        let min = 1 + numbers.below(most_min);
        let least_max = n.div_ceil(k) as u64;
        let sizes = Sizes { min, max: least_max + numbers.below(n as u64 - least_max + 1) };
        let expected = by_trying_all(&table, &centroids, sizes);
        assert_eq!(assign_within(&table, &centroids, sizes), expected, "round {round}: {sizes:?}");
    }
}

fn case(data: &Dataset<'_>, kmeans: KMeans, min: Option<u64>, max: Option<u64>) -> Case {
    Case::new(data, kmeans.sizes(min, max))
}

/// On the CPU: other devices leave such restarts to it.
#[test]
fn the_cpu_keeps_limits_as_the_reference_does() {
    let all =
        [limits_that_bind, limits_that_do_not, equal_sizes, ties, one_place, directions, far_apart, ends];
    for make in all {
        let case = make();
        case.agrees(Backend::Cpu, &case.oracle());
    }
}

#[cfg(feature = "gpu")]
#[test]
fn the_cpu_takes_the_place_of_a_gpu_and_says_so() {
    let adapters = crate::common::opened(Backend::Vulkan);
    let Some(adapter) = adapters.first() else { return };
    let options = OpenOptions { backends: vec![cairn::engine::Backend::Vulkan], ..OpenOptions::default() };
    let device = Device::Named(adapter.info.name.clone());
    let kmeans = KMeans::new(5).restarts(4).sizes(Some(15), Some(20));
    let params = |device| kmeans.clone().device(device).check().expect("parameters");
    let run = |device: Device| {
        cairn::kmeans::fit_with(&normal(90, 3, 510), &params(device), &options, &mut |_| {
            cairn::kmeans::CONTINUE
        })
        .expect("a fit")
    };
    let (on_cpu, on_gpu) = (run(Device::Cpu), run(device));
    assert_eq!((on_gpu.fingerprint, on_gpu.unlimited), (on_cpu.fingerprint, on_cpu.unlimited));
    let said = on_gpu.device.fallback.expect("a note");
    assert!(said.contains("limits on sizes ran on the CPU"), "{said}");
    // by itself it refuses such a job
    adapter.with(&|engine| {
        let case = limits_that_bind();
        assert!(engine.load(&case.job()).is_err());
    });
}

fn limits_that_bind() -> Case {
    case(&normal(90, 3, 510), KMeans::new(5).restarts(4), Some(15), Some(20))
}

fn limits_that_do_not() -> Case {
    case(&normal(80, 3, 511), KMeans::new(4).restarts(3), Some(1), Some(80))
}

fn equal_sizes() -> Case {
    case(&normal(60, 2, 512), KMeans::new(6).restarts(3).init(Init::Random), Some(10), Some(10))
}

fn ties() -> Case {
    let mut numbers = Numbers::new(513);
    let grid = dataset(2, (0..140).map(|_| numbers.whole(0, 3)).collect());
    case(&grid, KMeans::new(5).restarts(4), Some(13), Some(15))
}

fn one_place() -> Case {
    case(&repeated(&dataset(1, vec![3.0]), &[20]), KMeans::new(4).restarts(2), None, Some(5))
}

fn directions() -> Case {
    let data = normal(70, 4, 514).scaled(Scale::Unit).expect("finite values");
    case(&data, KMeans::new(5).restarts(3).metric(Metric::Cosine), Some(12), None)
}

fn far_apart() -> Case {
    // all but a few rows are near one another, and each cluster must have its share
    let mut numbers = Numbers::new(515);
    let mut values: Vec<f64> = (0..110).map(|_| numbers.unit()).collect();
    values.extend([1e6, 1e6, -1e7, 2e6]);
    case(&dataset(2, values), KMeans::new(4).restarts(3).tol(0.01), Some(12), Some(16))
}

fn ends() -> Case {
    case(&normal(64, 3, 516), KMeans::new(4).restarts(3).max_iter(2), Some(16), None)
}

#[test]
fn rows_of_no_weight_do_not_count() {
    let weights: Vec<f64> = (0..60).map(|i| if i % 5 == 2 { 0.0 } else { 2.5 }).collect();
    let case = case(&weighted(normal(60, 2, 517), &weights), KMeans::new(4).restarts(3), None, Some(12));
    let expected = case.oracle();
    let counts = &expected.best_state().expect("its state").counts;
    assert_eq!(counts, &[12, 12, 12, 12]);
    case.agrees(Backend::Cpu, &expected);
}

#[test]
fn a_fault_in_a_label_is_seen() {
    // the comparison above is of all labels: exchanging two rows keeps the sizes, and is not the result
    let case = limits_that_bind();
    let expected = case.oracle();
    let mut got = expected.clone();
    let labels = &mut got.states[0].1.labels;
    let other = labels.iter().position(|label| *label != labels[0]).expect("another label");
    labels.swap(0, other);
    assert!(compare(&expected, &got).is_err());
}

#[test]
fn inertia_never_rises_and_the_last_labels_are_within_the_limits() {
    for make in [limits_that_bind, equal_sizes, ties] {
        let case = make();
        let oracle = case.oracle();
        let best = *oracle.best().expect("a restart");
        assert_eq!(best.stop, Stop::FixedPoint);
        let engine = open(&Device::Cpu, &OpenOptions::default()).expect("the CPU").engine;
        let trace = cairn::kmeans::trace(&*engine, &case.table, &case.params, &best).expect("a trace");
        assert!(trace.is_sorted_by(|a, b| a >= b), "{trace:?}");
        let sizes = case.params.sizes().expect("limits");
        let counts = &oracle.best_state().expect("its state").counts;
        assert!(counts.iter().all(|count| (sizes.0.unwrap_or(1)..=sizes.1.unwrap_or(999)).contains(count)));
    }
}

#[test]
fn the_cost_of_limits_is_told() {
    let params = |kmeans: KMeans| kmeans.device(Device::Cpu).check().expect("parameters");
    let done =
        fit(&digits(), &params(KMeans::new(10).restarts(2).sizes(Some(170), Some(190)))).expect("a fit");
    let without = done.unlimited.expect("the inertia of nearest labels");
    assert!(without < done.best.inertia);
    assert!(done.state.counts.iter().all(|count| (170..=190).contains(count)));
    let wide = fit(&digits(), &params(KMeans::new(10).restarts(2).sizes(Some(1), None))).expect("a fit");
    assert_eq!(wide.unlimited, Some(wide.best.inertia));
    // limits that do not bind change nothing
    let usual = fit(&digits(), &params(KMeans::new(10).restarts(2))).expect("a fit");
    assert_eq!((usual.fingerprint, usual.unlimited), (wide.fingerprint, None));
}

#[test]
fn what_limits_can_not_be_is_refused() {
    let alone = |kmeans: KMeans| kmeans.check().expect_err("it is refused").to_string();
    assert!(alone(KMeans::new(3).sizes(Some(0), None)).contains("at least 0 rows"));
    assert!(alone(KMeans::new(3).sizes(Some(5), Some(4))).contains("at least 5 rows and at most 4"));
    assert!(alone(KMeans::new(3).sizes(Some(5), None).refine(true)).contains("limits"));
    let of = |kmeans: KMeans, data: &Dataset<'_>| {
        let params: Params = kmeans.check().expect("parameters");
        let table = cairn::kmeans::pack_for(data, &params).expect("a table");
        params.job(&table).map(|_| ()).expect_err("it is refused")
    };
    let data = normal(20, 2, 518);
    let few = of(KMeans::new(3).sizes(Some(7), None), &data);
    assert!(
        few.to_string().contains("3 clusters of at least 7 rows need 21 rows")
            && few.to_string().contains("20"),
        "{few}"
    );
    let many = of(KMeans::new(3).sizes(None, Some(6)), &data);
    assert!(
        many.to_string().contains("3 clusters of at most 6 rows hold 18 rows")
            && many.to_string().contains("20"),
        "{many}"
    );
    let weights: Vec<f64> = (0..20).map(|i| if i == 4 { 3.0 } else { 1.5 }).collect();
    let uneven = of(KMeans::new(3).sizes(Some(6), None), &weighted(normal(20, 2, 518), &weights));
    assert!(matches!(uneven, ParamsError::UnevenWeights { row: 5, .. }), "{uneven}");
    let rows = dataset(1, (0..40_000).map(f64::from).collect());
    let large = of(KMeans::new(1000).sizes(Some(2), None), &rows);
    assert!(large.to_string().contains("40000 rows and 1000 clusters are 40000000 pairs"), "{large}");
}

#[test]
fn random_tables() {
    let mut numbers = Numbers::new(520);
    for _ in part(0..24, 6) {
        let (n, k) = (20 + numbers.below(30), 2 + numbers.below(4));
        let places = [1, 3, 1 << 40][numbers.below(3) as usize];
        let data = dataset(2, (0..2 * n).map(|_| numbers.whole(0, places)).collect());
        let min = 1 + numbers.below(n / k);
        let max = n.div_ceil(k) + numbers.below(3);
        let case =
            case(&data, KMeans::new(k as usize).restarts(2).seed(numbers.below(99)), Some(min), Some(max));
        case.agrees(Backend::Cpu, &case.oracle());
    }
}
