//! Rows into clusters; a cluster is named after its smallest row.

pub struct Unite {
    parent: Vec<u32>,
}

impl Unite {
    /// n rows, each a cluster of its own.
    pub fn new(n: usize) -> Self {
        Self {
            parent: (0..n as u32).collect(),
        }
    }

    /// The smallest row of the cluster of `row`.
    pub fn find(&mut self, row: u32) -> u32 {
        let mut at = row;
        while self.parent[at as usize] != at {
            let up = self.parent[self.parent[at as usize] as usize];
            self.parent[at as usize] = up;
            at = up;
        }
        at
    }

    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    /// The smallest row of every row's cluster.
    pub fn labels(mut self) -> Vec<u32> {
        // a parent is never larger than its child, so one pass upwards finishes all
        for row in 0..self.parent.len() {
            self.parent[row] = self.parent[self.parent[row] as usize];
        }
        self.parent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_the_smallest_rows_whatever_the_order() {
        let joins = [(9, 4), (4, 7), (2, 3), (7, 2), (6, 5)];
        for turn in 0..joins.len() {
            let mut unite = Unite::new(10);
            for i in 0..joins.len() {
                let (a, b) = joins[(i + turn) % joins.len()];
                unite.join(a, b);
            }
            assert_eq!(unite.labels(), [0, 1, 2, 2, 2, 5, 5, 2, 8, 2]);
        }
    }
}
