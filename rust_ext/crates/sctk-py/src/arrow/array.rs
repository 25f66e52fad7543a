//! `Array`: one column of results, lent to Arrow consumers by capsule and to NumPy by buffer, never copied.

use std::any::Any;
use std::ffi::{CStr, c_int, c_long, c_void};
use std::sync::Arc;

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};
use sctk_data::buffer::{Buffer, Plain};

use super::export;
use super::field::Type;
use crate::errors;

/// A number type with its Arrow format letter.
pub trait Number: Plain {
    const LETTER: u8;
}

macro_rules! number {
    ($($t:ty => $letter:literal),*) => { $( impl Number for $t { const LETTER: u8 = $letter; } )* };
}
number!(i8 => b'c', u8 => b'C', i16 => b's', u16 => b'S', i32 => b'i', u32 => b'I', i64 => b'l', u64 => b'L',
        f32 => b'f', f64 => b'g');

/// A run of numbers that somebody keeps alive: our own buffer, or memory that a producer lent us.
#[derive(Clone)]
pub struct Values {
    keep: Arc<dyn Any + Send + Sync>,
    start: *const u8,
    len: usize,
    letter: u8,
    width: usize,
}

// SAFETY: `start` points into memory that `keep` (Send + Sync) owns and nobody writes.
unsafe impl Send for Values {}
// SAFETY: as above.
unsafe impl Sync for Values {}

impl Values {
    pub fn own<T: Number>(buffer: impl Into<Arc<Buffer<T>>>) -> Self {
        let buffer = buffer.into();
        let (start, len) = (buffer.as_ptr().cast(), buffer.len());
        Self {
            keep: buffer,
            start,
            len,
            letter: T::LETTER,
            width: size_of::<T>(),
        }
    }

    pub fn from_vec<T: Number>(numbers: Vec<T>) -> Self {
        let (start, len) = (numbers.as_ptr().cast(), numbers.len());
        Self {
            keep: Arc::new(numbers),
            start,
            len,
            letter: T::LETTER,
            width: size_of::<T>(),
        }
    }

    /// Numbers of `kind` inside memory that `keep` keeps alive and unchanged.
    ///
    /// # Safety
    /// `bytes` lies in memory that lives, unchanged, for as long as `keep` does.
    pub unsafe fn lent(keep: Arc<dyn Any + Send + Sync>, bytes: &[u8], kind: &Type) -> Self {
        let Type::Number(letter, width) = *kind else {
            panic!("only numbers can be lent, got {kind}")
        };
        Self {
            keep,
            start: bytes.as_ptr(),
            len: bytes.len() / width,
            letter,
            width,
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub(super) fn kind(&self) -> Type {
        Type::Number(self.letter, self.width)
    }

    pub(super) fn letter(&self) -> u8 {
        self.letter
    }

    pub(super) fn start(&self) -> *const c_void {
        self.start.cast()
    }

    pub(super) fn keep(&self) -> Arc<dyn Any + Send + Sync> {
        self.keep.clone()
    }

    /// The letter of Python's `struct` module for these numbers.
    fn struct_format(&self) -> &'static CStr {
        let long = size_of::<c_long>() == 8;
        match self.letter {
            b'c' => c"b",
            b'C' => c"B",
            b's' => c"h",
            b'S' => c"H",
            b'e' => c"e",
            b'i' => c"i",
            b'I' => c"I",
            b'f' => c"f",
            b'g' => c"d",
            b'l' if long => c"l",
            b'l' => c"q",
            _ if long => c"L",
            _ => c"Q",
        }
    }
}

/// What an array consists of.
#[derive(Clone)]
pub enum Layout {
    Numbers(Values),
    /// List i holds items `offsets[i] .. offsets[i + 1]`; the offsets are int32 or int64.
    Lists {
        offsets: Values,
        items: Box<Layout>,
    },
}

impl Layout {
    /// Lists over `values`, divided at `offsets`.
    pub fn lists(offsets: Values, values: Values) -> Self {
        Self::Lists {
            offsets,
            items: Box::new(Self::Numbers(values)),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Lists { offsets, .. } => offsets.len() - 1,
        }
    }

    pub(super) fn kind(&self) -> Type {
        match self {
            Self::Numbers(values) => values.kind(),
            Self::Lists { offsets, .. } if offsets.width == 4 => Type::List,
            Self::Lists { .. } => Type::LargeList,
        }
    }
}

/// A column of numbers or of lists. `pyarrow.array(a)`, `polars.Series(a)` and `numpy.asarray(a)` share its memory.
#[pyclass(frozen, module = "sctk_rs")]
pub struct Array {
    layout: Layout,
    shape: isize,
    stride: isize,
}

impl Array {
    pub fn new(layout: Layout) -> Self {
        let stride = match &layout {
            Layout::Numbers(values) => values.width as isize,
            Layout::Lists { .. } => 0,
        };
        Self {
            shape: layout.len() as isize,
            stride,
            layout,
        }
    }

    /// A column of the numbers of a vector, in its memory.
    pub fn from_vec<T: Number>(numbers: Vec<T>) -> Self {
        Self::new(Layout::Numbers(Values::from_vec(numbers)))
    }

    pub fn numbers<T: Number>(buffer: impl Into<Arc<Buffer<T>>>) -> Self {
        Self::new(Layout::Numbers(Values::own(buffer)))
    }

    /// Lists over `values`, divided at `offsets`.
    pub fn lists(offsets: Values, values: Values) -> Self {
        Self::new(Layout::lists(offsets, values))
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}

fn not_lists() -> PyErr {
    errors::kind(
        "this array holds numbers, not lists",
        "it has no values and offsets of its own; use it as it is",
    )
}

#[pymethods]
impl Array {
    fn __len__(&self) -> usize {
        self.layout.len()
    }

    fn __repr__(&self) -> String {
        format!(
            "<sctk_rs.Array {} of {} rows>",
            self.layout.kind(),
            self.layout.len()
        )
    }

    /// The Arrow type: "int32", "large_list", ...
    #[getter]
    fn r#type(&self) -> String {
        self.layout.kind().to_string()
    }

    /// What the lists hold, end to end (for an array of lists).
    #[getter]
    fn values(&self) -> PyResult<Array> {
        match &self.layout {
            Layout::Numbers(_) => Err(not_lists()),
            Layout::Lists { items, .. } => Ok(Array::new((**items).clone())),
        }
    }

    /// Where the lists begin and end, one more than lists (for an array of lists).
    #[getter]
    fn offsets(&self) -> PyResult<Array> {
        match &self.layout {
            Layout::Numbers(_) => Err(not_lists()),
            Layout::Lists { offsets, .. } => Ok(Array::new(Layout::Numbers(offsets.clone()))),
        }
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        export::schema_capsule(py, export::schema_of("", &self.layout))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        drop(requested_schema); // a request that the protocol allows to ignore: the consumer casts
        let schema = export::schema_capsule(py, export::schema_of("", &self.layout))?;
        let array = export::array_capsule(py, export::array_of(&self.layout))?;
        PyTuple::new(py, [schema, array])
    }

    /// Lends the numbers, read-only.
    ///
    /// # Safety
    /// Python calls it with a `Py_buffer` to fill.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let array = slf.get();
        let Layout::Numbers(values) = &array.layout else {
            return Err(PyBufferError::new_err(
                "lists have no one buffer\nhint: numpy.asarray(array.values) and numpy.asarray(array.offsets)",
            ));
        };
        if view.is_null() || flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err(
                "this array is read-only\nhint: copy it: numpy.array(array)",
            ));
        }
        let wants = |flag: c_int| flags & flag == flag;
        // SAFETY: view is not null and Python's; shape and stride lie in the frozen object behind `slf`, which the
        // view keeps alive, and which does not move. The data lives as long as that object.
        unsafe {
            (*view).buf = values.start().cast_mut();
            (*view).len = (values.len * values.width) as isize;
            (*view).readonly = 1;
            (*view).itemsize = values.width as isize;
            (*view).format = if wants(ffi::PyBUF_FORMAT) {
                values.struct_format().as_ptr().cast_mut()
            } else {
                std::ptr::null_mut()
            };
            (*view).ndim = 1;
            let shape = (&raw const array.shape).cast_mut();
            (*view).shape = if wants(ffi::PyBUF_ND) {
                shape
            } else {
                std::ptr::null_mut()
            };
            let stride = (&raw const array.stride).cast_mut();
            (*view).strides = if wants(ffi::PyBUF_STRIDES) {
                stride
            } else {
                std::ptr::null_mut()
            };
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
            (*view).obj = slf.into_ptr();
        }
        Ok(())
    }
}
