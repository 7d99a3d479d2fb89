//! Matrix units: their self-test, and what happens with units that are wrong.
//!
//! On an adapter without units but with f16, their kernel runs on emulated ones: of the edge of NVIDIA's and AMD's
//! (16) and Apple's (8), in subgroups of several sizes. `tests/matrix.sh` runs the tests on Mesa's units. With
//! `CAIRN_REQUIRE_UNITS=1` it is a failure if no adapter has units.
#![cfg(feature = "gpu")]

use cairn::engine::certify::Bound;
use cairn::engine::gpu::units::Units;
use cairn::engine::gpu::{AdapterInfo, Gpu, MatrixUnits, adapters};
use cairn::engine::{Device, Engine, Keep, OpenOptions, Testing, Watch, Work};
use cairn::kmeans::{Init, KMeans};

use crate::common::{
    Backend, Case, Numbers, bisector, compare, dataset, long, normal, opened, quick, rounded_apart_in_f16,
    values,
};
use crate::gpu_loop::least_memory_with;

/// Two invocations of a row.
const EMULATED: &str = "emulated-16-32";
/// Four, eight and one.
const OTHERS: [&str; 3] = ["emulated-16-64", "emulated-8-64", "emulated-16-16"];

/// The kernels that can be asked for to have matrix units used on this adapter: its own, if any, and emulated ones.
pub(super) fn kernels(info: &AdapterInfo) -> Vec<&'static str> {
    let own = info.matrix_units().map(|_| "matrix");
    let has_f16 = info.features.iter().any(|(name, has)| name == "f16" && *has);
    let memory = "max_compute_workgroup_storage_size";
    let has_room = info.limits.iter().any(|(name, bytes)| name == memory && *bytes >= 32 << 10);
    let emulated = (has_f16 && has_room).then_some(EMULATED);
    own.into_iter().chain(emulated).collect()
}

/// Calls `body` with each adapter and each matrix units that it can be opened with, one at a time.
fn with_units(body: &dyn Fn(&AdapterInfo, &OpenOptions)) {
    for adapter in [Backend::Vulkan, Backend::Native].into_iter().flat_map(opened) {
        for kernel in kernels(&adapter.info) {
            let options = OpenOptions { gpu_kernel: Some(kernel.into()), ..OpenOptions::default() };
            adapter.with(&|_| body(&adapter.info, &options));
        }
    }
}

/// All of the kernel, on subgroups of all sizes.
#[test]
fn they_pass_their_self_test() {
    let passes = |info: &AdapterInfo, kernel: &str| {
        let options = OpenOptions { gpu_kernel: Some(kernel.into()), ..OpenOptions::default() };
        let units = open(info, &options).matrix_units().expect("the device is well");
        let MatrixUnits::Usable(Units { edge, members, emulated }) = units else {
            panic!("{info}, {kernel}: {units:?}")
        };
        if emulated {
            assert_eq!(kernel, format!("emulated-{edge}-{members}"));
        } else {
            assert_eq!((kernel, Some(edge)), ("matrix", info.matrix_units()));
        }
    };
    with_units(&|info, options| {
        let kernel = options.gpu_kernel.as_deref().expect("a kernel is asked for");
        passes(info, kernel);
        if kernel == EMULATED {
            let others = if long() { &OTHERS[..] } else { &OTHERS[1..] };
            others.iter().for_each(|kernel| passes(info, kernel));
        }
    });
}

#[test]
fn some_adapter_has_them() {
    let required = std::env::var("CAIRN_REQUIRE_UNITS").is_ok_and(|value| value == "1");
    let mut all = [Backend::Vulkan, Backend::Native].into_iter().flat_map(opened);
    let found = all.any(|adapter| adapter.info.matrix_units().is_some());
    assert!(found || !required, "CAIRN_REQUIRE_UNITS: no adapter has matrix units for f16 with sums in f32");
}

fn with(testing: Testing, options: &OpenOptions) -> OpenOptions {
    OpenOptions { testing, ..options.clone() }
}

fn open(info: &AdapterInfo, options: &OpenOptions) -> Gpu {
    Gpu::open(info, options).expect("it opened before")
}

/// Runs a case and returns what was decided where.
fn work(gpu: &Gpu, case: &Case) -> Work {
    let got = case.run(gpu, case.params.n_restarts());
    compare(&case.oracle(), &got).unwrap_or_else(|difference| panic!("{:?}: {difference}", gpu.info()));
    got.work
}

#[test]
fn f32_leaves_them_alone() {
    with_units(&|info, options| {
        let options = OpenOptions { gpu_kernel: Some("f32".into()), ..options.clone() };
        assert_eq!(open(info, &options).matrix_units(), Ok(MatrixUnits::None));
    });
}

/// If one label of the self-test is wrong, the units are not used: results are correct, and a note says so.
#[test]
fn units_that_err_are_refused() {
    with_units(&|info, options| {
        let gpu = open(info, &with(Testing { bad_units: true, ..Testing::default() }, options));
        let units = gpu.matrix_units().expect("the device is well");
        assert!(matches!(&units, MatrixUnits::Refused(why) if why.contains("point 210")), "{units:?}");
        let case = Case::new(&normal(300, 40, 300), KMeans::new(70).restarts(2).max_iter(3));
        let job = case.job();
        let mut session = gpu.load(&job).expect("the GPU takes the job");
        let got = session.run(0..2, Keep::All, &Watch::default()).expect("the GPU does the job");
        assert_eq!(got.outcomes, case.oracle().outcomes);
        let note = session.info().fallback.expect("it is said that they are not used");
        assert!(
            note.contains("matrix units") && note.contains("point 210") && note.contains("f32"),
            "{note}"
        );
    });
}

/// Were it not caught, none of these tests would have seen a unit's guess.
#[test]
fn half_the_bound_is_caught() {
    with_units(&|info, options| {
        let case = rounded_apart_in_f16(140).case(1);
        let careless = with(Testing { bound: Bound::HalfInF16, ..Testing::default() }, options);
        assert!(
            compare(&case.oracle(), &case.run(&open(info, &careless), 1)).is_err(),
            "{info}, {careless:?}"
        );
        let work = work(&open(info, options), &case);
        assert!(work.repaired_points >= 140, "{work:?}");
    });
}

/// Many ties and near ties, but small integers: nothing is rounded while centroids are points.
#[test]
fn small_integers_need_no_repair_at_first() {
    with_units(&|info, options| {
        let mut numbers = Numbers::new(301);
        let data = dataset(40, (0..500 * 40).map(|_| numbers.whole(0, 3)).collect());
        let work = work(&open(info, options), &Case::new(&data, KMeans::new(70).restarts(2).max_iter(2)));
        assert_eq!(work.repaired_points, work.later_repaired_points, "{work:?}");
    });
}

/// Of two candidates and of many; each is counted once, in the pass that it belongs to.
#[test]
fn what_they_leave_open_is_repaired_and_counted() {
    with_units(&|info, options| {
        let gpu = open(info, options);
        // 120 points on a bisector, or a unit beside it; as many mirrored, a row of zeros, two at the edges
        let pair = work(&gpu, &bisector(64, 302).case(1));
        assert_eq!((pair.assigned_points, pair.later_assigned_points), (486, 243));
        assert!(pair.repaired_points - pair.later_repaired_points >= 120, "{pair:?}");
        // every centroid three times: all points are open among three at least
        let data = normal(260, 40, 303);
        let case = Case::new(&data, KMeans::new(1).restarts(1));
        let starts = case.table.lattice.centroid_values(&rows_of(&case, 30).repeat(3));
        let starts = ndarray::Array2::from_shape_vec((90, 40), starts).expect("whole rows");
        let kmeans = KMeans::new(90).restarts(1).init(Init::Centroids(starts)).max_iter(1);
        let many = work(&gpu, &Case::new(&data, kmeans));
        assert_eq!(many.repaired_points - many.later_repaired_points, 260, "{many:?}");
    });
}

/// The first rows of a table, in lattice coordinates.
fn rows_of(case: &Case, n: usize) -> Vec<i32> {
    case.table.points[..n * case.table.n_dims()].to_vec()
}

/// Nearly all of what has no ties is proven, also where the points lie far from the middle of their range: seen from
/// there more than a quarter of the second table was left open.
#[test]
fn they_prove_nearly_all_of_ordinary_tables() {
    let skewed =
        values(&normal(600, 64, 305)).into_iter().map(|x| if x > 2.0 { x } else { 0.1 * x }).collect();
    for data in [normal(600, 64, 304), dataset(64, skewed)] {
        let case = Case::new(&data, KMeans::new(80).restarts(2).max_iter(3));
        with_units(&|info, options| {
            let work = work(&open(info, options), &case);
            assert!(work.later_repaired_points * 10 < work.later_assigned_points, "{work:?}");
            assert!(work.later_repaired_points > 0, "{work:?}");
        });
    }
}

/// Chunks of a streamed table lie in the same buffers one after the other, and so do their points in f16.
#[test]
fn streamed_chunks_are_rounded_when_they_come() {
    let restarts = if quick() { 1 } else { 2 };
    let case = Case::new(&normal(3000, 40, 306), KMeans::new(70).restarts(restarts).max_iter(4));
    with_units(&|info, options| {
        let memory = Some(least_memory_with(info, options, &case));
        let gpu = open(info, &OpenOptions { gpu_memory: memory, ..options.clone() });
        work(&gpu, &case);
        let bytes = (case.table.n_points() * (40 * 4 + 8)) as u64;
        assert!(gpu.counters().point_bytes_up > 3 * bytes, "not streamed: {:?}", gpu.counters());
        assert!(
            gpu.kernels().iter().any(|kernel| kernel.starts_with("assign_matrix")),
            "{:?}",
            gpu.kernels()
        );
    });
}

/// A device that is lost once units are tried is opened again without them: it does the work, and the marker is left, so that
/// the next start leaves them alone.
#[test]
fn a_gpu_that_they_take_down_goes_on_without_them() {
    let data = normal(300, 40, 307);
    let case = Case::new(&data, KMeans::new(70).restarts(2).max_iter(3));
    with_units(&|info, options| {
        let first = adapters(&[], true).into_iter().find(|other| other.name == info.name);
        if first.is_none_or(|first| first.backend != info.backend) {
            return; // of adapters that share a name, only the first can be asked for
        }
        let cache = tempfile::tempdir().expect("a folder");
        let lost = Testing { lost_units: true, ..Testing::default() };
        for (testing, said) in
            [(lost, "without matrix units"), (Testing::default(), "an earlier start ended")]
        {
            let options = OpenOptions { cache: Some(cache.path().to_owned()), ..with(testing, options) };
            let device = Device::Named(info.name.clone());
            let opened = cairn::engine::open(&device, &options).expect("it opens");
            let job = case.job();
            let mut session = opened.engine.load(&job).expect("a GPU takes the job");
            let got = session.run(0..2, Keep::All, &Watch::default()).expect("a GPU does the job");
            assert_eq!(got.outcomes, case.oracle().outcomes);
            assert_eq!(session.info().used, "gpu");
            let note = session.info().fallback.expect("it is said");
            assert!(note.contains(said), "{note}");
        }
    });
}

fn markers(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "trying")).collect()
}

/// The marker is there from before their first use until they have done a job, or the engine is dropped.
#[test]
fn a_marker_says_that_they_are_tried() {
    let case = Case::new(&normal(300, 40, 308), KMeans::new(70).restarts(2).max_iter(3));
    with_units(&|info, options| {
        let cache = tempfile::tempdir().expect("a folder");
        let options = OpenOptions { cache: Some(cache.path().join("new")), ..options.clone() };
        let tried = |gpu: &Gpu| gpu.matrix_units().expect("the device is well");
        let gpu = open(info, &options);
        assert!(matches!(tried(&gpu), MatrixUnits::Usable(_)));
        let [marker] = &markers(&cache.path().join("new"))[..] else { panic!("no marker") };
        // another start at the same time is not kept from them
        assert!(matches!(tried(&open(info, &options)), MatrixUnits::Usable(_)));
        assert!(marker.exists());
        work(&gpu, &case);
        assert!(!marker.exists(), "they have done a job");
        drop(gpu);
        let gpu = open(info, &options);
        tried(&gpu);
        assert!(marker.exists());
        drop(gpu);
        assert!(!marker.exists(), "the engine is gone");
        // as a crash leaves it
        std::fs::write(marker, "").expect("ours");
        let MatrixUnits::Refused(why) = tried(&open(info, &options)) else { panic!("they were tried again") };
        assert!(why.contains("delete") && why.contains(&*marker.display().to_string()), "{why}");
        std::fs::remove_file(marker).expect("as told");
        assert!(matches!(tried(&open(info, &options)), MatrixUnits::Usable(_)));
        // a file that is no marker keeps nothing from them
        std::fs::create_dir(marker).expect("ours");
        assert!(matches!(tried(&open(info, &options)), MatrixUnits::Usable(_)));
    });
}

#[test]
fn adapters_need_not_be_asked_for_them() {
    assert!(adapters(&[], false).iter().all(|adapter| adapter.matrix_units().is_none()));
}
