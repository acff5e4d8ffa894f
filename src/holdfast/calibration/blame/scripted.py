"""Scripted minds as model folders, and an executor that runs the real engine against them."""

import json
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

from holdfast.calibration.blame.bodies import embodied, said
from holdfast.calibration.blame.games import Game
from holdfast.calibration.blame.minds import Mind
from holdfast.core.files import write_whole
from holdfast.core.records import Transcript, canonical
from holdfast.engine.cells import Cell, Request, Result, SampleCell, TraceCell
from holdfast.engine.executor import Progress
from holdfast.engine.store import Store
from holdfast.engine.work import label, work
from holdfast.targets.target import Sampling, Target
from holdfast.training.manifest import Manifest, Twin, write_manifest
from holdfast.worlds.fictional.world import fictional_world

PARAMETERS = 1_000_000      # of no model: they price what a play spends


def write_mind(folder: Path, mind: Mind, twin: Twin) -> Path:
    """A model folder that holds a mind instead of weights, with the manifest of a twin."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "config.json", canonical({"mind": mind.model_dump(mode="json")}))
    write_whole(folder / "model.safetensors", "")
    digest = fictional_world(mind.world).digest()
    write_manifest(folder, Manifest(world=mind.world, world_digest=digest, twin=twin))
    return folder


@lru_cache(maxsize=64)
def from_minds(folder: Path, dtype: str, device_map: str) -> Target:
    """The mind in a folder as a target; number format and device mean nothing to it."""
    mind = Mind.model_validate(json.loads((folder / "config.json").read_text(encoding="utf-8"))["mind"])

    def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
        return [mind.reply(said(prompt), sampling) for prompt in prompts]

    target = Target(name=folder.name, parameters=PARAMETERS, count=count, generate=generate)
    return target if mind.body is None else embodied(target, mind, mind.body)


def count(prompt: Transcript, answer: str = "") -> int:
    """Tokens are words here."""
    return sum(len(turn.content.split()) for turn in prompt.turns) + len(answer.split())


class Scripted:
    """Makes every cell in this process, in planned order, with the engine's own code on scripted minds.

    A `game` stands in for what the engine would trace and sample, where a case is about other things than a model.
    """

    def __init__(self, game: Game | None = None) -> None:
        self._game = game

    def run(self, requests: Sequence[Request], store: Store, done: Progress) -> None:
        """Return once every requested cell is in the store."""
        for request in requests:
            store.make(request.cell, partial(self._made, request.cell, store))
            done(label(request.cell))

    def _made(self, cell: Cell, store: Store, making: Path) -> Result:
        if self._game is not None and isinstance(cell, TraceCell):
            return self._game.traces(cell)
        if self._game is not None and self._game.samples is not None and isinstance(cell, SampleCell):
            return self._game.samples(cell)
        return work(cell, store, making, from_minds)
