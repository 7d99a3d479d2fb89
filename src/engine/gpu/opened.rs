//! An open GPU.

use std::sync::{Mutex, PoisonError};

use super::adapter::AdapterInfo;
use super::assign::{KernelChoice, self_test};
use super::context::Context;
use super::counters::Counters;
use super::probe;
use super::units::Units;
use crate::engine::certify::Bound;
use crate::engine::{EngineError, OpenOptions};

/// The engine of a GPU.
#[derive(Debug)]
pub struct Gpu {
    pub(super) context: Context,
    pub(super) bound: Bound,
    pub(super) kernel_choice: KernelChoice,
    pub(super) most_trips: u64,
    pub(super) memory: Option<u64>,
    pub(super) bad_units: bool,
    pub(super) small_seeding: bool,
    units: Mutex<Option<MatrixUnits>>, // None until first needed
}

/// Whether an adapter's matrix units can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatrixUnits {
    /// It has none that Cairn can use, or they were not requested.
    None,
    /// They passed their self-test.
    Usable(Units),
    /// They failed it, for this reason, and are not used.
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
            bad_units: options.testing.bad_units,
            small_seeding: !options.testing.general_seeding,
            units: Mutex::default(),
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
            Some(units) => match self.context.spare(|| self.test_units(units)) {
                Ok(tested) => tested,
                Err(error @ EngineError::OutOfMemory { .. }) => {
                    self.context.clear_oom();
                    return Ok(MatrixUnits::Refused(error.to_string()));
                }
                Err(error) => return Err(error),
            },
        };
        Ok(known.insert(units).clone())
    }

    /// Runs the self-test, in subgroups of each size that the driver may make.
    fn test_units(&self, units: Units) -> Result<MatrixUnits, EngineError> {
        let Some(why) = self_test::run(&self.context, units, self.bad_units)? else {
            return Ok(MatrixUnits::Usable(units));
        };
        let smaller = units.in_smaller_subgroups(&self.context.info.adapter);
        if let Some(units) = smaller
            && self_test::run(&self.context, units, self.bad_units)?.is_none()
        {
            return Ok(MatrixUnits::Usable(units));
        }
        Ok(MatrixUnits::Refused(why))
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
