//! `Batch`: named columns of results, a table to every Arrow consumer.

use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use super::array::{Array, Layout};
use super::export;
use crate::errors;

/// Named columns of equal length. `pyarrow.table(b)` and `polars.DataFrame(b)` share its memory.
#[pyclass(frozen, module = "sctk_rs")]
pub struct Batch {
    names: Vec<String>,
    columns: Vec<Layout>,
    n_rows: usize,
}

impl Batch {
    /// The columns in the order given, each of `n_rows` rows.
    pub fn new(n_rows: usize, columns: Vec<(String, Array)>) -> Self {
        assert!(
            columns
                .iter()
                .all(|(_, column)| column.layout().len() == n_rows),
            "columns of unequal length"
        );
        let (names, columns) = columns
            .into_iter()
            .map(|(name, column)| (name, column.layout().clone()))
            .unzip();
        Self {
            names,
            columns,
            n_rows,
        }
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
            Some(i) => Ok(Array::new(self.columns[i].clone())),
            None => Err(errors::value(
                format_args!("no column {name:?} in this batch"),
                format_args!("it has {}", self.names.join(", ")),
            )),
        }
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        export::schema_capsule(py, export::struct_schema(&self.names, &self.columns))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        drop(requested_schema); // a request that the protocol allows to ignore: the consumer casts
        let schema = export::schema_capsule(py, export::struct_schema(&self.names, &self.columns))?;
        let array = export::array_capsule(py, export::struct_array(&self.columns, self.n_rows))?;
        PyTuple::new(py, [schema, array])
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema); // as above
        export::stream_capsule(
            py,
            export::stream_of(&self.names, &self.columns, self.n_rows),
        )
    }
}
