//! The handwritten digits of `data/digits.csv`, carried inside the program.

use super::{DataError, Dataset, Header, LoadOptions, csv};

/// The name that loads them.
pub(super) const NAME: &str = "digits";

const TRUTH: &str = "digit";

/// 1,797 rows of 65 columns: the pixels of 8 by 8 pictures row by row, and the digit.
pub(super) const TEXT: &str = include_str!("../../data/digits.csv");

/// The embedded table with the columns that `options` name; `digit` is the truth if none is named.
pub(super) fn load(options: &LoadOptions) -> Result<Dataset, DataError> {
    let truth = options.truth.clone().or_else(|| Some(TRUTH.to_owned()));
    let options =
        LoadOptions { header: Header::Yes, delimiter: Some(b','), truth, weights: options.weights.clone() };
    csv::parse(NAME, TEXT.as_bytes(), &options)
}

/// The handwritten digits: points (1797, 64), whole numbers from 0 to 16, with the column `digit` as truth.
///
/// ```
/// let digits = cairn::data::digits();
/// assert_eq!((digits.points.n_points(), digits.points.n_dims()), (1797, 64));
/// ```
pub fn digits() -> Dataset {
    load(&LoadOptions::default()).expect("the embedded table is checked by a test")
}

/// Who made the digits, and on which terms they may be passed on.
pub const ORIGIN: &str = "Written by 13 people on printed forms; Optical Recognition of Handwritten Digits by Ethem Alpaydin and \
                          Cenk Kaynak, Bogazici University, Istanbul, 1998 (UCI Machine Learning Repository, data set 80, \
                          CC BY 4.0).";
