//! Dependency cycles of files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;

use super::modules::Dependency;

/// Strongly connected components of more than one file.
pub(crate) fn cycles(dependencies: &BTreeSet<Dependency>) -> Vec<BTreeSet<&str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for dependency in dependencies {
        next.entry(&dependency.from).or_default().insert(&dependency.to);
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
pub(crate) fn describe(group: &BTreeSet<&str>, dependencies: &BTreeSet<Dependency>) -> String {
    let mut text = String::from("a cycle of files:\n");
    let is_within = |d: &&Dependency| group.contains(d.from.as_str()) && group.contains(d.to.as_str());
    for Dependency { from, to, path } in dependencies.iter().filter(is_within) {
        writeln!(text, "  {from} uses {path} of {to}").expect("a string can be written to");
    }
    text
}

#[test]
fn only_files_that_lead_back_to_themselves_are_on_a_cycle() {
    let dependency =
        |(from, to): (&str, &str)| Dependency { from: from.into(), to: to.into(), path: "x".into() };
    let dependencies = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "a"), ("f", "g"), ("g", "f")];
    let dependencies = dependencies.map(dependency).into();
    assert_eq!(cycles(&dependencies), [BTreeSet::from(["a", "b", "c"]), BTreeSet::from(["f", "g"])]);
    assert_eq!(
        describe(&BTreeSet::from(["f", "g"]), &dependencies),
        "a cycle of files:\n  f uses x of g\n  g uses x of f\n"
    );
}
