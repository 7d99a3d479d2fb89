//! The summary as text: exact, with and without colour, quiet.

use super::{Folder, Ran, is_note_on_table};

const ESCAPE: char = '\u{1b}';

/// The summary without what differs from machine to machine and from run to run.
fn redacted(text: &str) -> String {
    let line = |line: &str| {
        let label = line.split_whitespace().next().unwrap_or_default().to_owned();
        match label.as_str() {
            "time" | "speed" | "device" => format!("{label:<11} [redacted]\n"),
            _ => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

#[test]
fn summary_of_the_digits() {
    let ran = Folder::new().fit("-k 4 -r 5");
    ran.done();
    insta::assert_snapshot!(redacted(&ran.out), @r"
    data        digits, 1797 rows x 64 columns; uniform lattice, step 2^-27, nothing rounded
    asked for   4 clusters, 5 restarts from k-means++, seed 42
    device      [redacted]
    time        [redacted]
    speed       [redacted]
    inertia     1609862.339 in restart 4, found by 1 of 5
    spread      min 1609862.339, median 1614069.159, max 1633679.641
    iterations  21, then no centroid moved any more (fixed_point)
    clusters    number: rows, and the digit that most of them are
          ++@@##--..        ++%%%%==..        ::####::          ..**%%++::
        ::%%%%##==..      ::%%****##..        **@@**==          ==%%****--
        ::**++##--        ::**--++**..      ..%%++..==..      ..++++==**::
        ..==##%%::        ..++##%%**..      ::%%--..==::      ::**++####--
          ==%%##..          ::--**%%::      --%%====**--      ::####@@##::
          ==####::          ....::##==      ::@@==--##==      ::==**%%++..
        ..**%%##==::      ..++====%%==        ####++%%==        ..**##::
          ++@@##==::..      ++@@@@**..        ::##@@**..        ::**++::
      0: 483            1: 476            2: 395            3: 443
      digit 2           digit 3           digit 6           digit 7
    truth       digit: accuracy 36.45%, one-to-one 36.45%, ARI 0.2939, AMI 0.4567, V 0.4589
    fingerprint d1188e2c89d56e2ca6d8dccaf81915b70470c130fb9142e11dd7e20dd7773f31
    ");
}

#[test]
fn summary_of_a_table_without_pictures() {
    let table = "\
kind,age,income,copies
young,20,1000.5,1
young,21,1100.25,2
old,70,90000.125,1
old,75,95000,1
old,75,95000,0.5
";
    let ran = Folder::with([("people.csv", table.as_bytes())])
        .fit("people.csv -k 3 --truth kind --weights copies --max-iter 1 --init random");
    ran.done();
    insta::assert_snapshot!(redacted(&ran.out), @r"
    data        people.csv, 5 rows x 2 columns; uniform lattice, step 2^-14, nothing rounded
    asked for   3 clusters, 10 restarts from random, seed 42
    device      [redacted]
    time        [redacted]
    speed       [redacted]
    inertia     6634.041667 in restart 1, found by 9 of 10
    spread      min 6634.041667, median 6634.041667, max 14999265.01
    iterations  1, then --max-iter ended it (max_iter)
    unfinished  10 of 10 stopped at --max-iter 1; raise it to let them end, or set --tol
    clusters    number: weight, and the kind that most of them are
      0: 1.5 old  1: 3 young  2: 1 old
    truth       kind: accuracy 100.00%, one-to-one 80.00%, ARI 0.5455, AMI 0.6354, V 0.7790
    fingerprint 48811ce6b3eee9eb2cced57a5915b062a99f791544d1bd0d568f522365fa81c9
    ");
}

#[test]
fn every_part_has_its_time() {
    let ran = Folder::new().fit("-r 1");
    let times = ran.out.lines().find(|line| line.starts_with("time ")).unwrap();
    for part in ["read ", "pack ", "open ", "upload ", "seed ", "iterate ", "total "] {
        assert!(times.contains(part), "{times}");
    }
    assert!(ran.out.contains("cpu (") && ran.out.contains("asked for: cpu"), "{}", ran.out);
    assert!(ran.out.contains(" restarts a second\n"), "{}", ran.out);
}

#[test]
fn the_fingerprint_is_the_last_line() {
    let folder = Folder::new();
    let (text, json) = (folder.fit("-r 3").out, folder.json("-r 3"));
    let last = text.lines().last().unwrap();
    assert_eq!(last, format!("fingerprint {}", json["fingerprint"].as_str().unwrap()));
}

#[test]
fn colour_only_where_it_is_wanted() {
    let folder = Folder::new();
    let ran = |args: &str, variable: Option<(&str, &str)>| {
        let mut command = folder.cairn();
        Ran::of(
            command.args(["fit", "--device", "cpu", "-r", "1"]).args(args.split_whitespace()).envs(variable),
        )
    };
    let plain = ran("", None).out; // a pipe
    assert!(!plain.contains(ESCAPE) && plain.contains("##"), "{plain}");
    let colored = ran("--color always", None).out;
    assert!(colored.contains("\u{1b}[38;5;") && colored.contains('▀'), "{colored}");
    assert!(!ran("--color never", Some(("CLICOLOR_FORCE", "1"))).out.contains(ESCAPE));
    assert!(ran("", Some(("CLICOLOR_FORCE", "1"))).out.contains(ESCAPE));
    assert!(!ran("", Some(("NO_COLOR", "1"))).out.contains(ESCAPE));
    assert!(ran("--color always", Some(("NO_COLOR", "1"))).out.contains(ESCAPE)); // a flag is nearer
    assert!(ran("-k 0 --color always", None).err.starts_with(ESCAPE));
    assert!(ran("-k 0", None).err.starts_with("error"));
}

#[test]
fn quiet_prints_errors_only() {
    let folder = Folder::with([("same.csv", b"1\n1\n")]);
    let ran = folder.fit("same.csv -k 2 -q");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    assert!(folder.fit("same.csv -k 2 -q --json").out.starts_with('{'));
    folder.fit("same.csv -k 3 -q").refused(1, &["3 clusters"]);
}

#[test]
fn warnings_go_to_standard_error() {
    let mut skewed = String::from("small,large\n");
    (0..100).for_each(|i| {
        skewed +=
            &format!("{},{}\n", (i * 37 % 100) as f64 / 7.0, if i == 50 { 1e12 } else { i as f64 / 3.0 })
    });
    let weights = format!("x,w\n1,1\n{}", "2,1e-12\n".repeat(9000));
    let folder = Folder::with([
        ("same.csv", b"1\n1\n"),
        ("skewed.csv", skewed.as_bytes()),
        ("w.csv", weights.as_bytes()),
    ]);
    for (args, part) in [
        ("same.csv -k 2", "1 of 2 clusters ended empty"),
        ("skewed.csv -k 2", "column \"large\": one value, 1000000000000 in row "),
        ("w.csv -k 2 --weights w", "rounding the weights to whole numbers below 2^32"),
    ] {
        let ran = folder.fit(args);
        let (notes, warnings): (Vec<&str>, Vec<&str>) =
            ran.err.lines().partition(|line| is_note_on_table(line));
        assert!(notes.len() == 1 && warnings.len() == 1, "{}", ran.err);
        assert!(warnings[0].starts_with("warning: ") && warnings[0].contains(part), "{}", ran.err);
        assert!(ran.code == 0 && ran.out.starts_with("data "), "{}", ran.out);
    }
    assert!(folder.fit("same.csv -k 2").out.contains("(1 empty)"));
    folder.fit("same.csv -k 1").done();
}

#[test]
fn restarts_that_did_not_end_are_told() {
    let ran = Folder::new().fit("-r 4 --max-iter 2");
    assert!(ran.out.contains("unfinished  4 of 4 stopped at --max-iter 2"), "{}", ran.out);
    assert!(!Folder::new().fit("-r 4").out.contains("unfinished"));
}

#[test]
fn many_clusters_are_cut_off() {
    let ran = Folder::new().fit("-r 1 -k 50 --max-iter 3");
    assert!(ran.out.contains("  and 10 more, which --json lists\n"), "{}", ran.out);
}

#[test]
fn help_and_version() {
    let folder = Folder::new();
    assert_eq!(folder.run("--version").out, format!("cairn {}\n", env!("CARGO_PKG_VERSION")));
    let help = folder.run("fit --help");
    help.done();
    for flag in ["-k, --clusters", "[default: 42]", "--restarts-out", "--weights", "Examples:"] {
        assert!(help.out.contains(flag), "{flag}");
    }
    assert!(help.out.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn measures_and_the_confusion_matrix_come_with_a_flag() {
    let folder = Folder::with([(
        "classes.csv",
        b"x,class\n1,a\n1,b\n2,b\n90,c\n91,c\n92,\"a very, very long name\"\n",
    )]);
    assert!(!folder.fit("classes.csv -k 2 --truth class").out.contains("silhouette"));
    let ran = folder.fit("classes.csv -k 2 --truth class --measures");
    ran.done();
    let from = ran.out.find("truth ").unwrap();
    insta::assert_snapshot!(&ran.out[from..], @r"
    truth       class: accuracy 66.67%, one-to-one 66.67%, ARI 0.3750, AMI 0.4656, V 0.6853
    measures    purity 66.67%, homogeneity 0.5213, completeness 1.0000, NMI 0.6853
                silhouette 0.9888, Calinski-Harabasz 18090.2, Davies-Bouldin 0.0123916
    confusion   rows: class, columns: class that names the cluster
                               a  a very, very             b             c
                 a             .             .             1             .
      a very, very             .             .             .             1
                 b             .             .             2             .
                 c             .             .             .             2
    fingerprint e675b63843403b8d67fdfa90eee05b809e4286f30fe41fca434cbb523580a334
    ");
    let ran = folder.fit("classes.csv -k 6 --truth class --measures -q");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let ran = folder.fit("classes.csv -k 1 --truth class --measures");
    assert!(ran.out.contains("have no value: all points are in one cluster\n"), "{}", ran.out);
}

#[test]
fn many_classes_show_their_most_frequent_mistakes() {
    let rows: String = (0..60).map(|i| format!("{},class {}\n", i % 30, i / 2 + 100)).collect();
    let folder = Folder::with([("many.csv", format!("x,name\n{rows}").as_bytes())]);
    let ran = folder.fit("many.csv -k 3 --truth name --measures");
    ran.done();
    assert!(ran.out.contains("confusion   name: "), "{}", ran.out);
    assert_eq!(ran.out.matches(" in clusters of class ").count(), 10, "{}", ran.out);
}
