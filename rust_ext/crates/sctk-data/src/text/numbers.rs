//! Numbers as people write them, in one spelling: `1,000` and `$1000.00` are 1000, `.5` and `1/2` are 0.5; -5 is not 5.
//!
//! What could be two numbers is left as it stands, for a wrong merge is worse than none: `1.000` (one in English, a thousand in
//! German), `1,5`, `007`, `1.2.3`.

/// The number that a text is, whatever its spelling: a decimal (`-0.5`, `1000`) or, where no decimal is exact, a fraction in
/// lowest terms (`1/3`); None where it is not one number.
///
/// Taken are a sign, digits of any script with thousands set apart (`1,000`, `1,00,000`, `1.000,5`), a point, an exponent
/// (`2e3`), a fraction (`3/4`, `1 1/2`); money signs, brackets, emphasis and a final full stop around it are not read. A
/// percentage is no number.
///
/// ```
/// use sctk_data::text::numbers::number;
/// let found = ["$1,000.", "−5", "1/2", "½", "2e3", "١٢", "1/3"].map(|text| number(text).unwrap());
/// assert_eq!(found, ["1000", "-5", "0.5", "0.5", "2000", "12", "1/3"]);
/// assert_eq!(["5 km", "1.2.3", "3 4", "", "50 %"].map(number), [const { None }; 5]);
/// ```
pub fn number(text: &str) -> Option<String> {
    if text.len() > 4 * MOST_DIGITS {
        return None;
    }
    of_plain(&super::answers::spelled(text))
}

/// The longest number that is read.
const MOST_DIGITS: usize = 64;

/// As `number`, of a text in the spelling of `answers::spelled`.
pub(super) fn of_plain(text: &str) -> Option<String> {
    if !may_be_number(text) {
        return None;
    }
    let text = text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '_' | '`' | '"' | '\'' | '$' | '\\')
    });
    let text = text.strip_suffix('.').unwrap_or(text);
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    let whole = without_spaces(without_money(inner.unwrap_or(text)));
    let text: &str = &whole;
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let size = match rest.split_once('/') {
        Some((above, below)) => fraction(above, below)?,
        None => power(rest)?,
    };
    let sign = if negative && size != "0" { "-" } else { "" };
    Some(format!("{sign}{size}"))
}

/// More letters than a number with the name of its money has.
const MANY_LETTERS: usize = 24;

/// A quick look: whether there is a digit, and there are not too many letters.
fn may_be_number(text: &str) -> bool {
    let letters = text.bytes().filter(u8::is_ascii_alphabetic);
    letters.take(MANY_LETTERS).count() < MANY_LETTERS && text.bytes().any(|b| b.is_ascii_digit())
}

/// Codes, names and signs of money, folded; sterling's and `won` are words of other meaning too.
const MONEY: &str = " usd eur gbp jpy cny rmb inr krw rub brl aud cad chf nok sek dkk pln czk huf mxn zar sgd hkd twd nzd thb idr vnd ils \
    sar aed egp ngn pkr bdt uah ron dollar dollars euro euros yen yuan rupee rupees rs kr kn zł kč ft lei лв руб рубль рубля рублей \
    ruble rubles rouble roubles peso pesos franc francs franken krona kronor kroner krone lira 円 元 圆 圓 원 บาท ";

/// Whose dollars they are, before the sign.
const COUNTRIES: [&str; 13] = [
    "us", "u.s.", "a", "au", "c", "ca", "nt", "hk", "s", "nz", "r", "mx", "ar",
];

/// Takes a country's letters from the end of what stands before a dollar sign.
pub(super) fn drop_country(before: &mut Vec<u8>) {
    let word = before.rsplit(|byte| matches!(byte, b' ' | b'-' | b'('));
    let word = word.into_iter().next().unwrap_or_default();
    if COUNTRIES.iter().any(|country| country.as_bytes() == word) {
        before.truncate(before.len() - word.len());
    }
}

/// A number without the name of money before it or behind it.
fn without_money(text: &str) -> &str {
    let is_size = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    let is_money = |name: &str| {
        let name = name.trim().trim_end_matches('.');
        let is_name = !name.is_empty() && !name.contains(' ');
        is_name && MONEY.contains(&format!(" {} ", super::fold::composed(name)))
    };
    let behind = text
        .rfind(|c: char| c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let ahead = text.find(|c: char| is_size(c)).unwrap_or(0);
    let abbreviated = text[ahead..].starts_with('.') && !text[..ahead].ends_with(' '); // Rs.500
    if ahead == 0 && is_money(&text[behind..]) {
        text[..behind].trim()
    } else if behind == text.len() && is_money(&text[..ahead]) {
        text[ahead + usize::from(abbreviated)..].trim()
    } else {
        text
    }
}

/// With the thousands together that spaces set apart.
fn without_spaces(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b' ') {
        return text.into();
    }
    let whole = text.split(['.', ',']).next().unwrap_or_default();
    let mut groups = whole.trim_start_matches(['+', '-']).split(' ');
    let is_digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let apart = (1..=3).contains(&first.len())
        && is_digits(first)
        && !first.starts_with('0')
        && groups.clone().next().is_some()
        && groups.all(|group| group.len() == 3 && is_digits(group));
    if apart {
        text.replace(' ', "").into()
    } else {
        text.into()
    }
}

/// The plain decimal of digits with points and commas; None: they are no number, or may be two.
///
/// ```
/// use sctk_data::text::numbers::decimal;
/// assert_eq!(["1,000", "1.000,50", "0.50", ".5"].map(|d| decimal(d).unwrap()), ["1000", "1000.5", "0.5", "0.5"]);
/// assert_eq!(["1.000", "1,5", "007", "1.2.3", "1,00"].map(decimal), [const { None }; 5]);
/// ```
pub fn decimal(digits: &str) -> Option<String> {
    if digits.len() > MOST_DIGITS {
        return None;
    }
    let first = |mark| digits.bytes().position(|byte| byte == mark);
    let (comma, point) = (first(b','), first(b'.'));
    let (whole, part, sure) = match (comma, point) {
        (None, None) => (thousands(digits, '\'')?, "", true),
        (Some(_), None) => (thousands(digits, ',')?, "", true),
        (None, Some(at)) => (thousands(&digits[..at], '\'')?, &digits[at + 1..], false),
        (Some(comma), Some(point)) if comma < point => (
            thousands(&digits[..point], ',')?,
            &digits[point + 1..],
            true,
        ),
        (Some(comma), Some(_)) => (
            thousands(&digits[..comma], '.')?,
            &digits[comma + 1..],
            true,
        ),
    };
    if !part.bytes().all(|b| b.is_ascii_digit()) || whole.is_empty() && part.is_empty() {
        return None;
    }
    let groups = !sure && part.len() == 3 && (1..=3).contains(&whole.len()) && whole != "0";
    if groups && part.ends_with('0') {
        return None; // 1.000 and 1.250 may be thousands
    }
    let mut number = if whole.is_empty() { "0".into() } else { whole };
    let part = part.trim_end_matches('0');
    if !part.is_empty() {
        number.push('.');
        number.push_str(part);
    }
    Some(number)
}

/// Digits without what sets their thousands apart: groups of three, or in the Indian way of two before the last three.
fn thousands(digits: &str, mark: char) -> Option<String> {
    if digits.bytes().all(|byte| byte != mark as u8) {
        let is_plain = digits.bytes().all(|b| b.is_ascii_digit())
            && !(digits.starts_with('0') && digits.len() > 1);
        return is_plain.then(|| digits.into());
    }
    let groups: Vec<&str> = digits.split(mark).collect();
    let all_digits = groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_digit()));
    let leading_zero = digits.starts_with('0') && digits.len() > 1;
    if !all_digits || leading_zero {
        return None;
    }
    if let [first, middle @ .., last] = &groups[..] {
        let threes = (1..=3).contains(&first.len()) && middle.iter().all(|g| g.len() == 3);
        let twos = (1..=2).contains(&first.len())
            && !middle.is_empty()
            && middle.iter().all(|g| g.len() == 2);
        if last.len() != 3 || !(threes || twos) {
            return None;
        }
    }
    Some(groups.concat())
}

/// A decimal with an exponent, or without one.
fn power(text: &str) -> Option<String> {
    let Some((digits, exponent)) = text.split_once('e') else {
        return decimal(text);
    };
    let exponent: i32 = exponent.parse().ok()?;
    let plain = decimal(digits)?;
    if exponent.unsigned_abs() as usize > MOST_DIGITS {
        return None;
    }
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let all = format!("{whole}{part}");
    let point = whole.len() as i32 + exponent;
    let spelled = if point <= 0 {
        format!("0.{}{all}", "0".repeat(point.unsigned_abs() as usize))
    } else {
        let zeros = (point as usize).saturating_sub(all.len());
        let padded = format!("{all}{}", "0".repeat(zeros));
        let (whole, part) = padded.split_at(point as usize);
        let whole = whole.trim_start_matches('0');
        format!("{}.{part}", if whole.is_empty() { "0" } else { whole })
    };
    let (whole, part) = spelled.split_once('.')?;
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    Some(format!("{whole}{point}{part}"))
}

/// `above / below` in lowest terms, with a whole number before it (`1 1/2`) added.
fn fraction(above: &str, below: &str) -> Option<String> {
    let (whole, above) = match above.trim().rsplit_once(' ') {
        Some((whole, above)) => (natural(whole.trim())?, natural(above)?),
        None => (0, natural(above.trim())?),
    };
    let below = natural(below.trim())?;
    if below == 0 {
        return None;
    }
    let above = whole.checked_mul(below)?.checked_add(above)?;
    let divisor = gcd(above, below);
    let (above, mut below) = (above / divisor, below / divisor);
    let lowest = below;
    let mut places = 0;
    // ten to that many places is a multiple of the denominator, if it has no divisors but 2 and 5
    let mut scale = 1_u128;
    while !scale.is_multiple_of(u128::from(lowest)) && places < 18 {
        scale *= 10;
        places += 1;
    }
    if !scale.is_multiple_of(u128::from(lowest)) {
        return Some(format!("{above}/{lowest}"));
    }
    below = lowest;
    let scaled = u128::from(above) * (scale / u128::from(below));
    let (whole, part) = (scaled / scale, scaled % scale);
    if places == 0 {
        return Some(whole.to_string());
    }
    let part = format!("{part:0places$}");
    Some(format!("{whole}.{}", part.trim_end_matches('0')))
}

fn natural(text: &str) -> Option<u64> {
    let plain = decimal(text)?;
    plain.parse().ok().filter(|&n: &u64| n < 1 << 40)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_one() {
        for (wanted, spellings) in [
            (
                "1000",
                &[
                    "1000",
                    "1,000",
                    "$1,000",
                    "1000.0",
                    "1'000",
                    "1e3",
                    "€1.000,00",
                    "１０００",
                    "1\u{a0}000",
                    "+1000",
                    "**1000**",
                    "2000/2",
                ][..],
            ),
            ("-5", &["-5", "−5", "–5", "-5.", "-$5", "$-5", "-5.0", "-٥"]),
            ("0.5", &["0.5", ".5", "0.50", "1/2", "2/4", "½", "5e-1"]),
            ("1.5", &["1.5", "1 1/2", "1½", "3/2"]),
            ("100000", &["1,00,000", "100,000"]),
            ("1/3", &["1/3", "2/6"]),
            ("0", &["0", "-0", "0.0"]),
        ] {
            for spelling in spellings {
                assert_eq!(number(spelling).as_deref(), Some(wanted), "{spelling}");
            }
        }
    }

    #[test]
    fn what_may_be_two_numbers_is_none() {
        for text in [
            "1,5", "1.000", "1.250", "007", "1.2.3", "1,23,4", "12,34", "1 00", "5-3", "1/0",
            "1//2", "-", ".", "1e", "1e999", "--5", "5%", "5 6", "a", "1a", "0,123", "1/2/3", "٫",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(number(&"9".repeat(1000)), None);
    }
}
