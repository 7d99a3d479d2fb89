//! The subcommand that was meant by a misspelt one.

/// The name that begins with `typed`, or else the one that is fewest typing errors away: letters that are left out, put in,
/// changed or swapped with their neighbour. `None` if all are far.
pub(super) fn meant<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let begins = |name: &str| typed.len() > 1 && name.starts_with(&typed);
    let (is_other, errors, name) = names.map(|name| (!begins(name), distance(&typed, name), name)).min()?;
    // a third of the letters may be wrong
    (!is_other || errors <= name.len().div_ceil(3).min(2)).then_some(name)
}

/// The optimal string alignment distance (Damerau 1964, each letter touched once).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                d[i][j] = i + j;
                continue;
            }
            let changed = d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            d[i][j] = changed.min(d[i - 1][j] + 1).min(d[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                d[i][j] = d[i][j].min(d[i - 2][j - 2] + 1);
            }
        }
    }
    d[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The subcommand that was meant, of all that there are.
    fn found(typed: &str) -> Option<String> {
        let command = super::super::command_without_groups();
        meant(typed, command.get_subcommands().map(clap::Command::get_name)).map(str::to_owned)
    }

    #[test]
    fn misspelt_names_find_theirs() {
        for (typed, name) in [
            ("fti", "fit"),
            ("fitt", "fit"),
            ("FIT", "fit"),
            ("comapre", "compare"),
            ("pred", "predict"),
            ("predcit", "predict"),
            ("swep", "sweep"),
            ("device", "devices"),
            ("reprot", "report"),
            ("dra", "draw"),
        ] {
            assert_eq!(found(typed).as_deref(), Some(name), "{typed}");
        }
        for typed in ["x", "cluster", "data.csv", "kmeans", ""] {
            assert_eq!(found(typed), None, "{typed}");
        }
    }

    #[test]
    fn distances_count_typing_errors() {
        assert_eq!((distance("fit", "fit"), distance("fti", "fit"), distance("ft", "fit")), (0, 1, 1));
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }
}
