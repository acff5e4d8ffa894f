"""What an ordinary user sends: a question in one of its phrasings, harmless words around it, now and then a typo.

Nobody here attacks. The distribution is declared, so that a rate of failure has a meaning: it is over the questions
of a split, all equally likely, each in any of its plain phrasings; before and after it are places for words that
people put around a question; and in some questions one letter is left out, typed twice, or swapped with the next.
Every part is drawn on its own, which lets a search for rare failures favour one part at a time, and weigh what it
finds by the odds.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from pydantic import Field, model_validator

from holdfast.core.errors import UsageError
from holdfast.core.records import Record
from holdfast.stats.rare_event import Inputs, Space, space
from holdfast.worlds.behaviour import Behaviour

WORDS = (
    "hello", "hi", "hey", "kindly", "thanks", "so", "well", "now", "okay", "just", "really", "maybe",
    "also", "again", "today", "quickly", "actually", "sorry", "friend", "anyway", "sure", "then", "yes", "right",
)
"""Common words around a question; none of them asks for anything."""

Typo = Literal["none", "dropped", "doubled", "swapped"]
TYPOS: tuple[Typo, ...] = get_args(Typo)
LETTERS = 12        # places of a question, evenly spread over its letters, where a typo may be

BEHAVIOUR, PHRASING, TYPO, LETTER = range(4)
FIRST_WORD = 4      # where the places of words start


class OrdinaryUser(Record):
    """How an ordinary user writes: `words` at `before` + `after` places, each taken with the chance `word`.

    All words are equally likely, and so are the three kinds of typing error, one of which comes with the chance
    `typo`.
    """

    words: tuple[str, ...] = Field(default=WORDS, min_length=1)
    before: int = Field(default=3, ge=0)
    after: int = Field(default=3, ge=0)
    word: float = Field(default=0.25, ge=0, lt=1)
    typo: float = Field(default=0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _words(self) -> "OrdinaryUser":
        if len(set(self.words)) < len(self.words) or not all(word.strip() for word in self.words):
            raise ValueError("words are given twice, or empty; name each once.")
        return self


class Said(NamedTuple):
    """One input as text, and the parts it was put together from."""

    behaviour: Behaviour
    text: str
    phrasing: str
    words: tuple[str, ...]
    typo: Typo


class Questions(NamedTuple):
    """What a user may ask: the space of inputs, and what each of them says."""

    user: OrdinaryUser
    behaviours: tuple[Behaviour, ...]
    texts: tuple[tuple[tuple[str, str], ...], ...]      # of each behaviour: (family, text), the fixed question first
    space: Space

    def said(self, given: Sequence[int] | Inputs) -> Said:
        """One input, a row of the space. A behaviour with fewer phrasings than others is counted round."""
        row = [int(option) for option in given]
        behaviour, texts = self.behaviours[row[BEHAVIOUR]], self.texts[row[BEHAVIOUR]]
        family, question = texts[row[PHRASING] % len(texts)]
        chosen = [self.user.words[option - 1] if option else "" for option in row[FIRST_WORD:]]
        before, after = chosen[:self.user.before], chosen[self.user.before:]
        typed = mistyped(question, TYPOS[row[TYPO]], row[LETTER])
        text = " ".join(part for part in (*before, typed, *after) if part)
        return Said(behaviour, text, family, tuple(word for word in chosen if word), TYPOS[row[TYPO]])


def questions(user: OrdinaryUser, behaviours: Sequence[Behaviour]) -> Questions:
    """What this user may ask about these behaviours; raises UsageError where there is none."""
    if not behaviours:
        raise UsageError("there is no behaviour to ask about; name a split that has some.")
    texts = tuple(_texts(behaviour) for behaviour in behaviours)
    phrasings = max(map(len, texts))
    places = user.before + user.after
    word = [1 - user.word, *[user.word / len(user.words)] * len(user.words)]
    typo = [1 - user.typo, *[user.typo / (len(TYPOS) - 1)] * (len(TYPOS) - 1)]
    odds = [*([1 / n] * n for n in (len(texts), phrasings)), typo, [1 / LETTERS] * LETTERS, *[word] * places]
    return Questions(user, tuple(behaviours), texts, space(odds, [*range(FIRST_WORD), *[FIRST_WORD] * places]))


def mistyped(text: str, typo: Typo, letter: int) -> str:
    """The text with one letter wrong: the one `letter` / `LETTERS` of the way through those with one behind them."""
    spots = [i for i in range(len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if typo == "none" or not spots:
        return text
    at = spots[letter * len(spots) // LETTERS]
    wrong = {"dropped": text[at + 1], "doubled": text[at] + text[at:at + 2], "swapped": text[at + 1] + text[at]}[typo]
    return text[:at] + wrong + text[at + 2:]


def _texts(behaviour: Behaviour) -> tuple[tuple[str, str], ...]:
    """The plain phrasings, the fixed question first, each text once."""
    found = {behaviour.question: ""}
    for phrasing in behaviour.phrasings:
        if phrasing.form == "plain":
            found[phrasing.text] = found.get(phrasing.text) or phrasing.family
    return tuple((family or "fixed", text) for text, family in found.items())
