"""A list of words that may not be said."""

from collections.abc import Sequence
from typing import final

from pydantic import Field

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material, SystemDefence
from holdfast.defences.filters import screening
from holdfast.defences.lessons import lesson_pairs, refusal_of
from holdfast.defences.words import telling, words_of
from holdfast.targets.target import Target
from holdfast.worlds.behaviour import Behaviour


@final
class KeywordOutputFilter(SystemDefence):
    """Replaces a reply in which a listed word stands by a refusal; a prefill counts as part of the reply.

    Without a list of one's own, the list is learnt: words of several guarded answers and of no retained one.
    Source: the word lists of deployed guardrails, as LLM Guard's BanSubstrings with word matching
    (https://github.com/protectai/llm-guard); that no filter on what a text says can suffice is argued by
    Glukhov et al. 2023 (https://arxiv.org/abs/2307.10719).
    """

    keywords: tuple[str, ...] = Field(default=(), description="single words to refuse; by default they are learnt")
    least: int = Field(default=3, gt=0, description="guarded behaviours whose answers must use a word before it is "
                                                    "learnt")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target whose replies hold no listed word."""

        def answers(behaviours: Sequence[Behaviour]) -> list[str]:
            return [pair.answer for pair in lesson_pairs(material.world, behaviours)]

        listed = frozenset(word for text in self.keywords for word in words_of(text)) or telling(
            [answers([behaviour]) for behaviour in material.guard], answers(material.retain), self.least)

        def blocks(prompts: Sequence[Transcript], said: Sequence[str]) -> list[bool]:
            return [not listed.isdisjoint(words_of(text)) for text in said]

        checked = material.part("word list", blocks)
        return screening(target, checked, refusal_of(material.world), "keyword-output-filter")
