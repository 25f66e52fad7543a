//! How long work runs from Python: the GIL released, Ctrl-C honoured, progress reported, panics turned into exceptions.
//!
//! `work` detaches the calling thread and hands a `Watch` to the core. Only the calling thread may ask Python for
//! signals, so the core ticks there; a tick costs a clock read, and looks at Python at most every 50 ms.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use pyo3::create_exception;
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;
use sctk_data::packing::Refusal;
use sctk_data::text::Simd;
use sctk_data::watch::{Stopped, Watch};

use crate::errors;

create_exception!(
    sctk_rs._native,
    DefectError,
    PyRuntimeError,
    "The Rust core broke a promise of its own."
);

const LOOK_EVERY: Duration = Duration::from_millis(50);
const MOST_THREADS: usize = 1024;

/// The number of threads to use: what was asked, from 1 to 1024.
pub fn threads(asked: usize) -> PyResult<usize> {
    if (1..=MOST_THREADS).contains(&asked) {
        return Ok(asked);
    }
    Err(errors::value(
        format_args!("threads: got {asked}, wanted 1 to {MOST_THREADS}"),
        "the result is the same for every number; give what the machine has",
    ))
}

/// The vector level of that name, or the best one; the same error from whoever is asked for one that is not here.
pub fn simd(name: Option<&str>) -> PyResult<Simd> {
    let Some(name) = name else {
        return Ok(Simd::best());
    };
    Simd::named(name).ok_or_else(|| {
        let has: Vec<_> = Simd::available().into_iter().map(Simd::name).collect();
        errors::value(
            format_args!(
                "simd: no SIMD level {name:?} here, this processor has {}",
                has.join(", ")
            ),
            "leave it out; the result is the same on each",
        )
    })
}

/// A `Watch` that asks Python for signals and calls `progress(done, total)` on the calling thread.
struct PythonWatch {
    progress: Option<Py<PyAny>>,
    state: Mutex<State>,
}

struct State {
    looked: Instant,
    refusal: Option<PyErr>,
}

impl PythonWatch {
    fn look(&self, done: u64, total: u64) -> PyResult<()> {
        Python::attach(|py| {
            py.check_signals()?;
            if let Some(progress) = &self.progress {
                progress.call1(py, (done, total))?;
            }
            Ok(())
        })
    }
}

impl Watch for PythonWatch {
    fn tick(&self, done: u64, total: u64) -> bool {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.refusal.is_some() {
            return false;
        }
        let finished = done == total && self.progress.is_some();
        if !finished && state.looked.elapsed() < LOOK_EVERY {
            return true;
        }
        state.looked = Instant::now();
        state.refusal = self.look(done, total).err();
        state.refusal.is_none()
    }
}

/// What `job` yields, run without the GIL. Raises what stopped it: KeyboardInterrupt, or what `progress` raised.
///
/// A panic becomes `DefectError` (an Exception, which pyo3's own PanicException is not).
pub fn work<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    job: impl FnOnce(&dyn Watch) -> Result<T, Stopped> + Send,
) -> PyResult<T> {
    let state = Mutex::new(State {
        looked: Instant::now(),
        refusal: None,
    });
    let watch = PythonWatch { progress, state };
    match py.detach(|| catch_unwind(AssertUnwindSafe(|| job(&watch)))) {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(Stopped)) => {
            let state = watch
                .state
                .into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            Err(state
                .refusal
                .unwrap_or_else(|| PyKeyboardInterrupt::new_err("stopped")))
        }
        Err(panic) => Err(defect(panic.as_ref())),
    }
}

/// Parts a stop from other refusals of the packer, which only the door knows how to word.
pub fn refusable<T>(result: Result<T, Refusal>) -> Result<Result<T, Refusal>, Stopped> {
    match result {
        Err(Refusal::Stopped) => Err(Stopped),
        other => Ok(other),
    }
}

fn defect(panic: &(dyn std::any::Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    DefectError::new_err(format!(
        "the Rust core panicked: {text}\nhint: this is a defect of sctk-rs, not of your data; please report it"
    ))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("DefectError", module.py().get_type::<DefectError>())
}
