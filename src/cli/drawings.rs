//! `cairn predict --drawings`: drawings as rows.

use std::io::{self, Read};

use anyhow::{Context, anyhow, ensure};
use cairn::drawing::{self, Drawing, ReadError, SIZE};

/// The rows of all drawings in a file, or in standard input for `-`: counts from 0 to 16, or with `as_is` the numbers
/// unchanged. (n_drawings, 64)
pub(super) fn rows(file: &str, as_is: bool, n_dims: usize) -> anyhow::Result<Vec<f64>> {
    ensure!(
        n_dims == SIZE,
        "--drawings: the model has {n_dims} columns, but a drawing has {SIZE} numbers; fit one to 8 x 8 pictures, such as the digits"
    );
    let source = if file == "-" { "standard input" } else { file };
    let text = read(file).with_context(|| source.to_owned())?;
    let drawings = drawing::read(&text).map_err(|error| anyhow!("{source}, {error}"))?;
    if as_is {
        return Ok(drawings.into_iter().flat_map(|drawing| drawing.values).collect());
    }
    let mut rows = Vec::with_capacity(drawings.len() * SIZE);
    for (number, Drawing { line, values }) in (1..).zip(drawings) {
        let counts = drawing::counts(&values);
        let counts = counts.map_err(|error| anyhow!("{source}, {}", ReadError { number, line, error }))?;
        rows.extend(counts.map(f64::from));
    }
    Ok(rows)
}

fn read(file: &str) -> anyhow::Result<String> {
    let bytes = if file == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    let bytes = bytes.map_err(|error| anyhow!("can't be read: {error}"))?;
    String::from_utf8(bytes).map_err(|_| anyhow!("is not text; give drawings as numbers in UTF-8"))
}
