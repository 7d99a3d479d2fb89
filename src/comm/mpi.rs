//! Ranks of MPI, by the crate `mpi` (rsmpi), with the feature `mpi`.
//!
//! MPI itself ends all ranks when one of them dies, and says which: its functions return no errors.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mpi::Threading;
use mpi::collective::SystemOperation;
use mpi::datatype::PartitionMut;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};

use super::calls::{Comm, CommError};

/// Bytes that a call moves at most; MPI counts them in 31 bits.
const MOST: usize = 1 << 30;

/// All processes that `mpirun` has started together.
pub struct World {
    comm: Mutex<SimpleCommunicator>,
    rank: usize,
    size: usize,
    _universe: Universe, // ends MPI on drop, after the communicator
}

// SAFETY: a communicator is a handle of the MPI library, which was initialised for calls from any thread, one at a time; the
// mutex keeps calls apart.
unsafe impl Send for World {}
// SAFETY: as above.
unsafe impl Sync for World {}

impl World {
    /// Begins MPI, in a process that a launcher of MPI has started; else it is the only one.
    ///
    /// # Errors
    /// [`CommError::Lost`] if the library of MPI can't be called from more than the main thread, or was begun before.
    pub fn begin() -> Result<Self, CommError> {
        let lost = |reason: &str| CommError::Lost { reason: reason.to_owned() };
        let begun = mpi::initialize_with_threading(Threading::Serialized);
        let (universe, threading) = begun.ok_or_else(|| lost("MPI was begun before"))?;
        if threading < Threading::Serialized {
            return Err(lost("this MPI library takes calls of its main thread alone"));
        }
        let comm = universe.world();
        let number = |n: i32| usize::try_from(n).unwrap_or(0);
        let (rank, size) = (number(comm.rank()), number(comm.size()));
        Ok(Self { comm: Mutex::new(comm), rank, size, _universe: universe })
    }

    fn lock(&self) -> MutexGuard<'_, SimpleCommunicator> {
        self.comm.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // to end MPI is a call in which all ranks meet
        if std::thread::panicking() {
            self.lock().abort(101);
        }
    }
}

impl Comm for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), CommError> {
        let comm = self.lock();
        for words in words.chunks_mut(MOST / 8) {
            let own = words.to_vec();
            comm.all_reduce_into(&own[..], words, SystemOperation::sum());
        }
        Ok(())
    }

    fn gather(&self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, CommError> {
        let comm = self.lock();
        let mut sizes = vec![0u64; self.size];
        comm.all_gather_into(&(bytes.len() as u64), &mut sizes[..]);
        let mut all: Vec<Vec<u8>> = vec![Vec::new(); self.size];
        let piece = MOST / self.size;
        let most = sizes.iter().copied().max().unwrap_or(0) as usize;
        for first in (0..most).step_by(piece) {
            let some = |len: usize| first.min(len)..(first + piece).min(len);
            let counts: Vec<i32> = sizes.iter().map(|&size| some(size as usize).len() as i32).collect();
            let begins = counts.iter().scan(0, |begin, count| {
                *begin += count;
                Some(*begin - count)
            });
            let begins: Vec<i32> = begins.collect();
            let mut got = vec![0u8; counts.iter().map(|&count| count as usize).sum()];
            let own = &bytes[some(bytes.len())];
            comm.all_gather_varcount_into(
                own,
                &mut PartitionMut::new(&mut got[..], &counts[..], &begins[..]),
            );
            for ((all, &count), &begin) in all.iter_mut().zip(&counts).zip(&begins) {
                all.extend_from_slice(&got[begin as usize..][..count as usize]);
            }
        }
        Ok(all)
    }

    fn broadcast(&self, bytes: &mut Vec<u8>, root: usize) -> Result<(), CommError> {
        let comm = self.lock();
        let root = comm.process_at_rank(root as i32);
        let mut size = bytes.len() as u64;
        root.broadcast_into(&mut size);
        bytes.resize(size as usize, 0);
        bytes.chunks_mut(MOST).for_each(|bytes| root.broadcast_into(bytes));
        Ok(())
    }
}
