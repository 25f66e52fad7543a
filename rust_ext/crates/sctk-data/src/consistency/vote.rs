//! The answer that most answers of a group give. Comparable forms are compared whole, never by hash alone.

use std::collections::HashMap;
use std::ops::Range;

use super::groups::{Ones, Rows};
use super::known::Known;
use super::{Error, Groups, Run};
use crate::text::Simd;
use crate::text::answers::Answers;

/// Which answers are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Those with the same comparable form (`text::answers`): numbers by value, other answers by their words, in any script.
    Answers,
    /// Those that are equal after the normalisation of SQuAD (Rajpurkar et al., arXiv 1606.05250): lower case, without ASCII
    /// punctuation, without the words a, an and the, one space between words. -5 is 5 to it, and C++ is C. Case and spaces are
    /// Python's, so that the result is what the usual Python code gives.
    Squad,
}

/// For each group the first answer of the largest cluster (ties: the cluster that comes first) and its votes; for each
/// answer its cluster, numbered in order of first members. A group without answers has winner -1 and no votes.
pub struct Votes {
    pub winners: Vec<i64>,
    pub votes: Vec<i32>,
    pub labels: Vec<i32>,
}

#[derive(Default)]
struct Memory {
    /// The comparable answers, end to end; one that is given again has the form of the first.
    plain: Vec<u8>,
    /// Where each answer's form stands.
    forms: Vec<Range<usize>>,
    known: Known,
    clusters: Vec<Cluster>,
    answers: Answers,
}

struct Cluster {
    /// Where its form stands.
    form: Range<usize>,
    first: usize,
    votes: i32,
}

/// From so many answers on clusters are looked up in a map.
const MANY: usize = 24;

/// The majority vote of each group.
pub fn vote(
    texts: &[&[u8]],
    groups: Groups<'_>,
    compare: Compare,
    run: Run<'_>,
) -> Result<Votes, Error> {
    if texts.len() != groups.n_answers() {
        return Err(Error::Size {
            what: "answers",
            got: texts.len(),
            wanted: groups.n_answers(),
        });
    }
    let (mut winners, mut votes) = (vec![0; groups.len()], vec![0; groups.len()]);
    let mut labels = vec![0; texts.len()];
    let outputs = ((Ones(&mut winners), Ones(&mut votes)), Rows(&mut labels));
    groups.for_each(
        run,
        outputs,
        |memory: &mut Memory, ((winners, votes), labels), group| {
            let answers = groups.answers(group);
            memory.read(run.level, &texts[answers.clone()], compare, answers.start)?;
            memory.count(labels.take(answers.len()));
            let best = memory.clusters.iter().reduce(|best, other| {
                if other.votes > best.votes {
                    other
                } else {
                    best
                }
            });
            winners.take(1)[0] = best.map_or(-1, |cluster| cluster.first as i64);
            votes.take(1)[0] = best.map_or(0, |cluster| cluster.votes);
            Ok(())
        },
    )?;
    Ok(Votes {
        winners,
        votes,
        labels,
    })
}

impl Memory {
    fn read(
        &mut self,
        level: Simd,
        texts: &[&[u8]],
        compare: Compare,
        first_row: usize,
    ) -> Result<(), Error> {
        self.plain.clear();
        self.forms.clear();
        self.known.clear();
        for (i, &text) in texts.iter().enumerate() {
            if let Some(before) = self.known.find_or_add(texts, i) {
                self.forms.push(self.forms[before].clone());
                continue;
            }
            let text = utf8(text).map_err(|at| Error::NotUtf8 {
                row: first_row + i,
                at,
            })?;
            let from = self.plain.len();
            match compare {
                Compare::Answers => self.answers.write(level, text, &mut self.plain),
                Compare::Squad if text.is_ascii() => {
                    normalise_ascii(text.as_bytes(), &mut self.plain);
                }
                Compare::Squad => normalise_unicode(text, &mut self.plain),
            }
            self.forms.push(from..self.plain.len());
        }
        Ok(())
    }

    fn count(&mut self, labels: &mut [i32]) {
        let Self {
            plain,
            forms,
            clusters,
            ..
        } = self;
        clusters.clear();
        let mut known = HashMap::new();
        for (i, (form, label)) in forms.iter().zip(labels).enumerate() {
            let text = &plain[form.clone()];
            let is_same =
                |cluster: &Cluster| cluster.form == *form || plain[cluster.form.clone()] == *text;
            let found = if forms.len() < MANY {
                clusters.iter().position(is_same)
            } else {
                let next = clusters.len();
                Some(*known.entry(text).or_insert(next)).filter(|&at| at < next)
            };
            let at = found.unwrap_or(clusters.len());
            if found.is_none() {
                clusters.push(Cluster {
                    form: form.clone(),
                    first: i,
                    votes: 0,
                });
            }
            clusters[at].votes += 1;
            *label = at as i32;
        }
    }
}

/// The text; where it is no UTF-8, from which byte on.
#[inline(always)]
fn utf8(text: &[u8]) -> Result<&str, usize> {
    simdutf8::compat::from_utf8(text).map_err(|error| error.valid_up_to())
}

/// What a byte of ASCII becomes: itself in small letters, a space, or nothing (0xFF).
static PLAIN: [u8; 128] = {
    let mut plain = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        plain[byte] = match c {
            b'\t'..=b'\r' | 0x1C..=b' ' => b' ',
            _ if c.is_ascii_punctuation() => NOTHING,
            _ => c.to_ascii_lowercase(),
        };
        byte += 1;
    }
    plain
};
const NOTHING: u8 = 0xFF;

/// Appends the words of the text, each with a space behind it.
fn normalise_ascii(text: &[u8], plain: &mut Vec<u8>) {
    let start = plain.len();
    plain.resize(start + text.len() + 1, b' ');
    let mut end = start;
    let mut word = start;
    for &byte in text {
        let c = PLAIN[usize::from(byte & 0x7F)];
        plain[end] = c;
        if c == b' ' {
            end = close_word(plain, word, end);
            word = end;
        } else {
            end += usize::from(c != NOTHING);
        }
    }
    plain[end] = b' ';
    end = close_word(plain, word, end);
    plain.truncate(end);
}

/// Where the next word begins: behind the space that ends this one, or where this one began if it is none.
#[inline(always)]
fn close_word(plain: &[u8], word: usize, end: usize) -> usize {
    match plain[word..end] {
        [] | [b'a'] | [b'a', b'n'] | [b't', b'h', b'e'] => word,
        _ => end + 1,
    }
}

fn normalise_unicode(text: &str, plain: &mut Vec<u8>) {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|c| !c.is_ascii_punctuation())
        .collect();
    for word in kept.split(|c: char| c.is_whitespace() || ('\u{1C}'..='\u{1F}').contains(&c)) {
        if !matches!(word, "" | "a" | "an" | "the") {
            plain.extend_from_slice(word.as_bytes());
            plain.push(b' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> (String, String) {
        let (mut ascii, mut unicode) = (vec![], vec![]);
        normalise_ascii(text.as_bytes(), &mut ascii);
        normalise_unicode(text, &mut unicode);
        (
            String::from_utf8(ascii).unwrap(),
            String::from_utf8(unicode).unwrap(),
        )
    }

    #[test]
    fn one_buffer_of_answers_changes_no_answer() {
        let texts = [
            "Paris", "3", "paris.", "3.0", "3.0", "", "👍", "👍", "é", "É", "3.0", "x = 1/2",
        ];
        let mut memory = Memory::default();
        let bytes = texts.map(str::as_bytes);
        memory
            .read(Simd::best(), &bytes, Compare::Answers, 0)
            .unwrap();
        for (text, form) in texts.iter().zip(&memory.forms) {
            assert_eq!(
                str::from_utf8(&memory.plain[form.clone()]).unwrap(),
                crate::text::answers::comparable(text)
            );
        }
    }

    #[test]
    fn normalisation_is_that_of_squad() {
        for (text, wanted) in [
            ("The  Cat!", "cat "),
            ("a an the", ""),
            ("", ""),
            ("then, THE-an theme\x1fA.", "then thean theme "),
            (" x\ty \n", "x y "),
            ("(U.S.)", "us "),
        ] {
            assert_eq!(both(text), (wanted.into(), wanted.into()), "{text:?}");
        }
    }
}
