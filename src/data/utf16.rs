//! UTF-16 text with a byte order mark, as spreadsheets write it -> UTF-8.

use std::io::{self, Read};

/// The byte order mark in UTF-16, little-endian and big-endian.
const LITTLE: &[u8] = b"\xff\xfe";
const BIG: &[u8] = b"\xfe\xff";
/// The mark of UTF-32 begins as that of UTF-16 does.
const UTF_32: &[u8] = b"\xff\xfe\0\0";

/// Bytes read at a time.
const BLOCK: u64 = 1 << 14;

/// Text in UTF-8.
pub(super) struct Utf16<R> {
    text: R,
    big_endian: bool,
    /// Bytes read that are not converted yet: less than a character.
    rest: Vec<u8>,
    /// Converted text, and how much of it was given.
    converted: String,
    given: usize,
    line: u64,
}

/// Whether text begins so that is in UTF-16; if so, whether it is big-endian.
pub(super) fn is_big_endian(start: &[u8]) -> Option<bool> {
    match start {
        _ if start.starts_with(UTF_32) => None,
        _ if start.starts_with(LITTLE) => Some(false),
        _ if start.starts_with(BIG) => Some(true),
        _ => None,
    }
}

impl<R: Read> Utf16<R> {
    /// The text after its byte order mark.
    pub(super) fn new(mut text: R, big_endian: bool) -> io::Result<Self> {
        text.read_exact(&mut [0; 2])?;
        Ok(Self { text, big_endian, rest: Vec::new(), converted: String::new(), given: 0, line: 1 })
    }

    /// Converts the next block. False at the end.
    fn convert(&mut self) -> io::Result<bool> {
        (self.converted, self.given) = (String::new(), 0);
        let before = self.rest.len();
        let n = self.text.by_ref().take(BLOCK).read_to_end(&mut self.rest)?;
        let units = self.units();
        // the second half of a character may come with the next block
        let half = n as u64 == BLOCK && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit));
        let whole = &units[..units.len() - usize::from(half)];
        for found in char::decode_utf16(whole.iter().copied()) {
            let found =
                found.map_err(|error| self.broken(&format!("0x{:04x}", error.unpaired_surrogate())))?;
            self.line += u64::from(found == '\n');
            self.converted.push(found);
        }
        self.rest.drain(..2 * whole.len());
        if n == 0 && before > 0 {
            return Err(self.broken("the last byte"));
        }
        Ok(n > 0)
    }

    fn units(&self) -> Vec<u16> {
        let unit = if self.big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
        self.rest.as_chunks().0.iter().map(|&bytes| unit(bytes)).collect()
    }

    fn broken(&self, what: &str) -> io::Error {
        let line = self.line;
        io::Error::other(format!(
            "line {line} of its UTF-16 text: {what} is half a character; save it in UTF-8"
        ))
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.given == self.converted.len() {
            if !self.convert()? {
                return Ok(0);
            }
        }
        let left = &self.converted.as_bytes()[self.given..];
        let n = left.len().min(to.len());
        to[..n].copy_from_slice(&left[..n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, big_endian: bool) -> Vec<u8> {
        let bytes = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        let big_endian = is_big_endian(bytes).expect("a mark");
        Utf16::new(bytes, big_endian)?.read_to_string(&mut text).map(|_| text)
    }

    /// A character of two halves at every place, also across two blocks.
    #[test]
    fn text_is_the_same_in_either_order() {
        for padding in 8185..8196 {
            let text = format!("\u{feff}{}😀é,1\r\n", "x".repeat(padding));
            for big_endian in [false, true] {
                assert_eq!(read(&utf_16(&text, big_endian)).unwrap(), text[3..]);
            }
        }
        assert_eq!(read(b"\xff\xfe").unwrap(), "");
        assert_eq!(is_big_endian(b"\xff\xfe\0\0x\0\0\0"), None);
    }

    #[test]
    fn half_characters_are_errors_with_their_line() {
        let text = utf_16("\u{feff}a\n😀\n", false);
        let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(error(&text[..8]).contains("line 2 of its UTF-16 text: 0xd83d is half a character"));
        assert!(error(&text[..7]).contains("line 2 of its UTF-16 text: the last byte"));
        assert!(error(&[&text[..6], &text[8..]].concat()).contains("0xde00 is half"));
    }
}
