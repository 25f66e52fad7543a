//! Memory for results: allocated once, aligned for vector stores, on huge pages where it is large.
//!
//! The first touch of a fresh page costs more than the copy into it, so a large buffer asks the kernel for
//! 2 MiB pages, and whoever packs in a loop keeps his buffers. Nothing is zeroed: the owner of the buffer
//! writes every element before it says how many there are.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::mem::{MaybeUninit, size_of};
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;

/// A plain number: any bit pattern of it may be read and written, from any thread.
///
/// # Safety
/// Implemented only for types without padding, without invalid bit patterns and without a destructor.
pub unsafe trait Plain: Copy + Send + Sync + 'static {}

macro_rules! plain {
    ($($t:ty),*) => { $(
        // SAFETY: integers and floats have no padding, no invalid bit pattern and no destructor.
        unsafe impl Plain for $t {}
    )* };
}
plain!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

const CACHE_LINE: usize = 64;
const HUGE_PAGE: usize = 2 << 20;
const HUGE_FROM: usize = 4 << 20;

/// A growable run of `T`, 64-byte aligned. Like `Vec`, but its alignment is promised and large ones lie on huge pages.
pub struct Buffer<T: Plain> {
    start: NonNull<T>,
    len: usize,
    layout: Layout,
}

// SAFETY: the buffer owns its memory alone, and `T: Plain` may be sent and shared.
unsafe impl<T: Plain> Send for Buffer<T> {}
// SAFETY: as above; a shared buffer only hands out `&[T]`.
unsafe impl<T: Plain> Sync for Buffer<T> {}

impl<T: Plain> Buffer<T> {
    /// An empty buffer with room for `capacity` elements; aborts as `Vec` does where memory ends.
    pub fn with_capacity(capacity: usize) -> Self {
        let n_bytes = capacity
            .checked_mul(size_of::<T>())
            .filter(|&n| n <= isize::MAX as usize - HUGE_PAGE);
        let n_bytes = n_bytes.expect("a buffer must fit the address space");
        let align = if n_bytes >= HUGE_FROM {
            HUGE_PAGE
        } else {
            CACHE_LINE
        };
        let layout =
            Layout::from_size_align(n_bytes, align).expect("size and alignment were checked");
        if n_bytes == 0 {
            return Self {
                start: NonNull::dangling(),
                len: 0,
                layout,
            };
        }
        // SAFETY: the layout has a size above zero.
        let raw = unsafe { alloc(layout) };
        let Some(start) = NonNull::new(raw.cast::<T>()) else {
            handle_alloc_error(layout)
        };
        if align == HUGE_PAGE {
            ask_for_huge_pages(raw, n_bytes);
        }
        Self {
            start,
            len: 0,
            layout,
        }
    }

    /// How many elements fit without a new allocation.
    pub fn capacity(&self) -> usize {
        self.layout.size() / size_of::<T>()
    }

    /// The whole capacity, to be written before `set_len`.
    pub fn room(&mut self) -> &mut [MaybeUninit<T>] {
        // SAFETY: start points at capacity() elements that this buffer owns; MaybeUninit may be uninitialised.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.capacity()) }
    }

    /// Says that the first `len` elements are written.
    ///
    /// # Safety
    /// `len <= capacity()`, and the elements before `len` have been written.
    pub unsafe fn set_len(&mut self, len: usize) {
        debug_assert!(len <= self.capacity());
        self.len = len;
    }

    /// Empties the buffer and makes room for `capacity` elements, in the old memory where that is large enough.
    pub fn renew(&mut self, capacity: usize) {
        self.len = 0;
        if self.capacity() < capacity {
            *self = Self::with_capacity(capacity);
        }
    }

    /// A buffer that holds `value(0) .. value(n - 1)`.
    pub fn from_fn(n: usize, mut value: impl FnMut(usize) -> T) -> Self {
        let mut buffer = Self::with_capacity(n);
        for (i, slot) in buffer.room()[..n].iter_mut().enumerate() {
            slot.write(value(i));
        }
        // SAFETY: the loop wrote the first `n` elements.
        unsafe { buffer.set_len(n) };
        buffer
    }
}

impl<T: Plain> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the first `len` elements are written (the contract of set_len) and live as long as self.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T: Plain> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: start came from alloc with this layout, and T has no destructor.
            unsafe { dealloc(self.start.as_ptr().cast(), self.layout) };
        }
    }
}

#[cfg(target_os = "linux")]
fn ask_for_huge_pages(start: *mut u8, n_bytes: usize) {
    unsafe extern "C" {
        fn madvise(start: *mut u8, n_bytes: usize, advice: i32) -> i32;
    }
    const MADV_HUGEPAGE: i32 = 14;
    // SAFETY: the range is one live allocation aligned to its page size; the advice changes no content. A refusal
    // (a kernel without huge pages) is no error, only slower, so the answer is not read.
    unsafe { madvise(start, n_bytes, MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_start: *mut u8, _n_bytes: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_aligned_and_keeps_its_memory() {
        let mut buffer = Buffer::<i32>::from_fn(1000, |i| i as i32);
        assert_eq!(buffer.as_ptr() as usize % CACHE_LINE, 0);
        assert_eq!(buffer[999], 999);
        let before = buffer.as_ptr();
        buffer.renew(500);
        assert_eq!((buffer.len(), buffer.as_ptr()), (0, before));
        buffer.renew(3 << 20);
        assert_eq!(buffer.as_ptr() as usize % HUGE_PAGE, 0);
    }

    #[test]
    fn nothing_needs_no_memory() {
        let buffer = Buffer::<u64>::from_fn(0, |_| 0);
        assert!(buffer.is_empty());
    }
}
