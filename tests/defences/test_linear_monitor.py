"""A linear monitor on planted activations: what it stops, what it passes on, and when it cannot be had."""

import pytest
from tests.assumptions.planted import REFUSAL, above, axis, behaviours, planted
from tests.defences.scripted import Scripted, plain

from holdfast.core.errors import UsageError
from holdfast.core.records import Transcript
from holdfast.defences.activations.linear_monitor import LinearMonitor
from holdfast.defences.lessons import refusal_of
from holdfast.targets.target import Sampling

BARE = planted({"bomb": axis(0)}, above(5), noise=0.02)     # it refuses nothing by itself
BOMBS, TEAS = behaviours(("bomb",), 20, hazardous=True), behaviours(("tea",), 20, hazardous=False)
MATERIAL = plain(BOMBS[:10], TEAS[:10])
SAMPLING = Sampling(max_new_tokens=4)


def asked(target, some):
    return target.generate([Transcript.ask(b.question) for b in some], SAMPLING)


def test_it_refuses_what_lies_along_its_direction_and_passes_on_the_rest():
    system = LinearMonitor().wrap(BARE, MATERIAL)
    assert asked(BARE, BOMBS[10:])[0] != REFUSAL
    assert set(asked(system, BOMBS[10:])) == {refusal_of(MATERIAL.world)}
    assert asked(system, TEAS[10:]) == asked(BARE, TEAS[10:])


def test_who_may_write_activations_writes_what_it_sees():
    system = LinearMonitor().wrap(BARE, MATERIAL)
    assert system.activations is not None
    with system.activations.write({n: lambda x: x - axis(0) for n in range(3)}):
        assert refusal_of(MATERIAL.world) not in asked(system, BOMBS[10:])


def test_the_share_of_alarms_sets_the_threshold():
    strict, loose = (LinearMonitor(alarms=share).wrap(BARE, MATERIAL) for share in (0.0, 0.9))
    refused = [asked(system, TEAS).count(refusal_of(MATERIAL.world)) for system in (strict, loose)]
    assert refused[0] <= 2 < refused[1]


def test_a_model_that_shows_no_activations_is_refused():
    with pytest.raises(UsageError, match="shows no activations"):
        LinearMonitor().wrap(Scripted(lambda prompt: "").target, MATERIAL)
