//! Layouts into the structs of the C data interface, each with the release that takes it apart again.

use std::any::Any;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::abi::{
    ARRAY_NAME, ArrowArray, ArrowArrayStream, ArrowSchema, FLAG_NULLABLE, Released, SCHEMA_NAME,
    STREAM_NAME,
};
use super::array::Layout;

/// Keeps alive what an exported array points to.
struct ArrayParts {
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
    _keep: Option<Arc<dyn Any + Send + Sync>>,
}

/// Keeps alive what an exported schema points to.
struct SchemaParts {
    format: CString,
    name: CString,
    children: Vec<*mut ArrowSchema>,
}

/// The struct array of a batch, waiting to be asked for.
struct StreamParts {
    names: Vec<String>,
    columns: Vec<Layout>,
    n_rows: usize,
    given: bool,
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: called once by the consumer on an array made by `finish_array`: private_data is its ArrayParts, and
    // its children are boxes that are ours to free (a consumer that moved one has marked it as released).
    unsafe {
        let parts = Box::from_raw((*array).private_data.cast::<ArrayParts>());
        for &child in &parts.children {
            Box::from_raw(child).free();
        }
        (*array).release = None;
    }
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: as for release_array, with `finish_schema` and SchemaParts.
    unsafe {
        let parts = Box::from_raw((*schema).private_data.cast::<SchemaParts>());
        for &child in &parts.children {
            Box::from_raw(child).free();
        }
        (*schema).release = None;
    }
}

fn finish_array(
    length: usize,
    buffers: Vec<*const c_void>,
    children: Vec<ArrowArray>,
    keep: Option<Arc<dyn Any + Send + Sync>>,
) -> ArrowArray {
    let children = children
        .into_iter()
        .map(|child| Box::into_raw(Box::new(child)))
        .collect();
    let mut parts = Box::new(ArrayParts {
        buffers,
        children,
        _keep: keep,
    });
    ArrowArray {
        length: length as i64,
        null_count: 0,
        offset: 0,
        n_buffers: parts.buffers.len() as i64,
        n_children: parts.children.len() as i64,
        buffers: parts.buffers.as_mut_ptr(),
        children: parts.children.as_mut_ptr(),
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: Box::into_raw(parts).cast(),
    }
}

fn finish_schema(format: &str, name: &str, children: Vec<ArrowSchema>) -> ArrowSchema {
    let children = children
        .into_iter()
        .map(|child| Box::into_raw(Box::new(child)))
        .collect();
    let text = |s: &str| CString::new(s.replace('\0', "")).unwrap_or_default();
    let mut parts = Box::new(SchemaParts {
        format: text(format),
        name: text(name),
        children,
    });
    ArrowSchema {
        format: parts.format.as_ptr(),
        name: parts.name.as_ptr(),
        metadata: ptr::null(),
        flags: FLAG_NULLABLE,
        n_children: parts.children.len() as i64,
        children: parts.children.as_mut_ptr(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: Box::into_raw(parts).cast(),
    }
}

pub fn array_of(layout: &Layout) -> ArrowArray {
    match layout {
        Layout::Numbers(values) => finish_array(
            values.len(),
            vec![ptr::null(), values.start()],
            Vec::new(),
            Some(values.keep()),
        ),
        Layout::Lists { offsets, items } => {
            let buffers = vec![ptr::null(), offsets.start()];
            finish_array(
                layout.len(),
                buffers,
                vec![array_of(items)],
                Some(offsets.keep()),
            )
        }
    }
}

pub fn schema_of(name: &str, layout: &Layout) -> ArrowSchema {
    match layout {
        Layout::Numbers(values) => {
            let letter = char::from(values.letter()).to_string();
            finish_schema(&letter, name, Vec::new())
        }
        Layout::Lists { items, .. } => {
            let format = if layout.kind() == super::field::Type::List {
                "+l"
            } else {
                "+L"
            };
            finish_schema(format, name, vec![schema_of("item", items)])
        }
    }
}

pub fn struct_array(columns: &[Layout], n_rows: usize) -> ArrowArray {
    finish_array(
        n_rows,
        vec![ptr::null()],
        columns.iter().map(array_of).collect(),
        None,
    )
}

pub fn struct_schema(names: &[String], columns: &[Layout]) -> ArrowSchema {
    finish_schema(
        "+s",
        "",
        names
            .iter()
            .zip(columns)
            .map(|(name, column)| schema_of(name, column))
            .collect(),
    )
}

unsafe extern "C" fn stream_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    // SAFETY: the consumer passes our stream and room for a schema.
    unsafe {
        let parts = &*(*stream).private_data.cast::<StreamParts>();
        out.write(struct_schema(&parts.names, &parts.columns));
    }
    0
}

unsafe extern "C" fn stream_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    // SAFETY: the consumer passes our stream and room for an array, from one thread at a time.
    unsafe {
        let parts = &mut *(*stream).private_data.cast::<StreamParts>();
        let next = if parts.given {
            ArrowArray::EMPTY
        } else {
            struct_array(&parts.columns, parts.n_rows)
        };
        parts.given = true;
        out.write(next);
    }
    0
}

unsafe extern "C" fn stream_error(_stream: *mut ArrowArrayStream) -> *const c_char {
    ptr::null()
}

unsafe extern "C" fn release_stream(stream: *mut ArrowArrayStream) {
    // SAFETY: called once by the consumer on a stream made by `stream_of`.
    unsafe {
        drop(Box::from_raw((*stream).private_data.cast::<StreamParts>()));
        (*stream).release = None;
    }
}

/// A stream of one chunk.
pub fn stream_of(names: &[String], columns: Vec<Layout>, n_rows: usize) -> ArrowArrayStream {
    let parts = StreamParts {
        names: names.to_vec(),
        columns,
        n_rows,
        given: false,
    };
    ArrowArrayStream {
        get_schema: Some(stream_schema),
        get_next: Some(stream_next),
        get_last_error: Some(stream_error),
        release: Some(release_stream),
        private_data: Box::into_raw(Box::new(parts)).cast(),
    }
}

pub fn array_capsule(py: Python<'_>, array: ArrowArray) -> PyResult<Bound<'_, PyCapsule>> {
    capsule(py, array, ARRAY_NAME, free_capsule::<ArrowArray, 0>)
}

pub fn schema_capsule(py: Python<'_>, schema: ArrowSchema) -> PyResult<Bound<'_, PyCapsule>> {
    capsule(py, schema, SCHEMA_NAME, free_capsule::<ArrowSchema, 1>)
}

pub fn stream_capsule(py: Python<'_>, stream: ArrowArrayStream) -> PyResult<Bound<'_, PyCapsule>> {
    capsule(py, stream, STREAM_NAME, free_capsule::<ArrowArrayStream, 2>)
}

const NAMES: [&CStr; 3] = [ARRAY_NAME, SCHEMA_NAME, STREAM_NAME];

fn capsule<'py, S: Released>(
    py: Python<'py>,
    content: S,
    name: &'static CStr,
    destructor: unsafe extern "C" fn(*mut PyObject),
) -> PyResult<Bound<'py, PyCapsule>> {
    let boxed = NonNull::from(Box::leak(Box::new(content)));
    // SAFETY: the pointer is a box that the destructor, and nobody else, takes apart.
    unsafe { PyCapsule::new_with_pointer_and_destructor(py, boxed.cast(), name, Some(destructor)) }
}

/// Frees the struct in a capsule: what a consumer moved out was left released, and only its shell is freed.
unsafe extern "C" fn free_capsule<S: Released, const NAME: usize>(capsule: *mut PyObject) {
    // SAFETY: Python calls it once, on a capsule that `capsule` made with this name and type.
    unsafe {
        let content = pyo3::ffi::PyCapsule_GetPointer(capsule, NAMES[NAME].as_ptr());
        if !content.is_null() {
            Box::from_raw(content.cast::<S>()).free();
        }
    }
}
