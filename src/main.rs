//! The command `cairn`: parse, run, exit code.

mod cli;

use std::process::ExitCode;
use std::thread;

#[global_allocator]
static ALLOCATOR: cli::Allocator = cli::Allocator;

/// Bytes of the stack, of which the main thread's may be smaller: `ulimit -s` limits it.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    cli::explain_out_of_memory();
    match thread::Builder::new().name("main".into()).stack_size(STACK).spawn(run) {
        Ok(running) => running.join().unwrap_or(ExitCode::from(101)), // it panicked, and said so
        Err(_) => run(),
    }
}

fn run() -> ExitCode {
    let mut args = cli::Args::read(); // may exit the program, so before the folder is created
    // SAFETY: the only other thread waits for this one
    let folder = unsafe { cli::runtime_folder() };
    cli::clean_up_on_signals(folder.as_ref().map(tempfile::TempDir::path));
    match cli::run(&mut args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::fail(&args, &error),
    }
}
