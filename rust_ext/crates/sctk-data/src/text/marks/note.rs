//! Where marks may stand.

/// Writes the places of what may be a mark, or a part of one, in place of what `noted` has; false: `write_meant` would change
/// nothing.
pub fn note<T: Copy + Into<char>>(text: &[T], noted: &mut Vec<usize>) -> bool {
    noted.clear();
    let (mut any, mut at) = (false, 0);
    loop {
        at += first(&text[at..], |&c| is_notable(c.into()));
        let Some(&c) = text.get(at) else { break };
        noted.push(at);
        any |= is_mark(c.into());
        at += 1;
    }
    any
}

/// Where the first such one is, else how many there are; pieces are looked at in vectors, for most have none.
#[inline(always)]
pub fn first<T>(all: &[T], is_such: impl Fn(&T) -> bool) -> usize {
    let mut at = 0;
    for piece in all.chunks(16) {
        if piece.iter().fold(false, |any, one| any | is_such(one)) {
            let found = piece.iter().position(is_such);
            return at + found.expect("there is one");
        }
        at += piece.len();
    }
    at
}

fn is_mark(c: char) -> bool {
    is_notable(c) && !matches!(c, '(' | ')' | '<')
}

/// Whether a character may be a mark, or a part of one.
#[inline(always)]
fn is_notable(c: char) -> bool {
    let c = c as u32;
    let within =
        |first: char, last: char| c.wrapping_sub(first as u32) <= last as u32 - first as u32;
    let is = |mark: char| c == mark as u32;
    within('!', '#')
        | within('&', ')')
        | within('[', ']')
        | within('{', '~')
        | is('-')
        | is(':')
        | is('<')
        | is('@')
        | within('\u{2018}', '\u{2019}')
        | is('′')
}
