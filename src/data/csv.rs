//! CSV text -> rows.
//!
//! * Cells are trimmed and may be quoted; empty lines are skipped; a byte order mark is dropped, and UTF-16
//!   that begins with one is converted.
//! * The delimiter, the header and the columns of truth values are found in the first rows: see `form`.
//! * Values are parsed as f64. Where the delimiter is not a comma, numbers may have a decimal comma, if none of them has
//!   a decimal point.
//! * Plain rows are read on all threads (`csv_plain`), and from the first other one on all rows one by one (`csv_rows`).
//! * The text is never in memory as a whole.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use super::columns::{Columns, MOST_COLUMNS};
use super::csv_block::RowBlock;
use super::csv_plain::{End, PlainRows, PlainText, Sizes};
use super::csv_rows::CsvRows;
use super::csv_values::{CsvValues, Decimals};
use super::error::DataError;
use super::form::Form;
use super::format::InputFormat;
use super::input::{Input, read_error};
use super::options::{LONGEST_ROW, ReadOptions};
use super::pick::Pick;
use super::reading::TextReading;
use super::rows::CHUNK_BYTES;
use super::sample::Sample;
use super::source::{Chunk, Source};
use super::texts::CellType;
use super::utf16::{Utf16, is_big_endian};

/// The format of all text that no other format recognises.
pub(super) const FORMAT: InputFormat =
    InputFormat { magic: &[], endings: &["csv", "tsv", "txt"], is_text: true, open };

/// Bytes of the longest first row, unless more is asked for than by default: the first rows are read several times.
const LONGEST_FIRST: usize = LONGEST_ROW / 4;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A CSV source after its first rows were read.
struct Csv {
    input: Input,
    values: CsvValues,
    longest_row: usize,
    /// Where the rows begin, below the header; `None` if the header is not known to end in the first bytes.
    start: Option<Start>,
    decimals: Mutex<Decimals>,
    /// The open text, used by the first pass over the rows.
    begun: Mutex<Option<Box<dyn Read + Send>>>,
}

/// Where the rows begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    bytes: u64,
    line: u64,
}

type TextRows = CsvRows<Box<dyn Read + Send>>;

/// Finds the delimiter, the header and the number of columns.
fn open(input: Input, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    Ok(Box::new(open_at(input, options, None)?))
}

/// Opens a sheet as text, whose first column is this one of the sheet, from 0.
#[cfg(feature = "excel")]
pub(super) fn open_sheet(
    input: Input,
    options: &ReadOptions,
    first: usize,
) -> Result<Box<dyn Source>, DataError> {
    Ok(Box::new(open_at(input, options, Some(first))?))
}

fn open_at(input: Input, options: &ReadOptions, sheet: Option<usize>) -> Result<Csv, DataError> {
    let name = input.name();
    let mut text = text_of(&input)?;
    let longest = options.longest_row;
    let most = if longest > LONGEST_ROW { longest } else { longest.min(LONGEST_FIRST) };
    let sample = Sample::read(&mut *text, most).map_err(|reason| read_error(name, reason))?;
    if !sample.has_whole_line() {
        return Err(DataError::LongRow { name: name.to_owned(), row: 1, bytes: most });
    }
    let sample = sample.with_marks(&options.na);
    let form = Form::of(name, &sample, options)?;
    let (columns, most) = (form.n_columns as u64, MOST_COLUMNS);
    if columns > most {
        return Err(DataError::TooManyColumns { name: name.to_owned(), columns, most });
    }
    let columns = match &form.header {
        Some(header) => Columns::named(name, header.clone()),
        None => Columns::numbered(name, form.n_columns),
    };
    let columns = columns.with_text(form.text.clone()).in_sheet(sheet);
    let sample = sample.into_bytes();
    let start = start_of(&sample, &form, longest);
    let text: Box<dyn Read + Send> = Box::new(Cursor::new(sample).chain(text));
    let values = CsvValues { columns, form, header: options.header, na: options.na.clone() };
    let (decimals, begun) = (Mutex::default(), Mutex::new(Some(text)));
    Ok(Csv { input, values, longest_row: longest, start, decimals, begun })
}

/// The bytes after the byte order mark, in UTF-8.
fn text_of(input: &Input) -> Result<Box<dyn Read + Send>, DataError> {
    let mut reader = input.open()?;
    if let Some(big_endian) = is_big_endian(input.start()) {
        let text = Utf16::new(reader, big_endian).map_err(|reason| read_error(input.name(), reason))?;
        return Ok(Box::new(text));
    }
    if input.start().starts_with(BYTE_ORDER_MARK) {
        let mut mark = [0; BYTE_ORDER_MARK.len()];
        reader.read_exact(&mut mark).map_err(|reason| read_error(input.name(), reason))?;
    }
    Ok(reader)
}

/// Where the rows below the header begin, if one begins in these first bytes.
fn start_of(bytes: &[u8], form: &Form, longest: usize) -> Option<Start> {
    if form.skip == 0 {
        return Some(Start { bytes: 0, line: 1 });
    }
    let mut rows = CsvRows::new("", bytes, form.delimiter, longest);
    for _ in 0..form.skip {
        rows.next_row().ok()?;
    }
    let line = rows.line();
    rows.next_row().ok()??;
    let (mut at, mut ends) = (0, 1);
    while ends < line {
        at += bytes[at..].iter().position(|byte| b"\r\n".contains(byte))?;
        at += if bytes[at..].starts_with(b"\r\n") { 2 } else { 1 };
        ends += 1;
    }
    Some(Start { bytes: at as u64, line })
}

impl Source for Csv {
    fn columns(&self) -> &Columns {
        &self.values.columns
    }

    fn n_rows(&self) -> Option<usize> {
        None
    }

    fn can_reread(&self) -> bool {
        self.input.can_reopen()
    }

    fn text(&self, pick: &Pick) -> Option<TextReading> {
        let (form, columns) = (&self.values.form, &self.values.columns);
        let booleans = pick.features.iter().filter(|&&column| form.booleans[column]);
        let row_count =
            form.row_count.filter(|column| pick.features.contains(column) && pick.features.len() > 1);
        Some(TextReading {
            delimiter: char::from(form.delimiter),
            first_row: form.first_row,
            header: form.header.clone(),
            trailing_delimiter: form.trailing,
            decimal_comma: self.decimals().comma > 0,
            booleans: booleans.map(|&column| columns.name(column)).collect(),
            row_count: row_count.map(|column| (columns.name(column), columns.asked(column))),
        })
    }

    fn cell_types(&self) -> Vec<CellType> {
        vec![CellType::Text; self.values.columns.count()]
    }

    fn read(&self, pick: &Pick, each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Result<(), DataError> {
        let read = self.read_rows(pick, Some(Sizes::new(self.longest_row)), each);
        // the rows could be a mix of two versions, and an error come from that
        self.input.check_unchanged().and(read)
    }
}

impl Csv {
    /// The decimal marks found so far.
    fn decimals(&self) -> Decimals {
        *self.decimals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all rows; the plain ones on all threads, if `sizes` are given.
    fn read_rows(
        &self,
        pick: &Pick,
        sizes: Option<Sizes>,
        each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<(), DataError> {
        let mut decimals = self.decimals();
        let read = self.read_noting(pick, sizes, &mut decimals, each);
        *self.decimals.lock().unwrap_or_else(PoisonError::into_inner) = decimals;
        read
    }

    fn read_noting(
        &self,
        pick: &Pick,
        sizes: Option<Sizes>,
        decimals: &mut Decimals,
        each: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<(), DataError> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        let text = begun.map_or_else(|| text_of(&self.input), Ok)?;
        let (mut block, columns) = (RowBlock::default(), &self.values.columns);
        let most = pick.chunk_rows(size_of::<f64>());
        // the texts of cells are taken row by row
        let sizes = sizes.filter(|_| !pick.texts);
        let plain = sizes.and_then(|sizes| PlainRows::new(&self.values, pick, sizes));
        let mut rows = match (plain, self.start) {
            (Some(plain), Some(start)) => {
                let mut text = PlainText::new(self.after(text, start.bytes)?, start.line);
                let mut ended = false;
                let end = plain.read(&mut text, (&mut block, decimals), most, &mut |block| {
                    let flow = each(block.chunk(columns, pick));
                    ended = flow.is_break();
                    flow
                });
                match end {
                    End::Done if ended => return Ok(()),
                    End::Done => None,
                    End::Other => Some(self.other_rows(text)),
                }
            }
            _ => Some(self.rows_of(text)?),
        };
        while let Some(rows) = &mut rows
            && let Some((number, row)) = rows.next_row()?
        {
            if !self.values.fits(row.len(), &row[row.len() - 1]) {
                let (name, expected, found) = (self.input.name().to_owned(), columns.count(), row.len());
                return Err(DataError::Ragged { name, row: number, expected, found });
            }
            block.push(&self.values, pick, (number, row), decimals)?;
            if block.n_rows() == most || block.texts.bytes() >= CHUNK_BYTES {
                if each(block.chunk(columns, pick)).is_break() {
                    return Ok(());
                }
                block.clear();
            }
        }
        if block.first == 0 && block.n_rows() == 0 {
            let (name, columns) = (self.input.name().to_owned(), columns.count());
            return Err(DataError::NoRows { name, columns });
        }
        if block.n_rows() > 0 {
            let _ = each(block.chunk(columns, pick));
        }
        Ok(())
    }

    /// The text after its first bytes.
    fn after(&self, mut text: Box<dyn Read + Send>, bytes: u64) -> Result<Box<dyn Read + Send>, DataError> {
        let skipped = io::copy(&mut text.by_ref().take(bytes), &mut io::sink());
        skipped.map_err(|reason| read_error(self.input.name(), reason))?;
        Ok(text)
    }

    /// The rows below the header.
    fn rows_of(&self, text: Box<dyn Read + Send>) -> Result<TextRows, DataError> {
        let form = &self.values.form;
        let mut rows = CsvRows::new(self.input.name(), text, form.delimiter, self.longest_row);
        for _ in 0..form.skip {
            rows.next_row()?;
        }
        Ok(rows)
    }

    /// The rows that were not read as plain ones.
    fn other_rows(&self, text: PlainText) -> TextRows {
        let line = text.line - 1;
        // behind a line end a byte order mark is text, as it is in the middle of a file
        let text: Box<dyn Read + Send> = Box::new(Cursor::new(b"\n").chain(text.into_text()));
        CsvRows::new(self.input.name(), text, self.values.form.delimiter, self.longest_row).at_line(line)
    }
}

#[cfg(test)]
mod tests {
    use super::super::truth::Truth;
    use super::*;

    fn source(text: &'static str) -> Result<Box<dyn Source>, DataError> {
        open(Input::of_memory("t.csv", text.as_bytes())?, &ReadOptions::default())
    }

    /// Chunks, numbers of the rows, truth.
    type Walked = (Vec<Vec<f64>>, Vec<u64>, Option<Truth>);

    fn walk(source: &dyn Source, pick: &Pick) -> Result<Walked, DataError> {
        let (mut chunks, mut numbers) = (Vec::new(), Vec::new());
        let truth = source.visit::<DataError>(pick, &mut |chunk| {
            assert_eq!(chunk.first, numbers.len());
            numbers.extend((0..chunk.n_rows).map(|row| chunk.position(row, 0).row));
            chunks.push(chunk.rows.to_f64().into_owned());
            Ok(())
        })?;
        Ok((chunks, numbers, truth))
    }

    #[test]
    fn rows_come_in_chunks_with_their_numbers_and_the_columns_asked_for() {
        let text = "a,name,b\r\n1,x,2\r\n\r\n3,y,4\r\n5,x,6\r\n";
        let pick = Pick { features: vec![2, 0], truth: Some(1), most_rows: Some(2), ..Pick::default() };
        let source = source(text).unwrap();
        for _ in 0..2 {
            let (chunks, numbers, truth) = walk(&*source, &pick).unwrap();
            assert_eq!(chunks, [vec![2.0, 1.0, 4.0, 3.0], vec![6.0, 5.0]]);
            assert_eq!(numbers, [2, 4, 5]);
            let truth = truth.unwrap();
            assert_eq!((truth.labels, truth.names), (vec![0, 1, 0], vec!["x".to_owned(), "y".into()]));
        }
    }

    #[test]
    fn without_a_header_the_first_row_is_data() {
        let pick = Pick { features: vec![0, 1], ..Pick::default() };
        let source = source("\u{feff}1;2\n\n3;4").unwrap();
        for _ in 0..2 {
            let (chunks, numbers, _) = walk(&*source, &pick).unwrap();
            assert_eq!((chunks, numbers), (vec![vec![1.0, 2.0, 3.0, 4.0]], vec![1, 3]));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let pick = Pick { features: vec![0], ..Pick::default() };
        let error = |text| source(text).and_then(|source| walk(&*source, &pick)).unwrap_err().to_string();
        assert!(error("a,b\n1,2\nx,3\n").contains("row 3, column 1 (\"a\"): \"x\" is not a number"));
        assert!(error("a,b\n1,2\nx,3\n").contains("leave out the column"));
        assert!(error("1,2\n3\n").contains("row 2: has 1 cells"));
        assert!(error("a,b\n").contains("no rows"));
        assert!(error("\n\n").contains("is empty"));
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_row() {
        let input = Input::of_memory("t.csv", b"a,b\n1,2\n\n3,\xff4\n").unwrap();
        let source = open(input, &ReadOptions::default()).unwrap();
        let error = walk(&*source, &Pick { features: vec![0, 1], ..Pick::default() }).unwrap_err();
        assert!(matches!(error, DataError::NotUtf8 { row: 4, byte: 0xff, .. }), "{error}");
    }

    #[test]
    fn a_text_that_changes_between_two_readings_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let path = path.to_str().unwrap();
        std::fs::write(path, "1\n2\n").unwrap();
        let source = open(Input::of_path(path).unwrap(), &ReadOptions::default()).unwrap();
        let pick = Pick { features: vec![0], ..Pick::default() };
        for _ in 0..2 {
            assert_eq!(walk(&*source, &pick).unwrap().0, [vec![1.0, 2.0]]);
        }
        std::fs::write(path, "1\n2\n3\n").unwrap();
        let error = walk(&*source, &pick).unwrap_err();
        assert!(matches!(error, DataError::Changed { expected: 4, found: 6, .. }), "{error}");
    }

    #[test]
    fn rows_and_columns_without_end_are_refused_in_bounded_memory() {
        let error = |text: String, name: &str| {
            let source = open(Input::of_memory(name, text.as_bytes()).unwrap(), &ReadOptions::default());
            let read = source.and_then(|source| {
                source
                    .read(&Pick { features: vec![0], ..Pick::default() }, &mut |_| ControlFlow::Continue(()))
            });
            read.unwrap_err().to_string()
        };
        assert_eq!(
            error("1,".repeat(10 << 20), "wide.csv"),
            "wide.csv, row 1: is longer than 16 MiB; close its quotes, or split the line (a table has one line per row)"
        );
        let quote = format!("a,b\n1,2\n3,\"4\n{}", "5,6\n".repeat(17 << 20));
        let found = error(quote, "quote.csv");
        assert!(found.starts_with("quote.csv, row 3: is longer than 64 MiB; close its quotes"), "{found}");
        let many = "1,".repeat((1 << 20) + 2) + "1\n";
        assert!(
            error(many.repeat(2), "many.csv")
                .starts_with("many.csv: has 1048579 columns; at most 1048576 can be")
        );
    }

    /// All that a pass over the rows gives: chunks with the numbers of their rows, classes, weights, the decimal marks,
    /// and the error.
    type Pass = (Vec<(Vec<u64>, Vec<u64>, Vec<String>, Vec<u64>)>, Decimals, Option<String>);

    fn pass(csv: &Csv, pick: &Pick, sizes: Option<Sizes>) -> Pass {
        let mut chunks = Vec::new();
        let error = csv.read_rows(pick, sizes, &mut |chunk| {
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            let numbers = (0..chunk.n_rows).map(|row| chunk.number(row)).collect();
            chunks.push((bits(&chunk.rows.to_f64()), numbers, chunk.truth.to_vec(), bits(chunk.weights)));
            ControlFlow::Continue(())
        });
        (chunks, csv.decimals(), error.err().map(|error| format!("{error:?}")))
    }

    /// Reads the text with and without plain rows. Two passes each: the second begins with what the first found.
    fn same_both_ways(text: &[u8], pick: &Pick, options: &ReadOptions, sizes: Sizes) {
        let csv = || open_at(Input::of_memory("t.csv", text).unwrap(), options, None);
        let (Ok(with), Ok(without)) = (csv(), csv()) else { return };
        if pick
            .features
            .iter()
            .chain(&pick.truth)
            .chain(&pick.weights)
            .any(|&at| at >= with.columns().count())
        {
            return;
        }
        for _ in 0..2 {
            assert_eq!(
                pass(&with, pick, Some(sizes)),
                pass(&without, pick, None),
                "{:?}",
                String::from_utf8_lossy(text)
            );
        }
    }

    use proptest::prelude::*;

    fn cell() -> impl Strategy<Value = String> {
        let of = |cells: &'static [&'static str]| prop::sample::select(cells).prop_map(str::to_owned);
        prop_oneof![
            6 => (-2000..2000i32).prop_map(|x| x.to_string()),
            6 => any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(|x| x.to_string()),
            4 => any::<f32>().prop_filter("finite", |x| x.is_finite()).prop_map(|x| format!("{x:e}")),
            3 => "[-+]?[0-9]{0,22}\\.?[0-9]{0,25}([eE][-+]?[0-9]{1,3})?",
            2 => "[-+.0-9eEinfax_ ]{0,7}",
            2 => (0..5000u32).prop_map(|x| format!("{},{}", x / 100, x % 100)),
            2 => of(&["", " ", "?", "NA", "nan", "-", "true", "No", "-999", "x", "\u{e9}", "\u{a0}1\u{a0}", "1e999", "inf"]),
            2 => of(&["\"1\"", "\"1,5\"", " \"2\"", "\"a\"\"b\"", "\"a;b,c\"", "\"3\"4", "\"5\n6\"", "\"\"", "\" \"",
                "\"7", "8\"", "1,234", "\u{feff}9", "\t3", "3\t", "\"1\r\n2\"", "\r"]),
        ]
    }

    fn text() -> impl Strategy<Value = (Vec<u8>, bool)> {
        let ends = prop_oneof![8 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\n"), 1 => Just("\n \n")];
        let plain = prop_oneof![(-900..900i32).prop_map(|x| (f64::from(x) / 8.0).to_string())];
        let row = move |n: usize| {
            let cells = prop_oneof![
                12 => prop::collection::vec(plain.clone(), n),
                4 => prop::collection::vec(prop_oneof![3 => plain.clone(), 1 => cell()], n),
                1 => prop::collection::vec(cell(), n - 1..n + 2),
            ];
            (cells, ends.clone())
        };
        let rows = (1..5usize).prop_flat_map(move |n| prop::collection::vec(row(n), 1..30));
        let form =
            (prop::sample::select(&[",", ",", ";", "\t", "|", " ", "  "][..]), any::<[bool; 3]>(), 0..40u8);
        (rows, form).prop_map(|(rows, (delimiter, [trailing, header, cut], bad))| {
            let mut text = String::new();
            if header {
                text += &["a", "b", "c", "d"][..rows[0].0.len().clamp(1, 4)].join(delimiter);
                text += rows[0].1;
            }
            for (cells, end) in &rows {
                text += &cells.join(delimiter);
                text += if trailing && bad % 4 == 0 { delimiter } else { "" };
                text += end;
            }
            let mut bytes = text.into_bytes();
            if cut {
                bytes.pop();
            }
            if bad == 0 {
                let at = bytes.len() / 2;
                bytes.insert(at, 0xff);
            }
            (bytes, header)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn plain_rows_are_read_as_all_rows_are(
            (text, named) in text(),
            features in prop::sample::subsequence(vec![0, 1, 2, 3], 0..4),
            [reversed, has_truth, has_weights, lenient] in any::<[bool; 4]>(),
            (drops, na, most_rows) in (any::<bool>(), any::<bool>(), prop::option::of(1..9usize)),
            (piece, pieces, longest) in (1..90usize, 1..4usize, prop_oneof![4 => Just(1000), 1 => 5..40usize]),
        ) {
            let mut features = features;
            let truth = (has_truth && !features.contains(&0)).then_some(0);
            let weights = (has_weights && !features.contains(&1)).then_some(1);
            if reversed {
                features.reverse();
            }
            let missing = if drops { super::super::options::Missing::Drop } else { super::super::options::Missing::default() };
            let pick = Pick { features, truth, weights, lenient, missing, most_rows, ..Pick::default() };
            let header = if named { super::super::options::Header::Yes } else { super::super::options::Header::Auto };
            let na = if na { vec!["-999".to_owned(), "7".to_owned()] } else { Vec::new() };
            let options = ReadOptions { header, na, ..ReadOptions::default() };
            same_both_ways(&text, &pick, &options, Sizes { piece, pieces, longest });
        }
    }
}
