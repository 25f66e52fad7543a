//! Rows whose text is made of parts: a question and its context, the turns of a conversation, what was answered.
//!
//! A long part that two rows share makes their texts alike, however much the short ones differ. So rows of known parts are
//! alike where each part is, as if it alone had been compared.

use super::DedupError;

/// Where the parts of every row end, in bytes of its text; a part begins where the one before it ends.
///
/// A row of no parts is one text: it is compared as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    ends: Vec<u32>,
    /// Row r has `ends[offsets[r]..offsets[r + 1]]`.
    offsets: Vec<usize>,
}

impl Parts {
    /// Checked: one list of ends for every row, each rising and within its text.
    pub fn new(ends: Vec<u32>, offsets: Vec<usize>, rows: &[&[u8]]) -> Result<Self, DedupError> {
        let wrong = |why: String| DedupError::Parts { why };
        if offsets.len() != rows.len() + 1 || offsets.first() != Some(&0) {
            let got = offsets.len();
            return Err(wrong(format!(
                "got {got} offsets, wanted one more than rows ({}), from 0",
                rows.len()
            )));
        }
        if !offsets.is_sorted() || offsets.last() != Some(&ends.len()) {
            return Err(wrong(format!(
                "got offsets that do not rise to the number of ends ({})",
                ends.len()
            )));
        }
        let parts = Self { ends, offsets };
        for (row, text) in rows.iter().enumerate() {
            let ends = parts.ends_of(row);
            if !ends.is_sorted() || ends.last().is_some_and(|&end| end as usize > text.len()) {
                let n = text.len();
                return Err(wrong(format!(
                    "row {row}: got parts that end at {ends:?}, wanted them to rise, to {n} at most"
                )));
            }
        }
        Ok(parts)
    }

    fn ends_of(&self, row: usize) -> &[u32] {
        &self.ends[self.offsets[row]..self.offsets[row + 1]]
    }

    /// The parts of two rows side by side, empty ones left out; None: they have another number of parts.
    ///
    /// No pairs at all where one of them is a text without parts.
    pub fn beside<'a>(
        &'a self,
        rows: &[&'a [u8]],
        left: u32,
        right: u32,
    ) -> Option<impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a>> {
        let (mut a, mut b) = (self.ends_of(left as usize), self.ends_of(right as usize));
        if a.is_empty() || b.is_empty() {
            (a, b) = (&[], &[]);
        }
        let (a, b) = (cut(rows[left as usize], a), cut(rows[right as usize], b));
        (a.clone().count() == b.clone().count()).then(|| a.zip(b))
    }
}

/// The parts of a text that hold something, without the white space around them.
fn cut<'a>(text: &'a [u8], ends: &'a [u32]) -> impl Iterator<Item = &'a [u8]> + Clone {
    let begins = std::iter::once(&0).chain(ends);
    begins
        .zip(ends)
        .map(|(&begin, &end)| text[begin as usize..end as usize].trim_ascii())
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(rows: &[&[u8]], ends: &[&[u32]]) -> Option<Vec<(String, String)>> {
        let offsets = std::iter::once(0)
            .chain(ends.iter().scan(0, |sum, ends| {
                *sum += ends.len();
                Some(*sum)
            }))
            .collect();
        let parts = Parts::new(ends.concat(), offsets, rows).unwrap();
        let text = |part: &[u8]| String::from_utf8(part.to_vec()).unwrap();
        let found = parts.beside(rows, 0, 1)?;
        Some(found.map(|(a, b)| (text(a), text(b))).collect())
    }

    #[test]
    fn parts_stand_side_by_side() {
        let rows: [&[u8]; 2] = [b"who\nhe", b"how\n\nit"];
        let want = [("who", "how"), ("he", "it")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(beside(&rows, &[&[3, 6], &[3, 4, 7]]), Some(want.to_vec()));
        assert_eq!(beside(&rows, &[&[3, 6], &[7]]), None);
        assert_eq!(beside(&rows, &[&[3, 6], &[3, 4]]), None);
        assert_eq!(beside(&rows, &[&[3, 6], &[]]), Some(vec![]));
        assert_eq!(beside(&rows, &[&[], &[]]), Some(vec![]));
    }

    #[test]
    fn what_is_no_cut_is_refused() {
        let rows: [&[u8]; 2] = [b"abc", b"de"];
        for (ends, offsets) in [
            (vec![3], vec![0, 1]),
            (vec![3], vec![0, 1, 2]),
            (vec![3], vec![0, 0, 0]),
            (vec![3, 2], vec![1, 1, 2]),
            (vec![3, 2], vec![0, 2, 1]),
            (vec![4], vec![0, 1, 1]),
            (vec![2, 1], vec![0, 2, 2]),
            (vec![3], vec![0, 0, 1]),
        ] {
            let refused = Parts::new(ends.clone(), offsets.clone(), &rows);
            assert!(refused.is_err(), "{ends:?} {offsets:?}");
        }
        assert!(Parts::new(vec![], vec![0], &[]).is_ok());
    }
}
