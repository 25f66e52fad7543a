//! How uncertain a question is, from the clusters of its answers (semantic entropy, Kuhn et al., arXiv 2302.09664).

use super::groups::Ones;
use super::{Error, Groups, Run};

/// How the entropy is estimated; in nats. A cluster's log p is the log-sum-exp of its answers' log-likelihoods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    /// -sum p ln p over clusters, p being a cluster's share of the answers.
    Discrete,
    /// -sum p ln p over clusters, p being a cluster's share of the likelihood.
    Likelihood,
    /// -mean of log p over clusters, not normalised (the authors' code).
    ClassMean,
    /// -mean of log p over answers, not normalised (LM-Polygraph's "mean").
    SampleMean,
}

#[derive(Default)]
struct Memory {
    counts: Vec<f64>,
    largest: Vec<f64>,
    logs: Vec<f64>,
}

/// The entropy of each group, in nats; NaN for a group without answers. `log_likelihoods`, one for each answer, are
/// needed by all estimators but `Discrete`.
pub fn entropy(
    labels: &[i32],
    log_likelihoods: &[f64],
    groups: Groups<'_>,
    estimator: Estimator,
    run: Run<'_>,
) -> Result<Vec<f64>, Error> {
    let n_answers = groups.n_answers();
    if labels.len() != n_answers {
        return Err(Error::Size {
            what: "labels",
            got: labels.len(),
            wanted: n_answers,
        });
    }
    if estimator != Estimator::Discrete && log_likelihoods.len() != n_answers {
        return Err(Error::Size {
            what: "log_likelihoods",
            got: log_likelihoods.len(),
            wanted: n_answers,
        });
    }
    let mut entropies = vec![0.0; groups.len()];
    groups.for_each(
        run,
        Ones(&mut entropies),
        |memory: &mut Memory, entropies, group| {
            let answers = groups.answers(group);
            let labels = &labels[answers.clone()];
            let n_clusters = n_clusters(labels, group)?;
            let entropy = &mut entropies.take(1)[0];
            if labels.is_empty() {
                *entropy = f64::NAN;
            } else if estimator == Estimator::Discrete {
                *entropy = memory.discrete(labels, n_clusters);
            } else {
                let logs = &log_likelihoods[answers];
                if let Some(at) = logs.iter().position(|log| !log.is_finite()) {
                    return Err(Error::NotFinite {
                        what: "log_likelihoods",
                        group,
                        at,
                    });
                }
                memory.cluster_logs(labels, logs, n_clusters);
                *entropy = memory.weighted(labels, estimator);
            }
            Ok(())
        },
    )?;
    Ok(entropies)
}

/// One more than the largest label.
fn n_clusters(labels: &[i32], group: usize) -> Result<usize, Error> {
    let n_answers = labels.len();
    match labels
        .iter()
        .position(|&label| label < 0 || label as usize >= n_answers)
    {
        Some(at) => Err(Error::Label {
            group,
            at,
            got: labels[at],
            n_answers,
        }),
        None => Ok(labels.iter().max().map_or(0, |&label| label as usize + 1)),
    }
}

impl Memory {
    fn discrete(&mut self, labels: &[i32], n_clusters: usize) -> f64 {
        self.counts.clear();
        self.counts.resize(n_clusters, 0.0);
        labels
            .iter()
            .for_each(|&label| self.counts[label as usize] += 1.0);
        let n = labels.len() as f64;
        -self
            .counts
            .iter()
            .map(|&count| x_ln_x(count / n))
            .sum::<f64>()
            + 0.0
    }

    /// log p of each cluster, into `logs`.
    fn cluster_logs(&mut self, labels: &[i32], log_likelihoods: &[f64], n_clusters: usize) {
        self.largest.clear();
        self.largest.resize(n_clusters, f64::NEG_INFINITY);
        self.logs.clear();
        self.logs.resize(n_clusters, 0.0);
        for (&label, &log) in labels.iter().zip(log_likelihoods) {
            let largest = &mut self.largest[label as usize];
            *largest = largest.max(log);
        }
        for (&label, &log) in labels.iter().zip(log_likelihoods) {
            self.logs[label as usize] += (log - self.largest[label as usize]).exp();
        }
        for (log, largest) in self.logs.iter_mut().zip(&self.largest) {
            *log = largest + log.ln();
        }
    }

    fn weighted(&self, labels: &[i32], estimator: Estimator) -> f64 {
        // a label that nobody has stands for no cluster
        let clusters = || {
            self.logs
                .iter()
                .copied()
                .filter(|&log| log > f64::NEG_INFINITY)
        };
        match estimator {
            Estimator::SampleMean => {
                -labels
                    .iter()
                    .map(|&label| self.logs[label as usize])
                    .sum::<f64>()
                    / labels.len() as f64
            }
            Estimator::ClassMean => -clusters().sum::<f64>() / clusters().count() as f64,
            _ => {
                let largest = clusters().fold(f64::NEG_INFINITY, f64::max);
                let total = clusters().map(|log| (log - largest).exp()).sum::<f64>();
                -clusters()
                    .map(|log| x_ln_x((log - largest).exp() / total))
                    .sum::<f64>()
                    + 0.0
            }
        }
    }
}

fn x_ln_x(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Simd;
    use crate::watch::Unwatched;

    fn one_group(labels: &[i32], logs: &[f64], estimator: Estimator) -> Result<f64, Error> {
        let offsets = [0, labels.len()];
        let groups = Groups::new(&offsets, labels.len())?;
        let run = Run {
            level: Simd::best(),
            threads: 1,
            watch: &Unwatched,
        };
        Ok(entropy(labels, logs, groups, estimator, run)?[0])
    }

    #[test]
    fn five_three_two_is_1_02965_nats() {
        let labels = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2];
        assert!((one_group(&labels, &[], Estimator::Discrete).unwrap() - 1.02965).abs() < 5e-6);
        let even = [-3.0; 10];
        let weighted = one_group(&labels, &even, Estimator::Likelihood).unwrap();
        assert!(
            (weighted - 1.02965).abs() < 5e-6,
            "equal likelihoods weigh as counts do"
        );
    }

    #[test]
    fn likelihoods_of_any_size_do_not_overflow() {
        let labels = [0, 1, 0];
        let by_hand = -(0.5_f64.ln());
        for shift in [0.0, -1e4, 1e4] {
            let logs = [
                shift + 0.5_f64.ln(),
                shift + 1.0_f64.ln(),
                shift + 0.5_f64.ln(),
            ];
            let got = one_group(&labels, &logs, Estimator::Likelihood).unwrap();
            assert!((got - by_hand).abs() < 1e-9, "{shift} {got}");
        }
    }

    #[test]
    fn what_is_no_cluster_or_no_number_is_refused() {
        let bad = one_group(&[0, 2], &[], Estimator::Discrete);
        assert_eq!(
            bad,
            Err(Error::Label {
                group: 0,
                at: 1,
                got: 2,
                n_answers: 2
            })
        );
        let bad = one_group(&[0, 1], &[0.0, f64::NAN], Estimator::SampleMean);
        assert_eq!(
            bad,
            Err(Error::NotFinite {
                what: "log_likelihoods",
                group: 0,
                at: 1
            })
        );
        assert!(one_group(&[], &[], Estimator::Discrete).unwrap().is_nan());
        assert_eq!(
            one_group(&[0], &[], Estimator::Discrete).unwrap().to_bits(),
            0
        );
    }
}
