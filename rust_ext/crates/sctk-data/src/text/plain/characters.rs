//! The characters of a script without spaces, by their places in a table of 256.

use super::blocks::character_at;
use super::forms;
use crate::text::block::Block;
use crate::text::dictionary::{self, Dictionary, WINDOW};
use crate::text::fold::joined_by;
use crate::text::unicode::{Alphabet, Form};

/// What is to be known of a character of a script.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(4))]
pub struct Known {
    /// What the dictionary wants.
    pub symbol: u8,
    /// One less than its combining class: `u8::MAX` where it is no mark.
    pub class: u8,
    /// The same, 0 where it is no mark: a mark of a lower `class` should not stand behind it.
    pub least: u8,
    pub kind: Kind,
}

impl Known {
    const END: Self = Self::other(Kind::End);

    const fn other(kind: Kind) -> Self {
        Self {
            symbol: dictionary::END,
            class: u8::MAX,
            least: 0,
            kind,
        }
    }
}

/// How a character is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// It is no part of a run.
    End,
    /// Something is to be heeded of it.
    Closer,
    /// As it is.
    Straight,
    /// As its form says.
    Changed,
    /// As it is, unless a certain character is the next one.
    Joins,
}

impl Kind {
    /// A run goes on with it, and no more need be known than the character next to it.
    pub fn is_simple(self) -> bool {
        !matches!(self, Self::End | Self::Closer)
    }
}

/// The characters of three bytes that share all bits but the last two of their second byte and the last six of their third; those
/// of a script among them are known.
pub struct Characters {
    pub dictionary: &'static Dictionary,
    /// The first two bytes; where `LEAD` has bits.
    lead: u16,
    /// The same of four.
    leads: u128,
    /// By place (`place_of`).
    known: [Known; 256],
    /// A place that ends a run.
    end: u8,
}

/// Which bits of the first two bytes all characters of a script have in common.
const LEAD: u16 = u16::from_le_bytes([0xff, 0xfc]);

/// Where a character is in the table: the lower bits of its third byte first, as they lie in its bytes.
fn place_of(c: u32) -> u8 {
    (c << 2 | c >> 6 & 3) as u8
}

/// The same of its three bytes.
#[inline(always)]
fn place_in(bytes: &[u8]) -> u8 {
    bytes[2] << 2 | bytes[1] & 3
}

/// The bits of `LEAD` in four characters.
const LEADS: u128 = four_times(LEAD);

/// The first two bytes of four characters of three.
const fn four_times(lead: u16) -> u128 {
    let lead = lead as u128;
    lead | lead << 24 | lead << 48 | lead << 72
}

impl Characters {
    /// Those of a script.
    pub fn new(script: usize) -> Self {
        let first = dictionary::first_of(script) & !0xff;
        let mut known = [Known::END; 256];
        for c in first..first + 256 {
            known[usize::from(place_of(c))] = known_of(script, c);
        }
        let lead = [0xe0 | (first >> 12) as u8, 0x80 | (first >> 6 & 0x3f) as u8];
        let lead = u16::from_le_bytes(lead);
        let end = known.iter().position(|known| known.kind == Kind::End);
        Self {
            dictionary: dictionary::dictionary(script),
            lead,
            leads: four_times(lead),
            known,
            end: end.expect("a script has fewer characters") as u8,
        }
    }

    /// The places of the four characters of three bytes at `at`, from the first one that is none on that of `end`.
    #[inline(always)]
    pub fn places<B: Block>(&self, text: &[u8], at: usize) -> u32 {
        let mut few = [0; 16];
        let bytes = text[at..].first_chunk().unwrap_or_else(|| {
            few[..text.len() - at].copy_from_slice(&text[at..]);
            &few
        });
        let all = u128::from_le_bytes(*bytes);
        let other = (all ^ self.leads) & LEADS;
        let places = B::places_of_four(all);
        if other == 0 {
            return places;
        }
        // of those that begin before the first other bit
        let own = !(!0 << (8 * (other.trailing_zeros() / 24)));
        let end = u32::from_le_bytes([self.end; WINDOW]);
        places & own | end & !own
    }

    #[inline(always)]
    pub fn at_place(&self, place: u8) -> Known {
        self.known[usize::from(place)]
    }

    /// What is known of the character at `at` of a text, or that a run ends there.
    #[inline(always)]
    pub fn at(&self, text: &[u8], at: usize) -> Known {
        match text.get(at..at + 3) {
            Some(bytes) if self.is_own(bytes) => self.at_place(place_in(bytes)),
            _ => Known::END,
        }
    }

    /// Whether three bytes are a character of the table.
    #[inline(always)]
    fn is_own(&self, bytes: &[u8]) -> bool {
        u16::from_le_bytes([bytes[0], bytes[1]]) & LEAD == self.lead
    }

    /// Whether the character at a place, which joins a certain one, has another simple one next to it.
    #[inline(never)]
    pub fn stands_alone(&self, place: u8, next: u8) -> bool {
        let second = joined_by(self.character(place));
        let is_second = second.is_some_and(|c| c as u32 == self.character(next));
        self.at_place(next).kind.is_simple() && !is_second
    }

    /// The symbol of the character at `at` of a text; None where it is not simple, or stands behind a mark that it should stand before.
    pub fn symbol(&self, text: &[u8], at: usize, is_first: bool) -> Option<u8> {
        let (known, next) = (self.at(text, at), text.get(at + 3..at + 6));
        let is_simple = match (known.kind, next) {
            (Kind::End, _) => return Some(dictionary::END),
            (Kind::Straight | Kind::Changed, _) => true,
            (Kind::Joins, Some(next)) if self.is_own(next) => {
                self.stands_alone(place_in(&text[at..]), place_in(next))
            }
            _ => false,
        };
        let is_in_order = is_first || known.class >= self.at(text, at - 3).least;
        (is_simple && is_in_order).then_some(known.symbol)
    }

    /// The character at a place.
    fn character(&self, place: u8) -> u32 {
        let [a, b] = self.lead.to_le_bytes();
        character_at(&[a, b | (place & 3), 0x80 | (place >> 2)], 0).0
    }
}

/// What is to be known of any character in a run of a script.
fn known_of(script: usize, c: u32) -> Known {
    const MARKS: u8 = Form::MARK | Form::MARKED;
    const JOINS: u8 = Form::COMPLEX | Form::JOINS;
    let table = forms(Alphabet::Unicode, 0);
    let form = table.forms[c as usize];
    if form.heed() & Form::COMPLEX == 0 {
        let is_written = form.n() > 0 || form.heed() & Form::LONG != 0;
        return Known::other(if is_written { Kind::End } else { Kind::Closer });
    }
    if !dictionary::is_of(script, c) {
        return Known::END;
    }
    let marks = form.heed() & MARKS;
    let classes = match marks {
        0 => [0; 2],
        _ => table.pages.as_ref().expect("plane 0 has pages").classes(c),
    };
    let is_mark = marks == MARKS && classes[0] == classes[1];
    let is_in_order = is_mark || marks == 0;
    let kind = match (form.heed() & !MARKS, form.bits() & Form::CHANGED) {
        _ if !is_in_order || form.n() == 0 => Kind::Closer,
        (Form::COMPLEX, 0) => Kind::Straight,
        (Form::COMPLEX, _) => Kind::Changed,
        (JOINS, 0) if joined_by(c).is_some() => Kind::Joins,
        _ => Kind::Closer,
    };
    Known {
        symbol: dictionary::dictionary(script).symbol(c),
        class: classes[0].wrapping_sub(1),
        least: classes[0].saturating_sub(1),
        kind,
    }
}
