//! The door of `sctk_data::consistency`: texts in groups in, one `Array` for each result out.
//!
//! Groups come as lists of lists, or as flat answers with a size or with offsets (`groups`). Scores of texts stand in
//! `scores`, what is made of matrices and labels in `clusters`. Each function takes `run`, a tuple of threads, SIMD level
//! (None: the best one) and progress callback.

mod clusters;
mod groups;
mod scores;

use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use sctk_data::consistency::{Error, Run};
use sctk_data::watch::{Stopped, Watch};

use crate::arrow::{Array, Layout, Number, Values};
use crate::control;

type Options = (usize, Option<String>, Option<Py<PyAny>>);

/// What `job` yields, run without the GIL.
fn run<T: Send>(
    py: Python<'_>,
    (threads, level, progress): Options,
    job: impl FnOnce(Run<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let threads = control::threads(threads)?;
    let level = control::simd(level.as_deref())?;
    let job = |watch: &dyn Watch| match job(Run {
        level,
        threads,
        watch,
    }) {
        Err(Error::Stopped) => Err(Stopped),
        other => Ok(other),
    };
    control::work(py, progress, job)?.map_err(refused)
}

fn refused(error: Error) -> PyErr {
    match error {
        Error::Memory { .. } => PyMemoryError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

fn column<T: Number>(values: Vec<T>) -> Array {
    Array::new(Layout::Numbers(Values::from_vec(values)))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    scores::register(module)?;
    clusters::register(module)
}
