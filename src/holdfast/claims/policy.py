"""A policy: what somebody who decides demands of a claim, by the claim's class of risk.

A claim says what it promises; whether that is enough for a class of risk is for others to say, and several may say
it differently about the same evidence. A policy is a file of its own, with an owner and a version.
"""

from datetime import date
from pathlib import Path
from typing import Literal

import pydantic
from pydantic import Field, field_validator

import holdfast
from holdfast.claims.load import read_mapping
from holdfast.core.errors import UsageError, nearest
from holdfast.core.records import Record, explain

Grounds = Literal["attacked", "tested", "proof"]

GRADES: tuple[Grounds, ...] = ("attacked", "tested", "proof")
"""What a verdict may rest on, each more than the one before: attacks alone, tested assumptions, a certificate."""

SHIPPED = Path(holdfast.__file__).parent / "policies"

_NAME = r"^[a-z0-9][a-z0-9-]*$"


class Demand(Record):
    """What one class of risk demands: `epsilon` and `alpha` are the largest that will do, `seeds` and `grounds` the
    least.

    `sealed` asks for behaviours that nothing was chosen on. `residual` asks for an upper bound on what is left, which
    a model that an attack destroys does not give.
    """

    epsilon: float = Field(gt=0, lt=1)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    grounds: Grounds = "attacked"
    sealed: bool = True
    seeds: int = Field(default=1, gt=0)
    residual: bool = True


class Scope(Record):
    """Which behaviours a policy cares about; an empty list is all.

    `splits` are those that may count as sealed. `strata` and `only` keep a part of them: `only` holds ids, patterns
    such as ``toxins/*``, or the part before the slash.
    """

    splits: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


class Policy(Record):
    """One policy, as its file states it. `labels` is a CSV (behaviour, reply, won) of its owner's own judgements,
    which replace the judge's on those replies; `judge` is the judge that it accepts, any where it names none."""

    policy: str = Field(pattern=_NAME)
    version: int = Field(gt=0)
    owner: str = Field(min_length=1)
    date: date
    title: str = ""
    classes: dict[str, Demand] = Field(min_length=1)
    behaviours: Scope = Scope()
    labels: Path | None = None
    judge: Literal["exact", "refusal-match", "multiple-choice", "classifier"] | None = None

    @field_validator("classes")
    @classmethod
    def _names(cls, value: dict[str, Demand]) -> dict[str, Demand]:
        for name in value:
            if name != name.strip().lower() or not name:
                raise ValueError(f"the class {name!r} is not in lower case; write it as a claim's 'risk' does.")
        return value


def read_policy(given: str) -> Policy:
    """The policy in a file, or a shipped one by its name; raises UsageError.

    `labels` is taken as lying beside the file.
    """
    path = Path(given)
    shipped = {file.stem: file for file in sorted(SHIPPED.glob("*.yaml"))}
    if not path.exists() and path.suffix == "" and path.name == given:
        if given not in shipped:
            raise UsageError(f"there is no policy {given!r}; {nearest(given, shipped)}")
        path = shipped[given]
    try:
        policy = Policy.model_validate(read_mapping(path, "policy"))
    except pydantic.ValidationError as error:
        raise explain(error, Policy, str(path)) from None
    if policy.labels is None:
        return policy
    labels = path.parent / policy.labels
    if not labels.exists():
        raise UsageError(f"{path}: labels names {labels}, which does not exist; correct it or leave it out.")
    return policy.model_copy(update={"labels": labels})
