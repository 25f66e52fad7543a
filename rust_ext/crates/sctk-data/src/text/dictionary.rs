//! Thai, Lao, Khmer and Burmese, which are written without spaces, cut into words by the dictionaries of ICU4X.
//!
//! The rule is that of icu_segmenter: from each place the longest word of the dictionary that ends between two user-perceived
//! characters. Where there is none, one such character is a word (icu_segmenter goes on to where its search ended). Its trie is
//! made to be small, and costs 45 to 60 ns a character; here the same words stand in nodes of 32 bytes, made when the first
//! text of a script is met.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use icu_properties::CodePointMapData;
use icu_properties::props::{GraphemeClusterBreak, LineBreak};
use icu_provider::prelude::*;
use icu_segmenter::provider::{Baked, DictionaryBreakData, SegmenterDictionaryExtendedV2};

use super::fold::{is_ignorable, is_word};
use super::simd::per_level;

/// No dictionary has this character.
const NOWHERE: u8 = 0xff;

/// A script: its code points (at most 160) and its dictionary.
struct Script {
    first: u32,
    last: u32,
    name: &'static DataMarkerAttributes,
}

const SCRIPTS: [Script; 4] = [
    script(0xe00, 0xe7f, "thaidict"),
    script(0xe80, 0xeff, "laodict"),
    script(0x1000, 0x109f, "burmesedict"),
    script(0x1780, 0x17ff, "khmerdict"),
];

const fn script(first: u32, last: u32, name: &'static str) -> Script {
    let name = DataMarkerAttributes::from_str_or_panic(name);
    Script { first, last, name }
}

/// Whether words with this character are found by dictionary: a letter or a mark of one of the four scripts.
pub fn is_complex(c: char) -> bool {
    let kind = CodePointMapData::<LineBreak>::new().get(c);
    kind == LineBreak::ComplexContext && is_word(c) && script_of(c).is_some() && !is_ignorable(c)
}

/// Which script a character is of.
#[inline]
pub fn script_of(c: impl Into<u32>) -> Option<usize> {
    let c = c.into();
    let within = |script: &Script| (script.first..=script.last).contains(&c);
    SCRIPTS.iter().position(within)
}

struct Node {
    /// Which characters may follow: those below 64, and the others.
    next: [u64; 2],
    /// The nodes of the first of each; the others' lie behind it. `WORD` in the first one: a word ends here.
    first: [u32; 2],
}

const WORD: u32 = 1 << 31;

impl Node {
    #[inline(always)]
    fn is_word(&self) -> bool {
        self.first[0] & WORD != 0
    }

    /// The node behind a character.
    #[inline(always)]
    fn child(&self, number: u8) -> Option<u32> {
        let half = usize::from(number >> 6) & 1;
        let place = number & 63;
        let (next, first) = (self.next[half], self.first[half] & !WORD);
        let before = next & ((1 << place) - 1);
        (next >> place & 1 != 0).then(|| first + before.count_ones())
    }

    /// Whether no word goes on here.
    #[inline(always)]
    fn is_last(&self) -> bool {
        self.next[0] | self.next[1] == 0
    }
}

/// The words of one script.
pub struct Dictionary {
    first: u32,
    /// The number of each character, `NOWHERE` where no word has it.
    numbers: [u8; 160],
    /// Whether a character continues the one before it.
    continues: [bool; 160],
    nodes: Vec<Node>,
}

/// The words of a script's dictionary; none has a character of another script, and no more than 128 characters are used.
fn words_of(script: &Script) -> Vec<String> {
    let response: DataResponse<SegmenterDictionaryExtendedV2> = Baked
        .load(DataRequest {
            id: DataIdentifierBorrowed::for_marker_attributes(script.name),
            ..DataRequest::default()
        })
        .expect("the dictionary is compiled in");
    let own = |c: char| (script.first..=script.last).contains(&(c as u32));
    let words: Vec<String> = match response.payload.get() {
        DictionaryBreakData::Char16Trie(trie) => trie.iter2().map(|(word, _)| word).collect(),
        DictionaryBreakData::ZeroTrie { alphabet, trie } => {
            let letters: Vec<char> = alphabet.iter_chars().collect();
            let spell = |word: String| word.bytes().map(|n| letters[usize::from(n)]).collect();
            trie.iter().map(|(word, _)| spell(word)).collect()
        }
    };
    words
        .into_iter()
        .filter(|word| word.chars().all(own))
        .collect()
}

/// The dictionary of a script.
pub fn dictionary(script: usize) -> &'static Dictionary {
    static MADE: [OnceLock<Dictionary>; 4] = [const { OnceLock::new() }; 4];
    MADE[script].get_or_init(|| Dictionary::new(&SCRIPTS[script]))
}

impl Dictionary {
    fn new(script: &Script) -> Self {
        let breaks = CodePointMapData::<GraphemeClusterBreak>::new();
        let mut dictionary = Self {
            first: script.first,
            numbers: [NOWHERE; 160],
            continues: std::array::from_fn(|i| {
                use GraphemeClusterBreak as G;
                matches!(
                    breaks.get32(script.first + i as u32),
                    G::Extend | G::SpacingMark | G::ZWJ
                )
            }),
            nodes: vec![],
        };
        let words = words_of(script);
        let letters: BTreeSet<char> = words.iter().flat_map(|word| word.chars()).collect();
        for (number, &letter) in letters.iter().enumerate() {
            let place = dictionary.place(letter);
            dictionary.numbers[usize::from(place)] = u8::try_from(number).unwrap_or(NOWHERE);
        }
        let number = |c: char| dictionary.numbers[usize::from(dictionary.place(c))];
        let mut words: Vec<Vec<u8>> = words
            .iter()
            .map(|word| word.chars().map(number).collect())
            .collect();
        words.sort_unstable();
        dictionary.grow(&words);
        dictionary
    }

    /// Makes the nodes of sorted words, level by level, so that the nodes of those that follow one another lie side by side.
    fn grow(&mut self, words: &[Vec<u8>]) {
        let mut ranges = std::collections::VecDeque::from([(0, words.len(), 0)]);
        let mut made = 1;
        while let Some((from, to, depth)) = ranges.pop_front() {
            let is_word = depth > 0 && words[from].len() == depth;
            let longer = from + usize::from(is_word)..to;
            let mut next = [0; 2];
            for run in words[longer.clone()].chunk_by(|a, b| a[depth] == b[depth]) {
                let number = run[0][depth];
                next[usize::from(number >> 6)] |= 1_u64 << (number & 63);
            }
            let others = made + next[0].count_ones();
            let first = [made + u32::from(is_word) * WORD, others];
            let mut at = longer.start;
            for run in words[longer].chunk_by(|a, b| a[depth] == b[depth]) {
                ranges.push_back((at, at + run.len(), depth + 1));
                at += run.len();
                made += 1;
            }
            self.nodes.push(Node { next, first });
        }
    }

    /// The character as `cut` wants it.
    #[inline(always)]
    pub fn place(&self, c: impl Into<u32>) -> u8 {
        (c.into() - self.first) as u8
    }

    #[inline(always)]
    fn is_boundary(&self, run: &[u8], at: usize) -> bool {
        run.get(at).is_none_or(|&c| !self.continues[usize::from(c)])
    }

    #[inline(always)]
    fn word_end(&self, run: &[u8], from: usize) -> usize {
        let mut node = &self.nodes[0];
        let mut longest = None;
        for (at, &c) in run.iter().enumerate().skip(from) {
            let number = self.numbers[usize::from(c)];
            let child = if number == NOWHERE {
                None
            } else {
                node.child(number)
            };
            let Some(child) = child else { break };
            node = &self.nodes[child as usize];
            if node.is_word() && self.is_boundary(run, at + 1) {
                longest = Some(at + 1);
            }
            if node.is_last() {
                break;
            }
        }
        longest.unwrap_or_else(|| self.character_end(run, from + 1))
    }

    #[inline(always)]
    fn character_end(&self, run: &[u8], mut at: usize) -> usize {
        while !self.is_boundary(run, at) {
            at += 1;
        }
        at
    }
}

per_level! {
    /// Appends where the words of a run of characters (`Dictionary::place`) end.
    pub fn cut(dictionary: &Dictionary, run: &[u8], ends: &mut Vec<u32>) = cut_kernel;
}

#[inline(always)]
fn cut_kernel(dictionary: &Dictionary, run: &[u8], ends: &mut Vec<u32>) {
    let mut from = 0;
    while from < run.len() {
        from = dictionary.word_end(run, from);
        ends.push(from as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Simd;
    use icu_segmenter::WordSegmenter;
    use icu_segmenter::options::WordBreakInvariantOptions;
    use std::collections::HashSet;

    fn ends(text: &str) -> Vec<usize> {
        let dictionary = dictionary(script_of(text.chars().next().unwrap()).unwrap());
        let run: Vec<u8> = text.chars().map(|c| dictionary.place(c)).collect();
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let mut ends = vec![];
        cut(Simd::best(), dictionary, &run, &mut ends);
        for level in Simd::available() {
            let mut same = vec![];
            cut(level, dictionary, &run, &mut same);
            assert_eq!(same, ends);
        }
        let byte = |end| starts.get(end as usize).copied().unwrap_or(text.len());
        ends.into_iter().map(byte).collect()
    }

    #[test]
    fn sentences_are_cut_as_icu_segmenter_cuts_them() {
        let icu = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
        for text in [
            "เช้านี้ฝนตกหนักแม่จึงเตรียมร่มและเสื้อกันฝนให้ลูกก่อนไปโรงเรียน",
            "นักวิทยาศาสตร์ค้นพบดาวเคราะห์ดวงใหม่",
            "ມື້ນີ້ຂ້ອຍໄປຕະຫຼາດຊື້ຜັກແລະປາ",
            "ខ្ញុំចូលចិត្តអានសៀវភៅនៅបណ្ណាល័យ",
            "ကျွန်တော်မနက်တိုင်းလမ်းလျှောက်သည်",
        ] {
            let want: Vec<usize> = icu.segment_str(text).skip(1).collect();
            assert_eq!(ends(text), want, "{text}");
        }
    }

    #[test]
    fn the_longest_word_is_taken_as_plain_code_would() {
        let mut state = 7_u64;
        let mut draw = |n: usize| {
            state = crate::text::hash::mix_raw(state.wrapping_add(1));
            (state >> 33) as usize % n
        };
        for (i, script) in SCRIPTS.iter().enumerate() {
            let words = words_of(script);
            let known: HashSet<&String> = words.iter().collect();
            let continues = |c: char| dictionary(i).continues[usize::from(dictionary(i).place(c))];
            for _ in 0..200 {
                // words, and pieces of words that are none
                let text: String = (0..draw(12) + 1)
                    .flat_map(|n| {
                        let word = &words[draw(words.len())];
                        let most = if n % 3 == 0 { draw(4) + 1 } else { 99 };
                        word.chars().take(most).collect::<Vec<_>>()
                    })
                    .collect();
                let letters: Vec<char> = text.chars().collect();
                let ends_well = |end: usize| letters.get(end).is_none_or(|&c| !continues(c));
                let (mut want, mut from) = (vec![], 0);
                while from < letters.len() {
                    let word = (from + 1..=letters.len()).rev().find(|&end| {
                        ends_well(end)
                            && known.contains(&letters[from..end].iter().collect::<String>())
                    });
                    let one = || (from + 1..).find(|&end| ends_well(end)).unwrap();
                    from = word.unwrap_or_else(one);
                    want.push(letters[..from].iter().map(|c| c.len_utf8()).sum());
                }
                assert_eq!(ends(&text), want, "{text:?}");
            }
        }
    }
}
