//! The command `cairn`: parse, run, exit code.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = cli::Args::parse(); // may exit the program, so before the folder is created
    // SAFETY: nothing has started a thread yet
    let folder = unsafe { cli::runtime_folder() };
    cli::clean_up_on_signals(folder.as_ref().map(tempfile::TempDir::path));
    match cli::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::fail(&args, &error),
    }
}
