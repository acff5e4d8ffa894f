"""A claim: what is promised, about which system, against whom."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from holdfast.claims.endpoint import Endpoint, check_served, is_url
from holdfast.claims.fitting import check_fails, check_game
from holdfast.claims.goal import Completeness, Generalisation, Goal, Statistics, UsePart
from holdfast.claims.tags import Tags
from holdfast.claims.threat_model import ThreatModel
from holdfast.core.errors import nearest
from holdfast.core.records import Record

DTYPES = ("float32", "bfloat16", "float16", "auto")
ALL_ATTACKS = "all-in-threat-model"
NOT_SERVED = ("logits", "gradients", "activations", "weights")


class System(Record):
    """The system under test: a target, the control it is compared with, and the defences on it.

    `target` and `control` are ``organism:PRESET/TWIN``, a folder, or a Hugging Face id that is cached
    locally. Without `control` the default rule applies (the target when defences are listed, `full` for
    an organism's `never`, else the target itself). Defences in the weights are applied first, in order;
    defences around the model next, in order. `target` may also be the address of a server, which `endpoint`
    describes; it has no control unless one is named: a model at hand, or the same address without defences.
    `guard` and `retain` name the splits that the defender may learn to guard, by default attack_train alone, and to
    keep, by default the split of completeness.utility. A defender who removes given knowledge has to know all of
    it; one who refuses a kind of question does not.
    """

    target: str
    endpoint: Endpoint | None = None
    control: str | None = None
    defences: tuple[UsePart, ...] = ()
    guard: tuple[str, ...] = ()
    retain: tuple[str, ...] = ()
    dtype: str = "float32"
    device_map: str = "cpu"

    @field_validator("dtype")
    @classmethod
    def _dtype(cls, value: str) -> str:
        if value not in DTYPES:
            raise ValueError(f"unknown dtype {value!r}; {nearest(value, DTYPES)}")
        return value

    @model_validator(mode="after")
    def _served(self) -> "System":
        check_served("system.target", self.target, self.endpoint)
        if self.control is not None and is_url(self.control) and self.control != self.target:
            raise ValueError("control is another server than target; give a folder, an organism, or the target.")
        return self


class JudgeChoice(Record):
    """Which judge, and how its error is measured. Without `use` the world decides.

    `path` and `label` are a classifier's folder and the label that counts as won, `phrases` the list of
    refusal phrases, `labels` a CSV of labelled replies (behaviour, reply, won).
    """

    use: Literal["exact", "refusal-match", "multiple-choice", "classifier"] | None = None
    path: str | None = None
    label: str | None = None
    phrases: Literal["gcg", "jailbreakbench"] = "jailbreakbench"
    labels: str | None = None


class Claim(Record):
    """One security claim, as the file states it.

    `tags` file it under public lists of threats, and `risk` names the class for which a policy says what it demands.
    Where several defences are stacked, `layers` says whether each is taken away and what is left attacked anew.
    """

    claim: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: Literal[1] = 1
    title: str = ""
    tags: Tags = Tags()
    risk: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9-]*$")
    system: System
    threat_model: ThreatModel
    goal: Goal
    completeness: Completeness | None = None
    generalisation: Generalisation | None = None
    guarantee: Literal["none"] | UsePart = "none"
    layers: Literal["measured", "assumed"] = "measured"
    judge: JudgeChoice = JudgeChoice()
    attacks: Literal["all-in-threat-model"] | tuple[UsePart, ...] = "all-in-threat-model"
    statistics: Statistics = Statistics()

    @model_validator(mode="after")
    def _consistent(self) -> "Claim":
        check_game(self.goal.game, self.threat_model, self.completeness)
        check_fails(self.goal, self.threat_model, len(self.system.defences))
        if "weights" in self.threat_model.access and self.threat_model.budget.steps is None:
            raise ValueError("access to weights needs threat_model.budget.steps; say how many training steps.")
        if self.system.endpoint is not None:
            if lacking := [word for word in self.threat_model.access if word in NOT_SERVED]:
                raise ValueError(f"an endpoint gives nobody its {lacking[0]}; set threat_model.access to [query].")
            models = (self.system.endpoint, self.threat_model.holds.attacker_endpoint)
            if self.threat_model.budget.money is not None and not any(m is not None and m.sold for m in models):
                raise ValueError("a budget of money needs prices; set system.endpoint.prompt_price and reply_price.")
        if self.attacks == ():
            raise ValueError("attacks is an empty list; name attacks or write 'all-in-threat-model'.")
        return self
