//! The command line.
//!
//! | file | what it is about |
//! |---|---|
//! | `algorithm` | bisecting and minibatch k-means in every output; what they refuse |
//! | `bad_input` | invalid input: exit code, a message of one line, no file left behind |
//! | `cases` | ordinary files of every form: headers, missing values, dialects, other formats, ids |
//! | `columns` | columns chosen, left out, of text; rows that lack values; tables as people have them |
//! | `sheets` | sheets of Excel and OpenDocument workbooks |
//! | `scale` | scaled rows in every output; models that keep the scaling |
//! | `metric` | the metric cosine in every output, in models; what has no angle |
//! | `input` | sources of data, truth and weights |
//! | `files` | output files: both formats, never an input, mode and owner, signals |
//! | `rows_out` | tables on standard output; the rows with their labels |
//! | `shell` | completions, manual pages, groups of the help, `--dry-run` |
//! | `cache` | the cache folder and the folder for temporary files in any state |
//! | `summary` | the summary as text: exact, with and without colour, quiet |
//! | `json` | the summary as JSON |
//! | `sweep` | `cairn sweep` |
//! | `stops` | Ctrl-C in a fit or a sweep: the best so far, what was written |
//! | `streaming` | `--memory`: tables that are streamed from a file
//! | `runs` | runs in parts: checkpoints, kills, signals, `cairn merge` |
//! | `progress` | `--progress`: lines for programs and logs |
//! | `terminal` | every line fits into the terminal; misspelt subcommands |
//! | `model` | models: listed, named, applied to rows from files and pipes |
//! | `drawings` | `cairn predict --drawings` |
//! | `read` | `cairn read` |
//! | `pixels` | pictures as tables: their pixels, folders of them |
//! | `quantize` | `cairn quantize` |
//! | `devices` | `cairn devices`, and what `--device` says |
//! | `compare` | `cairn compare`, its files, its page in a browser, `--calibrate` and what `auto` makes of it |
//! | `warnings` | warnings in every output; values beyond floats; rows without a label; columns by name |
//! | `extremes` | values of every size in reports and sweeps |
//! | `faults` | calls that fail, kills, limits on memory, stack and threads |
//! | `pipes` | readers that go away, disks that are full |
#![allow(clippy::unwrap_used, reason = "a test that fails here fails")]

mod algorithm;
mod bad_input;
#[cfg(unix)]
mod cache;
mod cases;
mod columns;
mod compare;
mod devices;
mod drawings;
mod extremes;
#[cfg(unix)]
mod faults;
mod files;
mod input;
mod json;
mod metric;
mod model;
mod pipes;
mod pixels;
mod progress;
mod quantize;
mod read;
mod rows_out;
#[cfg(unix)]
mod runs;
mod scale;
mod search;
#[cfg(feature = "excel")]
mod sheets;
mod shell;
#[cfg(unix)]
mod stops;
mod streaming;
mod summary;
mod sweep;
mod terminal;
mod warnings;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;

/// A separate folder in which the command runs.
struct Folder(TempDir);

/// Output of a run.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A folder with these files.
    fn with<const N: usize>(files: [(&str, &[u8]); N]) -> Self {
        let folder = Self::new();
        files.iter().for_each(|(name, bytes)| fs::write(folder.path(name), bytes).unwrap());
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names of all that is in it, hidden files too; but for what is kept of devices.
    fn names(&self) -> Vec<String> {
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<String> =
            fs::read_dir(self.0.path()).unwrap().map(|entry| name(entry.unwrap())).collect();
        names.retain(|name| name != "cache");
        names.sort();
        names
    }

    /// The command in this folder, whatever colours the tests themselves run in.
    fn cairn(&self) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("cairn");
        command.current_dir(self.0.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        // the user's own cost model must not affect tests
        command.env("CAIRN_CACHE", self.path("cache"));
        // without it Mesa's Vulkan layer complains on standard error, about Wayland of all things
        command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
        command
    }

    /// `cairn` with arguments separated by spaces.
    fn run(&self, args: &str) -> Ran {
        Ran::of(self.cairn().args(args.split_whitespace()))
    }

    /// `cairn fit --device cpu` with arguments separated by spaces.
    fn fit(&self, args: &str) -> Ran {
        self.run(&format!("fit --device cpu {args}"))
    }

    /// The JSON of a fit that must work.
    fn json(&self, args: &str) -> serde_json::Value {
        let ran = self.fit(&format!("--json {args}"));
        ran.done();
        serde_json::from_str(&ran.out).unwrap()
    }
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It must have succeeded, with nothing on standard error but notes on how tables were read.
    fn done(&self) {
        let other: Vec<&str> = self.err.lines().filter(|line| !is_note_on_table(line)).collect();
        assert_eq!((self.code, other), (0, vec![]), "{}", self.out);
    }

    /// It must have succeeded, with these texts in its notes.
    fn noted(&self, parts: &[&str]) {
        self.done();
        parts
            .iter()
            .for_each(|part| assert!(self.err.contains(part), "{part:?} is missing from {}", self.err));
    }

    /// What it wrote on standard error, without notes on how tables were read.
    fn said(&self) -> String {
        self.err.split_inclusive('\n').filter(|line| !is_note_on_table(line)).collect()
    }

    /// It must have failed with this code and one line that contains all these texts.
    fn refused(&self, code: i32, parts: &[&str]) {
        let err = &self.said();
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.starts_with("error: "), "{err}");
        parts.iter().for_each(|part| assert!(err.contains(part), "{part:?} is missing from {err}"));
    }
}

/// The command, interrupted by Ctrl-C after so many seconds: exit code (`None` if the signal ended it), both outputs.
#[cfg(unix)]
fn interrupted(folder: &Folder, args: &str, seconds: u64) -> (Option<i32>, String, String) {
    use std::process::Stdio;
    // whoever runs the tests may ignore the signal, as background jobs do
    let default = if cfg!(target_os = "linux") { &["--default-signal=INT"][..] } else { &[] };
    let mut command = std::process::Command::new("env");
    command.args(default).arg(assert_cmd::cargo::cargo_bin!("cairn")).args(args.split(' '));
    command.env("CAIRN_CACHE", folder.path("cache")).env("XDG_RUNTIME_DIR", std::env::temp_dir());
    command.current_dir(folder.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(seconds));
    let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Whether this is a note that says what row 1 was taken for, or which columns were left out or read as 1 and 0.
fn is_note_on_table(line: &str) -> bool {
    let said = [
        "names the columns: ",
        " is data, ",
        ", left out",
        "is read as 1",
        " left out, which ",
        " pixels, each ",
        " is counted to 8 x 8; ink is ",
    ];
    line.starts_with("note: ") && said.iter().any(|part| line.contains(part))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory")
}

/// An archive of one file.
fn npz(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

/// An `.npy` file: `shape` as Python writes it.
fn npy(dtype: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

fn npy_f64(shape: &str, values: &[f64]) -> Vec<u8> {
    npy("'<f8'", shape, &values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}
