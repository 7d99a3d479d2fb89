//! Dependency cycles of files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;

use super::modules::Arrow;

/// Strongly connected components of more than one file.
pub(crate) fn circles(arrows: &BTreeSet<Arrow>) -> Vec<BTreeSet<&str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrow in arrows {
        next.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reached: BTreeMap<_, _> = next.keys().map(|&file| (file, reach(file, &next))).collect();
    let group = |file: &&str| -> BTreeSet<&str> {
        let back = |other: &&str| reached.get(other).is_some_and(|files| files.contains(file));
        reached[file].iter().copied().filter(back).collect()
    };
    let groups: BTreeSet<_> = reached.keys().map(group).filter(|group| !group.is_empty()).collect();
    groups.into_iter().collect()
}

/// All files that `file` depends on, directly or not.
fn reach<'a>(file: &'a str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut queue = VecDeque::from([file]);
    while let Some(file) = queue.pop_front() {
        let fresh = next.get(file).into_iter().flatten().filter(|to| found.insert(**to));
        queue.extend(fresh.copied().collect::<Vec<_>>());
    }
    found
}

/// A component and the dependencies within it, one per line.
pub(crate) fn describe(group: &BTreeSet<&str>, arrows: &BTreeSet<Arrow>) -> String {
    let mut text = String::from("a circle of files:\n");
    let is_within = |arrow: &&Arrow| group.contains(arrow.from.as_str()) && group.contains(arrow.to.as_str());
    for Arrow { from, to, path } in arrows.iter().filter(is_within) {
        writeln!(text, "  {from} uses {path} of {to}").expect("a string can be written to");
    }
    text
}

#[test]
fn only_files_that_lead_back_to_themselves_are_on_a_circle() {
    let arrow = |(from, to): (&str, &str)| Arrow { from: from.into(), to: to.into(), path: "x".into() };
    let arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "a"), ("f", "g"), ("g", "f")];
    let arrows = arrows.map(arrow).into();
    assert_eq!(circles(&arrows), [BTreeSet::from(["a", "b", "c"]), BTreeSet::from(["f", "g"])]);
    assert_eq!(
        describe(&BTreeSet::from(["f", "g"]), &arrows),
        "a circle of files:\n  f uses x of g\n  g uses x of f\n"
    );
}
