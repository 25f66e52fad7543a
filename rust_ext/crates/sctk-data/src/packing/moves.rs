//! Every sequence as one copy from its row to its place, in the order in which the rows lie in memory.
//!
//! Reading in order costs the processor nothing: it fetches ahead, and walks the page tables of a mapped file once
//! per page. Writing out of order costs little where the output lies on huge pages. The other way about, with the
//! output written in order and the rows read from everywhere, packing takes twice as long.

use super::Plan;
use super::boundaries::Boundaries;

/// Tokens `start .. start + n_tokens` of `row` become tokens `to .. to + n_tokens` of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Move {
    pub row: u32,
    pub n_tokens: u32,
    pub start: u64,
    pub to: u64,
}

/// The moves of each side (one, or a pair's two), by row; together their targets tile the output.
pub fn in_source_order(plan: &Plan, boundaries: &Boundaries) -> Vec<Vec<Move>> {
    let n_sides = boundaries.n_sides;
    let mut places = first_places(&plan.rows);
    let mut moves = vec![vec![Move::default(); plan.rows.len()]; n_sides];
    let mut to = 0;
    for (k, &row) in plan.rows.iter().enumerate() {
        let start = plan.cuts.as_ref().map_or(0, |cuts| cuts[k].start);
        let place = &mut places[row as usize];
        for (side, moves) in moves.iter_mut().enumerate() {
            let n_tokens = boundaries.n_tokens[k * n_sides + side] as u32;
            moves[*place as usize] = Move {
                row,
                n_tokens,
                start,
                to,
            };
            to += u64::from(n_tokens);
        }
        *place += 1;
    }
    moves
}

/// Where each row's pieces begin when pieces are sorted by row.
fn first_places(rows: &[u32]) -> Vec<u32> {
    let n_rows = rows.iter().max().map_or(0, |&last| last as usize + 1);
    let mut counts = vec![0u32; n_rows];
    for &row in rows {
        counts[row as usize] += 1;
    }
    let mut sum = 0;
    for count in &mut counts {
        sum += std::mem::replace(count, sum);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::boundaries::Sides;
    use super::super::{Overflow, Rules, Strategy, plan};
    use super::*;
    use crate::watch::Unwatched;

    #[test]
    fn moves_go_by_row_and_tile_the_output() {
        let lengths = [9u64, 0, 25, 3, 10, 1, 31];
        for strategy in [Strategy::BestFit, Strategy::NextFit, Strategy::Wrapped] {
            let rules = Rules {
                capacity: 10,
                strategy,
                most_rows: usize::MAX,
                seed: Some(3),
                groups: None,
            };
            let admitted = rules.admit(lengths.into_iter(), Overflow::Split).unwrap();
            let plan = plan(&admitted, &rules, &Unwatched).unwrap();
            let boundaries = Boundaries::of(&plan, Sides::One(&admitted));
            let mut moves = in_source_order(&plan, &boundaries).remove(0);
            assert!(moves.is_sorted_by_key(|step| step.row));
            moves.sort_by_key(|step| step.to);
            let mut end = 0;
            for step in &moves {
                assert_eq!(step.to, end);
                end += u64::from(step.n_tokens);
            }
            assert_eq!(end, lengths.iter().sum::<u64>());
        }
    }
}
