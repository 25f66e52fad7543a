//! Tables of list columns, checked to agree, row by row as bytes.

use pyo3::prelude::*;
use sctk_data::packing::Refusal;
use sctk_data::packing::end_to_end::{EndToEnd, Wrapping};

use crate::arrow::{Column, Offsets, Table, Type};
use crate::errors;

/// A table of which a stream packs windows, imported once.
#[pyclass(frozen, module = "sctk_rs")]
pub struct Rows {
    pub table: Table,
}

#[pymethods]
impl Rows {
    #[new]
    fn new(table: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self {
            table: Table::extract(table)?,
        })
    }

    fn __len__(&self) -> usize {
        self.table.n_rows()
    }
}

/// One column's lists, checked, in place: where each begins and ends in the bytes of its chunk.
pub struct ListColumn<'a> {
    chunks: Vec<(Offsets<'a>, &'a [u8])>,
    pub width: usize,
    pub kind: Type,
    /// Whether its rows were found to be as long as those of the column beside which it was read.
    as_beside: bool,
}

impl<'a> ListColumn<'a> {
    pub fn of(column: &'a Column) -> PyResult<Self> {
        Self::read(column, &[])
    }

    /// The same; offsets that equal those of `other` are compared once, and not looked at again.
    pub fn beside(column: &'a Column, other: &ListColumn<'_>) -> PyResult<Self> {
        let known: Vec<_> = other.chunks.iter().map(|&(offsets, _)| offsets).collect();
        let found = Self::read(column, &known)?;
        let as_beside = found.as_beside && found.chunks.len() == known.len();
        Ok(Self { as_beside, ..found })
    }

    fn read(column: &'a Column, known: &[Offsets<'_>]) -> PyResult<Self> {
        let mut found = None;
        let mut chunks = Vec::new();
        let mut as_beside = true;
        for lists in column.lists_beside(known)? {
            let (bytes, width) = lists.values.number_bytes()?;
            chunks.push((lists.offsets, bytes));
            as_beside &= lists.as_known;
            found = Some((width, lists.values.kind().clone()));
        }
        let (width, kind) = found.map_or_else(|| kind_of_nothing(column), Ok)?;
        Ok(Self {
            chunks,
            width,
            kind,
            as_beside,
        })
    }

    pub fn n_rows(&self) -> usize {
        self.chunks
            .iter()
            .map(|(offsets, _)| offsets.n_lists())
            .sum()
    }

    /// The values end to end, where they lie so: in one chunk at most.
    pub fn whole(&self) -> Option<&'a [u8]> {
        let span = |&(offsets, bytes): &(Offsets<'_>, &'a [u8])| {
            let [first, last] = [0, offsets.n_lists()].map(|i| offsets.at(i) * self.width);
            &bytes[first..last]
        };
        let mut some = self.chunks.iter().map(span).filter(|b| !b.is_empty());
        let whole = some.next().unwrap_or_default();
        some.next().is_none().then_some(whole)
    }

    /// Gives `wrapping` where each row ends.
    pub fn wrap(&self, mut wrapping: Wrapping) -> Result<EndToEnd, Refusal> {
        for (offsets, _) in &self.chunks {
            match *offsets {
                Offsets::Small(o) => wrapping.take(o[0], &o[1..])?,
                Offsets::Large(o) => wrapping.take(o[0], &o[1..])?,
                Offsets::Even { first, n, .. } => {
                    let ends: Vec<_> = (1..=n).map(|i| offsets.at(i) as i64).collect();
                    wrapping.take(first as i64, &ends)?;
                }
            }
        }
        Ok(wrapping.finish())
    }

    /// The bytes of each row.
    pub fn rows(&self) -> Vec<&'a [u8]> {
        let mut rows = Vec::with_capacity(self.n_rows());
        for &(offsets, bytes) in &self.chunks {
            let mut from = offsets.at(0) * self.width;
            rows.extend((1..=offsets.n_lists()).map(|i| {
                let to = offsets.at(i) * self.width;
                let row = &bytes[from..to];
                from = to;
                row
            }));
        }
        rows
    }

    /// An error that names the first row whose length differs from that in `other`, beside which it was read.
    pub fn as_long_as_beside(
        &self,
        name: &str,
        other: &ListColumn<'_>,
        other_name: &str,
    ) -> PyResult<()> {
        if self.as_beside {
            return Ok(());
        }
        self.same_lengths(name, other, other_name)
    }

    /// An error that names the first row whose length differs from that in `other`.
    pub fn same_lengths(
        &self,
        name: &str,
        other: &ListColumn<'_>,
        other_name: &str,
    ) -> PyResult<()> {
        if let ([(ours, _)], [(theirs, _)]) = (&self.chunks[..], &other.chunks[..])
            && ours.equals(theirs)
        {
            return Ok(());
        }
        match self
            .lengths()
            .zip(other.lengths())
            .enumerate()
            .find(|(_, (a, b))| a != b)
        {
            None => Ok(()),
            Some((row, (ours, theirs))) => Err(errors::value(
                format_args!(
                    "row {row} has {ours} tokens in column {name:?} and {theirs} in column {other_name:?}"
                ),
                "columns that are packed together have one value for each token",
            )),
        }
    }

    /// Tokens of each row.
    pub fn lengths(&self) -> impl Iterator<Item = usize> + '_ {
        self.chunks.iter().flat_map(|(offsets, _)| {
            (0..offsets.n_lists()).map(|i| offsets.at(i + 1) - offsets.at(i))
        })
    }
}

/// The type of a column without chunks.
fn kind_of_nothing(column: &Column) -> PyResult<(usize, Type)> {
    match column
        .field()
        .children
        .first()
        .map(|item| item.kind.clone())
    {
        Some(Type::Number(letter, width)) => Ok((width, Type::Number(letter, width))),
        _ => Err(errors::kind(
            format_args!(
                "column {:?}: got {}, wanted lists of numbers",
                column.name(),
                column.field().kind
            ),
            "cast the column first",
        )),
    }
}

/// The names of the columns to pack: those asked for, or every column of lists of numbers.
pub fn list_columns(table: &Table, asked: Option<Vec<String>>) -> PyResult<Vec<String>> {
    let is_list =
        |kind: &Type| matches!(kind, Type::List | Type::LargeList | Type::FixedSizeList(_));
    let names = asked.unwrap_or_else(|| {
        table
            .fields()
            .filter(|(_, kind)| is_list(kind))
            .map(|(name, _)| name.to_owned())
            .collect()
    });
    if names.is_empty() {
        let fields: Vec<_> = table
            .fields()
            .map(|(name, kind)| format!("{name} ({kind})"))
            .collect();
        return Err(errors::value(
            format_args!("no column of lists to pack in {}", fields.join(", ")),
            "tokenise first: a list of token ids for each row, as column input_ids",
        ));
    }
    Ok(names)
}
