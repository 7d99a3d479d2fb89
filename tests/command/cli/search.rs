//! `--search`, `--refine`, `--time` and `--patience`.

use super::Folder;

/// A run that time ended is the run of so many restarts, and says so.
#[test]
fn a_run_that_time_ended_is_that_of_its_restarts() {
    let folder = Folder::new();
    for search in ["", "--refine", "--search evolve --population 5 --refine"] {
        let timed = folder.json(&format!("-k 12 --time 300ms {search}"));
        let count = timed["restarts"]["count"].as_u64().unwrap();
        assert_eq!(
            (timed["search"]["ended"].as_str(), timed["search"]["time_s"].as_f64()),
            (Some("time"), Some(0.3))
        );
        assert_eq!(timed["params"]["n_restarts"].as_u64(), Some(count));
        let again = folder.json(&format!("-k 12 -r {count} {search}"));
        assert_eq!(timed["fingerprint"], again["fingerprint"], "{search}, {count} restarts");
        assert_eq!(again["search"]["ended"], "restarts");
    }
}

/// Without time there is one restart; where all are done in time, time is nothing.
#[test]
fn no_time_is_one_restart() {
    let folder = Folder::new();
    let none = folder.json("-k 3 --time 0");
    assert_eq!(none["restarts"]["count"], 1);
    assert_eq!(none["fingerprint"], folder.json("-k 3 -r 1")["fingerprint"]);
    let in_time = folder.json("-k 3 -r 2 --time 5min");
    assert_eq!(
        (in_time["search"]["ended"].as_str(), in_time["restarts"]["count"].as_u64()),
        (Some("restarts"), Some(2))
    );
}

/// Patience ends a search after whole generations.
#[test]
fn patience_ends_a_search() {
    let folder = Folder::new();
    let search = "-k 4 --search evolve --population 3";
    let patient = folder.json(&format!("{search} -r 100000 --patience 4"));
    let count = patient["restarts"]["count"].as_u64().unwrap();
    assert!(count.is_multiple_of(3) && (15..90_000).contains(&count), "{count}");
    assert_eq!(patient["search"]["ended"], "patience");
    // the last four generations brought nothing, the one before them the best
    assert_eq!(patient["best"]["restart"].as_u64().unwrap() / 3, count / 3 - 5);
    assert_eq!(patient["search"]["generations"].as_u64(), Some(count / 3 - 1));
    assert_eq!(patient["fingerprint"], folder.json(&format!("{search} -r {count}"))["fingerprint"]);
}

#[test]
fn a_report_shows_how_inertia_fell() {
    let folder = Folder::new();
    let page = |search: &str| {
        folder.fit(&format!("--report page.html {search}")).done();
        folder.read("page.html")
    };
    let evolved = page("-k 20 -r 40 --search evolve --population 8");
    let words = "it starts 8 times from rows chosen by k-means++, then 32 times from centroids found before, and keeps";
    assert!(evolved.contains(words));
    assert!(
        evolved.contains("Inertia against time")
            && evolved.contains("Dashed: the best of the first 8 restarts")
    );
    let plain = page("-k 20 -r 400");
    assert!(plain.contains("it starts 400 times from rows chosen by k-means++ and keeps"));
    assert!(plain.contains("Inertia against time") && !plain.contains("Dashed: the best of the first"));
    assert!(!page("-k 20 -r 1").contains("Inertia against time"));
}

#[test]
fn the_summary_says_how_restarts_were_chosen() {
    let folder = Folder::new();
    let text = folder.fit("-k 5 -r 9").out;
    assert!(!text.contains("\nsearch "), "{text}");
    let text = folder.fit("-k 5 -r 9 --refine").out;
    assert!(text.contains("\nsearch      independent restarts; each restart refined\n"), "{text}");
    let text = folder.fit("-k 5 -r 13 --search evolve --population 4 --refine").out;
    assert!(text.contains("\nsearch      evolve, 2 generations after a population of 4, "), "{text}");
    let page = folder.fit("-k 5 -r 5 --refine --report r.html");
    page.done();
    assert!(folder.read("r.html").contains("independent restarts; each restart refined"));
    let text = folder.fit("-k 5 --time 1ms").out;
    assert!(text.contains("independent restarts; ended by --time, --restarts "), "{text}");
}

#[test]
fn what_can_not_be_is_refused() {
    let folder = Folder::new();
    for (args, said) in [
        ("fit --patience 3", "patience counts generations"),
        ("fit --search evolve --patience 0", "whole number, 1 or more"),
        ("fit --search evolve --population 0", "whole number, 1 or more"),
        ("fit --time soon", "such as 500ms, 10s or 5min"),
        ("fit --time=-1s", "such as 500ms, 10s or 5min"),
        ("fit --search best", "restarts, evolve"),
        ("compare --time 1s", "--time: devices are compared by the same restarts"),
    ] {
        let ran = folder.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args}");
        assert!(ran.err.contains(said), "{args}: {}", ran.err);
    }
}

/// The best of a sweep's fits is no worse for a search, and its JSON is of the same seeds.
#[test]
fn a_sweep_searches() {
    let folder = Folder::new();
    let sweep = |flags: &str| {
        let args = format!("sweep digits -k 8,12 --seeds 1,2 -r 8 --no-measures --json {flags}");
        serde_json::from_str::<serde_json::Value>(&folder.run(&args).out).unwrap()
    };
    let (plain, refined) = (sweep(""), sweep("--refine"));
    for (plain, refined) in plain["runs"].as_array().unwrap().iter().zip(refined["runs"].as_array().unwrap())
    {
        assert!(refined["inertia"].as_f64() <= plain["inertia"].as_f64());
    }
    assert_ne!(plain["runs"], refined["runs"]);
    assert_eq!((&plain["refine"], &refined["refine"]), (&false.into(), &true.into()));
    let text = folder.run("sweep digits -k 2 -r 8 --no-measures --search evolve --population 3 --refine").out;
    assert!(text.contains("8 restarts each, evolved in a population of 3, each refined"), "{text}");
}

/// Devices are compared by the same search.
#[test]
fn a_comparison_searches() {
    let folder = Folder::new();
    let search = "--search evolve --population 3 --refine";
    let ran = folder
        .run(&format!("compare --devices cpu,reference -k 4 -r 6 {search} --runs 2 --export-json c.json"));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let fit = folder.json(&format!("-k 4 -r 6 {search}"));
    let document = folder.read("c.json");
    assert!(document.contains(fit["fingerprint"].as_str().unwrap()));
    assert!(
        document.contains("\"search\": \"evolve\"") && document.contains("\"refine\": true"),
        "{document}"
    );
    let said = "6 restarts from k-means++, evolved in a population of 3, each refined, seed 42";
    assert!(ran.out.contains(said), "{}", ran.out);
}

/// Nothing says how many restarts time allows.
#[test]
fn progress_within_a_time_has_no_total() {
    let ran = Folder::new().fit("-k 3 --time 200ms --progress json");
    let restarts = |line: &&str| line.contains("\"progress\":\"restarts\"");
    assert!(ran.err.lines().any(|line| restarts(&line)), "{}", ran.err);
    let lines = ran.err.lines().filter(restarts);
    lines
        .for_each(|line| assert!(line.contains("\"of\":null") && line.contains("\"left_s\":null"), "{line}"));
}
