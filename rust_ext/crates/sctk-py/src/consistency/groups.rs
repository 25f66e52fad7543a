//! Which answers belong together: nested lists, a size, or offsets.

use pyo3::buffer::Element;
use pyo3::prelude::*;
use sctk_data::buffer::Plain;

use crate::errors;
use crate::numbers::Numbers;
use crate::texts::{TextGroups, Texts};

/// Answers in groups, in either form.
pub enum Answers {
    Flat(Texts, Vec<usize>),
    Nested(TextGroups),
}

impl Answers {
    pub fn extract(texts: &Bound<'_, PyAny>, groups: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(groups) = groups else {
            return TextGroups::extract(texts).map(Self::Nested);
        };
        let texts = Texts::extract(texts)?;
        let n_answers = texts.rows()?.len();
        Ok(Self::Flat(texts, offsets(groups, n_answers)?))
    }

    pub fn rows(&self) -> PyResult<Vec<&[u8]>> {
        match self {
            Self::Flat(texts, _) => texts.rows(),
            Self::Nested(groups) => groups.rows(),
        }
    }

    pub fn offsets(&self) -> &[usize] {
        match self {
            Self::Flat(_, offsets) => offsets,
            Self::Nested(groups) => groups.offsets(),
        }
    }
}

/// Offsets from a group size (an int) or from offsets (an integer array or a list of int).
pub fn offsets(groups: &Bound<'_, PyAny>, n_answers: usize) -> PyResult<Vec<usize>> {
    let Ok(size) = groups.extract::<usize>() else {
        return offsets_as_given(groups);
    };
    if size == 0 || !n_answers.is_multiple_of(size) {
        return Err(errors::value(
            format_args!("groups: {n_answers} answers are no groups of {size}"),
            "give offsets where groups differ in size",
        ));
    }
    Ok((0..=n_answers / size).map(|group| group * size).collect())
}

fn offsets_as_given(groups: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let given = match (integers::<i64>(groups)?, integers::<i32>(groups)?) {
        (Some(given), _) | (_, Some(given)) => given,
        _ => groups.extract::<Vec<i64>>().map_err(|_| {
            errors::kind(
                "groups: wanted a size, or offsets as an array of int64 or a list of int",
                "n groups have n + 1 offsets, from 0 to the number of answers",
            )
        })?,
    };
    let negative = |at: usize| {
        errors::value(
            format_args!("groups: offset {at} is negative"),
            "offsets count answers from the start",
        )
    };
    given
        .iter()
        .enumerate()
        .map(|(at, &offset)| usize::try_from(offset).map_err(|_| negative(at)))
        .collect()
}

/// Offsets of the groups of a matrix: as given, or by its shape (groups, K, K).
pub fn matrix_offsets(groups: Option<&Bound<'_, PyAny>>, shape: &[usize]) -> PyResult<Vec<usize>> {
    let n_values: usize = shape.iter().product(); // an array's items fit its address space
    let size = match (groups, shape) {
        (None, &[_, k, other]) if k == other => k,
        (None, _) => {
            return Err(errors::value(
                format_args!("matrix: got shape {shape:?}, wanted (groups, K, K)"),
                "give groups where K differs: offsets, or the size of all",
            ));
        }
        (Some(groups), _) => match groups.extract::<usize>() {
            Ok(size) => size,
            Err(_) => return offsets_as_given(groups),
        },
    };
    let n_groups = match size.checked_mul(size) {
        Some(0) => 0,
        Some(n_block) => n_values / n_block,
        None => 0, // such a block is larger than any matrix
    };
    Ok((0..=n_groups).map(|group| group * size).collect())
}

pub fn integers<T: Element + Plain + Into<i64>>(
    object: &Bound<'_, PyAny>,
) -> PyResult<Option<Vec<i64>>> {
    let Some(numbers) = Numbers::<T>::of(object)? else {
        return Ok(None);
    };
    // SAFETY: we hold the GIL while the values are copied.
    let values = unsafe { numbers.slice() };
    Ok(Some(values.iter().map(|&number| number.into()).collect()))
}
