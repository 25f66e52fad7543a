//! `plan`: lengths to bins, for loaders that gather rows by number.

use std::sync::Arc;

use pyo3::prelude::*;
use sctk_data::packing::{self, Cut, Rules};

use super::{Loss, lengths, overflow, refused, strategy};
use crate::arrow::{Array, Layout, Values};
use crate::control;

/// Which row lies in which bin: bin b has rows `order[bin_offsets[b]:bin_offsets[b + 1]]`.
#[pyclass(frozen, module = "sctk_rs")]
pub struct Plan {
    order: Values,
    bin_offsets: Values,
    cuts: Option<Vec<Cut>>,
    loss: Loss,
}

impl Plan {
    pub fn new(plan: packing::Plan, loss: Loss) -> Self {
        let packing::Plan {
            rows,
            cuts,
            bin_offsets,
        } = plan;
        Self {
            order: Values::own(Arc::new(rows)),
            bin_offsets: Values::own(Arc::new(bin_offsets)),
            cuts,
            loss,
        }
    }
}

#[pymethods]
impl Plan {
    fn __len__(&self) -> usize {
        self.bin_offsets.len() - 1
    }

    fn __repr__(&self) -> String {
        format!(
            "<sctk_rs.Plan of {} pieces in {} bins>",
            self.order.len(),
            self.bin_offsets.len() - 1
        )
    }

    /// The rows, bin after bin (uint32). A row that was cut appears once for each of its pieces.
    #[getter]
    fn order(&self) -> Array {
        Array::new(Layout::Numbers(self.order.clone()))
    }

    /// Where the bins begin in `order` (int64, one more than bins).
    #[getter]
    fn bin_offsets(&self) -> Array {
        Array::new(Layout::Numbers(self.bin_offsets.clone()))
    }

    /// The rows of each bin, as lists.
    #[getter]
    fn bins(&self) -> Array {
        Array::lists(self.bin_offsets.clone(), self.order.clone())
    }

    /// Where in its row each piece starts (uint64); None where every piece is the beginning of its row.
    #[getter]
    fn starts(&self) -> Option<Array> {
        let cuts = self.cuts.as_ref()?;
        Some(Array::new(Layout::Numbers(Values::from_vec(
            cuts.iter().map(|cut| cut.start).collect(),
        ))))
    }

    /// How many tokens each piece has (uint32); None where it is the row's own length, or the capacity.
    #[getter]
    fn n_tokens(&self) -> Option<Array> {
        let cuts = self.cuts.as_ref()?;
        Some(Array::new(Layout::Numbers(Values::from_vec(
            cuts.iter().map(|cut| cut.n_tokens).collect(),
        ))))
    }

    #[getter]
    fn loss(&self) -> Loss {
        self.loss.clone()
    }
}

/// The bins for rows of these lengths (tokens per row; integers, or a column of lists).
#[pyfunction]
#[pyo3(signature = (lengths, capacity, strategy="best-fit", *, overflow="error", most_rows=None, seed=None, groups=None))]
pub fn plan(
    lengths: &Bound<'_, PyAny>,
    capacity: usize,
    strategy: &str,
    overflow: &str,
    most_rows: Option<usize>,
    seed: Option<u64>,
    groups: Option<&Bound<'_, PyAny>>,
) -> PyResult<Plan> {
    let groups = groups.map(lengths::group_ids).transpose()?;
    let rules = Rules {
        capacity,
        strategy: self::strategy(strategy)?,
        most_rows: most_rows.unwrap_or(usize::MAX),
        seed,
        groups: groups.as_deref(),
    };
    let admitted = lengths::admit(lengths, &rules, self::overflow(overflow)?)?.map_err(refused)?;
    let loss = admitted.loss.into();
    let plan = control::work(lengths.py(), None, |watch| {
        control::refusable(packing::plan(&admitted, &rules, watch))
    })?;
    Ok(Plan::new(plan.map_err(refused)?, loss))
}
