//! The strings of one chunk, in place: 32-bit offsets, 64-bit offsets, or views.

use std::slice;

use pyo3::PyResult;

use super::faults::{broken, out_of_order, wrong_type};
use super::field::Type;
use super::view::{MOST_ROWS, View};

impl<'a> View<'a> {
    /// Appends every row's bytes to `rows`.
    pub fn strings(&self, rows: &mut Vec<&'a [u8]>) -> PyResult<()> {
        self.no_nulls()?;
        match &self.field.kind {
            Type::Other(format) if format == "n" && self.len == 0 => Ok(()), // pyarrow.array([])
            Type::Utf8 | Type::LargeUtf8 | Type::Utf8View if self.len == 0 => Ok(()),
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
            if from < 0 || to < from || to > MOST_ROWS as i64 {
                return Err(out_of_order(self.field, self.first_row + i, from, to));
            }
            if data.is_null() && to > from {
                return Err(broken(self.field, "its texts have no data buffer"));
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
            let fits = which < n_data && (from + len) as i64 <= sizes[which];
            let data = if fits {
                // SAFETY: the array has this buffer, for `which` is below the number of its data buffers.
                unsafe { *self.array.buffers.add(2 + which) }.cast::<u8>()
            } else {
                std::ptr::null()
            };
            if data.is_null() {
                return Err(broken(
                    self.field,
                    &format!("row {}: its view points out of bounds", self.first_row + i),
                ));
            }
            // SAFETY: the buffer exists, and the stretch ends within the size that the producer states for it.
            rows.push(unsafe { slice::from_raw_parts(data.add(from), len) });
        }
        Ok(())
    }
}
