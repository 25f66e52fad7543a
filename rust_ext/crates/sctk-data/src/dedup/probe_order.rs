//! Where an empty slot of a sketch looks for a value, the same on every machine.

use super::sketch::SLOTS;
use crate::text::hash::mix_raw;

/// `PROBES[slot]` is the order in which an empty slot asks the other slots.
pub static PROBES: [[u8; SLOTS]; SLOTS] = probes();

const fn probes() -> [[u8; SLOTS]; SLOTS] {
    let mut table = [[0; SLOTS]; SLOTS];
    let mut slot = 0;
    while slot < SLOTS {
        let mut round = 0;
        while round < SLOTS {
            table[slot][round] = (mix_raw((slot * SLOTS + round) as u64) >> 57) as u8;
            round += 1;
        }
        slot += 1;
    }
    table
}
