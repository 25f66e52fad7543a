//! Columns and tables taken from Python objects that speak the Arrow PyCapsule protocol.

use std::ffi::CStr;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods, PyTuple};

use super::abi::{
    ARRAY_NAME, ArrowArray, ArrowArrayStream, ArrowSchema, Owned, Released, SCHEMA_NAME,
    STREAM_NAME,
};
use super::field::{Field, Type};
use super::view::{Lists, View};
use crate::errors;

/// What a producer lent: one field and its chunks, given back when the last user drops them.
pub struct Source {
    field: Field,
    chunks: Vec<Owned<ArrowArray>>,
}

impl Source {
    /// The data behind `object`, by stream or by array.
    fn import(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if object.hasattr("__arrow_c_stream__")? {
            return Self::from_stream(&object.call_method0("__arrow_c_stream__")?);
        }
        if object.hasattr("__arrow_c_array__")? {
            return Self::from_pair(&object.call_method0("__arrow_c_array__")?);
        }
        Err(errors::kind(
            format_args!("got {}, wanted Arrow data", object.get_type().name()?),
            "give a column or table of pyarrow, polars or datasets (dataset.data.table), or pyarrow.array(values)",
        ))
    }

    fn from_pair(pair: &Bound<'_, PyAny>) -> PyResult<Self> {
        let pair = pair.cast::<PyTuple>()?;
        let schema = take::<ArrowSchema>(&pair.get_item(0)?, SCHEMA_NAME)?;
        let array = take::<ArrowArray>(&pair.get_item(1)?, ARRAY_NAME)?;
        // SAFETY: take() gives unreleased structs out of capsules of the right name.
        let field = unsafe { Field::read(schema.get())? };
        Ok(Self {
            field,
            chunks: vec![array],
        })
    }

    fn from_stream(capsule: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut stream = take::<ArrowArrayStream>(capsule, STREAM_NAME)?;
        let mut schema = Owned::<ArrowSchema>::empty();
        let get_schema = stream
            .get()
            .get_schema
            .ok_or_else(|| PyValueError::new_err("the stream has no schema"))?;
        // SAFETY: the stream is valid and not released; the callback writes a schema that we own then.
        let code = unsafe { get_schema(stream.as_mut(), schema.as_mut()) };
        failed(&mut stream, code)?;
        // SAFETY: the callback succeeded, so the schema is valid.
        let field = unsafe { Field::read(schema.get())? };
        let get_next = stream
            .get()
            .get_next
            .ok_or_else(|| PyValueError::new_err("the stream has no chunks"))?;
        let mut chunks = Vec::new();
        loop {
            let mut chunk = Owned::<ArrowArray>::empty();
            // SAFETY: as above; a released array says that the stream has ended.
            let code = unsafe { get_next(stream.as_mut(), chunk.as_mut()) };
            failed(&mut stream, code)?;
            if chunk.get().released() {
                return Ok(Self { field, chunks });
            }
            chunks.push(chunk);
        }
    }
}

/// The struct inside a capsule of that name, moved out; the capsule is left with a released one.
fn take<S: Released>(capsule: &Bound<'_, PyAny>, name: &CStr) -> PyResult<Owned<S>> {
    let capsule = capsule.cast::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(name))?;
    // SAFETY: a capsule of this name holds this struct (PyCapsule protocol), and we hold the GIL.
    let owned = unsafe { Owned::take(pointer.as_ptr().cast::<S>()) };
    if owned.get().released() {
        return Err(errors::value(
            "this Arrow capsule was used before",
            "ask the producer for a new one",
        ));
    }
    Ok(owned)
}

/// An error where a stream's callback returned a code other than zero.
fn failed(stream: &mut Owned<ArrowArrayStream>, code: i32) -> PyResult<()> {
    if code == 0 {
        return Ok(());
    }
    let mut message = String::new();
    if let Some(get_last_error) = stream.get().get_last_error {
        // SAFETY: the callback may be called after a failure; its text lives until the next call on the stream.
        unsafe {
            let text = get_last_error(stream.as_mut());
            if !text.is_null() {
                message = CStr::from_ptr(text).to_string_lossy().into_owned();
            }
        }
    }
    Err(PyValueError::new_err(format!(
        "the Arrow stream failed with code {code}: {message}"
    )))
}

/// One column: an array, a chunked array, a series, or a column of a table.
pub struct Column {
    source: Arc<Source>,
    child: Option<usize>,
}

impl Column {
    /// The column behind `object`.
    pub fn extract(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let source = Source::import(object)?;
        if source.field.kind != Type::Struct {
            return Ok(Self {
                source: Arc::new(source),
                child: None,
            });
        }
        if source.field.children.len() == 1 {
            return Ok(Self {
                source: Arc::new(source),
                child: Some(0),
            });
        }
        Err(errors::value(
            format_args!(
                "got a table of {} columns, wanted one column",
                source.field.children.len()
            ),
            "choose it: table[\"name\"]",
        ))
    }

    pub fn field(&self) -> &Field {
        match self.child {
            Some(i) => &self.source.field.children[i],
            None => &self.source.field,
        }
    }

    pub fn name(&self) -> &str {
        &self.field().name
    }

    /// The chunks in order, empty ones included.
    pub fn chunks(&self) -> PyResult<Vec<View<'_>>> {
        let mut row = 0;
        let mut views = Vec::with_capacity(self.source.chunks.len());
        for chunk in &self.source.chunks {
            let whole = View::whole(chunk.get(), &self.source.field, row)?;
            row += whole.len();
            views.push(match self.child {
                Some(i) => whole.no_nulls().and_then(|()| whole.child(i))?,
                None => whole,
            });
        }
        Ok(views)
    }

    /// Every row's UTF-8 bytes (utf8, large_utf8, utf8_view), in place.
    pub fn strings(&self) -> PyResult<Vec<&[u8]>> {
        let chunks = self.chunks()?;
        let mut rows = Vec::with_capacity(chunks.iter().map(View::len).sum());
        for chunk in chunks {
            chunk.strings(&mut rows)?;
        }
        Ok(rows)
    }

    /// Every chunk's lists (list, large_list, fixed_size_list), in place.
    pub fn lists(&self) -> PyResult<Vec<Lists<'_>>> {
        self.chunks()?.iter().map(View::lists).collect()
    }

    /// Something that keeps the producer's memory alive for as long as it lives itself.
    pub fn keep(&self) -> Arc<dyn std::any::Any + Send + Sync> {
        self.source.clone()
    }
}

/// A table: named columns of equal length.
pub struct Table {
    source: Arc<Source>,
}

impl Table {
    /// The table behind `object`.
    pub fn extract(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let source = Source::import(object)?;
        if source.field.kind != Type::Struct {
            return Err(errors::kind(
                format_args!(
                    "got one column of type {}, wanted a table",
                    source.field.kind
                ),
                "name it: pyarrow.table({\"input_ids\": column})",
            ));
        }
        Ok(Self {
            source: Arc::new(source),
        })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.source
            .field
            .children
            .iter()
            .map(|child| child.name.as_str())
    }

    /// The column of that name, or an error that names those there are.
    pub fn column(&self, name: &str) -> PyResult<Column> {
        let Some(child) = self.names().position(|other| other == name) else {
            let names: Vec<_> = self.names().collect();
            return Err(errors::value(
                format_args!("no column {name:?} in this table"),
                format_args!("it has {}", names.join(", ")),
            ));
        };
        Ok(Column {
            source: self.source.clone(),
            child: Some(child),
        })
    }
}
