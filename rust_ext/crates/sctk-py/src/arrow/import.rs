//! Columns and tables taken from Python objects that speak the Arrow PyCapsule protocol.

use std::ffi::CStr;
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods, PyTuple};

use super::abi::{
    ARRAY_NAME, ArrowArray, ArrowArrayStream, ArrowSchema, Owned, Released, SCHEMA_NAME,
    STREAM_NAME,
};
use super::field::{Field, Type};
use super::lists::{Lists, Offsets};
use super::view::View;
use crate::errors;

const BROKEN: &str = "the producer of this Arrow data is broken";

/// What a producer lent: one field and its chunks, given back when the last user drops them.
pub struct Source {
    field: Field,
    chunks: Vec<Owned<ArrowArray>>,
}

impl Source {
    /// The data behind `object`, by stream or by array.
    fn import(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if let Some(stream) = object.getattr_opt(intern!(py, "__arrow_c_stream__"))? {
            return Self::from_stream(&stream.call0()?);
        }
        if let Some(pair) = object.getattr_opt(intern!(py, "__arrow_c_array__"))? {
            return Self::from_pair(&pair.call0()?);
        }
        Err(errors::kind(
            format_args!("got {}, wanted Arrow data", object.get_type().name()?),
            "give a column or table of pyarrow or polars, of datasets dataset.with_format(\"arrow\")[:], or pyarrow.array(values)",
        ))
    }

    fn n_rows(&self) -> usize {
        self.chunks
            .iter()
            .map(|chunk| usize::try_from(chunk.get().length).unwrap_or(0))
            .sum()
    }

    /// Names and types, to compare tables by.
    fn signature(&self) -> String {
        let columns = self.field.children.iter();
        let each = columns.map(|c| {
            format!(
                "{} {} {:?}",
                c.name,
                c.kind,
                c.children.first().map(|i| &i.kind)
            )
        });
        each.collect::<Vec<_>>().join(", ")
    }

    fn from_pair(pair: &Bound<'_, PyAny>) -> PyResult<Self> {
        let pair = pair.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
        let Some(pair) = pair else {
            return Err(errors::kind(
                "__arrow_c_array__ returned no tuple of two capsules, wanted a schema and an array",
                BROKEN,
            ));
        };
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
            .ok_or_else(|| errors::value("the Arrow stream has no get_schema", BROKEN))?;
        // SAFETY: the stream is valid and not released; the callback writes a schema that we own then.
        let code = unsafe { get_schema(stream.as_mut(), schema.as_mut()) };
        failed(capsule.py(), &mut stream, code)?;
        if schema.get().released() {
            return Err(errors::value("the Arrow stream gave no schema", BROKEN));
        }
        // SAFETY: the callback succeeded, so the schema is valid.
        let field = unsafe { Field::read(schema.get())? };
        let get_next = stream
            .get()
            .get_next
            .ok_or_else(|| errors::value("the Arrow stream has no get_next", BROKEN))?;
        let mut chunks = Vec::new();
        loop {
            let mut chunk = Owned::<ArrowArray>::empty();
            // SAFETY: as above; a released array says that the stream has ended.
            let code = unsafe { get_next(stream.as_mut(), chunk.as_mut()) };
            failed(capsule.py(), &mut stream, code)?;
            capsule.py().check_signals()?; // a producer may never end
            if chunk.get().released() {
                return Ok(Self { field, chunks });
            }
            chunks.push(chunk);
        }
    }
}

/// The struct inside a capsule of that name, moved out; the capsule is left with a released one.
fn take<S: Released>(capsule: &Bound<'_, PyAny>, name: &CStr) -> PyResult<Owned<S>> {
    let pointer = match capsule.cast::<PyCapsule>() {
        Ok(capsule) => capsule.pointer_checked(Some(name)).ok(),
        Err(_) => None,
    };
    let Some(pointer) = pointer else {
        return Err(errors::kind(
            format_args!(
                "got {} where the Arrow protocol wants a capsule named {name:?}",
                capsule.get_type().name()?
            ),
            BROKEN,
        ));
    };
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
fn failed(py: Python<'_>, stream: &mut Owned<ArrowArrayStream>, code: i32) -> PyResult<()> {
    if let Some(raised) = PyErr::take(py) {
        return Err(raised); // the producer is Python code and left its exception
    }
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
    Err(errors::value(
        format_args!("the Arrow stream failed with code {code}: {message}"),
        "the producer of this stream says why; what it had given before was let go",
    ))
}

/// One column: an array, a chunked array, a series, or a column of a table.
pub struct Column {
    parts: Vec<Arc<Source>>,
    child: Option<usize>,
    skip: usize,
    n_rows: usize,
}

impl Column {
    /// The column behind `object`.
    pub fn extract(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let source = Source::import(object)?;
        let n_rows = source.n_rows();
        let child = match (&source.field.kind, source.field.children.len()) {
            (Type::Struct, 1) => Some(0),
            (Type::Struct, n) => {
                return Err(errors::value(
                    format_args!("got a table of {n} columns, wanted one column"),
                    "choose it: table[\"name\"]",
                ));
            }
            _ => None,
        };
        Ok(Self {
            parts: vec![Arc::new(source)],
            child,
            skip: 0,
            n_rows,
        })
    }

    pub fn field(&self) -> &Field {
        let field = &self.parts[0].field;
        self.child.map_or(field, |child| &field.children[child])
    }

    pub fn name(&self) -> &str {
        &self.field().name
    }

    /// The chunks in order, empty ones included.
    pub fn chunks(&self) -> PyResult<Vec<View<'_>>> {
        let (mut row, end) = (0, self.skip + self.n_rows);
        let mut views = Vec::new();
        for part in &self.parts {
            for chunk in &part.chunks {
                let whole = View::whole(chunk.get(), &part.field, row)?;
                let (from, to) = (
                    self.skip.clamp(row, row + whole.len()),
                    end.clamp(row, row + whole.len()),
                );
                let wanted = whole.slice(from - row, to - from);
                row += whole.len();
                views.push(match self.child {
                    Some(child) => wanted.no_nulls().and_then(|()| wanted.child(child))?,
                    None => wanted,
                });
            }
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
        self.lists_beside(&[])
    }

    /// The same, where some chunks may divide their values at the offsets of the chunks of a column that was read before.
    pub fn lists_beside(&self, known: &[Offsets<'_>]) -> PyResult<Vec<Lists<'_>>> {
        let known = known.iter().map(Some).chain(std::iter::repeat(None));
        let chunks = self.chunks()?;
        let lists = chunks
            .iter()
            .zip(known)
            .map(|(chunk, known)| chunk.lists_beside(known));
        lists.collect()
    }

    /// Something that keeps the producer's memory alive for as long as it lives itself.
    pub fn keep(&self) -> Arc<dyn std::any::Any + Send + Sync> {
        Arc::new(self.parts.clone())
    }
}

/// A table: named columns of equal length, in one or more parts of the same columns.
pub struct Table {
    parts: Vec<Arc<Source>>,
    skip: usize,
    n_rows: usize,
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
        let n_rows = source.n_rows();
        Ok(Self {
            parts: vec![Arc::new(source)],
            skip: 0,
            n_rows,
        })
    }

    /// Rows `skip .. skip + n_rows` of `parts` end to end.
    pub fn window(parts: &[&Self], skip: usize, n_rows: usize) -> PyResult<Self> {
        let all: usize = parts.iter().map(|part| part.n_rows).sum();
        if skip > all || n_rows > all - skip {
            return Err(errors::value(
                format_args!("a window of {n_rows} rows from {skip} on, of tables of {all} rows"),
                "a window must lie within its tables",
            ));
        }
        let parts: Vec<_> = parts
            .iter()
            .flat_map(|part| part.parts.iter().cloned())
            .collect();
        if let Some(other) = parts
            .iter()
            .find(|part| part.signature() != parts[0].signature())
        {
            return Err(errors::value(
                format_args!(
                    "the tables differ: {} and {}",
                    parts[0].signature(),
                    other.signature()
                ),
                "give tables with the same columns and types",
            ));
        }
        Ok(Self {
            parts,
            skip,
            n_rows,
        })
    }

    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The names and types of the columns, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Type)> {
        let fields = self
            .parts
            .first()
            .map(|part| part.field.children.as_slice())
            .unwrap_or_default();
        fields
            .iter()
            .map(|child| (child.name.as_str(), &child.kind))
    }

    /// The column of that name, or an error that names those there are.
    pub fn column(&self, name: &str) -> PyResult<Column> {
        let Some(child) = self.fields().position(|(other, _)| other == name) else {
            let names: Vec<_> = self.fields().map(|(name, _)| name).collect();
            return Err(errors::value(
                format_args!("no column {name:?} in this table"),
                format_args!("it has {}", names.join(", ")),
            ));
        };
        Ok(Column {
            parts: self.parts.clone(),
            child: Some(child),
            skip: self.skip,
            n_rows: self.n_rows,
        })
    }
}
