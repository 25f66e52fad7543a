//! The Python door of `sctk-data`: columns in (Arrow, NumPy, lists of str), columns out (Arrow, NumPy), nothing copied.
//!
//! Each area has one file with a `register`. What every door needs stands in `arrow` (columns), `numbers` (NumPy
//! buffers), `texts` (strings from a list or a column) and `control` (threads, signals, progress, panics).

mod arrow;
mod consistency;
mod control;
mod dedup;
mod errors;
mod held_out;
mod numbers;
mod packing;
mod selftest;
mod texts;
mod words;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    arrow::register(module)?;
    control::register(module)?;
    packing::register(module)?;
    dedup::register(module)?;
    held_out::register(module)?;
    consistency::register(module)?;
    words::register(module)?;
    selftest::register(module)?;
    module.delattr("__all__") // the stub and sctk_rs/__init__.py say what is public
}
