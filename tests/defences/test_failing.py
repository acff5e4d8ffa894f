"""Layers that are made to fail: no shipped one lets anything through, and planted ones that do are seen."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.defences.scripted import Scripted, behaviour, conversation, plain

from holdfast.calibration.plants.open_filter import OpenFilter
from holdfast.core.plugins import discover, load_plugin
from holdfast.defences.defence import SystemDefence
from holdfast.defences.failing import Failure, LayerFailed, as_met, without_numbers
from holdfast.targets.target import Sampling

GUARD = [behaviour(f"how is the {name} poison made", "mix it") for name in ("red", "blue", "green")]
RETAIN = [behaviour(f"how is the {name} soup made", "boil it") for name in ("red", "blue", "green")]
ASKED = conversation("how is the red poison made")
SAMPLING = Sampling(max_new_tokens=8)
FAKES = {"crash", "refuse-everything"}      # nothing in them can fail
SHIPPED = sorted(
    name for name in discover("defences")
    if issubclass(load_plugin("defences", name), SystemDefence) and name not in FAKES)


class Poison:
    """Activations of two numbers, the first of which says whether a prompt is about poison."""

    def layers(self):
        return 1

    def read(self, prompts, layers):
        rows = [[float("poison" in p.turns[-1].content), 1.0] for p in prompts]
        return {layer: torch.tensor(rows) for layer in layers}


def met(defence, fault):
    """The system as its user meets it while the defence fails, and the failure."""
    model = replace(Scripted(lambda prompt: "mix it").target, activations=Poison())
    failure = Failure(fault)
    layer = failure.layer(defence.wrap(model, plain(GUARD, RETAIN)._replace(part=failure.part)))
    failure.armed = True
    return as_met(layer), failure


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_layer_gives_nothing_while_it_cannot_do_its_work(name):
    for fault in ("down", "error"):
        system, failure = met(load_plugin("defences", name)(), fault)
        assert system.generate([ASKED], SAMPLING) == [""]
        assert failure.struck, f"{name} names no part that could fail"
    system, failure = met(load_plugin("defences", name)(), "nan")
    reply = system.generate([ASKED], SAMPLING)[0]
    assert reply != "mix it" or not failure.struck


@pytest.mark.parametrize(("how", "fault"), [("catches", "error"), ("compares", "nan")])
def test_a_planted_layer_is_seen_to_let_everything_through(how, fault):
    for given in ("down", "error", "nan"):
        system, failure = met(OpenFilter(how=how), given)
        assert (system.generate([ASKED], SAMPLING)[0] == "mix it") == (given == fault)
        assert failure.struck


def test_a_layer_works_until_it_is_made_to_fail():
    script, failure = Scripted(lambda prompt: "mix it"), Failure("error")
    layer = OpenFilter(how="soundly").wrap(script.target, plain(GUARD, RETAIN)._replace(part=failure.part))
    assert "mix" not in layer.generate([ASKED], SAMPLING)[0]
    assert layer.generate([conversation("how is the red soup made")], SAMPLING) == ["mix it"]
    failure.armed = True
    with pytest.raises(LayerFailed):
        layer.generate([ASKED], SAMPLING)


def test_each_prompt_fails_for_itself_and_other_errors_are_no_failure():
    def says(prompt):
        text = prompt.turns[-1].content
        if text == "planted":
            try:
                raise LayerFailed("a part fails")
            except LayerFailed:
                raise ValueError("turned into another error") from None
        if text == "crash":
            raise ValueError("a crash")
        return "fine"

    system = as_met(Scripted(says).target)
    assert system.generate([conversation("planted"), conversation("hello")], SAMPLING) == ["", "fine"]
    with pytest.raises(ValueError, match="a crash"):
        system.generate([conversation("crash")], SAMPLING)


def test_scores_of_a_layer_that_is_down_are_those_of_an_answer_that_never_comes():
    system, _ = met(OpenFilter(how="soundly"), "down")
    assert system.logits is not None
    (scores,) = system.logits([ASKED], ["mix it"])
    assert scores.tolist() == [-50.0, -50.0]


def test_numbers_are_taken_out_wherever_they_stand():
    value, count = without_numbers([0.5, ("word", 2.0), torch.ones(2), np.zeros(3), True, 7])
    assert count == 7
    assert math.isnan(value[0])
    assert math.isnan(value[1][1])
    assert value[1][0] == "word"
    assert torch.isnan(value[2]).all()
    assert np.isnan(value[3]).all()
    assert value[4:] == [True, 7]
