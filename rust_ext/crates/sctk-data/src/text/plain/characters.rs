//! The characters of a script without spaces as its dictionary wants them, many at a time.

use std::sync::OnceLock;

use super::blocks::character_at;
use super::forms;
use super::runs::Run;
use crate::text::block::Block;
use crate::text::dictionary;
use crate::text::fold::joined_by;
use crate::text::simd::per_level;
use crate::text::unicode::{Alphabet, Form};

/// What is to be known of a character of a script.
#[derive(Clone, Copy, Default)]
#[repr(C, align(4))]
struct Known {
    /// What the dictionary wants.
    symbol: u8,
    /// One less than its combining class: `u8::MAX` where it is no mark.
    class: u8,
    /// The same, 0 where it is no mark: a mark of a lower `class` should not stand behind it.
    least: u8,
    kind: Kind,
}

/// How a character is written.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Another script's, or something is to be heeded of it.
    #[default]
    Other,
    /// As it is.
    Straight,
    /// As its form says.
    Changed,
    /// As it is, unless a certain character is the next one.
    Joins,
}

/// The characters of three bytes that share all bits but the last two of their second byte and the last six of their third; those
/// of a script among them are known.
pub struct Characters {
    /// The first two bytes; where they count.
    lead: u16,
    known: [Known; 256],
    tables: Tables,
}

/// The same as `Characters` has, for vectors.
#[repr(align(64))]
pub struct Tables {
    pub symbols: [u8; 256],
    pub classes: [u8; 256],
    /// A `Kind` each.
    pub kinds: [u8; 256],
    pub lead: [u8; 2],
}

/// How many characters of three bytes are in 64 bytes.
pub const SOME: usize = 21;

/// Simple characters that are written as they are or as their form says.
pub struct Simple {
    /// The first `n` count.
    pub symbols: [u8; 64],
    pub n: usize,
    /// Which of them are `Kind::Changed`.
    pub changed: u32,
    /// The last one's (`Known::least`).
    pub least: u8,
    /// What follows is none, however closely it is looked at.
    pub ends: bool,
}

/// Which bits of the first two bytes all characters of a script have in common.
const LEAD: u16 = u16::from_be_bytes([0xff, 0xfc]);

impl Characters {
    fn new(script: usize) -> Self {
        const MARKS: u8 = Form::MARK | Form::MARKED;
        const JOINS: u8 = Form::COMPLEX | Form::JOINS;
        let table = forms(Alphabet::Unicode, 0);
        let pages = table.pages.as_ref().expect("plane 0 has pages");
        let first = dictionary::first_of(script) & !0xff;
        let known = std::array::from_fn(|i| {
            let c = first + i as u32;
            if !dictionary::is_of(script, c) {
                return Known::default();
            }
            let form = table.forms[c as usize];
            let marks = form.heed() & MARKS;
            let classes = match marks {
                0 => [0; 2],
                _ => pages.classes(c),
            };
            let is_mark = marks == MARKS && classes[0] == classes[1];
            let is_in_order = is_mark || marks == 0;
            let kind = match (form.heed() & !MARKS, form.bits() & Form::CHANGED) {
                _ if !is_in_order || form.n() == 0 => Kind::Other,
                (Form::COMPLEX, 0) => Kind::Straight,
                (Form::COMPLEX, _) => Kind::Changed,
                (JOINS, 0) if joined_by(c).is_some() => Kind::Joins,
                _ => Kind::Other,
            };
            Known {
                symbol: dictionary::dictionary(script).symbol(c),
                class: classes[0].wrapping_sub(1),
                least: classes[0].saturating_sub(1),
                kind,
            }
        });
        let known: [Known; 256] = known;
        let lead = 0xe080 | (first >> 12 << 8 | first >> 6 & 0x3f) as u16;
        let tables = Tables {
            symbols: known.map(|known| known.symbol),
            classes: known.map(|known| known.class),
            kinds: known.map(|known| known.kind as u8),
            lead: lead.to_be_bytes(),
        };
        Self {
            lead,
            known,
            tables,
        }
    }

    /// Those of a script.
    pub fn of(script: usize) -> &'static Self {
        static MADE: [OnceLock<Characters>; 4] = [const { OnceLock::new() }; 4];
        MADE[script].get_or_init(|| Self::new(script))
    }

    /// What is known of the first character of a text, where it is one of these.
    #[inline(always)]
    fn get(&self, [a, b, c]: [u8; 3]) -> Option<Known> {
        let is_own = u16::from_be_bytes([a, b]) & LEAD == self.lead;
        is_own.then(|| self.known[usize::from(b & 3) << 6 | usize::from(c & 63)])
    }

    /// Whether the first of these is written as it is: the next one is known, and does not join it.
    #[inline(never)]
    fn stands_alone(&self, first: [u8; 3], next: Option<&[u8; 3]>) -> bool {
        let is_simple = |next: [u8; 3]| self.get(next).is_some_and(|next| next.kind != Kind::Other);
        let next = next.copied().filter(|&next| is_simple(next));
        let second = joined_by(character_at(&first, 0).0);
        next.is_some_and(|next| Some(character_at(&next, 0).0) != second.map(u32::from))
    }

    /// Adds the symbols of simple characters, of at most `SOME`, to `run`: how many, and the last one's `Known::least`.
    #[inline(always)]
    fn add(&self, rest: &[[u8; 3]], mut least: u8, run: &mut Run) -> (usize, u8) {
        let (mut symbols, mut n) = ([0; SOME], 0);
        for (slot, &[a, b, c]) in symbols.iter_mut().zip(rest) {
            let known = self.known[usize::from(b & 3) << 6 | usize::from(c & 63)];
            let is_own = u16::from_be_bytes([a, b]) & LEAD == self.lead;
            if !is_own | (known.kind == Kind::Other) | (known.class < least) {
                break;
            }
            if known.kind == Kind::Changed {
                run.changed.push((run.symbols.len() + n) as u32);
            } else if known.kind == Kind::Joins && !self.stands_alone([a, b, c], rest.get(n + 1)) {
                break;
            }
            least = known.least;
            *slot = known.symbol;
            n += 1;
        }
        run.symbols.extend_from_slice(&symbols[..n]);
        (n, least)
    }
}

per_level! {
    /// Adds the simple characters that `text` begins with to `run`, which has none, up to a mark that should stand before another: how
    /// many bytes they have.
    pub fn collect(characters: &Characters, text: &[u8], run: &mut Run) -> usize = collect_kernel::<B>;
}

#[inline(always)]
fn collect_kernel<B: Block>(characters: &Characters, text: &[u8], run: &mut Run) -> usize {
    let all: &[[u8; 3]] = text.as_chunks().0;
    let (mut least, mut at) = (u8::MAX, 0);
    loop {
        let mut tail = [0; 64];
        let rest = &text[3 * at..];
        let bytes = rest.first_chunk().unwrap_or_else(|| {
            tail[..rest.len()].copy_from_slice(rest);
            &tail
        });
        if let Some(some) = B::simple(&characters.tables, bytes, least) {
            run.symbols.extend_from_slice(&some.symbols);
            let mut changed = some.changed;
            while changed != 0 {
                run.changed.push(at as u32 + changed.trailing_zeros());
                changed &= changed - 1;
            }
            least = some.least;
            if some.n == SOME {
                // a branch, so that what comes next need not wait for how many they are
                at += SOME;
                run.symbols.truncate(at);
                continue;
            }
            at += some.n;
            run.symbols.truncate(at);
            if some.ends {
                return 3 * at;
            }
        }
        let (n, last) = characters.add(&all[at..], least, run);
        at += n;
        if n < SOME {
            return 3 * at;
        }
        least = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Simd;
    use crate::text::hash;

    /// The characters of a script that are read by table, 0 to 3, and a few of other scripts.
    fn letters(script: usize) -> Vec<char> {
        let own = dictionary::first_of(script)..dictionary::first_of(script) + 160;
        let own = own.filter(|&c| dictionary::is_of(script, c));
        own.chain([0x41, 0xe9, 0x4e00, 0x200b, 0x1_f642])
            .filter_map(char::from_u32)
            .collect()
    }

    #[test]
    fn every_level_collects_what_plain_code_does() {
        let mut state = 11_u64;
        let mut draw = |n: usize| {
            state = hash::mix_raw(state.wrapping_add(1));
            (state >> 33) as usize % n
        };
        for script in 0..4 {
            let letters = letters(script);
            let characters = Characters::of(script);
            let is_common = |c: &&char| {
                let known = characters.known[**c as usize & 0xff];
                dictionary::is_of(script, **c as u32)
                    && known.kind == Kind::Straight
                    && known.class == u8::MAX
            };
            let common: Vec<char> = letters.iter().filter(is_common).copied().collect();
            let (mut longest, mut n_changed) = (0, 0);
            for _ in 0..2000 {
                // mostly letters that go on, so that runs are longer than a register
                let rare = draw(12) + 1;
                let text: String = (0..draw(90))
                    .map(|_| match draw(16 * rare) {
                        0 => letters[draw(letters.len())],
                        _ => common[draw(common.len())],
                    })
                    .collect();
                let mut want = Run::default();
                let end = collect(Simd::SCALAR, characters, text.as_bytes(), &mut want);
                assert_eq!(end, 3 * want.symbols.len());
                let simple: Vec<u8> = text[..end]
                    .chars()
                    .map(|c| dictionary::dictionary(script).symbol(c))
                    .collect();
                assert_eq!(want.symbols, simple);
                (longest, n_changed) = (longest.max(end), n_changed + want.changed.len());
                for level in Simd::available() {
                    let mut run = Run::default();
                    assert_eq!(
                        collect(level, characters, text.as_bytes(), &mut run),
                        end,
                        "{level:?} {text:?}"
                    );
                    assert_eq!(
                        (&run.symbols, &run.changed),
                        (&want.symbols, &want.changed),
                        "{level:?} {text:?}"
                    );
                }
            }
            assert!(longest > 200, "{script}: {longest}");
            assert!(n_changed > 0 || script > 1, "{script}");
        }
    }
}
