"""How a linear probe of harm carries over to phrasing families that it did not learn from."""

from collections.abc import Sequence

import torch
from torch import Tensor

from holdfast.assumptions.ablating import halves, spread
from holdfast.assumptions.assumption import Subject
from holdfast.core.evidence import Sample
from holdfast.training.linear_probe import fit, last_states, stream
from holdfast.worlds.behaviour import Behaviour

States = dict[str, dict[int, Tensor]]           # family -> layer -> (behaviours, width)


def held_out(subject: Subject, most: int) -> Sample:
    """Column `right FAMILY`: whether the probe fitted without the family was right on a unit as it asks for it."""
    (learn, asked), (calm, harmless) = halves(subject.hazards, subject.seed), halves(subject.benign, subject.seed)
    parts = (learn, calm, asked, harmless)
    families = _shared([b for part in parts for b in part])[:most]
    hazardous = (1.0,) * len(asked) + (0.0,) * len(harmless)
    units = tuple(b.id for b in (*asked, *harmless))
    if len(families) < 2 or not all(parts):
        return Sample(units=units, columns={"hazardous": hazardous})
    layers = spread(stream(subject.model).layers())
    states = [{f: last_states(subject.model, [_text(b, f) for b in part], layers) for f in families}
              for part in parts]
    columns = {"hazardous": hazardous}
    for family in families:
        others = [f for f in families if f != family]
        layer = max(layers, key=lambda layer: _told_within(states[0], states[1], others, layer))
        probe = fit(_pooled(states[0], others, layer), _pooled(states[1], others, layer))
        harmful, harmless_scores = (probe.score(part[family][layer]) for part in states[2:])
        right = torch.cat([harmful > 0, harmless_scores <= 0])
        columns[f"right {family}"] = tuple(float(one) for one in right)
    return Sample(units=units, columns=columns)


def _told_within(harmful: States, harmless: States, families: Sequence[str], layer: int) -> float:
    """Balanced accuracy on each of the families when it is left out of those that may be learnt from."""
    if len(families) < 2:
        return float(layer)             # the last layer, where nothing can be left out
    total = 0.0
    for family in families:
        rest = [f for f in families if f != family]
        probe = fit(_pooled(harmful, rest, layer), _pooled(harmless, rest, layer))
        total += float((probe.score(harmful[family][layer]) > 0).double().mean())
        total += float((probe.score(harmless[family][layer]) <= 0).double().mean())
    return total


def _pooled(states: States, families: Sequence[str], layer: int) -> Tensor:
    return torch.cat([states[family][layer] for family in families])


def _shared(behaviours: Sequence[Behaviour]) -> list[str]:
    """The families that ask for every behaviour, in the order of the first one's phrasings."""
    if not behaviours:
        return []
    common = set.intersection(*({p.family for p in b.phrasings} for b in behaviours))
    return [p.family for p in behaviours[0].phrasings if p.family in common]


def _text(behaviour: Behaviour, family: str) -> str:
    return next(p.text for p in behaviour.phrasings if p.family == family)
