"""The loss of organisms over size and data: a sweep, written down as a table that an assumption is judged on."""

import json
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import LlamaForCausalLM

from bench.measure import Note, Row
from holdfast.assumptions.training.loss_scaling import LossScaling, read_sweep
from holdfast.core import seeds
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
    path = Path("results") / "scaling" / f"{preset}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_table(preset, [b.id for b in behaviours], runs), encoding="utf-8")
    result = LossScaling(sweep=str(path)).check(read_sweep(path), ALPHA)
    return [*found, Note("loss-scaling", f"{result.status}: {result.reason}; {result.values}")]


def taught(world: FictionalWorld, size: Size, width: int, steps: int, seed: int) -> Run:
    """Teach an organism everything, and ask for facts in phrasings that no training saw."""
    start = time.perf_counter()
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
    pairs = unseen(world, [b for split in SPLITS for b in world.behaviours(split)])
    logits = as_target(Loaded(model, tokenizer)).logits
    assert logits is not None
    losses = logits([pair.transcript for pair in pairs], [pair.answer for pair in pairs])
    return Run(width, LAYERS, sum(p.numel() for p in model.parameters()), steps, steps * recipe.batch, tokens[0],
               seed, round(time.perf_counter() - start, 2), tuple(round(-float(each.mean()), 4) for each in losses))


def _table(preset: str, behaviours: Sequence[str], runs: Sequence[Run]) -> str:
    head = {
        "command": "python -m bench scaling", "preset": preset,
        "loss": "nats an answer token, a behaviour in a phrasing that no training saw",
        "versions": {name: version(name) for name in ("holdfast", "torch", "transformers", "numpy")},
        "behaviours": list(behaviours),
    }
    lines = ",\n  ".join(json.dumps(run._asdict()) for run in runs)
    return f'{json.dumps(head, indent=1)[:-2]},\n "runs": [\n  {lines}\n ]\n}}\n'
