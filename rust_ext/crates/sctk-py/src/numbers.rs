//! Numbers lent by NumPy (or anybody else who speaks the buffer protocol), in place.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use sctk_data::buffer::Plain;

use crate::errors;

/// How the format of a buffer may begin whose bytes are the other way round.
const FOREIGN: &[u8] = if cfg!(target_endian = "little") {
    b">!"
} else {
    b"<"
};

/// A C-contiguous array of `T` that stays alive while this does.
pub struct Numbers<T: Element> {
    buffer: PyBuffer<T>,
}

impl<T: Element + Plain> Numbers<T> {
    /// The array behind `object`, or None where it has no buffer of this type.
    pub fn of(object: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let Ok(buffer) = PyBuffer::<T>::get(object) else {
            return Ok(None);
        };
        // pyo3 looks at the letter of the format and takes foreign bytes for our own
        let order = buffer.format().to_bytes().first();
        if order.is_some_and(|order| FOREIGN.contains(order)) {
            return Err(errors::value(
                format_args!(
                    "got an array of foreign byte order (format {:?}), wanted this machine's",
                    buffer.format()
                ),
                "values.astype(values.dtype.newbyteorder(\"=\"))",
            ));
        }
        if !buffer.is_c_contiguous() {
            return Err(errors::value(
                format_args!(
                    "got an array of shape {:?} with gaps, wanted it contiguous",
                    buffer.shape()
                ),
                "numpy.ascontiguousarray(values)",
            ));
        }
        Ok(Some(Self { buffer }))
    }

    pub fn shape(&self) -> &[usize] {
        self.buffer.shape()
    }

    /// All values, in C order.
    ///
    /// # Safety
    /// Nobody may write to the array while the slice lives. Python code can: whoever calls this must hold the GIL, or
    /// must read each value once and check it, so that a racing writer can spoil his own result and nothing else.
    pub unsafe fn slice(&self) -> &[T] {
        let n = self.buffer.item_count();
        if n == 0 {
            return &[];
        }
        // SAFETY: the buffer is contiguous (checked in `of`), aligned (checked by PyBuffer) and has n items of type T.
        unsafe { std::slice::from_raw_parts(self.buffer.buf_ptr().cast::<T>(), n) }
    }
}
