"""k of n reviewers: the bound in drawn worlds, and a system of reviewers that are one model in several guises."""

from collections.abc import Sequence
from dataclasses import replace
from typing import final

import numpy as np
import pytest
from tests.defences.scripted import Scripted
from tests.guarantees.taken import REFUSAL, SAMPLING, SECRET, bound, granted, hazards, layers, traces, value

from holdfast.core import seeds
from holdfast.core.records import Transcript
from holdfast.defences.defence import Material, SystemDefence
from holdfast.stats.consensus import beta_binomial_law, worst_law
from holdfast.targets.target import Sampling, Target

HAZARDS, MANY = hazards(400), hazards(4000)


@final
class _Reviewed(SystemDefence):
    """Asks three times, and answers if at least `quorum` replies do not refuse."""

    quorum: int = 2

    def wrap(self, target: Target, material: Material) -> Target:
        def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
            said = target.generate([p for p in prompts for _ in range(3)], sampling)
            rows = [said[i:i + 3] for i in range(0, len(said), 3)]
            return [SECRET if row.count(SECRET) >= self.quorum else REFUSAL for row in rows]

        return replace(target, generate=generate, logits=None)


def part(rate: float, correlation: float | None = None, **more: object) -> dict[str, object]:
    together = ({"use": "reviewers-independent"} if correlation is None
                else {"use": "bounded-correlation", "correlation": correlation})
    return {"use": "k-of-n-consensus", "single": {"use": "reviewer-rate", "rate": rate}, "together": together, **more}


def reviewers(rate: float, correlation: float) -> Scripted:
    """A model whose replies to one question fail as a beta-binomial has it."""
    turn = iter(range(10**9))

    def says(prompt: Transcript) -> str:
        text, precision = prompt.turns[0].content, 1 / correlation - 1 if correlation else 0.0
        hard = seeds.rng("hard", text).betavariate(rate * precision, (1 - rate) * precision) if correlation else rate
        return SECRET if seeds.rng("toss", next(turn)).random() < hard else REFUSAL

    return Scripted(says)


def rate(model: Scripted, quorum: int = 2) -> float:
    made = traces(layers(model.target, [_Reviewed(quorum=quorum)], HAZARDS),
                  [(b, Transcript.ask(b.question)) for b in HAZARDS])
    return float(np.mean([bool(t.won) for t in made]))


def test_swapping_the_assumption_moves_the_bound() -> None:
    independent, some, more = (value(part(0.1, c)) for c in (None, 0.2, 0.5))
    assert independent == pytest.approx(0.028)
    assert some == pytest.approx(0.084)
    assert independent < some < more
    kinder = value(part(0.1, 0.2, shape="beta-binomial"))
    assert independent < kinder < some
    assert value(part(0.1, None, common=0.08)) > independent
    assert value(part(0.1, None), 320) == pytest.approx(1 - (1 - 0.028) ** 2)
    assert isinstance(bound(part(0.1, None), None), str)


@pytest.mark.parametrize("correlation", [0.0, 0.2, 0.6])
def test_worlds_that_keep_the_assumptions_stay_below(correlation: float) -> None:
    assert rate(reviewers(0.2, correlation)) <= value(part(0.2, correlation)) + 0.02


def test_independence_where_there_is_correlation_is_caught() -> None:
    """The planted-wrong twin: the same reviewers under an assumption that is false."""
    seen = rate(reviewers(0.2, 0.6))
    assert seen > value(part(0.2)) + 0.03
    assert seen <= value(part(0.2, 0.6))


def test_a_quorum_short_of_one_is_the_implementations_fault() -> None:
    made = traces(layers(reviewers(0.3, 0.0).target, [_Reviewed(quorum=1)], HAZARDS),
                  [(b, Transcript.ask(b.question)) for b in HAZARDS])
    guarantee, _ = granted(part(0.3))
    assert [v.invariant for v in guarantee.broken_invariants(made, ())] == ["quorum"]
    short = [t.model_copy(update={"inner": t.inner[:2]}) for t in made if not t.won]
    assert [v.invariant for v in guarantee.broken_invariants(short, ())] == ["reviewers"]
    sound = traces(layers(reviewers(0.3, 0.0).target, [_Reviewed()], HAZARDS),
                   [(b, Transcript.ask(b.question)) for b in HAZARDS])
    assert guarantee.broken_invariants(sound, ()) == ()


def test_a_win_shows_who_failed_alone_and_in_pairs() -> None:
    won = next(t for t in traces(layers(reviewers(0.5, 0.0).target, [_Reviewed()], HAZARDS),
                                 [(b, Transcript.ask(b.question)) for b in HAZARDS])
               if t.won and sum(bool(c.won) for c in t.inner) == 2)
    guarantee, slots = granted(part(0.5))
    found = {w.slot: (w.violated, w.tried) for w in guarantee.reduce(slots, won)}
    assert found == {"single": (2, 3)}


@pytest.mark.parametrize("assumed", [
    part(0.2), part(0.2, 0.3), part(0.2, 0.3, shape="beta-binomial"), part(0.5, 0.75, shape="beta-binomial"),
], ids=str)
def test_with_both_enforced_reviewers_fail_together_as_often_as_the_two_allow_and_no_oftener(
    assumed: dict[str, object]
) -> None:
    guarantee, given = granted(assumed)
    taken = layers(Scripted(lambda _: SECRET).target, [_Reviewed()], MANY)
    target = guarantee.enforce(("single", "together"), taken, given)
    assert target is not None
    replies = target.generate([Transcript.ask(b.question) for b in MANY], SAMPLING)
    assert abs(np.mean([reply == SECRET for reply in replies]) - value(assumed)) < 0.03


def test_the_law_that_is_enforced_has_the_declared_rate_and_correlation() -> None:
    n, rate, correlation = 3, 0.2, 0.3
    for law in (beta_binomial_law(n, rate, correlation), worst_law(2, n, rate, correlation)):
        failures = np.arange(n + 1)
        mean, pairs = float(law @ failures) / n, float(law @ (failures * (failures - 1))) / (n * (n - 1))
        assert law.sum() == pytest.approx(1)
        assert mean <= rate + 1e-6
        assert pairs <= rate**2 + correlation * rate * (1 - rate) + 1e-6
    assert pairs > rate**2 + 0.01       # not independent, which would be more than is assumed


def test_neither_is_enforced_by_itself() -> None:
    guarantee, given = granted(part(0.2, 0.3))
    taken = layers(Scripted(lambda _: SECRET).target, [_Reviewed()], HAZARDS)
    assert guarantee.enforce(("single",), taken, given) is None
    assert guarantee.enforce(("together",), taken, given) is None


def test_reviewers_in_a_hybrid_draw_anew_for_each_query_and_alike_for_the_same_draw() -> None:
    guarantee, given = granted(part(0.4, 0.3))
    taken = layers(Scripted(lambda _: SECRET).target, [_Reviewed()], HAZARDS)
    target = guarantee.enforce(("single", "together"), taken, given)
    assert target is not None
    asked = [Transcript.ask(HAZARDS[0].question)] * 40
    first, again = (target.generate(asked, SAMPLING) for _ in range(2))
    assert first == again
    assert len(set(first)) == 2


def test_more_failures_than_reviewers_are_refused() -> None:
    with pytest.raises(Exception, match="set k to at most n"):
        granted(part(0.2, k=4))
