//! Texts from Python, read where they lie: a list of str, or an Arrow column of strings.
//!
//! A str is immutable and its UTF-8 form, once asked for, lives as long as it does. So a tuple of the strings is
//! kept (a list could lose them while the GIL is released) and the core reads pointers into them: nothing is copied
//! for ASCII, and Python itself makes and keeps the UTF-8 form of the others.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use crate::arrow::Column;
use crate::errors;

/// N texts, alive and in place.
pub struct Texts(Inner);

enum Inner {
    Column(Column),
    Strings(Vec<Py<PyTuple>>, Vec<Span>),
}

/// A str's UTF-8 bytes. Valid while the tuple that holds the str lives.
#[derive(Clone, Copy)]
struct Span(*const u8, usize);

// SAFETY: a span points at immutable memory that `Texts` keeps alive, so any thread may read it.
unsafe impl Send for Span {}
// SAFETY: as above.
unsafe impl Sync for Span {}

/// Every span's bytes.
fn rows_of<'a>(spans: &'a [Span], _alive: &'a [Py<PyTuple>]) -> Vec<&'a [u8]> {
    // SAFETY: the tuples keep every str alive for 'a, and with it its immutable UTF-8 form.
    let bytes = |span: &Span| unsafe { std::slice::from_raw_parts(span.0, span.1) };
    spans.iter().map(bytes).collect()
}

impl Texts {
    /// The texts behind `object`; a lone surrogate, a null or a thing that is no text is an error that names its row.
    pub fn extract(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if object.hasattr("__arrow_c_stream__")? || object.hasattr("__arrow_c_array__")? {
            return Ok(Self(Inner::Column(Column::extract(object)?)));
        }
        let rows = sequence(object, "a list of str")?;
        let mut spans = Vec::with_capacity(rows.len());
        read_strings(&rows, &mut spans, |row| format!("row {row}"))?;
        Ok(Self(Inner::Strings(vec![rows.unbind()], spans)))
    }

    /// Each text's UTF-8 bytes.
    pub fn rows(&self) -> PyResult<Vec<&[u8]>> {
        match &self.0 {
            Inner::Column(column) => column.strings(),
            Inner::Strings(owners, spans) => Ok(rows_of(spans, owners)),
        }
    }
}

/// Texts in groups: group g holds rows `offsets[g] .. offsets[g + 1]`. From list[list[str]], or from a list column of strings.
pub struct TextGroups(Inner, Vec<usize>);

impl TextGroups {
    pub fn extract(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if object.hasattr("__arrow_c_stream__")? || object.hasattr("__arrow_c_array__")? {
            let column = Column::extract(object)?;
            let mut offsets = vec![0];
            for lists in column.lists()? {
                let before = *offsets.last().unwrap_or(&0);
                let first = lists.offsets.at(0);
                offsets.extend(
                    (1..=lists.offsets.n_lists()).map(|i| before + lists.offsets.at(i) - first),
                );
            }
            return Ok(Self(Inner::Column(column), offsets));
        }
        let groups = sequence(object, "a list of lists of str")?;
        let (mut owners, mut spans, mut offsets) =
            (Vec::with_capacity(groups.len()), Vec::new(), vec![0]);
        for (g, group) in groups.iter_borrowed().enumerate() {
            let rows = sequence(&group, &format!("group {g} as a list of str"))?;
            read_strings(&rows, &mut spans, |row| format!("group {g}, row {row}"))?;
            owners.push(rows.unbind());
            offsets.push(spans.len());
        }
        Ok(Self(Inner::Strings(owners, spans), offsets))
    }

    /// Where the groups begin and end in `rows`, one more than groups.
    pub fn offsets(&self) -> &[usize] {
        &self.1
    }

    /// Each text's UTF-8 bytes, group after group.
    pub fn rows(&self) -> PyResult<Vec<&[u8]>> {
        let column = match &self.0 {
            Inner::Column(column) => column,
            Inner::Strings(owners, spans) => return Ok(rows_of(spans, owners)),
        };
        let mut rows = Vec::with_capacity(*self.1.last().unwrap_or(&0));
        for lists in column.lists()? {
            let (first, last) = (
                lists.offsets.at(0),
                lists.offsets.at(lists.offsets.n_lists()),
            );
            lists.values.slice(first, last - first).strings(&mut rows)?;
        }
        Ok(rows)
    }
}

/// A tuple of what `object` holds. A str is refused: its letters are seldom what is meant.
fn sequence<'py>(object: &Bound<'py, PyAny>, wanted: &str) -> PyResult<Bound<'py, PyTuple>> {
    if let Ok(list) = object.cast::<PyList>() {
        return Ok(list.to_tuple());
    }
    if let Ok(tuple) = object.cast::<PyTuple>() {
        return Ok(tuple.clone());
    }
    Err(errors::kind(
        format_args!("got {}, wanted {wanted}", object.get_type().name()?),
        "a list, a tuple, or an Arrow column (pyarrow, polars; of datasets dataset.with_format(\"arrow\")[:][\"text\"])",
    ))
}

fn read_strings(
    rows: &Bound<'_, PyTuple>,
    spans: &mut Vec<Span>,
    place: impl Fn(usize) -> String,
) -> PyResult<()> {
    spans.reserve(rows.len());
    for (row, text) in rows.iter_borrowed().enumerate() {
        let Ok(text) = text.cast::<PyString>() else {
            return Err(errors::kind(
                format_args!(
                    "{}: got {}, wanted str",
                    place(row),
                    text.get_type().name()?
                ),
                "drop or fill such rows first, so that it is your decision what they mean",
            ));
        };
        let Ok(utf8) = text.to_str() else {
            return Err(errors::value(
                format_args!("{}: a lone surrogate, which has no UTF-8 form", place(row)),
                "text.encode(\"utf-8\", \"replace\").decode() repairs such a text",
            ));
        };
        spans.push(Span(utf8.as_ptr(), utf8.len()));
    }
    Ok(())
}
