//! Values that stretch the range of a column, so that others keep few bits.
//!
//! A column may keep few bits because of its own far values, or because another column is so wide that the common
//! lattice has coarse steps. The warning names the column that is the cause.

use super::place::{column_in_text, column_name, row_number};
use super::spread::{ColumnSpread, ranges, spreads, visit};
use super::warning::{Warning, WarningCode, listed};
use crate::data::{DataError, Dataset};
use crate::lattice::{CoarseFeature, FEW_BITS, Lattice, MAX_COORDINATE, Rounding};
use crate::numbers::{plural, significant};

/// Most columns that are examined, and most that are named.
const MOST_EXAMINED: usize = 64;
const MOST_NAMED: usize = 5;
/// Most rows listed.
const MOST_ROWS: usize = 5;
/// Bits of a range on a lattice of its own.
const RANGE_BITS: i32 = MAX_COORDINATE.ilog2() as i32;

/// Warnings about the columns that are the cause of few bits.
pub(super) fn warnings(
    data: &Dataset<'_>,
    lattice: &Lattice,
    rounding: &Rounding,
) -> Result<Vec<Warning>, DataError> {
    if rounding.coarse.is_empty() {
        return Ok(Vec::new());
    }
    let ranges = ranges(data)?;
    let causes = causes(data, rounding, &ranges)?;
    let columns: Vec<usize> = causes.iter().map(|cause| cause.column).collect();
    let spreads = spreads(data, &columns, &ranges)?;
    let far = far_values(data, &columns, &spreads)?;
    let mut found: Vec<Warning> = Vec::new();
    for (cause, far) in causes.iter().zip(&far).take(MOST_NAMED) {
        let coarse = rounding.coarse.iter().find(|coarse| coarse.feature == cause.column);
        found.push(warning(data, lattice, cause, coarse, far));
    }
    let unnamed =
        causes.len().saturating_sub(MOST_NAMED) + rounding.coarse.len().saturating_sub(MOST_EXAMINED);
    if unnamed > 0 {
        let text = format!("{} with few bits, for the same reason", plural(unnamed as u64, "more column"));
        found.push(Warning::new(WarningCode::StretchedRange, text));
    }
    Ok(found)
}

/// A column that is the cause of few bits, in itself or in others.
struct Cause {
    column: usize,
    /// Other columns that keep few bits because of it, and the least of their bits.
    victims: Vec<usize>,
    victim_bits: f64,
}

/// The columns that are the cause: those that would keep few bits even on a lattice of their own, and the widest one for
/// the others.
fn causes(data: &Dataset<'_>, rounding: &Rounding, ranges: &[(f64, f64)]) -> Result<Vec<Cause>, DataError> {
    let examined: Vec<&CoarseFeature> = rounding.coarse.iter().take(MOST_EXAMINED).collect();
    let columns: Vec<usize> = examined.iter().map(|coarse| coarse.feature).collect();
    let spreads = spreads(data, &columns, ranges)?;
    let width = |&j: &usize| ranges[j].1 - ranges[j].0;
    let widest = (0..ranges.len()).max_by(|a, b| width(a).total_cmp(&width(b)).then(b.cmp(a))).unwrap_or(0);
    let mut causes: Vec<Cause> = Vec::new();
    for (coarse, spread) in examined.into_iter().zip(spreads) {
        let own = coarse.feature == widest || own_bits(&spread) < FEW_BITS;
        let column = if own { coarse.feature } else { widest };
        let at = causes.iter().position(|cause| cause.column == column).unwrap_or(causes.len());
        if at == causes.len() {
            causes.push(Cause { column, victims: Vec::new(), victim_bits: f64::INFINITY });
        }
        if !own {
            causes[at].victims.push(coarse.feature);
            causes[at].victim_bits = causes[at].victim_bits.min(coarse.bits);
        }
    }
    Ok(causes)
}

/// Bits of the typical deviation on a lattice of the column's own.
fn own_bits(spread: &ColumnSpread) -> f64 {
    let width = spread.range.1 - spread.range.0;
    let step = f64::from(libm::ilogb(width) - RANGE_BITS);
    spread.typical.map_or(f64::INFINITY, |typical| libm::log2(typical) - step)
}

/// Values of a column that stretch its range.
#[derive(Debug, Clone, Default)]
struct FarValues {
    count: u64,
    rows: Vec<u64>, // the first few
    lo: f64,
    hi: f64,
    n_rows: u64, // of positive weight, in all
}

fn far_values(
    data: &Dataset<'_>,
    columns: &[usize],
    spreads: &[ColumnSpread],
) -> Result<Vec<FarValues>, DataError> {
    let limits: Vec<f64> = spreads.iter().map(ColumnSpread::far).collect();
    let mut all =
        vec![FarValues { lo: f64::INFINITY, hi: f64::NEG_INFINITY, ..FarValues::default() }; columns.len()];
    visit(data, &mut |i, row| {
        for (at, &j) in columns.iter().enumerate() {
            let far = &mut all[at];
            far.n_rows += 1;
            if (row[j] - spreads[at].centre).abs() <= limits[at] {
                continue;
            }
            far.count += 1;
            (far.lo, far.hi) = (far.lo.min(row[j]), far.hi.max(row[j]));
            if far.rows.len() < MOST_ROWS {
                far.rows.push(row_number(data, i));
            }
        }
    })?;
    Ok(all)
}

fn warning(
    data: &Dataset<'_>,
    lattice: &Lattice,
    cause: &Cause,
    coarse: Option<&CoarseFeature>,
    far: &FarValues,
) -> Warning {
    let (column, name) = (column_in_text(data, cause.column), column_name(data, cause.column));
    let kept = kept(data, cause, coarse);
    let few = far.count > 0 && far.count <= (far.n_rows / 4).max(1);
    if !few {
        let step = libm::ldexp(1.0, lattice.exponent[cause.column]);
        let text = format!(
            "{column}: its values span so much that {kept} (a step is {step:e}); take its logarithm, or scale it"
        );
        return Warning::new(WarningCode::StretchedRange, text).in_column(name);
    }
    let advice = if far.lo == far.hi {
        "if it marks a missing value, remove the row or fill in a number; else clip the column, or take its logarithm"
    } else {
        "clip the column, or take its logarithm"
    };
    let text =
        format!("{column}: {} the range so far that {kept}; {advice}", stretching(data, cause.column, far));
    Warning::new(WarningCode::StretchedRange, text).in_column(name).in_rows(far.rows.clone())
}

/// Which values stretch the range, in the user's units, and where.
fn stretching(data: &Dataset<'_>, column: usize, far: &FarValues) -> String {
    let shown = |x: f64| shown(data.points.scaling().map_or(x, |scaling| scaling.undo_value(column, x)));
    let rows = listed(&far.rows, far.count);
    let (lo, hi) = (shown(far.lo), shown(far.hi));
    match far.count {
        1 => format!("one value, {lo} in row {rows}, stretches"),
        n if far.lo == far.hi => format!("one value, {lo} in {n} rows ({rows}), stretches"),
        n => format!("{n} values from {lo} to {hi} (rows {rows}) stretch"),
    }
}

/// What keeps few bits.
fn kept(data: &Dataset<'_>, cause: &Cause, coarse: Option<&CoarseFeature>) -> String {
    let bits = |bits: f64| format!("only {} bits", significant(bits, 3));
    let names: Vec<String> = cause.victims.iter().take(3).map(|&j| column_in_text(data, j)).collect();
    let names = names.join(", ") + if cause.victims.len() > 3 { ", .." } else { "" };
    match (coarse, cause.victims.is_empty()) {
        (Some(coarse), true) => format!("its other values keep {}", bits(coarse.bits)),
        (Some(coarse), false) => {
            format!("its other values keep {}, and {names} {}", bits(coarse.bits), bits(cause.victim_bits))
        }
        (None, _) => format!("{names} keeps {}", bits(cause.victim_bits)),
    }
}

/// A value with all its digits.
fn shown(x: f64) -> String {
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
