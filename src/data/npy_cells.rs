//! Bytes of an `.npy` file -> numbers.

use super::texts::CellType;

/// The dtype of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dtype {
    kind: Kind,
    big_endian: bool,
}

/// Named as in numpy, ending in the number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    I1,
    I2,
    I4,
    I8,
    U1,
    U2,
    U4,
    U8,
    F2,
    F4,
    F8,
}

impl Dtype {
    /// Parses numpy's `<f8`, `>i4`, `|u1` and so on; `None` if it is not supported.
    pub(super) fn parse(text: &str) -> Option<Dtype> {
        let kind = match text.get(1..)? {
            "b1" => Kind::Bool,
            "i1" => Kind::I1,
            "i2" => Kind::I2,
            "i4" => Kind::I4,
            "i8" => Kind::I8,
            "u1" => Kind::U1,
            "u2" => Kind::U2,
            "u4" => Kind::U4,
            "u8" => Kind::U8,
            "f2" => Kind::F2,
            "f4" => Kind::F4,
            "f8" => Kind::F8,
            _ => return None,
        };
        let dtype = |big_endian| Some(Dtype { kind, big_endian });
        match text.as_bytes()[0] {
            b'<' => dtype(false),
            b'>' => dtype(true),
            b'|' if kind.bytes() == 1 => dtype(false),
            _ => None,
        }
    }

    /// Bytes per cell.
    pub(super) fn bytes(self) -> usize {
        self.kind.bytes()
    }

    /// Whether an f32 holds every value of the type.
    pub(super) fn fits_f32(self) -> bool {
        !matches!(self.kind, Kind::I4 | Kind::I8 | Kind::U4 | Kind::U8 | Kind::F8)
    }

    /// Decodes whole cells, rounded to the nearest f32; exact if the type [fits](Self::fits_f32).
    pub(super) fn decode_f32(self, bytes: &[u8], out: &mut Vec<f32>) {
        let big = self.big_endian;
        match self.kind {
            Kind::Bool => out.extend(cells(bytes, big).map(|[byte]| f32::from(u8::from(byte != 0)))),
            Kind::I1 => out.extend(cells(bytes, big).map(|cell| f32::from(i8::from_le_bytes(cell)))),
            Kind::U1 => out.extend(cells(bytes, big).map(|[byte]| f32::from(byte))),
            Kind::I2 => out.extend(cells(bytes, big).map(|cell| f32::from(i16::from_le_bytes(cell)))),
            Kind::U2 => out.extend(cells(bytes, big).map(|cell| f32::from(u16::from_le_bytes(cell)))),
            Kind::F2 => out.extend(cells(bytes, big).map(|cell| half(u16::from_le_bytes(cell)))),
            Kind::F4 => out.extend(cells(bytes, big).map(f32::from_le_bytes)),
            Kind::I4 => out.extend(cells(bytes, big).map(|cell| i32::from_le_bytes(cell) as f32)),
            Kind::U4 => out.extend(cells(bytes, big).map(|cell| u32::from_le_bytes(cell) as f32)),
            Kind::I8 => out.extend(cells(bytes, big).map(|cell| i64::from_le_bytes(cell) as f32)),
            Kind::U8 => out.extend(cells(bytes, big).map(|cell| u64::from_le_bytes(cell) as f32)),
            Kind::F8 => out.extend(cells(bytes, big).map(|cell| f64::from_le_bytes(cell) as f32)),
        }
    }

    /// Decodes whole cells. Integers beyond 2^53 are rounded to the nearest f64.
    pub(super) fn decode_f64(self, bytes: &[u8], out: &mut Vec<f64>) {
        let big = self.big_endian;
        match self.kind {
            Kind::I4 => out.extend(cells(bytes, big).map(|cell| f64::from(i32::from_le_bytes(cell)))),
            Kind::U4 => out.extend(cells(bytes, big).map(|cell| f64::from(u32::from_le_bytes(cell)))),
            Kind::I8 => out.extend(cells(bytes, big).map(|cell| i64::from_le_bytes(cell) as f64)),
            Kind::U8 => out.extend(cells(bytes, big).map(|cell| u64::from_le_bytes(cell) as f64)),
            Kind::F8 => out.extend(cells(bytes, big).map(f64::from_le_bytes)),
            _ => {
                let mut small = Vec::with_capacity(bytes.len() / self.bytes());
                self.decode_f32(bytes, &mut small);
                out.extend(small.into_iter().map(f64::from));
            }
        }
    }

    /// The type of a cell.
    pub(super) fn cell_type(self) -> CellType {
        match self.kind {
            Kind::Bool => CellType::Boolean,
            Kind::I1 | Kind::I2 | Kind::I4 | Kind::I8 => CellType::Signed,
            Kind::U1 | Kind::U2 | Kind::U4 | Kind::U8 => CellType::Unsigned,
            Kind::F2 | Kind::F4 | Kind::F8 => CellType::Float,
        }
    }

    /// A cell as text with all digits: a truth column may hold 64-bit identifiers.
    pub(super) fn text(self, cell: &[u8]) -> String {
        let first = |mut values: Vec<f64>| values.pop().unwrap_or(f64::NAN).to_string();
        match self.kind {
            Kind::I8 => cells(cell, self.big_endian).map(i64::from_le_bytes).map(|i| i.to_string()).collect(),
            Kind::U8 => cells(cell, self.big_endian).map(u64::from_le_bytes).map(|i| i.to_string()).collect(),
            _ => {
                let mut value = Vec::new();
                self.decode_f64(cell, &mut value);
                first(value)
            }
        }
    }
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Kind::Bool | Kind::I1 | Kind::U1 => 1,
            Kind::I2 | Kind::U2 | Kind::F2 => 2,
            Kind::I4 | Kind::U4 | Kind::F4 => 4,
            Kind::I8 | Kind::U8 | Kind::F8 => 8,
        }
    }
}

/// Cells of N bytes, in little-endian order.
fn cells<const N: usize>(bytes: &[u8], big_endian: bool) -> impl Iterator<Item = [u8; N]> {
    let (cells, _) = bytes.as_chunks();
    cells.iter().map(move |&cell: &[u8; N]| {
        let mut cell = cell;
        if big_endian {
            cell.reverse();
        }
        cell
    })
}

/// Half precision: 1 bit of sign, 5 of exponent, 10 of mantissa.
pub(super) fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let exponent = u32::from(bits >> 10 & 31);
    let mantissa = u32::from(bits & 1023);
    sign * match exponent {
        0 => mantissa as f32 / 16_777_216.0, // subnormal, in units of 2^-24
        31 if mantissa == 0 => f32::INFINITY,
        31 => f32::NAN,
        _ => f32::from_bits((exponent + 112) << 23 | mantissa << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(dtype: &str, bytes: &[u8]) -> (f64, String) {
        let dtype = Dtype::parse(dtype).expect("a plain number");
        assert_eq!(dtype.bytes(), bytes.len());
        let (mut wide, mut narrow) = (Vec::new(), Vec::new());
        dtype.decode_f64(bytes, &mut wide);
        dtype.decode_f32(bytes, &mut narrow);
        assert_eq!((wide.len(), narrow.len()), (1, 1));
        assert_eq!(narrow[0], wide[0] as f32);
        if dtype.fits_f32() {
            assert_eq!(f64::from(narrow[0]), wide[0]);
        }
        (wide[0], dtype.text(bytes))
    }

    #[test]
    fn every_type_in_both_orders() {
        let cases: [(&str, Vec<u8>, f64); 12] = [
            ("b1", vec![2], 1.0),
            ("i1", vec![0x80], -128.0),
            ("u1", vec![0xff], 255.0),
            ("i2", (-32_768_i16).to_le_bytes().into(), -32_768.0),
            ("u2", 65_534_u16.to_le_bytes().into(), 65_534.0),
            ("i4", (-2_147_483_647_i32).to_le_bytes().into(), -2_147_483_647.0),
            ("u4", 4_294_967_295_u32.to_le_bytes().into(), 4_294_967_295.0),
            ("i8", (-9_007_199_254_740_991_i64).to_le_bytes().into(), -9_007_199_254_740_991.0),
            ("u8", 9_007_199_254_740_991_u64.to_le_bytes().into(), 9_007_199_254_740_991.0),
            ("f2", 0xc248_u16.to_le_bytes().into(), -3.140625),
            ("f4", 0.1_f32.to_le_bytes().into(), f64::from(0.1_f32)),
            ("f8", 0.1_f64.to_le_bytes().into(), 0.1),
        ];
        for (kind, mut bytes, value) in cases {
            assert_eq!(decoded(&format!("<{kind}"), &bytes), (value, value.to_string()), "<{kind}");
            bytes.reverse();
            assert_eq!(decoded(&format!(">{kind}"), &bytes).0, value, ">{kind}");
        }
    }

    #[test]
    fn long_identifiers_keep_their_digits_as_text() {
        let dtype = Dtype::parse(">u8").expect("a plain number");
        assert_eq!(dtype.text(&u64::MAX.to_be_bytes()), "18446744073709551615");
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for text in
            ["", "<", "|O", "<U5", "|S3", "<c8", "<M8[ns]", "|V4", "<f16", "|f4", "=f4", "f4", "é4", "<i3"]
        {
            assert_eq!(Dtype::parse(text), None, "{text}");
        }
    }

    #[test]
    fn halves_at_their_edges() {
        assert_eq!(half(0x0001), 2.0_f32.powi(-24));
        assert_eq!(half(0x03ff), 1023.0 * 2.0_f32.powi(-24));
        assert_eq!(half(0x0400), 2.0_f32.powi(-14));
        assert_eq!(half(0x7bff), 65_504.0);
        assert_eq!(half(0xfc00), f32::NEG_INFINITY);
        assert!(half(0x7e00).is_nan());
        assert_eq!(half(0x8000).to_bits(), (-0.0_f32).to_bits());
    }
}
