//! Opens a table of any format.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::digits::{NAME as DIGITS, open as open_digits};
use super::error::DataError;
#[cfg(feature = "cli")]
use super::files::is_folder;
use super::files::{files_of, table_name};
#[cfg(feature = "cli")]
use super::folder::{ending, folder};
use super::foreign::{Foreign, recognise};
use super::format::InputFormat;
use super::input::{Input, file_and_part};
use super::joined::Joined;
#[cfg(feature = "cli")]
use super::npz;
use super::options::ReadOptions;
#[cfg(feature = "cli")]
use super::pictures;
#[cfg(feature = "excel")]
use super::sheet;
use super::source::Source;
use super::stamp::Stamp;
#[cfg(feature = "cli")]
use super::unpack::unpacking;
#[cfg(feature = "parquet")]
use super::{arrow, parquet};
use super::{csv, idx, npy, vectors};
#[cfg(feature = "cli")]
use crate::picture::begins_as_picture;

/// What standard input is called.
const STANDARD_INPUT: &str = "standard input";

/// All formats. The last one is the default.
static FORMATS: &[InputFormat] = &[
    npy::FORMAT,
    #[cfg(feature = "cli")]
    npz::FORMAT,
    #[cfg(feature = "parquet")]
    parquet::FORMAT,
    #[cfg(feature = "parquet")]
    arrow::FORMAT,
    idx::FORMAT,
    vectors::FVECS,
    vectors::BVECS,
    vectors::IVECS,
    csv::FORMAT,
];

/// Opens `digits`, `-` for standard input, a path, or all files that match a pattern such as `part-*.csv`, and finds the
/// columns.
///
/// The format is recognised by the first bytes, then by the file extension; the default is CSV. Data compressed by gzip
/// or zstd are read too, if the crate has the feature `cli`. `./digits` is a file.
///
/// With that feature a source may also be pictures, or a folder of them: each is a row, or each of its pixels.
///
/// # Errors
///
/// A [`DataError`] for anything wrong before the rows.
pub fn open(source: &str, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    open_all(&[source.to_owned()], options)
}

/// Opens several sources of the same columns as one table, each as [`open`] does.
///
/// # Errors
///
/// As [`open`]; [`DataError::OtherColumns`].
pub fn open_all(sources: &[String], options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let Files { files, left_out } = Files::of(sources)?;
    #[cfg(not(feature = "cli"))]
    drop(left_out); // only folders hold something else
    let name = table_name(sources);
    let (first, more) = files.split_first().ok_or_else(|| DataError::NotFound { name: sources.join(" ") })?;
    let input = input_of(first, options)?;
    #[cfg(feature = "cli")]
    if input.as_ref().is_some_and(|input| options.pixels || is_picture(input)) {
        let inputs = input.into_iter().map(Ok).chain(more.iter().map(|file| file_of(file, options)));
        let folder = Some(&name).filter(|name| is_folder(name)).map(|name| name.trim_end_matches('/'));
        let prefix = folder.map_or_else(String::new, |folder| format!("{folder}/"));
        return pictures::open(&name, inputs.collect::<Result<_, _>>()?, options, (&prefix, left_out));
    }
    let opened = open_found(input, options)?;
    if more.is_empty() {
        return Ok(opened);
    }
    let mut joined = Joined::new(&name, opened);
    for file in more {
        let (part, file, options) = (open_one(file, options)?, file.clone(), options.clone());
        joined.push(part, Box::new(move || open_one(&file, &options)))?;
    }
    Ok(Box::new(joined))
}

/// The state of the files of some sources: another one once any of them has changed. `None` if they can be read only once, or
/// can't be read.
#[must_use]
pub fn state_of(sources: &[String]) -> Option<String> {
    let mut state = String::new();
    for file in Files::of(sources).ok()?.files {
        if file == DIGITS {
            state += DIGITS;
            continue;
        }
        let path = Path::new(file_and_part(&file).0);
        if !path.is_file() {
            return None; // a pipe, which is not to be opened
        }
        let stamp = Stamp::of(&File::open(path).ok()?).ok()?;
        state += &format!("{file}: {stamp:?}; ");
    }
    Some(state)
}

/// The files of some sources.
struct Files {
    files: Vec<String>,
    /// What else is in folders among them.
    left_out: Vec<String>,
}

impl Files {
    fn of(sources: &[String]) -> Result<Self, DataError> {
        let mut all = Self { files: Vec::new(), left_out: Vec::new() };
        for source in sources {
            #[cfg(feature = "cli")]
            if is_folder(source) {
                let found = folder(source)?;
                all.files.extend(found.pictures);
                all.left_out.extend(found.others);
                continue;
            }
            all.files.extend(files_of(source)?);
        }
        Ok(all)
    }
}

/// Whether an input is a picture, by its first bytes and its name.
#[cfg(feature = "cli")]
fn is_picture(input: &Input) -> bool {
    begins_as_picture(input.start(), &ending(input.bare_name()))
}

/// The input of a source; `None` for the embedded table.
fn input_of(source: &str, options: &ReadOptions) -> Result<Option<Input>, DataError> {
    if source == DIGITS { Ok(None) } else { file_of(source, options).map(Some) }
}

/// The input of a file, or standard input.
fn file_of(source: &str, options: &ReadOptions) -> Result<Input, DataError> {
    if source == "-" {
        return prepared(Input::once(STANDARD_INPUT, Box::new(io::stdin()))?, options);
    }
    let (file, part) = file_and_part(source);
    prepared(Input::of_path(file)?.with_part(part), options)
}

fn open_one(source: &str, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    open_found(input_of(source, options)?, options)
}

fn open_found(input: Option<Input>, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    if options.pixels || options.channels.is_some() {
        let name = input.map_or_else(|| DIGITS.to_owned(), |input| input.name().to_owned());
        return Err(DataError::NotAPicture { name });
    }
    match (input, &options.sheet) {
        (Some(input), _) => open_input(input, options),
        (None, Some(sheet)) => Err(DataError::NoSheets { name: DIGITS.to_owned(), sheet: sheet.clone() }),
        (None, None) => open_digits(),
    }
}

/// Opens a reader, which can be read once. `source` is its name in messages.
///
/// # Errors
///
/// As [`open`].
pub fn open_reader(
    source: &str,
    reader: Box<dyn Read + Send>,
    options: &ReadOptions,
) -> Result<Box<dyn Source>, DataError> {
    let input = prepared(Input::once(source, reader)?, options)?;
    #[cfg(feature = "cli")]
    if options.pixels || is_picture(&input) {
        return pictures::open(source, vec![input], options, ("", Vec::new()));
    }
    open_found(Some(input), options)
}

/// An input as it is read: counted, as often as asked for, and unpacked.
fn prepared(input: Input, options: &ReadOptions) -> Result<Input, DataError> {
    let input = input.counted(options.counter.as_ref());
    let reread = options.reread || options.as_drawings.is_some(); // their first rows are read before all
    decompressed(if reread { input.rereadable()? } else { input })
}

fn open_input(input: Input, options: &ReadOptions) -> Result<Box<dyn Source>, DataError> {
    let name = || input.name().to_owned();
    if input.start().is_empty() {
        return Err(DataError::Empty { name: name() });
    }
    #[cfg(feature = "excel")]
    if sheet::is_workbook(&input) {
        return sheet::open(input, options);
    }
    if let Some(sheet) = &options.sheet {
        return Err(DataError::NoSheets { name: name(), sheet: sheet.clone() });
    }
    let format = match (by_content(&input), recognise(input.start())) {
        (Some(format), _) => format,
        (None, Some(Foreign { what, advice })) => {
            return Err(DataError::Foreign { name: name(), what, advice });
        }
        (None, None) => by_name(&input),
    };
    if let (false, Some(mark)) = (format.is_text || options.one_column, options.na.first()) {
        return Err(DataError::MarkOfNoText { name: name(), mark: mark.clone() });
    }
    (format.open)(input, options)
}

/// The input; unpacked, if gzip or zstd made it.
#[cfg(feature = "cli")]
fn decompressed(input: Input) -> Result<Input, DataError> {
    match unpacking(input.start()) {
        Some(unpack) => input.unpacked(unpack),
        None => Ok(input),
    }
}

#[cfg(not(feature = "cli"))]
fn decompressed(input: Input) -> Result<Input, DataError> {
    Ok(input)
}

fn by_content(input: &Input) -> Option<&'static InputFormat> {
    let is_of = |format: &&InputFormat| format.magic.iter().any(|magic| input.start().starts_with(magic));
    FORMATS.iter().find(is_of)
}

fn by_name(input: &Input) -> &'static InputFormat {
    let ending = Path::new(input.bare_name()).extension().unwrap_or_default().to_ascii_lowercase();
    let is_of = |format: &&InputFormat| format.endings.iter().any(|known| ending == *known);
    let [.., last] = FORMATS else { unreachable!("CSV is one") };
    FORMATS.iter().find(is_of).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::super::pick::Pick;
    use super::*;

    const ARRAY: &[u8] =
        b"\x93NUMPY\x01\x00\x3c\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }\n\x01\x02";

    fn opened(name: &str, bytes: &'static [u8]) -> Result<Box<dyn Source>, DataError> {
        open_reader(name, Box::new(bytes), &ReadOptions::default())
    }

    #[test]
    fn what_holds_no_table_is_refused_before_its_rows_are_read() {
        let error = |name, bytes| opened(name, bytes).err().expect("no table").to_string();
        assert!(error("t.csv", b"").contains("is empty"));
        assert!(error("t.csv", b"PK\x03\x04").contains("zip"));
        assert!(error("t.NPY", b"1,2\n").contains("does not begin as an .npy file does"));
    }

    #[test]
    fn the_first_bytes_tell_the_format_whatever_the_name() {
        for name in ["t.npy", "t.csv", "standard input"] {
            let array = opened(name, ARRAY).expect("an array");
            assert_eq!((array.n_rows(), array.columns().count(), array.can_reread()), (Some(1), 2, true));
        }
        for name in ["t.csv", "t", "t.dat"] {
            let text = opened(name, b"a,b\n1,2\n").expect("a text");
            assert_eq!((text.n_rows(), text.columns().count(), text.can_reread()), (None, 2, false));
        }
        let digits = open("digits", &ReadOptions::default()).expect("it is inside the program");
        assert_eq!((digits.columns().count(), digits.can_reread()), (65, true));
    }

    #[test]
    #[cfg(feature = "cli")]
    fn compressed_tables_are_read() {
        use std::io::Write;
        for (bytes, rows) in [(&b"a,b\n1,2\n"[..], None), (ARRAY, Some(1))] {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            gzip.write_all(bytes).expect("memory");
            let gzip = gzip.finish().expect("memory");
            let end = gzip.len() - 6;
            let cut = gzip[..end].to_vec();
            let table = open_reader("t.csv.gz", Box::new(io::Cursor::new(gzip)), &ReadOptions::default());
            assert_eq!(table.expect("a table").n_rows(), rows);
            let cut = open_reader("t.csv.gz", Box::new(io::Cursor::new(cut)), &ReadOptions::default());
            let error = cut.err().expect("it is cut short").to_string();
            assert!(error.contains("t.csv.gz: can't be read"), "{error}");
        }
    }

    #[test]
    fn a_text_that_comes_through_a_pipe_is_read_once() {
        let text = opened("standard input", b"1,2\n").expect("a text");
        let pick = Pick { features: vec![0], ..Pick::default() };
        let mut seen = Vec::new();
        let mut read = || {
            text.read(&pick, &mut |chunk| {
                seen.extend_from_slice(&chunk.rows.to_f64());
                ControlFlow::Continue(())
            })
        };
        read().expect("the first time");
        assert!(matches!(read(), Err(DataError::ReadOnce { .. })));
        assert_eq!(seen, [1.0]);
    }
}
