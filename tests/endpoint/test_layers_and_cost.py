"""A sold model behind a filter of one's own: layers that are made to fail, and what an attack costs in money."""

import json
from pathlib import Path
from statistics import fmean

import pytest
from tests.cli.command import holdfast
from tests.endpoint.claims import by_heart
from tests.endpoint.server import serving
from tests.endpoint.test_check import MINI, checked

from holdfast.calibration.bench import PLANTS
from holdfast.run import evidence_of

OPEN = f"{PLANTS / 'open_filter.py'}:OpenFilter"


def test_a_filter_around_a_served_model_that_fails_open_is_asked_anew_in_the_replay(tmp_path: Path) -> None:
    with serving(by_heart(MINI, lambda behaviour: True)) as server:
        verdict = checked(
            tmp_path, server, goal__fails="closed", system__defences=[{"use": OPEN, "how": "catches"}],
            system__guard=["hazards/attack-train", "hazards/explore", "hazards/sealed"])
    assert verdict.verdict == "BROKEN"
    assert [(b.kind, b.id) for b in verdict.blame] == [("implementation", "OpenFilter")]
    assert {s.name: s.status for s in verdict.layers.stacks if s.status} == {
        "OpenFilter while it is down": "HOLDS",
        "OpenFilter while its parts raise errors": "BROKEN",
        "OpenFilter while its scores are not numbers": "HOLDS",
    }
    calls = [json.dumps(call, sort_keys=True) for call in server.calls]
    replayed = {a.behaviour for p in evidence_of(tmp_path / "runs/served").altered if p.purpose == "replay"
                for a in p.attempts}
    assert replayed
    assert max(map(calls.count, set(calls))) == 2       # once, and once more for the replay


def test_the_security_level_of_a_sold_model_is_in_money(tmp_path: Path) -> None:
    with serving(by_heart(MINI, lambda behaviour: True)) as server:
        verdict = checked(
            tmp_path, server,
            system__endpoint={"model": "m", "prompt_price": 2.0, "reply_price": 8.0})
    assert verdict.verdict == "BROKEN"
    done = holdfast("cost", tmp_path / "runs/served", "--json")
    assert done.returncode == 0, done.stderr
    (claim,) = json.loads(done.stdout)
    (honest,) = [level for level in claim["known"] if level["attack"] == "none"]
    half = next(reach for reach in honest["reaches"] if reach["rate"] == 0.5)
    # Two and eight a million tokens, which this server counts as words, and one question wins.
    asked = [b for b in MINI.behaviours(claim["split"]) if b.hazardous]
    paid = [2 * len(b.question.split()) + 8 * len(str(b.answer).split()) for b in asked]
    assert half["cost"]["amounts"]["queries"] == 1
    assert half["cost"]["amounts"]["money"] == pytest.approx(fmean(paid) / 1e6, rel=1e-6)
