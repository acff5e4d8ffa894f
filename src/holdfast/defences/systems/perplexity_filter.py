"""Refusing what reads like no text that users send."""

from collections.abc import Callable, Sequence
from typing import final

import numpy as np
from pydantic import Field

from holdfast.core.errors import UsageError
from holdfast.core.records import Transcript
from holdfast.defences.bigrams import Bigrams
from holdfast.defences.defence import Material, SystemDefence
from holdfast.defences.filters import blocking, text_of
from holdfast.defences.lessons import refusal_of
from holdfast.defences.words import questions
from holdfast.targets.huggingface import load
from holdfast.targets.local import as_target
from holdfast.targets.target import Logits, Target

Surprise = Callable[[Sequence[str]], list[list[float]]]


@final
class PerplexityFilter(SystemDefence):
    """Refuses a conversation whose text a language model finds more surprising than benign questions.

    The log-perplexity of a text is the mean surprise of its tokens in nats; in windows of tokens, one after the
    other, the largest mean counts. The threshold is a quantile of it over the retained questions, the maximum by
    default. A text is scored as a reply to an empty question, since that is what a chat model can be asked for.
    Source: Jain et al. 2023 (https://arxiv.org/abs/2309.00614), section 4.1 and its code, whole and in windows of
    10; Alon and Kamfonas 2023 (https://arxiv.org/abs/2308.14132), with another model as the judge of text.
    """

    by: str = Field(
        default="target", min_length=1, description="whose surprise: 'target' is the defended model, 'bigrams' a "
                                                    "word model of known questions, else a model folder or id")
    window: int | None = Field(default=None, gt=0, description="tokens in a window; by default the whole text is one")
    quantile: float = Field(
        default=1.0, gt=0, le=1, description="share of the retained questions that must pass; at 1 all of them")

    def wrap(self, target: Target, material: Material) -> Target:
        """A target that is not asked what surprises too much; raises UsageError without retained questions."""
        known = questions(material.world, material.retain)
        if not known:
            raise UsageError("a perplexity filter sets its threshold on benign questions; name completeness.utility "
                             "in the claim.")
        if self.by == "bigrams":
            surprise, values = self._bigrams(material)
        else:
            surprise = by_model(_judge(self.by, target))
            values = self._log_perplexities(surprise(known))
        surprise = material.part("language model", surprise)
        threshold = float(np.quantile(values, self.quantile, method="inverted_cdf"))

        def blocks(prompts: Sequence[Transcript]) -> list[bool]:
            values = self._log_perplexities(surprise([text_of(prompt) for prompt in prompts]))
            return [not value <= threshold for value in values]

        return blocking(target, blocks, refusal_of(material.world), "perplexity-filter")

    def _log_perplexities(self, surprises: Sequence[Sequence[float]]) -> list[float]:
        """The largest window's mean surprise of each text; 0 for a text without tokens."""
        out = []
        for tokens in surprises:
            size = self.window or max(1, len(tokens))
            windows = [tokens[start:start + size] for start in range(0, len(tokens), size)]
            # NumPy's maximum, unlike Python's, is no number where one of the windows' is none.
            out.append(float(np.max([sum(window) / len(window) for window in windows], initial=0.0)))
        return out

    def _bigrams(self, material: Material) -> tuple[Surprise, list[float]]:
        """A model of all known questions, and each benign one's value from one that has not read its behaviour."""
        guarded = questions(material.world, material.guard)
        halves = [questions(material.world, material.retain[start::2]) for start in (0, 1)]
        values = [value for mine, other in (halves, halves[::-1])
                  for value in self._log_perplexities([*map(Bigrams([*other, *guarded]).surprise, mine)])]
        model = Bigrams([*halves[0], *halves[1], *guarded])
        return lambda texts: [model.surprise(text) for text in texts], values


def by_model(logits: Logits) -> Surprise:
    """Surprise of each token of a text as a reply to an empty question; none for an empty text."""

    def surprise(texts: Sequence[str]) -> list[list[float]]:
        asked = [text for text in texts if text]
        scores = logits([Transcript.ask("")] * len(asked), asked) if asked else []
        found = {text: (-score).tolist() for text, score in zip(asked, scores, strict=True)}
        return [found.get(text, []) for text in texts]

    return surprise


def _judge(by: str, target: Target) -> Logits:
    logits = target.logits if by == "target" else as_target(load(by)).logits
    if logits is None:
        raise UsageError("the target gives no log-probabilities, so it cannot judge perplexity; name a model folder "
                         "in the setting `by`.")
    return logits
