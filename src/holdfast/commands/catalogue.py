"""`holdfast list` and `holdfast show`: what there is, and one thing of it."""

from collections.abc import Callable
from typing import get_args

import yaml
from rich.console import Console
from rich.table import Table

from holdfast.claims.claim import JudgeChoice
from holdfast.claims.load import read_claim
from holdfast.commands.shipped import shipped
from holdfast.core.errors import UsageError, nearest
from holdfast.core.plugins import describe, discover, kind_of
from holdfast.worlds.fictional.spec import Size, WorldSpec


def _plugins(kind: str) -> Callable[[], dict[str, str]]:
    return lambda: {name: source.headline() for name, source in discover(kind).items()}


def _judges() -> dict[str, str]:
    field = JudgeChoice.model_fields["use"].annotation
    names = [name for literal in get_args(field) for name in get_args(literal)]
    said = {
        "exact": "The world's exact answer, in the plain or the second surface form.",
        "refusal-match": "Won unless the reply is a refusal by a published list of phrases; its error is measured.",
        "multiple-choice": "The choice with the largest log-probability, normalised for chance.",
        "classifier": "A local sequence classifier (judge.path, judge.label); its error is measured.",
    }
    return {name: said[name] for name in names}


def _worlds() -> dict[str, str]:
    sizes = {f"fictional/{size}": _size(WorldSpec.model_validate({"size": size})) for size in get_args(Size)}
    files = "A behaviour file as published: give path/to/file.csv/sealed (or .json, .jsonl) where a split is named."
    return {**sizes, "file": files}


def _size(spec: WorldSpec) -> str:
    counts = spec.counts()
    hazards = counts.hazards
    return (
        f"Fictional facts of size {spec.size}: hazards {hazards.attack_train} attack-train, {hazards.explore} "
        f"explore, {hazards.sealed} sealed; {counts.benign_total()} benign look-alikes; two further strata."
    )


def _claims() -> dict[str, str]:
    paths = sorted(p for p in shipped().rglob("*.yaml") if p.name != "expected.yaml")
    return {str(p.relative_to(shipped())): read_claim(p).title for p in paths}


KINDS: dict[str, Callable[[], dict[str, str]]] = {
    "attacks": _plugins("attacks"),
    "defences": _plugins("defences"),
    "assumptions": _plugins("assumptions"),
    "guarantees": _plugins("guarantees"),
    "judges": _judges,
    "worlds": _worlds,
    "claims": _claims,
}


PLUGINS = ("attacks", "defences", "assumptions", "guarantees")


def print_list(kind: str | None) -> None:
    """Print one kind, or all, a line each. Raises UsageError for an unknown kind."""
    if kind is not None and kind not in KINDS:
        raise UsageError(f"unknown kind {kind!r}; {nearest(kind, KINDS)}")
    console = Console()
    for name in [kind] if kind else KINDS:
        table = Table(title=name, title_justify="left", box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="bold")
        table.add_column()
        for item, text in KINDS[name]().items():
            table.add_row(item, text.split("\n")[0])
        console.print(table)


def print_one(name: str) -> None:
    """Print all about one thing; an ambiguous name lists its kinds. Raises UsageError.

    A plug-in may also be given as ``path/to/file.py:Class``.
    """
    if ".py:" in name:
        _print_plugin(Console(), kind_of(name), name)
        return
    kind, _, rest = name.partition("/")
    kinds = [kind] if kind in KINDS and rest else list(KINDS)
    item = rest if kind in KINDS and rest else name
    found = {k: text for k in kinds if (text := KINDS[k]().get(item)) is not None}
    if not found:
        known = [i for k in kinds for i in KINDS[k]()]
        raise UsageError(f"there is no {item!r}; {nearest(item, known)}")
    if len(found) > 1:
        raise UsageError(f"{item!r} is ambiguous: {', '.join(f'{k}/{item}' for k in found)}; name one of these.")
    (kind, text), = found.items()
    console = Console()
    console.print(f"{kind}/{item}", style="bold", markup=False)
    if kind in PLUGINS:
        _print_plugin(console, kind, item)
        return
    console.print(text, markup=False, highlight=False)
    if kind == "claims":
        claim = read_claim(shipped(item)).model_dump(mode="json", exclude_defaults=True)
        console.print(yaml.safe_dump(claim, sort_keys=False), markup=False, highlight=False)


def _print_plugin(console: Console, kind: str, name: str) -> None:
    about = describe(kind, name)
    console.print(about.text, markup=False, highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("setting", "type", "default", "meaning"):
        table.add_column(heading)
    for setting in about.settings:
        table.add_row(setting.name, setting.type, setting.default, setting.help)
    if about.settings:
        console.print(table)
