"""Strict, frozen records with a canonical JSON form and a content digest.

Everything that is written to a run folder or compared between runs is one of these.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, Self

import pydantic
from pydantic import BaseModel, ConfigDict

from holdfast.core.errors import UsageError, nearest


class Record(BaseModel):
    """A frozen record; unknown fields are refused, non-finite numbers too."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())

    def digest(self) -> str:
        """The SHA-256 of the record's canonical JSON."""
        return digest(self.model_dump(mode="json"))


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """The SHA-256 (hex) of a JSON-able value's canonical form."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def explain(error: pydantic.ValidationError, model: type[BaseModel], where: str) -> UsageError:
    """Turn the first problem of a pydantic error into one helpful sentence about the file `where`."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        fields = _fields_at(model, first["loc"][:-1])
        return UsageError(f"{where}: unknown key {path!r}; {nearest(str(first['loc'][-1]), fields)}")
    if first["type"] == "missing":
        return UsageError(f"{where}: the key {path!r} is missing; add it.")
    message = first["msg"].removeprefix("Value error, ")
    return UsageError(f"{where}: {path + ': ' if path else ''}{message}")


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The field names of the record that sits at `loc` inside `model`."""
    current: Any = model
    for part in loc:
        if isinstance(part, int) or current is None:
            continue
        field = current.model_fields.get(part)
        if field is not None:       # else a key of a mapping, whose values are what it holds
            current = _inner_model(field.annotation)
    return list(current.model_fields) if current else []


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for arg in getattr(annotation, "__args__", ()) if (m := _inner_model(arg))), None)


class Turn(Record):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Transcript(Record):
    """A conversation to be continued; a last turn by the assistant is a prefill to go on from."""

    turns: tuple[Turn, ...]

    @classmethod
    def ask(cls, question: str) -> Self:
        """The plainest transcript: one question by the user."""
        return cls(turns=(Turn(role="user", content=question),))


class Spent(Record):
    """What the meter counted. All are totals; `seconds` is wall time and excluded from comparisons."""

    queries: int = 0
    tokens: int = 0
    steps: int = 0
    samples: int = 0
    submissions: int = 0
    flops: float = 0.0
    money: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        """Field by field sum."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Spent(**{key: mine[key] + theirs[key] for key in mine})


class Attempt(Record):
    """One try at one behaviour: what was asked, what came back, and what the judge said.

    `won` is None exactly when the attempt crashed (`crash` says how) or nobody could judge it; it is
    never a number then. `refused` is the judge's word on refusal, not the negation of `won`.
    """

    behaviour: str
    split: str
    index: int                      # planned position in the split, never arrival order
    transcript: Transcript
    reply: str | None
    won: bool | None
    refused: bool = False
    crash: str | None = None
    step: int = 0                   # training step of the attacked model; 0 for prompt attacks
    submission: int = 0             # which of the answers handed in for this behaviour
    queries: int | None = None      # how often the target had been asked about this behaviour, where known
    answer_logprob: float | None = None   # nats of the true answer on the asked model, to rank equal settings


def read_jsonl(path: Path, kind: type[Attempt]) -> list[Attempt]:
    """The attempts of a cell; raises UsageError with the line number if one is damaged."""
    out = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            out.append(kind.model_validate_json(line))
        except pydantic.ValidationError as error:
            raise UsageError(f"{path}, line {number} is damaged; delete the cell's folder and run again.") from error
    return out
