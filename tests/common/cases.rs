//! How many cases a test takes: all in long runs (`CAIRN_LONG`, set by `tests/long.sh`), most with `tests/run.sh`, which
//! sets `CAIRN_ALL`, and a part of them without, to be quick.
#![allow(dead_code, reason = "every test crate uses its own part")]

/// Whether to run all cases of a test.
pub(crate) fn long() -> bool {
    std::env::var_os("CAIRN_LONG").is_some()
}

/// Whether this is a run without tests/run.sh and tests/long.sh.
pub(crate) fn quick() -> bool {
    std::env::var_os("CAIRN_ALL").is_none() && !long()
}

/// Of every how many cases one is run: 1 in long runs, `usual` with tests/run.sh, `quickly` without.
pub(crate) fn step(usual: usize, quickly: usize) -> usize {
    if long() {
        1
    } else if quick() {
        quickly
    } else {
        usual
    }
}

/// Of `all` cases, those to run: every `n`-th in a quick run, all otherwise.
pub(crate) fn part<T>(all: impl IntoIterator<Item = T>, n: usize) -> impl Iterator<Item = T> {
    all.into_iter().step_by(step(1, n))
}
