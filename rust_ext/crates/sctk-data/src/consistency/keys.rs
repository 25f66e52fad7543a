//! The numbers of words: two get the same one when they are the same, byte for byte.
//!
//! Up to 16 bytes are a word's key. A group with longer words has keys of twice as many bytes (a character of most scripts has two
//! or three), one of Han characters and kana, which are words by themselves, of six; words of 32 bytes or more that share a key
//! are compared.

use super::intern::{Interner, MOST_SMALL, SMALL};
use super::sequences::Sequences;
use crate::text::hash;

/// So many bytes of a word are its key; twice as many, or a few, where the words of a group are longer or short.
const PIECE: usize = 16;
/// So many bytes must lie behind the last word.
pub const PADDING: usize = 2 * PIECE;

/// The keys of a group's words, of one kind: of 16 or 32 bytes.
#[derive(Default)]
pub struct Keys {
    short: Vec<u128>,
    long: Vec<[u128; 2]>,
}

/// Numbers the words at `places` of `lower`.
pub fn number(
    sequences: &mut Sequences,
    names: &mut Interner,
    keys: &mut Keys,
    (lower, places, ends): (&[u8], &[u32], &[usize]),
) {
    let (words, _) = places[..ends.last().copied().unwrap_or(0)].as_chunks::<2>();
    sequences.clear();
    let longest = words.iter().map(|&[begin, end]| end - begin).max();
    let longest = longest.unwrap_or(0) as usize;
    let ids = &mut sequences.ids;
    sequences.n_ids = if longest <= SMALL && words.len() <= MOST_SMALL {
        let key = |&[begin, end]: &[u32; 2]| {
            piece(lower, begin as usize) as u64 & MASKS[(end - begin) as usize] as u64
        };
        names.name_small(words.iter().map(key), ids)
    } else if longest <= PIECE {
        let keys = fill(&mut keys.short, words, |[begin, end]| {
            piece(lower, begin) & MASKS[end - begin]
        });
        names.name_all(keys, ids, |_, _| true)
    } else {
        let keys = fill(&mut keys.long, words, |word| key(lower, word));
        let is_longer = |i: usize| keys[i][1] & LONG != 0;
        let same =
            |i: usize, j: usize| !is_longer(i) || word(lower, words[i]) == word(lower, words[j]);
        names.name_all(keys, ids, same)
    };
    sequences.starts.extend(ends.iter().map(|&end| end / 2));
}

/// Marks the key of a word of 32 bytes or more; in others' the last byte is 0.
const LONG: u128 = 1 << 127;

fn word(lower: &[u8], [begin, end]: [u32; 2]) -> &[u8] {
    &lower[begin as usize..end as usize]
}

/// Fills `keys` with the one of each word, made of where it begins and ends.
#[inline(always)]
fn fill<'a, K>(keys: &'a mut Vec<K>, words: &[[u32; 2]], key: impl Fn([usize; 2]) -> K) -> &'a [K] {
    keys.clear();
    keys.extend(words.iter().map(|word| key(word.map(|at| at as usize))));
    keys
}

/// The first 32 bytes of a word, the first one lowest, zeros above; a hash of one that has as many or more.
#[inline(always)]
fn key(lower: &[u8], [begin, end]: [usize; 2]) -> [u128; 2] {
    let n = end - begin;
    if n >= 2 * PIECE {
        return longer_key(&lower[begin..end]);
    }
    [
        piece(lower, begin) & MASKS[n.min(PIECE)],
        piece(lower, begin + PIECE) & MASKS[n.saturating_sub(PIECE)],
    ]
}

/// The bytes at a place; as many may be read behind every word, for answers are padded.
#[inline(always)]
fn piece(lower: &[u8], at: usize) -> u128 {
    let bytes: &[u8; PIECE] = lower[at..at + PIECE].first_chunk().expect("16 were cut");
    u128::from_le_bytes(*bytes)
}

/// A hash of the word.
#[cold]
fn longer_key(word: &[u8]) -> [u128; 2] {
    let [low, high] = hash::bytes(word);
    [u128::from(low), u128::from(high) | LONG]
}

static MASKS: [u128; PIECE + 1] = {
    let mut masks = [0; PIECE + 1];
    let mut n = 1;
    while n <= PIECE {
        masks[n] = u128::MAX >> (8 * (PIECE - n));
        n += 1;
    }
    masks
};

#[cfg(test)]
mod tests {
    use crate::consistency::words::Words;
    use crate::text::{Alphabet, Simd};

    #[test]
    fn words_of_other_scripts_are_numbered_by_all_their_bytes() {
        // two words of each length that differ in one character alone, the first, the middle or the last one
        let mut words = vec![];
        for n in 1..24 {
            for place in [0, n / 2, n - 1] {
                for letter in ['а', 'я', 'क', '가'] {
                    let mut word = vec!['б'; n];
                    word[place] = letter;
                    words.push(word.into_iter().collect::<String>());
                }
            }
        }
        for longest in [4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 99] {
            let words = words.iter().filter(|word| word.len() <= longest);
            let words: Vec<&String> = words.collect();
            let texts: Vec<String> = (0..5)
                .map(|text| {
                    let every = words.iter().skip(text).step_by(text + 1);
                    every.map(|word| format!("{word} ")).collect()
                })
                .collect();
            let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
            for level in Simd::available() {
                let mut numbered = Words::default();
                numbered.read(level, &bytes, Alphabet::Unicode, 0).unwrap();
                let mut known: Vec<&str> = vec![];
                for (i, text) in texts.iter().enumerate() {
                    let wanted = text.split_whitespace().map(|word| {
                        let place = known.iter().position(|&other| other == word);
                        place.unwrap_or_else(|| {
                            known.push(word);
                            known.len() - 1
                        }) as u32
                    });
                    let wanted: Vec<u32> = wanted.collect();
                    assert_eq!(numbered.sequences.answer(i), wanted, "{level:?} {longest}");
                }
                assert_eq!(numbered.sequences.n_ids, known.len());
            }
        }
    }
}
