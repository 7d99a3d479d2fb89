//! Sheets of Excel and OpenDocument workbooks.
//!
//! The cells of a sheet become the text of a table, each row of the sheet a line, which is then read as any CSV: what is a
//! header, a truth value, text or missing is decided there. Errors name cells, such as C7.

use std::fmt::Write;
use std::io::{self, Read};

use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, SheetType, SheetVisible, Xls, Xlsb, Xlsx};
use zip::ZipArchive;

use super::columns::listed;
use super::csv::open_sheet;
use super::error::DataError;
use super::foreign::{Foreign, is_office, zip};
use super::guarded::guarded;
use super::input::{Input, Stored, StoredBytes, read_error};
use super::options::ReadOptions;
use super::source::Source;
use super::unpack::{FREE, MOST_TIMES};

const FORMAT: &str = "Excel or OpenDocument";
/// What an archive begins with, and what an `.xls` file does.
const ARCHIVE: &[u8] = b"PK\x03\x04";
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0";
const ENDINGS: [&str; 4] = ["xlsx", "xlsm", "xlsb", "ods"];
/// The most times its size that deflated data unpack to.
const MOST_DEFLATED: u64 = 1032;
/// Most bytes of a sheet as text.
const MOST_TEXT: usize = 1 << 30;

/// Whether an input is a workbook, by its first bytes, and an archive by its first file or its name.
pub(super) fn is_workbook(input: &Input) -> bool {
    let start = input.start();
    let name = input.bare_name().to_ascii_lowercase();
    let named = || ENDINGS.iter().any(|ending| name.ends_with(&format!(".{ending}")));
    let first = || is_office(start.get(30..).unwrap_or_default());
    start.starts_with(COMPOUND) || start.starts_with(ARCHIVE) && (first() || named())
}

/// Opens the sheet that was asked for, or the first one that is not hidden.
pub(super) fn open(input: Input, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let asked = input.part().map(str::to_owned).or_else(|| options.sheet.clone());
    let (is_archive, stored) = (input.start().starts_with(ARCHIVE), input.store()?);
    if is_archive {
        check_size(&stored)?;
    }
    let (sheet, text) = guarded(stored.name(), FORMAT, || {
        let mut workbook = Workbook::open(&stored, is_archive)?;
        let sheet = workbook.choose(stored.name(), asked)?;
        let text = workbook.text(&stored, &sheet)?;
        Ok((sheet, text))
    })?;
    let name = format!("{}:{sheet}", stored.name());
    if text.bytes.is_empty() {
        return Err(DataError::Empty { name });
    }
    let options = ReadOptions { delimiter: Some(b','), ..options.clone() };
    open_sheet(Input::of_memory(&name, &text.bytes)?, &options, text.first_column)
}

/// Checks that an archive unpacks to no more than data of its size do, since all of it is held in memory.
fn check_size(stored: &Stored) -> Result<(), DataError> {
    if stored.len().saturating_mul(MOST_DEFLATED) <= FREE {
        return Ok(());
    }
    let failed = |reason| read_error(stored.name(), reason);
    let mut archive = ZipArchive::new(stored.open()?).map_err(|error| damaged(stored, &error))?;
    let most = FREE.max(stored.len().saturating_mul(MOST_TIMES));
    let mut left = most;
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|error| damaged(stored, &error))?;
        left -= io::copy(&mut member.take(left), &mut io::sink()).map_err(failed)?;
        if left == 0 {
            let reason =
                format!("it unpacks to {most} bytes or more; save its sheet as CSV, if that is meant");
            return Err(failed(io::Error::other(reason)));
        }
    }
    Ok(())
}

fn damaged(stored: &Stored, error: &dyn std::fmt::Display) -> DataError {
    DataError::Damaged { name: stored.name().to_owned(), format: FORMAT, reason: error.to_string() }
}

/// A workbook of each format.
enum Workbook {
    Xls(Box<Xls<StoredReader>>),
    Xlsx(Box<Xlsx<StoredReader>>),
    Xlsb(Box<Xlsb<StoredReader>>),
    Ods(Box<Ods<StoredReader>>),
}

type StoredReader = io::BufReader<StoredBytes>;

impl Workbook {
    fn open(stored: &Stored, is_archive: bool) -> Result<Self, DataError> {
        let reader = || stored.open().map(io::BufReader::new);
        if !is_archive {
            let xls = Xls::new(reader()?).map_err(|error| damaged(stored, &error))?;
            return Ok(Self::Xls(Box::new(xls)));
        }
        let archive = ZipArchive::new(stored.open()?).map_err(|error| damaged(stored, &error))?;
        let names: Vec<String> =
            archive.file_names().map(|name| name.unwrap_or_default().into_owned()).collect();
        let holds = |name: &str| names.iter().any(|held| held == name);
        if holds("xl/workbook.xml") {
            let xlsx = Xlsx::new(reader()?).map_err(|error| damaged(stored, &error))?;
            Ok(Self::Xlsx(Box::new(xlsx)))
        } else if holds("xl/workbook.bin") {
            let xlsb = Xlsb::new(reader()?).map_err(|error| damaged(stored, &error))?;
            Ok(Self::Xlsb(Box::new(xlsb)))
        } else if holds("content.xml") {
            let ods = Ods::new(reader()?).map_err(|error| damaged(stored, &error))?;
            Ok(Self::Ods(Box::new(ods)))
        } else {
            let Foreign { what, advice } = zip(names.join("\n").as_bytes());
            Err(DataError::Foreign { name: stored.name().to_owned(), what, advice })
        }
    }

    /// The name of the sheet that was asked for, or of the first one that is not hidden, or of the first one.
    fn choose(&self, name: &str, asked: Option<String>) -> Result<String, DataError> {
        let sheets = match self {
            Self::Xls(workbook) => workbook.sheets_metadata(),
            Self::Xlsx(workbook) => workbook.sheets_metadata(),
            Self::Xlsb(workbook) => workbook.sheets_metadata(),
            Self::Ods(workbook) => workbook.sheets_metadata(),
        };
        let of_cells = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let names: Vec<String> = of_cells().map(|sheet| sheet.name.clone()).collect();
        let shown = of_cells().find(|sheet| sheet.visible == SheetVisible::Visible);
        match asked {
            Some(asked) if names.contains(&asked) => Ok(asked),
            None if !names.is_empty() => {
                Ok(shown.map_or_else(|| names[0].clone(), |sheet| sheet.name.clone()))
            }
            asked => Err(DataError::UnknownPart {
                name: name.to_owned(),
                what: "sheet",
                asked: asked.unwrap_or_default(),
                available: listed(&names),
            }),
        }
    }

    /// The cells of a sheet as text.
    fn text(&mut self, stored: &Stored, sheet: &str) -> Result<SheetText, DataError> {
        let failed = |error: &dyn std::fmt::Display| damaged(stored, error);
        let mut lines = Lines::default();
        // one by one, since two cells can span a range of any size
        match self {
            Self::Xlsx(workbook) => {
                let mut cells = workbook.worksheet_cells_reader(sheet).map_err(|error| failed(&error))?;
                while let Some(cell) = cells.next_cell().map_err(|error| failed(&error))? {
                    lines
                        .push(cell.get_position(), &of_ref(cell.get_value()))
                        .map_err(|error| failed(&error))?;
                }
            }
            Self::Xlsb(workbook) => {
                let mut cells = workbook.worksheet_cells_reader(sheet).map_err(|error| failed(&error))?;
                while let Some(cell) = cells.next_cell().map_err(|error| failed(&error))? {
                    lines
                        .push(cell.get_position(), &of_ref(cell.get_value()))
                        .map_err(|error| failed(&error))?;
                }
            }
            Self::Xls(workbook) => {
                let range = workbook.worksheet_range(sheet).map_err(|error| failed(&error))?;
                lines.push_all(&range).map_err(|error| failed(&error))?;
            }
            Self::Ods(workbook) => {
                let range = workbook.worksheet_range(sheet).map_err(|error| failed(&error))?;
                lines.push_all(&range).map_err(|error| failed(&error))?;
            }
        }
        lines.finish().map_err(|error| failed(&error))
    }
}

/// A sheet as the text of a table.
struct SheetText {
    bytes: Vec<u8>,
    /// The index of the first column of the sheet that has a value.
    first_column: usize,
}

/// Lines of cells that are not yet of one length.
#[derive(Default)]
struct Lines {
    text: String,
    /// End of each line in the text, and the number of its cells.
    ends: Vec<(usize, usize)>,
    /// Cells of the line that is being written.
    width: usize,
    first_column: Option<usize>,
}

impl Lines {
    fn push_all(&mut self, range: &calamine::Range<Data>) -> Result<(), String> {
        let (row, column) = range.start().unwrap_or_default();
        range.used_cells().try_for_each(|(down, right, value)| {
            self.push((row + down as u32, column + right as u32), &of_data(value))
        })
    }

    /// Adds a cell, which comes after all others in the order of rows.
    fn push(&mut self, (row, column): (u32, u32), text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let (row, column) = (row as usize, column as usize);
        while self.ends.len() < row {
            self.end_line();
        }
        if self.ends.len() > row || self.width > column {
            return Err(format!("a cell of row {} is out of order", row + 1));
        }
        let commas = if self.width == 0 { column } else { column - self.width + 1 };
        self.text.extend(std::iter::repeat_n(',', commas));
        push_quoted(&mut self.text, text);
        self.width = column + 1;
        self.first_column = Some(self.first_column.map_or(column, |first| first.min(column)));
        self.check(self.text.len())
    }

    fn end_line(&mut self) {
        self.ends.push((self.text.len(), self.width));
        self.width = 0;
    }

    /// All lines, of one length but for empty ones, without empty columns before the first value.
    fn finish(mut self) -> Result<SheetText, String> {
        self.end_line();
        let first_column = self.first_column.unwrap_or_default();
        let width = self.ends.iter().map(|&(_, width)| width).max().unwrap_or_default();
        let more: usize = self.ends.iter().filter(|line| line.1 > 0).map(|line| width - line.1).sum();
        self.check(self.text.len() + self.ends.len() + more)?;
        let (mut bytes, mut begin) = (Vec::new(), 0);
        for &(end, of_line) in &self.ends {
            if of_line > 0 {
                bytes.extend_from_slice(&self.text.as_bytes()[begin + first_column..end]);
                bytes.extend(std::iter::repeat_n(b',', width - of_line));
            }
            bytes.push(b'\n');
            begin = end;
        }
        if self.first_column.is_none() {
            bytes.clear();
        }
        Ok(SheetText { bytes, first_column })
    }

    fn check(&self, bytes: usize) -> Result<(), String> {
        let said = || format!("it is a text of more than {MOST_TEXT} bytes, which is held in memory");
        if bytes > MOST_TEXT { Err(said()) } else { Ok(()) }
    }
}

/// A cell of CSV on one line.
fn push_quoted(to: &mut String, text: &str) {
    if !text.contains([',', '"', '\r', '\n']) {
        return to.push_str(text);
    }
    to.push('"');
    for letter in text.chars() {
        match letter {
            '"' => to.push_str("\"\""),
            '\r' | '\n' => to.push(' '),
            letter => to.push(letter),
        }
    }
    to.push('"');
}

fn of_ref(value: &DataRef<'_>) -> String {
    match value {
        DataRef::SharedString(text) => (*text).to_owned(),
        other => of_data(&Data::from(other.clone())),
    }
}

fn of_data(value: &Data) -> String {
    match value {
        Data::Int(value) => value.to_string(),
        Data::Float(value) => value.to_string(),
        Data::String(text) => text.clone(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(time) => of_time(time),
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

/// A date, a date and a time, or a duration in hours: a text, which is no number.
fn of_time(time: &ExcelDateTime) -> String {
    let mut text = String::new();
    if time.is_duration() {
        let seconds = (time.as_f64() * 86_400.0).round() as i64;
        let _ = write!(text, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        return text;
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let _ = write!(text, "{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) != (0, 0, 0) {
        let _ = write!(text, " {hour:02}:{minute:02}:{second:02}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_becomes_a_text_of_rows_of_one_length() {
        let mut lines = Lines::default();
        for (row, column, text) in
            [(1, 1, "a"), (1, 2, "b,\"c\"\nd"), (3, 2, "2"), (4, 1, "1"), (4, 3, "x"), (9, 9, "")]
        {
            lines.push((row, column), text).unwrap();
        }
        assert!(lines.push((4, 0), "late").is_err() && lines.push((2, 0), "late").is_err());
        let text = lines.finish().unwrap();
        assert_eq!(String::from_utf8(text.bytes).unwrap(), "\na,\"b,\"\"c\"\" d\",\n\n,2,\n1,,x\n");
        assert_eq!(text.first_column, 1);
    }

    /// Two cells, a million rows and 16,384 columns apart, with a value in each row.
    #[test]
    fn a_sheet_that_is_mostly_empty_is_bounded() {
        let mut lines = Lines::default();
        (0..100_000).for_each(|row| lines.push((row, 0), "1").unwrap());
        lines.push((1_048_575, 16_383), "1").unwrap();
        assert!(lines.finish().err().unwrap().contains("held in memory"));
    }
}
