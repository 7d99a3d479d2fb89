//! The summary as JSON.

use serde_json::Value;

use super::Folder;

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn its_shape_is_fixed() {
    let ran = Folder::new().fit("-r 3 --json");
    ran.done();
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let expected = [
        (
            "data",
            "drawings input missing mixed n_dims n_points name not_numeric pictures rounding_rms rows_dropped scale step_max step_min \
                 weights_rounding",
        ),
        (
            "params",
            "algorithm batch_size batches columns first_restart ignore init init_columns max_iter max_size metric \
             min_size missing n_clusters n_restarts numeric seed threads tol truth \
                 weights",
        ),
        ("device", "adapter asked driver fallback used"),
        (
            "best",
            "converged counts empty inertia inertia_exact inertia_text iterations restart rounding_share stopped",
        ),
        ("restarts", "count found_best max max_text median median_text min min_text"),
        ("search", "accepted ended generations kind patience population refine time_s"),
        ("timings_s", "iterate open pack read read_back seed total upload"),
        ("work", "assigned_points repaired_points"),
        (
            "score",
            "accuracy accuracy_one_to_one ami ari cluster_labels cluster_purities completeness confusion \
             homogeneity nmi one_to_one_labels purity v_measure",
        ),
    ];
    for (part, names) in expected {
        let mut found = keys(&json[part]);
        found.sort_unstable();
        assert_eq!(found.join(" "), names, "{part}");
    }
    let mut top: Vec<&str> = expected
        .iter()
        .map(|part| part.0)
        .chain(["schema", "version", "measures", "resumed", "warnings", "fingerprint"])
        .collect();
    top.sort_unstable();
    let mut found = keys(&json);
    found.sort_unstable();
    assert_eq!(found, top);
    assert!(ran.out.starts_with("{\n  \"schema\": 1,\n") && ran.out.ends_with("}\n"));
}

#[test]
fn its_values_on_the_digits() {
    let json = Folder::new().json("-r 3 --seed 18446744073709551615 --threads 1");
    assert_eq!((&json["schema"], &json["version"]), (&1.into(), &env!("CARGO_PKG_VERSION").into()));
    let params = &json["params"];
    assert_eq!(params["seed"], "18446744073709551615");
    assert_eq!((&params["n_clusters"], &params["n_restarts"]), (&10.into(), &3.into()));
    assert_eq!((&params["init"], &params["threads"]), (&"k-means++".into(), &1.into()));
    assert_eq!((&json["device"]["asked"], &json["device"]["used"]), (&"cpu".into(), &"cpu".into()));
    assert_eq!(json["device"]["fallback"], Value::Null);
    let (data, best) = (&json["data"], &json["best"]);
    assert_eq!((&data["mixed"], &data["rounding_rms"]), (&false.into(), &0.0.into()));
    assert_eq!(data["step_min"].as_f64(), Some(2f64.powi(-27)));
    let counts: Vec<u64> = best["counts"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().sum::<u64>(), &best["empty"]), (10, 1797, &0.into()));
    // lattice units are steps of 2^-27, squared
    let exact: u128 = best["inertia_exact"].as_str().unwrap().parse().unwrap();
    assert_eq!(best["inertia"].as_f64().unwrap(), exact as f64 * 2f64.powi(-54));
    assert_eq!(best["converged"], true);
    let labels = json["score"]["cluster_labels"].as_array().unwrap();
    assert!(
        labels.len() == 10 && labels.iter().all(|label| label.as_str().unwrap().parse::<u8>().unwrap() < 10)
    );
    assert!((0.6..0.9).contains(&json["score"]["accuracy"].as_f64().unwrap()));
}

#[test]
fn the_spread_is_that_of_the_restarts() {
    let folder = Folder::new();
    for count in [4, 5] {
        let json = folder.json(&format!("-r {count} --restarts-out r.csv"));
        let inertia = |line: &str| line.split(',').nth(1).unwrap().parse::<f64>().unwrap();
        let mut inertias: Vec<f64> = folder.read("r.csv").lines().skip(1).map(inertia).collect();
        inertias.sort_by(f64::total_cmp);
        let number = |key: &str| json["restarts"][key].as_f64().unwrap();
        let median = (inertias[(count - 1) / 2] + inertias[count / 2]) / 2.0;
        assert_eq!(
            (number("min"), number("median"), number("max")),
            (inertias[0], median, inertias[count - 1])
        );
        assert_eq!(json["best"]["inertia"].as_f64(), Some(inertias[0]));
        assert_eq!(json["restarts"]["count"], count);
        let best = inertias.iter().filter(|&&x| x == inertias[0]).count();
        assert_eq!(json["restarts"]["found_best"], best);
    }
}

#[test]
fn the_whole_time_holds_its_parts() {
    let json = Folder::new().json("-r 3");
    let seconds = |key: &str| json["timings_s"][key].as_f64().unwrap();
    let parts: f64 =
        ["read", "pack", "open", "upload", "seed", "iterate", "read_back"].map(seconds).iter().sum();
    assert!(seconds("read") > 0.0 && parts <= seconds("total"), "{}", json["timings_s"]);
}

#[test]
fn without_truth_there_is_no_score() {
    let folder = Folder::with([("t.csv", b"1\n2\n9\n")]);
    let json = folder.json("t.csv -k 2");
    assert_eq!((&json["score"], &json["params"]["truth"]), (&Value::Null, &Value::Null));
}

#[test]
fn empty_clusters_stand_for_nothing() {
    let folder = Folder::with([("t.csv", b"x,kind\n1,a\n1,b\n1,b\n")]);
    let ran = folder.fit("t.csv -k 2 --truth kind --json");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["best"]["empty"], 1);
    assert_eq!(json["score"]["cluster_labels"], serde_json::json!(["b", null]));
}

#[test]
fn what_is_not_finite_is_null() {
    let folder = Folder::with([("t.csv", b"1e200\n-1e200\n")]);
    let ran = folder.fit("t.csv -k 1 --json");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["best"]["inertia"], Value::Null); // 2e400 is beyond f64
    let text = json["best"]["inertia_text"].as_str().unwrap();
    assert!(text.starts_with("2.00000000") && text.ends_with("e400"), "{text}");
    assert!(json["best"]["inertia_exact"].as_str().unwrap().len() > 10);
}

#[test]
fn more_measures_where_they_are_asked_for() {
    let folder = Folder::with([("apart.csv", b"1\n2\n3\n")]);
    assert!(folder.json("-r 1")["measures"].is_null());
    let json = folder.json("-r 20 --measures");
    let (measures, score) = (&json["measures"], &json["score"]);
    let near =
        |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 5e-5 * expected.max(1.0);
    assert!(near(&measures["silhouette"], 0.1825) && near(&measures["davies_bouldin"], 1.9232), "{measures}");
    assert!(near(&measures["calinski_harabasz"], 169.373), "{measures}");
    assert_eq!((&measures["silhouette_sample"], &measures["undefined"]), (&1797.into(), &Value::Null));
    assert!(near(&score["v_measure"], score["nmi"].as_f64().unwrap()), "{score}");
    let counted: u64 =
        score["confusion"].as_array().unwrap().iter().map(|e| e["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 1797);
    let undefined = &folder.json("apart.csv -k 3 --measures")["measures"];
    assert!(undefined["silhouette"].is_null());
    assert_eq!(undefined["undefined"], "every point is a cluster of its own");
}
