//! A quick look at whether there may be a mark at all.

use crate::text::fold::combining_class;

/// More bytes than one or two letters have, with their accents.
const LONGEST: usize = 32;

/// Whether `meant` may find a mark in a plain form of letters (bytes, folded; a space for what is no word): else it finds none.
pub fn may_mean(plain: &[u8]) -> bool {
    let at = |place: usize| plain.get(place).copied().unwrap_or(b' ');
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    // how many letters the word has that ends before a place, of its last characters; None: there is no word
    let letters = |end: usize| {
        let begin = (end.saturating_sub(LONGEST)..end)
            .rev()
            .take_while(|&i| is_word(at(i)))
            .last()?;
        // a word of more bytes may have a character that is cut
        let begin = (begin..end).find(|&i| at(i) & 0xc0 != 0x80)?;
        let word = str::from_utf8(&plain[begin..end]).ok()?;
        Some(word.chars().filter(|&c| combining_class(c) == 0).count())
    };
    let short = |end: usize| letters(end).is_some_and(|n| n < 3);
    plain.iter().enumerate().any(|(i, &byte)| {
        let (before, after) = (at(i.wrapping_sub(1)), at(i + 1));
        match byte {
            b'|' | b'~' | b'&' | b'[' | b'\\' | b']' | b'{' | b'}' | b'@' => true,
            b'!' if is_word(before) => short(i),
            b'!' => is_word(after) || matches!(after, b'(' | b'!') || matches!(before, b')' | b'!'),
            // marks that a dictionary has cut off belong to the letter before them
            b'\'' | b'"' if before == b' ' => !is_word(after) && i > 0 && letters(i - 1) == Some(0),
            b'\'' | b'"' => !is_word(after) && (before == b')' || is_word(before) && short(i)),
            b'-' => !(is_word(before) && is_word(after) || before == b' ' && after == b' '),
            _ => false,
        }
    })
}
