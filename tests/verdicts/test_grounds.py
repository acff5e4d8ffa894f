from pathlib import Path

import pytest
from tests.verdicts.run_maker import (
    DERIVED,
    EXPLORE,
    SEALED,
    claim,
    evidence,
    facts,
    holding,
    letters,
    supposed,
    system,
)

from holdfast.core.errors import UsageError
from holdfast.core.evidence import InnerCall, Sample, Trace
from holdfast.core.records import Transcript
from holdfast.guarantees.choosing import choose
from holdfast.verdicts.assemble import judge_evidence


def judged(found, status="SUPPORTED", traces=(), **settings):
    on = claim(guarantee={"use": DERIVED, **settings})
    found = supposed(found, status).model_copy(update={"traces": tuple(traces)})
    return judge_evidence(on, found, facts())


def broken():
    return evidence(holding({("rephrase", 1): system("rephrase", 1, letters(SEALED, wins=40),
                                                      explore=letters(EXPLORE, wins=30))}))


def traced(behaviour, inner):
    prompt = Transcript.ask("?")
    calls = tuple(InnerCall(prompt=prompt, reply="r", won=won) for won in inner)
    return Trace(behaviour=behaviour, question="?", prompt=prompt, inner=calls, reply="r", won=True)


@pytest.mark.parametrize(
    ("status", "verdict"), [("SUPPORTED", "STANDS"), ("REFUTED", "UNEXPLAINED"), ("INCONCLUSIVE", "CONDITIONAL")])
def test_the_check_of_the_assumption_decides_how_far_a_claim_that_holds_is_granted(status, verdict):
    found = judged(evidence(), status)
    assert (found.verdict, [a.status for a in found.assumptions]) == (verdict, [status])
    assert found.guarantee is not None
    assert found.guarantee.follows


def test_an_assumption_without_a_sample_is_untested():
    found = judge_evidence(claim(guarantee=DERIVED), evidence(), facts())
    assert (found.verdict, found.assumptions[0].status) == ("CONDITIONAL", "UNTESTED")
    died = evidence().model_copy(update={"samples": {"supposed": Sample(crash="ValueError: no")}})
    found = judge_evidence(claim(guarantee=DERIVED), died, facts())
    (assumed,) = found.assumptions
    assert (assumed.status, assumed.reason) == ("UNTESTED", "its sampler died: ValueError: no")


@pytest.mark.parametrize("rate", [0.2, None])
def test_a_bound_that_does_not_give_what_is_promised_grants_nothing(rate):
    found = judged(evidence(), rate=rate)
    assert found.guarantee is not None
    assert (found.verdict, found.guarantee.follows) == ("CONDITIONAL", False)
    assert ("0.2" if rate else "nothing is known") in found.guarantee.reason


@pytest.mark.parametrize(("steps", "at", "follows"), [(200, 0.05, True), (200, 0.5, False), (100, 0.05, False)])
def test_a_cost_gives_the_promise_if_it_is_that_of_the_promised_rate_and_beyond_the_budget(steps, at, follows):
    found = judged(evidence(), steps=steps, at=at)
    assert found.guarantee is not None
    assert (found.guarantee.follows, found.verdict) == (follows, "STANDS" if follows else "CONDITIONAL")


def test_a_break_is_blamed_on_the_assumption_that_its_witnesses_violate():
    found = judged(broken(), traces=[traced(f"s{i}", [True]) for i in range(40)])
    assert [(b.kind, b.id) for b in found.blame] == [("assumption", "Supposed")]
    assert found.guarantee is not None
    assert len(found.guarantee.witnesses) == 40


def test_a_broken_invariant_clears_the_assumption():
    found = judged(broken(), traces=[*(traced(f"s{i}", [True]) for i in range(40)), traced("s40", [])])
    assert [(b.kind, b.id) for b in found.blame] == [("implementation", "asks")]


def test_a_break_without_witness_is_unattributed():
    assert [b.kind for b in judged(broken()).blame] == ["unattributed"]


def test_an_assumption_about_something_else_is_refused_with_those_that_fit(tmp_path):
    other = tmp_path / "other.py"
    source = Path(DERIVED.rpartition(":")[0]).with_name("supposed.py").read_text(encoding="utf-8")
    other.write_text(source.replace('"whatever a test supposes"', '"something else"'), encoding="utf-8")
    part = claim(guarantee={"use": DERIVED, "supposed": f"{other}:Supposed"}).guarantee
    with pytest.raises(UsageError, match="about 'something else', and the slot 'supposed' wants"):
        choose(part)
