"""JSON for other tools: text from strangers is made printable first, in keys and values alike."""

import json
from typing import Any

from holdfast.reports.printable import printable


def plain_json(value: Any) -> str:
    """The JSON text, keys in the order given, with a final newline."""
    return json.dumps(_printable(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(key)): _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(inner) for inner in value]
    return value
