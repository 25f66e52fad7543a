//! The door of `sctk_data::packing`: `plan` for those who load rows by number, `Packer` for whole tables.

mod lengths;
mod memory;
mod output;
mod packer;
mod plan;
mod tables;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use sctk_data::packing::{Overflow, Refusal, Strategy};

use crate::errors;

/// What was lost or left out. `tokens_lost` counts tokens of truncated and dropped rows.
#[pyclass(frozen, eq, get_all, skip_from_py_object, module = "sctk_rs")]
#[derive(Clone, PartialEq)]
pub struct Loss {
    rows_empty: u64,
    rows_truncated: u64,
    rows_dropped: u64,
    rows_split: u64,
    tokens_lost: u64,
    tokens_kept: u64,
}

#[pymethods]
impl Loss {
    fn __repr__(&self) -> String {
        format!(
            "Loss(tokens_lost={}, tokens_kept={}, rows_truncated={}, rows_split={}, rows_dropped={}, rows_empty={})",
            self.tokens_lost,
            self.tokens_kept,
            self.rows_truncated,
            self.rows_split,
            self.rows_dropped,
            self.rows_empty
        )
    }
}

impl From<sctk_data::packing::admit::Loss> for Loss {
    fn from(loss: sctk_data::packing::admit::Loss) -> Self {
        Self {
            rows_empty: loss.rows_empty,
            rows_truncated: loss.rows_truncated,
            rows_dropped: loss.rows_dropped,
            rows_split: loss.rows_split,
            tokens_lost: loss.tokens_lost,
            tokens_kept: loss.tokens_kept,
        }
    }
}

fn strategy(name: &str) -> PyResult<Strategy> {
    match name {
        "best-fit" => Ok(Strategy::BestFit),
        "next-fit" => Ok(Strategy::NextFit),
        "wrapped" => Ok(Strategy::Wrapped),
        _ => Err(errors::value(
            format_args!(
                "strategy: got {name:?}, wanted \"best-fit\", \"next-fit\" or \"wrapped\""
            ),
            "best-fit wastes least, next-fit keeps the order, wrapped cuts rows at bin ends",
        )),
    }
}

fn overflow(name: &str) -> PyResult<Overflow> {
    match name {
        "error" => Ok(Overflow::Error),
        "truncate" => Ok(Overflow::Truncate),
        "split" => Ok(Overflow::Split),
        "drop" => Ok(Overflow::Drop),
        _ => Err(errors::value(
            format_args!(
                "overflow: got {name:?}, wanted \"error\", \"truncate\", \"split\" or \"drop\""
            ),
            "it says what happens to rows longer than the capacity",
        )),
    }
}

/// The Python error of a refusal.
fn refused(refusal: Refusal) -> PyErr {
    let hint = match refusal {
        Refusal::TooLong { .. } => {
            "overflow=\"truncate\", \"split\" or \"drop\" says what shall become of it (pairs cannot be split)"
        }
        Refusal::Capacity(_) | Refusal::NoRows => {
            "give the number of tokens that one training sequence has"
        }
        Refusal::Length { .. } => "lengths are tokens per row",
        Refusal::TooMany(_) | Refusal::Memory { .. } => {
            "pack it in windows: sctk_rs.packing.PackStream"
        }
        Refusal::Groups { .. } => "groups has one key for each row of the table",
        Refusal::Stopped => "run it again",
    };
    if matches!(refusal, Refusal::Memory { .. }) {
        return PyMemoryError::new_err(format!("{refusal}\nhint: {hint}"));
    }
    errors::value(refusal, hint)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Loss>()?;
    module.add_class::<plan::Plan>()?;
    module.add_class::<packer::Packer>()?;
    module.add_class::<packer::Packed>()?;
    module.add_class::<tables::Rows>()?;
    module.add_function(wrap_pyfunction!(plan::plan, module)?)
}
