"""What an export is about: a verdict, and what its claim file adds for the reader who files it elsewhere."""

from collections.abc import Sequence
from typing import NamedTuple

from holdfast.claims.tags import List, Tags, catalogue, title
from holdfast.verdicts.verdict import Verdict

HOLDING = ("STANDS", "CONDITIONAL", "UNEXPLAINED")
"""The verdicts under which the goal holds; in the others what was found supports nothing."""

LISTS: dict[List, str] = {"atlas": "MITRE ATLAS", "owasp": "OWASP Top 10 for LLM Applications"}


class Subject(NamedTuple):
    """One judged claim. `target` is how its file names the system, `path` where that file lies, if anywhere.

    `risk` is the class of risk that the file names; what a class demands is a policy's to say.
    """

    verdict: Verdict
    target: str = ""
    tags: Tags = Tags()
    path: str = ""
    risk: str | None = None


class Tag(NamedTuple):
    """One id of one public list."""

    list: List
    id: str

    @property
    def label(self) -> str:
        """The list and the id with its title, e.g. ``MITRE ATLAS AML.T0054 LLM Jailbreak``."""
        return f"{LISTS[self.list]} {self.id} {title(self.list, self.id)}"


def tags_of(subject: Subject) -> tuple[Tag, ...]:
    """The claim's tags, list by list."""
    atlas = tuple(Tag("atlas", tag) for tag in subject.tags.atlas)
    return atlas + tuple(Tag("owasp", tag) for tag in subject.tags.owasp)


def all_tags(subjects: Sequence[Subject], name: List) -> tuple[str, ...]:
    """The ids of one list that any claim bears, in the list's own order."""
    used = {tag.id for subject in subjects for tag in tags_of(subject) if tag.list == name}
    return tuple(known for known in catalogue(name).ids if known in used)
