//! The threads of a program: started once, before any work.

use std::io;
use std::sync::mpsc::{self, Sender};
use std::thread;

use rayon::{ThreadBuilder, ThreadPoolBuilder};

/// Most threads.
pub const MOST: usize = 1024;

/// What became of a request for threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Threads asked for.
    pub asked: usize,
    /// Threads that work: at least 1, the calling one if no other could be started.
    pub working: usize,
    /// Why there are fewer than asked for, in the system's words.
    pub refused: Option<String>,
}

/// Starts `asked` threads, which do all further work of this process on the CPU; fewer if the system refuses some.
/// `None` if there are such threads already.
///
/// A program that is not started by this function has as many threads as [`rayon`] starts at its first work, and panics
/// then if the system refuses one.
///
/// ```
/// let started = cairn::threads::start(2).expect("nothing has worked yet");
/// assert_eq!((started.working, rayon::current_num_threads()), (2, 2));
/// assert_eq!(cairn::threads::start(3), None);
/// ```
pub fn start(asked: usize) -> Option<Started> {
    let asked = asked.clamp(1, MOST);
    // a pool that fails half-way can't be tried again, so its threads are started before it
    let (mut waiting, refused) = spawn(asked);
    let working = waiting.len().max(1);
    let pool = ThreadPoolBuilder::new().num_threads(working);
    let pool = if waiting.is_empty() { pool.use_current_thread() } else { pool };
    let hand_over = |work: ThreadBuilder| {
        let thread = waiting.pop().ok_or(io::ErrorKind::WouldBlock)?;
        thread.send(work).map_err(|_| io::ErrorKind::BrokenPipe.into())
    };
    pool.spawn_handler(hand_over).build_global().ok()?;
    Some(Started { asked, working, refused: refused.map(|error| error.to_string()) })
}

/// Threads that wait for the work of a pool, and the first refusal. A thread without work ends.
fn spawn(asked: usize) -> (Vec<Sender<ThreadBuilder>>, Option<io::Error>) {
    let mut waiting = Vec::new();
    for at in 0..asked {
        let (give, take) = mpsc::channel::<ThreadBuilder>();
        let work = move || {
            if let Ok(work) = take.recv() {
                work.run();
            }
        };
        match thread::Builder::new().name(format!("cairn-{at}")).spawn(work) {
            Ok(_) => waiting.push(give),
            Err(error) => return (waiting, Some(error)),
        }
    }
    (waiting, None)
}
