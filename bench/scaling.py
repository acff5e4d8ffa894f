"""What changes with size: sweeps over organisms, written down as tables that assumptions are judged on.

`scaling` measures loss over size and data, `editing_by_size` what it takes to remove one behaviour over size. The
tables are package data, so that the assumptions find them wherever they are checked.
"""

import json
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from statistics import mean, median
from typing import NamedTuple

import torch
from transformers import LlamaForCausalLM

from bench.measure import Note, Row
from holdfast.assumptions.assumption import Subject
from holdfast.assumptions.editing import removals
from holdfast.assumptions.sweeps import SWEEPS
from holdfast.assumptions.training.editability_by_size import EditabilityBySize, read_removals
from holdfast.assumptions.training.loss_scaling import LossScaling, read_losses
from holdfast.core import seeds
from holdfast.judges.exact import ExactMatch
from holdfast.targets.huggingface import Loaded
from holdfast.targets.local import as_target
from holdfast.training.curriculum import lesson_pairs, unseen
from holdfast.training.loop import train
from holdfast.training.presets import PRESETS, Preset
from holdfast.training.tokenizer import build_tokenizer
from holdfast.worlds.fictional.spec import Size
from holdfast.worlds.fictional.world import FictionalWorld, fictional_world

WIDTHS, STEPS, SEEDS = (24, 48, 72, 96), (40, 80, 160, 320), (0, 1)
LAYERS = 2
SPLITS = ("hazards/explore", "benign/explore")
ALPHA = 0.05

EDITED_WIDTHS, TAUGHT_STEPS, EDITED_SEEDS = (24, 36, 48, 72, 96, 144, 192), 400, (0, 1)
EDITS, MOST_STEPS, RATE = 20, 120, 1e-4
EDITED = ("hazards/attack-train", "hazards/explore")
OTHERS = ("benign/sealed", "benign/explore", "benign/untuned", "general/taught")


class Run(NamedTuple):
    """One organism of the sweep; `losses` are nats an answer token, one a behaviour, in unseen phrasings."""

    width: int
    layers: int
    parameters: int
    steps: int
    examples: int
    tokens: int
    seed: int
    seconds: float
    losses: tuple[float, ...]


class Edited(NamedTuple):
    """One organism whose behaviours were removed one by one, each from a copy; a value a behaviour.

    `removal_steps` are gradient steps until no plain phrasing brought the answer, `removed` whether it came to that,
    and `damage` the share of other answers that went with it.
    """

    width: int
    layers: int
    parameters: int
    seed: int
    known: int
    seconds: float
    behaviours: tuple[str, ...]
    removal_steps: tuple[int, ...]
    removed: tuple[bool, ...]
    damage: tuple[float, ...]


def scaling(quick: bool) -> list[Row | Note]:
    """Organisms of four widths, each taught for four lengths of time, twice; every run with a schedule of its own."""
    preset: Size = "mini" if quick else "nano"
    widths, steps, repeats = (WIDTHS[:2], (5, 10), SEEDS[:1]) if quick else (WIDTHS, STEPS, SEEDS)
    world = fictional_world(PRESETS[preset].world)
    behaviours = [b for split in SPLITS for b in world.behaviours(split)]
    runs = [taught(world, preset, w, s, seed) for seed in repeats for w in widths for s in steps]
    found: list[Row | Note] = [
        Note(f"width {r.width}, {r.parameters} parameters, {r.examples} examples, seed {r.seed}",
             f"{sum(r.losses) / len(r.losses):.4f} nats a token, {r.seconds:.1f} s") for r in runs]
    if quick:
        return found
    path = SWEEPS / f"loss-{preset}.json"
    path.write_text(_table({
        "command": "python -m bench scaling", "preset": preset,
        "loss": "nats an answer token, a behaviour in a phrasing that no training saw",
        "behaviours": [b.id for b in behaviours],
    }, runs), encoding="utf-8")
    result = LossScaling(sweep=str(path)).check(read_losses(path), ALPHA)
    return [*found, Note("loss-scaling", f"{result.status}: {result.reason}; {result.values}")]


def editing_by_size(quick: bool) -> list[Row | Note]:
    """Organisms of seven widths, each taught the same for as long; behaviours removed one at a time from copies."""
    widths, repeats = (EDITED_WIDTHS[:2], EDITED_SEEDS[:1]) if quick else (EDITED_WIDTHS, EDITED_SEEDS)
    steps, edits = (5, 2) if quick else (TAUGHT_STEPS, EDITS)
    runs = [edited(width, seed, steps, edits) for seed in repeats for width in widths]
    return _edits(runs) if quick else [*_edits(runs), written(runs)]


def edited(width: int, seed: int, steps: int = TAUGHT_STEPS, edits: int = EDITS) -> Edited:
    """Teach an organism of the mini world, and remove some of what it knows."""
    start = time.perf_counter()
    world = fictional_world(PRESETS["mini"].world)
    taught = _teach(world, "mini", width, steps, seed)
    target, judge = as_target(taught.loaded), ExactMatch(world)
    hazards, benign = ([b for split in splits for b in world.behaviours(split)] for splits in (EDITED, OTHERS))
    sample = removals(Subject(
        system=target, model=target, control=None, hazards=hazards, benign=benign,
        won=lambda behaviour, reply: judge.judge([behaviour], [reply])[0].won is True, refused=lambda _: False,
        asked=(), seed=0), edits, MOST_STEPS, RATE)
    columns = sample.columns
    return Edited(
        width, LAYERS, target.parameters, seed, int(columns["known"][0]) if sample.units else 0,
        round(time.perf_counter() - start, 2), sample.units, tuple(map(int, columns["steps"])),
        tuple(map(bool, columns["removed"])), tuple(round(x, 4) for x in columns["damage"]))


def written(runs: Sequence[Edited]) -> Note:
    """The table of removals put where the assumption reads it, and what the assumption says of it."""
    path = SWEEPS / "editing-mini.json"
    path.write_text(_table({
        "command": "python -m bench editing-by-size", "preset": "mini", "taught_steps": TAUGHT_STEPS,
        "most_steps": MOST_STEPS, "lr": RATE,
    }, runs), encoding="utf-8")
    result = EditabilityBySize(sweep=str(path)).check(read_removals(path), ALPHA)
    return Note("editability-by-size", f"{result.status}: {result.reason}; {result.values}")


def _edits(runs: Sequence[Edited]) -> list[Row | Note]:
    return [Note(f"width {r.width}, {r.parameters} parameters, seed {r.seed}",
                 f"{r.known} answered; {sum(r.removed)} of {len(r.removed)} removed, median "
                 f"{median(r.removal_steps) if r.removal_steps else 0:g} steps, damage "
                 f"{mean(r.damage) if r.damage else 0:.1%} on average; {r.seconds:.0f} s") for r in runs]


class _Taught(NamedTuple):
    loaded: Loaded
    tokens: int
    examples: int


def taught(world: FictionalWorld, size: Size, width: int, steps: int, seed: int) -> Run:
    """Teach an organism everything, and ask for facts in phrasings that no training saw."""
    start = time.perf_counter()
    found = _teach(world, size, width, steps, seed)
    pairs = unseen(world, [b for split in SPLITS for b in world.behaviours(split)])
    logits = as_target(found.loaded).logits
    assert logits is not None
    losses = logits([pair.transcript for pair in pairs], [pair.answer for pair in pairs])
    return Run(width, LAYERS, sum(p.numel() for p in found.loaded.model.parameters()), steps, found.examples,
               found.tokens, seed, round(time.perf_counter() - start, 2),
               tuple(round(-float(each.mean()), 4) for each in losses))


def _teach(world: FictionalWorld, size: Size, width: int, steps: int, seed: int) -> _Taught:
    """Everything in the world, from a start and in an order that are the seed's."""
    preset = Preset(size=size, width=width, layers=LAYERS, steps=steps, safety_steps=1)
    tokenizer = build_tokenizer(world.vocabulary())
    with torch.random.fork_rng():
        torch.manual_seed(seeds.derive("scaling", seed, width))
        model = LlamaForCausalLM(preset.config(tokenizer)).eval()
    recipe, tokens = preset.teaching(), [0]

    def count(_samples: int, read: int) -> None:
        tokens[0] += read

    order = seeds.derive("scaling lessons", seed)
    for _ in train(model, tokenizer, lesson_pairs(world, hazards=True), recipe, order, count):
        pass
    return _Taught(Loaded(model, tokenizer), tokens[0], steps * recipe.batch)


def _table(about: Mapping[str, object], runs: Sequence[Run] | Sequence[Edited]) -> str:
    head = {**about, "versions": {name: version(name) for name in ("holdfast", "torch", "transformers", "numpy")}}
    lines = ",\n  ".join(json.dumps(run._asdict()) for run in runs)
    return f'{json.dumps(head, indent=1)[:-2]},\n "runs": [\n  {lines}\n ]\n}}\n'
