//! The handwritten digits of `data/digits.csv`, embedded in the program.

use super::csv;
use super::error::DataError;
use super::input::Input;
use super::options::{Header, ReadOptions};
use super::source::Source;

/// The name that opens the embedded digits.
pub const NAME: &str = "digits";

/// Name of the truth column of the embedded digits.
pub const TRUTH: &str = "digit";

/// 1,797 rows of 65 columns: the pixels of 8 x 8 pictures, row-major, and the digit.
const TEXT: &str = include_str!("../../data/digits.csv");

/// Opens the embedded table.
pub(super) fn open() -> Result<Box<dyn Source>, DataError> {
    let options = ReadOptions { header: Header::Yes, delimiter: Some(b','), ..ReadOptions::default() };
    (csv::FORMAT.open)(Input::of_memory(NAME, TEXT.as_bytes())?, &options)
}

/// Author and licence of the digits.
pub const ORIGIN: &str = "Written by 13 people on printed forms; Optical Recognition of Handwritten Digits by Ethem Alpaydin and \
                          Cenk Kaynak, Bogazici University, Istanbul, 1998 (UCI Machine Learning Repository, data set 80, \
                          CC BY 4.0).";
