//! The three structs of the Arrow C data and C stream interface, as its specification lays them out.

use std::ffi::{CStr, c_char, c_int, c_void};

pub const SCHEMA_NAME: &CStr = c"arrow_schema";
pub const ARRAY_NAME: &CStr = c"arrow_array";
pub const STREAM_NAME: &CStr = c"arrow_array_stream";

pub const FLAG_NULLABLE: i64 = 2;

#[repr(C)]
pub struct ArrowSchema {
    pub format: *const c_char,
    pub name: *const c_char,
    pub metadata: *const c_char,
    pub flags: i64,
    pub n_children: i64,
    pub children: *mut *mut ArrowSchema,
    pub dictionary: *mut ArrowSchema,
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArray {
    pub length: i64,
    pub null_count: i64,
    pub offset: i64,
    pub n_buffers: i64,
    pub n_children: i64,
    pub buffers: *mut *const c_void,
    pub children: *mut *mut ArrowArray,
    pub dictionary: *mut ArrowArray,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArrayStream {
    pub get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    pub get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    pub get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    pub private_data: *mut c_void,
}

/// A struct of the interface: knows whether it was released, and how to release itself.
///
/// # Safety
/// `EMPTY` must be a valid released value; `released` must be true exactly where `release` is null.
pub unsafe trait Released: Sized {
    const EMPTY: Self;
    fn released(&self) -> bool;
    /// Calls the producer's release once; harmless where it was called before.
    fn free(&mut self);
}

macro_rules! released {
    ($t:ty, $empty:expr) => {
        // SAFETY: EMPTY has a null release, and both functions look at that field alone.
        unsafe impl Released for $t {
            const EMPTY: Self = $empty;

            fn released(&self) -> bool {
                self.release.is_none()
            }

            fn free(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: the producer's contract: release may be called once on a struct that is not released,
                    // from any thread; it marks the struct as released.
                    unsafe { release(self) };
                }
            }
        }
    };
}

released!(
    ArrowSchema,
    Self {
        format: std::ptr::null(),
        name: std::ptr::null(),
        metadata: std::ptr::null(),
        flags: 0,
        n_children: 0,
        children: std::ptr::null_mut(),
        dictionary: std::ptr::null_mut(),
        release: None,
        private_data: std::ptr::null_mut(),
    }
);
released!(
    ArrowArray,
    Self {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: std::ptr::null_mut(),
        children: std::ptr::null_mut(),
        dictionary: std::ptr::null_mut(),
        release: None,
        private_data: std::ptr::null_mut(),
    }
);
released!(
    ArrowArrayStream,
    Self {
        get_schema: None,
        get_next: None,
        get_last_error: None,
        release: None,
        private_data: std::ptr::null_mut()
    }
);

/// A struct that was moved out of a capsule and is released when it is dropped.
pub struct Owned<S: Released>(S);

impl<S: Released> Owned<S> {
    pub fn empty() -> Self {
        Self(S::EMPTY)
    }

    /// Moves the struct out of `source`, which is left released.
    ///
    /// # Safety
    /// `source` points at a valid struct of the interface that nobody else uses meanwhile.
    pub unsafe fn take(source: *mut S) -> Self {
        // SAFETY: the caller's contract; the interface allows to move a struct if the source is marked released.
        Self(unsafe { std::ptr::replace(source, S::EMPTY) })
    }

    pub fn get(&self) -> &S {
        &self.0
    }

    pub fn as_mut(&mut self) -> &mut S {
        &mut self.0
    }
}

impl<S: Released> Drop for Owned<S> {
    fn drop(&mut self) {
        self.0.free();
    }
}

// SAFETY: the specification lets a consumer read and release an array or schema from any thread, and forbids
// anybody to change the memory behind it.
unsafe impl Send for Owned<ArrowArray> {}
// SAFETY: as above: after the import the array is only read.
unsafe impl Sync for Owned<ArrowArray> {}
