//! An open GPU.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::adapter::AdapterInfo;
use super::assign::{KernelChoice, self_test};
use super::choices;
use super::context::Context;
use super::counters::Counters;
use super::probe;
use super::units::Units;
use crate::engine::certify::Bound;
use crate::engine::{EngineError, OpenOptions, Testing};
use crate::temporary::{self, Marked, Marker};

/// How long the first self-test of matrix units takes at least.
const LONG_TEST: Duration = Duration::from_millis(500);

/// Name of the file that says that matrix units are being tried for the first time.
fn marker_name(adapter: &AdapterInfo) -> String {
    format!("units-{}-{}.trying", choices::key(adapter), env!("CARGO_PKG_VERSION"))
}

/// The engine of a GPU.
#[derive(Debug)]
pub struct Gpu {
    pub(super) context: Context,
    pub(super) bound: Bound,
    pub(super) kernel_choice: KernelChoice,
    pub(super) most_trips: u64,
    pub(super) memory: Option<u64>,
    pub(super) small_seeding: bool,
    testing: Testing,
    units: Mutex<Option<MatrixUnits>>, // None until first needed
    units_tried: Arc<AtomicBool>,
    marker_file: Option<PathBuf>,
    marker: Mutex<Option<Marker>>, // while the matrix units have not done a job yet
}

/// Whether an adapter's matrix units can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatrixUnits {
    /// It has none that Cairn can use, or they were not requested.
    None,
    /// They passed their self-test.
    Usable(Units),
    /// They are not used, for this reason: they failed it, or ended an earlier start.
    Refused(String),
}

impl Gpu {
    /// Opens an adapter.
    ///
    /// # Errors
    /// [`EngineError`] if the driver refuses.
    pub fn open(adapter: &AdapterInfo, options: &OpenOptions) -> Result<Self, EngineError> {
        let kernel_choice = KernelChoice::new(options.gpu_kernel.as_deref())?;
        let mut context = Context::open(adapter, options, kernel_choice.units())?;
        let most_trips = probe::most_trips(&context)?;
        context.limit_binding(options.testing.max_binding);
        context.arm(options.testing.fault);
        Ok(Self {
            context,
            bound: options.testing.bound,
            kernel_choice,
            most_trips,
            memory: options.gpu_memory,
            small_seeding: !options.testing.general_seeding,
            testing: options.testing.clone(),
            units: Mutex::default(),
            units_tried: Arc::default(),
            marker_file: options.cache.as_ref().map(|folder| folder.join(marker_name(adapter))),
            marker: Mutex::default(),
        })
    }

    /// Whether its matrix units can be used. The first call runs their self-test.
    ///
    /// # Errors
    /// [`EngineError`] if the device fails.
    pub fn matrix_units(&self) -> Result<MatrixUnits, EngineError> {
        let mut known = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(units) = &*known {
            return Ok(units.clone());
        }
        let units = match self.context.units {
            None => MatrixUnits::None,
            Some(units) => match self.mark_units().map_err(MatrixUnits::Refused) {
                Err(refused) => refused,
                Ok(()) => match self.context.spare(|| self.test_units(units)) {
                    Ok(tested) => tested,
                    Err(error @ EngineError::OutOfMemory { .. }) => {
                        self.context.clear_oom();
                        self.unmark_units();
                        return Ok(MatrixUnits::Refused(error.to_string()));
                    }
                    Err(error) => {
                        self.leave_mark_of_units();
                        return Err(error);
                    }
                },
            },
        };
        if !matches!(units, MatrixUnits::Usable(_)) {
            self.unmark_units();
        }
        Ok(known.insert(units).clone())
    }

    /// Runs the self-test, in subgroups of each size that the driver may make. It is long until they have passed it once.
    fn test_units(&self, units: Units) -> Result<MatrixUnits, EngineError> {
        self.units_tried.store(true, Ordering::Relaxed);
        if self.testing.lost_units {
            self.context.device.destroy();
        }
        let passed = units.emulated || self.context.choices.units_passed();
        let least = if passed { Duration::ZERO } else { LONG_TEST };
        let test = |units| self_test::run(&self.context, units, least, self.testing.bad_units);
        let mut tested = (units, test(units)?);
        let smaller = units.in_smaller_subgroups(&self.context.info.adapter);
        if let (Some(_), Some(smaller)) = (&tested.1, smaller)
            && test(smaller)?.is_none()
        {
            tested = (smaller, None);
        }
        match tested {
            (_, Some(why)) => Ok(MatrixUnits::Refused(why)),
            (units, None) => {
                if !passed {
                    self.context.choices.keep_units_passed();
                }
                Ok(MatrixUnits::Usable(units))
            }
        }
    }

    /// Makes the marker of a first use of the matrix units. An error if an earlier start has left it: it ended in between,
    /// and not by a signal that asks for it.
    fn mark_units(&self) -> Result<(), String> {
        let Some(file) = &self.marker_file else { return Ok(()) };
        let made = file.parent().is_none_or(|folder| fs::create_dir_all(folder).is_ok());
        match temporary::mark(file) {
            Ok(Marked::Ours(marker)) if made => {
                *self.marker.lock().unwrap_or_else(PoisonError::into_inner) = Some(marker);
                Ok(())
            }
            Ok(Marked::Left) => Err(format!(
                "an earlier start ended while it tried them; delete {} to try them again",
                file.display()
            )),
            _ => Ok(()), // another process tries them now, or no marker can be made
        }
    }

    /// Removes the marker: the matrix units have done a job, or are not used.
    pub(super) fn unmark_units(&self) {
        drop(self.marker.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Leaves the marker for later starts, after the device failed.
    pub(super) fn leave_mark_of_units(&self) {
        if let Some(marker) = self.marker.lock().unwrap_or_else(PoisonError::into_inner).take() {
            marker.leave();
        }
    }

    /// Whether its matrix units were tried, now or later.
    pub(in crate::engine) fn units_tried(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.units_tried)
    }

    /// Whether it was opened with matrix units.
    pub(in crate::engine) fn has_units(&self) -> bool {
        self.context.units.is_some()
    }

    /// The device's counters so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.context.counters()
    }

    /// The kernels that were built so far, with their constants.
    #[must_use]
    pub fn kernels(&self) -> Vec<String> {
        let kernels = self.context.tally.kernels.lock();
        kernels.map(|kernels| kernels.iter().cloned().collect()).unwrap_or_default()
    }

    /// Refuses a job whose loops exceed the driver's limit on trips: results would be wrong without an error.
    pub(super) fn check_trips(&self, trips: u64) -> Result<(), EngineError> {
        let most = self.most_trips;
        if trips <= most {
            return Ok(());
        }
        let why = format!("its driver ends loops after {most} trips, and this job may need {trips}");
        Err(self.context.failed(why))
    }
}

/// The note after the device was out of memory.
pub(super) fn smaller(error: &EngineError) -> String {
    format!("{error}; the work continued in smaller batches, with the same result")
}
