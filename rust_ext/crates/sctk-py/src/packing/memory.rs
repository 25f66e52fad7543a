//! Output memory that is used again once nobody holds what was packed into it.
//!
//! The first touch of fresh memory costs more than the copy, so a packer with `reuse` keeps a handle on every buffer
//! that it gave out. When that handle is the only one left (the batch was dropped, and every array made from it),
//! the buffer serves the next batch; until then it is left alone, so a held batch can never change.

use std::sync::Arc;

use sctk_data::buffer::Buffer;

/// Buffers beyond this number are forgotten, the oldest first; whoever holds their content keeps them alive.
const MOST_KEPT: usize = 32;

pub struct Memory {
    reuse: bool,
    kept: Vec<Arc<Buffer<u8>>>,
}

impl Memory {
    pub fn new(reuse: bool) -> Self {
        Self {
            reuse,
            kept: Vec::new(),
        }
    }

    /// A buffer with room for `n_bytes`: one that nobody holds any more, or a new one.
    pub fn take(&mut self, n_bytes: usize) -> Buffer<u8> {
        if !self.reuse {
            return Buffer::with_capacity(n_bytes);
        }
        let mut fits: Vec<(usize, usize)> = Vec::new();
        for (i, buffer) in self.kept.iter_mut().enumerate() {
            if let Some(free) = Arc::get_mut(buffer).filter(|free| free.capacity() >= n_bytes) {
                fits.push((free.capacity(), i));
            }
        }
        let smallest = fits
            .into_iter()
            .min()
            .map(|(_, i)| self.kept.swap_remove(i));
        match smallest.and_then(|buffer| Arc::try_unwrap(buffer).ok()) {
            Some(mut buffer) => {
                buffer.renew(n_bytes);
                buffer
            }
            // a little larger than asked: the next batch may be
            None => Buffer::with_capacity(n_bytes + n_bytes / 16),
        }
    }

    /// Shares `buffer`, and remembers it.
    pub fn share(&mut self, buffer: Buffer<u8>) -> Arc<Buffer<u8>> {
        let buffer = Arc::new(buffer);
        if self.reuse {
            if self.kept.len() == MOST_KEPT {
                self.kept.remove(0);
            }
            self.kept.push(buffer.clone());
        }
        buffer
    }
}
