//! JSON and CSV files, and the page.

use cairn::compare::export::{ExportFormat, text};
use cairn::compare::{Document, Method};
use cairn::engine::{Engine, EngineError, Peak};
use cairn::kmeans::KMeans;
use serde_json::Value;

use super::doubles::{Double, FakeClock, compare};
use crate::browser;

fn documents() -> Vec<Document> {
    let clock = FakeClock::default();
    let params = KMeans::new(3).restarts(4).check().unwrap();
    let method = Method { runs: 6, warmup: 1, budget: None };
    let (a, b) = (Double::new(&clock, |_, n| 50 + n * 1000), Double::new(&clock, |_, n| 9000 + n * 10));
    let trouble: Box<dyn Fn(u64) -> Result<(), EngineError> + Send + Sync> = Box::new(|_| {
        Err(EngineError::DeviceLost { adapter: "x".into(), reason: "unplugged, \"quoted\" & <b>".into() })
    });
    let broken = Double { trouble, ..Double::new(&clock, |_, _| 1) };
    let both: [(&str, &dyn Engine); 2] = [("cpu", &a), ("<gpu>", &b)];
    let mut swept = compare(&clock, &both, &params, Some("restarts=1..50"), method).unwrap();
    swept.devices[0].peak = Some(Peak { flops: 1e9, bytes_per_second: 1e9 });
    vec![
        compare(&clock, &both, &params, None, method).unwrap(),
        swept,
        compare(&clock, &[("cpu", &a), ("broken", &broken)], &params, Some("clusters=2,3"), method).unwrap(),
        compare(&clock, &[("broken", &broken)], &params, None, method).unwrap(),
    ]
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../schemas/compare-1.json")).unwrap()
}

#[test]
fn the_json_matches_its_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for document in documents() {
        let json: Value = serde_json::from_str(&text(&document, ExportFormat::Json).unwrap()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert_eq!((&json["schema"], &json["schema_version"]), (&"cairn-compare".into(), &1.into()));
    }
}

/// Checks that the check can fail: the schema rejects fields that are missing, of another type, or unknown.
#[test]
fn the_schema_refuses_other_documents() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let json: Value = serde_json::from_str(&text(&documents()[1], ExportFormat::Json).unwrap()).unwrap();
    let spoilt = |spoil: &dyn Fn(&mut Value)| {
        let mut json = json.clone();
        spoil(&mut json);
        !validator.is_valid(&json)
    };
    assert!(spoilt(&|json| json["schema_version"] = 2.into()));
    assert!(spoilt(&|json| drop(json.as_object_mut().unwrap().remove("measurements"))));
    assert!(spoilt(&|json| json["measurements"][0]["devices"][0]["time_s"]["median"] = "1".into()));
    assert!(spoilt(&|json| json["measurements"][0]["devices"][0]["surprise"] = 1.into()));
    assert!(spoilt(&|json| json["crossovers"][0]["crossover"]["kind"] = "maybe".into()));
    assert!(spoilt(&|json| json["measurements"][0]["fingerprint"] = "short".into()));
}

#[test]
fn the_csv_has_a_line_a_device_and_value() {
    let documents = documents();
    let csv = text(&documents[1], ExportFormat::Csv).unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), 2 * documents[1].measurements.len());
    let first = &documents[1].measurements[0].devices[0];
    assert_eq!(rows[0][column("median_s")].parse(), Ok(first.time_s.unwrap().median));
    assert_eq!((&rows[0][column("parameter")], &rows[0][column("value")]), ("restarts", "1"));
    assert_eq!((&rows[0][column("ratio")], rows[1][column("ratio")].is_empty()), ("", false));
    let failed = text(&documents[2], ExportFormat::Csv).unwrap();
    assert!(failed.contains("unplugged, \"\"quoted\"\" & <b>"), "{failed}");
}

#[test]
fn the_page_escapes_what_is_not_ours() {
    let documents = documents();
    let page = text(&documents[1], ExportFormat::Html).unwrap();
    assert!(!page.contains("<gpu>") && page.contains("&#60;gpu&#62;"));
    assert!(page.matches("<svg").count() == 2 && page.contains("gpu&#62; wins from restarts ="));
    let failed = text(&documents[2], ExportFormat::Html).unwrap();
    assert!(failed.contains("incomplete") && failed.contains("unplugged") && !failed.contains("<b>&"));
    assert!(text(&documents[3], ExportFormat::Html).unwrap().contains("Nothing was measured"));
}

/// On a phone each row of a table is a list of names and values, and nothing sticks out to the right.
#[test]
fn tables_become_lists_on_a_phone() {
    let page = text(&documents()[1], ExportFormat::Html).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let expression = "[...document.querySelectorAll('details[open] tbody tr')].map(row => {
        const cells = [...row.cells].filter(cell => cell.offsetHeight), tops = new Set(cells.map(cell => cell.offsetTop));
        const named = cells.slice(1).every(cell => window.getComputedStyle(cell, '::before').content.includes(cell.dataset.name));
        return (tops.size === 1 ? 'row' : tops.size === cells.length ? 'list' : 'heap') + (named ? ' named' : '');
    }).concat(document.documentElement.scrollWidth - document.documentElement.clientWidth).join()";
    for (width, kind) in [(320, "list named"), (390, "list named"), (800, "row"), (1280, "row")] {
        let Some(says) = browser::measured(folder.path(), &page, width, expression) else { return };
        // three tables of two devices
        assert_eq!(says, format!("{}0", format!("{kind},").repeat(6)), "{width} pixels");
    }
}
