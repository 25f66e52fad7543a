//! Random answers for tests.

/// A sequence of numbers below 2^32 that looks random.
pub fn random(seed: u64) -> impl FnMut() -> usize {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    }
}

/// `n` answers of up to `most` words, variations of one another, some empty.
pub fn random_answers(seed: u64, n: usize, most: usize) -> Vec<String> {
    let mut next = random(seed);
    let base: Vec<usize> = (0..most).map(|_| next() % (most / 2 + 2)).collect();
    (0..n)
        .map(|_| {
            let keep = next() % (most + 1);
            let change = next() % 4 + 1;
            let words = base[..keep].iter().map(|&word| {
                if next() % 4 < change {
                    word
                } else {
                    next() % 50
                }
            });
            words
                .map(|word| format!("w{word}"))
                .collect::<Vec<_>>()
                .join([" ", ", ", "; "][next() % 3])
        })
        .collect()
}
