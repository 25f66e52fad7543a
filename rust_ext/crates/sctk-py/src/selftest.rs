//! What the tests of the door call: each function shows one promise of it, and does nothing else.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sctk_data::buffer::Buffer;
use sctk_data::watch::{Watch, run_chunks};

use crate::arrow::{Array, Batch, Column, Type, Values};
use crate::control;
use crate::texts::{TextGroups, Texts};

/// The bytes of every text, as the core sees them.
#[pyfunction]
fn _selftest_texts<'py>(
    py: Python<'py>,
    texts: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let texts = Texts::extract(texts)?;
    Ok(texts
        .rows()?
        .into_iter()
        .map(|row| PyBytes::new(py, row))
        .collect())
}

/// The offsets and the bytes of every text of every group, as the core sees them.
#[pyfunction]
#[allow(clippy::type_complexity)]
fn _selftest_groups<'py>(
    py: Python<'py>,
    groups: &Bound<'py, PyAny>,
) -> PyResult<(Vec<usize>, Vec<Bound<'py, PyBytes>>)> {
    let groups = TextGroups::extract(groups)?;
    let rows = groups
        .rows()?
        .into_iter()
        .map(|row| PyBytes::new(py, row))
        .collect();
    Ok((groups.offsets().to_vec(), rows))
}

/// Every list of a column of int32 or int64 lists, in and out through both halves of the door.
#[pyfunction]
fn _selftest_lists(column: &Bound<'_, PyAny>) -> PyResult<Vec<Batch>> {
    let column = Column::extract(column)?;
    let name = column.name().to_owned();
    let mut batches = Vec::new();
    for lists in column.lists()? {
        let n = lists.offsets.n_lists();
        let first = lists.offsets.at(0);
        let offsets = Buffer::from_fn(n + 1, |i| (lists.offsets.at(i) - first) as i64);
        let used = lists.values.slice(first, lists.offsets.at(n) - first);
        let values = match used.kind() {
            Type::Number(b'i', 4) => Values::from_vec(used.numbers::<i32>()?.to_vec()),
            // SAFETY: `keep` keeps the producer's memory alive and the interface forbids to change it.
            kind => unsafe { Values::lent(column.keep(), used.number_bytes()?.0, kind) },
        };
        batches.push(Batch::new(
            n,
            vec![(name.clone(), Array::lists(Values::own(offsets), values))],
        ));
    }
    Ok(batches)
}

/// Panics in the core.
#[pyfunction]
fn _selftest_panic(py: Python<'_>) -> PyResult<()> {
    control::work(py, None, |_| panic!("asked to"))
}

/// Works for `n_chunks` chunks of 10 ms on `threads` threads.
#[pyfunction]
#[pyo3(signature = (n_chunks, threads=1, progress=None))]
fn _selftest_spin(
    py: Python<'_>,
    n_chunks: usize,
    threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<()> {
    let threads = control::threads(threads)?;
    let spin = |watch: &dyn Watch| {
        run_chunks(n_chunks, threads, watch, |_| {
            std::thread::sleep(Duration::from_millis(10))
        })
    };
    control::work(py, progress, spin)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_selftest_texts, module)?)?;
    module.add_function(wrap_pyfunction!(_selftest_groups, module)?)?;
    module.add_function(wrap_pyfunction!(_selftest_lists, module)?)?;
    module.add_function(wrap_pyfunction!(_selftest_panic, module)?)?;
    module.add_function(wrap_pyfunction!(_selftest_spin, module)?)
}
