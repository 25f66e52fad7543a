//! Arrow in and out by the C data interface (PyCapsule protocol), three structs written by hand.
//!
//! In: `Column::extract` and `Table::extract` take whatever has `__arrow_c_stream__` or `__arrow_c_array__` (pyarrow,
//! polars, datasets, pandas) and lend checked slices of its memory. Out: `Array` and `Batch` own Rust memory, or keep
//! the producer's alive, and lend it to anybody by the same protocol, and to NumPy by the buffer protocol.
//!
//! The interface carries no buffer sizes, so no consumer can check that a producer's buffers are as long as its
//! lengths say. Everything that can be checked is: counts, signs, order of offsets, bounds of children and views, null pointers,
//! released structs, alignment; validity is read from the bitmap, whatever the count of nulls says.

mod abi;
mod array;
mod batch;
mod export;
mod faults;
mod field;
mod import;
mod lists;
mod strings;
mod view;

pub use array::{Array, Layout, Number, Values};
pub use batch::Batch;
pub use field::Type;
pub use import::{Column, Table};
pub use lists::Offsets;

use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Array>()?;
    module.add_class::<Batch>()
}
