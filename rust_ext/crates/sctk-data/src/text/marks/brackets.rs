//! Brackets that mean something: intervals, sets, lists.

use super::is_closing;

/// What stands for the brackets of intervals, sets and lists of numbers and letters, by place; round ones on both sides are dress.
/// `notable` are the places of all brackets, and others.
pub fn brackets(text: &[char], notable: &[usize]) -> Vec<(usize, char)> {
    let mut found = vec![];
    let mut opened: Option<usize> = None;
    for (at, c) in notable.iter().map(|&at| (at, text[at])) {
        if !matches!(c, '(' | ')' | '[' | ']' | '{' | '}') {
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
    found.sort_unstable();
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
