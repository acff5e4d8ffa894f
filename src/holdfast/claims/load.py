"""Reading a claim file; each thing that can be wrong with one is one sentence."""

from pathlib import Path
from typing import Any

import pydantic
import yaml

from holdfast.claims.claim import Claim
from holdfast.core.errors import UsageError
from holdfast.core.records import explain

MAX_BYTES = 1_000_000

_ELSE = {"claim": ", or run 'holdfast list claims'"}
_FIRST = {"claim": "run 'holdfast init --target ...' to write a claim"}


def read_claim(path: Path, overrides: tuple[str, ...] = ()) -> Claim:
    """The claim in a YAML file, with ``KEY=VALUE`` overrides applied; raises UsageError."""
    return parse_claim(read_mapping(path), str(path), overrides)


def parse_claim(data: dict[str, Any], where: str, overrides: tuple[str, ...] = ()) -> Claim:
    """The claim in a mapping; `where` names its source in errors."""
    for override in overrides:
        _override(data, override)
    try:
        return Claim.model_validate(data)
    except pydantic.ValidationError as error:
        raise explain(error, Claim, where) from None


def read_mapping(path: Path, kind: str = "claim") -> dict[str, Any]:
    """The mapping that a YAML file of this kind holds; raises UsageError for anything else."""
    if not path.exists():
        raise UsageError(f"{path} does not exist; give the path of a {kind} file{_ELSE.get(kind, '')}.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the {kind} file itself.")
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES:,} bytes, so it is no {kind} file; give a YAML {kind}.")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text; give a YAML {kind} file.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{line}: not valid YAML; check indentation and colons there.") from None
    if data is None:
        raise UsageError(f"{path} is empty; {_FIRST.get(kind, f'write a {kind} into it')}.")
    if not isinstance(data, dict):
        raise UsageError(f"{path} holds no mapping; a {kind} starts with '{kind}: its-name'.")
    return data


def _override(data: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise UsageError(f"--set {override!r} is not KEY=VALUE; write e.g. --set statistics.seeds=2.")
    *parents, last = key.split(".")
    node = data
    for parent in parents:
        node = node.setdefault(parent, {})
        if not isinstance(node, dict):
            raise UsageError(f"--set {key}: {parent!r} is not a mapping in this claim; check the path.")
    try:
        node[last] = yaml.safe_load(value)
    except yaml.YAMLError:
        raise UsageError(f"--set {key}: {value!r} is not valid YAML; quote it.") from None
