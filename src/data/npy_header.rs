//! The header of an `.npy` file, versions 1 to 3: dtype, order and shape of the array.
//!
//! The npyz crate allocates as many bytes as a header claims and multiplies the shape unchecked, so a hostile file
//! could abort the program. Here every number is checked.

use std::io::{self, Read};

use super::array::ArrayForm;
use super::columns::MOST_COLUMNS;
use super::error::{DataError, shortened};
use super::npy_cells::Dtype;

/// The first bytes of every `.npy` file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Most fields of a structured dtype that are named in advice.
const MOST_FIELDS: usize = 8;

/// Longest header accepted; a typical one has 128 bytes.
const MAX_HEADER: u32 = 1 << 20;

/// Reads the header and checks it against the length of the whole file, `total` bytes, so that nothing sized by it exceeds
/// the file. `one_column`: whether a one-dimensional array is read as a column.
pub(super) fn read_header(
    source: &str,
    reader: &mut dyn Read,
    total: u64,
    one_column: bool,
) -> Result<ArrayForm, DataError> {
    let (text, offset) = read_text(source, reader)?;
    let fields =
        Fields::parse(&text).map_err(|reason| DataError::NpyHeader { name: source.to_owned(), reason })?;
    let name = source.to_owned();
    let Some(dtype) = fields.dtype() else {
        let (dtype, advice) = (shortened(&fields.descr, 60), fields.advice());
        return Err(DataError::NpyDtype { name, dtype, advice });
    };
    let (n_points, n_dims) = match *fields.shape.as_slice() {
        [n_points, n_dims] => (n_points, n_dims),
        [n_points] if one_column => (n_points, 1),
        _ => return Err(DataError::NpyShape { name, shape: fields.shape }),
    };
    if n_points == 0 || n_dims == 0 {
        return Err(DataError::NpyNoCells { name, n_points, n_dims });
    }
    let n_cells = u128::from(n_points) * u128::from(n_dims);
    let expected = n_cells.saturating_mul(dtype.bytes() as u128);
    let found = total.saturating_sub(offset);
    match (usize::try_from(n_points), usize::try_from(n_dims)) {
        (Ok(_), Ok(n)) if expected == u128::from(found) && n as u64 > MOST_COLUMNS => {
            Err(DataError::TooManyColumns { name, columns: n as u64, most: MOST_COLUMNS })
        }
        (Ok(n_points), Ok(n_dims)) if expected == u128::from(found) => {
            Ok(ArrayForm { dtype, fortran: fields.fortran, n_points, n_dims, offset, counted: false })
        }
        _ => Err(DataError::NpyLength { name, shape: fields.shape, expected, found }),
    }
}

/// The header's text, and the number of bytes up to its end.
fn read_text(source: &str, reader: &mut dyn Read) -> Result<(String, u64), DataError> {
    let name = || source.to_owned();
    let bad = |reason: String| DataError::NpyHeader { name: name(), reason };
    let read = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => bad("is cut short".to_owned()),
        _ => DataError::Read { name: name(), reason: error },
    };
    let mut start = Vec::new();
    reader.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(read)?;
    if start != MAGIC {
        return Err(DataError::NotNpy { name: name() });
    }
    let mut version = [0; 2];
    reader.read_exact(&mut version).map_err(read)?;
    let [major, minor] = version;
    let (length, length_bytes) = match (major, minor) {
        (1, 0) => {
            let mut length = [0; 2];
            reader.read_exact(&mut length).map_err(read)?;
            (u32::from(u16::from_le_bytes(length)), 2)
        }
        (2 | 3, 0) => {
            let mut length = [0; 4];
            reader.read_exact(&mut length).map_err(read)?;
            (u32::from_le_bytes(length), 4)
        }
        _ => return Err(DataError::NpyVersion { name: name(), major, minor }),
    };
    if length > MAX_HEADER {
        return Err(bad(format!("claims {length} bytes where {MAX_HEADER} are the most")));
    }
    let mut text = vec![0; length as usize];
    reader.read_exact(&mut text).map_err(read)?;
    // UTF-8 in version 3, Latin-1 before.
    let text = match major {
        3 => String::from_utf8_lossy(&text).into_owned(),
        _ => text.into_iter().map(char::from).collect(),
    };
    Ok((text, 8 + length_bytes + u64::from(length)))
}

/// The three entries of the header's dictionary.
#[derive(Debug)]
struct Fields {
    descr: String,
    fortran: bool,
    shape: Vec<u64>,
}

impl Fields {
    /// Parses `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }`. The error says what is wrong.
    fn parse(text: &str) -> Result<Fields, String> {
        let inside = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let inside = inside.ok_or("is not a dictionary")?;
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        for entry in split_at_commas(inside) {
            let (key, value) = entry.split_once(':').ok_or("has an entry without a value")?;
            match unquoted(key).ok_or("has a key that is not a string")? {
                "descr" => descr = Some(value.trim().to_owned()),
                "fortran_order" => fortran = Some(parse_bool(value)?),
                "shape" => shape = Some(parse_shape(value)?),
                key => return Err(format!("has an unknown entry {:?}", shortened(key, 20))),
            }
        }
        Ok(Fields {
            descr: descr.ok_or("lacks 'descr'")?,
            fortran: fortran.ok_or("lacks 'fortran_order'")?,
            shape: shape.ok_or("lacks 'shape'")?,
        })
    }

    /// The dtype, if it is supported.
    fn dtype(&self) -> Option<Dtype> {
        unquoted(&self.descr).and_then(Dtype::parse)
    }

    /// How to save an array of an unsupported dtype as numbers.
    fn advice(&self) -> String {
        let kind = unquoted(&self.descr).and_then(|descr| descr.chars().nth(1));
        match kind {
            None => self.advice_on_structure(),
            Some('c') => "save np.c_[x.real, x.imag]".to_owned(),
            Some('M' | 'm') => "save x.astype('i8')".to_owned(),
            Some('V') => "save each of its parts as numbers".to_owned(),
            Some(_) => "save x.astype('f8'), which works if each value is a number".to_owned(),
        }
    }

    /// How to save the numbers of a structured array.
    fn advice_on_structure(&self) -> String {
        let fields = StructField::all(&self.descr).unwrap_or_default();
        let numbers: Vec<String> =
            fields.iter().filter(|field| field.is_number).map(StructField::column).collect();
        match numbers.len() {
            0 => "save its numbers as an array of rows and columns".to_owned(),
            n if n > MOST_FIELDS => {
                "save np.column_stack([x[name] for name in NAMES]), with the names of the fields to cluster"
                    .to_owned()
            }
            _ => format!("save np.c_[{}]", numbers.join(", ")),
        }
    }
}

/// A field of a structured dtype.
struct StructField {
    name: String,
    is_number: bool,
    /// Whether each value is an array.
    is_array: bool,
}

impl StructField {
    /// The fields of `[('x', '<f8'), ('y', '<f8', (3,))]`.
    fn all(descr: &str) -> Option<Vec<StructField>> {
        let inside = descr.trim().strip_prefix('[')?.strip_suffix(']')?;
        split_at_commas(inside).into_iter().map(StructField::of).collect()
    }

    fn of(entry: &str) -> Option<StructField> {
        let inside = entry.trim().strip_prefix('(')?.strip_suffix(')')?;
        let parts = split_at_commas(inside);
        let (name, dtype) = (unquoted(parts.first()?)?, parts.get(1)?);
        let is_number = unquoted(dtype).and_then(Dtype::parse).is_some();
        Some(StructField { name: name.to_owned(), is_number, is_array: parts.len() > 2 })
    }

    /// Python for its values as columns.
    fn column(&self) -> String {
        let shape = if self.is_array { ".reshape(len(x), -1)" } else { "" };
        format!("x['{}']{shape}", self.name)
    }
}

/// Splits at commas outside brackets and strings. Blank pieces, such as after a trailing comma, are dropped.
fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut pieces, mut from, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) => quote = (c != open).then_some(open),
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                pieces.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&text[from..]);
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

/// The inside of a string literal.
fn unquoted(literal: &str) -> Option<&str> {
    let literal = literal.trim();
    ['\'', '"'].iter().find_map(|&quote| literal.strip_prefix(quote)?.strip_suffix(quote))
}

fn parse_bool(value: &str) -> Result<bool, String> {
    match value.trim() {
        "True" => Ok(true),
        "False" => Ok(false),
        _ => Err("has a 'fortran_order' that is neither True nor False".to_owned()),
    }
}

fn parse_shape(value: &str) -> Result<Vec<u64>, String> {
    let inside = value.trim().strip_prefix('(').and_then(|value| value.strip_suffix(')'));
    let inside = inside.ok_or("has a 'shape' that is not a tuple")?;
    // Python 2 wrote some sizes as 3L.
    let size = |piece: &str| piece.trim().trim_end_matches('L').parse().ok();
    split_at_commas(inside)
        .into_iter()
        .map(|piece| {
            size(piece)
                .ok_or_else(|| format!("has the size {:?} in its 'shape'", shortened(piece.trim(), 20)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_may_come_in_any_order_and_either_quotes() {
        let fields = Fields::parse(" {\"shape\":(3L,2L),'fortran_order' : True, \"descr\": \"<f8\"}\n");
        let fields = fields.expect("python reads it too");
        assert_eq!((fields.fortran, fields.shape.as_slice()), (true, [3, 2].as_slice()));
        assert_eq!(fields.dtype(), Dtype::parse("<f8"));
    }

    #[test]
    fn structures_are_no_plain_dtype() {
        let fields = Fields::parse(
            "{'descr': [('a, }', '<f8'), ('b', '<i4', (2, 3))], 'fortran_order': False, 'shape': (4,), }",
        );
        let fields = fields.expect("a valid header");
        assert_eq!(fields.dtype(), None);
        assert_eq!(fields.descr, "[('a, }', '<f8'), ('b', '<i4', (2, 3))]");
        assert_eq!(fields.shape, [4]);
        assert_eq!(fields.advice(), "save np.c_[x['a, }'], x['b'].reshape(len(x), -1)]");
    }

    #[test]
    fn advice_fits_the_dtype() {
        for (descr, advice) in [
            ("[('x', '<f8'), ('y', '<f8')]", "save np.c_[x['x'], x['y']]"),
            ("[('name', '<U5'), ('y', '<f8')]", "save np.c_[x['y']]"),
            ("[('name', '<U5')]", "save its numbers as an array of rows and columns"),
            ("'<c16'", "save np.c_[x.real, x.imag]"),
            ("'<M8[ns]'", "save x.astype('i8')"),
            ("'|O'", "save x.astype('f8'), which works if each value is a number"),
        ] {
            let fields = Fields { descr: descr.to_owned(), fortran: false, shape: vec![4] };
            assert_eq!(fields.advice(), advice, "{descr}");
        }
        let many: Vec<String> = (0..9).map(|i| format!("('f{i}', '<f8')")).collect();
        let fields = Fields { descr: format!("[{}]", many.join(", ")), fortran: false, shape: vec![4] };
        assert!(fields.advice().contains("x[name] for name in NAMES"));
    }

    #[test]
    fn wrong_headers_say_what_is_wrong() {
        for (text, reason) in [
            ("", "is not a dictionary"),
            ("{", "is not a dictionary"),
            ("{}", "lacks 'descr'"),
            ("{'descr': '<f8', 'shape': (1, 1)}", "lacks 'fortran_order'"),
            ("{'descr': '<f8', 'fortran_order': False}", "lacks 'shape'"),
            ("{'fortran_order': 1}", "neither True nor False"),
            ("{'shape': 5}", "is not a tuple"),
            ("{'shape': (5, -1)}", r#"size "-1""#),
            ("{'shape': (99999999999999999999, 1)}", r#"size "99999999999999999999""#),
            ("{'shape': (x, 1)}", r#"size "x""#),
            ("{shape: (1, 1)}", "key that is not a string"),
            ("{'shape'}", "without a value"),
            ("{'more': 1}", r#"unknown entry "more""#),
        ] {
            let error = Fields::parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn deep_nesting_is_only_text() {
        let deep = format!("{{'descr': {}, 'shape': (1, 1)}}", "(".repeat(1 << 19));
        assert!(Fields::parse(&deep).is_err());
    }
}
