//! Checked slices of one chunk of Arrow memory.
//!
//! `View::whole` checks what the interface lets one check of the chunk itself; each accessor checks the buffers
//! that it lends. Errors name the row, counted over all chunks.

use std::slice;

use pyo3::PyResult;
use sctk_data::buffer::Plain;

use super::abi::ArrowArray;
use super::array::Number;
use super::field::{Field, Type};
use crate::errors;

/// Rows `start .. start + len` of one array's buffers.
#[derive(Clone, Copy)]
pub struct View<'a> {
    array: &'a ArrowArray,
    field: &'a Field,
    start: usize,
    len: usize,
    first_row: usize,
}

/// The lists of one chunk: list i holds `values[offsets.at(i) .. offsets.at(i + 1)]`, checked to be in order and in bounds.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    pub offsets: Offsets<'a>,
    pub values: View<'a>,
    pub first_row: usize,
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
    /// The whole of `array`, whose first row is `first_row` of its column.
    pub fn whole(array: &'a ArrowArray, field: &'a Field, first_row: usize) -> PyResult<Self> {
        let (Ok(start), Ok(len)) = (usize::try_from(array.offset), usize::try_from(array.length))
        else {
            return Err(broken(field, "its length or offset is negative"));
        };
        if start
            .checked_add(len)
            .is_none_or(|end| end > isize::MAX as usize / 16)
        {
            return Err(broken(field, "its length is impossible"));
        }
        let n_buffers = match field.kind {
            Type::Number(..) | Type::List | Type::LargeList => 2,
            Type::Utf8 | Type::LargeUtf8 => 3,
            Type::Utf8View => array.n_buffers.max(3),
            Type::Struct | Type::FixedSizeList(_) => 1,
            Type::Other(_) => array.n_buffers,
        };
        if array.n_buffers != n_buffers || (n_buffers > 0 && array.buffers.is_null()) {
            return Err(broken(
                field,
                &format!("it has {} buffers, wanted {n_buffers}", array.n_buffers),
            ));
        }
        if array.n_children != field.children.len() as i64
            || (array.n_children > 0 && array.children.is_null())
        {
            return Err(broken(field, "its children are not those of its type"));
        }
        Ok(Self {
            array,
            field,
            start,
            len,
            first_row,
        })
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Child `i` of a struct, over the same rows.
    pub fn child(&self, i: usize) -> PyResult<View<'a>> {
        if i >= self.field.children.len() {
            return Err(broken(self.field, "it lacks a column that it had before"));
        }
        // SAFETY: `whole` checked that there are as many children as the field has; children are valid arrays.
        let array = unsafe { &**self.array.children.add(i) };
        let child = View::whole(array, &self.field.children[i], self.first_row)?;
        if child.len < self.start + self.len {
            return Err(broken(
                &self.field.children[i],
                "it is shorter than its table",
            ));
        }
        Ok(View {
            start: child.start + self.start,
            len: self.len,
            ..child
        })
    }

    /// Rows `from .. from + len` of this view, which must have them.
    pub fn slice(&self, from: usize, len: usize) -> View<'a> {
        assert!(
            from + len <= self.len,
            "a slice ends at {}, its column at {}",
            from + len,
            self.len
        );
        View {
            start: self.start + from,
            len,
            first_row: self.first_row + from,
            ..*self
        }
    }

    /// An error that names the first null row, if there is one.
    pub fn no_nulls(&self) -> PyResult<()> {
        match self.first_null(self.start, self.len)? {
            None => Ok(()),
            Some(i) => Err(null_in(self.field, self.first_row + i - self.start)),
        }
    }

    /// The first of the buffers' rows `start .. start + len` that is null.
    fn first_null(&self, start: usize, len: usize) -> PyResult<Option<usize>> {
        if self.array.null_count == 0 || len == 0 || self.array.n_buffers == 0 {
            return Ok(None);
        }
        // SAFETY: buffer 0 exists; where it is not null it holds one bit for each row up to offset + length.
        let bits = unsafe { *self.array.buffers }.cast::<u8>();
        if bits.is_null() {
            return match self.array.null_count {
                n if n > 0 => Err(broken(self.field, "it counts nulls and marks none")),
                _ => Ok(None),
            };
        }
        // SAFETY: as above; i stays below offset + length.
        Ok((start..start + len).find(|&i| unsafe { *bits.add(i / 8) } >> (i % 8) & 1 == 0))
    }

    /// Buffer `which`, elements `from .. from + len`, as `T`.
    fn buffer<T: Plain>(&self, which: usize, from: usize, len: usize) -> PyResult<&'a [T]> {
        if len == 0 {
            return Ok(&[]);
        }
        // SAFETY: `whole` checked that the array has this buffer.
        let start = unsafe { *self.array.buffers.add(which) }.cast::<T>();
        if start.is_null() || !start.is_aligned() {
            return Err(broken(
                self.field,
                "a buffer is missing or not aligned to its type",
            ));
        }
        // SAFETY: not null, aligned, and by the producer's contract as long as its rows say; `Plain` allows any bits;
        // the memory is neither changed nor released while the source lives, which 'a borrows.
        Ok(unsafe { slice::from_raw_parts(start.add(from), len) })
    }

    /// The numbers of this view, which must be of type `T`.
    pub fn numbers<T: Number>(&self) -> PyResult<&'a [T]> {
        self.no_nulls()?;
        let wanted = Type::Number(T::LETTER, size_of::<T>());
        if self.field.kind != wanted {
            return Err(wrong_type(self.field, &wanted.to_string()));
        }
        self.buffer(1, self.start, self.len)
    }

    /// The numbers of this view as bytes, and how many bytes each has.
    pub fn number_bytes(&self) -> PyResult<(&'a [u8], usize)> {
        let Type::Number(_, width) = self.field.kind else {
            return Err(wrong_type(self.field, "numbers"));
        };
        Ok((self.buffer(1, self.start * width, self.len * width)?, width))
    }

    pub fn kind(&self) -> &'a Type {
        &self.field.kind
    }

    /// Appends every row's bytes to `rows`.
    pub fn strings(&self, rows: &mut Vec<&'a [u8]>) -> PyResult<()> {
        self.no_nulls()?;
        if self.len == 0 {
            return Ok(());
        }
        match self.field.kind {
            Type::Utf8 => self.slices(
                self.buffer::<i32>(1, self.start, self.len + 1)?
                    .iter()
                    .map(|&o| o.into()),
                rows,
            ),
            Type::LargeUtf8 => self.slices(
                self.buffer::<i64>(1, self.start, self.len + 1)?
                    .iter()
                    .copied(),
                rows,
            ),
            Type::Utf8View => self.string_views(rows),
            _ => Err(wrong_type(self.field, "utf8, large_utf8 or utf8_view")),
        }
    }

    fn slices(
        &self,
        mut offsets: impl Iterator<Item = i64>,
        rows: &mut Vec<&'a [u8]>,
    ) -> PyResult<()> {
        // SAFETY: utf8 arrays have three buffers (checked in `whole`).
        let data = unsafe { *self.array.buffers.add(2) }.cast::<u8>();
        let mut from = offsets.next().unwrap_or(0);
        for (i, to) in offsets.enumerate() {
            if from < 0 || to < from || (data.is_null() && to > from) {
                return Err(out_of_order(self.field, self.first_row + i, from, to));
            }
            rows.push(if to == from {
                &[]
            } else {
                // SAFETY: 0 <= from < to, and the producer's data buffer is as long as its offsets say.
                unsafe { slice::from_raw_parts(data.add(from as usize), (to - from) as usize) }
            });
            from = to;
        }
        Ok(())
    }

    /// Strings of up to 12 bytes lie in their view; longer ones name a buffer and an offset in it.
    fn string_views(&self, rows: &mut Vec<&'a [u8]>) -> PyResult<()> {
        let n_data = self.array.n_buffers as usize - 3;
        let sizes: &[i64] = self.buffer(2 + n_data, 0, n_data)?;
        let words: &[u32] = self.buffer(1, self.start * 4, self.len * 4)?;
        for (i, view) in words.chunks_exact(4).enumerate() {
            let len = view[0] as usize;
            if len <= 12 {
                // SAFETY: the 12 bytes behind the length lie inside this view of four words.
                rows.push(unsafe { slice::from_raw_parts(view.as_ptr().add(1).cast(), len) });
                continue;
            }
            let (which, from) = (view[2] as usize, view[3] as usize);
            if which >= n_data || (from + len) as i64 > sizes[which] {
                return Err(broken(
                    self.field,
                    &format!("row {}: its view points out of bounds", self.first_row + i),
                ));
            }
            // SAFETY: the buffer exists, and the stretch ends within the size that the producer states for it.
            rows.push(unsafe {
                slice::from_raw_parts(
                    (*self.array.buffers.add(2 + which)).cast::<u8>().add(from),
                    len,
                )
            });
        }
        Ok(())
    }

    /// The lists of this view: offsets in order and in bounds, no null list and no null inside a list.
    pub fn lists(&self) -> PyResult<Lists<'a>> {
        self.no_nulls()?;
        let offsets = match self.field.kind {
            Type::List | Type::LargeList if self.len == 0 => Offsets::Even {
                first: 0,
                size: 0,
                n: 0,
            },
            Type::List => Offsets::Small(self.buffer(1, self.start, self.len + 1)?),
            Type::LargeList => Offsets::Large(self.buffer(1, self.start, self.len + 1)?),
            Type::FixedSizeList(size) => Offsets::Even {
                first: self.start * size,
                size,
                n: self.len,
            },
            _ => {
                return Err(wrong_type(
                    self.field,
                    "list, large_list or fixed_size_list",
                ));
            }
        };
        // SAFETY: a list has one child (checked in `whole`), a valid array.
        let values = View::whole(
            unsafe { &**self.array.children },
            &self.field.children[0],
            0,
        )?;
        let lists = Lists {
            offsets,
            values,
            first_row: self.first_row,
        };
        self.check_order(&offsets)?;
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

/// The first pair of neighbours that is negative or falls, if there is one.
fn wrong_pair<T: Plain + Into<i64> + PartialOrd>(offsets: &[T]) -> Option<(usize, i64, i64)> {
    let fine = offsets[0].into() >= 0
        && offsets
            .windows(2)
            .fold(true, |fine, pair| fine & (pair[0] <= pair[1]));
    if fine {
        return None;
    }
    let bad = |pair: &[T]| pair[0].into() < 0 || pair[1] < pair[0];
    let i = offsets.windows(2).position(bad).unwrap_or(0);
    Some((
        i,
        offsets[i].into(),
        offsets.get(i + 1).copied().map_or(0, Into::into),
    ))
}

fn broken(field: &Field, what: &str) -> pyo3::PyErr {
    errors::value(
        format_args!("column {:?} ({}): {what}", field.name, field.kind),
        "the producer of this Arrow data is broken",
    )
}

fn out_of_order(field: &Field, row: usize, from: i64, to: i64) -> pyo3::PyErr {
    errors::value(
        format_args!(
            "column {:?}: row {row}: offsets out of order: from {from} to {to}",
            field.name
        ),
        "the producer of this Arrow data is broken",
    )
}

fn null_in(field: &Field, row: usize) -> pyo3::PyErr {
    errors::value(
        format_args!(
            "column {:?}: row {row} is null or holds a null, wanted values",
            field.name
        ),
        "drop or fill nulls first, so that it is your decision what they mean",
    )
}

fn wrong_type(field: &Field, wanted: &str) -> pyo3::PyErr {
    errors::kind(
        format_args!(
            "column {:?}: got {}, wanted {wanted}",
            field.name, field.kind
        ),
        "cast the column first",
    )
}
