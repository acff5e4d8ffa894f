"""The interfaces of an assumption. One file, one assumption; it knows no defence.

An assumption says something about how models behave that can turn out false on its own. It brings what it takes to
find out: a sampler, a check and a threshold (after Goldwasser & Kalai, "Cryptographic Assumptions: A Position
Paper", TCC 2016, https://eprint.iacr.org/2015/907). The sampler touches models and is run once; the check reads
nothing but what was sampled, so that anybody can repeat it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from holdfast.assumptions.finding import AssumptionKind, AssumptionResult
from holdfast.core.evidence import Play, Sample
from holdfast.core.records import Record

if TYPE_CHECKING:       # a check is repeated offline, and must not load torch for it
    from holdfast.targets.target import Target
    from holdfast.worlds.behaviour import Behaviour


class Subject(NamedTuple):
    """What a sampler may touch: models with every facet, unmetered, and behaviours of the explore split.

    `system` is the system under test, `model` the same without the defences around it. `control` is the model before
    its defences, where there is one. `won` is the judge's word on a reply, `refused` whether it is a refusal.
    `asked` is the text that an attacker would send for a behaviour, one an attack, where attacks were played before.
    """

    system: "Target"
    model: "Target"
    control: "Target | None"
    hazards: "Sequence[Behaviour]"
    benign: "Sequence[Behaviour]"
    won: "Callable[[Behaviour, str], bool]"
    refused: Callable[[str], bool]
    asked: "Sequence[tuple[Behaviour, str]]"
    seed: int


class SampledAssumption(Record, ABC):
    """An assumption with a sampler of its own. Its fields are its settings, the threshold among them."""

    kind: ClassVar[AssumptionKind]
    quantity: ClassVar[str]
    """What `lower` and `upper` of its result bound, in a few words; assumptions about the same one can be swapped."""

    @abstractmethod
    def sample(self, subject: Subject) -> Sample:
        """Measure. Raises nothing for a model that merely misbehaves: what it did is what was measured."""

    @abstractmethod
    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """The status at one-sided level `alpha`, from the sample alone."""


class PlayedAssumption(Record, ABC):
    """An assumption about how attacks fare, which their plays refute or support."""

    kind: ClassVar[AssumptionKind]
    quantity: ClassVar[str]

    @abstractmethod
    def check(self, plays: Sequence[Play], alpha: float) -> AssumptionResult:
        """The status at one-sided level `alpha`, from plays against the system and its controls on explore."""


class TrustedAssumption(Record, ABC):
    """An assumption that is imported as it stands: its docstring says whose it is, and nothing here tests it."""

    kind: ClassVar[AssumptionKind] = "trusted"
    quantity: ClassVar[str]

    @abstractmethod
    def values(self) -> dict[str, float]:
        """The parameters that are taken on trust, by name."""


Assumption = SampledAssumption | PlayedAssumption | TrustedAssumption

INTERFACES = (SampledAssumption, PlayedAssumption, TrustedAssumption)
"""What a plug-in of this kind derives from."""


def fault(plugin: type[Assumption]) -> str | None:
    """What is wrong with an assumption's class, beyond what holds for any plug-in; None if nothing is."""
    if not isinstance(getattr(plugin, "quantity", None), str):
        return "does not say what it bounds; write quantity = '...'"
    trusted = issubclass(plugin, TrustedAssumption)
    kinds = ("trusted",) if trusted else ("average", "worst", "extrapolation")
    if getattr(plugin, "kind", None) not in kinds:
        return f"has no sound kind; write kind = {' or '.join(map(repr, kinds))}"
    return None
