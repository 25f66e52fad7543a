//! The lists of one chunk: where each begins and ends in the values behind them.

use std::ops::BitOr;

use pyo3::PyResult;
use sctk_data::buffer::Plain;

use super::faults::{broken, null_in, out_of_order, wrong_type};
use super::field::Type;
use super::view::{MOST_ROWS, View};

/// The lists of one chunk: list i holds `values[offsets.at(i) .. offsets.at(i + 1)]`, checked to be in order and in bounds.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    pub offsets: Offsets<'a>,
    pub values: View<'a>,
    pub first_row: usize,
    /// Whether they are divided as known ones were.
    pub as_known: bool,
}

/// `n + 1` offsets of n lists.
#[derive(Clone, Copy)]
pub enum Offsets<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
    /// From `first`, `size` values each, `n` lists.
    Even {
        first: usize,
        size: usize,
        n: usize,
    },
}

impl Offsets<'_> {
    /// The number of lists.
    pub fn n_lists(&self) -> usize {
        match self {
            Self::Small(offsets) => offsets.len() - 1,
            Self::Large(offsets) => offsets.len() - 1,
            Self::Even { n, .. } => *n,
        }
    }

    /// Whether these are the same numbers in the same form.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Small(a), Self::Small(b)) => a == b,
            (Self::Large(a), Self::Large(b)) => a == b,
            _ => false,
        }
    }

    /// Offset `i` of 0 ..= n_lists.
    #[inline]
    pub fn at(&self, i: usize) -> usize {
        match self {
            Self::Small(offsets) => offsets[i] as usize,
            Self::Large(offsets) => offsets[i] as usize,
            Self::Even { first, size, .. } => first + i * size,
        }
    }
}

impl<'a> View<'a> {
    /// The lists of this view: offsets in order and in bounds, no null list and no null inside a list.
    pub fn lists(&self) -> PyResult<Lists<'a>> {
        self.lists_beside(None)
    }

    /// The same, where offsets that equal `known` ones are in order, as those are.
    pub fn lists_beside(&self, known: Option<&Offsets<'_>>) -> PyResult<Lists<'a>> {
        self.no_nulls()?;
        let offsets = match self.field.kind {
            Type::List | Type::LargeList if self.len == 0 => Offsets::Even {
                first: 0,
                size: 0,
                n: 0,
            },
            Type::List => Offsets::Small(self.buffer(1, self.start, self.len + 1)?),
            Type::LargeList => Offsets::Large(self.buffer(1, self.start, self.len + 1)?),
            Type::FixedSizeList(size) => self.even(size)?,
            _ => {
                return Err(wrong_type(
                    self.field,
                    "list, large_list or fixed_size_list",
                ));
            }
        };
        let values = self.child_array(0, 0)?;
        let lists = Lists {
            offsets,
            values,
            first_row: self.first_row,
            as_known: known.is_some_and(|known| offsets.equals(known)),
        };
        if !lists.as_known {
            self.check_order(&offsets)?;
        }
        let (first, last) = (offsets.at(0), offsets.at(self.len));
        if last > values.len {
            return Err(broken(
                self.field,
                &format!("its lists end at {last}, its values at {}", values.len),
            ));
        }
        match values.first_null(values.start + first, last - first)? {
            None => Ok(lists),
            Some(i) => Err(null_in(
                self.field,
                self.first_row + lists.row_of(i - values.start),
            )),
        }
    }

    /// The offsets of lists of `size` values each.
    fn even(&self, size: usize) -> PyResult<Offsets<'a>> {
        let end = (self.start + self.len).checked_mul(size);
        if end.is_none_or(|end| end > MOST_ROWS) {
            return Err(broken(
                self.field,
                "its lists hold an impossible number of values",
            ));
        }
        Ok(Offsets::Even {
            first: self.start * size,
            size,
            n: self.len,
        })
    }

    fn check_order(&self, offsets: &Offsets<'_>) -> PyResult<()> {
        let bad = match offsets {
            Offsets::Small(o) => wrong_pair(o),
            Offsets::Large(o) => wrong_pair(o),
            Offsets::Even { .. } => None,
        };
        match bad {
            None => Ok(()),
            Some((i, from, to)) => Err(out_of_order(self.field, self.first_row + i, from, to)),
        }
    }
}

impl Lists<'_> {
    /// The list that holds value `i`.
    fn row_of(&self, i: usize) -> usize {
        (0..self.offsets.n_lists())
            .find(|&list| self.offsets.at(list + 1) > i)
            .unwrap_or(0)
    }
}

/// A signed number whose sign bit tells of faults, so that many are looked at without a branch.
trait Signed: Plain + PartialOrd + Into<i64> + BitOr<Output = Self> {
    /// What has its sign bit set where `to` is negative, or less than `self`: where neither is negative, a difference cannot
    /// overflow.
    fn faults(self, to: Self) -> Self;
}

impl Signed for i32 {
    fn faults(self, to: Self) -> Self {
        to | to.wrapping_sub(self)
    }
}

impl Signed for i64 {
    fn faults(self, to: Self) -> Self {
        to | to.wrapping_sub(self)
    }
}

/// The first pair of neighbours that is negative or falls, if there is one.
fn wrong_pair<T: Signed>(offsets: &[T]) -> Option<(usize, i64, i64)> {
    let pairs = || offsets.iter().zip(&offsets[1..]);
    let faults = pairs().fold(offsets[0], |faults, (&from, &to)| faults | from.faults(to));
    if faults.into() >= 0 {
        return None;
    }
    let bad = |(&from, &to): (&T, &T)| from.into() < 0 || to < from;
    let i = pairs().position(bad).unwrap_or(0);
    Some((
        i,
        offsets[i].into(),
        offsets.get(i + 1).copied().map_or(0, Into::into),
    ))
}
