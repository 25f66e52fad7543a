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

/// What a long chunk asks now and then: is the result still wanted?
pub struct Pulse<'a> {
    shared: &'a Shared,
    /// Whom to ask, on the calling thread; the others look at the flag alone.
    watch: Option<(&'a dyn Watch, u64)>,
}

/// Asks a pulse once in so many small steps of a few nanoseconds each, for an answer costs as much as ten of them.
pub struct Patience<'a> {
    pulse: &'a Pulse<'a>,
    spent: usize,
}

const ASK_EVERY: usize = 1 << 20;

impl<'a> Patience<'a> {
    pub fn new(pulse: &'a Pulse<'a>) -> Self {
        Self { pulse, spent: 0 }
    }

    /// Whether to go on, `steps` having been done since it was asked last.
    #[inline(always)]
    pub fn after(&mut self, steps: usize) -> bool {
        self.spent += steps;
        if self.spent < ASK_EVERY {
            return true;
        }
        self.spent = 0;
        self.pulse.goes_on()
    }
}

impl Pulse<'_> {
    /// For tests of what a chunk does: nobody ever stops it.
    #[cfg(test)]
    pub fn unwatched() -> Pulse<'static> {
        static NOBODY: Shared = Shared {
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        };
        Pulse {
            shared: &NOBODY,
            watch: None,
        }
    }

    /// False: nobody will read the result, so the chunk may end at once, whatever it has written.
    pub fn goes_on(&self) -> bool {
        if let Some((watch, total)) = self.watch
            && !watch.tick(self.shared.done.load(Ordering::Acquire) as u64, total)
        {
            self.shared.stop.store(true, Ordering::Release);
        }
        !self.is_stopped()
    }

    /// What somebody was told before; nobody is asked.
    pub fn is_stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
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
    run_long_chunks(n_chunks, threads, watch, |chunk, _| work(chunk))
}

/// As `run_chunks`, for chunks so long that they ask a `Pulse` themselves whether to go on.
pub fn run_long_chunks<F>(
    n_chunks: usize,
    threads: usize,
    watch: &dyn Watch,
    work: F,
) -> Result<(), Stopped>
where
    F: Fn(usize, &Pulse<'_>) + Sync,
{
    let shared = Shared {
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    let total = n_chunks as u64;
    let helpers = threads.clamp(1, n_chunks.max(1)) - 1;
    thread::scope(|scope| {
        let alarm = StopOnUnwind(&shared.stop); // set before the first thread: the system may refuse the second
        let handles: Vec<_> = (0..helpers)
            .map(|_| scope.spawn(|| while shared.take(n_chunks, None, &work) {}))
            .collect();
        loop {
            if !watch.tick(shared.done.load(Ordering::Acquire) as u64, total) {
                shared.stop.store(true, Ordering::Release);
                break;
            }
            if !shared.take(n_chunks, Some((watch, total)), &work) {
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
    fn take<F: Fn(usize, &Pulse<'_>)>(
        &self,
        n_chunks: usize,
        watch: Option<(&dyn Watch, u64)>,
        work: &F,
    ) -> bool {
        if self.stop.load(Ordering::Acquire) {
            return false;
        }
        let chunk = self.next.fetch_add(1, Ordering::Relaxed);
        if chunk >= n_chunks {
            return false;
        }
        let alarm = StopOnUnwind(&self.stop);
        let pulse = Pulse {
            shared: self,
            watch,
        };
        work(chunk, &pulse);
        std::mem::forget(alarm);
        if self.stop.load(Ordering::Acquire) {
            return false; // the chunk may have ended early
        }
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
    fn a_chunk_that_asks_ends_early_on_every_thread() {
        for threads in [1, 2] {
            let stopped =
                run_long_chunks(2, threads, &StopAfter(5, AtomicU64::new(0)), |_, pulse| {
                    while pulse.goes_on() {
                        thread::sleep(Duration::from_micros(100));
                    }
                });
            assert_eq!(stopped, Err(Stopped));
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
