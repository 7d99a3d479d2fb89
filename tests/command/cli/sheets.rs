//! Sheets of workbooks: Excel (.xlsx, .xls) and OpenDocument (.ods).

use std::fs;
use std::io::{Cursor, Write};

use serde_json::Value;
use zip::write::SimpleFileOptions;

use super::Folder;

/// Written by `tests/fixtures/sheet.py`.
const XLS: &[u8] = include_bytes!("../../fixtures/sheet.xls");

fn archive(files: &[(&str, String)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The columns of the fixture `sheet.xls`, as text.
fn rows() -> Vec<[String; 4]> {
    let row = |at: usize| {
        let size = at as f64 * 1.5 + (at % 2 * 40) as f64;
        [(at + 1).to_string(), ["a", "b"][at % 2].to_owned(), size.to_string(), (at % 3).to_string()]
    };
    let names = ["id", "kind", "size", "weight"].map(str::to_owned);
    std::iter::once(names).chain((0..8).map(row)).collect()
}

fn letter(column: usize) -> char {
    char::from(b'A' + column as u8)
}

/// A cell of a sheet: a number if the text is one, `date:N` for the day of that number, `TRUE`, or a text.
fn cell(row: usize, column: usize, text: &str) -> String {
    let at = format!("{}{}", letter(column), row + 1);
    match text.strip_prefix("date:") {
        Some(day) => format!(r#"<c r="{at}" s="1"><v>{day}</v></c>"#),
        None if text.parse::<f64>().is_ok() => format!(r#"<c r="{at}"><v>{text}</v></c>"#),
        None if text == "TRUE" || text == "FALSE" => {
            format!(r#"<c r="{at}" t="b"><v>{}</v></c>"#, u8::from(text == "TRUE"))
        }
        None if text.starts_with('#') => format!(r#"<c r="{at}" t="e"><v>{text}</v></c>"#),
        None if text.is_empty() => String::new(),
        None => format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#),
    }
}

/// The rows of a sheet, of which the first is row `first`, from 0.
fn sheet(first: usize, left: usize, rows: &[Vec<&str>]) -> String {
    let row = |(at, cells): (usize, &Vec<&str>)| {
        let cells: String =
            cells.iter().enumerate().map(|(c, text)| cell(first + at, left + c, text)).collect();
        format!(r#"<row r="{}">{cells}</row>"#, first + at + 1)
    };
    let rows: String = rows.iter().enumerate().map(row).collect();
    format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    )
}

/// A workbook of sheets: name, whether it is hidden, content.
fn xlsx(sheets: &[(&str, bool, String)]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let listed: String = (1..)
        .zip(sheets)
        .map(|(id, (name, hidden, _))| {
            let state = if *hidden { r#" state="hidden""# } else { "" };
            format!(r#"<sheet name="{name}" sheetId="{id}"{state} r:id="rId{id}"/>"#)
        })
        .collect();
    let targets: String = (1..=sheets.len())
        .map(|id| {
            format!(
                r#"<Relationship Id="rId{id}" Type="{office}/worksheet" Target="worksheets/sheet{id}.xml"/>"#
            )
        })
        .collect();
    let styles = format!(
        r#"<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>"#
    );
    let mut files = vec![
        ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
        (
            "_rels/.rels".to_owned(),
            format!(
                r#"<Relationships xmlns="{relations}"><Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!(r#"<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>"#),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(
                r#"<Relationships xmlns="{relations}">{targets}<Relationship Id="rId99" Type="{office}/styles" Target="styles.xml"/></Relationships>"#
            ),
        ),
        ("xl/styles.xml".to_owned(), styles),
    ];
    for (id, (_, _, content)) in (1..).zip(sheets) {
        files.push((format!("xl/worksheets/sheet{id}.xml"), content.clone()));
    }
    let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    archive(&files)
}

fn ods(rows: &[Vec<&str>]) -> Vec<u8> {
    let cell = |text: &&str| match text.parse::<f64>() {
        Ok(_) => format!(
            r#"<table:table-cell office:value-type="float" office:value="{text}"><text:p>{text}</text:p></table:table-cell>"#
        ),
        Err(_) => format!(
            r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#
        ),
    };
    let row = |cells: &Vec<&str>| {
        format!("<table:table-row>{}</table:table-row>", cells.iter().map(cell).collect::<String>())
    };
    let rows: String = rows.iter().map(row).collect();
    let spaces = r#"xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0""#;
    let content = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="Data">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet".to_owned()),
        ("META-INF/manifest.xml", "<manifest/>".to_owned()),
        ("content.xml", content),
    ])
}

fn as_text(rows: &[[String; 4]]) -> Vec<Vec<&str>> {
    rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect()
}

#[test]
fn a_table_is_the_same_in_each_workbook() {
    let rows = rows();
    let rows = as_text(&rows);
    let csv: String = rows.iter().map(|row| row.join(",") + "\n").collect();
    let notes = sheet(0, 0, &[vec!["nothing"]]);
    let folder = Folder::with([
        ("t.csv", csv.as_bytes()),
        ("t.xls", XLS),
        (
            "t.xlsx",
            &xlsx(&[
                ("Old", true, notes.clone()),
                ("Data", false, sheet(0, 0, &rows)),
                ("Notes", false, notes),
            ]),
        ),
        ("t.ods", &ods(&rows)),
        ("no-ending", &xlsx(&[("Data", false, sheet(0, 0, &rows))])),
    ]);
    let flags = "-k 3 -r 4 --truth kind --weights weight --ignore id --device cpu";
    let prints: Vec<Value> =
        ["t.csv", "t.xls", "t.xlsx", "t.ods", "no-ending", "t.xlsx --sheet Data", "t.xlsx:Data"]
            .map(|data| {
                let ran = folder.run(&format!("fit {data} {flags} --json"));
                ran.noted(&["row 1 names the columns: \"id\", \"kind\", \"size\", \"weight\""]);
                let said: Value = serde_json::from_str(&ran.out).unwrap();
                let expected = if data == "t.csv" { "t.csv" } else { ":Data" };
                assert!(
                    said["data"]["name"].as_str().unwrap().ends_with(expected),
                    "{}",
                    said["data"]["name"]
                );
                said["fingerprint"].clone()
            })
            .into();
    assert!(prints[0].is_string() && prints.iter().all(|print| *print == prints[0]), "{prints:?}");
    // a table beside another one, and as rows of a model
    folder.run(&format!("fit t.xlsx {flags} -q --model m.safetensors")).done();
    let predicted = |data: &str| folder.run(&format!("predict m.safetensors {data}")).out;
    assert_eq!(predicted("t.xls"), predicted("t.csv"));
    assert_eq!(
        folder.json(&format!("t.xlsx t.ods {}", flags.replace(" --device cpu", "")))["data"]["n_points"],
        16
    );
}

#[test]
fn cells_are_named_where_they_are_in_the_sheet() {
    let rows = vec![
        vec!["size", "day", "ok"],
        vec!["1", "date:41156", "TRUE"],
        vec!["2.5", "date:41157.5", "FALSE"],
    ];
    let holes = vec![
        vec!["a", "b"],
        vec!["1", ""],
        vec!["", ""],
        vec!["x,\"y\"", "3"],
        vec!["5", "#DIV/0!"],
        vec!["6", "#N/A"],
    ];
    let folder = Folder::with([
        ("days.xlsx", &xlsx(&[("S", false, sheet(2, 1, &rows))])),
        ("holes.xlsx", &xlsx(&[("S", false, sheet(0, 0, &holes))])),
        ("empty.xlsx", &xlsx(&[("S", false, sheet(0, 0, &[]))])),
    ]);
    folder
        .fit("days.xlsx -k 1")
        .refused(1, &["days.xlsx:S, cell C4 (\"day\"): \"2012-09-04\" is not a number", "--ignore day"]);
    let ran = folder.fit("days.xlsx -k 2 --numeric --centroids c.csv --json");
    ran.noted(&["row 3 names the columns", "\"ok\": true (or yes) is read as 1"]);
    assert_eq!(folder.read("c.csv").lines().next(), Some("size,ok"));
    let ran = folder.fit("days.xlsx -k 2 --truth day --ignore ok --json");
    assert!(ran.out.contains("\"truth\""), "{}", ran.err);
    folder.fit("holes.xlsx -k 1").refused(1, &["holes.xlsx:S, cell B2 (\"b\"): the cell is empty"]);
    folder
        .fit("holes.xlsx -k 1 --ignore b")
        .refused(1, &["cell A4 (\"a\"): \"x,\\\"y\\\"\" is not a number"]);
    folder
        .fit("holes.xlsx -k 1 --ignore a --missing drop")
        .refused(1, &["cell B5 (\"b\"): \"#DIV/0!\" is not a number"]);
    folder.fit("empty.xlsx -k 1").refused(1, &["empty.xlsx:S: is empty"]);
    folder.fit("empty.xlsx -k 1 --sheet T").refused(1, &["empty.xlsx: holds no sheet \"T\"; it holds \"S\""]);
    folder
        .fit("digits -k 1 --sheet T")
        .refused(1, &["is no workbook, of which \"T\" could be a sheet", "leave out --sheet"]);
}

#[test]
fn a_workbook_that_is_cut_anywhere_is_refused_in_words() {
    let rows = rows();
    let rows = as_text(&rows);
    for (name, bytes) in [
        ("t.xlsx", xlsx(&[("Data", false, sheet(0, 0, &rows))])),
        ("t.ods", ods(&rows)),
        ("t.xls", XLS.to_vec()),
    ] {
        let folder = Folder::new();
        let path = folder.path(name).to_str().unwrap().to_owned();
        let load = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let options = cairn::data::LoadOptions { ignore: vec!["kind".into()], ..Default::default() };
            cairn::data::load(&path, &options).and_then(|data| data.points.to_f64())
        };
        let whole = load(&bytes).unwrap();
        let mut refused = 0;
        for cut in 0..bytes.len() {
            match load(&bytes[..cut]) {
                Err(error) => {
                    assert!(error.to_string().contains(name), "{error}");
                    refused += 1;
                }
                // padding at the end of an .xls file
                Ok(rest) => assert!(rest == whole && name == "t.xls", "{name}, {cut} of {}", bytes.len()),
            }
        }
        assert!(refused * 2 > bytes.len(), "{name}: {refused} of {}", bytes.len());
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        folder.fit(&format!("{name} -k 2")).refused(1, &[name]);
        // a byte changed anywhere is an error or a table
        for at in (0..bytes.len()).step_by(7) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x55;
            let _ = load(&changed);
        }
    }
}

#[test]
fn what_is_no_workbook_is_refused() {
    let folder = Folder::with([
        ("text.xlsx", b"a,b\n1,2\n3,5\n"),
        ("other.xlsx", &archive(&[("word/document.xml", "<w/>".into())])),
        (
            "word.xlsx",
            &archive(&[("[Content_Types].xml", "<Types/>".into()), ("word/document.xml", "<w/>".into())]),
        ),
        ("none.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more"),
    ]);
    // by its content it is text
    assert_eq!(folder.json("text.xlsx -k 2")["data"]["n_points"], 2);
    folder.fit("other.xlsx -k 1").refused(1, &["other.xlsx: is a zip archive"]);
    folder.fit("word.xlsx -k 1").refused(1, &["word.xlsx: is a zip archive of an Office document"]);
    folder.fit("none.xls -k 1").refused(1, &["none.xls: is no whole Excel or OpenDocument file"]);
}

/// Two cells at the ends of a sheet, which span 17 thousand million.
#[test]
fn a_sheet_that_is_nearly_empty_takes_no_memory() {
    let content = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData></worksheet>"#;
    let folder = Folder::with([("far.xlsx", &xlsx(&[("S", false, content.to_owned())]))]);
    folder.fit("far.xlsx -k 1 --header no").refused(1, &["far.xlsx:S, cell B1: the cell is empty"]);
}
