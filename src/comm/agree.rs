//! Calls in which a rank may fail, or end the run: then all ranks do.
//!
//! A rank that left alone would let the others wait for ever. So it makes the call that the others wait in, and says there
//! that it leaves.

use super::calls::{Comm, CommError};

/// What a rank brings to a call: a value, or `None` if it ends the run, or its error.
type Own<T, E> = Result<Option<T>, E>;

/// The sums of the words of all ranks, `n` each. `None` if any of them ends the run.
pub(crate) fn sum<E: From<CommError> + ToString>(
    comm: &dyn Comm,
    own: Own<Vec<u64>, E>,
    n: usize,
) -> Own<Vec<u64>, E> {
    if comm.size() == 1 {
        return own;
    }
    let (mut words, leaves, own) = match own {
        Ok(Some(words)) => (words, [0, 0], Ok(())),
        Ok(None) => (Vec::new(), [1, 0], Ok(())),
        Err(error) => (Vec::new(), [0, 1], Err(error)),
    };
    words.resize(n, 0);
    words.extend(leaves);
    comm.sum(&mut words)?;
    let [ended, failed] = [words[n], words[n + 1]];
    words.truncate(n);
    if failed > 0 {
        let reason = own.as_ref().err().map_or_else(String::new, ToString::to_string);
        let reasons = comm.gather(reason.as_bytes())?;
        own?;
        return Err(first_failed(&reasons).into());
    }
    Ok((ended == 0).then_some(words))
}

fn first_failed(reasons: &[Vec<u8>]) -> CommError {
    let rank = reasons.iter().position(|reason| !reason.is_empty()).unwrap_or(0);
    CommError::Failed { rank, reason: String::from_utf8_lossy(&reasons[rank]).into_owned() }
}

/// The same value, if no rank has failed; else an error, on all ranks. Between two such calls a rank that fails would let the others
/// wait.
///
/// # Errors
/// The own one; [`CommError::Failed`] with that of another rank; [`CommError::Lost`].
pub fn agree<T, E: From<CommError> + ToString>(comm: &dyn Comm, own: Result<T, E>) -> Result<T, E> {
    if comm.size() == 1 {
        return own;
    }
    let (value, own) = match own {
        Ok(value) => (Some(value), Ok(Some(Vec::new()))),
        Err(error) => (None, Err(error)),
    };
    let all = sum(comm, own, 0)?;
    let lost = || CommError::Lost { reason: "it has left".into() };
    Ok(value.filter(|_| all.is_some()).ok_or_else(lost)?)
}

/// What a rank says of itself, before its bytes.
const GOES_ON: u8 = 0;
const ENDS: u8 = 1;
const FAILED: u8 = 2;

/// The bytes of all ranks, by rank. `None` if any of them ends the run.
pub(crate) fn gather<E: From<CommError> + ToString>(
    comm: &dyn Comm,
    own: Own<Vec<u8>, E>,
) -> Own<Vec<Vec<u8>>, E> {
    if comm.size() == 1 {
        return own.map(|own| own.map(|bytes| vec![bytes]));
    }
    let said = match &own {
        Ok(Some(bytes)) => [&[GOES_ON], &bytes[..]].concat(),
        Ok(None) => vec![ENDS],
        Err(error) => [&[FAILED], error.to_string().as_bytes()].concat(),
    };
    let mut all = comm.gather(&said)?;
    own?;
    let says = |all: &[Vec<u8>], what: u8| all.iter().position(|said| said.first() == Some(&what));
    if let Some(rank) = says(&all, FAILED) {
        let reason = String::from_utf8_lossy(&all[rank][1..]).into_owned();
        return Err(CommError::Failed { rank, reason }.into());
    }
    if says(&all, ENDS).is_some() {
        return Ok(None);
    }
    all.iter_mut().for_each(|said| drop(said.drain(..1)));
    Ok(Some(all))
}

/// The words of all ranks, by rank, if none has failed. Each may give another number of them.
pub(crate) fn gather_words<E: From<CommError> + ToString>(
    comm: &dyn Comm,
    own: Result<Vec<u64>, E>,
) -> Result<Vec<Vec<u64>>, E> {
    let own = own.map(|words| Some(words.into_iter().flat_map(u64::to_le_bytes).collect()));
    let lost = || CommError::Lost { reason: "it has left".into() };
    let all = gather(comm, own)?.ok_or_else(lost)?;
    let words = |bytes: &Vec<u8>| bytes.as_chunks().0.iter().map(|&word| u64::from_le_bytes(word)).collect();
    Ok(all.iter().map(words).collect())
}

/// Checks that all ranks have one value.
///
/// # Errors
/// [`CommError::Unlike`], [`CommError::Lost`].
pub fn alike(comm: &dyn Comm, what: &'static str, own: &str) -> Result<(), CommError> {
    let all = comm.gather(own.as_bytes())?;
    let Some(rank) = all.iter().position(|value| *value != all[0]) else { return Ok(()) };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(CommError::Unlike { rank, what, other: text(&all[rank]), expected: text(&all[0]) })
}

#[cfg(test)]
mod tests {
    use super::super::threads::{Threads, threads};
    use super::*;

    /// What each of three ranks gets.
    fn on_three<T: Send>(call: impl Fn(usize, &dyn Comm) -> T + Sync) -> Vec<T> {
        let ranks = threads(3);
        std::thread::scope(|scope| {
            let run = |comm| {
                scope.spawn(|| {
                    let comm: Threads = comm;
                    call(comm.rank(), &comm)
                })
            };
            let all: Vec<_> = ranks.into_iter().map(run).collect();
            all.into_iter().map(|rank| rank.join().expect("no panic")).collect()
        })
    }

    #[test]
    fn all_ranks_leave_when_one_does() {
        for calls in [2, 3] {
            let own = |rank: usize| match (rank, calls) {
                (1, 3) => Err(CommError::Lost { reason: "own".into() }),
                (2, _) => Ok(None),
                _ => Ok(Some(vec![1u8])),
            };
            let (sums, gathers) = (
                on_three(|rank, comm| {
                    sum(comm, own(rank).map(|own| own.map(|_| vec![1, 2])), 2).map(|all| all.is_some())
                }),
                on_three(|rank, comm| gather(comm, own(rank)).map(|all| all.is_some())),
            );
            if calls == 3 {
                let agreed = on_three(|rank, comm| agree(comm, own(rank)).map(|_| ()));
                assert_eq!(agreed, sums.iter().cloned().map(|all| all.map(|_| ())).collect::<Vec<_>>());
            }
            for all in [sums, gathers] {
                let own = CommError::Lost { reason: "own".into() };
                let failed = CommError::Failed { rank: 1, reason: own.to_string() };
                match calls {
                    2 => assert_eq!(all, [Ok(false), Ok(false), Ok(false)]),
                    _ => assert_eq!(all, [Err(failed.clone()), Err(own), Err(failed)]),
                }
            }
        }
    }

    #[test]
    fn ranks_that_stay_get_the_whole() {
        let sums = on_three(|rank, comm| sum::<CommError>(comm, Ok(Some(vec![rank as u64, u64::MAX])), 2));
        assert!(sums.iter().all(|sums| *sums == Ok(Some(vec![3, u64::MAX - 2]))));
        let all = on_three(|rank, comm| gather::<CommError>(comm, Ok(Some(vec![7; rank]))));
        assert!(all.iter().all(|all| *all == Ok(Some(vec![vec![], vec![7], vec![7, 7]]))));
        assert_eq!(on_three(|rank, comm| agree::<_, CommError>(comm, Ok(rank))), [0, 1, 2].map(Ok));
    }
}
