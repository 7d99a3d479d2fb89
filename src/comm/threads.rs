//! Ranks that are threads of one process: for trying what a fit on several processes does, and for tests of it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::calls::{Comm, CommError};

/// A rank that is a thread: see [`threads`].
#[derive(Debug)]
pub struct Threads {
    rank: usize,
    all: Arc<Meeting>,
}

/// Ranks for so many threads of this process, by rank.
///
/// ```
/// use cairn::comm::{Comm, threads};
///
/// let sums: Vec<u64> = std::thread::scope(|scope| {
///     let ranks = threads(3).into_iter().map(|rank| {
///         scope.spawn(move || {
///             let mut words = [rank.rank() as u64];
///             rank.sum(&mut words).expect("no rank is lost");
///             words[0]
///         })
///     });
///     let ranks: Vec<_> = ranks.collect();
///     ranks.into_iter().map(|rank| rank.join().expect("no panic")).collect()
/// });
/// assert_eq!(sums, [3, 3, 3]);
/// ```
#[must_use]
pub fn threads(size: usize) -> Vec<Threads> {
    let all = Arc::new(Meeting { size, state: Mutex::new(State::default()), changed: Condvar::new() });
    (0..size).map(|rank| Threads { rank, all: Arc::clone(&all) }).collect()
}

/// Where ranks meet: each brings bytes, and takes those of all.
#[derive(Debug)]
struct Meeting {
    size: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    brought: Vec<(usize, Vec<u8>)>,
    taken: Option<Arc<Vec<Vec<u8>>>>, // while some have not taken it
    takers: usize,
    left: bool, // a rank is gone
}

impl Meeting {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        what: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_while(state, |state| what(state)).unwrap_or_else(PoisonError::into_inner)
    }

    fn meet(&self, rank: usize, bytes: &[u8]) -> Result<Arc<Vec<Vec<u8>>>, CommError> {
        let lost = || CommError::Lost { reason: "a thread has left".into() };
        // of the meeting before; whoever was in it takes what was brought
        let mut state = self.wait_while(self.lock(), |state| state.taken.is_some());
        state.brought.push((rank, bytes.to_vec()));
        if state.brought.len() == self.size {
            let mut all = std::mem::take(&mut state.brought);
            all.sort_unstable_by_key(|(rank, _)| *rank);
            state.taken = Some(Arc::new(all.into_iter().map(|(_, bytes)| bytes).collect()));
            state.takers = self.size;
            self.changed.notify_all();
        }
        let mut state = self.wait_while(state, |state| state.taken.is_none() && !state.left);
        let Some(all) = state.taken.clone() else { return Err(lost()) };
        state.takers -= 1;
        if state.takers == 0 {
            state.taken = None;
            self.changed.notify_all();
        }
        Ok(all)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.all.lock().left = true;
        self.all.changed.notify_all();
    }
}

impl Comm for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.all.size
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), CommError> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let all = self.all.meet(self.rank, &bytes)?;
        words.fill(0);
        for bytes in all.iter() {
            let given = bytes.as_chunks().0.iter().map(|&word| u64::from_le_bytes(word));
            words.iter_mut().zip(given).for_each(|(sum, word)| *sum = sum.wrapping_add(word));
        }
        Ok(())
    }

    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, CommError> {
        Ok(self.all.meet(self.rank, bytes)?.to_vec())
    }

    fn broadcast(&self, bytes: &mut Vec<u8>, root: usize) -> Result<(), CommError> {
        let own: &[u8] = if self.rank == root { bytes } else { &[] };
        let all = self.all.meet(self.rank, own)?;
        bytes.clone_from(&all[root]);
        Ok(())
    }
}
