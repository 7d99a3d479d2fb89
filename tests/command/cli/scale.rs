//! Scaled rows: said in every output, kept in the model, applied to new rows.

use serde_json::Value;

use super::{Folder, Ran};

/// Two groups by the small column, beside one of large numbers.
fn table() -> String {
    let row =
        |i: usize| format!("{},0.{},{}\n", i * 7919 % 1009 * 100, i % 2 * 8 + i * 3 % 2, ["a", "b"][i % 2]);
    "income,share,kind\n".to_owned() + &(0..40).map(row).collect::<String>()
}

fn folder() -> Folder {
    let folder = Folder::with([("t.csv", table().as_bytes())]);
    let args = "fit t.csv --device cpu -k 2 --truth kind --scale standard";
    folder.run(&format!("{args} -q --model m.safetensors --centroids c.csv --labels l.csv")).done();
    folder
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_scale_is_said_in_every_output() {
    let folder = folder();
    let args = "t.csv -k 2 --truth kind --scale standard --device cpu";
    let ran = folder.run(&format!("fit {args} --report r.html"));
    let said = "standard: each column less its mean, divided by its standard deviation";
    assert!(ran.out.contains(&format!("\nscale       {said}; inertia and distances")), "{}", ran.out);
    assert!(folder.read("r.html").contains(said));
    assert_eq!(json(&folder.run(&format!("fit {args} --json")))["data"]["scale"], "standard");
    let ran = folder.run(&format!("sweep {args} --seeds 1 --json"));
    assert_eq!(json(&ran)["prepared"]["scale"], "standard");
    assert!(folder.run(&format!("sweep {args} --seeds 1")).out.contains(&format!("scale       {said}")));
    let compare = args.replace("--device cpu", "--devices cpu");
    folder.run(&format!("compare {compare} --runs 1 --warmup 0 -q --export-json c.json")).done();
    let compared: Value = serde_json::from_str(&folder.read("c.json")).unwrap();
    assert_eq!(compared["data"]["scale"], "standard");
    assert_eq!(json(&folder.run("name m.safetensors --json"))["scale"], "standard");
    assert!(folder.run("report m.safetensors -o m.html").code == 0 && folder.read("m.html").contains(said));
    // a model has its own
    let refused = folder.run("report m.safetensors t.csv --scale unit -o r.html");
    refused.refused(2, &["--scale", "the model scales its rows as it was fitted"]);
    // without one nothing is said
    assert!(json(&folder.run("fit t.csv -k 2 --truth kind --device cpu --json"))["data"]["scale"].is_null());
}

#[test]
fn a_model_scales_the_rows_that_it_is_given() {
    let folder = folder();
    let labels: Vec<String> = folder.read("l.csv").lines().skip(1).map(str::to_owned).collect();
    let ran = folder.run("predict m.safetensors t.csv");
    let found: Vec<&str> = ran.out.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(found, labels);
    let distances = folder.run("transform m.safetensors t.csv").out;
    let least = |line: &str| line.split(',').map(|x| x.parse::<f64>().unwrap()).fold(f64::INFINITY, f64::min);
    for (row, line) in ran.out.lines().zip(distances.lines()).skip(1) {
        assert_eq!(row.split(',').nth(2).unwrap().parse::<f64>().unwrap(), least(line));
    }
    let fitted =
        json(&folder.run("fit t.csv --device cpu -k 2 --truth kind --scale standard --json --measures"));
    let scored = json(&folder.run("score m.safetensors t.csv --truth kind --json --measures"));
    assert_eq!((&scored["scale"], &scored["purity"]), (&"standard".into(), &1.0.into()));
    assert_eq!(scored["measures"], fitted["measures"]);
    assert!(folder.run("score m.safetensors t.csv --truth kind").out.contains(", scale standard\n"));
    // a report of the fit and one of the model show the same rows
    folder.run("fit t.csv --device cpu -k 2 --truth kind --scale standard -q --report a.html").done();
    assert_eq!(folder.run("report m.safetensors t.csv --truth kind -q -o b.html --device cpu").code, 0);
    let clusters = |page: &str| {
        let page = folder.read(page);
        let from = page.find("id=\"clusters\"").unwrap();
        page[from..].split("</section>").next().unwrap().to_owned()
    };
    assert_eq!(clusters("a.html"), clusters("b.html"));
    // a new name keeps the scaling
    folder.run("name m.safetensors 0=first").done();
    assert_eq!(folder.run("transform m.safetensors t.csv").out, distances);
    folder.run("draw m.safetensors -o d.html").refused(1, &["the model's rows are scaled (standard)"]);
}

#[test]
fn centroids_are_in_the_units_of_the_data_and_can_be_starts() {
    let folder = folder();
    let centroids = folder.read("c.csv");
    let incomes: Vec<f64> =
        centroids.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert!(incomes.iter().all(|income| (10_000.0..90_000.0).contains(income)), "{centroids}");
    let again =
        "fit t.csv --device cpu --truth kind --scale standard -q --init c.csv --labels again.csv --json";
    assert_eq!(json(&folder.run(again))["best"]["iterations"], 1);
    assert_eq!(folder.read("again.csv"), folder.read("l.csv"));
    // rows of length 1 have centroids of their own
    folder.run("fit t.csv --device cpu -k 2 --truth kind --scale unit -q --centroids u.csv").done();
    let row = folder.read("u.csv");
    assert!(row.lines().nth(1).unwrap().split(',').all(|x| x.parse::<f64>().unwrap() <= 1.0), "{row}");
    let ran = folder.run("fit t.csv --device cpu -k 2 --truth kind --scale unit");
    assert!(ran.out.contains("centroids, inertia and distances are those of scaled rows"), "{}", ran.out);
}

#[test]
fn held_out_rows_are_scaled_as_the_fitted_ones() {
    let folder = folder();
    let lines: Vec<String> = table().lines().map(str::to_owned).collect();
    // another order of columns, and half of the rows, whose own means differ
    let swapped = |line: &String| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{},{},{}\n", cells[1], cells[0], cells[2])
    };
    let rows: String = lines[..1].iter().chain(lines[1..].iter().step_by(2)).map(swapped).collect();
    std::fs::write(folder.path("test.csv"), rows).unwrap();
    let args = "sweep t.csv --truth kind --test test.csv --scale minmax -k 2 --seeds 1 --device cpu --json";
    let swept = json(&folder.run(args));
    assert_eq!(swept["runs"][0]["held_out_accuracy"], 1.0);
    assert_eq!(
        json(&folder.run(&args.replace("minmax", "none")))["runs"][0]["accuracy"].as_f64().map(|x| x < 0.9),
        Some(true)
    );
}
