"""A walk of small edits soon forgets where it began."""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult
from holdfast.assumptions.rates import rate, units_needed
from holdfast.assumptions.replying import replies
from holdfast.assumptions.walking import walked
from holdfast.core import seeds
from holdfast.core.evidence import Sample

ASK = "Write a text."


@final
class RapidMixing(SampledAssumption):
    """After `edits` edits a text is distributed as if it had begun anywhere, up to a distance of `distance`.

    Of two origins a walk began at one; a tester names the one that shares more words with what is left. If both ends
    lie within `distance` of one law in total variation, no tester is right more often than 1/2 + distance. This one
    knows words and nothing else, so that it can refute, and support only against itself. Source: the rapid mixing of
    Zhang et al. 2023 (https://arxiv.org/abs/2311.04378), refuted in this way in 2025
    (https://arxiv.org/abs/2505.06827): all texts kept traces of their origin after hundreds of edits.
    """

    kind: ClassVar[AssumptionKind] = "average"
    quantity: ClassVar[str] = "distance of a walk over texts from its stationary law"

    edits: int = Field(default=100, gt=0, description="edits after which the origin should be forgotten")
    distance: float = Field(default=0.1, gt=0, lt=0.5, description="largest distance, in total variation")

    def sample(self, subject: Subject) -> Sample:
        """A row for each two replies to harmless questions: `told` is 1 where the tester named the first, its origin.

        1/2 where both share as many words with what is left.
        """
        said = replies(subject.model, subject.benign, [b.question for b in subject.benign])
        texts = list(dict.fromkeys(text for text in said if text.split()))
        pairs = list(zip(texts[::2], texts[1::2], strict=False))
        ends = walked(subject.model, ASK, [first for first, _ in pairs], self.edits, subject.seed)
        told = [_nearer(end, first, second) for end, (first, second) in zip(ends, pairs, strict=True)]
        return Sample(
            units=tuple(str(number) for number in range(len(pairs))), columns={"told": tuple(told)},
            texts={"origin": tuple(first for first, _ in pairs), "other": tuple(second for _, second in pairs),
                   "end": tuple(ends)})

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """By exact bounds on how often the tester is right, ties by the toss of a coin."""
        coin = seeds.rng("mixing", *sample.units)
        right = sum(each > 0.5 or (each == 0.5 and coin.random() < 0.5) for each in sample.columns.get("told", ()))
        found = rate(right, len(sample.units), alpha)
        status = found.at_most(0.5 + self.distance)
        return AssumptionResult(
            id="rapid-mixing", status=status, kind=self.kind, quantity=self.quantity, threshold=self.distance,
            lower=max(0.0, found.lower - 0.5), upper=max(0.0, found.upper - 0.5),
            valid=f"{self.edits} edits of one word, origins told apart by shared words",
            reason=f"the origin is told right for {found} texts, and {0.5 + self.distance:.0%} are allowed",
            needed=units_needed(right, 0.5 + self.distance, alpha, "pairs") if status == "INCONCLUSIVE" else "",
            values={"edits": float(self.edits), "distance": self.distance},
        )


def _nearer(end: str, first: str, second: str) -> float:
    left = set(end.split())
    shared = [len(left & set(text.split())) / len(set(text.split())) for text in (first, second)]
    return 1.0 if shared[0] > shared[1] else 0.0 if shared[0] < shared[1] else 0.5
