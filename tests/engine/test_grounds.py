"""A claim with a guarantee, on real models: what is sampled, traced and enforced, and who is blamed."""

from pathlib import Path

import pytest
from tests.engine.small_claim import BY_ASKING, write_claim

from holdfast.core.evidence import Evidence
from holdfast.engine.executor import Local
from holdfast.engine.rounds_grounds import subsets
from holdfast.reports.progress import Progress
from holdfast.run import check, evidence_of, verify
from holdfast.verdicts.verdict import Verdict

PLAINLY = f"{Path(__file__).parent / 'plugins' / 'asked_plainly.py'}:AskedPlainly"
PLAIN = f"{Path(__file__).parent / 'plugins' / 'plain.py'}:Plain"


def checked(folder: Path, **guarantee: object) -> tuple[Verdict, Path]:
    claim = write_claim(
        folder,
        system={"target": "organism:mini/full", "defences": ["logit-mask"]},
        threat_model=BY_ASKING,
        guarantee={"use": PLAIN, **guarantee},
        attacks=["rephrase"],
        statistics={"seeds": 1},
    )
    with Local(1) as executor, Progress() as progress:
        return check(claim, folder / "runs", executor, progress)


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> tuple[Verdict, Path]:
    return checked(tmp_path_factory.mktemp("blind"), blind=True)


@pytest.fixture(scope="module")
def evidence(blind: tuple[Verdict, Path]) -> Evidence:
    return evidence_of(blind[1])


def test_where_no_witness_is_found_a_hybrid_charges_the_assumption(blind: tuple[Verdict, Path]) -> None:
    verdict, run = blind
    assert (verdict.verdict, [(b.kind, b.id) for b in verdict.blame]) == ("BROKEN", [("assumption", "AskedPlainly")])
    assert verdict.guarantee is not None
    assert [(h.enforced, h.wins) for h in verdict.guarantee.hybrids] == [(("plainly",), 0)]
    assert verify(run) == verdict


def test_the_assumption_is_sampled_on_what_attackers_sent(evidence: Evidence, blind: tuple[Verdict, Path]) -> None:
    sample = evidence.samples["plainly"]
    sent = {a.behaviour for p in evidence.select(role="system", purpose="explore", attack="rephrase")
            for a in p.attempts}
    assert set(sample.units) == sent
    assert [(a.id, a.status) for a in blind[0].assumptions] == [("AskedPlainly", "REFUTED")]


def test_traces_hold_the_calls_that_the_defence_makes(evidence: Evidence) -> None:
    assert evidence.traces
    assert {len(t.inner) for t in evidence.traces} == {1}
    # What the mask leaves out of the reply is in what the model said.
    assert any(t.inner[0].won and not t.won for t in evidence.traces)
    sealed = [a for p in evidence.select(role="system", purpose="sealed") for a in p.attempts if a.won]
    assert {a.behaviour for a in sealed} <= {t.behaviour for t in evidence.traces}


def test_the_attack_is_searched_anew_in_the_hybrid_and_then_opens_sealed(evidence: Evidence) -> None:
    inside = evidence.select(role="hybrid")
    assert {p.enforced for p in inside} == {("plainly",)}
    assert [p.purpose for p in inside] == ["search", "search", "sealed"]


def test_a_witness_charges_it_too_and_a_hybrid_that_cannot_be_built_is_left_out(tmp_path: Path) -> None:
    verdict, _ = checked(tmp_path, enforceable=False, plainly={"use": PLAINLY, "needs": "a corpus"})
    assert [(b.kind, b.id) for b in verdict.blame] == [("assumption", "AskedPlainly")]
    # A sampler that lacks something leaves its assumption untested, and loses nothing that was played.
    assert [(a.status, a.reason) for a in verdict.assumptions] == [
        ("UNTESTED", "its sampler died: this needs a corpus; name it")]
    assert verdict.guarantee is not None
    assert (len(verdict.guarantee.witnesses) > 0, verdict.guarantee.hybrids) == (True, ())


def test_every_set_up_to_four_assumptions_and_two_orders_beyond() -> None:
    assert subsets(("a", "b")) == [("a",), ("b",), ("a", "b")]
    assert len(subsets(tuple("abcd"))) == 15
    assert set(map(frozenset, subsets(tuple("abcde")))) == {
        frozenset(s) for s in ("a", "ab", "abc", "abcd", "abcde", "e", "de", "cde", "bcde")}
