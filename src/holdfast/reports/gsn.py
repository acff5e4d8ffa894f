"""The argument as the YAML that gsn2x reads (https://jonasthewolf.github.io/gsn2x), its dialectic extension included.

`holdfast export --format gsn` writes it; gsn2x draws it, checks it, and joins it to a larger safety case.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from holdfast.reports.argument import Node, argument
from holdfast.reports.printable import printable
from holdfast.reports.subject import Subject

HEAD = "# An argument in Goal Structuring Notation, written by holdfast from its verdicts. Read it with gsn2x.\n"


def gsn_yaml(subjects: Sequence[Subject]) -> str:
    """The text of a `.gsn.yaml` file."""
    elements = {node.id: _element(node) for node in argument(subjects)}
    return HEAD + yaml.safe_dump(elements, sort_keys=False, allow_unicode=True, width=110)


def _element(node: Node) -> dict[str, Any]:
    element: dict[str, Any] = {"text": _text(node.text)}
    for key, value in (
        ("supportedBy", list(node.supported_by)),
        ("inContextOf", list(node.in_context_of)),
        ("challenges", node.challenges),
        ("undeveloped", node.undeveloped),
        ("defeated", node.defeated),
        ("defeatedRelation", list(node.defeated_relation)),
    ):
        if value:
            element[key] = value
    return element


def _text(text: str) -> str:
    # gsn2x turns [words](address) into a link, and a link in a report must not be a stranger's
    return printable(text).replace("](", "] (")
