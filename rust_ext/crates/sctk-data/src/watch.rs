//! Long work that can be watched and stopped, on any number of threads, with the same result for each number.
//!
//! Work is cut into numbered chunks whose results do not depend on who does them. The calling thread takes
//! chunks like the others, and it is the one that reports progress and notices a wish to stop (the door
//! checks Python's signals there, because only that thread may).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// The work was stopped from outside; its results are incomplete and were thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped from outside")
    }
}

impl std::error::Error for Stopped {}

/// Who watches a long piece of work.
pub trait Watch: Sync {
    /// Hears from the calling thread that `done` of `total` units stand; false: stop.
    fn tick(&self, done: u64, total: u64) -> bool;
}

/// Nobody watches: the work runs to its end.
pub struct Unwatched;

impl Watch for Unwatched {
    fn tick(&self, _done: u64, _total: u64) -> bool {
        true
    }
}

/// Calls `tick` and turns a refusal into an error: for work on one thread.
pub fn check(watch: &dyn Watch, done: u64, total: u64) -> Result<(), Stopped> {
    if watch.tick(done, total) {
        Ok(())
    } else {
        Err(Stopped)
    }
}

/// Does `work(0) .. work(n_chunks - 1)`, each once, on `threads` threads of which the caller is one.
///
/// Chunks are handed out in order to whoever is free, so `work` must write only to places that its number
/// owns. `tick` is called on the calling thread only, between its chunks and while it waits for the others.
/// A panic in a chunk is raised again here.
pub fn run_chunks<F>(
    n_chunks: usize,
    threads: usize,
    watch: &dyn Watch,
    work: F,
) -> Result<(), Stopped>
where
    F: Fn(usize) + Sync,
{
    let shared = Shared {
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    let total = n_chunks as u64;
    let helpers = threads.clamp(1, n_chunks.max(1)) - 1;
    thread::scope(|scope| {
        let handles: Vec<_> = (0..helpers)
            .map(|_| scope.spawn(|| while shared.take(n_chunks, &work) {}))
            .collect();
        let alarm = StopOnUnwind(&shared.stop);
        loop {
            if !watch.tick(shared.done.load(Ordering::Acquire) as u64, total) {
                shared.stop.store(true, Ordering::Release);
                break;
            }
            if !shared.take(n_chunks, &work) {
                break;
            }
        }
        while handles.iter().any(|handle| !handle.is_finished()) {
            if !watch.tick(shared.done.load(Ordering::Acquire) as u64, total) {
                shared.stop.store(true, Ordering::Release);
            }
            thread::sleep(Duration::from_micros(200));
        }
        std::mem::forget(alarm);
        for handle in handles {
            if let Err(panic) = handle.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    if shared.done.load(Ordering::Acquire) == n_chunks {
        check(watch, total, total)
    } else {
        Err(Stopped)
    }
}

struct Shared {
    next: AtomicUsize,
    done: AtomicUsize,
    stop: AtomicBool,
}

impl Shared {
    /// Does one chunk; false when there is none left or the work was stopped.
    fn take<F: Fn(usize)>(&self, n_chunks: usize, work: &F) -> bool {
        if self.stop.load(Ordering::Acquire) {
            return false;
        }
        let chunk = self.next.fetch_add(1, Ordering::Relaxed);
        if chunk >= n_chunks {
            return false;
        }
        let alarm = StopOnUnwind(&self.stop);
        work(chunk);
        std::mem::forget(alarm);
        self.done.fetch_add(1, Ordering::Release);
        true
    }
}

/// Tells the other threads to stop when the work panics, so that nobody finishes what nobody will read.
struct StopOnUnwind<'a>(&'a AtomicBool);

impl Drop for StopOnUnwind<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn every_chunk_is_done_once_for_any_number_of_threads() {
        for threads in [1, 2, 3, 8] {
            for n in [0, 1, 7, 100] {
                let hits: Vec<AtomicU64> = (0..n).map(|_| AtomicU64::new(0)).collect();
                run_chunks(n, threads, &Unwatched, |i| {
                    hits[i].fetch_add(1, Ordering::Relaxed);
                })
                .unwrap();
                assert!(hits.iter().all(|hit| hit.load(Ordering::Relaxed) == 1));
            }
        }
    }

    struct StopAfter(u64, AtomicU64);

    impl Watch for StopAfter {
        fn tick(&self, _done: u64, _total: u64) -> bool {
            self.1.fetch_add(1, Ordering::Relaxed) < self.0
        }
    }

    #[test]
    fn a_watcher_can_stop_it() {
        for threads in [1, 2] {
            let hits = AtomicU64::new(0);
            let stopped = run_chunks(1_000_000, threads, &StopAfter(3, AtomicU64::new(0)), |_| {
                hits.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_micros(10));
            });
            assert_eq!(stopped, Err(Stopped));
            assert!(hits.load(Ordering::Relaxed) < 1_000_000);
        }
    }

    #[test]
    fn a_panic_in_a_helper_reaches_the_caller() {
        let caught = std::panic::catch_unwind(|| {
            run_chunks(100, 2, &Unwatched, |i| {
                assert!(i != 50, "chunk 50 is broken")
            })
            .ok();
        });
        assert!(caught.is_err());
    }
}
