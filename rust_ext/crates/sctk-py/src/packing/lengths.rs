//! Lengths and group keys from Python: an Arrow column, a NumPy array or a list.

use std::collections::HashMap;
use std::hash::Hash;

use pyo3::prelude::*;
use pyo3::types::PyString;
use sctk_data::packing::admit::Admitted;
use sctk_data::packing::{Overflow, Refusal, Rules};

use crate::arrow::{Column, Type};
use crate::errors;
use crate::numbers::Numbers;
use crate::texts::Texts;

/// Calls `$use` with the values behind `$object` as an iterator of i64, if it is an array of one of these types.
macro_rules! each_type {
    ($object:expr, $use:expr, $($t:ty),*) => { $(
        if let Some(numbers) = Numbers::<$t>::of($object)? {
            // SAFETY: we hold the GIL until the iterator is used up, so no Python code writes meanwhile.
            let values = unsafe { numbers.slice() };
            return $use(values);
        }
    )* };
}

/// The rows of these lengths under `rules`, read in place.
pub fn admit(
    lengths: &Bound<'_, PyAny>,
    rules: &Rules<'_>,
    overflow: Overflow,
) -> PyResult<Result<Admitted, Refusal>> {
    fn of<T: Copy + TryInto<i64>>(
        values: &[T],
        rules: &Rules<'_>,
        overflow: Overflow,
    ) -> Result<Admitted, Refusal> {
        // A number above i64::MAX becomes -1, which is refused as a length.
        rules.admit(
            values.iter().map(|&n| n.try_into().unwrap_or(-1) as u64),
            overflow,
        )
    }
    let admit = Admit { rules, overflow };
    each_type!(
        lengths,
        |v: &[_]| Ok(of(v, admit.rules, admit.overflow)),
        i64,
        i32,
        u32,
        u64,
        u16,
        i16,
        u8,
        i8
    );
    if !is_arrow(lengths)? {
        return Ok(of(&integers(lengths, "lengths")?, rules, overflow));
    }
    let column = Column::extract(lengths)?;
    Ok(of(&arrow_lengths(&column)?, rules, overflow))
}

struct Admit<'a> {
    rules: &'a Rules<'a>,
    overflow: Overflow,
}

/// The numbers of a column of numbers, or the lengths of the lists of a column of lists.
fn arrow_lengths(column: &Column) -> PyResult<Vec<i64>> {
    if !matches!(column.field().kind, Type::Number(..)) {
        let mut lengths = Vec::new();
        for lists in column.lists()? {
            let offsets = &lists.offsets;
            lengths
                .extend((0..offsets.n_lists()).map(|i| (offsets.at(i + 1) - offsets.at(i)) as i64));
        }
        return Ok(lengths);
    }
    arrow_integers(column)
}

fn arrow_integers(column: &Column) -> PyResult<Vec<i64>> {
    let mut all = Vec::new();
    for chunk in column.chunks()? {
        match chunk.kind() {
            Type::Number(b'l', _) => all.extend_from_slice(chunk.numbers::<i64>()?),
            Type::Number(b'i', _) => {
                all.extend(chunk.numbers::<i32>()?.iter().map(|&n| i64::from(n)))
            }
            Type::Number(b'I', _) => {
                all.extend(chunk.numbers::<u32>()?.iter().map(|&n| i64::from(n)))
            }
            Type::Number(b'L', _) => all.extend(
                chunk
                    .numbers::<u64>()?
                    .iter()
                    .map(|&n| i64::try_from(n).unwrap_or(-1)),
            ),
            Type::Number(b's', _) => {
                all.extend(chunk.numbers::<i16>()?.iter().map(|&n| i64::from(n)))
            }
            Type::Number(b'S', _) => {
                all.extend(chunk.numbers::<u16>()?.iter().map(|&n| i64::from(n)))
            }
            Type::Number(b'c', _) => {
                all.extend(chunk.numbers::<i8>()?.iter().map(|&n| i64::from(n)))
            }
            Type::Number(b'C', _) => {
                all.extend(chunk.numbers::<u8>()?.iter().map(|&n| i64::from(n)))
            }
            kind => {
                return Err(errors::kind(
                    format_args!("column {:?}: got {kind}, wanted integers", column.name()),
                    "cast the column first",
                ));
            }
        }
    }
    Ok(all)
}

fn is_arrow(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(object.hasattr("__arrow_c_stream__")? || object.hasattr("__arrow_c_array__")?)
}

fn integers(object: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<i64>> {
    object.extract::<Vec<i64>>().map_err(|_| {
        errors::kind(
            format_args!("{what}: got {}, wanted integers", object.get_type()),
            "a list of int, a NumPy array of integers, or an Arrow column",
        )
    })
}

/// A number for each row's group, counted by first appearance; keys are integers or texts.
pub fn group_ids(keys: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    each_type!(
        keys,
        |v: &[_]| Ok(number(v.iter().copied())),
        i64,
        i32,
        u32,
        u64,
        u16,
        i16,
        u8,
        i8
    );
    if is_arrow(keys)? {
        return groups_of_column(&Column::extract(keys)?);
    }
    let texts = keys
        .get_item(0)
        .is_ok_and(|first| first.is_instance_of::<PyString>());
    if texts {
        return Ok(number(Texts::extract(keys)?.rows()?.into_iter()));
    }
    Ok(number(integers(keys, "groups")?.into_iter()))
}

/// The same for a column of integers or texts.
pub fn groups_of_column(column: &Column) -> PyResult<Vec<u32>> {
    if matches!(column.field().kind, Type::Number(..)) {
        return Ok(number(arrow_integers(column)?.into_iter()));
    }
    Ok(number(column.strings()?.into_iter()))
}

fn number<K: Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<u32> {
    let mut ids = HashMap::new();
    keys.map(|key| {
        let next = ids.len() as u32;
        *ids.entry(key).or_insert(next)
    })
    .collect()
}
