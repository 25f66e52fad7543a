//! Rows of different groups never share a bin: each group is planned by itself, groups in order of their number.

use super::admit::Admitted;
use super::{Cut, Limits, Plan, Refusal, Rules, Strategy, best_fit, in_order};
use crate::buffer::Buffer;

/// The plans of all groups, one after the other. `of_row` gives each row's group.
pub fn plan_groups(
    admitted: &Admitted,
    of_row: &[u32],
    rules: &Rules<'_>,
) -> Result<Plan, Refusal> {
    let n = admitted.n_tokens.len();
    let group_of = |i: usize| of_row.get(admitted.row_of(i) as usize).copied();
    let n_rows = if n == 0 {
        0
    } else {
        admitted.row_of(n - 1) as usize + 1
    };
    if of_row.len() != n_rows {
        return Err(Refusal::Groups {
            n_groups: of_row.len(),
            n_rows,
        });
    }
    let mut members: Vec<u32> = (0..n as u32).collect();
    members.sort_by_key(|&i| group_of(i as usize)); // stable: rows keep their order within a group
    let mut all = Joined {
        rows: Vec::with_capacity(n),
        cuts: Vec::new(),
        bin_offsets: vec![0],
    };
    for group in members.chunk_by(|&a, &b| group_of(a as usize) == group_of(b as usize)) {
        let n_tokens: Vec<u32> = group
            .iter()
            .map(|&i| admitted.n_tokens[i as usize])
            .collect();
        all.append(&plan_one(&n_tokens, rules)?, group);
    }
    let Joined {
        rows,
        cuts,
        bin_offsets,
    } = all;
    Ok(Plan {
        rows: Buffer::from_fn(rows.len(), |k| rows[k]),
        cuts: (rules.strategy == Strategy::Wrapped).then_some(cuts),
        bin_offsets: Buffer::from_fn(bin_offsets.len(), |b| bin_offsets[b]),
    })
}

struct Joined {
    rows: Vec<u32>,
    cuts: Vec<Cut>,
    bin_offsets: Vec<i64>,
}

impl Joined {
    /// Adds one group's plan, whose row i is `group[i]`.
    fn append(&mut self, plan: &Plan, group: &[u32]) {
        let before = self.rows.len() as i64;
        self.rows
            .extend(plan.rows.iter().map(|&i| group[i as usize]));
        self.cuts.extend(plan.cuts.iter().flatten());
        self.bin_offsets
            .extend(plan.bin_offsets[1..].iter().map(|&end| before + end));
    }
}

fn plan_one(n_tokens: &[u32], rules: &Rules<'_>) -> Result<Plan, Refusal> {
    match rules.strategy {
        Strategy::BestFit => {
            let limits = Limits {
                capacity: rules.capacity,
                most_rows: rules.most_rows,
            };
            let (rows, bin_offsets) = best_fit::best_fit_decreasing(n_tokens, limits);
            Ok(Plan {
                rows,
                cuts: None,
                bin_offsets,
            })
        }
        Strategy::NextFit => Ok(in_order::next_fit(n_tokens, rules)),
        Strategy::Wrapped => in_order::wrapped(n_tokens, rules),
    }
}
