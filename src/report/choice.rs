//! The choice of clusters that a page shows if there are more than it has room for.

use std::collections::BTreeMap;

/// At most `most` clusters, in `order`. If that is not all, each name has its turn: first its largest cluster, then
/// the one with the most misread rows, and so on in turns.
pub(super) fn choose<'a>(
    order: &[usize],
    most: usize,
    name: impl Fn(usize) -> &'a str,
    size: impl Fn(usize) -> f64,
    misread: impl Fn(usize) -> f64,
) -> Vec<usize> {
    if order.len() <= most {
        return order.to_vec();
    }
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    order.iter().for_each(|&c| groups.entry(name(c)).or_default().push(c));
    let mut groups: Vec<Vec<usize>> =
        groups.into_values().map(|group| in_turns(group, most, &size, &misread)).collect();
    let total = |group: &[usize]| group.iter().map(|&c| size(c)).sum::<f64>();
    groups.sort_by(|a, b| total(b).total_cmp(&total(a)).then(a[0].cmp(&b[0])));
    let turns = groups.iter().map(Vec::len).max().unwrap_or(0);
    let chosen = (0..turns).flat_map(|turn| groups.iter().filter_map(move |group| group.get(turn).copied()));
    let mut kept = vec![false; order.iter().max().map_or(0, |&c| c + 1)];
    chosen.take(most).for_each(|c| kept[c] = true);
    order.iter().copied().filter(|&c| kept[c]).collect()
}

/// At most about `most` clusters of a name: by turns the largest left and, if any row is misread, the one with the most misread rows.
fn in_turns(
    mut group: Vec<usize>,
    most: usize,
    size: &impl Fn(usize) -> f64,
    misread: &impl Fn(usize) -> f64,
) -> Vec<usize> {
    group.sort_by(|&a, &b| size(b).total_cmp(&size(a)).then(a.cmp(&b)));
    let mut wrong: Vec<usize> = group.iter().copied().filter(|&c| misread(c) > 0.0).collect();
    wrong.sort_by(|&a, &b| misread(b).total_cmp(&misread(a)).then(a.cmp(&b)));
    let mut taken: Vec<usize> = Vec::with_capacity(group.len());
    let (mut by_size, mut by_error) = (group.iter(), wrong.iter());
    while taken.len() < group.len().min(most) {
        for next in [by_size.find(|c| !taken.contains(c)), by_error.find(|c| !taken.contains(c))] {
            // the first may have taken what the second found
            taken.extend(next.filter(|c| !taken.contains(c)));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_largest_and_its_worst() {
        let names = ["0", "0", "0", "0", "1", "1", "1"];
        let sizes = [5.0, 9.0, 7.0, 6.0, 3.0, 2.0, 1.0];
        let misread = [3.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        let order = [0, 1, 2, 3, 4, 5, 6];
        let chosen = |most| choose(&order, most, |c| names[c], |c| sizes[c], |c| misread[c]);
        assert_eq!(chosen(2), [1, 4]);
        assert_eq!(chosen(4), [0, 1, 4, 6]);
        assert_eq!(chosen(5), [0, 1, 2, 4, 6]);
        assert_eq!(chosen(7), order);
    }

    #[test]
    fn one_name_for_all_and_a_name_for_each() {
        let order = [2, 0, 1, 3];
        let sizes = [1.0, 4.0, 2.0, 3.0];
        assert_eq!(choose(&order, 2, |_| "", |c| sizes[c], |_| 0.0), [1, 3]);
        assert_eq!(choose(&order, 2, |c| ["a", "b", "c", "d"][c], |c| sizes[c], |_| 0.0), [1, 3]);
    }
}
