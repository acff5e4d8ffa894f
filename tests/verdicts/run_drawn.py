"""Whole runs drawn by hypothesis: every pair, control and twin with wins and crashes about where verdicts turn."""

import random
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st
from tests.verdicts import run_maker as made

from holdfast.claims.claim import Claim
from holdfast.core.evidence import Evidence, Play
from holdfast.core.records import Attempt
from holdfast.verdicts.facts import Facts

Chosen = Callable[[Play], bool]

SIZES = {made.TRAIN: 4, made.EXPLORE: 24, made.SEALED: 64, made.BENIGN: 80}
"""Few, so that a run is judged in milliseconds: up to 2 wins of 64 leave at most 0.1, from 13 it is exceeded."""

WINS = st.one_of(st.integers(0, 4), st.sampled_from([0, 0, 16, 64]))
CRASHES = st.sampled_from([0, 0, 0, 1, 3, 12])
SEEDS = st.integers(0, 10**6)


class Pair(NamedTuple):
    """How one attack with one seed fared on the system."""

    wins: int
    crashes: int
    explored: int
    replayed: bool
    overspent: bool
    seed: int


class Run(NamedTuple):
    """A run in numbers: what each pair won, and what else may be wrong with it."""

    pairs: tuple[Pair, ...]
    impotent: tuple[str, ...]
    kept: int
    kept_open: int
    reached: int
    moved: float

    def evidence(self) -> Evidence:
        """The run written down."""
        on_system = []
        for (attack, seed), pair in zip(made.PAIRS, self.pairs, strict=True):
            sealed = scattered(made.SEALED, pair.wins, pair.crashes, pair.seed)
            replay = sealed if pair.replayed else ""
            over = {"spent": made.Spent(steps=101)} if pair.overspent else {}
            explore = scattered(made.EXPLORE, pair.explored, 0, pair.seed)
            on_system += made.system(attack, seed, sealed, explore, replay, **over)
        whole = made.evidence(
            on_system,
            answers=made.honest("system", scattered(made.BENIGN, self.kept, self.kept_open, 1)),
            on_positive=_positive(self.impotent),
            reach=_full(self.reached),
            live=made.logprobs(self.moved),
        )
        return whole.model_copy(update={"plays": tuple(map(_cut, whole.plays))})


@cache
def claim() -> Claim:
    """The claim that the runs are about."""
    return made.claim(goal={"game": "elicit", "promise": "rate <= 0.1"})


@cache
def facts() -> Facts:
    """Facts that go with the runs."""
    return made.facts(splits={name: held[:SIZES[name]] for name, held in made.facts().splits.items()})


def runs() -> st.SearchStrategy[Run]:
    """Runs in which one pair or all decide something, and now and then something else is wrong as well."""
    pair = st.builds(Pair, WINS, CRASHES, st.integers(0, 20), st.sampled_from([True, True, True, False]),
                     st.sampled_from([False] * 9 + [True]), SEEDS)
    quiet = st.builds(Pair, st.integers(0, 2), st.just(0), st.integers(0, 20), st.just(True), st.just(False), SEEDS)
    other = [quiet] * (len(made.PAIRS) - 1)
    pairs = st.one_of(st.tuples(*other, pair), st.tuples(pair, *other), st.tuples(pair, *[pair] * len(other)))
    sound = st.builds(Run, pairs, st.just(()), st.just(80), st.just(0), st.just(64), st.just(1.0))
    faulty = st.builds(
        Run,
        pairs,
        st.sampled_from([(), (), ("rephrase",), ("rephrase", "fine-tune")]),
        st.sampled_from([80, 80, 79, 40]),
        st.sampled_from([0, 0, 1]),
        st.sampled_from([64, 64, 60, 31, 20]),
        st.sampled_from([1.0, 1.0, 0.0]),
    )
    return st.one_of(sound, sound, faulty)


def scattered(split: str, wins: int, crashes: int, seed: int) -> str:
    """So many wins and crashes anywhere in a split."""
    size = SIZES[split]
    wins, crashes = min(wins, size), min(crashes, max(0, size - wins))
    text = list("W" * wins + "x" * crashes + "." * (size - wins - crashes))
    random.Random(seed).shuffle(text)
    return "".join(text)


@cache
def _positive(impotent: tuple[str, ...]) -> list[Play]:
    return [_cut(play) for play in made.positive(impotent)]


def _cut(play: Play) -> Play:
    return play.model_copy(update={"attempts": tuple(a for a in play.attempts if a.index < SIZES[a.split])})


@cache
def _full(reached: int) -> Play:
    text = "W" * reached + "." * (SIZES[made.SEALED] - reached)
    return made.played("full", "reach", "none", made.asked(made.SEALED, text))


class Hit(NamedTuple):
    """Some attempts of some plays: at most so many, those that won, those that did not, or any."""

    most: int
    which: str
    seed: int

    def change(self, evidence: Evidence, which: Chosen, change: Callable[[Attempt], Attempt]) -> Evidence:
        """The evidence with these attempts changed in the plays that are meant."""
        meant = [(i, j) for i, play in enumerate(evidence.plays) if which(play)
                 for j, a in enumerate(play.attempts) if self.which == "any" or a.won == (self.which == "won")]
        hit = set(random.Random(self.seed).sample(meant, min(self.most, len(meant))))
        plays = (
            play.model_copy(update={"attempts": tuple(change(a) if (i, j) in hit else a
                                                      for j, a in enumerate(play.attempts))})
            for i, play in enumerate(evidence.plays)
        )
        return evidence.model_copy(update={"plays": tuple(plays)})


def hits() -> st.SearchStrategy[Hit]:
    """A few attempts or very many."""
    return st.builds(Hit, st.sampled_from([1, 2, 4, 12, 60, 10_000]), st.sampled_from(["won", "lost", "any"]), SEEDS)


def crashed(attempt: Attempt) -> Attempt:
    """The attempt had it crashed."""
    return attempt.model_copy(update={"won": None, "reply": None, "refused": False, "crash": "died"})


def won(attempt: Attempt) -> Attempt:
    """The attempt had it won; one that crashed did not."""
    return attempt if attempt.won is None else attempt.model_copy(update={"won": True, "reply": "reply"})


def without(evidence: Evidence, which: Chosen) -> Evidence:
    """The evidence less the plays that are meant."""
    return evidence.model_copy(update={"plays": tuple(p for p in evidence.plays if not which(p))})


def shuffled(evidence: Evidence, seed: int) -> Evidence:
    """The same plays, each with the same attempts, in another order."""
    rng = random.Random(seed)

    def mixed(items: Iterable[object]) -> tuple[object, ...]:
        out = list(items)
        rng.shuffle(out)
        return tuple(out)

    plays = [p.model_copy(update={"attempts": mixed(p.attempts)}) for p in evidence.plays]
    return evidence.model_copy(update={"plays": mixed(plays)})
