//! An array of an Arrow file -> cells.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Float16Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType};
use arrow_select::take::take;

use super::columnar::{Cells, Kind};
use super::texts::CellType;

/// Most digits of a decimal, and most after the point.
const MOST_DIGITS: u8 = 38;
const MOST_PLACES: i8 = 22;

/// What the cells of a column of this type are.
pub(super) fn kind_of(of: &DataType) -> Kind {
    use DataType as T;
    match of {
        T::Boolean => Kind::Number { narrow: true, cells: CellType::Boolean },
        T::Int8 | T::Int16 => Kind::Number { narrow: true, cells: CellType::Signed },
        T::UInt8 | T::UInt16 => Kind::Number { narrow: true, cells: CellType::Unsigned },
        T::Float16 | T::Float32 => Kind::Number { narrow: true, cells: CellType::Float },
        T::Int32 | T::Int64 => Kind::Number { narrow: false, cells: CellType::Signed },
        T::UInt32 | T::UInt64 => Kind::Number { narrow: false, cells: CellType::Unsigned },
        T::Float64 => Kind::Number { narrow: false, cells: CellType::Float },
        T::Utf8 | T::LargeUtf8 | T::Utf8View => Kind::Text,
        T::Dictionary(_, values) => kind_of(values),
        T::FixedSizeList(values, _) => match kind_of(values.data_type()) {
            number @ Kind::Number { .. } if !values.data_type().is_nested() => number,
            _ => Kind::Other("nested values"),
        },
        T::Date32
        | T::Date64
        | T::Timestamp(..)
        | T::Time32(_)
        | T::Time64(_)
        | T::Duration(_)
        | T::Interval(_) => Kind::Other("dates or times"),
        T::Decimal32(digits, places) | T::Decimal64(digits, places) | T::Decimal128(digits, places)
            if *digits <= MOST_DIGITS && (0..=MOST_PLACES).contains(places) =>
        {
            Kind::Number { narrow: false, cells: CellType::Float }
        }
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => {
            Kind::Other("decimals of more than 38 digits")
        }
        T::Null => Kind::Other("no values"),
        other if other.is_nested() => Kind::Other("nested values"),
        _ => Kind::Other("binary data"),
    }
}

/// Reads all rows of a column, or one element of its lists.
pub(super) fn read(
    array: &ArrayRef,
    element: usize,
    as_text: bool,
    to: &mut Cells,
) -> Result<(), ArrowError> {
    match array.data_type() {
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            read(&take(dictionary.values().as_ref(), dictionary.keys(), None)?, element, as_text, to)
        }
        DataType::FixedSizeList(..) => {
            let list = array.as_fixed_size_list();
            let width = list.value_length() as usize;
            let at = (0..list.len()).map(|row| list.is_valid(row).then_some((row * width + element) as u64));
            let at = arrow_array::UInt64Array::from_iter(at);
            read(&take(list.values().as_ref(), &at, None)?, 0, as_text, to)
        }
        _ => plain(array, as_text, to),
    }
}

fn plain(array: &ArrayRef, as_text: bool, to: &mut Cells) -> Result<(), ArrowError> {
    use DataType as T;
    match array.data_type() {
        T::Boolean => {
            let number = |value: bool| f64::from(u8::from(value));
            push(array.as_boolean().iter(), as_text, to, number, |value| value.to_string());
        }
        T::Int8 => numbers::<Int8Type>(array, as_text, to, f64::from, shown),
        T::Int16 => numbers::<Int16Type>(array, as_text, to, f64::from, shown),
        T::Int32 => numbers::<Int32Type>(array, as_text, to, f64::from, shown),
        T::Int64 => numbers::<Int64Type>(array, as_text, to, |value| value as f64, shown),
        T::UInt8 => numbers::<UInt8Type>(array, as_text, to, f64::from, shown),
        T::UInt16 => numbers::<UInt16Type>(array, as_text, to, f64::from, shown),
        T::UInt32 => numbers::<UInt32Type>(array, as_text, to, f64::from, shown),
        T::UInt64 => numbers::<UInt64Type>(array, as_text, to, |value| value as f64, shown),
        T::Float16 => numbers::<Float16Type>(array, as_text, to, f64::from, shown),
        T::Float32 => {
            numbers::<Float32Type>(array, as_text, to, f64::from, |value| shown(f64::from(value)));
        }
        T::Float64 => numbers::<Float64Type>(array, as_text, to, |value| value, shown),
        T::Decimal32(_, places) => decimals::<Decimal32Type>(array, *places, as_text, to),
        T::Decimal64(_, places) => decimals::<Decimal64Type>(array, *places, as_text, to),
        T::Decimal128(_, places) => decimals::<Decimal128Type>(array, *places, as_text, to),
        T::Utf8 => texts(array.as_string::<i32>().iter(), to),
        T::LargeUtf8 => texts(array.as_string::<i64>().iter(), to),
        T::Utf8View => texts(array.as_string_view().iter(), to),
        other => return Err(ArrowError::SchemaError(format!("a column of {other} in place of another"))),
    }
    Ok(())
}

fn numbers<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    as_text: bool,
    to: &mut Cells,
    number: impl Fn(T::Native) -> f64,
    text: impl Fn(T::Native) -> String,
) {
    let array = array.as_primitive::<T>();
    if !as_text && array.null_count() == 0 {
        return to.numbers.extend(array.values().iter().map(|&value| number(value)));
    }
    push(array.iter(), as_text, to, number, text);
}

fn decimals<T: ArrowPrimitiveType<Native: Into<i128>>>(
    array: &ArrayRef,
    places: i8,
    as_text: bool,
    to: &mut Cells,
) {
    let number = |value: T::Native| value.into() as f64 / 10f64.powi(places.into());
    numbers::<T>(array, as_text, to, number, |value| shown(number(value)));
}

fn shown(value: impl std::fmt::Display) -> String {
    value.to_string()
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>, to: &mut Cells) {
    push(values, true, to, |_| f64::NAN, str::to_owned);
}

fn push<V: Copy>(
    values: impl Iterator<Item = Option<V>>,
    as_text: bool,
    to: &mut Cells,
    number: impl Fn(V) -> f64,
    text: impl Fn(V) -> String,
) {
    for value in values {
        match value {
            None => to.push_missing(as_text),
            Some(value) if as_text => to.texts.push(text(value)),
            Some(value) => to.numbers.push(number(value)),
        }
    }
}
