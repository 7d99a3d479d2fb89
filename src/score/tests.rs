//! Golden values of scikit-learn 1.9.1 (float64, `adjusted_rand_score`,
//! `normalized_mutual_info_score`; accuracy counted with numpy), and what they can't show.

use proptest::prelude::*;

use super::*;

/// Name, truth, labels; then accuracy, ARI, NMI.
type Golden = (&'static str, &'static [u32], &'static [u32], [f64; 3]);

#[rustfmt::skip]
const GOLDEN: &[Golden] = &[
    ("textbook", &[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 2, 2],
        [0.8333333333333334, 0.24242424242424243, 0.5158037429793889]),
    ("split", &[0, 0, 1, 1], &[0, 0, 1, 2], [1.0, 0.5714285714285714, 0.7999999999999999]),
    ("merged", &[0, 0, 1, 2], &[0, 0, 1, 1], [0.75, 0.5714285714285714, 0.7999999999999999]),
    ("discordant", &[0, 0, 1, 1], &[0, 1, 0, 1], [0.5, -0.5, 0.0]),
    ("renamed", &[0, 0, 1, 1, 2, 2], &[2, 2, 0, 0, 1, 1], [1.0, 1.0, 1.0]),
    ("one value each", &[0, 0, 0], &[0, 0, 0], [1.0, 1.0, 1.0]),
    ("one cluster", &[0, 1, 0, 1, 2], &[0, 0, 0, 0, 0], [0.4, 0.0, 0.0]),
    ("one truth", &[0, 0, 0, 0], &[0, 1, 2, 2], [1.0, 0.0, 0.0]),
    ("all apart, both", &[0, 1, 2, 3], &[3, 2, 1, 0], [1.0, 1.0, 1.0]),
    ("all apart, one truth", &[0, 0, 0, 0], &[0, 1, 2, 3], [1.0, 0.0, 0.0]),
    ("all apart, two truths", &[0, 0, 1, 1], &[0, 1, 2, 3], [1.0, 0.0, 0.6666666666666666]),
    ("values without points", &[1, 1, 5, 5, 5, 1], &[7, 7, 7, 3, 3, 3],
        [0.6666666666666666, -0.1111111111111111, 0.08170416594551037]),
    ("one point", &[0], &[0], [1.0, 1.0, 1.0]),
    ("three by three",
        &[0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
        &[0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0],
        [0.7096774193548387, 0.346861831891772, 0.4533980582087191]),
];

/// 20,000 points: truth of 17 values; labels of 23 that agree two times in three, then labels that don't.
const GENERATED: [f64; 3] = [0.68285, 0.46890012758650274, 0.4822810873995819];
const UNRELATED: [f64; 3] = [0.0742, 6.842831558396854e-07, 0.0029766693217112795];

fn check(name: &str, truth: &[u32], labels: &[u32], golden: [f64; 3]) {
    let score = score(truth, 17, labels, 23).expect("valid labelings");
    let ours = [score.accuracy, score.ari, score.nmi];
    for (measure, ours, golden) in
        [("accuracy", ours[0], golden[0]), ("ari", ours[1], golden[1]), ("nmi", ours[2], golden[2])]
    {
        assert!((ours - golden).abs() <= 1e-12, "{name}: {measure} {ours}, golden {golden}");
    }
}

/// Knuth's MMIX generator, its upper 31 bits.
fn generator() -> impl FnMut() -> u32 {
    let mut state = 1u64;
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as u32
    }
}

#[test]
fn equals_scikit_learn() {
    for &(name, truth, labels, golden) in GOLDEN {
        check(name, truth, labels, golden);
    }
}

#[test]
fn equals_scikit_learn_on_many_points() {
    let mut next = generator();
    let (truth, labels): (Vec<u32>, Vec<u32>) = (0..20_000)
        .map(|_| {
            let (a, b, keep) = (next() % 17, next() % 23, next() % 3);
            (a, if keep > 0 { a } else { b })
        })
        .unzip();
    check("generated", &truth, &labels, GENERATED);
    let labels: Vec<u32> = (0..20_000).map(|_| next() % 23).collect();
    check("unrelated", &truth, &labels, UNRELATED);
}

#[test]
fn no_points_agree() {
    let score = score(&[], 0, &[], 2).expect("empty labelings are equal");
    assert_eq!([score.accuracy, score.ari, score.nmi], [1.0; 3]);
    assert_eq!(score.cluster_names, [None, None]);
}

#[test]
fn majority_takes_the_lowest_of_a_tie() {
    let table = Contingency::new(&[2, 1, 0, 2, 1, 2], 3, &[0, 0, 3, 3, 3, 3], 4).expect("valid");
    assert_eq!(majority_names(&table), [Some(1), None, None, Some(2)], "cluster 0 ties 1 and 2");
    assert_eq!(purity(&table), 0.5);
    assert_eq!(cluster_purities(&table), [Some(0.5), None, None, Some(0.5)]);
}

#[test]
fn table_counts_what_is_there() {
    let table = Contingency::new(&[1, 0, 1, 1], 2, &[2, 0, 2, 0], 3).expect("valid");
    let cell = |cluster, truth, count| Cell { cluster, truth, count };
    assert_eq!(table.cells(), [cell(0, 0, 1), cell(0, 1, 1), cell(2, 1, 2)]);
    assert_eq!(table.cluster_sizes(), [2, 0, 2]);
    assert_eq!(table.truth_sizes(), [1, 3]);
    assert_eq!(table.n_points(), 4);
    assert_eq!([table.count(2, 1), table.count(1, 1), table.count(9, 9)], [2, 0, 0]);
}

#[test]
fn refuses_what_it_cannot_count() {
    let refusal = |truth: &[u32], n_truth, labels: &[u32], n_clusters| {
        score(truth, n_truth, labels, n_clusters).expect_err("must be refused").to_string()
    };
    assert_eq!(
        refusal(&[0, 1], 2, &[0], 1),
        "2 truth values but 1 labels: one of each is needed for every point"
    );
    assert_eq!(refusal(&[0, 2], 2, &[0, 0], 1), "truth value 2 of point 1 is not below n_truth = 2");
    assert_eq!(refusal(&[0, 1], 2, &[3, 0], 3), "label 3 of point 0 is not below n_clusters = 3");
    assert_eq!(
        refusal(&[0], 1, &[0], usize::MAX),
        format!("{} clusters are too many to score: at most 2^32 are counted", usize::MAX)
    );
}

/// Two labelings of the same points, of up to 5 and 7 values.
fn labelings() -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
    prop::collection::vec((0u32..5, 0u32..7), 0..60).prop_map(|pairs| pairs.into_iter().unzip())
}

proptest! {
    #[test]
    fn measures_stay_in_range((truth, labels) in labelings()) {
        let score = score(&truth, 5, &labels, 7).expect("valid");
        prop_assert!((0.0..=1.0).contains(&score.accuracy));
        prop_assert!((-0.5..=1.0).contains(&score.ari));
        prop_assert!((0.0..=1.0).contains(&score.nmi));
    }

    /// ARI is integers to the last step: symmetric, and blind to names, to the bit.
    #[test]
    fn agreement_has_no_sides_and_no_names((truth, labels) in labelings()) {
        let ours = score(&truth, 5, &labels, 7).expect("valid");
        let turned = score(&labels, 7, &truth, 5).expect("valid");
        prop_assert_eq!(ours.ari, turned.ari);
        prop_assert!((ours.nmi - turned.nmi).abs() < 1e-12);

        let renamed: Vec<u32> = labels.iter().map(|label| 6 - label).collect();
        let renamed = score(&truth, 5, &renamed, 7).expect("valid");
        prop_assert_eq!(ours.ari, renamed.ari);
        prop_assert_eq!(ours.accuracy, renamed.accuracy);
        prop_assert!((ours.nmi - renamed.nmi).abs() < 1e-12);
    }

    /// The definition of the pair counts, pair by pair.
    #[test]
    fn ari_equals_counting_pairs((truth, labels) in labelings()) {
        let mut pairs = [[0i64; 2]; 2];
        for i in 0..truth.len() {
            for j in 0..i {
                pairs[usize::from(truth[i] == truth[j])][usize::from(labels[i] == labels[j])] += 1;
            }
        }
        let [[neither, cluster], [truth_only, both]] = pairs;
        let ours = score(&truth, 5, &labels, 7).expect("valid").ari;
        if cluster == 0 && truth_only == 0 {
            prop_assert_eq!(ours, 1.0);
        } else {
            let above = 2 * (both * neither - cluster * truth_only);
            let below = (both + truth_only) * (truth_only + neither)
                + (both + cluster) * (cluster + neither);
            prop_assert_eq!(ours, above as f64 / below as f64);
        }
    }
}

/// The largest table that is counted, 2^32 points, doesn't overflow; the value is Python's, of fractions.
#[test]
fn ari_of_the_most_points_is_exact() {
    let cells =
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(cluster, truth)| Cell { cluster, truth, count: 1 << 30 });
    let table = Contingency::from_cells(cells.to_vec(), 2, 2);
    assert_eq!(table.n_points(), 1 << 32);
    assert_eq!(adjusted_rand_index(&table), -2.3283064376228985e-10);
    assert_eq!(normalized_mutual_information(&table), 0.0);
}
