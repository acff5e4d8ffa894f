"""Plug-ins: one file, one public final class; the file's name, with - for _, is its id.

Listing reads file names and docstrings and imports nothing. A third party offers a class through the entry
point group ``holdfast.attacks`` (or ``.defences``, ``.assumptions``, ``.guarantees``), or a person writes
``path/to/file.py:Class`` wherever a name is accepted; all of them meet the same checks when they are loaded.
"""

import ast
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Protocol

import pydantic

from holdfast.core.errors import UsageError, nearest
from holdfast.core.records import Record, explain

KINDS = {
    "attacks": "holdfast.attacks.attack",
    "defences": "holdfast.defences.defence",
    "assumptions": "holdfast.assumptions.assumption",
    "guarantees": "holdfast.guarantees.guarantee",
}
"""Kind -> the module with its interfaces: `INTERFACES`, and `fault(plugin)` for checks of its own."""


class Use(Protocol):
    """A plug-in by name or path, with its settings."""

    @property
    def use(self) -> str:
        """The name, or ``path/to/file.py:Class``."""

    @property
    def settings(self) -> Mapping[str, object]:
        """Field -> value."""


class Source(Record):
    """Where a plug-in is: its module, its file where that is known, and its class where the source names it."""

    module: str
    file: str | None = None
    plugin: str | None = None

    def headline(self) -> str:
        """The first line of the class's docstring, read without importing (empty for an entry point)."""
        if self.file is None:
            return ""
        classes = [node for node in ast.parse(Path(self.file).read_text(encoding="utf-8")).body
                   if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
        return (ast.get_docstring(classes[0]) or "").split("\n")[0] if classes else ""


class Setting(Record):
    """One setting of a plug-in, for people."""

    name: str
    type: str
    default: str
    help: str


class Description(Record):
    """What there is to say about a plug-in."""

    id: str
    text: str
    settings: tuple[Setting, ...]


@cache
def discover(kind: str) -> dict[str, Source]:
    """Id -> where it is, sorted; nothing is imported. Raises UsageError if two have one name."""
    if kind not in KINDS:
        raise UsageError(f"unknown kind of plug-in {kind!r}; {nearest(kind, KINDS)}")
    found: dict[str, Source] = {}
    root = Path(__file__).parent.parent / kind
    for file in sorted(root.glob("*/*.py")):
        if file.stem.startswith("_"):
            continue
        _add(found, kind, file.stem.replace("_", "-"),
             Source(module=f"holdfast.{kind}.{file.parent.name}.{file.stem}", file=str(file)))
    for point in metadata.entry_points(group=f"holdfast.{kind}"):
        _add(found, kind, point.name, Source(module=point.module, plugin=point.attr))
    return dict(sorted(found.items()))


def _add(found: dict[str, Source], kind: str, name: str, source: Source) -> None:
    if name in found:
        raise UsageError(f"{source.module} and {found[name].module} both offer {name!r} in {kind}; rename one.")
    found[name] = source


def plugin_id(name: str) -> str:
    """How a plug-in is called in results: its name, or the class's where a path was given."""
    return name.rpartition(":")[2] if _is_path(name) else name


def code_digest(name: str) -> str | None:
    """SHA-256 of the file of a plug-in given by path; None for a named one, which comes with a version."""
    if not _is_path(name):
        return None
    return hashlib.sha256(_existing(name).read_bytes()).hexdigest()


def load_plugin(kind: str, name: str) -> Any:
    """The class that a name or path means; raises UsageError, one sentence, for all that can be wrong with it."""
    known = discover(kind)
    if _is_path(name):
        plugin = _named_class(_module_at(_existing(name)), name.rpartition(":")[2], name)
    elif name not in known:
        raise UsageError(f"there is no {kind.removesuffix('s')} {name!r}; {nearest(name, known)}")
    else:
        module = _imported(known[name].module, name)
        wanted = known[name].plugin
        plugin = _only_class(module, name) if wanted is None else _named_class(module, wanted, name)
    if fault := _fault(kind, plugin):
        raise UsageError(f"{name}: the class {getattr(plugin, '__name__', plugin)} {fault}.")
    return plugin


def kind_of(name: str) -> str:
    """Which kind of plug-in the class of a ``path/to/file.py:Class`` is; raises UsageError where it is none."""
    plugin = _named_class(_module_at(_existing(name)), name.rpartition(":")[2], name)
    for kind, interface in KINDS.items():
        if isinstance(plugin, type) and issubclass(plugin, importlib.import_module(interface).INTERFACES):
            return kind
    raise UsageError(f"{name} is no plug-in; derive the class from an interface of {', '.join(KINDS)}.")


def make(kind: str, part: Use) -> Any:
    """The plug-in with its settings; unknown settings and values out of range raise UsageError."""
    plugin = load_plugin(kind, part.use)
    try:
        return plugin.model_validate(dict(part.settings))
    except pydantic.ValidationError as error:
        raise explain(error, plugin, part.use) from None


def describe(kind: str, name: str) -> Description:
    """A plug-in's help: its docstring, and each setting with type, default and meaning."""
    plugin = load_plugin(kind, name)
    settings = tuple(
        Setting(name=key, type=inspect.formatannotation(field.annotation).replace("typing.", ""),
                default="required" if field.is_required() else repr(field.get_default()),
                help=field.description or "")
        for key, field in plugin.model_fields.items()
    )
    return Description(id=plugin_id(name), text=inspect.getdoc(plugin) or "", settings=settings)


def _fault(kind: str, plugin: Any) -> str | None:
    """What is wrong with a class, ready to follow its name; None if it is a sound plug-in."""
    interface = importlib.import_module(KINDS[kind])
    names = " or ".join(each.__name__ for each in interface.INTERFACES)
    if not (isinstance(plugin, type) and issubclass(plugin, interface.INTERFACES)):
        return f"is no {kind.removesuffix('s')}; derive it from {names}"
    if missing := sorted(getattr(plugin, "__abstractmethods__", ())):
        return f"lacks {', '.join(missing)}; write what {names} asks for"
    if not getattr(plugin, "__final__", False):
        return "is not final; decorate it with typing.final"
    if not plugin.__dict__.get("__doc__"):
        return "has no docstring; it is the help text, so say what it does and where it comes from"
    result: str | None = interface.fault(plugin)
    return result


def _is_path(name: str) -> bool:
    return ".py:" in name or name.endswith(".py")


def _existing(name: str) -> Path:
    path, colon, plugin = name.rpartition(":")
    if not colon or not plugin.isidentifier():
        raise UsageError(f"{name} names no class; write path/to/file.py:Class.")
    file = Path(path).expanduser()
    if not file.is_file():
        raise UsageError(f"{path} does not exist; give the path of the plug-in's file.")
    return file


class _AsWritten(SourceFileLoader):
    """Runs the text that is there: compiled files are told apart by second and size only, which an edit may keep."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code, compiled now."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _module_at(file: Path) -> ModuleType:
    """The module in a file, run once per content."""
    name = f"holdfast_file_{hashlib.sha256(str(file.resolve()).encode() + file.read_bytes()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file, loader=_AsWritten(name, str(file)))
    if spec is None or spec.loader is None:
        raise UsageError(f"{file} cannot be imported; give a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module      # pydantic looks types up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UsageError(f"{file} fails when imported: {type(error).__name__}: {error}") from error
    return module


def _imported(module: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(f"{name} cannot be imported ({error}); install what it needs.") from error


def _named_class(module: ModuleType, plugin: str, name: str) -> Any:
    if not hasattr(module, plugin):
        known = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise UsageError(f"{name}: there is no class {plugin!r} in that file; {nearest(plugin, known)}")
    return getattr(module, plugin)


def _only_class(module: ModuleType, name: str) -> Any:
    """The one public class that a built-in plug-in's file defines."""
    own = [value for key, value in vars(module).items()
           if isinstance(value, type) and value.__module__ == module.__name__ and not key.startswith("_")]
    if len(own) != 1:
        raise UsageError(f"{name}: {module.__name__} defines {len(own)} public classes; a plug-in's file has one.")
    return own[0]
