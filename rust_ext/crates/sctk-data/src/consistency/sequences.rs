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
    names: Interner<u64>,
    shorter: Vec<u32>,
}

impl Grams {
    /// Numbers the runs of `n >= 2` words of each answer.
    pub fn read(&mut self, words: &Sequences, n: usize) {
        self.shorter.clear();
        self.shorter.extend_from_slice(&words.ids);
        for length in 2..=n {
            self.names.renew(words.ids.len());
            self.sequences.clear();
            for i in 0..words.n_answers() {
                let answer = words.answer(i);
                let n_grams = (answer.len() + 1).saturating_sub(length);
                for at in 0..n_grams {
                    let start = u64::from(self.shorter[words.starts[i] + at]);
                    let id = self.names.name(start << 32 | u64::from(answer[at + length - 1]));
                    self.shorter[words.starts[i] + at] = id;
                    self.sequences.ids.push(id);
                }
                self.sequences.starts.push(self.sequences.ids.len());
            }
            self.sequences.n_ids = self.names.len();
        }
    }
}

/// Characters (code points) as numbers.
#[derive(Default)]
pub struct Characters {
    pub sequences: Sequences,
    names: Interner<u64>,
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
        self.names.renew(texts.iter().map(|text| text.len()).sum());
        for (i, text) in texts.iter().enumerate() {
            let text = std::str::from_utf8(text)
                .map_err(|error| Error::NotUtf8 { row: first_row + i, at: error.valid_up_to() })?;
            self.sequences.ids.extend(text.chars().map(|c| self.names.name(u64::from(u32::from(c)))));
            self.sequences.starts.push(self.sequences.ids.len());
        }
        self.sequences.n_ids = self.names.len();
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
        let words = Sequences { ids: vec![1, 2, 1, 2, 3, 1, 2, 3, 9], starts: vec![0, 5, 8, 8, 9], n_ids: 10 };
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
        characters.read(&["a\u{e9}\u{1f600}".as_bytes(), "\u{e9}".as_bytes()], 0).unwrap();
        assert_eq!(characters.sequences.ids, [0, 1, 2, 1]);
        let broken = characters.read(&[b"fine", b"bad \xff"], 40);
        assert_eq!(broken, Err(Error::NotUtf8 { row: 41, at: 4 }));
    }
}
