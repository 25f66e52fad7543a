//! Tables of list columns, checked to agree, row by row as bytes.

use pyo3::prelude::*;

use crate::arrow::{Column, Table, Type};
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

/// One column's rows: the bytes of each, in place.
pub struct ListRows<'a> {
    pub rows: Vec<&'a [u8]>,
    pub width: usize,
    pub kind: Type,
    /// The values end to end, where they lie so.
    pub whole: Option<&'a [u8]>,
}

impl<'a> ListRows<'a> {
    pub fn of(column: &'a Column) -> PyResult<Self> {
        let chunks = column.lists()?;
        let mut rows = Vec::with_capacity(chunks.iter().map(|lists| lists.offsets.n_lists()).sum());
        let mut found = None;
        let mut wholes = Vec::new();
        for lists in &chunks {
            let (bytes, width) = lists.values.number_bytes()?;
            let n = lists.offsets.n_lists();
            let mut from = lists.offsets.at(0) * width;
            wholes.push(&bytes[from..lists.offsets.at(n) * width]);
            rows.extend((1..=n).map(|i| {
                let to = lists.offsets.at(i) * width;
                let row = &bytes[from..to];
                from = to;
                row
            }));
            found = Some((width, lists.values.kind().clone()));
        }
        wholes.retain(|whole| !whole.is_empty());
        let whole = if wholes.len() > 1 {
            None
        } else {
            Some(wholes.pop().unwrap_or_default())
        };
        let (width, kind) = found.map_or_else(|| Self::kind_of_nothing(column), Ok)?;
        Ok(Self {
            rows,
            width,
            kind,
            whole,
        })
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

    /// Tokens of each row.
    pub fn lengths(&self) -> impl ExactSizeIterator<Item = u64> + Clone + '_ {
        self.rows.iter().map(|row| (row.len() / self.width) as u64)
    }

    /// An error that names the first row whose length differs from that in `other`.
    pub fn same_lengths(&self, name: &str, other: &ListRows<'_>, other_name: &str) -> PyResult<()> {
        match self
            .lengths()
            .zip(other.lengths())
            .position(|(a, b)| a != b)
        {
            None => Ok(()),
            Some(row) => Err(errors::value(
                format_args!(
                    "row {row} has {} tokens in column {name:?} and {} in column {other_name:?}",
                    self.rows[row].len() / self.width,
                    other.rows[row].len() / other.width
                ),
                "columns that are packed together have one value for each token",
            )),
        }
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
