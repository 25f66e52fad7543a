//! The answers of one group as sequences of small numbers: of words, of runs of words, or of characters.

use super::Error;
use super::intern::Interner;

/// Answer `i` is `ids[starts[i]..starts[i + 1]]`, each id below `n_ids`.
#[derive(Default)]
pub struct Sequences {
    pub ids: Vec<u32>,
    pub starts: Vec<usize>,
    pub n_ids: usize,
}

impl Sequences {
    pub fn answer(&self, i: usize) -> &[u32] {
        &self.ids[self.starts[i]..self.starts[i + 1]]
    }

    pub fn n_answers(&self) -> usize {
        self.starts.len() - 1
    }

    fn copy(&mut self, other: &Self) {
        self.ids.clone_from(&other.ids);
        self.starts.clone_from(&other.starts);
        self.n_ids = other.n_ids;
    }

    pub fn clear(&mut self) {
        self.ids.clear();
        self.starts.clear();
        self.starts.push(0);
        self.n_ids = 0;
    }
}

/// Runs of `n` words (n-grams) as numbers, made of the numbers of runs one shorter.
#[derive(Default)]
pub struct Grams {
    pub sequences: Sequences,
    names: Interner,
    keys: Vec<u64>,
    shorter: Vec<u32>,
}

impl Grams {
    /// Numbers the runs of `n >= 1` words of each answer.
    pub fn read(&mut self, words: &Sequences, n: usize) {
        let Self {
            sequences,
            names,
            keys,
            shorter,
        } = self;
        sequences.copy(words);
        for length in 2..=n {
            std::mem::swap(shorter, &mut sequences.ids);
            keys.clear();
            let mut from = 0;
            for (i, end) in sequences.starts[1..].iter_mut().enumerate() {
                let last_words = words.answer(i).get(length - 1..).unwrap_or(&[]);
                keys.extend(
                    shorter[from..]
                        .iter()
                        .zip(last_words)
                        .map(|(&a, &b)| u64::from(a) << 32 | u64::from(b)),
                );
                from = std::mem::replace(end, keys.len());
            }
            sequences.ids.clear();
            sequences.n_ids = names.name_all(keys, &mut sequences.ids, |_, _| true);
        }
    }
}

/// Characters (code points) as numbers.
#[derive(Default)]
pub struct Characters {
    pub sequences: Sequences,
    names: Interner,
    keys: Vec<u64>,
}

const UNKNOWN: u32 = u32::MAX;

impl Characters {
    /// Numbers the code points of `texts`, a group; `first_row` is the place of its first text, for errors.
    pub fn read(&mut self, texts: &[&[u8]], first_row: usize) -> Result<(), Error> {
        self.sequences.clear();
        if texts.iter().all(|text| text.is_ascii()) {
            self.read_ascii(texts);
            return Ok(());
        }
        self.keys.clear();
        for (i, text) in texts.iter().enumerate() {
            let text = std::str::from_utf8(text).map_err(|error| Error::NotUtf8 {
                row: first_row + i,
                at: error.valid_up_to(),
            })?;
            self.keys
                .extend(text.chars().map(|c| u64::from(u32::from(c))));
            self.sequences.starts.push(self.keys.len());
        }
        self.sequences.n_ids = self
            .names
            .name_all(&self.keys, &mut self.sequences.ids, |_, _| true);
        Ok(())
    }

    fn read_ascii(&mut self, texts: &[&[u8]]) {
        let Sequences { ids, starts, n_ids } = &mut self.sequences;
        let mut codes = [UNKNOWN; 256];
        let mut n = 0;
        for text in texts {
            for &byte in *text {
                let code = &mut codes[byte as usize];
                if *code == UNKNOWN {
                    *code = n;
                    n += 1;
                }
            }
            ids.extend(text.iter().map(|&byte| codes[byte as usize]));
            starts.push(ids.len());
        }
        *n_ids = n as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_equal_where_their_words_are() {
        let words = Sequences {
            ids: vec![1, 2, 1, 2, 3, 1, 2, 3, 9],
            starts: vec![0, 5, 8, 8, 9],
            n_ids: 10,
        };
        let mut grams = Grams::default();
        grams.read(&words, 2);
        assert_eq!(grams.sequences.ids, [0, 1, 0, 2, 0, 2]);
        assert_eq!(grams.sequences.starts, [0, 4, 6, 6, 6]);
        grams.read(&words, 3);
        assert_eq!(grams.sequences.ids, [0, 1, 2, 2]);
        assert_eq!(grams.sequences.n_ids, 3);
    }

    #[test]
    fn characters_are_code_points() {
        let mut characters = Characters::default();
        characters.read(&["aba".as_bytes(), b"b"], 0).unwrap();
        assert_eq!(characters.sequences.ids, [0, 1, 0, 1]);
        characters
            .read(&["a\u{e9}\u{1f600}".as_bytes(), "\u{e9}".as_bytes()], 0)
            .unwrap();
        assert_eq!(characters.sequences.ids, [0, 1, 2, 1]);
        let broken = characters.read(&[b"fine", b"bad \xff"], 40);
        assert_eq!(broken, Err(Error::NotUtf8 { row: 41, at: 4 }));
    }
}
