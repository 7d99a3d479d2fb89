//! The command `cairn`: parse, run, exit code.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = cli::Args::parse(); // which may end the program: then there is no folder to remove
    // SAFETY: nothing has started a thread yet
    let _folder = unsafe { cli::runtime_folder() };
    match cli::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::fail(&args, &error),
    }
}
