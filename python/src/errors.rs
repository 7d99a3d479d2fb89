//! Errors of the library as those of Python. What a user can set right is a `ValueError`.

use cairn::comm::CommError;
use cairn::data::DataError;
use cairn::engine::EngineError;
use cairn::engine::variables::blamed;
use cairn::kmeans::{FitError, ParamsError};
use cairn::model::{ModelError, PredictError};
use cairn::sweep::SweepError;
use pyo3::exceptions::{PyMemoryError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::{PyErr, create_exception};

create_exception!(
    cairn_kmeans,
    DeviceError,
    PyValueError,
    "There is no such device, or the device failed. See `cairn_kmeans.devices`."
);

/// An error of the library.
pub(crate) enum Failure {
    Fit(FitError),
    Model(ModelError),
    Predict(PredictError),
    Sweep(SweepError),
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Fit(error) | Failure::Sweep(SweepError::Fit(error)) => of_fit(error),
            Failure::Model(ModelError::Comm(error)) => PyRuntimeError::new_err(error.to_string()),
            Failure::Model(ModelError::Write(error)) => of_data(error),
            Failure::Model(error @ (ModelError::NotFound { .. } | ModelError::Read { .. })) => {
                PyOSError::new_err(error.to_string())
            }
            Failure::Model(error) => PyValueError::new_err(error.to_string()),
            Failure::Predict(PredictError::Engine(error)) => of_engine(error),
            Failure::Predict(error) => PyValueError::new_err(error.to_string()),
            Failure::Sweep(error) => PyValueError::new_err(error.to_string()),
        }
    }
}

fn of_fit(error: FitError) -> PyErr {
    match error {
        FitError::Memory(error) => PyMemoryError::new_err(error.to_string()),
        FitError::Comm(error @ CommError::Unlike { .. }) => PyValueError::new_err(error.to_string()),
        FitError::Comm(error) | FitError::Engine(EngineError::Comm(error)) => {
            PyRuntimeError::new_err(error.to_string())
        }
        FitError::Engine(error) => of_engine(error),
        FitError::Data(error) => of_data(error),
        FitError::Cancelled { of, .. } => PyRuntimeError::new_err(format!(
            "stopped by the callback before one of {of} restarts had ended; there is no result"
        )),
        FitError::CancelledBatches { done, of } => PyRuntimeError::new_err(format!(
            "stopped by the callback after {done} of {of} batches; there is no result"
        )),
        FitError::Threads { .. } => PyRuntimeError::new_err(error.to_string()),
        error => PyValueError::new_err(error.to_string()),
    }
}

fn of_engine(error: EngineError) -> PyErr {
    let variable = blamed(&error).map(|variable| variable + ": ").unwrap_or_default();
    DeviceError::new_err(format!("{variable}{error}"))
}

fn of_data(error: DataError) -> PyErr {
    match error {
        DataError::OutOfMemory { .. } => PyMemoryError::new_err(error.to_string()),
        DataError::Write { .. } => PyOSError::new_err(error.to_string()),
        error => PyValueError::new_err(error.to_string()),
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fit(error) => error.fmt(f),
            Self::Model(error) => error.fmt(f),
            Self::Predict(error) => error.fmt(f),
            Self::Sweep(error) => error.fmt(f),
        }
    }
}

macro_rules! from {
    ($($error:ty => $variant:ident),+ $(,)?) => { $(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::$variant(error.into())
            }
        }
    )+ };
}

from!(
    CommError => Fit,
    DataError => Fit,
    EngineError => Fit,
    FitError => Fit,
    ParamsError => Fit,
    ModelError => Model,
    PredictError => Predict,
    SweepError => Sweep,
);
