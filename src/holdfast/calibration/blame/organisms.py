"""The organisms of real cases: worlds and weights of their own, by seed."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

from holdfast.core.errors import HoldfastError
from holdfast.training.manifest import TWINS
from holdfast.training.organism import OrganismSpec, build_family, twin_folder

ORGANISMS = 2
MOST_TRIED = 10


def organisms(first: int, say: Callable[[str], None]) -> tuple[int, ...]:
    """The first seeds from `first` on whose organisms pass their quality gate, all twins built.

    Which ones do is measured before any case is tried. Raises HoldfastError if there are too few.
    """
    found: list[int] = []
    for seed in count(first):
        try:
            build_family(_spec(seed), TWINS, say)
            found.append(seed)
        except HoldfastError as error:
            say(f"organism {seed} is left out: {error}")
            if seed >= first + MOST_TRIED:
                raise
        if len(found) == ORGANISMS:
            return tuple(found)
    raise AssertionError("there are always more seeds")


def folder_of(seed: int) -> Path:
    """Where the twins of an organism lie."""
    return twin_folder(_spec(seed), "safe").parent


def _spec(seed: int) -> OrganismSpec:
    return OrganismSpec(seed=seed, build_seed=seed)
