//! Errors that say what, where, got, wanted, and give a hint on a line of its own.

use pyo3::PyErr;
use pyo3::exceptions::{PyTypeError, PyValueError};

/// A ValueError with its hint.
pub fn value(what: impl std::fmt::Display, hint: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{what}\nhint: {hint}"))
}

/// A TypeError with its hint.
pub fn kind(what: impl std::fmt::Display, hint: impl std::fmt::Display) -> PyErr {
    PyTypeError::new_err(format!("{what}\nhint: {hint}"))
}
