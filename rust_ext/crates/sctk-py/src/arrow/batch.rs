//! `Batch`: named columns of results, a table to every Arrow consumer.

use std::sync::LazyLock;

use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use super::array::{Array, Layout};
use super::export;
use crate::errors;

/// A column, or how to make it where somebody asks for it.
type Late = LazyLock<Layout, Box<dyn FnOnce() -> Layout + Send>>;

/// Named columns of equal length. `pyarrow.table(b)` and `polars.DataFrame(b)` share its memory.
#[pyclass(frozen, module = "sctk_rs")]
pub struct Batch {
    names: Vec<String>,
    columns: Vec<Late>,
    n_rows: usize,
}

impl Batch {
    /// The columns in the order given, each of `n_rows` rows.
    pub fn new(n_rows: usize, columns: Vec<(String, Array)>) -> Self {
        let mut batch = Self {
            names: Vec::with_capacity(columns.len()),
            columns: Vec::with_capacity(columns.len()),
            n_rows,
        };
        for (name, column) in columns {
            let layout = column.layout().clone();
            assert_eq!(layout.len(), n_rows, "columns of unequal length");
            batch = batch.and_late(name, move || layout);
        }
        batch
    }

    /// One column more, which is made when it is first asked for.
    pub fn and_late(
        mut self,
        name: String,
        make: impl FnOnce() -> Layout + Send + 'static,
    ) -> Self {
        self.names.push(name);
        self.columns.push(LazyLock::new(Box::new(make)));
        self
    }

    /// All columns, made.
    fn layouts(&self) -> Vec<Layout> {
        let columns = self.columns.iter().map(|column| (**column).clone());
        let columns: Vec<Layout> = columns.collect();
        let equal = columns.iter().all(|column| column.len() == self.n_rows);
        assert!(equal, "columns of unequal length");
        columns
    }
}

#[pymethods]
impl Batch {
    fn __len__(&self) -> usize {
        self.n_rows
    }

    fn __repr__(&self) -> String {
        format!(
            "<sctk_rs.Batch of {} rows: {}>",
            self.n_rows,
            self.names.join(", ")
        )
    }

    /// The names of the columns, in order.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn __getitem__(&self, name: &str) -> PyResult<Array> {
        match self.names.iter().position(|other| other == name) {
            Some(i) => Ok(Array::new((*self.columns[i]).clone())),
            None => Err(errors::value(
                format_args!("no column {name:?} in this batch"),
                format_args!("it has {}", self.names.join(", ")),
            )),
        }
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        export::schema_capsule(py, export::struct_schema(&self.names, &self.layouts()))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        drop(requested_schema); // a request that the protocol allows to ignore: the consumer casts
        let columns = self.layouts();
        let schema = export::schema_capsule(py, export::struct_schema(&self.names, &columns))?;
        let array = export::array_capsule(py, export::struct_array(&columns, self.n_rows))?;
        PyTuple::new(py, [schema, array])
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema); // as above
        let stream = export::stream_of(&self.names, self.layouts(), self.n_rows);
        export::stream_capsule(py, stream)
    }
}
