//! Which signs of a text mean something, and so belong to its words: `-5` is not 5, `3.14` not 314, C++ neither C nor C#.
//!
//! Looked at in the plain form, where a minus sign is `-` in every script. A sign is
//! - part of a number: the point between digits or before one (`3.14`, `.5`), the minus that stands directly before it;
//! - behind a letter part of a name: `C++`, `C#`, `A+`;
//! - between two operands a word by itself, whatever the spaces: `+ - * / ^ % = < >` and runs of them (`<=`, `**`); a bound
//!   before a number too (`< 5`).
//!
//! A hyphen within or between words, a slash between words without spaces, the marks of lists, emphasis, headings, quotations and
//! tags mean nothing here. Operands are numbers, single letters and brackets; of `+ ^ = < >` any words.

/// What a sign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// So many bytes are a word.
    Alone(u32),
    /// It begins the word behind it.
    Before,
    /// It joins the words on both sides.
    Within,
    /// So many bytes end the word before it.
    Behind(u32),
}

/// Adds to the first `n_edges` of `edges` (where words begin and end, by turns, in `text[base..]`) what the signs at `places`
/// change, and yields how many edges there are then. Where nothing changes, and mostly nothing does, `edges` is not touched.
///
/// `edges` and `spare`, which take turns, have room for two edges a byte.
pub fn apply(
    text: &[u8],
    base: usize,
    places: &[u32],
    edges: &mut Vec<u32>,
    n_edges: usize,
    spare: &mut Vec<u32>,
) -> usize {
    let text = Text(text);
    let mut places = places.iter().map(|&place| base + place as usize);
    let mut role = || places.by_ref().find_map(|at| text.role(at));
    let Some(mut found) = role() else {
        return n_edges;
    };
    if spare.len() < edges.len() {
        spare.resize(edges.len(), 0);
    }
    let mut list = List { edges: spare, n: 0 };
    let mut next = 0;
    loop {
        let (at, what) = found;
        let place = (at - base) as u32;
        while next < n_edges && edges[next + 1] <= place {
            list.push(edges[next], edges[next + 1]);
            next += 2;
        }
        match what {
            Role::Alone(n) => list.push(place, place + n),
            Role::Behind(n) => list.end_at(place, place + n),
            Role::Before if next < n_edges => edges[next] = edges[next].min(place),
            Role::Within if next < n_edges => edges[next] = list.take(place).unwrap_or(edges[next]),
            _ => (),
        }
        let Some(more) = role() else {
            break;
        };
        found = more;
    }
    for word in edges[next..n_edges].as_chunks::<2>().0 {
        list.push(word[0], word[1]);
    }
    let n = list.n;
    std::mem::swap(edges, spare);
    n
}

/// What the sign at this place is, and where it begins (there or one byte before); None: it means nothing.
pub fn role(text: &[u8], at: usize) -> Option<(usize, Role)> {
    Text(text).role(at)
}

struct List<'a> {
    edges: &'a mut [u32],
    n: usize,
}

impl List<'_> {
    #[inline(always)]
    fn push(&mut self, begin: u32, end: u32) {
        self.edges[self.n] = begin;
        self.edges[self.n + 1] = end;
        self.n += 2;
    }

    /// The last word, if it ends at `from`, ends at `to`.
    fn end_at(&mut self, from: u32, to: u32) {
        if self.n > 0 && self.edges[self.n - 1] == from {
            self.edges[self.n - 1] = to;
        }
    }

    /// Takes out the last word, if it ends at `end`: where it began.
    fn take(&mut self, end: u32) -> Option<u32> {
        if self.n == 0 || self.edges[self.n - 1] != end {
            return None;
        }
        self.n -= 2;
        Some(self.edges[self.n])
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn opens(byte: u8) -> bool {
    matches!(byte, b'(' | b'[' | b'{')
}

fn closes(byte: u8) -> bool {
    matches!(byte, b')' | b']' | b'}')
}

/// Spaces that a sign looks across.
const REACH: usize = 4;

#[derive(Clone, Copy)]
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    /// The byte at a place; the end of a line beyond both ends.
    #[inline(always)]
    fn at(self, place: usize) -> u8 {
        self.0.get(place).copied().unwrap_or(b'\n')
    }

    #[inline(always)]
    fn before(self, place: usize) -> u8 {
        self.at(place.wrapping_sub(1))
    }

    /// What the sign that begins here (or one byte before) is, and where it begins; None: it means nothing.
    #[inline(always)]
    fn role(self, at: usize) -> Option<(usize, Role)> {
        let (p, n) = (self.before(at), self.at(at + 1));
        let role = match self.at(at) {
            b'.' if n.is_ascii_digit() => self.point(p, n)?,
            b'-' => self.minus(at, p, n)?,
            b'+' => self.plus(at, p, n)?,
            b'#' => {
                let is_name = p.is_ascii_alphabetic() && !is_word(self.before(at - 1));
                (is_name && !is_word(n)).then_some(Role::Behind(1))?
            }
            b'%' => {
                let q = if p == b' ' { self.before(at - 1) } else { p };
                q.is_ascii_digit().then_some(Role::Alone(1))?
            }
            sign @ (b'*' | b'/' | b'^') => {
                if p == sign {
                    return None;
                }
                let end = at + 1 + usize::from(n == sign);
                let spaced = p == b' ' && self.at(end) == b' ';
                let any = sign == b'^' || spaced;
                (self.operand_before(at, any) && self.operand_after(end, any))
                    .then_some(Role::Alone((end - at) as u32))?
            }
            b'=' | b'<' | b'>' => return self.relation(at, p),
            _ => return None,
        };
        Some((at, role))
    }

    #[inline(always)]
    fn point(self, p: u8, n: u8) -> Option<Role> {
        match p {
            _ if !n.is_ascii_digit() => None,
            b'0'..=b'9' => Some(Role::Within),
            b'.' => None,
            _ => (!is_word(p) && !closes(p)).then_some(Role::Before),
        }
    }

    #[inline(always)]
    fn minus(self, at: usize, p: u8, n: u8) -> Option<Role> {
        if p == b'-' || n == b'-' {
            return None;
        }
        let number = n.is_ascii_digit() || n == b'.' && self.at(at + 2).is_ascii_digit();
        if number && !is_word(p) && !closes(p) {
            return Some(Role::Before);
        }
        if n == b'$' && self.at(at + 2).is_ascii_digit() && !is_word(p) {
            return Some(Role::Alone(1));
        }
        // `a -b` and `a- b` are no differences, and a sign with a word on one side only is a dash
        let balanced = (p == b' ') == (n == b' ');
        (balanced && self.operand_before(at, false) && self.operand_after(at + 1, false))
            .then_some(Role::Alone(1))
    }

    #[inline(always)]
    fn plus(self, at: usize, p: u8, n: u8) -> Option<Role> {
        if p == b'+' {
            return None;
        }
        let mut end = at + 1;
        while self.at(end) == b'+' && end < at + 3 {
            end += 1;
        }
        let one = end == at + 1;
        if is_word(p) && !(one && (is_word(n) || opens(n))) {
            return Some(Role::Behind((end - at) as u32));
        }
        (one && self.operand_before(at, true) && self.operand_after(end, true))
            .then_some(Role::Alone(1))
    }

    #[inline(always)]
    fn relation(self, at: usize, p: u8) -> Option<(usize, Role)> {
        if matches!(p, b'=' | b'<' | b'>') {
            return None;
        }
        let begin = at - usize::from(p == b'!');
        let mut end = at + 1;
        while matches!(self.at(end), b'=' | b'<' | b'>') {
            end += 1;
            if end > begin + 3 {
                return None; // a line under a heading
            }
        }
        // a tag has a space on one side only, a quotation begins a line and is no number, and "= 5" says 5
        let balanced = (self.before(begin) == b' ') == (self.at(end) == b' ');
        let between = balanced && self.operand_before(begin, true) && self.operand_after(end, true);
        let only_equal = end - begin == 1 && self.at(begin) == b'=';
        let bound = !only_equal && self.number_after(end);
        (between || bound).then_some((begin, Role::Alone((end - begin) as u32)))
    }

    fn number_after(self, at: usize) -> bool {
        let at = at + usize::from(self.at(at) == b' ');
        let at = at + usize::from(matches!(self.at(at), b'-' | b'.' | b'$'));
        self.at(at).is_ascii_digit()
    }

    /// Whether an operand ends before `at`: a number, a single letter, a bracket; any word where `any`.
    #[inline(always)]
    fn operand_before(self, at: usize, any: bool) -> bool {
        let mut place = at;
        for _ in 0..REACH {
            place = place.wrapping_sub(1);
            let byte = self.at(place);
            if byte == b' ' {
                continue;
            }
            return closes(byte)
                || byte.is_ascii_digit()
                || byte == b'%' && self.before(place).is_ascii_digit()
                || matches!(byte, b'+' | b'#')
                    && (is_word(self.before(place)) || self.before(place) == byte)
                || is_word(byte) && (any || self.is_letter(place));
        }
        false
    }

    /// Whether an operand begins at `at`.
    #[inline(always)]
    fn operand_after(self, at: usize, any: bool) -> bool {
        let mut place = at;
        for _ in 0..REACH {
            let byte = self.at(place);
            if byte == b' ' {
                place += 1;
                continue;
            }
            let next = self.at(place + 1);
            let number = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b'$';
            return opens(byte)
                || byte.is_ascii_digit()
                || matches!(byte, b'-' | b'+') && (number(next) || any && is_word(next))
                || byte == b'.' && next.is_ascii_digit()
                || byte == b'$' && is_word(next)
                || is_word(byte) && (any || self.is_letter(place));
        }
        false
    }

    /// Whether the word with the byte at `place`, its first or its last, is a single letter.
    fn is_letter(self, place: usize) -> bool {
        let mut begin = place;
        while self.at(begin) & 0xc0 == 0x80 && place - begin < 3 {
            begin = begin.wrapping_sub(1);
        }
        let mut end = place + 1;
        while self.at(end) & 0xc0 == 0x80 && end - place < 4 {
            end += 1;
        }
        !is_word(self.before(begin)) && !is_word(self.at(end))
    }
}
