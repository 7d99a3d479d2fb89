//! Results of kernel trials, kept in the cache folder for the next start.
//!
//! A file that can't be read, or that belongs to another version of Cairn, adapter or driver, is ignored and
//! rewritten. No result depends on it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use super::adapter::AdapterInfo;
use crate::engine::OpenOptions;
use crate::kept;

/// Version of the format of [`Stored`].
const SCHEMA: u32 = 2;
/// Most choices that are kept; the oldest are dropped.
const MOST: usize = 256;
/// Largest file that is read.
const MOST_BYTES: u64 = 1 << 20;

/// What a choice depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// Points, as a power of two.
    pub(super) points: u32,
    /// Clusters.
    pub(super) clusters: u32,
    /// Quads of a row: four features each.
    pub(super) quads: u32,
    /// Slots, capped at four.
    pub(super) slots: u32,
    /// Whether the lattice is mixed.
    pub(super) mixed: bool,
    /// Candidate kernels.
    pub(super) among: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    question: Question,
    fastest: String,
}

/// The file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    schema: u32,
    cairn: String,
    adapter: String,
    driver: String,
    /// Whether the matrix units have passed their long self-test.
    units_passed: bool,
    choices: Vec<Choice>,
}

impl Stored {
    fn new(info: &AdapterInfo, (units_passed, choices): (bool, Vec<Choice>)) -> Self {
        Self {
            schema: SCHEMA,
            cairn: env!("CARGO_PKG_VERSION").into(),
            adapter: info.to_string(),
            driver: info.driver.clone(),
            units_passed,
            choices,
        }
    }

    /// What is in `file`, if this version of Cairn wrote it on this adapter and driver. Nothing of a file that is not
    /// there.
    fn read(file: &Path, info: &AdapterInfo) -> Result<Known, String> {
        let Some(bytes) = kept::read(file, MOST_BYTES)? else { return Ok(Known::default()) };
        let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
        let text = kept::unseal_json(text)?.ok_or("it has no checksum")?;
        let mut stored: Self = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let choices = std::mem::take(&mut stored.choices);
        let units_passed = std::mem::take(&mut stored.units_passed);
        let sound = |choice: &Choice| choice.question.among.contains(&choice.fastest);
        match stored == Self::new(info, Default::default()) && choices.iter().all(sound) {
            true => Ok(Known { units_passed, choices }),
            false => Err("it is of another version, adapter or driver".into()),
        }
    }
}

/// What is known.
#[derive(Debug, Default)]
struct Known {
    units_passed: bool,
    choices: Vec<Choice>,
}

/// Trial results on one adapter.
#[derive(Debug)]
pub(super) struct Choices {
    file: Option<PathBuf>,
    info: AdapterInfo,
    forced: Option<String>,      // prefix of a kernel's name
    known: Mutex<Option<Known>>, // None until the file is read
    doubt: OnceLock<String>,
}

/// Tells adapters and drivers apart in names of files.
pub(super) fn key(info: &AdapterInfo) -> String {
    let hash = blake3::hash(format!("{info}\n{}", info.driver).as_bytes()).to_hex();
    format!("{hash:.16}")
}

impl Choices {
    /// The choices of an adapter; its file is read when first needed.
    pub(super) fn new(info: &AdapterInfo, options: &OpenOptions) -> Self {
        let file = options.cache.as_ref().map(|folder| folder.join(format!("choices-{}.json", key(info))));
        let forced = options.testing.choice.clone();
        Self { file, info: info.clone(), forced, known: Mutex::new(None), doubt: OnceLock::new() }
    }

    /// The fastest kernel, if a trial has answered this question.
    pub(super) fn find(&self, question: &Question) -> Option<String> {
        if let Some(forced) = &self.forced {
            return question.among.iter().find(|name| name.starts_with(forced)).cloned();
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_with(|| self.read());
        let found = known.choices.iter().find(|choice| choice.question == *question);
        found.map(|choice| choice.fastest.clone())
    }

    /// Saves the fastest kernel, together with what other processes have saved since.
    pub(super) fn keep(&self, question: Question, fastest: String) {
        self.change(|known| {
            known.choices.retain(|choice| choice.question != question);
            known.choices.insert(0, Choice { question, fastest });
            known.choices.truncate(MOST);
        });
    }

    /// Whether the matrix units have passed their long self-test, in this start or an earlier one.
    pub(super) fn units_passed(&self) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_with(|| self.read()).units_passed
    }

    /// Saves that they have.
    pub(super) fn keep_units_passed(&self) {
        self.change(|known| known.units_passed = true);
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        let others = self.read();
        known.units_passed |= others.units_passed;
        for other in others.choices {
            if known.choices.iter().all(|choice| choice.question != other.question) {
                known.choices.push(other);
            }
        }
        change(known);
        let stored = Stored::new(&self.info, (known.units_passed, known.choices.clone()));
        if let (Some(file), Ok(text)) = (&self.file, serde_json::to_string_pretty(&stored))
            && let Err(why) = kept::write(file, kept::seal_json(&text).as_bytes())
        {
            self.doubt.get_or_init(|| kept::not_written(file, &why));
        }
    }

    /// Why the file was ignored or could not be written, if so.
    pub(super) fn doubt(&self) -> Option<String> {
        self.doubt.get().cloned()
    }

    fn read(&self) -> Known {
        let Some(file) = &self.file else { return Known::default() };
        Stored::read(file, &self.info).unwrap_or_else(|why| {
            self.doubt.get_or_init(|| kept::ignored(file, &why));
            Known::default()
        })
    }
}
