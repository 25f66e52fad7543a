//! `plan`: lengths to bins, for loaders that gather rows by number.

use std::sync::{Arc, LazyLock};

use pyo3::prelude::*;
use sctk_data::buffer::Buffer;
use sctk_data::packing::end_to_end::Turns;
use sctk_data::packing::{self, Cut, Rules};

use super::{Loss, lengths, overflow, refused, strategy};
use crate::arrow::{Array, Values};
use crate::control;

/// Which row lies in which bin: bin b has rows `order[bin_offsets[b]:bin_offsets[b + 1]]`.
#[pyclass(frozen, module = "sctk_rs")]
pub struct Plan {
    rows: Rows,
    bin_offsets: Arc<Buffer<i64>>,
    cuts: Cuts,
    loss: Loss,
}

/// The row of each piece, listed when it is first asked for.
type Rows = LazyLock<Arc<Buffer<u32>>, Box<dyn FnOnce() -> Arc<Buffer<u32>> + Send>>;

/// Where in its row each piece starts, and how many tokens it has.
enum Cuts {
    /// Each is the beginning of its row.
    None,
    Listed(Vec<Cut>),
    /// The pieces of a row follow one another and are the whole of it; these are their tokens.
    InTurn(Arc<Buffer<i32>>),
}

impl Plan {
    pub fn new(plan: packing::Plan, loss: Loss) -> Self {
        Self {
            rows: LazyLock::new(Box::new(|| Arc::new(plan.rows))),
            bin_offsets: Arc::new(plan.bin_offsets),
            cuts: plan.cuts.map_or(Cuts::None, Cuts::Listed),
            loss,
        }
    }

    /// The plan of wrapped rows whose pieces are of rows in `turns` and have `n_tokens`.
    pub fn wrapped(
        turns: Turns,
        bin_offsets: Arc<Buffer<i64>>,
        n_tokens: Arc<Buffer<i32>>,
        loss: Loss,
    ) -> Self {
        let offsets = bin_offsets.clone();
        Self {
            rows: LazyLock::new(Box::new(move || Arc::new(turns.rows(&offsets)))),
            bin_offsets,
            cuts: Cuts::InTurn(n_tokens),
            loss,
        }
    }
}

/// Where the pieces of `rows` start that follow one another in their rows.
fn starts_in_turn(rows: &[u32], n_tokens: &[i32]) -> Vec<u64> {
    let (mut before, mut start) = (None, 0);
    let pieces = rows.iter().zip(n_tokens);
    pieces
        .map(|(&row, &n)| {
            if before != Some(row) {
                (before, start) = (Some(row), 0);
            }
            let from = start;
            start += u64::from(n as u32);
            from
        })
        .collect()
}

#[pymethods]
impl Plan {
    fn __len__(&self) -> usize {
        self.bin_offsets.len() - 1
    }

    fn __repr__(&self) -> String {
        format!(
            "<sctk_rs.Plan of {} pieces in {} bins>",
            self.bin_offsets[self.bin_offsets.len() - 1],
            self.bin_offsets.len() - 1
        )
    }

    /// The rows, bin after bin (uint32). A row that was cut appears once for each of its pieces.
    #[getter]
    fn order(&self) -> Array {
        Array::numbers(self.rows.clone())
    }

    /// Where the bins begin in `order` (int64, one more than bins).
    #[getter]
    fn bin_offsets(&self) -> Array {
        Array::numbers(self.bin_offsets.clone())
    }

    /// The rows of each bin, as lists.
    #[getter]
    fn bins(&self) -> Array {
        Array::lists(
            Values::own(self.bin_offsets.clone()),
            Values::own(self.rows.clone()),
        )
    }

    /// Where in its row each piece starts (uint64); None where every piece is the beginning of its row.
    #[getter]
    fn starts(&self) -> Option<Array> {
        let starts = match &self.cuts {
            Cuts::None => return None,
            Cuts::Listed(cuts) => cuts.iter().map(|cut| cut.start).collect(),
            Cuts::InTurn(n_tokens) => starts_in_turn(&self.rows, n_tokens),
        };
        Some(Array::from_vec(starts))
    }

    /// How many tokens each piece has (uint32); None where it is the row's own length, or the capacity.
    #[getter]
    fn n_tokens(&self) -> Option<Array> {
        let n_tokens: Vec<u32> = match &self.cuts {
            Cuts::None => return None,
            Cuts::Listed(cuts) => cuts.iter().map(|cut| cut.n_tokens).collect(),
            Cuts::InTurn(n_tokens) => n_tokens.iter().map(|&n| n as u32).collect(),
        };
        Some(Array::from_vec(n_tokens))
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
