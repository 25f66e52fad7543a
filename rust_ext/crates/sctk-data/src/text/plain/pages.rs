//! What the characters of 64 code points are written as, byte by byte, so that a vector looks all of one kind up at once.
//!
//! A page is what shares all of a character's bytes but the last one, whose six low bits are the place in it. Each byte of a
//! character has two slots, an even and an odd one, in which its form is written (`slots_of`); the others are `NONE`.

use std::ops::Range;

use super::class;
use crate::text::unicode::{Alphabet, Form};

/// A slot that is not written.
pub const NONE: u8 = 0xff;
/// In the first slot: a closer look is needed.
pub const CLOSER: u8 = 0xfe;
/// In `first`: it is more to an answer than its words are (`Form::ANSWER`).
pub const TELLS: u8 = 0xff;
/// In `last`: where a mark behind it belongs is to be seen.
pub const UNSURE: u8 = 0xff;

/// The characters of three bytes have their pages behind those of two.
pub const OF_THREE: usize = 32;
const N: usize = OF_THREE + 1024;

#[derive(Clone)]
#[repr(C, align(64))]
pub struct Page {
    pub slots: [[u8; 64]; 6],
    /// The combining class of the first part.
    pub first: [u8; 64],
    /// The combining class of the last part.
    pub last: [u8; 64],
    /// What its characters want beyond the even slots.
    pub wants: Wants,
}

/// What is to be looked up; what no page of a text wants need not be.
#[derive(Clone, Copy, Default)]
pub struct Wants {
    /// The odd slots: characters are written with more bytes than they have.
    pub odd: bool,
    /// Where marks belong.
    pub classes: bool,
    /// What tells answers, where somebody asks for it (`Recent::is_asked`).
    pub tells: bool,
}

/// The pages of all characters of two and three bytes.
pub struct Pages {
    pages: Box<[Page; N]>,
    /// How the characters U+4E00 to U+9FFF are written, and the Hangul syllables below U+D780.
    pub han: Kind,
    pub hangul: Kind,
    /// Where Han characters are words by themselves: the kana that are, too.
    pub alone: Option<Box<Kana>>,
}

/// Which of the characters U+3040 to U+30FF are words by themselves, and written as they are, a page each: not 0.
pub type Kana = [[u8; 64]; 3];

const HAN: [Range<usize>; 1] = [Range {
    start: 0x4e00,
    end: 0xa000,
}];
const HANGUL: [Range<usize>; 1] = [Range {
    start: 0xac00,
    end: 0xd780,
}];

/// What all characters of a range have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They are written as they are.
    Straight,
    /// The same, with spaces around.
    Alone,
    Other,
}

/// The pages of the blocks before, and of the text before, by what their characters begin with: mostly the next block's too.
#[derive(Default)]
pub struct Recent {
    twos: [u8; 4],
    n_twos: usize,
    threes: [[u8; 2]; 6],
    n_threes: usize,
    wants: Wants,
    /// How many pages this text has added, and whether there were any before.
    n_new: usize,
    is_kept: bool,
    alphabet: Option<Alphabet>,
    /// Whether it is asked what tells answers (`Step::tells`).
    pub is_asked: bool,
}

impl Recent {
    #[inline(always)]
    pub fn twos(&self) -> &[u8] {
        &self.twos[..self.n_twos.min(self.twos.len())]
    }

    #[inline(always)]
    pub fn threes(&self) -> &[[u8; 2]] {
        &self.threes[..self.n_threes.min(self.threes.len())]
    }

    /// A text begins: the pages of the one before are kept where that one needed few that it had not found here, as the next text of
    /// a language does.
    pub fn begin(&mut self, alphabet: Alphabet) {
        let is_other = self.is_kept && self.n_new > 1;
        if is_other || self.alphabet != Some(alphabet) {
            *self = Self {
                alphabet: Some(alphabet),
                is_asked: self.is_asked,
                ..Self::default()
            };
        }
        self.is_kept = self.n_twos + self.n_threes > 0;
        self.n_new = 0;
    }

    /// What any page of the text wants.
    #[inline(always)]
    pub fn wants(&self) -> Wants {
        self.wants
    }

    /// Hears what a page wants.
    pub fn heed(&mut self, page: &Page) {
        self.n_new += 1;
        self.wants.odd |= page.wants.odd;
        self.wants.classes |= page.wants.classes | (page.wants.tells & self.is_asked);
    }

    /// Adds a page, in the place of the oldest one where there is no other.
    pub fn note_two(&mut self, lead: u8) {
        self.twos[self.n_twos % self.twos.len()] = lead;
        self.n_twos += 1;
    }

    /// The same of characters of three bytes.
    pub fn note_three(&mut self, lead: [u8; 2]) {
        self.threes[self.n_threes % self.threes.len()] = lead;
        self.n_threes += 1;
    }
}

/// How far a block is written.
#[derive(Clone, Copy)]
pub struct Step {
    /// How many bytes were written.
    pub written: usize,
    /// Up to this byte of the block.
    pub end: usize,
    /// The character there wants a closer look; else it is the next block's.
    pub closer: bool,
    /// The combining class of the last part that was written, or `UNSURE`.
    pub class: u8,
    /// Something was written that is more to an answer than its words are; where it is asked for.
    pub tells: bool,
}

impl Pages {
    /// The pages of the characters that have these forms.
    pub fn new(forms: &[Form; 0x1_0000]) -> Self {
        let empty = Page {
            slots: [[NONE; 64]; 6],
            first: [0; 64],
            last: [0; 64],
            wants: Wants::default(),
        };
        let pages = vec![empty; N].into_boxed_slice();
        let mut pages: Box<[Page; N]> = pages.try_into().unwrap_or_else(|_| unreachable!());
        for (c, form) in (0..).zip(forms).skip(0x80) {
            let (page, size) = match c {
                0..0x800 => (c >> 6, 2),
                _ => (OF_THREE + (c >> 6), 3),
            };
            pages[page].put(c, *form, size);
        }
        for (i, page) in pages.iter_mut().enumerate() {
            page.settle(i >= OF_THREE + (RARE >> 6));
        }
        let kind = |ranges: &[Range<usize>]| {
            let all = |is: fn(Form) -> bool| {
                let mut all = ranges.iter().flat_map(|range| &forms[range.clone()]);
                all.all(|form| is(*form))
            };
            if all(|form| form.bits() & Form::ALONE != 0) {
                Kind::Alone
            } else if all(is_straight) {
                Kind::Straight
            } else {
                Kind::Other
            }
        };
        Self {
            han: kind(&HAN),
            alone: (kind(&HAN) == Kind::Alone).then(|| {
                let is_alone = |c: usize| u8::from(forms[c].bits() & Form::ALONE != 0);
                Box::new(
                    [0, 1, 2].map(|page| {
                        std::array::from_fn(|place| is_alone(0x3040 + 64 * page + place))
                    }),
                )
            }),
            hangul: kind(&HANGUL),
            pages,
        }
    }

    /// The combining classes of the first and the last part of a character beyond ASCII and below U+10000 (`class`).
    #[inline(always)]
    pub fn classes(&self, c: u32) -> [u8; 2] {
        let (c, place) = (c as usize, c as usize & 63);
        let page = if c < 0x800 {
            c >> 6
        } else {
            OF_THREE + (c >> 6)
        };
        let page = &self.pages[page];
        [page.first[place], page.last[place]]
    }

    /// The page of a character of two bytes.
    #[inline(always)]
    pub fn of_two(&self, first: u8) -> &Page {
        &self.pages[usize::from(first & 0x1f)]
    }

    /// The page of a character of three bytes.
    #[inline(always)]
    pub fn of_three(&self, [first, second]: [u8; 2]) -> &Page {
        &self.pages[OF_THREE + (usize::from(first & 0x0f) << 6 | usize::from(second & 0x3f))]
    }
}

fn is_straight(form: Form) -> bool {
    const OTHER: u64 = Form::CLOSER | Form::CHANGED;
    form.bits() & OTHER == 0 && form.heed() == 0
}

/// From here on characters that want more than the others of their page may be looked at one by one, where they are few.
const RARE: usize = 0x2000;
const FEW: usize = 10;

impl Page {
    /// Says what is wanted, after all characters are put. Where few of a page want the odd slots, or are marks, they are looked at
    /// one by one: for most texts have none of them.
    fn settle(&mut self, may_be_rare: bool) {
        let odd = (0..64).filter(|&place| self.is_odd(place)).collect();
        let is_mark = |first: u8| first != 0 && first != TELLS;
        let marks = (0..64)
            .filter(|&place| is_mark(self.first[place]))
            .collect();
        for places in [odd, marks] {
            let places: Vec<usize> = places;
            if may_be_rare && places.len() <= FEW {
                for place in places {
                    self.look_closer(place);
                }
            }
        }
        let has = |is: &dyn Fn(u8) -> bool| {
            (0..64).any(|place| self.slots[0][place] != CLOSER && is(self.first[place]))
        };
        self.wants = Wants {
            odd: (0..64).any(|place| self.is_odd(place)),
            classes: has(&is_mark),
            tells: has(&|first| first == TELLS),
        };
    }

    fn is_odd(&self, place: usize) -> bool {
        (1..6)
            .step_by(2)
            .any(|slot| self.slots[slot][place] != NONE)
    }

    fn look_closer(&mut self, place: usize) {
        for slot in &mut self.slots {
            slot[place] = NONE;
        }
        self.slots[0][place] = CLOSER;
    }

    fn put(&mut self, c: usize, form: Form, size: usize) {
        const CLOSELY: u8 = Form::COMPLEX | Form::JOINS | Form::LONG;
        let (heed, n, place) = (form.heed(), form.n(), c & 63);
        let tells = heed & Form::ANSWER != 0;
        if heed & Form::MARK != 0 {
            self.first[place] = class(c as u32, |parts| parts.next());
        } else if tells {
            self.first[place] = TELLS;
        }
        if heed & Form::MARKED != 0 {
            self.last[place] = class(c as u32, |parts| parts.next_back());
        } else if n == 0 && heed == 0 {
            self.last[place] = UNSURE;
        }
        if heed & CLOSELY != 0 || n > 2 * size || tells && heed & Form::MARK != 0 {
            self.slots[0][place] = CLOSER;
            return;
        }
        let bytes = &form.bytes()[..n];
        for (slot, byte) in slots_of(bytes, size).into_iter().zip(bytes) {
            self.slots[slot][place] = *byte;
        }
    }
}

/// The slots of these bytes, which a character of `size` bytes is written as. The even ones where there are enough; a character
/// of three bytes that has spaces around has an odd one for the last space, by which one of two spaces is known.
fn slots_of(bytes: &[u8], size: usize) -> [usize; 6] {
    match bytes {
        _ if bytes.len() <= size => [0, 2, 4, 6, 8, 10],
        [b' ', _, _, _, b' '] if size == 3 => [0, 1, 2, 4, 5, 6],
        _ => [0, 1, 2, 3, 4, 5],
    }
}
