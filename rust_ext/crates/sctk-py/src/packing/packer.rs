//! `Packer`: whole tables into bins, columns and boundaries together.

use std::collections::BTreeMap;
use std::sync::Mutex;

use pyo3::prelude::*;
use sctk_data::packing::admit::{Admitted, admit_pairs};
use sctk_data::packing::boundaries::{Boundaries, Sides};
use sctk_data::packing::copy::Store;
use sctk_data::packing::end_to_end::Wrapping;
use sctk_data::packing::{self, MOST_CAPACITY, Overflow, Refusal, Rules, Strategy};
use sctk_data::text::Simd;
use sctk_data::watch::check;

use super::memory::Memory;
use super::output::{self, Ends, Target};
use super::plan::Plan;
use super::tables::{ListColumn, Rows, list_columns};
use super::{Loss, lengths, overflow, refused, strategy};
use crate::arrow::{Batch, Column, Table, Values};
use crate::{control, errors};

/// What packing gives: `table` has one row per bin, `plan` says which rows lie in it, `loss` what was left out.
#[pyclass(frozen, get_all, module = "sctk_rs")]
pub struct Packed {
    table: Py<Batch>,
    plan: Py<Plan>,
    loss: Loss,
}

#[pymethods]
impl Packed {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.table.bind(py).len()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!(
            "<sctk_rs.Packed of {} bins, {} tokens lost>",
            self.__len__(py)?,
            self.loss.tokens_lost
        ))
    }
}

/// How packing is carried out, `sctk_rs.packing.How`.
#[derive(FromPyObject)]
struct How {
    position_ids: bool,
    threads: usize,
    reuse: bool,
    store: Option<String>,
}

/// Packs tables by one set of rules. With `reuse`, memory of results that nobody holds any more is used again.
#[pyclass(frozen, module = "sctk_rs")]
pub struct Packer {
    capacity: usize,
    strategy: Strategy,
    overflow: Overflow,
    most_rows: usize,
    seed: Option<u64>,
    position_ids: bool,
    threads: usize,
    store: Option<Store>,
    memory: Mutex<Memory>,
}

#[pymethods]
impl Packer {
    #[new]
    #[pyo3(signature = (capacity, strategy="best-fit", *, overflow="error", most_rows=None, seed=None, how=None))]
    fn new(
        capacity: usize,
        strategy: &str,
        overflow: &str,
        most_rows: Option<usize>,
        seed: Option<u64>,
        how: Option<How>,
    ) -> PyResult<Self> {
        if !(1..=MOST_CAPACITY).contains(&capacity) {
            return Err(refused(Refusal::Capacity(capacity)));
        }
        let how = how.unwrap_or(How {
            position_ids: true,
            threads: 1,
            reuse: false,
            store: None,
        });
        Ok(Self {
            capacity,
            strategy: self::strategy(strategy)?,
            overflow: self::overflow(overflow)?,
            most_rows: most_rows.unwrap_or(usize::MAX),
            seed,
            position_ids: how.position_ids,
            threads: control::threads(how.threads)?,
            store: how.store.as_deref().map(named_store).transpose()?,
            memory: Mutex::new(Memory::new(how.reuse)),
        })
    }

    /// Packs `table`: the columns named (all lists of numbers, if none are), rows of different `groups` apart.
    ///
    /// `groups` has a key for each row, or is the name of the column that has them.
    #[pyo3(signature = (table, columns=None, *, groups=None, progress=None))]
    fn pack(
        &self,
        table: &Bound<'_, PyAny>,
        columns: Option<Vec<String>>,
        groups: Option<&Bound<'_, PyAny>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Packed> {
        let py = table.py();
        let table = Table::extract(table)?;
        let groups = groups.map(|keys| groups_of(&table, keys)).transpose()?;
        self.pack_table(py, &table, columns, (groups, self.seed), progress)
    }

    /// Packs the `n_rows` of `parts` after the first `skip`, `span` being (skip, n_rows).
    ///
    /// `number` is the window's, which changes the order drawn from the seed; `groups` is the name of a column.
    #[pyo3(signature = (parts, span, number, columns=None, *, groups=None, progress=None))]
    fn _pack_window(
        &self,
        parts: Vec<Bound<'_, Rows>>,
        span: (usize, usize),
        number: u64,
        columns: Option<Vec<String>>,
        groups: Option<&Bound<'_, PyAny>>,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Packed> {
        let Some(py) = parts.first().map(Bound::py) else {
            return Err(errors::value(
                "a window of no tables",
                "give one table or more",
            ));
        };
        let tables: Vec<_> = parts.iter().map(|part| &part.get().table).collect();
        let window = Table::window(&tables, span.0, span.1)?;
        let groups = groups.map(|keys| groups_of(&window, keys)).transpose()?;
        let seed = self.seed.map(|seed| seed.wrapping_add(number));
        let progress = progress.map(Bound::unbind);
        self.pack_table(py, &window, columns, (groups, seed), progress)
    }

    /// Packs pairs: `columns` maps each output column to the two that hold its sides, ("chosen_ids", "rejected_ids").
    ///
    /// A pair's two sides lie in one bin, the first before the second, each a sequence of its own; `groups` as in `pack`.
    #[pyo3(signature = (table, columns, *, groups=None, progress=None))]
    fn pack_pairs(
        &self,
        table: &Bound<'_, PyAny>,
        columns: BTreeMap<String, (String, String)>,
        groups: Option<&Bound<'_, PyAny>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Packed> {
        let table_in = Table::extract(table)?;
        if self.strategy == Strategy::Wrapped
            || self.overflow == Overflow::Split
            || columns.is_empty()
        {
            return Err(errors::value(
                "pairs cannot be wrapped or split, and need at least one column",
                "a pair's two sides stay whole and together: strategy=\"best-fit\", overflow=\"truncate\" or \"drop\"",
            ));
        }
        let mut imported = Vec::new();
        for (name, (first, second)) in &columns {
            imported.push((name, [table_in.column(first)?, table_in.column(second)?]));
        }
        let mut targets = Vec::new();
        for (name, [first, second]) in &imported {
            let (first, second) = (ListColumn::of(first)?, ListColumn::of(second)?);
            if first.kind != second.kind {
                return Err(errors::kind(
                    format_args!(
                        "column {name:?}: its sides are of {} and {}",
                        first.kind, second.kind
                    ),
                    "cast one of them first",
                ));
            }
            targets.push(((*name).clone(), [first, second]));
        }
        let (sides_of, names) = (&targets[0].1, &columns[&targets[0].0]);
        for (name, sides) in &targets[1..] {
            let other = &columns[name];
            sides[0].same_lengths(&other.0, &sides_of[0], &names.0)?;
            sides[1].same_lengths(&other.1, &sides_of[1], &names.1)?;
        }
        let groups = groups.map(|keys| groups_of(&table_in, keys)).transpose()?;
        let rules = self.rules(groups.as_deref(), self.seed);
        let lengths = [row_lengths(&sides_of[0])?, row_lengths(&sides_of[1])?];
        let (admitted, sides) =
            admit_pairs(lengths, self.capacity as u32, self.overflow).map_err(refused)?;
        let targets = targets
            .into_iter()
            .map(|(name, sides)| Target::of(name, sides));
        let sides = Sides::Two([&sides[0], &sides[1]]);
        self.finish(
            table.py(),
            targets.collect(),
            (&admitted, sides, &rules),
            progress,
        )
    }
}

impl Packer {
    fn rules<'a>(&self, groups: Option<&'a [u32]>, seed: Option<u64>) -> Rules<'a> {
        Rules {
            capacity: self.capacity,
            strategy: self.strategy,
            most_rows: self.most_rows,
            seed,
            groups,
        }
    }

    fn pack_table(
        &self,
        py: Python<'_>,
        table: &Table,
        columns: Option<Vec<String>>,
        (groups, seed): (Option<Vec<u32>>, Option<u64>),
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Packed> {
        let names = list_columns(table, columns)?;
        let imported = names
            .iter()
            .map(|name| table.column(name))
            .collect::<PyResult<Vec<_>>>()?;
        let mut columns = vec![ListColumn::of(&imported[0])?];
        for column in &imported[1..] {
            columns.push(ListColumn::beside(column, &columns[0])?);
        }
        for (name, column) in names.iter().zip(&columns).skip(1) {
            column.as_long_as_beside(name, &columns[0], &names[0])?;
        }
        let rules = self.rules(groups.as_deref(), seed);
        let plain = rules.strategy == Strategy::Wrapped && rules.groups.is_none() && seed.is_none();
        if plain && self.most_rows == usize::MAX {
            let wholes: Option<Vec<_>> = columns.iter().map(ListColumn::whole).collect();
            if let Some(wholes) = wholes {
                return self.lend_wrapped(py, names, (&imported, &columns, wholes), progress);
            }
        }
        let targets = names
            .into_iter()
            .zip(columns)
            .map(|(name, column)| Target::of(name, [column]))
            .collect::<Vec<_>>();
        let width = targets[0].column.width;
        let lengths = targets[0].column.sides[0]
            .iter()
            .map(|row| (row.len() / width) as u64);
        let admitted = rules.admit(lengths, self.overflow).map_err(refused)?;
        self.finish(
            py,
            targets,
            (&admitted, Sides::One(&admitted), &rules),
            progress,
        )
    }

    /// Wrapped rows that lie end to end already: new offsets over the same memory, nothing moved.
    fn lend_wrapped(
        &self,
        py: Python<'_>,
        names: Vec<String>,
        (imported, columns, wholes): (&[Column], &[ListColumn<'_>], Vec<&[u8]>),
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Packed> {
        output::free_names(names.iter(), self.position_ids)?;
        let rows = &columns[0];
        let n_tokens = wholes[0].len() / rows.width;
        let simd = match self.store {
            Some(Store::Streaming(simd)) => simd,
            _ => Simd::best(),
        };
        let wrapping =
            Wrapping::new(rows.n_rows(), n_tokens as u64, self.capacity, simd).map_err(refused)?;
        let done = control::work(py, progress, |watch| {
            check(watch, 0, 1)?;
            let wrapped = match rows.wrap(wrapping) {
                Ok(wrapped) => wrapped,
                Err(refusal) => return Ok(Err(refusal)),
            };
            check(watch, 1, 1)?;
            if !self.position_ids {
                return Ok(Ok((wrapped, None)));
            }
            let settings = (self.threads, self.store);
            let bounds = (None, &wrapped.boundaries);
            let filled = output::fill_all(bounds, &[], true, &self.memory, settings, watch)?;
            Ok(Ok((wrapped, filled.position_ids)))
        })?;
        let (wrapped, positions) = done.map_err(refused)?;
        let values = names.into_iter().zip(imported.iter().zip(columns));
        let values = values
            .zip(wholes)
            .map(|((name, (column, rows)), whole)| {
                // SAFETY: the bytes lie in the producer's memory, which `keep` keeps alive, and which nobody may change.
                (name, unsafe {
                    Values::lent(column.keep(), whole, &rows.kind)
                })
            })
            .collect();
        let ends = Ends::from(wrapped.boundaries);
        let loss = Loss::from(wrapped.loss);
        let bin_offsets = ends.seq_offsets.clone();
        let n_tokens = ends.n_tokens.clone();
        let plan = Plan::wrapped(wrapped.turns, bin_offsets, n_tokens, loss.clone());
        packed(py, output::batch(values, positions, ends), plan, loss)
    }

    fn finish(
        &self,
        py: Python<'_>,
        targets: Vec<Target<'_>>,
        (admitted, sides, rules): (&Admitted, Sides<'_>, &Rules<'_>),
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Packed> {
        output::free_names(targets.iter().map(|target| &target.name), self.position_ids)?;
        let mut columns = Vec::new();
        let mut names = Vec::new();
        for Target { name, kind, column } in targets {
            columns.push(column);
            names.push((name, kind));
        }
        let done = control::work(py, progress, |watch| {
            let plan = match control::refusable(packing::plan(admitted, rules, watch))? {
                Ok(plan) => plan,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let boundaries = Boundaries::of(&plan, sides);
            let settings = (self.threads, self.store);
            let filled = output::fill_all(
                (Some(&plan), &boundaries),
                &columns,
                self.position_ids,
                &self.memory,
                settings,
                watch,
            )?;
            Ok(Ok((plan, boundaries, filled)))
        })?;
        let (plan, boundaries, filled) = done.map_err(refused)?;
        let values = names.into_iter().zip(filled.columns);
        let values =
            values.map(|((name, kind), buffer)| (name, output::owned_bytes(buffer, &kind)));
        let batch = output::batch(values.collect(), filled.position_ids, boundaries.into());
        let loss = Loss::from(admitted.loss);
        packed(py, batch, Plan::new(plan, loss.clone()), loss)
    }
}

fn packed(py: Python<'_>, batch: Batch, plan: Plan, loss: Loss) -> PyResult<Packed> {
    Ok(Packed {
        table: Py::new(py, batch)?,
        plan: Py::new(py, plan)?,
        loss,
    })
}

/// A number for each row's group, from keys or from the column of that name.
fn groups_of(table: &Table, keys: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    match keys.extract::<String>() {
        Ok(name) => lengths::groups_of_column(&table.column(&name)?),
        Err(_) => lengths::group_ids(keys),
    }
}

/// Tokens of each row, for rows of pairs.
fn row_lengths(rows: &ListColumn<'_>) -> PyResult<Vec<u32>> {
    let length = |n: usize| u32::try_from(n).ok().filter(|&n| n < 1 << 31);
    let lengths: Option<Vec<u32>> = rows.lengths().map(length).collect();
    lengths
        .ok_or_else(|| errors::value("a side of a pair has 2^31 tokens or more", "cut it before"))
}

fn named_store(name: &str) -> PyResult<Store> {
    match (name, Simd::named(name)) {
        ("plain", _) => Ok(Store::Plain),
        (_, Some(simd)) => Ok(Store::Streaming(simd)),
        (_, None) => {
            let names: Vec<_> = Simd::available().iter().map(|simd| simd.name()).collect();
            Err(errors::value(
                format_args!(
                    "store: got {name:?}, wanted \"plain\" or one of {}",
                    names.join(", ")
                ),
                "leave it out: the packer chooses",
            ))
        }
    }
}
