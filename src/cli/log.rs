//! `-v`: notes on the work, and on standard error a log of it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::time::uptime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::terminal;

/// How often `-v` was given.
static TIMES: AtomicU8 = AtomicU8::new(0);

/// Whether `-v` was given.
pub(super) fn is_verbose() -> bool {
    TIMES.load(Ordering::Relaxed) > 0
}

/// Begins the log: once, the steps; twice, also their parts, and what graphics libraries say of themselves; more often,
/// all of that.
pub(super) fn begin(times: u8) {
    TIMES.store(times, Ordering::Relaxed);
    let (own, others) = match times {
        0 => return,
        1 => (LevelFilter::INFO, LevelFilter::OFF),
        2 => (LevelFilter::DEBUG, LevelFilter::WARN),
        _ => (LevelFilter::TRACE, LevelFilter::INFO),
    };
    let lines = tracing_subscriber::fmt::layer()
        .compact()
        .with_ansi(false)
        .with_timer(uptime())
        .with_writer(|| OverBar);
    let log = tracing_subscriber::registry()
        .with(lines)
        .with(Targets::new().with_target("cairn", own).with_default(others));
    let _ = log.try_init(); // fails only where there is a log already
}

/// Standard error, where a progress bar may stand. Each write is a line.
struct OverBar;

impl Write for OverBar {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        terminal::over_bar(&terminal::plain(String::from_utf8_lossy(line).trim_end()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
