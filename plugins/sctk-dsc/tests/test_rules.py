"""Metropolis means Metropolis: the shipped rule against the exact posterior on a space that can be enumerated.

Six texts, four critiques. The kernel is Gibbs-exact: z ~ p(z|x), x' ~ p(x|z), both conditionals of one joint, so a chain with
the right acceptance step must leave p(x) exp(r(x)/T) unchanged. The usual shortcuts (train on accepted revisions only; strict
improvement and drop the rest) are measured on the same space; the figures are in docs/log.md and hold here to 1e-3.
"""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_core import ConfigError, ContractError, Decision, Message, Prompt, Round, Sample, Score
from sctk_dsc.rules import SAME, Always, Metropolis, NonWorse, Strict, log_acceptance

PROMPT = Prompt(messages=(Message(role="user", content="a review, please"),))
TEXTS = ("dire", "poor", "plain", "fair", "good", "great")
PRIOR = (0.30, 0.22, 0.18, 0.14, 0.10, 0.06)
REWARD = (0.0, 0.3, 0.7, 1.2, 1.6, 2.1)
CRITIQUE_GIVEN_TEXT = (  # p(z | x): rows are texts, columns critiques
    (0.55, 0.25, 0.15, 0.05),
    (0.40, 0.30, 0.20, 0.10),
    (0.25, 0.30, 0.25, 0.20),
    (0.15, 0.25, 0.30, 0.30),
    (0.10, 0.20, 0.30, 0.40),
    (0.05, 0.10, 0.30, 0.55),
)
N = len(TEXTS)
SCORES = [Score(sample=Sample(prompt=PROMPT, text=t), name="toy", value=r) for t, r in zip(TEXTS, REWARD, strict=True)]
INDEX = {score.sample.id: i for i, score in enumerate(SCORES)}


def normalised(weights: list[float]) -> list[float]:
    total = math.fsum(weights)
    return [w / total for w in weights]


def posterior(temperature: float = 1.0) -> list[float]:
    return normalised([p * math.exp(r / temperature) for p, r in zip(PRIOR, REWARD, strict=True)])


def gibbs_kernel() -> list[list[float]]:
    """q(x' | x) = sum_z p(z|x) p(x'|z)."""
    of_critique = [math.fsum(PRIOR[x] * CRITIQUE_GIVEN_TEXT[x][z] for x in range(N)) for z in range(4)]
    return [
        [
            math.fsum(
                CRITIQUE_GIVEN_TEXT[x][z] * PRIOR[y] * CRITIQUE_GIVEN_TEXT[y][z] / of_critique[z] for z in range(4)
            )
            for y in range(N)
        ]
        for x in range(N)
    ]


KERNEL = gibbs_kernel()


def a_round(old: float, new: float, *, coin: float = 0.5, log_ratio: float | None = None) -> Round:
    first, second = (
        Score(sample=Sample(prompt=PROMPT, text=text), name="toy", value=value)
        for text, value in (("draft", old), ("revision", new))
    )
    return Round(current=first, proposal=second, sweep=1, coin=coin, log_proposal_ratio=log_ratio)


def acceptance(temperature: float, x: int, y: int, log_ratio: float | None = None) -> float:
    """alpha(x -> y) as the shipped rule states it."""
    step = Round(current=SCORES[x], proposal=SCORES[y], sweep=1, coin=0.5, log_proposal_ratio=log_ratio)
    (decided,) = Metropolis(Metropolis.Config(temperature=temperature)).decide([step])
    assert decided.log_alpha is not None
    return math.exp(decided.log_alpha)


def total_variation(p: list[float], q: list[float]) -> float:
    return 0.5 * math.fsum(abs(a - b) for a, b in zip(p, q, strict=True))


def after_one_step(start: list[float], kernel: list[list[float]], alpha: list[list[float]]) -> list[float]:
    moved = [[start[x] * kernel[x][y] * alpha[x][y] for y in range(N)] for x in range(N)]
    stayed = [start[x] - math.fsum(moved[x]) for x in range(N)]
    return [stayed[y] + math.fsum(moved[x][y] for x in range(N)) for y in range(N)]


# -- the rules one by one (papers 5.3) --


RULES: list[Metropolis | Strict | NonWorse | Always] = [
    Metropolis(Metropolis.Config()),
    Strict(Strict.Config()),
    NonWorse(NonWorse.Config()),
    Always(Always.Config()),
]


@pytest.mark.parametrize("rule", RULES)
def test_a_proposal_that_is_the_text_where_the_chain_stands_is_said_to_be(
    rule: Metropolis | Strict | NonWorse | Always,
) -> None:
    draft = SCORES[2]
    again = Score(sample=Sample(prompt=PROMPT, text="plain\n", sweep=1), name="toy", value=draft.value)
    rounds = [Round(current=draft, proposal=one, sweep=1, coin=0.5) for one in (again, SCORES[3])]
    assert [one.note for one in rule.decide(rounds)] == [SAME, ""]


def test_metropolis_takes_every_gain_and_a_loss_of_one_with_probability_one_over_e() -> None:
    rule = Metropolis(Metropolis.Config())
    gain, tie = rule.decide([a_round(2, 5, coin=1 - 2**-53), a_round(2, 2, coin=1 - 2**-53)])
    assert (gain.accepted, gain.log_alpha) == (True, 0.0)
    assert (tie.accepted, tie.log_alpha) == (True, 0.0)
    just_below, just_above = rule.decide([a_round(3, 2, coin=0.367879), a_round(3, 2, coin=0.367880)])
    assert (just_below.accepted, just_above.accepted) == (True, False)
    assert math.exp(just_below.log_alpha or 0) == pytest.approx(0.36787944117)


def test_the_other_rules_on_gain_tie_and_loss() -> None:
    rounds = [a_round(2, 5), a_round(2, 2), a_round(3, 2)]
    for rule, wanted in [
        (Strict(Strict.Config()), [True, False, False]),
        (NonWorse(NonWorse.Config()), [True, True, False]),
        (Always(Always.Config()), [True, True, True]),
        (Metropolis(Metropolis.Config(temperature=0.0)), [True, True, False]),
        (Metropolis(Metropolis.Config(temperature=1e-300)), [True, True, False]),
    ]:
        assert [d.accepted for d in rule.decide(rounds)] == wanted, rule


def test_a_decision_names_what_is_kept_and_what_is_left() -> None:
    (taken,) = Strict(Strict.Config()).decide([a_round(1, 2)])
    (left,) = Strict(Strict.Config()).decide([a_round(2, 1)])
    assert (taken.kept.text, taken.dropped.text, taken.log_alpha, taken.reason) == (
        "revision",
        "draft",
        None,
        "score 1 -> 2",
    )
    assert (left.kept.text, left.dropped.text) == ("draft", "revision")


@pytest.mark.parametrize(
    ("old", "new", "temperature", "alpha"),
    [
        (0, 1, 1.0, 1.0), (1, 0, 1.0, 0.0), (1, 1, 1.0, 1.0), (0, 0, 1.0, 0.0),
        (3, 5, 1.0, 1.0), (3, 2, 1.0, 2 / 3), (5, 1, 1.0, 1 / 5), (4, 1, 2.0, 1 / 2), (4, 1, 0.5, 1 / 16),
        (4, 1, 0.0, 0.0), (1, 4, 0.0, 1.0), (4, 4, 0.0, 1.0), (0, 0, 0.0, 0.0), (0, 4, 0.0, 1.0), (4, 0, 0.0, 0.0),
    ],
)  # fmt: skip
def test_a_score_that_is_the_likelihood_itself(old: float, new: float, temperature: float, alpha: float) -> None:
    """L = s^(1/T): the paper's safety (0 or 1) and sentiment (1 to 5) at T = 1, and what T does to them."""
    rule = Metropolis(Metropolis.Config(likelihood="score", temperature=temperature))
    (decided,) = rule.decide([a_round(old, new, coin=0.0)])
    assert decided.log_alpha is not None
    assert math.exp(decided.log_alpha) == pytest.approx(alpha)
    assert decided.accepted == (alpha > 0)
    assert bool(decided.note) == (old == new == 0), "a stay at likelihood 0 is counted"


def test_a_likelihood_below_zero_names_the_reward_and_the_value() -> None:
    rule = Metropolis(Metropolis.Config(likelihood="score"))
    for old, new in [(-2.0, 1.0), (1.0, -2.0)]:
        with pytest.raises(ContractError, match=r"reward 'toy' gave -2") as caught:
            rule.decide([a_round(old, new)])
        assert "exp" in caught.value.hint
    with pytest.raises(ConfigError, match="auto"):
        Metropolis(Metropolis.Config(likelihood="score", temperature="auto"))


def test_one_step_by_scores_leaves_their_posterior_unchanged_and_enters_no_text_of_likelihood_zero() -> None:
    """Texts of likelihood 0 among others: mass moves out of them, and never in."""
    values = (0.0, 0.0, 1.0, 2.0, 3.0, 5.0)
    scores = [Score(sample=each.sample, name="toy", value=value) for each, value in zip(SCORES, values, strict=True)]
    rule = Metropolis(Metropolis.Config(likelihood="score", temperature=2.0))
    rounds = [[Round(current=x, proposal=y, sweep=1, coin=0.5) for y in scores] for x in scores]
    alpha = [[math.exp(decided.log_alpha or 0.0) for decided in rule.decide(row)] for row in rounds]
    target = normalised([p * math.sqrt(s) for p, s in zip(PRIOR, values, strict=True)])
    assert total_variation(after_one_step(target, KERNEL, alpha), target) < 1e-12
    state = list(PRIOR)
    for _ in range(40):
        after = after_one_step(state, KERNEL, alpha)
        assert after[0] + after[1] <= state[0] + state[1]
        state = after
    assert total_variation(state, target) < 1e-6


def test_a_ratio_that_is_no_number_is_a_broken_contract() -> None:
    with pytest.raises(ContractError, match="wanted two numbers whose sum is one"):
        Metropolis(Metropolis.Config()).decide([a_round(1, 2, log_ratio=math.nan)])
    (never,) = Metropolis(Metropolis.Config()).decide([a_round(1, 2, coin=0.0, log_ratio=-math.inf)])
    assert not never.accepted


@settings(deadline=None, max_examples=60)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(0, 1, exclude_max=True))
def test_one_decision_per_round_and_log_alpha_is_at_most_zero(
    old: float, new: float, temperature: float, coin: float
) -> None:
    (decided,) = Metropolis(Metropolis.Config(temperature=temperature)).decide([a_round(old, new, coin=coin)])
    assert decided.log_alpha is not None
    assert decided.log_alpha <= 0.0
    assert decided.accepted or new < old


# -- law 5: the chain against the exact posterior --


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_one_step_leaves_the_exact_posterior_unchanged(temperature: float) -> None:
    alpha = [[acceptance(temperature, x, y) for y in range(N)] for x in range(N)]
    target = posterior(temperature)
    assert total_variation(after_one_step(target, KERNEL, alpha), target) < 1e-12
    assert (
        total_variation(after_one_step(posterior(temperature * 1.5), KERNEL, alpha), posterior(temperature * 1.5))
        > 1e-3
    )


def test_the_proposal_ratio_makes_a_kernel_exact_that_is_not_gibbs() -> None:
    """An arbitrary kernel: without the ratio the posterior drifts, with log [p(x') q(x|x') / (p(x) q(x'|x))] it stays."""
    kernel = [normalised([1.0 + ((3 * x + 5 * y) % 7) for y in range(N)]) for x in range(N)]
    ratios = [[math.log(PRIOR[y] * kernel[y][x] / (PRIOR[x] * kernel[x][y])) for y in range(N)] for x in range(N)]
    with_ratio = [[acceptance(1.0, x, y, ratios[x][y]) for y in range(N)] for x in range(N)]
    without = [[acceptance(1.0, x, y) for y in range(N)] for x in range(N)]
    assert total_variation(after_one_step(posterior(), kernel, with_ratio), posterior()) < 1e-12
    assert total_variation(after_one_step(posterior(), kernel, without), posterior()) > 0.05


def pick(weights: list[float] | tuple[float, ...], coin: float) -> int:
    total = 0.0
    for index, weight in enumerate(weights):
        total += weight
        if coin < total:
            return index
    return len(weights) - 1


def test_chains_with_the_shipped_coins_end_at_the_posterior() -> None:
    """3,000 chains of 16 sweeps from the prior, coins as core seeds them; their ends are independent draws.

    For n draws from p, E TV <= sum sqrt(p (1 - p) / n) / 2 = 0.020, and TV exceeds that by t with probability at most
    exp(-2 n t^2) (bounded differences): t = 0.034 gives 1e-3. What 16 sweeps leave of the start is below 1e-3, exactly.
    """
    from sctk_core.identity import uniform

    n_chains, n_sweeps = 3000, 16
    rule = Metropolis(Metropolis.Config())
    exact = list(PRIOR)
    alpha = [[acceptance(1.0, x, y) for y in range(N)] for x in range(N)]
    for _ in range(n_sweeps):
        exact = after_one_step(exact, KERNEL, alpha)
    assert total_variation(exact, posterior()) < 1e-3
    states = [pick(PRIOR, uniform(0, "draft", chain)) for chain in range(n_chains)]
    for sweep in range(1, n_sweeps + 1):
        proposals = [pick(KERNEL[x], uniform(0, "revise", chain, sweep)) for chain, x in enumerate(states)]
        rounds = [
            Round(current=SCORES[x], proposal=SCORES[y], sweep=sweep, coin=uniform(0, f"accept.{sweep}", chain))
            for chain, (x, y) in enumerate(zip(states, proposals, strict=True))
        ]
        states = [INDEX[decided.kept.id] for decided in rule.decide(rounds)]
    counts = Counter(states)
    found = [counts[i] / n_chains for i in range(N)]
    expected = 0.5 * math.fsum(math.sqrt(p * (1 - p) / n_chains) for p in posterior())
    assert total_variation(found, posterior()) < expected + 0.034 + 1e-3


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        pytest.param(posterior(), (0.0, 0.132, 0.125), id="from the posterior"),
        pytest.param(list(PRIOR), (0.186, 0.252, 0.194), id="one sweep from the prior, as published"),
    ],
)
def test_the_bias_of_the_usual_shortcuts(start: list[float], wanted: tuple[float, float, float]) -> None:
    """TV to the posterior of rows to train on: the chain's states; accepted revisions only; strict gains, the rest dropped."""
    alpha = [[acceptance(1.0, x, y) for y in range(N)] for x in range(N)]
    gains = [[d.accepted for d in strict_row(x)] for x in range(N)]

    def accepted_only(keep: list[list[float]] | list[list[bool]]) -> list[float]:
        return normalised([math.fsum(start[x] * KERNEL[x][y] * keep[x][y] for x in range(N)) for y in range(N)])

    rows = (after_one_step(start, KERNEL, alpha), accepted_only(alpha), accepted_only(gains))
    found = tuple(total_variation(each, posterior()) for each in rows)
    assert found == pytest.approx(wanted, abs=1e-3)


def strict_row(x: int) -> list[Decision]:
    rounds = [Round(current=SCORES[x], proposal=SCORES[y], sweep=1, coin=0.5) for y in range(N)]
    return list(Strict(Strict.Config()).decide(rounds))


def test_log_acceptance_is_the_closed_form() -> None:
    assert log_acceptance(a_round(3, 2), 2.0) == -0.5
    assert log_acceptance(a_round(3, 2, log_ratio=0.25), 1.0) == -0.75
    assert log_acceptance(a_round(3, 2, log_ratio=9.0), 1.0) == 0.0
