//! Checked slices of one chunk of Arrow memory.
//!
//! `View::whole` checks what the interface lets one check of the chunk itself; each accessor (here, in `strings` and
//! in `lists`) checks the buffers that it lends. Errors name the row, counted over all chunks.

use std::slice;

use pyo3::PyResult;
use sctk_data::buffer::Plain;

use super::abi::{ArrowArray, Released};
use super::array::Number;
use super::faults::{broken, null_in, wrong_type};
use super::field::{Field, Type};

/// More rows than any machine can hold: a chunk that says so is broken, and no sum of rows can overflow.
pub const MOST_ROWS: usize = 1 << 47;

/// Rows `start .. start + len` of one array's buffers.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(super) array: &'a ArrowArray,
    pub(super) field: &'a Field,
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) first_row: usize,
}

impl<'a> View<'a> {
    /// The whole of `array`, whose first row is `first_row` of its column.
    pub fn whole(array: &'a ArrowArray, field: &'a Field, first_row: usize) -> PyResult<Self> {
        let (Ok(start), Ok(len)) = (usize::try_from(array.offset), usize::try_from(array.length))
        else {
            return Err(broken(field, "its length or offset is negative"));
        };
        if start.checked_add(len).is_none_or(|end| end > MOST_ROWS) {
            return Err(broken(
                field,
                &format!("got {len} rows from {start} on, wanted up to {MOST_ROWS}"),
            ));
        }
        if array.released() {
            return Err(broken(
                field,
                "its memory was given back before it was read",
            ));
        }
        let n_buffers = match field.kind {
            Type::Number(..) | Type::List | Type::LargeList => 2,
            Type::Utf8 | Type::LargeUtf8 => 3,
            Type::Utf8View => array.n_buffers.clamp(3, i32::MAX.into()),
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
            return Err(broken(
                field,
                &format!(
                    "it has {} children, wanted {}",
                    array.n_children,
                    field.children.len()
                ),
            ));
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
        let child = self.child_array(i, self.first_row)?;
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

    /// The whole of child `i`, which the field must have.
    pub(super) fn child_array(&self, i: usize, first_row: usize) -> PyResult<View<'a>> {
        // SAFETY: `whole` checked that there are as many children as the field has; a child is null or a valid array.
        let Some(array) = (unsafe { (*self.array.children.add(i)).as_ref() }) else {
            return Err(broken(self.field, &format!("child {i} is a null pointer")));
        };
        View::whole(array, &self.field.children[i], first_row)
    }

    /// Rows `from .. from + len` of this view, which must have them.
    pub fn slice(&self, from: usize, len: usize) -> View<'a> {
        assert!(
            from <= self.len && len <= self.len - from,
            "a slice of {len} rows from {from} on, of a column of {}",
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
    pub(super) fn first_null(&self, start: usize, len: usize) -> PyResult<Option<usize>> {
        if len == 0 || self.array.n_buffers == 0 {
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
        // SAFETY: as above; the byte is one that holds a row's bit.
        let byte = |i: usize| unsafe { *bits.add(i / 8) };
        let (mut i, end) = (start, start + len);
        while i < end {
            if i % 8 == 0 && i + 8 <= end && byte(i) == 0xff {
                i += 8;
            } else if byte(i) >> (i % 8) & 1 == 0 {
                return Ok(Some(i));
            } else {
                i += 1;
            }
        }
        Ok(None)
    }

    /// Buffer `which`, elements `from .. from + len`, as `T`.
    pub(super) fn buffer<T: Plain>(
        &self,
        which: usize,
        from: usize,
        len: usize,
    ) -> PyResult<&'a [T]> {
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
}
