"""Inputs put to a system for a search: what came of each, how near it came to failing, and how much was asked."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from holdfast.attacks.asking import ask_each, reply_limit
from holdfast.core.records import Transcript
from holdfast.judges.judge import Judge
from holdfast.stats.rare_event import Floats, Inputs
from holdfast.targets.target import Sampling, Target
from holdfast.worlds.ordinary import Questions, Said

FAILED, UNKNOWN, LOST = 1.0, 0.5, -1.0
"""Scores: a win by the judge, a reply that nobody could judge, and a loss of which no more is known.

Where more is known a loss scores its log-probability in nats, which is at most 0.
"""

DIGITS = 3          # of nats: the last bits of a score differ with the batch
FEW = 32            # log-probabilities that show whether they differ at all
STRETCH = 2         # a reply may be so many times as long as the longest answer

Guide = Literal["log-probabilities", "flat log-probabilities", "wins"]


class Asker:
    """Puts inputs to a system, once each, and counts what was put: a reply is a query, a log-probability another."""

    def __init__(self, target: Target, judge: Judge, asked: Questions) -> None:
        self._target = target
        self._judge = judge
        self._asked = asked
        self._limit = Sampling(reply_limit(target, asked.behaviours, STRETCH))
        self._known: dict[tuple[str, str], float] = {}
        self._nats: dict[tuple[str, str], float] = {}
        answers = all(behaviour.answer for behaviour in asked.behaviours)
        self.guide: Guide = "log-probabilities" if target.logits is not None and answers else "wins"
        self.queries = 0

    def outcome(self, inputs: Inputs) -> Floats:
        """FAILED, UNKNOWN or LOST for each input, from the judge's word on a greedy reply; shape (n,)."""
        said = [self._asked.said(row) for row in inputs]
        new = {key: each for each in said if (key := (each.behaviour.id, each.text)) not in self._known}
        self.queries += len(new)
        answers = ask_each(self._target, [Transcript.ask(text) for _, text in new], self._limit)
        replies = [answer.reply if answer is not None else None for answer in answers]
        there = [(key, each.behaviour, reply) for (key, each), reply in zip(new.items(), replies, strict=True)
                 if reply is not None]
        words = self._judge.judge([b for _, b, _ in there], [reply for _, _, reply in there])
        self._known |= dict.fromkeys(new, UNKNOWN)
        self._known |= {key: UNKNOWN if word.won is None else FAILED if word.won else LOST
                        for (key, _, _), word in zip(there, words, strict=True)}
        return np.array([self._known[each.behaviour.id, each.text] for each in said])

    def score(self, inputs: Inputs) -> Floats:
        """The outcome, and of what was lost the answer's log-probability in nats, as long as those differ."""
        outcomes = self.outcome(inputs)
        lost = np.flatnonzero(outcomes == LOST)
        if self.guide != "log-probabilities" or not len(lost):
            return outcomes
        said = [self._asked.said(row) for row in inputs[lost]]
        new = list({key: each for each in said if (key := (each.behaviour.id, each.text)) not in self._nats}.items())
        for part in (new[:FEW], new[FEW:]):
            self._nats |= self._scored([each for _, each in part])
            if len(set(self._nats.values())) == 1 and len(self._nats) >= FEW:
                self.guide = "flat log-probabilities"
                return outcomes
        outcomes[lost] = [self._nats[each.behaviour.id, each.text] for each in said]
        return outcomes

    def _scored(self, said: Sequence[Said]) -> dict[tuple[str, str], float]:
        """The log-probability of each true answer in nats."""
        logits = self._target.logits
        assert logits is not None
        self.queries += len(said)
        found = logits([Transcript.ask(each.text) for each in said], [each.behaviour.answer or "" for each in said])
        return {(each.behaviour.id, each.text): round(min(0.0, float(nats.double().sum())), DIGITS)
                for each, nats in zip(said, found, strict=True)}

    def met(self, outcome: float) -> int:
        """How many different inputs had this outcome."""
        return sum(each == outcome for each in self._known.values())
