//! The characters that are words by themselves in an answer.

use crate::text::fold::is_symbol;
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
