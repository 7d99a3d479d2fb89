//! Files that hold no text and no `.npy` array, recognised by their first bytes: what they are, and what to do.

/// Number of first bytes that are needed.
pub(super) const START: u64 = 64;

/// A format that is not read: what a file of it is, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) what: &'static str,
    pub(super) advice: &'static str,
}

const fn foreign(what: &'static str, advice: &'static str) -> Foreign {
    Foreign { what, advice }
}

const AS_CSV: &str = "save its table as CSV in UTF-8";
/// The first file of an OpenDocument archive says what it is.
const OPEN_DOCUMENT: &[u8] = b"opendocument";
#[cfg(feature = "excel")]
const WORKBOOK: &str = "give the sheet as .xlsx, .xls or .ods, or save it as CSV in UTF-8";
#[cfg(not(feature = "excel"))]
const WORKBOOK: &str = "save its sheet as CSV in UTF-8, or build Cairn with its feature excel: cargo install --path . --features excel";
const DECOMPRESS: &str = "decompress it, and give the table in it";
const UTF_16: Foreign = foreign(
    "text in UTF-16 without a byte order mark",
    "save it as CSV in UTF-8, or convert it: iconv -f UTF-16LE -t UTF-8 FILE > NEW.csv (or -f UTF-16BE)",
);
const UTF_32: Foreign = foreign(
    "text in UTF-32",
    "save it as CSV in UTF-8, or convert it: iconv -f UTF-32 -t UTF-8 FILE > NEW.csv",
);
const GB_18030: Foreign = foreign(
    "text in GB 18030",
    "save it as CSV in UTF-8, or convert it: iconv -f GB18030 -t UTF-8 FILE > NEW.csv",
);
const PICTURE: Foreign =
    foreign("a picture", "give pictures without other tables, or save its values with numpy.save");

/// First bytes, and the format that has them.
const FORMATS: [(&[u8], Foreign); 22] = [
    (b"\xff\xfe\0\0", UTF_32),
    (b"\0\0\xfe\xff", UTF_32),
    (b"\x84\x31\x95\x33", GB_18030),
    (b"\x1f\x8b", foreign("compressed by gzip", "decompress it, with zcat for example")),
    (b"\x28\xb5\x2f\xfd", foreign("compressed by zstd", "decompress it, with zstdcat for example")),
    (b"\xfd7zXZ\0", foreign("compressed by xz", "decompress it, with xzcat for example")),
    (b"BZh", foreign("compressed by bzip2", "decompress it, with bzcat for example")),
    (b"7z\xbc\xaf\x27\x1c", foreign("a 7z archive", DECOMPRESS)),
    (
        b"PAR1",
        foreign(
            "a Parquet file",
            "save it as CSV, with pandas.read_parquet(FILE).to_csv(NEW, index=False) for example",
        ),
    ),
    (
        b"ARROW1",
        foreign(
            "an Arrow (Feather) file",
            "save it as CSV, with pandas.read_feather(FILE).to_csv(NEW, index=False) for example",
        ),
    ),
    (
        b"FEA1",
        foreign("a Feather file of version 1", "save it as version 2, by pyarrow.feather.write_feather"),
    ),
    (
        b"\xff\xff\xff\xff",
        foreign(
            "a stream of Arrow batches",
            "save it as a file, by pyarrow.feather.write_feather or pyarrow.ipc.new_file",
        ),
    ),
    (b"\x89HDF\r\n\x1a\n", foreign("an HDF5 file", "save its table with numpy.save as .npy, or as CSV")),
    (b"CDF\x01", foreign("a NetCDF file", "save its table with numpy.save as .npy, or as CSV")),
    (b"CDF\x02", foreign("a NetCDF file", "save its table with numpy.save as .npy, or as CSV")),
    (b"MATLAB 5.0", foreign("a MATLAB file", "save its table with writematrix as CSV")),
    (b"\xd0\xcf\x11\xe0", foreign("an Excel workbook (.xls)", WORKBOOK)),
    (b"SQLite format 3\0", foreign("an SQLite database", AS_CSV)),
    (b"%PDF", foreign("a PDF document", AS_CSV)),
    (b"\x89PNG", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"<!DOCTYPE", foreign("a web page (HTML)", "download the table itself")),
];

/// The format of a file that begins with these bytes, if it is one that is not read.
pub(super) fn recognise(start: &[u8]) -> Option<Foreign> {
    if start.starts_with(b"PK\x03\x04") {
        return Some(zip(start.get(30..).unwrap_or_default())); // after the header of its first file
    }
    let begins =
        |magic: &[u8]| start.get(..magic.len()).is_some_and(|start| start.eq_ignore_ascii_case(magic));
    if begins(b"<html") {
        return Some(foreign("a web page (HTML)", "download the table itself"));
    }
    if [&b"{\""[..], b"[{", b"[["].iter().any(|begin| start.starts_with(begin)) {
        return Some(foreign("JSON", "write its rows as CSV or Parquet, with pandas.read_json for example"));
    }
    let known = FORMATS.iter().find(|(magic, _)| start.starts_with(magic));
    let found = known.map(|&(_, format)| format);
    found
        .or_else(|| {
            is_pickle(start).then_some(foreign("a Python pickle", "save its table with numpy.save as .npy"))
        })
        .or_else(|| is_utf_16(start).then_some(UTF_16))
}

/// Whether the name of an archive's first file is that of an Office or OpenDocument document.
pub(super) fn is_office(name: &[u8]) -> bool {
    let begins = [&b"[Content_Types]"[..], b"_rels/", b"xl/", b"docProps/"];
    begins.iter().any(|begin| name.starts_with(begin)) || holds(name, OPEN_DOCUMENT)
}

fn holds(name: &[u8], text: &[u8]) -> bool {
    name.windows(text.len()).any(|part| part == text)
}

/// A zip archive, by the name of its first file.
pub(super) fn zip(name: &[u8]) -> Foreign {
    if holds(name, b".npy") {
        foreign("a zip archive of arrays (.npz)", "save its table by itself with numpy.save as .npy")
    } else if holds(name, OPEN_DOCUMENT) {
        foreign("a zip archive of an OpenDocument sheet (.ods, perhaps)", WORKBOOK)
    } else if is_office(name) {
        foreign("a zip archive of an Office document (.xlsx, perhaps)", WORKBOOK)
    } else {
        foreign("a zip archive", DECOMPRESS)
    }
}

/// Whether a pickle of protocol 2 to 5 begins so.
fn is_pickle(start: &[u8]) -> bool {
    matches!(start, [0x80, 2..=5, ..])
}

/// Whether every other byte is 0: ASCII in UTF-16 without a byte order mark.
fn is_utf_16(start: &[u8]) -> bool {
    let (pairs, _) = start.as_chunks::<2>();
    let all =
        |zero: usize| pairs.len() > 1 && pairs.iter().all(|pair| pair[zero] == 0 && pair[1 - zero] != 0);
    all(0) || all(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(start: &[u8]) -> &'static str {
        recognise(start).map_or("", |format| format.what)
    }

    #[test]
    fn first_bytes_tell_the_format() {
        assert_eq!(what(b"\x1f\x8b\x08\0"), "compressed by gzip");
        assert_eq!(what(b"PAR1\x15\x04"), "a Parquet file");
        assert_eq!(what(b"\xff\xfe\0\x001\0\0\0"), "text in UTF-32");
        assert_eq!(what(b"1\0,\x002\0\n\0"), "text in UTF-16 without a byte order mark");
        assert_eq!(what(b"\x001\0,\x002\0\n"), "text in UTF-16 without a byte order mark");
        assert_eq!(what(b"\x80\x04\x95\0"), "a Python pickle");
        assert_eq!(what(b"<HTML><head>"), "a web page (HTML)");
        assert_eq!([what(b"{\"x\": 1}\n"), what(b"[{\"x\": 1}]"), what(b"[[1, 2]]")], ["JSON"; 3]);
        for text in [
            &b"1,2\n3,4\n"[..],
            b"",
            b"1",
            b"BZ,h\n",
            b"\xef\xbb\xbf1,2",
            b"\xff\xfe1\0,\0",
            b"\x93NUMPY",
            b"a\0",
        ] {
            assert_eq!(what(text), "", "{text:?}");
        }
    }

    #[test]
    fn archives_are_told_by_their_first_file() {
        let zip = |name: &str| [b"PK\x03\x04".as_slice(), &[0; 26], name.as_bytes()].concat();
        assert_eq!(what(&zip("arr_0.npy")), "a zip archive of arrays (.npz)");
        assert!(what(&zip("[Content_Types].xml")).contains(".xlsx"));
        assert!(what(&zip("mimetypeapplication/vnd.oasis.opendocument")).contains(".ods"));
        assert_eq!(what(&zip("data.csv")), "a zip archive");
        assert_eq!(what(b"PK\x03\x04"), "a zip archive");
    }
}
