"""The parts of a defence that can fail: it names them where it is built, so that a test can make them fail.

A part is a function that the defence relies on and that may break in use: a classifier, a model that scores, a list
that is read. Who wraps a target asks for each one by `material.part("classifier", scores)` and uses what comes back.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


class Parts(Protocol):
    """Gives a defence each of its parts, as it is or made to fail."""

    def __call__(self, name: str, part: Function) -> Function:
        """The part to use in place of `part`; `name` is a word or two for people."""
        ...


def intact(name: str, part: Function) -> Function:
    """The part as it is."""
    return part
