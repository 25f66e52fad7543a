//! The words of a run of simple characters, found in the text itself and copied one by one.
//!
//! Simple are characters of three bytes that are written as they are, or as their form says by itself, and whose marks stand in
//! order: nearly all of nearly every run. What four of them lead to is remembered (`begun`), so most words cost one look into a table.

use std::sync::OnceLock;

use super::begun::{Begun, Behind, Met};
use super::blocks::character_at;
use super::characters::{Characters, Kind};
use super::{MOST, Writer};
use crate::text::block::Block;
use crate::text::dictionary::{END, WINDOW};
use crate::text::simd::per_level;

/// The characters of a script, and what was met of them.
pub struct Walk {
    characters: Characters,
    met: Met,
}

/// A word of so many bytes, and whether a character near its begin may be written as another.
struct Word {
    size: usize,
    is_changed: bool,
}

/// Why there is no word.
#[derive(PartialEq, Eq)]
enum Stop {
    /// The run has ended.
    End,
    /// A character is not simple.
    Closer,
}

per_level! {
    /// Writes the words of the run of simple characters that begins at `done`, spaces around each, and moves behind it; false: there is
    /// another character in it, and nothing is written.
    pub fn walk(writer: &mut Writer<'_>, script: usize) -> bool = walk_kernel::<B>;
}

#[inline(always)]
fn walk_kernel<B: Block>(writer: &mut Writer<'_>, script: usize) -> bool {
    let walk = Walk::of(script);
    let (text, begin) = (writer.text, writer.plain.n);
    let mut at = writer.done;
    writer.plain.make_room(MOST);
    writer.plain.space();
    let stop = loop {
        if text.get(at).is_none_or(u8::is_ascii) {
            break Stop::End; // known sooner
        }
        match walk.word::<B>(text, at) {
            Ok(word) => {
                writer.copy(at, &word);
                at += word.size;
            }
            Err(stop) => break stop,
        }
    };
    if stop == Stop::Closer || at == writer.done || !writer.is_end(script, at) {
        writer.plain.n = begin;
        return false;
    }
    writer.done = at;
    true
}

impl Walk {
    /// That of a script.
    fn of(script: usize) -> &'static Self {
        static MADE: [OnceLock<Walk>; 4] = [const { OnceLock::new() }; 4];
        MADE[script].get_or_init(|| Self {
            characters: Characters::new(script),
            met: Met::default(),
        })
    }

    /// The word that begins at `at`.
    #[inline(always)]
    fn word<B: Block>(&self, text: &[u8], at: usize) -> Result<Word, Stop> {
        let mut begun = self.behind::<B>(text, at, 0);
        let mut word = Word {
            size: begun.size(),
            is_changed: begun.is_changed(),
        };
        let mut from = 0;
        loop {
            let node = match begun.behind() {
                Behind::Nowhere => return Ok(word),
                Behind::Node(node) => node,
                Behind::Unsure => return self.slowly(text, at),
                Behind::End => return Err(Stop::End),
                Behind::Closer => return Err(Stop::Closer),
            };
            from += 3 * WINDOW;
            begun = self.behind::<B>(text, at + from, node);
            if begun.size() < 3 * WINDOW {
                word.size = from + begun.size();
            }
            word.is_changed |= begun.is_changed();
            if word.size == 0 && begun.behind() == Behind::Nowhere {
                return self.slowly(text, at);
            }
        }
    }

    /// The same, looked at character by character.
    #[inline(never)]
    fn slowly(&self, text: &[u8], at: usize) -> Result<Word, Stop> {
        let symbol = |i: usize| self.characters.symbol(text, at + 3 * i, i == 0);
        let n = self.characters.dictionary.word(symbol);
        Ok(Word {
            size: 3 * n.ok_or(Stop::Closer)?,
            is_changed: true,
        })
    }

    /// What is found behind the four characters at `at`, and a node behind those before; 0: a word begins.
    #[inline(always)]
    fn behind<B: Block>(&self, text: &[u8], at: usize, node: u32) -> Begun {
        let places = self.characters.places::<B>(text, at);
        match self.met.get(node, places) {
            Some(begun) => begun,
            None => {
                let least = match node {
                    0 => u8::MAX,
                    _ => self.characters.at(text, at - 3).least, // as of every character that leads to the node
                };
                let begun = self.find(node, least, places);
                self.met.put(node, places, begun);
                begun
            }
        }
    }

    /// The same; `least` is that of the character before.
    #[inline(always)]
    fn find(&self, node: u32, mut least: u8, places: u32) -> Begun {
        let characters = &self.characters;
        let (four, mut window) = (places.to_le_bytes(), [END; WINDOW]);
        let (mut is_changed, mut is_unsure) = (false, false);
        for (i, &place) in four.iter().enumerate() {
            let known = characters.at_place(place);
            let is_simple = match (known.kind, four.get(i + 1)) {
                (Kind::End, _) => break,
                (Kind::Closer, _) => false,
                (Kind::Joins, Some(&next)) => characters.stands_alone(place, next),
                _ => true,
            };
            if !is_simple || known.class < least {
                return Begun::new(Behind::Closer, 0, false);
            }
            is_changed |= known.kind == Kind::Changed;
            is_unsure |= known.kind == Kind::Joins && i + 1 == WINDOW;
            window[i] = known.symbol;
            least = known.least;
        }
        let (next, longest) = characters.dictionary.behind(node, window);
        let is_end = node == 0 && characters.at_place(four[0]).kind == Kind::End;
        let behind = match next {
            _ if is_end => Behind::End,
            _ if is_unsure => Behind::Unsure,
            0 if node == 0 && longest.is_none() => Behind::Unsure,
            0 => Behind::Nowhere,
            next => Behind::Node(next),
        };
        let none = if node == 0 { 0 } else { WINDOW };
        Begun::new(behind, 3 * longest.unwrap_or(none), is_changed)
    }
}

impl Writer<'_> {
    /// Writes a word, a space behind it.
    #[inline(always)]
    fn copy(&mut self, at: usize, word: &Word) {
        const MANY: usize = 32;
        let Word { size, is_changed } = *word;
        // each character has at most 6 bytes, and up to 32 are written at a time
        self.plain.make_room(2 * size + MANY);
        let (text, bytes, mut n) = (self.text, &mut self.plain.bytes, self.plain.n);
        if is_changed {
            for at in (at..at + size).step_by(3) {
                let form = self.forms.forms[character_at(text, at).0 as usize];
                bytes[n..n + 8].copy_from_slice(&form.bytes());
                n += form.n();
            }
        } else if let Some(many) = text[at..].first_chunk::<MANY>()
            && size <= MANY
        {
            bytes[n..n + MANY].copy_from_slice(many);
            n += size;
        } else {
            bytes[n..n + size].copy_from_slice(&text[at..at + size]);
            n += size;
        }
        bytes[n] = b' ';
        self.plain.n = n + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Plain;
    use crate::text::unicode::Alphabet;
    use crate::text::{Simd, WordHasher, dictionary, fold, hash, spans};

    /// The characters of a script: those that a run goes on with, whatever they are, and a few others.
    fn letters(script: usize) -> Vec<char> {
        let own = dictionary::first_of(script)..dictionary::first_of(script) + 160;
        let own = own.filter(|&c| dictionary::is_of(script, c));
        own.chain([0x20, 0x41, 0xe9, 0x4e00, 0x200b, 0x200d, 0x1_f642])
            .filter_map(char::from_u32)
            .collect()
    }

    /// Words of the dictionary, and pieces of words that are none; now and then any of `letters` between them.
    fn text_of(
        words: &[String],
        letters: &[char],
        draw: &mut impl FnMut(usize) -> usize,
    ) -> String {
        let rare = 1 << draw(7);
        (0..draw(14) + 1)
            .map(|_| {
                let word = &words[draw(words.len())];
                let most = if draw(3) == 0 { draw(6) + 1 } else { 99 };
                let other = (draw(rare) == 0).then(|| letters[draw(letters.len())]);
                word.chars().take(most).chain(other).collect::<String>()
            })
            .collect()
    }

    /// The words that the definition has.
    fn words_of(text: &str) -> Vec<u64> {
        let found = spans::plain_words(&fold::ordered(text), Alphabet::Unicode);
        found
            .iter()
            .map(|word| hash::word(word.as_bytes()))
            .collect()
    }

    #[test]
    fn words_are_those_of_the_definition_on_every_level() {
        let mut state = 11_u64;
        let mut draw = |n: usize| {
            state = hash::mix_raw(state.wrapping_add(1));
            (state >> 33) as usize % n
        };
        let (mut n_short, mut n_long) = (0, 0);
        for script in 0..4 {
            let (words, letters) = (dictionary::all_words(script), letters(script));
            for _ in 0..2000 {
                let text = text_of(&words, &letters, &mut draw);
                let found = spans::plain_words(&fold::ordered(&text), Alphabet::Unicode);
                let want: Vec<u64> = found
                    .iter()
                    .map(|word| hash::word(word.as_bytes()))
                    .collect();
                for level in Simd::available() {
                    let mut hasher = WordHasher::new(level, Alphabet::Unicode);
                    assert_eq!(
                        hasher.words(text.as_bytes()).unwrap(),
                        want,
                        "{level:?} {text:?}"
                    );
                }
                let mut plain = Plain::default();
                plain
                    .of(Simd::best(), text.as_bytes(), Alphabet::Unicode)
                    .unwrap();
                match plain.run.is_empty() {
                    true => n_short += 1,
                    false => n_long += 1,
                }
            }
        }
        assert!(
            n_short > 3000 && n_long > 500,
            "both ways are gone: {n_short}, {n_long}"
        );
    }

    #[test]
    fn a_run_may_begin_and_end_with_anything() {
        for line in [
            "ประวัติศาสตร์ทำน้ำแข็ง",
            "ກໍຄໍາອໍ",
            "ဥပဒေဥ\u{102e}ကျွန်တော်",
            "ខ្ញុំចូលចិត្តអានសៀវភៅ",
        ] {
            for text in line.char_indices().map(|(at, _)| &line[at..]) {
                for behind in ["", " ", "a ", "é", "ก", "က", "\u{200d}", "漢", "\u{102e}"] {
                    let text = format!("{text}{behind}");
                    for level in Simd::available() {
                        let mut hasher = WordHasher::new(level, Alphabet::Unicode);
                        let words = hasher.words(text.as_bytes()).unwrap();
                        assert_eq!(words, words_of(&text), "{level:?} {text:?}");
                    }
                }
            }
        }
    }
}
