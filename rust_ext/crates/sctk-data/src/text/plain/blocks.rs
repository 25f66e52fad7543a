//! One block of 64 bytes into its plain form: the ways for the kinds of block that are common, and the way for any.

use super::{BLOCK, MARGIN, MOST, Table};
use crate::text::block::{Block, Scalar};
use crate::text::unicode::Form;

/// A block, and what lies behind it.
pub type Bytes = [u8; BLOCK + MARGIN];
/// What a block becomes.
pub type Room = [u8; MOST];

/// How far a block is written.
#[derive(Clone, Copy)]
pub struct Way {
    /// Up to this byte of the block.
    pub from: usize,
    /// The characters that are still to be written.
    pub leads: u64,
}

/// The four bytes at a place, the first one highest.
#[inline(always)]
fn four(bytes: &Bytes, place: usize) -> u32 {
    u32::from_be_bytes(*bytes[place..].first_chunk().expect("there is a margin"))
}

/// The character of several bytes at this place of a text, and how many they are.
#[inline(always)]
pub fn character_at(text: &[u8], at: usize) -> (u32, usize) {
    let n = length(text[at]);
    let four = match text[at..].first_chunk() {
        Some(four) => u32::from_be_bytes(*four),
        // the last one of the text
        None => (at..at + n).fold(0, |four, i| four << 8 | u32::from(text[i])) << (8 * (4 - n)),
    };
    (Scalar::code_point(four), n)
}

/// How many bytes the character has that begins with this one, which is not ASCII.
#[inline(always)]
pub fn length(first: u8) -> usize {
    (!first).leading_zeros() as usize
}

/// Every third bit: where characters of three bytes begin.
const THREES: u64 = 0x9249_2492_4924_9249;

/// Writes a block of one of the common kinds, `n` bytes of it: how many bytes, and up to where it is written then; None: it is
/// none, and nothing is written.
#[inline(always)]
pub fn write_common<B: Block>(
    table: &Table,
    bytes: &Bytes,
    above: u64,
    way: Way,
    n: usize,
    room: &mut Room,
) -> Option<(usize, usize)> {
    let Way { from, leads } = way;
    if leads == THREES << from && above | !(!0 << from) == !0 {
        let first = bits::<B>(&table.forms, bytes, from);
        if first & Form::ALONE != 0
            && let Some(written) = write_alone::<B>(&table.forms, bytes, from, room)
        {
            return Some(written);
        }
        return write_threes::<B>(&table.forms, bytes, from, room);
    }
    if from > MARGIN {
        return None;
    }
    if leads == 0 {
        return write_straight::<B>(table, bytes, way, (0, n), room);
    }
    // where the first one is to be heeded, mostly others are too
    let first = bits::<B>(&table.forms, bytes, leads.trailing_zeros() as usize);
    let last = 63 - leads.leading_zeros() as usize;
    let end = n.max(last + length(bytes[last]));
    let all_two = above & (!0 << from) == leads | leads << 1 && length(bytes[last]) == 2;
    match first & Form::CLOSER {
        0 if all_two => {
            let next = bytes[1..].first_chunk().expect("there is a margin");
            let block = bytes.first_chunk().expect("a block is shorter");
            let unsure = leads & !B::known_twos(block, next, &table.straight);
            write_straight::<B>(table, bytes, way, (unsure, end), room)
        }
        0 => write_straight::<B>(table, bytes, way, (leads, end), room),
        Form::RESIZED if all_two => write_twos::<B>(&table.forms, bytes, way, end, room),
        _ => None,
    }
}

/// Writes a block of ASCII and of characters of two bytes that are all written as they are: up to where; None: it is none.
#[inline(always)]
pub fn write_known<B: Block>(
    table: &Table,
    bytes: &Bytes,
    n: usize,
    room: &mut Room,
) -> Option<usize> {
    let block = bytes.first_chunk().expect("a block is shorter");
    let [above, leads] = B::leads(block);
    let mut end = n;
    if leads != 0 {
        if above != leads | leads << 1 {
            return None; // a character of another length
        }
        let next = bytes[1..].first_chunk().expect("there is a margin");
        let known = B::known_twos(block, next, &table.straight);
        if known != leads {
            return None;
        }
        end = n.max(65 - leads.leading_zeros() as usize);
    }
    room[..BLOCK + MARGIN].copy_from_slice(bytes);
    Some(end)
}

type Forms = [Form; 0x1_0000];

/// What is known of the character at a place (`Form::bits`).
#[inline(always)]
fn bits<B: Block>(forms: &Forms, bytes: &Bytes, place: usize) -> u64 {
    let c = B::code_point(four(bytes, place));
    forms
        .get(c as usize)
        .map_or(Form::RESIZED, |form| form.bits())
}

/// A block of characters that are all written with as many bytes as they have; only of those in `unsure` that is to be seen.
#[inline(always)]
fn write_straight<B: Block>(
    table: &Table,
    bytes: &Bytes,
    way: Way,
    (unsure, end): (u64, usize),
    room: &mut Room,
) -> Option<(usize, usize)> {
    let (mut any, mut leads) = (0, unsure);
    while leads != 0 {
        any |= bits::<B>(&table.forms, bytes, leads.trailing_zeros() as usize);
        leads &= leads - 1;
    }
    if any & Form::CLOSER != 0 {
        return None;
    }
    // as much as there may be, whatever is wanted: what is too much is written over
    room[..BLOCK].copy_from_slice(&bytes[way.from..way.from + BLOCK]);
    room[BLOCK - way.from..][..MARGIN].copy_from_slice(&bytes[BLOCK..]);
    if any & Form::CHANGED != 0 {
        let leads = unsure;
        change::<B>(&table.forms, bytes, Way { leads, ..way }, room);
    }
    Some((end - way.from, end))
}

/// Writes the characters of a block, each with as many bytes as it has, over their copies.
#[inline(always)]
fn change<B: Block>(forms: &Forms, bytes: &Bytes, way: Way, room: &mut Room) {
    let mut leads = way.leads;
    while leads != 0 {
        let place = leads.trailing_zeros() as usize;
        let form = forms[B::code_point(four(bytes, place)) as usize];
        let to = &mut room[place - way.from..];
        if form.n() == 2 {
            to[..2].copy_from_slice(&form.bytes()[..2]);
        } else {
            to[..form.n()].copy_from_slice(&form.bytes()[..form.n()]);
        }
        leads &= leads - 1;
    }
}

/// A block of ASCII and characters of two bytes, whatever they are written as.
#[inline(always)]
fn write_twos<B: Block>(
    forms: &Forms,
    bytes: &Bytes,
    way: Way,
    end: usize,
    room: &mut Room,
) -> Option<(usize, usize)> {
    let forms: &[Form; 0x800] = forms.first_chunk().expect("they are more");
    let Way {
        mut from,
        mut leads,
    } = way;
    let (mut any, mut n) = (0, 0);
    while leads != 0 {
        let place = leads.trailing_zeros() as usize;
        n += copy_ascii(bytes, from, place, room, n);
        let two = u16::from_be_bytes(*bytes[place..].first_chunk().expect("there is a margin"));
        let form = forms[usize::from(B::code_point_of_two(two)) & 0x7ff];
        any |= form.bits();
        room[n..n + 8].copy_from_slice(&form.bytes());
        n += form.n();
        from = place + 2;
        leads &= leads - 1;
    }
    if from < end {
        n += copy_ascii(bytes, from, end, room, n);
    }
    (any & Form::HEED == 0).then_some((n, end))
}

/// A space behind three bytes.
const SPACE_BEHIND: u32 = (b' ' as u32) << 24;

/// A block of characters of three bytes that are words by themselves.
#[inline(always)]
fn write_alone<B: Block>(
    forms: &Forms,
    bytes: &Bytes,
    from: usize,
    room: &mut Room,
) -> Option<(usize, usize)> {
    let (mut all, mut n, mut place) = (!0, 1, from);
    room[0] = b' ';
    while place < BLOCK {
        let four = u32::from_le_bytes(*bytes[place..].first_chunk().expect("there is a margin"));
        all &= forms[usize::from(B::code_point_of_three(four.swap_bytes()))].bits();
        room[n..n + 4].copy_from_slice(&(four & 0xff_ffff | SPACE_BEHIND).to_le_bytes());
        n += 4;
        place += 3;
    }
    let all_three = length(bytes[place - 3]) == 3; // the last one may reach out of the block
    (all_three && all & Form::ALONE != 0).then_some((n, place))
}

/// A block of characters of three bytes, whatever they are written as.
#[inline(always)]
fn write_threes<B: Block>(
    forms: &Forms,
    bytes: &Bytes,
    from: usize,
    room: &mut Room,
) -> Option<(usize, usize)> {
    let (mut any, mut n, mut place) = (0, 0, from);
    while place < BLOCK {
        let form = forms[usize::from(B::code_point_of_three(four(bytes, place)))];
        any |= form.bits();
        room[n..n + 8].copy_from_slice(&form.bytes());
        n += form.n();
        place += 3;
    }
    let all_three = length(bytes[place - 3]) == 3;
    (all_three && any & Form::HEED == 0).then_some((n, place))
}

/// Writes characters up to the first one that wants a closer look: how many bytes, and where that one is.
#[inline(always)]
pub fn write_some<B: Block>(
    table: &Table,
    bytes: &Bytes,
    way: &mut Way,
    room: &mut Room,
) -> (usize, Option<usize>) {
    let Way {
        mut from,
        mut leads,
    } = *way;
    let mut n = 0;
    while leads != 0 {
        let place = leads.trailing_zeros() as usize;
        n += copy_ascii(bytes, from, place, room, n);
        let form = table.forms.get(B::code_point(four(bytes, place)) as usize);
        let form = form.filter(|form| form.bits() & Form::HEED == 0);
        let Some(&form) = form else {
            return (n, Some(place));
        };
        room[n..n + 8].copy_from_slice(&form.bytes());
        n += form.n();
        from = place + length(bytes[place]);
        leads &= leads - 1;
    }
    way.from = from;
    (n, None)
}

/// Copies the bytes `from .. to` of a block to `room[n..]`: how many.
#[inline(always)]
pub fn copy_ascii(bytes: &Bytes, from: usize, to: usize, room: &mut Room, n: usize) -> usize {
    // sixteen whatever is wanted: what is too much is written over
    room[n..n + 16].copy_from_slice(&bytes[from..from + 16]);
    if to - from > 16 {
        room[n + 16..n + to - from].copy_from_slice(&bytes[from + 16..to]);
    }
    to - from
}
