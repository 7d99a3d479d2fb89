//! The file of a run.
//!
//! | bytes | what |
//! |---|---|
//! | 12 | `cairn-run-1` and a line feed: the version of the format |
//! | 8 | length of the header, little-endian as all numbers below |
//! | .. | the header, in JSON |
//! | 29 each | outcomes: iterations u32, stop u8, inertia u128, digest u64, as a fingerprint hashes them |
//! | 4 each | the best restart: centroids i32, labels u32 |
//! | 4 each | the restart between two iterations: centroids i32 |
//! | .. | the population: of each member, then of each child of the next generation, inertia u128 and centroids i32 |
//! | 32 | BLAKE3 of all bytes before |
//!
//! What a part has of is in the header. A file of another length, or whose checksum is another, is refused as a whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::SavedRunError;
use super::identity::RunIdentity;
use super::run::{AboutRun, BestState, SavedRun};
use crate::data::write::{check_target, place, take_after};
use crate::engine::{Batch, NO_LABEL, Outcome, Unfinished, digest};
use crate::kmeans::restarts::{DEFINITION, MOST_OUTCOMES, OUTCOME, bytes_of, of_bytes};
use crate::kmeans::search::{Population, RunEnd};
use crate::lattice::MAX_COORDINATE;
use crate::temporary::{self, Access, Temporary};

/// Before the number of the version.
const NAME: &[u8] = b"cairn-run-";
const VERSION: &str = "1";
/// Longest version number that is looked for.
const LONGEST_VERSION: usize = 8;
/// Longest header. The longest name of a table is part of it.
const MOST_HEADER: u64 = 1 << 20;
/// More than the magnitude of a step's exponent.
const MOST_EXPONENT: u32 = 1 << 12;
/// Inertias are below this (docs/DEFINITION.md, section 2.3).
const MOST_INERTIA: u128 = 1 << 124;
const CHECKSUM: usize = 32;

/// What a file says of a run.
pub(in crate::kmeans) struct Parts<'a> {
    pub(in crate::kmeans) identity: &'a RunIdentity,
    pub(in crate::kmeans) about: &'a AboutRun,
    pub(in crate::kmeans) first_restart: u64,
    pub(in crate::kmeans) n_restarts: u64,
    pub(in crate::kmeans) ended: Option<RunEnd>,
    pub(in crate::kmeans) outcomes: &'a [Outcome],
    pub(in crate::kmeans) best: Option<(u64, &'a [i32], &'a [u32])>,
    pub(in crate::kmeans) unfinished: Option<&'a Unfinished>,
    pub(in crate::kmeans) population: Option<&'a Population>,
    pub(in crate::kmeans) spent: Duration,
}

impl SavedRun {
    /// Reads a run.
    ///
    /// # Errors
    /// [`SavedRunError`]: the file can't be read, is that of no run, was damaged, or is of another version.
    pub fn load(path: &Path) -> Result<Self, SavedRunError> {
        read(path).and_then(|bytes| decode(&bytes)).map_err(|problem| problem.at(path))
    }

    /// Writes the run: to a temporary file, which is then renamed.
    ///
    /// # Errors
    /// [`SavedRunError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), SavedRunError> {
        write(path, &self.parts())
    }

    /// The bytes of its file.
    pub(in crate::kmeans) fn to_bytes(&self) -> Vec<u8> {
        let mut to = Hashing { to: Vec::new(), hash: blake3::Hasher::new() };
        let written = write_parts(&mut to, &self.parts());
        debug_assert!(written.is_ok(), "memory takes all bytes");
        let Hashing { mut to, hash } = to;
        to.extend_from_slice(hash.finalize().as_bytes());
        to
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`SavedRunError::Damaged`].
    pub(in crate::kmeans) fn of_bytes(bytes: &[u8]) -> Result<Self, SavedRunError> {
        decode(bytes).map_err(|problem| problem.at(Path::new("the checkpoint of process 0")))
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            identity: &self.identity,
            about: &self.about,
            first_restart: self.first_restart,
            n_restarts: self.n_restarts,
            ended: self.ended,
            outcomes: &self.outcomes,
            best: self.best.as_ref().map(|best| (best.restart, &best.centroids[..], &best.labels[..])),
            unfinished: self.unfinished.as_ref(),
            population: self.population.as_ref(),
            spent: self.spent,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    definition: String,
    cairn: String,
    data: String,
    identity: RunIdentity,
    weight_unit: String,
    least_exponent: i32,
    first_restart: u64,
    n_restarts: u64,
    done: u64,
    ended: Option<String>,
    best: Option<u64>,
    unfinished: Option<(u64, u32)>, // restart, iterations
    population: Option<PopulationHeader>,
    spent_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct PopulationHeader {
    size: u64,
    members: u64,
    next: u64,
    generations: u64,
    accepted: u64,
    idle: u64,
}

/// Writes a run: to a temporary file in the same folder, which is on disk before it takes the name.
pub(in crate::kmeans) fn write(path: &Path, parts: &Parts<'_>) -> Result<(), SavedRunError> {
    let failed = |reason| SavedRunError::Write { path: path.to_owned(), reason };
    let target = place(path);
    check_target(&target).map_err(failed)?;
    put(&target, parts).map_err(failed)
}

/// Checks that a file of this name can be written: it is no folder, no device and not read-only, and its folder
/// takes new files.
pub(in crate::kmeans) fn check_writable(path: &Path) -> Result<(), SavedRunError> {
    let failed = |reason| SavedRunError::Write { path: path.to_owned(), reason };
    let target = place(path);
    check_target(&target).map_err(failed)?;
    temporary::sweep(folder(&target));
    Temporary::new_in(folder(&target), Access::Usual).map(drop).map_err(failed)
}

fn folder(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn put(target: &Path, parts: &Parts<'_>) -> io::Result<()> {
    let temporary = Temporary::new_in(folder(target), Access::Usual)?;
    write_to(temporary.file(), parts)?;
    if let Ok(old) = fs::metadata(target) {
        take_after(temporary.file(), &old); // or it is this user's, with the usual mode
    }
    temporary.file().sync_all()?;
    temporary.persist(target)?;
    // the file itself is safe: not every file system can do more
    let _ = File::open(folder(target)).and_then(|folder| folder.sync_all());
    Ok(())
}

fn write_to(file: &File, parts: &Parts<'_>) -> io::Result<()> {
    let mut to = Hashing { to: BufWriter::new(file), hash: blake3::Hasher::new() };
    write_parts(&mut to, parts)?;
    let Hashing { mut to, hash } = to;
    to.write_all(hash.finalize().as_bytes())?;
    to.flush()
}

/// A writer that hashes what passes.
struct Hashing<W> {
    to: W,
    hash: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn write_parts(to: &mut impl Write, parts: &Parts<'_>) -> io::Result<()> {
    let header = serde_json::to_vec(&header(parts))?;
    to.write_all(NAME)?;
    writeln!(to, "{VERSION}")?;
    to.write_all(&(header.len() as u64).to_le_bytes())?;
    to.write_all(&header)?;
    for outcome in parts.outcomes {
        to.write_all(&bytes_of(outcome))?;
    }
    if let Some((_, centroids, labels)) = parts.best {
        write_values(to, centroids, i32::to_le_bytes)?;
        write_values(to, labels, u32::to_le_bytes)?;
    }
    if let Some(unfinished) = parts.unfinished {
        write_values(to, &unfinished.centroids, i32::to_le_bytes)?;
    }
    if let Some(population) = parts.population {
        let members = population.inertias.iter().zip(&population.centroids);
        let next = population.next.iter().map(|(inertia, centroids)| (inertia, centroids));
        for (inertia, centroids) in members.chain(next) {
            to.write_all(&inertia.to_le_bytes())?;
            write_values(to, centroids, i32::to_le_bytes)?;
        }
    }
    Ok(())
}

/// Writes numbers, a block at a time: a hash is fast on long pieces.
fn write_values<T: Copy>(to: &mut impl Write, values: &[T], bytes: fn(T) -> [u8; 4]) -> io::Result<()> {
    let mut block = Vec::new();
    for values in values.chunks(1 << 14) {
        block.clear();
        block.extend(values.iter().flat_map(|&value| bytes(value)));
        to.write_all(&block)?;
    }
    Ok(())
}

fn header(parts: &Parts<'_>) -> Header {
    let of = |population: &Population| PopulationHeader {
        size: population.size,
        members: population.inertias.len() as u64,
        next: population.next.len() as u64,
        generations: population.generations,
        accepted: population.accepted,
        idle: population.idle,
    };
    Header {
        definition: DEFINITION.to_owned(),
        cairn: parts.about.cairn.clone(),
        // a name may be as long as a path; it is for people
        data: parts.about.data.chars().take(1 << 12).collect(),
        identity: parts.identity.clone(),
        weight_unit: parts.about.weight_unit.to_string(),
        least_exponent: parts.about.least_exponent,
        first_restart: parts.first_restart,
        n_restarts: parts.n_restarts,
        done: parts.outcomes.len() as u64,
        ended: parts.ended.map(|ended| ended.name().to_owned()),
        best: parts.best.map(|(restart, ..)| restart),
        unfinished: parts.unfinished.map(|from| (from.restart, from.iterations)),
        population: parts.population.map(of),
        spent_ms: u64::try_from(parts.spent.as_millis()).unwrap_or(u64::MAX),
    }
}

/// What is wrong with a file, without its name.
#[derive(Debug)]
enum Problem {
    Read(io::Error),
    Foreign(String),
    Version(&'static str, String, &'static str),
    Damaged(String),
}

impl Problem {
    fn at(self, path: &Path) -> SavedRunError {
        let path = path.to_owned();
        match self {
            Self::Read(reason) => SavedRunError::Read { path, reason },
            Self::Foreign(reason) => SavedRunError::NotARun { path, reason },
            Self::Version(what, found, reads) => {
                SavedRunError::OtherVersion { path, what, found, reads: reads.to_owned() }
            }
            Self::Damaged(reason) => SavedRunError::Damaged { path, reason },
        }
    }
}

fn damaged<T>(reason: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Damaged(reason.into()))
}

/// The bytes of a file that begins as those of runs do.
fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    if !fs::metadata(path).map_err(Problem::Read)?.is_file() {
        return Err(Problem::Foreign("it is not a regular file".into()));
    }
    let mut file = File::open(path).map_err(Problem::Read)?;
    let mut bytes = Vec::new();
    let begin = (NAME.len() + LONGEST_VERSION + 1) as u64;
    Read::by_ref(&mut file).take(begin).read_to_end(&mut bytes).map_err(Problem::Read)?;
    after_version(&bytes)?;
    file.read_to_end(&mut bytes).map_err(Problem::Read)?;
    Ok(bytes)
}

/// The bytes after name and version.
fn after_version(bytes: &[u8]) -> Result<&[u8], Problem> {
    let rest = match bytes.strip_prefix(NAME) {
        Some(rest) => rest,
        None if NAME.starts_with(bytes) => return damaged(format!("it has {} bytes", bytes.len())),
        None => return Err(Problem::Foreign("it does not begin as one does".into())),
    };
    let Some(end) = rest.iter().take(LONGEST_VERSION + 1).position(|&byte| byte == b'\n') else {
        return damaged("it has no version");
    };
    let found = String::from_utf8_lossy(&rest[..end]);
    if found != VERSION {
        let is_number = found.bytes().all(|byte| byte.is_ascii_digit()) && !found.is_empty();
        return match is_number {
            true => Err(Problem::Version("version of the format", found.into_owned(), VERSION)),
            false => damaged("its version is no number"),
        };
    }
    Ok(&rest[end + 1..])
}

fn decode(bytes: &[u8]) -> Result<SavedRun, Problem> {
    after_version(bytes)?;
    let Some((content, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else {
        return damaged(format!("it has {} bytes", bytes.len()));
    };
    if blake3::hash(content).as_bytes() != checksum {
        return damaged("its bytes don't have the checksum in it; it was changed, or cut off");
    }
    let rest = after_version(content)?;
    let Some((length, rest)) = rest.split_first_chunk::<8>() else { return damaged("it has no header") };
    let length = u64::from_le_bytes(*length);
    let header = usize::try_from(length).ok().filter(|_| length <= MOST_HEADER);
    let Some((header, body)) = header.and_then(|length| rest.split_at_checked(length)) else {
        return damaged(format!("its header has {length} bytes"));
    };
    // of the definition first: another one may have another header
    let json: serde_json::Value =
        serde_json::from_slice(header).map_err(|error| Problem::Damaged(format!("its header: {error}")))?;
    let definition = json.get("definition").and_then(serde_json::Value::as_str).unwrap_or("none").to_owned();
    if definition != DEFINITION {
        return Err(Problem::Version("definition of results", definition, DEFINITION));
    }
    let header: Header =
        serde_json::from_value(json).map_err(|error| Problem::Damaged(format!("its header: {error}")))?;
    check_header(&header)?;
    let run = Body { bytes: body, header: &header }.run()?;
    check(&run)?;
    Ok(run)
}

/// Checks the numbers of a header, after which none overflows.
fn check_header(header: &Header) -> Result<(), Problem> {
    let Header { first_restart, n_restarts, done, best, unfinished, ended, .. } = header;
    let end = first_restart.checked_add(*n_restarts);
    let refused = [
        (end.is_none() || *n_restarts == 0, "its restarts have no numbers"),
        (*done > *n_restarts || *done > MOST_OUTCOMES as u64, "it has more restarts than were asked for"),
        (best.is_some() != (*done > 0), "it has no best restart"),
        (
            best.is_some_and(|best| best < *first_restart || best - first_restart >= *done),
            "its best restart is none of its own",
        ),
        (ended.is_some() && (*done == 0 || unfinished.is_some()), "it is done, and is not"),
        (
            unfinished.is_some_and(|(restart, iterations)| {
                restart != first_restart.saturating_add(*done) || iterations >= header.identity.max_iter
            }),
            "its unfinished restart is not the next one",
        ),
        (
            header.identity.n_clusters == 0 || header.identity.n_dims == 0 || header.identity.n_points == 0,
            "it is of no table",
        ),
        (header.least_exponent.unsigned_abs() > MOST_EXPONENT, "its steps are none of a float"),
    ];
    match refused.into_iter().find(|(bad, _)| *bad) {
        Some((_, reason)) => damaged(reason),
        None => Ok(()),
    }
}

/// The bytes after the header, still to be read.
struct Body<'b> {
    bytes: &'b [u8],
    header: &'b Header,
}

impl Body<'_> {
    fn run(mut self) -> Result<SavedRun, Problem> {
        let header = self.header;
        let outcomes = self.outcomes()?;
        let best = header.best.map(|restart| self.best(restart)).transpose()?;
        let unfinished = header.unfinished.map(|(restart, iterations)| {
            self.centroids().map(|centroids| Unfinished { restart, iterations, centroids })
        });
        let unfinished = unfinished.transpose()?;
        let population = header.population.as_ref().map(|of| self.population(of)).transpose()?;
        if !self.bytes.is_empty() {
            return damaged(format!("{} bytes are left over", self.bytes.len()));
        }
        let ends = [RunEnd::Restarts, RunEnd::Time, RunEnd::Patience];
        let ended = match &header.ended {
            None => None,
            Some(name) => match ends.into_iter().find(|end| end.name() == name) {
                Some(end) => Some(end),
                None => return damaged(format!("it ended by {name}")),
            },
        };
        let unit = header.weight_unit.parse().ok();
        let Some(weight_unit) = unit.filter(|unit: &f64| unit.is_finite() && *unit > 0.0) else {
            return damaged("its unit is not a positive number");
        };
        Ok(SavedRun {
            identity: header.identity.clone(),
            about: AboutRun {
                data: header.data.clone(),
                cairn: header.cairn.clone(),
                weight_unit,
                least_exponent: header.least_exponent,
            },
            first_restart: header.first_restart,
            n_restarts: header.n_restarts,
            ended,
            outcomes,
            best,
            unfinished,
            spent: Duration::from_millis(header.spent_ms),
            population,
        })
    }

    /// The next `n` values of `N` bytes. The length is checked before memory is asked for.
    fn take<const N: usize>(&mut self, n: u64) -> Result<&[[u8; N]], Problem> {
        let length = usize::try_from(n).ok().and_then(|n| n.checked_mul(N));
        let Some((taken, rest)) = length.and_then(|length| self.bytes.split_at_checked(length)) else {
            return damaged("it is shorter than its header says");
        };
        self.bytes = rest;
        Ok(taken.as_chunks().0)
    }

    fn outcomes(&mut self) -> Result<Vec<Outcome>, Problem> {
        let first = self.header.first_restart;
        let outcomes = self.take::<OUTCOME>(self.header.done)?;
        let read = |(at, bytes): (u64, &[u8; OUTCOME])| of_bytes(first + at, bytes);
        let outcomes: Option<Vec<Outcome>> = (0..).zip(outcomes).map(read).collect();
        outcomes.map_or_else(|| damaged("a restart has a stop that there is not"), Ok)
    }

    fn best(&mut self, restart: u64) -> Result<BestState, Problem> {
        let centroids = self.centroids()?;
        let labels = self.take(self.header.identity.n_points)?;
        Ok(BestState {
            restart,
            centroids,
            labels: labels.iter().map(|&label| u32::from_le_bytes(label)).collect(),
        })
    }

    fn centroids(&mut self) -> Result<Vec<i32>, Problem> {
        let RunIdentity { n_clusters, n_dims, .. } = self.header.identity;
        let values = self.take(n_clusters.saturating_mul(n_dims))?;
        let values: Vec<i32> = values.iter().map(|&q| i32::from_le_bytes(q)).collect();
        match values.iter().all(|q| q.unsigned_abs() <= MAX_COORDINATE.unsigned_abs()) {
            true => Ok(values),
            false => damaged("a centroid lies outside every lattice"),
        }
    }

    fn population(&mut self, of: &PopulationHeader) -> Result<Population, Problem> {
        let PopulationHeader { size, members, next, generations, accepted, idle } = *of;
        if Some(size) != self.header.identity.population || members > size || next >= size.max(1) {
            return damaged("its population is not as large as it says");
        }
        let done = match members < size {
            true => (next == 0 && generations == 0).then_some(members),
            false => size.checked_mul(generations.saturating_add(1)).and_then(|done| done.checked_add(next)),
        };
        if done != Some(self.header.done) {
            return damaged("its population is not that of its restarts");
        }
        let mut one = || -> Result<(u128, Vec<i32>), Problem> {
            let inertia = self.take::<16>(1)?.first().map_or(0, |&inertia| u128::from_le_bytes(inertia));
            Ok((inertia, self.centroids()?))
        };
        let members: Vec<(u128, Vec<i32>)> = (0..members).map(|_| one()).collect::<Result<_, _>>()?;
        let next = (0..next).map(|_| one()).collect::<Result<_, _>>()?;
        let (inertias, centroids) = members.into_iter().unzip();
        Ok(Population { size, inertias, centroids, next, generations, accepted, idle })
    }
}

/// Checks what the parts of a run say of each other.
fn check(run: &SavedRun) -> Result<(), Problem> {
    let best = Batch::best(&run.outcomes);
    let is_label = |&label: &u32| u64::from(label) < run.identity.n_clusters || label == NO_LABEL;
    let refused = [
        (
            run.outcomes.iter().any(|outcome| !(1..=run.identity.max_iter).contains(&outcome.iterations)),
            "a restart has more iterations than were allowed, or none",
        ),
        (
            run.outcomes.iter().any(|outcome| outcome.inertia >= MOST_INERTIA),
            "a restart has an inertia that no table has",
        ),
        (
            run.population.as_ref().is_some_and(|of| of.accepted > run.count() || of.idle > of.generations),
            "its population has had more generations or children than there are",
        ),
        (
            run.best.as_ref().map(|best| best.restart) != best.map(|best| best.restart),
            "its best restart is not the best",
        ),
        (
            run.best.as_ref().map(|best| digest(&best.centroids)) != best.map(|best| best.digest),
            "its centroids are not those of the best restart",
        ),
        (
            !run.best.iter().all(|best| best.labels.iter().all(is_label)),
            "a row is in a cluster that there is not",
        ),
        (
            run.population.is_some() != is_evolved(run),
            "its population is missing, or is there without a search",
        ),
    ];
    match refused.into_iter().find(|(bad, _)| *bad) {
        Some((_, reason)) => damaged(reason),
        None => Ok(()),
    }
}

/// Whether its restarts have a population: with one cluster they are independent.
fn is_evolved(run: &SavedRun) -> bool {
    run.identity.population.is_some() && run.identity.n_clusters > 1
}
