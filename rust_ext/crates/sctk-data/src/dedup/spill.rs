//! Band keys on disk: one file for each band and each range of keys, read back one at a time.
//!
//! The files lie in a new directory of their own below the one that the caller names, and go when the work ends.
//! Chunks arrive in any order; each file is sorted when it is read, so the order leaves no trace.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::DedupError;
use super::kept::{Entry, Sketches};
use super::sketch::Banding;

/// How many rows a file is meant for: its keys are 8 bytes each in memory.
const ROWS_PER_FILE: usize = 4 << 20;
const MOST_RANGES: usize = 16;

pub struct Spill {
    directory: PathBuf,
    files: Vec<Mutex<File>>,
    n_ranges: usize,
    failure: Mutex<Option<io::Error>>,
}

impl Spill {
    /// Opens the files of `n_bands` bands for `n_rows` rows below `below`.
    pub fn open(below: &Path, n_rows: usize, n_bands: usize) -> Result<Self, DedupError> {
        Self::with_ranges(
            below,
            (n_rows / ROWS_PER_FILE + 1)
                .next_power_of_two()
                .min(MOST_RANGES),
            n_bands,
        )
    }

    fn with_ranges(below: &Path, n_ranges: usize, n_bands: usize) -> Result<Self, DedupError> {
        static TURN: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "sctk-dedup-{}-{}",
            std::process::id(),
            TURN.fetch_add(1, Ordering::Relaxed)
        );
        let directory = below.join(name);
        let fail = |why| DedupError::Spill {
            path: directory.clone(),
            why,
        };
        fs::create_dir(&directory).map_err(fail)?;
        let mut spill = Self {
            directory: directory.clone(),
            files: Vec::new(),
            n_ranges,
            failure: Mutex::new(None),
        };
        for i in 0..n_bands * n_ranges {
            let mut options = File::options();
            let file = options
                .read(true)
                .write(true)
                .create_new(true)
                .open(directory.join(i.to_string()));
            spill.files.push(Mutex::new(file.map_err(fail)?));
        }
        Ok(spill)
    }

    /// How many files there are; candidates can be made of each by itself.
    pub fn n_files(&self) -> usize {
        self.files.len()
    }

    /// Moves the keys of a chunk that begins at row `first` to the files, and drops the marks, which can be made again.
    pub fn take(&self, first: u32, sketches: &mut Sketches, banding: Banding) {
        let n = sketches.n_shingles.len();
        let mut ranges: Vec<Vec<u8>> = vec![Vec::new(); self.n_ranges];
        let shift = 32 - self.n_ranges.trailing_zeros();
        for band in 0..banding.n_bands {
            ranges.iter_mut().for_each(Vec::clear);
            let keys = &sketches.keys[band * n..(band + 1) * n];
            for (i, (&key, &n_shingles)) in keys.iter().zip(&sketches.n_shingles).enumerate() {
                if n_shingles > 0 {
                    let entry: Entry = u64::from(key) << 32 | u64::from(first + i as u32);
                    ranges[(u64::from(key) >> shift) as usize]
                        .extend_from_slice(&entry.to_le_bytes());
                }
            }
            for (range, bytes) in ranges.iter().enumerate() {
                let mut file = lock(&self.files[band * self.n_ranges + range]);
                if let Err(why) = file.write_all(bytes) {
                    lock(&self.failure).get_or_insert(why);
                }
            }
        }
        sketches.keys = Vec::new();
        sketches.marks = Vec::new();
    }

    /// The failure that a writer met, if one did.
    pub fn check(&self) -> Result<(), DedupError> {
        lock(&self.failure)
            .take()
            .map_or(Ok(()), |why| Err(self.failed(why)))
    }

    /// The entries of file `i` whose rows are `alive`, sorted.
    pub fn read(&self, i: usize, alive: &[bool]) -> Result<Vec<Entry>, DedupError> {
        let mut bytes = Vec::new();
        let mut file = lock(&self.files[i]);
        io::Seek::rewind(&mut *file)
            .and_then(|()| file.read_to_end(&mut bytes))
            .map_err(|why| self.failed(why))?;
        let entries = bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|b| u64::from_le_bytes(*b));
        let mut entries: Vec<Entry> = entries
            .filter(|entry| alive.get(*entry as u32 as usize) == Some(&true))
            .collect();
        drop(bytes);
        entries.sort_unstable();
        Ok(entries)
    }

    fn failed(&self, why: io::Error) -> DedupError {
        DedupError::Spill {
            path: self.directory.clone(),
            why,
        }
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // best effort: what cannot be removed is the caller's scratch directory's business
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
