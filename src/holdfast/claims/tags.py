"""Tags of a claim: which public lists of threats it is about, so that other tools can file its verdict there."""

from functools import lru_cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import field_validator

from holdfast.core.errors import nearest
from holdfast.core.records import Record

List = Literal["atlas", "owasp"]

EXAMPLES: dict[List, str] = {"atlas": "AML.T0054", "owasp": "LLM01:2025"}


class Catalogue(Record):
    """One public list: its release, and the title of each id."""

    version: str
    ids: dict[str, str]


class Tags(Record):
    """Techniques of MITRE ATLAS (``AML.T0054``) and risks of OWASP's list for LLMs (``LLM01:2025``).

    They file a claim and are no part of what is judged. Unknown ids are refused.
    """

    atlas: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()

    @field_validator("atlas")
    @classmethod
    def _atlas(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _checked("atlas", value)

    @field_validator("owasp")
    @classmethod
    def _owasp(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _checked("owasp", value)


@lru_cache
def catalogue(name: List) -> Catalogue:
    """The list that ships with this version; ``tags.yaml`` says where it is from."""
    text = resources.files("holdfast.claims").joinpath("tags.yaml").read_text(encoding="utf-8")
    return Catalogue.model_validate(yaml.safe_load(text)[name])


def title(name: List, tag: str) -> str:
    """What an id stands for; a sub-technique is named after its technique, ``LLM Prompt Injection: Direct``."""
    ids = catalogue(name).ids
    parent = tag.rpartition(".")[0]
    return f"{ids[parent]}: {ids[tag]}" if parent in ids else ids[tag]


def _checked(name: List, tags: tuple[str, ...]) -> tuple[str, ...]:
    for tag in tags:
        if tag not in catalogue(name).ids:
            raise ValueError(f"unknown tag {tag!r}; {_hint(name, tag)}")
    if twice := {tag for tag in tags if tags.count(tag) > 1}:
        raise ValueError(f"the tag {min(twice)!r} is given twice; name it once.")
    return tags


def _hint(name: List, tag: str) -> str:
    """What to write instead: the id of a title that was written out, else the nearest ids."""
    ids = catalogue(name).ids
    named = [known for known in ids if tag.lower() in title(name, known).lower()]
    if len(tag) > 3 and named:
        return f"did you mean {' or '.join(f'{known!r} ({title(name, known)})' for known in named[:3])}?"
    near = nearest(tag, ids)
    return near if near.startswith("did you mean") else f"write ids such as {EXAMPLES[name]!r}."
