//! Random input against slow code that is plainly right: words and shingles, sketches, near duplicates, packing, scores.
//!
//! `cargo test` tries a few dozen cases of each; `SCTK_FUZZ=100 cargo test --release --test fuzz` a hundred times as
//! many. Cases are drawn anew on every run (with `PROPTEST_RNG_SEED` the same), and proptest prints the smallest one that
//! it found to fail.

mod consistency;
mod long;
mod near;
mod packing;
mod text;

use proptest::prelude::*;
use sctk_data::text::Simd;

/// `n` cases, times what the environment asks for; says how many (`--show-output`).
fn cases(n: u32) -> ProptestConfig {
    let times = std::env::var("SCTK_FUZZ").map_or(1, |times| {
        times.parse::<u32>().expect("SCTK_FUZZ is a number")
    });
    println!("{} cases", n * times);
    ProptestConfig {
        cases: n * times,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Pieces of words as people write them, with the marks of each script: long runs of one script, and what ends them.
const PIECES: &[&str] = &[
    " ",
    " ",
    " ",
    ", ",
    ". ",
    "a",
    "the ",
    "Größe",
    "façade",
    "cœur",
    "Łódź",
    "ěščřžýáíé",
    "İstanbul",
    "ığşçö",
    "Việt",
    "được ",
    "tự do",
    "a\u{31b}\u{323}",
    "e\u{323}\u{302}",
    "Όλοι",
    "άνθρωποι ",
    "ΐΰϊ",
    "ᾳ",
    "е\u{308}",
    "своём",
    "й",
    "їжак",
    "Ѐ",
    "שָׁלוֹם",
    "כל ",
    "مُحَمَّد",
    "الله ",
    "لا",
    "گفت\u{200c}وگو",
    "हिन्दी",
    "स्वतन्त्रता ",
    "बड़े",
    "क़",
    "। ",
    "क\u{94d}\u{93c}",
    "ব্যক্তি",
    "ড়",
    "মানুষ ",
    "தமிழ்",
    "க்ஷ",
    "ௌ",
    "ో",
    "ಕನ್ನಡ",
    "മലയാളം",
    "සිංහල",
    "ܐܵ",
    "ཀྵ",
    "བོད་",
    "한국어",
    "자유 ",
    "ㅋㅋ",
    "ㅠ",
    "\u{1112}\u{1161}\u{11ab}",
    "人人生而自由",
    "，",
    "。",
    "漢",
    "々",
    "が",
    "か\u{3099}",
    "プログラム",
    "ｶﾞ",
    "、",
    "１２",
    "《",
    "ผู้",
    "อยู่",
    "สิทธิ",
    "น้ำ",
    "ก\u{e48}\u{e38}",
    "ๆ",
    "๑",
    "ກໍ",
    "ຂໍ້",
    "ຄໍາ",
    "ກ\u{ec8}\u{eb8}",
    "ເສລີພາບ",
    "ໆ",
    "ຫມາ",
    "មនុស្ស",
    "សិទ្ធិ",
    "ញ្ញ",
    "។",
    "ឥត\u{200b}",
    "မြန်မာ",
    "ဖြင\u{1037}\u{103a}",
    "ဖြင\u{103a}\u{1037}",
    "ဥပမာ",
    "ဥ\u{102e}",
    "ဉာဏ်",
    "၊",
    "၁",
    "\u{301}",
    "\u{327}",
    "\u{fe0f}",
    "\u{200d}",
    "\u{ad}",
    "😀",
    "👩\u{200d}🔬",
    "𝒳",
    "𐐀",
    "…",
    "’",
    "“",
    "—",
    "½",
    "²",
    "€5",
    "−3",
    "=\u{338}",
    "≠",
    "№",
    "\n",
];

/// Text that is made to be awkward: few letters, so that words recur, and many that lower-case or split strangely.
fn text(most: usize) -> impl Strategy<Value = String> {
    let odd = "aAbB cCzZ09_ ,.-+=<*/%!|&~\"()[]{}>:→♭°‘’′'\n\0\u{1c}\u{a0}\u{ad}\u{200d}éÉßİK\u{301}\u{327}Σσς漢字カｶ゛か\u{3099}🙂٣ﬁǅ½²−×≤∞ไทยดี\u{e38}\u{e48}ខ្មែរ\u{17b4}ລາວໜຫນຳ\u{ecd}น้ำ\u{e4d}าဦဦ=\u{338}မြန်마क़ष्ण\u{1100}\u{1161}ㅋﷺ\u{20e3}";
    let letter = proptest::sample::select(odd.chars().collect::<Vec<_>>());
    let few = proptest::collection::vec(letter, 0..most)
        .prop_map(|letters| letters.into_iter().collect());
    let words = proptest::collection::vec("[a-d]{1,2}|[A-D]|the|x{17,20}|é", 0..most / 3 + 1)
        .prop_map(|words| words.join(" "));
    let prose = proptest::collection::vec(proptest::sample::select(PIECES), 0..most / 3 + 1)
        .prop_map(|pieces| pieces.concat());
    prop_oneof![3 => prose, 3 => few, 3 => words, 1 => proptest::collection::vec(any::<char>(), 0..most).prop_map(|letters| letters.into_iter().collect())]
}

fn bytes(texts: &[String]) -> Vec<&[u8]> {
    texts.iter().map(|text| text.as_bytes()).collect()
}

/// Every level that this processor has, the plain one first.
fn levels() -> Vec<Simd> {
    Simd::available()
}
