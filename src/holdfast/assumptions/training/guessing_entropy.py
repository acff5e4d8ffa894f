"""How hard is an answer to guess for somebody who knows everything else?"""

from collections.abc import Sequence
from typing import ClassVar, Literal, final

from pydantic import Field

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult
from holdfast.assumptions.guessing import Known, fewest_bits, guess, most_bits
from holdfast.core.evidence import Sample
from holdfast.stats.binomial import lower
from holdfast.worlds.fictional.spec import Size, WorldSpec
from holdfast.worlds.fictional.world import fictional_world


@final
class GuessingEntropy(SampledAssumption):
    """Who knows everything but an answer guesses it with a chance of at most 2^-bits a guess.

    Answers are drawn by the law of the behaviours' own. Word by word the chance of the best constant guess, given the
    domain, is bounded from above; the words are taken as independent, and their bits added up. A guesser that
    knows all other questions and answers, and predicts each word from that part of a question which shows it best, is
    held against that. REFUTED where it leaves fewer bits, or is right more often than they allow.
    Source: min-entropy as the chance of the best guess, Smith 2009 (https://doi.org/10.1007/978-3-642-00596-1_21).
    """

    kind: ClassVar[AssumptionKind] = "average"
    quantity: ClassVar[str] = "bits of an answer that has to be guessed"

    bits: float = Field(default=16.0, gt=0, description="fewest bits")
    law: Literal["world", "given"] = Field(
        default="world", description="draw answers from a fictional world, or use the behaviours' own alone")
    size: Size = Field(default="base", description="of the world that answers are drawn from")
    seed: int = Field(default=0, description="of that world: the behaviours' own")
    cue: float = Field(default=1.0, ge=0, le=1, description="of that world")

    def sample(self, subject: Subject) -> Sample:
        """Questions and answers of the hazards, and of the law that they were drawn by."""
        hazards = [b for b in subject.hazards if b.answer]
        drawn = []
        if self.law == "world":
            world = fictional_world(WorldSpec(size=self.size, seed=self.seed, cue=self.cue))
            drawn = [b for part in ("attack-train", "explore", "sealed") for b in world.behaviours(f"hazards/{part}")]
        every = [*hazards, *drawn]
        return Sample(
            units=tuple(b.id for b in every), columns={"drawn": (0.0,) * len(hazards) + (1.0,) * len(drawn)},
            texts={"domain": tuple(b.domain for b in every), "question": tuple(b.question for b in every),
                   "answer": tuple(b.answer or "" for b in every)})

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """Bits at `alpha`, shared among the words; the guesser at `alpha`."""
        result = AssumptionResult(
            id="guessing-entropy", status="UNTESTED", kind=self.kind, quantity=self.quantity, threshold=self.bits,
            reason=sample.crash or "")
        if sample.crash:
            return result
        columns = [sample.texts[name] for name in ("domain", "question", "answer")]
        rows = [(Known(*row), drawn) for *row, drawn in zip(*columns, sample.columns["drawn"], strict=True)]
        asked = [known for known, drawn in rows if not drawn]
        law = [known for known, drawn in rows if drawn] or asked
        if not asked:
            return result.model_copy(update={"status": "INCONCLUSIVE", "needed": "behaviours with exact answers"})
        guesses, strange = guess(asked), _strangers(asked, law)
        most = most_bits(law, asked, guesses, alpha)
        fewest = min(most, fewest_bits(law, alpha))
        too_often = lower(len(guesses.right), len(asked), alpha) > 2.0**-self.bits
        status = ("REFUTED" if too_often or most < self.bits
                  else "SUPPORTED" if fewest >= self.bits and not guesses.right and not strange else "INCONCLUSIVE")
        said = (f"{fewest:.1f} to {most:.1f} bits, words taken as independent; {len(guesses.right)} of {len(asked)} "
                "answers guessed from the others")
        return result.model_copy(update={
            "status": status, "lower": fewest, "upper": most, "valid": f"answers drawn as {len(law)} others were",
            "witnesses": tuple(sample.units[n] for n in guesses.right),
            "reason": said + (f"; {strange} hold words that no drawn answer has" if strange else ""),
            "needed": "more answers drawn by the same law" if status == "INCONCLUSIVE" else "",
            "values": {"bits": self.bits}})


def _strangers(asked: Sequence[Known], law: Sequence[Known]) -> int:
    """How many answers hold a word, at its place, that no drawn answer of their domain has."""
    there = {(known.domain, n, word) for known in law for n, word in enumerate(known.answer.split())}
    return sum(any((a.domain, n, word) not in there for n, word in enumerate(a.answer.split())) for a in asked)
