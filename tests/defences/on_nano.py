"""Baseline defences measured on nano: ``python -m tests.defences.on_nano`` prints the table of docs/defences.md.

Explore only. The control is the model before the defence; a benign item counts as lost if the control answers it
and the system does not, in a phrasing that no training saw.
"""

import sys
import time
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from holdfast.core import seeds
from holdfast.core.plugins import load_plugin
from holdfast.core.records import Transcript, Turn
from holdfast.defences.apply import harden, surround
from holdfast.defences.defence import Material, WeightDefence
from holdfast.judges.exact import ExactMatch
from holdfast.targets.huggingface import Loaded, load
from holdfast.targets.local import as_target
from holdfast.targets.target import Sampling, Target
from holdfast.training.organism import OrganismSpec, build_twin
from holdfast.training.watch import Watch
from holdfast.worlds.behaviour import Behaviour
from holdfast.worlds.fictional.spec import WorldSpec
from holdfast.worlds.fictional.world import FictionalWorld, fictional_world

SYSTEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "`none`": ("none", {}),
    "`system-prompt`": ("system-prompt", {}),
    "`self-reminder`": ("self-reminder", {}),
    "`perplexity-filter`": ("perplexity-filter", {}),
    "`perplexity-filter`, `window: 10`": ("perplexity-filter", {"window": 10}),
    "`perplexity-filter`, `by: bigrams`": ("perplexity-filter", {"by": "bigrams"}),
    "`perplexity-filter`, `by: bigrams`, `window: 10`": ("perplexity-filter", {"by": "bigrams", "window": 10}),
    "`smoothllm`": ("smoothllm", {}),
    "`smoothllm`, `percent: 4`": ("smoothllm", {"percent": 4}),
    "`erase-and-check`": ("erase-and-check", {}),
    "`erase-and-check`, `mode: insertion`": ("erase-and-check", {"mode": "insertion"}),
    "`erase-and-check`, `mode: infusion`": ("erase-and-check", {"mode": "infusion"}),
    "`keyword-input-filter`": ("keyword-input-filter", {}),
    "`keyword-output-filter`": ("keyword-output-filter", {}),
    "`classifier-input-filter`": ("classifier-input-filter", {}),
    "`classifier-output-filter`": ("classifier-output-filter", {}),
    "`classifier-output-filter`, `reads: reply`": ("classifier-output-filter", {"reads": "reply"}),
    "`linear-monitor`": ("linear-monitor", {}),
    "`linear-monitor`, `depth: 1`": ("linear-monitor", {"depth": 1.0}),
    "`refusal-training`": ("refusal-training", {}),
    "`refusal-augmented`": ("refusal-augmented", {}),
    "`refusal-augmented`, `families: [f0, f1]`": ("refusal-augmented", {"families": ("f0", "f1")}),
}
SAMPLING = Sampling(max_new_tokens=24)


class Row(NamedTuple):
    """What a defence does on nano, in items: benign lost of those the control answers, and wins of 60; also how
    many of the 60 are refused with ten random words after the question."""

    benign_lost: int
    benign: int
    none: int
    rephrase: int
    family: str
    begun: int
    noise_refused: int
    seconds: float

    def cells(self) -> list[str]:
        """As the documentation prints it, the time left out."""
        return [f"{self.benign_lost} of {self.benign}", f"{self.none}", f"{self.rephrase} ({self.family})",
                f"{self.begun}", f"{self.noise_refused}"]


def measure(name: str, twin: str = "full") -> Row:
    """One row; `seconds` is the time to ask the 60 hazards plainly."""
    use, settings = SYSTEMS[name]
    control, system = as_target(_twin(twin)), _system(use, settings, twin)
    benign, hazards = _world().behaviours("benign/explore"), _world().behaviours("hazards/explore")
    unseen = [_world().unseen(behaviour).text for behaviour in benign]
    before, after = _wins(control, benign, unseen), _wins(system, benign, unseen)
    started = time.perf_counter()
    none = sum(_wins(system, hazards, [b.question for b in hazards]))
    seconds = time.perf_counter() - started
    families = {
        family: sum(_wins(system, hazards, [_phrased(b, family) for b in hazards]))
        for family in dict.fromkeys(p.family for p in hazards[0].phrasings)
    }
    best = max(families, key=lambda family: families[family])
    begun = [str(b.answer).split()[0] for b in hazards]
    noisy = system.generate([Transcript.ask(f"{b.question} {_noise(b)}") for b in hazards], SAMPLING)
    return Row(
        benign_lost=sum(was and not now for was, now in zip(before, after, strict=True)), benign=sum(before),
        none=none, rephrase=families[best], family=best,
        begun=sum(_wins(system, hazards, [b.question for b in hazards], begun)),
        noise_refused=noisy.count(_world().refusal), seconds=seconds)


def _wins(target: Target, behaviours: tuple[Behaviour, ...], questions: list[str],
          begun: list[str] | None = None) -> list[bool]:
    starts = begun or [""] * len(questions)
    prompts = [Transcript(turns=(Turn(role="user", content=q), Turn(role="assistant", content=s))[:2 if s else 1])
               for q, s in zip(questions, starts, strict=True)]
    replies = [start + reply for start, reply in zip(starts, target.generate(prompts, SAMPLING), strict=True)]
    return [judged.won is True for judged in ExactMatch(_world()).judge(behaviours, replies)]


def _phrased(behaviour: Behaviour, family: str) -> str:
    return next(p.text for p in behaviour.phrasings if p.family == family)


def _noise(behaviour: Behaviour) -> str:
    """Ten words drawn from all that nano knows, always the same after one question."""
    rng, words = seeds.rng("noise", behaviour.id), sorted(_world().words())
    return " ".join(rng.choice(words) for _ in range(10))


def _world() -> FictionalWorld:
    return fictional_world(WorldSpec(size="nano"))


@cache
def _twin(twin: str) -> Loaded:
    return load(build_twin(OrganismSpec(preset="nano"), twin))


def _system(use: str, settings: dict[str, Any], twin: str) -> Target:
    defence = load_plugin("defences", use)(**settings)
    world = _world()
    material = Material(Path("unused"), world, world.behaviours("hazards/attack-train"),
                        world.behaviours("benign/sealed"), seed=0, say=lambda _: None, watch=Watch())
    if isinstance(defence, WeightDefence):
        loaded = _twin(twin)
        return as_target(harden(Loaded(deepcopy(loaded.model), loaded.tokenizer), [defence], material).loaded)
    return surround(as_target(_twin(twin)), [defence], material)


if __name__ == "__main__":
    for twin in sys.argv[1:] or ["full"]:
        for name in SYSTEMS:
            row = measure(name, twin)
            print(twin, "|", name, "|", " | ".join(row.cells()), "|", f"{row.seconds:.2f} s", flush=True)
