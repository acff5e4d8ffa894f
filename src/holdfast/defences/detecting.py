"""What defences that detect harmful texts share: their settings, and the classifier behind them."""

import math
from abc import ABC
from collections.abc import Callable, Sequence

from pydantic import Field

from holdfast.defences.bag_of_words import BagOfWords
from holdfast.defences.defence import SystemDefence
from holdfast.defences.parts import Parts, intact
from holdfast.judges.classifier import LocalClassifier

Detector = Callable[[Sequence[str]], list[bool]]


class DetectingDefence(SystemDefence, ABC):
    """The settings of a defence with a classifier of texts."""

    path: str | None = Field(
        default=None, description="folder of a Hugging Face sequence classifier; by default logistic regression on "
                                  "words is fitted to the guarded and the retained behaviours")
    label: str = Field(default="1", description="the label that means harmful, by name or number; with `path` only")
    threshold: float = Field(
        default=0.5, gt=0, lt=1, description="probability from which on a text is harmful; without `path` only")


def detector(
    settings: DetectingDefence, harmful: Sequence[str], benign: Sequence[str], part: Parts = intact
) -> Detector:
    """Which texts are harmful; fitted to these unless a folder is named. Raises UsageError for what is wrong.

    A text on which the classifier gives no finite score is taken for harmful. The classifier is a part that may fail.
    """
    if settings.path is not None:
        judge = LocalClassifier(settings.path, settings.label)
        return _from(part("classifier", lambda texts: [_score(flag) for flag in judge.flags(texts)]), 0.5)
    fitted = BagOfWords(harmful, benign)
    return _from(part("classifier", lambda texts: fitted.probabilities(texts).tolist()), settings.threshold)


def _from(scores: Callable[[Sequence[str]], list[float]], threshold: float) -> Detector:
    return lambda texts: [not score < threshold for score in scores(texts)]


def _score(flag: bool | None) -> float:
    return math.nan if flag is None else float(flag)
