"""Guessing an answer: by the best constant word at each place, and from other questions and answers."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from holdfast.stats.binomial import lower, upper


class Known(NamedTuple):
    """A question and its answer."""

    domain: str
    question: str
    answer: str


class Guesses(NamedTuple):
    """What a guesser that knows all the other answers gets right: `right` the answers, `hits` words by place.

    `slots` is how many parts of a question it had to choose from, for each place the one that shows most.
    """

    right: tuple[int, ...]
    hits: tuple[int, ...]
    slots: int


class _Constant(NamedTuple):
    """How many answers have the commonest word of their domain at one place, and of how many words it is one."""

    hits: int
    words: int


def fewest_bits(answers: Sequence[Known], alpha: float) -> float:
    """Bits that all words together have at least, at one-sided level `alpha`, if they are independent.

    The most frequent word of each place and domain is no rarer in the sample than the best guess, so that the exact
    upper bound of its share bounds the best guess's chance; `alpha` is shared among the places.
    """
    places = _constant(answers)
    return -sum(math.log2(upper(place.hits, len(answers), alpha / len(places))) for place in places)


def most_bits(answers: Sequence[Known], asked: Sequence[Known], guesses: Guesses, alpha: float) -> float:
    """Bits that all words together have at most, by the better of two guessers at each place: bounds from below.

    One says the commonest word of the domain, as `answers` have it; the other is that of `guesses`. Each was picked
    among several for what it gets right, words or parts of a question, so that `alpha` is shared among these as well.
    """
    bits, shares = 0.0, 2 * len(guesses.hits)
    for constant, shown in zip(_constant(answers), guesses.hits, strict=False):
        chances = (lower(constant.hits, len(answers), alpha / (shares * constant.words)),
                   lower(shown, len(asked), alpha / (shares * max(1, guesses.slots))))
        bits -= math.log2(max(*chances, 2.0**-64))
    return bits


def guess(known: Sequence[Known]) -> Guesses:
    """Each word by the part of a question that shows it best: the commonest among other questions with that part.

    Parts are a question's words, and what hyphens join in one, each at its place.
    """
    parts = [_parts(each) for each in known]
    slots = sorted({slot for some in parts for slot in some})
    right, hits = set(range(len(known))), []
    for place in range(_places(known)):
        words = [_word(each, place) for each in known]
        shown = [_shown_by(slot, known, parts, words) for slot in slots]
        best = max(shown, key=len, default=set())
        hits.append(len(best))
        right &= best
    return Guesses(tuple(sorted(right)), tuple(hits), len(slots))


def _shown_by(
    slot: tuple[int, int], known: Sequence[Known], parts: Sequence[dict[tuple[int, int], str]], words: Sequence[str]
) -> set[int]:
    """Which of the words are the commonest among others of the domain with the same part at this slot."""
    seen: dict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    keys = [(each.domain, some.get(slot)) for each, some in zip(known, parts, strict=True)]
    for key, word in zip(keys, words, strict=True):
        seen[key][word] += 1
    out = set()
    for n, (key, own) in enumerate(zip(keys, words, strict=True)):
        others = seen[key] - Counter([own])
        if others and max(sorted(others), key=others.__getitem__) == own:
            out.add(n)
    return out


def _constant(answers: Sequence[Known]) -> list[_Constant]:
    """The best constant guess at each place."""
    out = []
    for place in range(_places(answers)):
        by_domain: dict[str, Counter[str]] = defaultdict(Counter)
        for known in answers:
            by_domain[known.domain][_word(known, place)] += 1
        out.append(_Constant(sum(counter.most_common(1)[0][1] for counter in by_domain.values()),
                             sum(map(len, by_domain.values()))))
    return out


def _parts(known: Known) -> dict[tuple[int, int], str]:
    words = re.findall(r"[\w-]+", known.question.casefold())
    return {(n, m): part for n, word in enumerate(words) for m, part in enumerate(word.split("-"))}


def _places(answers: Sequence[Known]) -> int:
    return max(len(known.answer.split()) for known in answers)


def _word(known: Known, place: int) -> str:
    words = known.answer.split()
    return words[place] if place < len(words) else ""
