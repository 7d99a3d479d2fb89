//! Every file that a subcommand reads or writes, and the check that none of those it writes is another one of them.
//!
//! Each group of flags is taken apart in full, so that a new flag does not compile until it is listed here: as an
//! input, as an output, or as no file (`_`). A test compares the list with the flags that `clap` takes for paths.

use std::borrow::Cow;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use cairn::data::write::place;
use cairn::data::{DIGITS, file_and_part, files_of};

use super::args::draw::DrawArgs;
use super::args::sweep::SweepArgs;
use super::args::{
    Command, CompareArgs, FitArgs, InitArg, JobArgs, MergeArgs, NameArgs, OutArgs, PredictArgs, QuantizeArgs,
    ReadArgs, ReportArgs, RowsArgs, RunArgs, ScoreArgs, TransformArgs,
};
use super::failure::Usage;
use super::output::Out;
use super::terminal;

/// The files of a command.
#[derive(Debug, Default)]
struct Files<'a> {
    inputs: Vec<Named<'a>>,
    outputs: Vec<Named<'a>>,
}

/// A file, and the flag that names it.
#[derive(Debug)]
struct Named<'a> {
    flag: &'static str,
    path: Option<Cow<'a, Path>>, // None for standard input or output
}

/// What two names of the same file have in common.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// Device and inode of a file that exists.
    #[cfg(unix)]
    Node(u64, u64),
    /// Canonical path.
    Place(PathBuf),
}

/// An error if an output is an input or another output, or if two inputs are standard input.
pub(super) fn check(command: &Command) -> Result<(), Usage> {
    let Files { inputs, outputs } = Files::of(command);
    let mut streams = inputs.iter().filter(|named| named.path.is_none()).map(|named| named.flag);
    if let (Some(first), Some(second)) = (streams.next(), streams.next()) {
        let text = format!("{first} and {second} are both standard input; name a file for one of them");
        return Err(Usage(text));
    }
    let mut streams = outputs.iter().filter(|named| named.path.is_none()).map(|named| named.flag);
    if let (Some(first), Some(second)) = (streams.next(), streams.next()) {
        let text = format!("{first} and {second} are both standard output; name a file for {first}");
        return Err(Usage(text));
    }
    if outputs
        .iter()
        .any(|named| named.path.is_none() && named.flag.starts_with("--") && named.flag != "--json")
    {
        terminal::leave_stdout_to_a_table();
    }
    let of_input =
        |named: &Named<'_>| Some((named.flag, named.path.as_deref().map_or_else(of_stdin, of_path)?));
    let mut taken: Vec<(&str, Identity)> = inputs.iter().filter_map(of_input).collect();
    for Named { flag, path } in &outputs {
        let path = path.as_deref();
        let Some(here) = path.map_or_else(of_stdout, of_path) else { continue };
        if let Some((other, _)) = taken.iter().find(|(_, there)| *there == here) {
            let path = path.map(|path| format!(", {}", path.display())).unwrap_or_default();
            return Err(Usage(format!("{other} and {flag} are the same file{path}; name two files")));
        }
        taken.push((flag, here));
    }
    Ok(())
}

/// `None` for what is neither a regular file nor nothing yet: a pipe or a device may be named twice.
fn of_path(path: &Path) -> Option<Identity> {
    match fs::metadata(path) {
        Ok(metadata) => of_file(&metadata, || place(path)),
        Err(_) => Some(Identity::Place(place(path))),
    }
}

#[cfg(unix)]
fn of_file(metadata: &Metadata, _place: impl FnOnce() -> PathBuf) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    metadata.is_file().then(|| Identity::Node(metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn of_file(metadata: &Metadata, place: impl FnOnce() -> PathBuf) -> Option<Identity> {
    metadata.is_file().then(|| Identity::Place(place()))
}

/// The file that standard input is read from, if it is one.
#[cfg(unix)]
fn of_stdin() -> Option<Identity> {
    of_stream(std::os::fd::AsFd::as_fd(&std::io::stdin()))
}

/// The file that standard output goes to, if it is one.
#[cfg(unix)]
fn of_stdout() -> Option<Identity> {
    of_stream(std::os::fd::AsFd::as_fd(&std::io::stdout()))
}

#[cfg(unix)]
fn of_stream(stream: std::os::fd::BorrowedFd<'_>) -> Option<Identity> {
    let file = fs::File::from(stream.try_clone_to_owned().ok()?);
    of_file(&file.metadata().ok()?, PathBuf::new)
}

#[cfg(not(unix))]
fn of_stdin() -> Option<Identity> {
    None
}

#[cfg(not(unix))]
fn of_stdout() -> Option<Identity> {
    None
}

impl<'a> Files<'a> {
    fn of(command: &'a Command) -> Self {
        let mut files = Self::default();
        match command {
            Command::Fit(args) => files.fit(args),
            Command::Merge(args) => files.merge(args),
            Command::Compare(args) => files.compare(args),
            Command::Predict(args) => files.predict(args),
            Command::Transform(args) => files.transform(args),
            Command::Score(args) => files.score(args),
            Command::Name(args) => files.name(args),
            Command::Sweep(args) => files.sweep(args),
            Command::Report(args) => files.report(args),
            Command::Draw(args) => files.draw(args),
            Command::Read(args) => files.read(args),
            Command::Quantize(args) => files.quantize(args),
            Command::Devices(_) | Command::Completions(_) => {} // they have no paths, as the test below checks
            Command::Man(_) => {}                               // it has a folder, of which it reads nothing
        }
        if files.outputs.iter().all(|named| named.path.is_some()) {
            files.outputs.push(Named { flag: "standard output", path: None });
        }
        files
    }

    /// A file that is read.
    fn input(&mut self, flag: &'static str, path: &'a Path) {
        self.inputs.push(Named { flag, path: Some(path.into()) });
    }

    /// A file that is read, or `-`.
    fn stream(&mut self, flag: &'static str, name: &'a str) {
        self.inputs.push(Named { flag, path: (name != "-").then(|| Path::new(name).into()) });
    }

    /// A table that is read: a file, `-`, or `digits`.
    fn table(&mut self, flag: &'static str, name: &'a str) {
        match files_of(name) {
            _ if name == DIGITS => {}
            Ok(files) if files != [name] => {
                let paths = files.into_iter().map(|file| Cow::Owned(file.into()));
                self.inputs.extend(paths.map(|path| Named { flag, path: Some(path) }));
            }
            _ => self.stream(flag, file_and_part(name).0),
        }
    }

    /// A file that is written.
    fn output(&mut self, flag: &'static str, path: &'a Path) {
        self.outputs.push(Named { flag, path: Some(path.into()) });
    }

    /// Files that may be written.
    fn outputs<const N: usize>(&mut self, flags: [(&'static str, &'a Option<PathBuf>); N]) {
        for (flag, path) in flags {
            path.iter().for_each(|path| self.output(flag, path));
        }
    }

    /// Tables that may be written, to a file or to standard output.
    fn tables<const N: usize>(&mut self, flags: [(&'static str, &'a Option<Out>); N]) {
        let asked = flags.into_iter().filter_map(|(flag, out)| Some((flag, out.as_ref()?)));
        let named = asked.map(|(flag, out)| Named { flag, path: out.file().map(Cow::from) });
        self.outputs.extend(named);
    }

    /// The summary as JSON, if a program is to read it from standard output.
    fn json(&mut self, is_asked: bool) {
        if is_asked {
            self.outputs.push(Named { flag: "--json", path: None });
        }
    }

    fn job(&mut self, data_flag: &'static str, args: &'a JobArgs) {
        let JobArgs {
            data,
            init,
            clusters: _,
            metric: _,
            seed: _,
            restarts: _,
            max_iter: _,
            tol: _,
            search: _,
            threads: _,
            truth: _,
            truth_file,
            weights: _,
            columns: _,
            missing: _,
            scale: _,
            table: _,
        } = args;
        self.table(data_flag, data);
        truth_file.iter().for_each(|file| self.table("--truth-file", file));
        if let InitArg::File(file) = init {
            self.stream("--init", file);
        }
    }

    fn rows(&mut self, args: &'a RowsArgs) {
        let RowsArgs { model, data, more, columns: _, by_position: _, strict: _, table: _, threads: _ } =
            args;
        self.input("MODEL", model);
        data.iter().for_each(|data| self.table("DATA", data));
        more.iter().for_each(|more| self.table("MORE", more));
    }

    fn out(&mut self, args: &'a OutArgs) {
        let OutArgs { output, format: _ } = args;
        self.tables([("--output", output)]);
    }

    fn fit(&mut self, args: &'a FitArgs) {
        let FitArgs {
            job,
            algorithm: _,
            more,
            labels,
            rows_out,
            centroids,
            restarts_out,
            model,
            report,
            json,
            run,
            device: _,
            memory: _,
            host: _,
            dry_run: _,
            measures: _,
            ranks: _,
            quiet: _,
        } = args;
        self.job("DATA", job);
        more.iter().for_each(|more| self.table("MORE", more));
        self.tables([
            ("--labels", labels),
            ("--rows-out", rows_out),
            ("--centroids", centroids),
            ("--restarts-out", restarts_out),
        ]);
        let RunArgs { checkpoint, first_restart: _, resume: _, checkpoint_every: _ } = run;
        self.outputs([("--model", model), ("--report", report), ("--checkpoint", checkpoint)]);
        self.json(*json);
    }

    fn merge(&mut self, args: &'a MergeArgs) {
        let MergeArgs { runs, output, json: _, quiet: _ } = args;
        runs.iter().for_each(|run| self.input("RUN", run));
        self.outputs([("--output", output)]);
    }

    fn compare(&mut self, args: &'a CompareArgs) {
        let CompareArgs {
            job,
            export_json,
            export_csv,
            export_html,
            devices: _,
            memory: _,
            runs: _,
            warmup: _,
            sweep: _,
            calibrate: _,
            quiet: _,
        } = args;
        self.job("DATA", job);
        self.outputs([
            ("--export-json", export_json),
            ("--export-csv", export_csv),
            ("--export-html", export_html),
        ]);
    }

    fn predict(&mut self, args: &'a PredictArgs) {
        let PredictArgs { rows, drawings, out, rows_out, as_is: _, device: _ } = args;
        self.rows(rows);
        self.tables([("--rows-out", rows_out)]);
        drawings.iter().for_each(|drawings| self.stream("--drawings", drawings));
        self.out(out);
    }

    fn transform(&mut self, args: &'a TransformArgs) {
        let TransformArgs { rows, out } = args;
        self.rows(rows);
        self.out(out);
    }

    fn score(&mut self, args: &'a ScoreArgs) {
        let ScoreArgs { rows, device: _, truth: _, truth_file, measures: _, json: _ } = args;
        self.rows(rows);
        truth_file.iter().for_each(|file| self.table("--truth-file", file));
    }

    fn name(&mut self, args: &'a NameArgs) {
        let NameArgs { model, output, names: _, json: _ } = args;
        self.input("MODEL", model);
        // to overwrite the model is what it does by default
        let other = output.iter().filter(|output| place(output) != place(model));
        other.for_each(|output| self.output("--output", output));
    }

    fn sweep(&mut self, args: &'a SweepArgs) {
        let SweepArgs {
            data,
            more,
            test,
            table_out,
            clusters: _,
            metric: _,
            algorithm: _,
            seeds: _,
            restarts: _,
            max_iter: _,
            device: _,
            threads: _,
            no_measures: _,
            reference_sets: _,
            truth: _,
            truth_file,
            test_truth_file,
            weights: _,
            columns: _,
            missing: _,
            scale: _,
            table: _,
            json,
            search: _,
            quiet: _,
        } = args;
        self.table("DATA", data);
        more.iter().for_each(|more| self.table("MORE", more));
        test.iter().for_each(|test| self.table("--test", test));
        truth_file.iter().for_each(|file| self.table("--truth-file", file));
        test_truth_file.iter().for_each(|file| self.table("--test-truth-file", file));
        self.tables([("--table", table_out)]);
        self.json(*json);
    }

    fn report(&mut self, args: &'a ReportArgs) {
        let ReportArgs { job, rows, output, device: _, sweep: _, quiet: _ } = args;
        self.job("MODEL|DATA", job);
        rows.iter().for_each(|rows| self.table("ROWS", rows));
        self.output("--output", output);
    }

    fn draw(&mut self, args: &'a DrawArgs) {
        let DrawArgs { model, output, quiet: _ } = args;
        if let Some(model) = model {
            self.input("MODEL", model);
        }
        self.output("--output", output);
    }

    fn read(&mut self, args: &'a ReadArgs) {
        let ReadArgs { model, image, debug, plain: _, amounts: _, json: _, quiet: _ } = args;
        self.input("MODEL", model);
        self.stream("IMAGE", image);
        self.outputs([("--debug", debug)]);
    }

    fn quantize(&mut self, args: &'a QuantizeArgs) {
        let QuantizeArgs {
            image,
            output,
            palette,
            colours: _,
            seed: _,
            restarts: _,
            max_iter: _,
            device: _,
            memory: _,
            threads: _,
            json: _,
            quiet: _,
        } = args;
        self.stream("IMAGE", image);
        self.output("--output", output);
        self.outputs([("--palette", palette)]);
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, CommandFactory, Parser, ValueHint};

    use super::*;
    use crate::cli::Args;

    /// A value that is no number, no list and no word that a flag knows.
    const PATH: &str = "folder/some file.csv";

    /// How messages name a flag.
    fn flag(arg: &Arg) -> String {
        match arg.get_long() {
            Some(long) => format!("--{long}"),
            None => arg.get_value_names().and_then(|names| names.first()).expect("a name").to_string(),
        }
    }

    /// A command line in which this argument has that value, with what else it needs.
    fn line(command: &clap::Command, tested: &Arg, value: &str) -> Vec<String> {
        let mut line = vec!["cairn".to_owned(), command.get_name().to_owned()];
        let mut positionals: Vec<&Arg> = command.get_positionals().collect();
        positionals.sort_by_key(|arg| arg.get_index());
        for arg in positionals {
            match arg {
                _ if arg.get_id() == tested.get_id() => line.push(value.to_owned()),
                _ if arg.get_id() == "names" => line.push("0=name".to_owned()),
                _ if ["data", "more"].contains(&arg.get_id().as_str()) && tested.get_id() == "drawings" => {} // instead of it
                _ => line.push(arg.get_id().to_string()),
            }
        }
        for arg in command.get_opts() {
            let value = if arg.get_id() == tested.get_id() { value } else { arg.get_id().as_str() };
            if arg.get_id() == tested.get_id() || arg.is_required_set() {
                line.push(format!("--{}={value}", arg.get_long().expect("a long flag")));
            }
        }
        line
    }

    /// The arguments that have values, by subcommand.
    fn arguments() -> Vec<(clap::Command, Arg)> {
        let mut all = Args::command();
        all.build();
        let with_values = |command: &clap::Command| {
            let takes = |arg: &&Arg| arg.get_action().takes_values();
            let args: Vec<Arg> = command.get_arguments().filter(takes).cloned().collect();
            args.into_iter().map(|arg| (command.clone(), arg)).collect::<Vec<_>>()
        };
        let named = all.get_subcommands().filter(|command| command.get_name() != "help");
        named.flat_map(with_values).collect()
    }

    #[test]
    fn a_flag_that_takes_any_text_says_whether_it_is_a_path() {
        for (command, arg) in arguments() {
            let taken = Args::try_parse_from(line(&command, &arg, PATH)).is_ok();
            let (name, flag, hint) = (command.get_name(), flag(&arg), arg.get_value_hint());
            assert!(!taken || hint != ValueHint::Unknown, "{name} {flag}: give it a value_hint");
        }
    }

    #[test]
    fn every_path_is_an_input_or_an_output() {
        let mut paths = 0;
        for (command, arg) in arguments() {
            if !matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath) {
                continue;
            }
            let line = line(&command, &arg, PATH);
            let args = Args::try_parse_from(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
            let Files { inputs, outputs } = Files::of(&args.command);
            let found =
                inputs.iter().chain(&outputs).find(|named| named.path.as_deref() == Some(Path::new(PATH)));
            assert_eq!(found.map(|named| named.flag), Some(&*flag(&arg)), "{line:?}");
            paths += 1;
        }
        assert!(paths > 30, "{paths}");
    }
}
