//! Columns chosen and left out, rows that lack values, and tables as people have them.

use serde_json::{Value, json};

use super::Folder;

/// An id, text, and two numbers, as a mall lists its customers.
fn customers() -> String {
    let row = |i: usize| {
        let gender = ["Male", "Female"][i * 5 % 2];
        format!("{},{gender},{},{},{}\n", i + 1, 18 + i * 7 % 50, 15 + i * 11 % 90, 1 + i * 37 % 99)
    };
    "CustomerID,Gender,Age,Annual Income (k$),Spending Score (1-100)\n".to_owned()
        + &(0..40).map(row).collect::<String>()
}

/// Whole numbers of very different sizes, after two codes, as a wholesaler lists what clients buy.
fn wholesale() -> String {
    let row = |i: usize| {
        let codes = format!("{},{}", 1 + i % 2, 1 + i % 3);
        format!("{codes},{},{},{}\n", 3000 + i * 7919 % 60_000, 55 + i * 31 % 900, 3 + i * 17 % 400)
    };
    "Channel,Region,Fresh,Milk,Delicassen\n".to_owned() + &(0..60).map(row).collect::<String>()
}

/// An id of letters and digits, and holes, as a bank lists cards.
fn cards() -> String {
    let row = |i: usize| {
        let hole = |text: String, every: usize| if i % every == 3 { String::new() } else { text };
        let (limit, least) =
            (hole((1000 + i * 613 % 9000).to_string(), 20), hole(format!("{}.5", i * 29 % 700), 9));
        format!("C{},{}.25,{limit},{least}\n", 10_001 + i, i * 977 % 5000)
    };
    "CUST_ID,BALANCE,CREDIT_LIMIT,MINIMUM_PAYMENTS\n".to_owned() + &(0..50).map(row).collect::<String>()
}

/// Semicolons, text, dates and holes, as a shop lists whom it writes to.
fn marketing(holes: bool) -> String {
    let row = |i: usize| {
        let (education, day) = (["Graduation", "PhD", "Master"][i % 3], 1 + i * 7 % 28);
        let income =
            if holes && i % 13 == 5 { String::new() } else { (20_000 + i * 613 % 60_000).to_string() };
        format!("{};{education};{income};{day:02}-09-2012;{}\n", 5000 + i * 7919 % 1009, i % 99)
    };
    "ID;Education;Income;Dt_Customer;Recency\n".to_owned() + &(0..50).map(row).collect::<String>()
}

/// A letter, and measures of shells.
fn abalone() -> String {
    let row = |i: usize| {
        let (sex, size) = (["M", "F", "I"][i * 7 % 3], 0.2 + (i * 13 % 60) as f64 / 100.0);
        format!("{sex},{size},{},{:.4},{}\n", size * 0.75, size * size, 3 + i * 5 % 20)
    };
    (0..60).map(row).collect()
}

/// White space of any width between numbers, and a class at the end.
fn seeds() -> String {
    let row = |i: usize| {
        let (area, class) = (10.0 + (i * 17 % 100) as f64 / 10.0, 1 + i / 20);
        format!("{area}\t{:.2}\t\t{:.4}  {class}\t\n", area / 1.1 + 3.0, 0.8 + area / 100.0)
    };
    (0..60).map(row).collect()
}

fn folder() -> Folder {
    Folder::with([
        ("abalone.data", abalone().as_bytes()),
        ("seeds.txt", seeds().as_bytes()),
        ("mall.csv", customers().as_bytes()),
        ("wholesale.csv", wholesale().as_bytes()),
        ("cards.csv", cards().as_bytes()),
        ("marketing.csv", marketing(false).as_bytes()),
        ("campaign.csv", marketing(true).as_bytes()),
        (
            "holes.csv",
            b"a,b,kind,w\n1,2,x,1\n,4,x,1\n5,NA,y,1\n\n7,8,y,1\n9,unknown,y,1\n2,1,,1\n8,9,y,\n1,1,x,2\n",
        ),
        ("named.csv", b"a,\"b,c\",1..2,d\n1,2,3,4\n5,6,7,9\n"),
    ])
}

/// Features of a fit that must work, as it lists them in its centroids.
fn features(folder: &Folder, args: &str) -> String {
    let ran = folder.fit(&format!("{args} -q --centroids c.csv"));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args}");
    folder.read("c.csv").lines().next().unwrap().to_owned()
}

#[test]
fn columns_are_chosen_by_names_numbers_and_ranges() {
    let folder = folder();
    for (args, expected) in [
        ("--columns Age", "Age"),
        ("--columns 3..5", "Age,Annual Income (k$),Spending Score (1-100)"),
        ("--columns 5,Age", "Age,Spending Score (1-100)"),
        ("--columns Age..5 --ignore 4", "Age,Spending Score (1-100)"),
        ("--columns 3 --columns 5", "Age,Spending Score (1-100)"),
        ("--ignore 1..2,4", "Age,Spending Score (1-100)"),
        ("--numeric --ignore 1", "Age,Annual Income (k$),Spending Score (1-100)"),
        ("--numeric --columns 2..3", "Age"),
    ] {
        assert_eq!(features(&folder, &format!("mall.csv -k 2 {args}")), expected, "{args}");
    }
    // a name wins over a list and over a range
    assert_eq!(features(&folder, "named.csv -k 2 --columns b,c"), "\"b,c\"");
    assert_eq!(features(&folder, "named.csv -k 2 --columns 1..2"), "1..2");
    let json = folder.json("mall.csv -k 2 --columns 3..5");
    assert_eq!(json["params"]["columns"], json!(["3..5"]));
    let refused = |args: &str, parts: &[&str]| folder.fit(&format!("mall.csv -k 2 {args}")).refused(1, parts);
    refused("--columns 5..3", &["chosen \"5..3\" begins at column 5 and ends at column 3", "see --columns"]);
    refused("--columns Aeg", &["chosen \"Aeg\" is not a column", "see --columns"]);
    refused("--columns 3..6", &["\"6\" is not a column"]);
    refused("--columns 2 --numeric", &["no column is left", "ignored columns and 1 that is not numeric"]);
    refused("--columns 3..5 --truth 3", &["column 3 (\"Age\") is both truth and chosen as a feature"]);
}

#[test]
fn every_subcommand_chooses_columns() {
    let folder = folder();
    let chosen = "--columns 3..5";
    let made = "fit mall.csv --device cpu -k 3 --columns 3..5 -q --model m.safetensors --centroids c.csv";
    folder.run(made).done();
    folder.run(&format!("sweep mall.csv {chosen} -k 2 --seeds 1 --device cpu")).done();
    let ran = folder.run(&format!("report mall.csv {chosen} -k 2 --device cpu"));
    assert!(ran.code == 0 && folder.read("report.html").contains("40 rows x 3 columns"), "{}", ran.err);
    folder
        .run(&format!(
            "compare mall.csv {chosen} -k 2 --devices cpu --runs 1 --warmup 0 -q --export-json c.json"
        ))
        .done();
    let compared: Value = serde_json::from_str(&folder.read("c.json")).unwrap();
    assert_eq!(compared["data"]["n_dims"], 3);
    // rows without names, by place
    let nameless: String = customers().lines().skip(1).map(|line| line.to_owned() + "\n").collect();
    std::fs::write(folder.path("n.csv"), nameless).unwrap();
    let named = folder.run("predict m.safetensors mall.csv").out;
    for args in ["--columns 3..5", "--ignore 1,2", "--numeric --ignore 1"] {
        let ran = folder.run(&format!("predict m.safetensors n.csv {args}"));
        assert_eq!((ran.code, &ran.out), (0, &named), "{args}: {}", ran.err);
        folder.run(&format!("transform m.safetensors n.csv {args} -o t.csv"));
        let ran = folder.run(&format!("report m.safetensors n.csv {args} -o r.html --device cpu"));
        assert_eq!(ran.code, 0, "{args}: {}", ran.err);
        let args = args.replace("--ignore 1,2", "--ignore 1");
        let ran = folder.run(&format!("score m.safetensors n.csv --truth 2 {args}"));
        assert_eq!(ran.code, 0, "{args}: {}", ran.err);
    }
}

#[test]
fn text_is_left_out_by_one_flag_and_named_in_every_output() {
    let folder = folder();
    let said = "2 columns left out, which are not numeric: \"Education\", \"Dt_Customer\"";
    let args = "marketing.csv -k 3 --numeric --ignore ID";
    let ran = folder.fit(&format!("{args} --report r.html"));
    assert!(ran.err.contains(&format!("note: marketing.csv: {said}\n")), "{}", ran.err);
    assert!(ran.out.contains(&format!("\ncolumns     {said}\n")), "{}", ran.out);
    assert!(folder.read("r.html").contains("2 columns left out, which are not numeric"));
    let names = json!(["Education", "Dt_Customer"]);
    let of = |ran: super::Ran| serde_json::from_str::<Value>(&ran.out).unwrap();
    assert_eq!(of(folder.fit(&format!("{args} --json")))["data"]["not_numeric"], names);
    let sweep = format!("sweep {args} --device cpu --seeds 1 --test marketing.csv --truth Recency --json");
    let swept = of(folder.run(&sweep.replace("-k 3", "-k 2")));
    assert_eq!((&swept["prepared"]["not_numeric"], &swept["test_prepared"]["not_numeric"]), (&names, &names));
    let ran = folder.run(&format!("sweep {args} --device cpu --seeds 1"));
    assert!(ran.out.contains(said) && ran.err.contains(said), "{}", ran.out);
    folder.run(&format!("compare {args} --devices cpu --runs 1 --warmup 0 --export-json c.json"));
    let compared: Value = serde_json::from_str(&folder.read("c.json")).unwrap();
    assert_eq!(compared["data"]["not_numeric"], names);
}

#[test]
fn the_error_about_text_lists_all_of_it_with_flags_that_work() {
    let folder = folder();
    let ran = folder.fit("marketing.csv -k 3");
    let said = "column 2 (\"Education\"): \"Graduation\" is not a number; remove the row, or leave out the column; the \
                first rows have text in 2 columns: \"Education\", \"Dt_Customer\"; --ignore Education,Dt_Customer leaves \
                them out, and so does --numeric";
    ran.refused(1, &[said]);
    let pasted = ran.err.split("; ").find(|part| part.starts_with("--ignore")).unwrap();
    let flags = pasted.split(" leaves").next().unwrap();
    assert_eq!(features(&folder, &format!("marketing.csv -k 3 {flags}")), "ID,Income,Recency");
    folder.fit("mall.csv -k 3").refused(1, &["--ignore Gender leaves the column out, and so does --numeric"]);
    // names with commas need a flag each
    std::fs::write(folder.path("t.csv"), "\"a,b\",c,d\nx,y,1\nz,y,2\n").unwrap();
    folder.fit("t.csv -k 1").refused(1, &["; --ignore a,b --ignore c leaves them out"]);
    assert_eq!(features(&folder, "t.csv -k 1 --ignore a,b --ignore c"), "d");
    // text after the first rows is no column of text
    let late = "x,y\n".to_owned() + &"1,2\n".repeat(150) + "3,late\n";
    std::fs::write(folder.path("late.csv"), late).unwrap();
    let ran = folder.fit("late.csv -k 1 --numeric");
    ran.refused(
        1,
        &["row 152, column 2 (\"y\"): \"late\" is not a number", "--ignore y leaves the column out"],
    );
    assert!(!ran.err.contains("so does --numeric"), "{}", ran.err);
}

#[test]
fn rows_that_lack_values_are_dropped_on_request_and_counted() {
    let folder = folder();
    let args = "holes.csv -k 2 --columns a,b --na unknown";
    folder
        .fit(args)
        .refused(1, &["row 3, column 1 (\"a\"): the cell is empty", "--missing drop leaves such rows out"]);
    let said = "3 of 8 rows left out, which lack values: 1 in \"a\", 2 in \"b\"";
    let ran = folder.fit(&format!("{args} --missing drop --labels l.csv --report r.html"));
    assert!(ran.err.contains(&format!("note: holes.csv: {said}\n")), "{}", ran.err);
    assert!(ran.out.contains(&format!("\nmissing     {said}\n")), "{}", ran.out);
    assert!(ran.out.contains("holes.csv, 5 rows x 2 columns"), "{}", ran.out);
    assert!(folder.read("r.html").contains("3 of 8 rows left out"));
    // rows keep their places
    let labels = folder.read("l.csv");
    let empty: Vec<bool> = labels.lines().skip(1).map(|line| line == "\"\"").collect();
    assert_eq!(empty, [false, true, true, false, true, false, false, false]);
    folder.fit(&format!("{args} --missing drop -q --labels l.npy")).done();
    let bytes = std::fs::read(folder.path("l.npy")).unwrap();
    let labels: Vec<u32> = bytes[bytes.len() - 32..]
        .chunks(4)
        .map(|cell| u32::from_le_bytes(cell.try_into().unwrap()))
        .collect();
    assert_eq!(labels.iter().map(|&label| label == u32::MAX).collect::<Vec<_>>(), empty);
    let json = folder.json(&format!("{args} --missing drop"));
    assert_eq!((&json["data"]["n_points"], &json["data"]["rows_dropped"]), (&json!(5), &json!(3)));
    assert_eq!(json["data"]["missing"], json!([{"column": "a", "rows": 1}, {"column": "b", "rows": 2}]));
    let ran = folder.run(&format!("sweep {args} --missing drop --device cpu --seeds 1"));
    assert!(ran.out.contains(&format!("missing     {said}")), "{}", ran.out);
    folder.run(&format!(
        "compare {args} --missing drop --devices cpu --runs 1 --warmup 0 --export-json c.json"
    ));
    let compared: Value = serde_json::from_str(&folder.read("c.json")).unwrap();
    assert_eq!(compared["data"]["rows_dropped"], 3);
    // a class and a weight that are missing
    let json = folder.json("holes.csv -k 2 --na unknown --truth kind --weights w --missing drop");
    assert_eq!((&json["data"]["n_points"], &json["data"]["rows_dropped"]), (&json!(3), &json!(5)));
    // what is text is an error all the same, and so is a table of nothing but holes
    folder
        .fit("holes.csv -k 2 --columns a,b --missing drop")
        .refused(1, &["row 7, column 2 (\"b\"): \"unknown\" is not a number"]);
    std::fs::write(folder.path("none.csv"), "x,y\n1,\n,2\n").unwrap();
    folder.fit("none.csv -k 1 --missing drop").refused(1, &["no row is left, since each of 2 lacks a value"]);
}

#[test]
fn arrays_have_holes_too() {
    let values = [1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0, 9.0, f64::INFINITY];
    let folder = Folder::new();
    std::fs::write(folder.path("x.npy"), super::npy_f64("(3, 2)", &values[..6])).unwrap();
    std::fs::write(folder.path("inf.npy"), super::npy_f64("(4, 2)", &values)).unwrap();
    folder.fit("x.npy -k 2 --missing drop --labels l.csv").noted(&["1 of 3 rows left out"]);
    assert_eq!(folder.read("l.csv").lines().nth(2), Some("\"\""));
    folder.fit("x.npy -k 2").refused(1, &["row 2, column 1: NaN"]);
    // the row keeps its number after one that was dropped
    folder.fit("inf.npy -k 2 --missing drop").refused(1, &["inf.npy, row 4, column 2: inf is not a finite"]);
    folder.fit("x.npy -k 2 --na 2").refused(1, &["x.npy: is no text", "leave out --na"]);
}

/// The same rows in one file, in two and in other formats.
#[test]
fn every_flag_works_on_several_files_and_formats() {
    let [first, second] =
        ["id,x,kind,y\n1,1,a,10\n2,,b,20\n3,2,a,30\n", "id,x,kind,y\n4,8,b,70\n5,9,a,NA\n6,9,b,80\n"];
    let whole = first.to_owned() + second.split_once('\n').unwrap().1;
    let folder = Folder::with([
        ("whole.csv", whole.as_bytes()),
        ("p-1.csv", first.as_bytes()),
        ("p-2.csv.gz", &super::gzip(second.as_bytes())),
        ("whole.csv.zst", &super::zstd(whole.as_bytes())),
    ]);
    let args = "-k 2 --numeric --ignore id --missing drop --scale standard";
    let expected = folder.json(&format!("whole.csv {args} --labels l.csv --model m.safetensors"));
    assert_eq!((&expected["data"]["n_points"], &expected["data"]["rows_dropped"]), (&json!(4), &json!(2)));
    let (labels, predicted) = (folder.read("l.csv"), folder.run("predict m.safetensors whole.csv"));
    for files in ["p-1.csv p-2.csv.gz", "p-*", "whole.csv.zst"] {
        let made = folder.json(&format!("{files} {args} --labels l.csv"));
        for of in ["not_numeric", "rows_dropped", "missing", "scale"] {
            assert_eq!(made["data"][of], expected["data"][of], "{files}: {of}");
        }
        assert_eq!((&made["fingerprint"], folder.read("l.csv")), (&expected["fingerprint"], labels.clone()));
        let chosen = args.replace("--numeric --ignore id", "--columns x,y");
        assert_eq!(folder.json(&format!("{files} {chosen}"))["fingerprint"], expected["fingerprint"]);
        assert_eq!(folder.run(&format!("predict m.safetensors {files}")).out, predicted.out, "{files}");
        let ran = folder.run(&format!("sweep {files} --device cpu --seeds 1 {args}"));
        assert!(ran.code == 0 && ran.out.contains("2 of 6 rows left out"), "{}", ran.err);
    }
    // what was left out keeps its place in every format of labels
    folder.fit(&format!("whole.csv {args} -q --labels l.jsonl")).done();
    let nulls = folder.read("l.jsonl").lines().map(|line| line.contains("null")).collect::<Vec<_>>();
    assert_eq!(nulls, [false, true, false, false, true, false]);
    #[cfg(feature = "parquet")]
    {
        folder.fit(&format!("whole.csv {args} -q --labels l.parquet")).done();
        assert_eq!(folder.json("l.parquet -k 1 --missing drop")["data"]["rows_dropped"], 2);
    }
    folder.fit("p-1.csv p-2.csv.gz").refused(2, &["how many clusters?", "`cairn sweep p-1.csv p-2.csv.gz`"]);
}

/// One flag each.
#[test]
fn tables_as_people_have_them() {
    let folder = folder();
    let size = |args: &str| {
        let ran = folder.fit(&format!("{args} --json"));
        assert_eq!(ran.code, 0, "{}", ran.err);
        let data = serde_json::from_str::<Value>(&ran.out).unwrap()["data"].clone();
        (data["n_points"].as_u64().unwrap(), data["n_dims"].as_u64().unwrap())
    };
    assert_eq!(size("mall.csv -k 5 --columns 3..5"), (40, 3));
    assert_eq!(size("wholesale.csv -k 5 --scale standard"), (60, 5));
    assert_eq!(size("cards.csv -k 5 --ignore CUST_ID --missing drop"), (42, 3));
    assert_eq!(size("campaign.csv -k 5 --clean"), (46, 3));
    assert_eq!(size("cards.csv -k 5 --clean"), (42, 3));
    assert_eq!(size("mall.csv -k 5 --clean"), (40, 4));
    assert_eq!(size("abalone.data -k 3 --numeric"), (60, 4));
    assert_eq!(size("abalone.data -k 3 --truth 1"), (60, 4));
    assert_eq!(size("seeds.txt -k 3 --truth 4"), (60, 3));
    let ran = folder.fit("cards.csv -k 5 --clean --json");
    let params = serde_json::from_str::<Value>(&ran.out).unwrap()["params"].clone();
    assert_eq!((params["numeric"].clone(), params["missing"].clone()), (true.into(), "drop".into()));
    let ran = folder.fit("cards.csv -k 5 --clean --missing refuse");
    assert!(ran.code == 2 && ran.err.contains("'--clean' cannot be used with '--missing"), "{}", ran.err);
    // what is doubtful is said
    let ran = folder.fit("mall.csv -k 5 --numeric");
    assert!(ran.err.contains("warning: column \"CustomerID\" counts the rows"), "{}", ran.err);
    let ran = folder.fit("wholesale.csv -k 5");
    let said = "of the variance of all columns, so the clusters depend on it nearly alone; --scale standard lets all \
                count alike, --ignore Fresh leaves it out";
    assert!(ran.err.contains(said), "{}", ran.err);
    let ran = folder.fit("marketing.csv -k 5 --numeric");
    assert!(ran.err.contains("warning: column \"ID\" is an id, by its name"), "{}", ran.err);
    assert!(!folder.fit("wholesale.csv -k 5 --scale robust").err.contains("variance"));
}

#[test]
fn the_number_of_clusters_is_asked_for() {
    let folder = folder();
    std::fs::write(folder.path("my table.csv"), "x\n1\n2\n").unwrap();
    for command in ["fit", "report", "compare --devices cpu"] {
        let ran = folder.run(&format!("{command} mall.csv --columns 3..5"));
        ran.refused(2, &["mall.csv: how many clusters?", "-k 8", "`cairn sweep mall.csv`"]);
    }
    let ran = super::Ran::of(folder.cairn().args(["fit", "my table.csv"]));
    ran.refused(2, &["`cairn sweep 'my table.csv'`"]);
    folder.fit("- ").refused(2, &["`cairn sweep -`"]);
    // where it is told in another way
    folder.fit("digits -r 1 -q").done();
    std::fs::write(folder.path("c.csv"), "Age\n20\n50\n").unwrap();
    folder.fit("mall.csv --columns Age --init c.csv -q").done();
    let sweep = "compare mall.csv --columns 3..5 --devices cpu --runs 1 --warmup 0 -q --sweep clusters=2,3";
    assert_eq!(folder.run(sweep).code, 0);
}
