//! The marks that mean something in an answer, though nothing in prose: `5!`, `O-`, `x'`, `[1, 2)`, `a & b`, `A -> B`, `-x`.
//!
//! Each becomes a sign of its own, which is a word (`is_kept`). What dresses an answer stays nothing: quotes around it, emphasis,
//! an exclamation, round brackets, bullets, ticks and faces.

use super::dictionary::is_complex;
use super::fold::{combining_class, is_currency, is_symbol, is_word};
use super::unicode::is_alone;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// Whether a character is a word by itself in an answer: operators, relations, arrows, and the other symbols but for decoration.
///
/// ```
/// use sctk_data::text::marks::is_kept;
/// assert!("∞→♭°‰♥".chars().all(is_kept));
/// assert!(!"•✓★😀©A-".chars().any(is_kept));
/// ```
pub fn is_kept(c: char) -> bool {
    let symbol = || CodePointMapData::<GeneralCategory>::new().get(c);
    let is_other = || {
        matches!(
            symbol(),
            GeneralCategory::OtherSymbol | GeneralCategory::MathSymbol
        )
    };
    !c.is_ascii() && (matches!(c, '‰' | '‱' | '′') || is_symbol(c) || is_other() && !decorates(c))
}

/// Bullets, boxes, ticks, stars, weather, faces: they dress a text.
fn decorates(c: char) -> bool {
    matches!(c as u32,
        0xa6 | 0xa9 | 0xae | 0x2117 | 0x2122 | 0x2400..=0x243f | 0x2500..=0x263e | 0x268a..=0x26ff | 0x2701..=0x2793
        | 0x2b1b..=0x2b1c | 0x2b50..=0x2b59 | 0x3004 | 0x3012..=0x3013 | 0x3020 | 0xfffc..=0xfffd
        | 0x1_f1e6..=0x1_f1ff | 0x1_f300..=0x1_faff)
}

/// The characters of an answer (in order, `fold::ordered`) with its marks as signs.
pub fn meant(text: Vec<char>) -> Vec<char> {
    if !text.iter().any(|&c| is_mark(c)) {
        return text;
    }
    let mut marks = Marks {
        brackets: brackets(&text),
        text: &text,
        out: Vec::with_capacity(2 * text.len()),
        quoted: [false; 2],
    };
    let mut at = 0;
    while at < text.len() {
        at += marks.take(at);
    }
    marks.out
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '|' | '~'
            | '&'
            | '!'
            | '\''
            | '\u{2018}'
            | '\u{2019}'
            | '′'
            | '"'
            | '-'
            | '['
            | ']'
            | '{'
            | '}'
            | ':'
    )
}

struct Marks<'a> {
    text: &'a [char],
    /// What stands for brackets that mean something, by place.
    brackets: Vec<(usize, char)>,
    out: Vec<char>,
    /// Whether a quotation is open, in single and in double marks.
    quoted: [bool; 2],
}

impl Marks<'_> {
    /// The character at a place; a space beyond both ends.
    fn at(&self, place: usize) -> char {
        self.text.get(place).copied().unwrap_or(' ')
    }

    fn before(&self, place: usize) -> char {
        self.at(place.wrapping_sub(1))
    }

    fn sign(&mut self, sign: &str) {
        self.out.push(' ');
        self.out.extend(sign.chars());
        self.out.push(' ');
    }

    /// Writes what begins at a place; how many characters that were.
    fn take(&mut self, at: usize) -> usize {
        let c = self.at(at);
        let run = self.text[at..]
            .iter()
            .take_while(|&&next| next == c)
            .count();
        let (before, after) = (self.before(at), self.at(at + run));
        if let Some(&(_, sign)) = self.brackets.iter().find(|&&(place, _)| place == at) {
            self.out.extend([' ', sign, ' ']);
            return 1;
        }
        let digits = before.is_ascii_digit() && after.is_ascii_digit();
        match c {
            '|' => self.sign("∣"),
            '~' if run == 1 && self.operand_after(at + 1) => self.sign("∼"),
            '&' if run == 2 => {
                self.sign("∧");
                return 2;
            }
            '&' if run == 1 => self.sign("and"),
            ':' if run == 1 && digits => self.sign("∶"),
            '!' if run < 3 && after != '=' => return self.exclamation(at, run),
            '\'' | '\u{2018}' | '\u{2019}' | '′' | '"' => self.quote(at, c),
            '-' | '<' if self.arrow(at).is_some() => {
                let (sign, length) = self.arrow(at).expect("it was looked for");
                self.sign(sign);
                return length;
            }
            '-' if run < 3 => return self.minus(at, run),
            _ => self.out.push(c),
        }
        1
    }

    /// `n!` and `!p`, else an exclamation.
    fn exclamation(&mut self, at: usize, run: usize) -> usize {
        let (before, after) = (self.before(at), self.at(at + run));
        let small = self.letters_before(at) == 1 && before.is_lowercase();
        let factorial = before.is_ascii_digit() || before == ')' || small && !is_word(after);
        let denies = !is_word(before) && !is_closing(before) && (is_spelled(after) || after == '(');
        for _ in 0..run {
            match (factorial, denies) {
                (true, _) => self.sign("∏"),
                (_, true) => self.sign("¬"),
                _ => self.out.push('!'),
            }
        }
        run
    }

    /// A prime (`f'`, 5", 5'6) or a quotation mark, an apostrophe, a mark of thousands.
    fn quote(&mut self, at: usize, c: char) {
        let (before, after) = (self.before(at), self.at(at + 1));
        let kind = usize::from(c == '"');
        let letters = self.letters_before(at);
        let measured = before.is_ascii_digit() || before == ')' || letters == 1 || c == '′';
        let thousands = (1..4).all(|n| self.at(at + n).is_ascii_digit());
        let ends =
            !is_word(after) || before.is_ascii_digit() && after.is_ascii_digit() && !thousands;
        let again = before == c && self.out.ends_with(&['′', ' ']);
        if self.quoted[kind] && ends && c != '′' {
            self.quoted[kind] = false;
            self.out.push(c);
        } else if ends && (measured || again) {
            self.sign(if c == '"' { "′ ′" } else { "′" });
        } else {
            self.quoted[kind] |= !is_word(before) && !after.is_whitespace();
            self.out.push(c);
        }
    }

    fn arrow(&self, at: usize) -> Option<(&'static str, usize)> {
        let next = |n: usize| self.at(at + n);
        match (self.at(at), next(1), next(2)) {
            ('-', '>', _) => Some(("→", 2)),
            ('-', '-', '>') => Some(("→", 3)),
            ('<', '-', '>') => Some(("↔", 3)),
            ('<', '-', c) if c == ' ' || c.is_alphabetic() => Some(("←", 2)),
            _ => None,
        }
    }

    /// A grade or a charge (`A-`, `Cl-`, `C--`), the minus of a letter or a symbol (`-x`, `-∞`), else a hyphen.
    fn minus(&mut self, at: usize, run: usize) -> usize {
        let after = self.at(at + run);
        let graded = (1..3).contains(&self.letters_before(at)) && !is_word(after) && after != '-';
        let rest = self.text.get(at + 1..).unwrap_or_default();
        let charged =
            self.before(at).is_ascii_digit() && !rest.iter().any(|&c| is_word(c) || is_kept(c));
        if graded || charged || run == 1 && self.negates(at) {
            for _ in 0..run {
                self.sign("⊖");
            }
        } else {
            self.out.extend(std::iter::repeat_n('-', run));
        }
        run
    }

    fn negates(&self, at: usize) -> bool {
        let begins = match self.text[..at].iter().rfind(|c| !c.is_whitespace()) {
            None => true,
            Some(&c) => "([{=<>*/^+,;:|".contains(c),
        };
        let after = self.at(at + 1);
        let end = (at + 1..)
            .find(|&place| !is_word(self.at(place)))
            .unwrap_or(at);
        let letter = after.is_alphabetic() && self.letters_before(end) == 1;
        begins && (letter || is_kept(after))
    }

    fn operand_after(&self, at: usize) -> bool {
        let after = self.text.get(at..).unwrap_or_default();
        let next = after.iter().find(|c| !c.is_whitespace());
        next.is_some_and(|&c| is_word(c) || is_currency(c) || "([{-".contains(c))
    }

    /// How many letters the word has that ends before a place; none where it has digits.
    fn letters_before(&self, at: usize) -> usize {
        let word = self.text[..at].iter().rev().take_while(|&&c| is_word(c));
        let bases = word.filter(|&&c| combining_class(c) == 0);
        bases
            .take(3)
            .try_fold(0, |n, &c| {
                (c.is_alphabetic() && is_spelled(c)).then_some(n + 1)
            })
            .unwrap_or(0)
    }
}

/// Whether a character is of a script that parts its words by spaces.
fn is_spelled(c: char) -> bool {
    is_word(c) && !is_alone(c) && !is_complex(c)
}

fn is_closing(c: char) -> bool {
    matches!(c, ')' | ']' | '}')
}

/// What stands for the brackets of intervals, sets and lists of numbers and letters; round ones on both sides are dress.
fn brackets(text: &[char]) -> Vec<(usize, char)> {
    let mut found = vec![];
    let mut opened: Option<usize> = None;
    for (at, &c) in text.iter().enumerate() {
        if !"()[]{}".contains(c) {
            continue;
        }
        if let Some(begin) = opened.take() {
            let round = text[begin] == '(' && c == ')';
            let closes = is_closing(c) || text[begin] == ']' && c == '[';
            if closes && !round && is_pair(&text[begin + 1..at]) {
                found.extend([(begin, bracket(text[begin])), (at, bracket(c))]);
                found.extend((begin..at).filter(|&i| parts(text, i)).map(|i| (i, ' ')));
                continue;
            }
        }
        let outward = c == ']' && (at == 0 || text[at - 1].is_whitespace());
        opened = (!is_closing(c) || outward).then_some(at);
    }
    found
}

/// Whether a comma stands there that sets no thousands apart.
fn parts(text: &[char], at: usize) -> bool {
    let digits = text[at + 1..]
        .iter()
        .take_while(|c| c.is_ascii_digit())
        .count();
    text[at] == ',' && (digits != 3 || at == 0 || !text[at - 1].is_ascii_digit())
}

/// Whether two things of numbers and short names stand there.
fn is_pair(inner: &[char]) -> bool {
    let named = |word: &[char]| {
        let word: String = word.iter().collect::<String>().to_lowercase();
        word.chars().count() < 3 || matches!(word.as_str(), "inf" | "infty" | "infinity" | "sqrt")
    };
    inner.iter().any(|&c| c == ',' || c == ';') && inner.split(|c| !c.is_alphabetic()).all(named)
}

fn bracket(c: char) -> char {
    match c {
        '(' => '⊂',
        ')' => '⊃',
        '[' => '⊏',
        ']' => '⊐',
        '{' => '≺',
        _ => '≻',
    }
}

/// More bytes than one or two letters have, with their accents.
const LONGEST: usize = 32;

/// Whether `meant` may find a mark in a plain form of letters (bytes, folded; a space for what is no word): else it finds none.
pub fn may_mean(plain: &[u8]) -> bool {
    let at = |place: usize| plain.get(place).copied().unwrap_or(b' ');
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let short = |end: usize| {
        let begin = (end.saturating_sub(LONGEST)..end)
            .rev()
            .take_while(|&i| is_word(at(i)))
            .last();
        let word = begin.and_then(|begin| str::from_utf8(&plain[begin..end]).ok());
        word.is_some_and(|word| word.chars().filter(|&c| combining_class(c) == 0).count() < 3)
    };
    plain.iter().enumerate().any(|(i, &byte)| {
        let (before, after) = (at(i.wrapping_sub(1)), at(i + 1));
        match byte {
            b'|' | b'~' | b'&' | b'[' | b']' | b'{' | b'}' => true,
            b'!' if is_word(before) => short(i),
            b'!' => is_word(after) || matches!(after, b'(' | b'!') || matches!(before, b')' | b'!'),
            b'\'' | b'"' => !is_word(after) && (before == b')' || is_word(before) && short(i)),
            b'-' => !(is_word(before) && is_word(after) || before == b' ' && after == b' '),
            _ => false,
        }
    })
}
