"""Checking a prompt with every possible attack erased from it."""

from collections.abc import Sequence
from typing import final

from pydantic import Field

from holdfast.core.records import Transcript
from holdfast.defences.defence import Material
from holdfast.defences.detecting import DetectingDefence, detector
from holdfast.defences.erasing import Mode, erased, how_many
from holdfast.defences.filters import blocking, text_of
from holdfast.defences.lessons import refusal_of
from holdfast.defences.words import questions
from holdfast.targets.target import Target

MOST: dict[Mode, int] = {"suffix": 20, "insertion": 5, "infusion": 2}


@final
class EraseAndCheck(DetectingDefence):
    """Refuses a conversation if a classifier takes it, or any version of it with some words erased, for harmful.

    What the classifier flags stays flagged with up to `erase` words added: at the end, in one stretch, or anywhere.
    Words are what white space parts; an attack that changes a word, or adds more, is outside the certificate. All
    turns are read as one text, a prefill at its end. The fitted classifier also learns from the erased versions of
    benign questions that they are benign. Source: Kumar et al. 2023, "Certifying LLM Safety against Adversarial
    Prompting" (https://arxiv.org/abs/2309.02705), and its code, with one inserted stretch.
    """

    mode: Mode = Field(
        default="suffix", description="where words may have been added: 'suffix' at the end, 'insertion' in one "
                                      "stretch anywhere, 'infusion' one by one anywhere")
    erase: int | None = Field(
        default=None, gt=0, description="most words to erase; by default 20 for 'suffix', 5 for 'insertion', 2 for "
                                        "'infusion', as in the published code")
    limit: int = Field(
        default=10_000, gt=0, description="most versions of one prompt to check; a prompt that has more is refused "
                                          "unread")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that is not asked what is flagged whole or erased."""
        world = material.world
        safe = dict.fromkeys(
            version for text in questions(world, material.retain) for version in self._versions(text) or [text])
        harmful = detector(self, questions(world, material.guard), [*safe], material.part)

        def blocks(prompts: Sequence[Transcript]) -> list[bool]:
            texts = [text_of(prompt) for prompt in prompts]
            versions = [self._versions(text) for text in texts]
            every = list(dict.fromkeys(version for some in versions for version in some or ()))
            flagged = dict(zip(every, harmful(every), strict=True))
            return [some is None or any(flagged[version] for version in some) for some in versions]

        return blocking(target, blocks, refusal_of(world), "erase-and-check")

    def _versions(self, text: str) -> list[str] | None:
        """What is checked of a text, blank versions left out as harmless; None where there are too many."""
        words = text.split()
        most = self.erase or MOST[self.mode]
        if how_many(len(words), self.mode, most) > self.limit:
            return None
        return [" ".join(kept) for kept in erased(words, self.mode, most) if kept]
