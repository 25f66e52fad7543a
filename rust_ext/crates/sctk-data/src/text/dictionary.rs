//! Thai, Lao, Khmer and Burmese, which are written without spaces, cut into words by the dictionaries of ICU4X.
//!
//! The rule is that of icu_segmenter: from each place the longest word of the dictionary that ends between two user-perceived
//! characters. Where there is none, one such character is a word (icu_segmenter goes on to where its search ended). Its trie is
//! made to be small, and costs 45 to 60 ns a character; here the same words stand in nodes of 24 bytes, made when the first
//! text of a script is met, and a table leads from the first two characters of a word to their node.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use icu_properties::CodePointMapData;
use icu_properties::props::{GraphemeClusterBreak, LineBreak};
use icu_provider::prelude::*;
use icu_segmenter::provider::{Baked, DictionaryBreakData, SegmenterDictionaryExtendedV2};

use super::fold::{is_ignorable, is_word};

/// In a symbol: the character continues the one before it. The rest is the character's number.
const CONTINUES: u8 = 0x80;
/// The number of characters that no word has.
const NOWHERE: u8 = 0x7f;
/// What stands behind a run: no word goes on there, and a character ends.
pub const END: u8 = NOWHERE;

/// So many symbols are looked at together (`Dictionary::begin`).
pub const WINDOW: usize = 4;

/// So many code points a script has at most.
pub const SIZE: usize = 160;

/// A script: its code points and its dictionary.
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
    let is_of_kind = || CodePointMapData::<LineBreak>::new().get(c) == LineBreak::ComplexContext;
    script_of(c).is_some() && is_of_kind() && is_word(c) && !is_ignorable(c)
}

/// Which script a character is of.
#[inline]
pub fn script_of(c: impl Into<u32>) -> Option<usize> {
    let c = c.into();
    (0..SCRIPTS.len()).find(|&script| is_of(script, c))
}

/// The first code point of a script.
pub fn first_of(script: usize) -> u32 {
    SCRIPTS[script].first
}

/// Whether a character is of this script.
#[inline]
pub fn is_of(script: usize, c: u32) -> bool {
    (SCRIPTS[script].first..=SCRIPTS[script].last).contains(&c)
}

#[derive(Default)]
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
}

/// The words of one script.
pub struct Dictionary {
    first: u32,
    /// The symbol of each character.
    symbols: [u8; SIZE],
    /// The node behind two numbers (`PAIR`); 0: no word begins so.
    pairs: Vec<u32>,
    nodes: Vec<Node>,
}

/// How many numbers there are for a second character.
const PAIR: usize = 128;
/// A dictionary has at least three fewer nodes.
pub const MOST_NODES: u32 = 1 << 19;

/// The words of a script's dictionary; none has a character of another script, and fewer than 128 characters are used.
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

/// The words of a script.
#[cfg(test)]
pub fn all_words(script: usize) -> Vec<String> {
    words_of(&SCRIPTS[script])
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
            symbols: std::array::from_fn(|i| {
                use GraphemeClusterBreak as G;
                let kind = breaks.get32(script.first + i as u32);
                let continues = matches!(kind, G::Extend | G::SpacingMark | G::ZWJ);
                NOWHERE | (CONTINUES * u8::from(continues))
            }),
            pairs: vec![0; PAIR * PAIR],
            nodes: vec![],
        };
        let words = words_of(script);
        let letters: BTreeSet<char> = words.iter().flat_map(|word| word.chars()).collect();
        assert!(letters.len() <= usize::from(NOWHERE), "they have numbers");
        for (number, &letter) in letters.iter().enumerate() {
            let symbol = &mut dictionary.symbols[(u32::from(letter) - script.first) as usize];
            *symbol = (*symbol & CONTINUES) | number as u8;
        }
        let number = |c: char| number(dictionary.symbol(c));
        let mut words: Vec<Vec<u8>> = words
            .iter()
            .map(|word| word.chars().map(number).collect())
            .collect();
        words.sort_unstable();
        dictionary.nodes.push(Node::default());
        dictionary.grow(0, &words, 0);
        assert!(
            dictionary.nodes.len() + 3 < MOST_NODES as usize,
            "they have numbers"
        );
        dictionary.pair();
        dictionary
    }

    /// Makes the node of sorted words that have their first `depth` characters in common, at `place`, and those behind it. Nodes
    /// that follow one another lie side by side, and what is behind the first of them next: a walk meets few lines of cache.
    fn grow(&mut self, place: usize, words: &[Vec<u8>], depth: usize) {
        let is_word = depth > 0 && words.first().is_some_and(|word| word.len() == depth);
        let longer = &words[usize::from(is_word)..];
        let runs: Vec<&[Vec<u8>]> = longer.chunk_by(|a, b| a[depth] == b[depth]).collect();
        let mut next = [0; 2];
        for run in &runs {
            let number = run[0][depth];
            next[usize::from(number >> 6)] |= 1_u64 << (number & 63);
        }
        let made = self.nodes.len() as u32;
        let first = [
            made + u32::from(is_word) * WORD,
            made + next[0].count_ones(),
        ];
        self.nodes[place] = Node { next, first };
        self.nodes
            .resize_with(self.nodes.len() + runs.len(), Node::default);
        for (place, run) in (made as usize..).zip(runs) {
            self.grow(place, run, depth + 1);
        }
    }

    /// Fills the table of pairs from the nodes.
    fn pair(&mut self) {
        for first in 0..NOWHERE {
            let Some(node) = self.nodes[0].child(first) else {
                continue;
            };
            for second in 0..NOWHERE {
                let behind = self.nodes[node as usize].child(second);
                self.pairs[usize::from(first) * PAIR + usize::from(second)] = behind.unwrap_or(0);
            }
        }
    }

    /// The character as `cut` wants it; one of this script.
    #[inline(always)]
    pub fn symbol(&self, c: impl Into<u32>) -> u8 {
        self.symbols[(c.into() - self.first) as usize]
    }

    /// The node behind two symbols; 0: no word begins so.
    #[inline(always)]
    fn behind_two(&self, first: u8, second: u8) -> u32 {
        self.pairs[usize::from(number(first)) * PAIR + usize::from(number(second))]
    }

    /// What is found behind four symbols, the first of a word or behind a node that is not 0: the node, 0 where no word has them; and
    /// how many of them belong to the longest word that ends among them, or else to the first user-perceived character of a word
    /// that begins here.
    #[inline(always)]
    pub fn behind(&self, mut node: u32, window: [u8; WINDOW]) -> (u32, Option<usize>) {
        let (mut longest, mut from) = (None, 0);
        if node == 0 {
            // a word of one character ends where that character does
            longest = (1..WINDOW).find(|&at| is_boundary(window[at]));
            node = self.behind_two(window[0], window[1]);
            from = 2;
        }
        for (at, &symbol) in window.iter().enumerate().skip(from) {
            if node != 0 {
                let here = &self.nodes[node as usize];
                if here.is_word() & is_boundary(symbol) {
                    longest = Some(at);
                }
                node = here.child(number(symbol)).unwrap_or(0);
            }
        }
        (node, longest)
    }

    /// The length of the word that begins at the first symbol. None where `symbol` says None.
    pub fn word(&self, symbol: impl Fn(usize) -> Option<u8>) -> Option<usize> {
        let [first, second] = [symbol(0)?, symbol(1)?];
        let (mut longest, mut at) = (usize::from(is_boundary(second)), 2);
        let mut node = self.behind_two(first, second);
        while node != 0 {
            let symbol = symbol(at)?;
            let here = &self.nodes[node as usize];
            if here.is_word() & is_boundary(symbol) {
                longest = at;
            }
            node = here.child(number(symbol)).unwrap_or(0);
            at += 1;
        }
        if longest == 0 {
            longest = 2;
            while !is_boundary(symbol(longest)?) {
                longest += 1;
            }
        }
        Some(longest)
    }

    /// Adds where each word of a run (`symbol`, then `END`) ends, in characters.
    pub fn cut(&self, run: &[u8], ends: &mut Vec<u32>) {
        let n = run.len() - 1;
        let mut from = 0;
        while from < n {
            let symbol = |at: usize| run.get(from + at).copied().or(Some(END));
            from += self.word(symbol).expect("all are there");
            ends.push(from as u32);
        }
    }
}

/// The number of a symbol's character.
#[inline(always)]
fn number(symbol: u8) -> u8 {
    symbol & !CONTINUES
}

/// Whether a user-perceived character ends before a symbol.
#[inline(always)]
pub fn is_boundary(symbol: u8) -> bool {
    symbol & CONTINUES == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use icu_segmenter::WordSegmenter;
    use icu_segmenter::options::WordBreakInvariantOptions;
    use std::collections::HashSet;

    fn ends(text: &str) -> Vec<usize> {
        let dictionary = dictionary(script_of(text.chars().next().unwrap()).unwrap());
        let mut run: Vec<u8> = text.chars().map(|c| dictionary.symbol(c)).collect();
        run.push(END);
        let mut ends = vec![];
        dictionary.cut(&run, &mut ends);
        let bytes = |c: char| c.len_utf8();
        let before = |end: u32| text.chars().take(end as usize).map(bytes).sum();
        ends.into_iter().map(before).collect()
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
            let continues = |c: char| dictionary(i).symbol(c) & CONTINUES != 0;
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
