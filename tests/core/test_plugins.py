"""Plug-ins are found without importing, checked when loaded, and each sound one is listed."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from holdfast.claims.goal import UsePart
from holdfast.core.errors import UsageError
from holdfast.core.plugins import code_digest, describe, discover, kind_of, load_plugin, make, plugin_id

SOUND = '''
from typing import ClassVar, final
from pydantic import Field
from holdfast.attacks.attack import Answer, PromptAttack
from holdfast.core.records import Transcript


@final
class Shout(PromptAttack):
    """Asks loudly.

    Source: this test.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"query"})

    volume: int = Field(default=3, gt=0, description="how loud")

    @classmethod
    def trial(cls, number, draw, behaviours):
        return None if number else {}

    def ask(self, target, behaviours, holds, submissions, seed):
        return [(Answer(transcript=Transcript.ask(b.question), reply="!" * self.volume),) for b in behaviours]
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shout.py"
    path.write_text(SOUND)
    return path


def refused(kind: str, name: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_plugin(kind, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_file_is_listed_under_its_name() -> None:
    assert {"none", "rephrase", "fine-tune", "lora"} <= set(discover("attacks"))
    assert {"none", "refusal-training", "filtering", "dead-model", "password-lock", "cast", "noise", "self-destruct",
            "refuse-everything", "logit-mask", "crash"} <= set(discover("defences"))
    assert list(discover("attacks")) == sorted(discover("attacks"))


def test_listing_imports_none_of_them_and_nothing_heavy() -> None:
    code = ("import sys, json\nfrom holdfast.core.plugins import discover\n"
            "lines = [s.headline() for kind in ('attacks', 'defences') for s in discover(kind).values()]\n"
            "assert all(lines)\nprint(json.dumps(sorted(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert not {"torch", "transformers", "scipy", "jinja2", "holdfast.attacks.attack"} & set(loaded)


def test_an_unknown_kind_or_name_gets_the_near_ones() -> None:
    assert "did you mean 'rephrase'?" in refused("attacks", "rephrases")
    assert "there is no defence 'fine-tune'" in refused("defences", "fine-tune")
    with pytest.raises(UsageError, match="did you mean 'attacks'"):
        discover("attack")


def test_settings_are_checked() -> None:
    assert make("attacks", UsePart(use="lora", settings={"rank": 4})).rank == 4
    with pytest.raises(UsageError, match=r"lora: unknown key 'rnk'; did you mean 'rank'"):
        make("attacks", UsePart(use="lora", settings={"rnk": 4}))
    with pytest.raises(UsageError, match=r"lora: rank: Input should be greater than 0"):
        make("attacks", UsePart(use="lora", settings={"rank": 0}))


def test_help_is_the_docstring_and_the_fields() -> None:
    help_ = describe("attacks", "lora")
    assert "Hu et al. 2021" in help_.text
    (rank,) = [setting for setting in help_.settings if setting.name == "rank"]
    assert (rank.type, rank.default, rank.help) == ("int", "8", "rank of the adapters")
    optimizer = next(setting for setting in help_.settings if setting.name == "optimizer")
    assert optimizer.type.startswith("Literal['adamw', 'sgd', 'muon'")


def test_a_file_of_ones_own_works_like_a_name(file: Path) -> None:
    name = f"{file}:Shout"
    attack = make("attacks", UsePart(use=name, settings={"volume": 2}))
    assert attack.volume == 2
    assert type(attack) is load_plugin("attacks", name)
    assert plugin_id(name) == "Shout"
    assert plugin_id("lora") == "lora"
    assert describe("attacks", name).settings[0].help == "how loud"
    with pytest.raises(UsageError, match="did you mean 'volume'"):
        make("attacks", UsePart(use=name, settings={"volumes": 2}))


def test_a_changed_file_is_another_plugin(file: Path) -> None:
    name = f"{file}:Shout"
    before, digest = load_plugin("attacks", name), code_digest(name)
    file.write_text(SOUND.replace("default=3", "default=9"))
    assert load_plugin("attacks", name)().volume == 9
    assert before().volume == 3
    assert code_digest(name) != digest
    assert code_digest("lora") is None


@pytest.mark.parametrize(("old", "new", "why"), [
    ("@final\n", "", "is not final"),
    ('"""Asks loudly.\n\n    Source: this test.\n    """', "", "has no docstring"),
    ('frozenset({"query"})', 'frozenset({"qery"})', "did you mean 'query'"),
    ('frozenset({"query"})', "frozenset()", "has no `needs`"),
    ('needs: ClassVar[frozenset[str]] = frozenset({"query"})', "", "has no `needs`"),
    ("def ask(", "def asks(", "lacks ask"),
    ("class Shout(PromptAttack)", "class Shout", "is no attack; derive it from PromptAttack or WeightAttack"),
    ("class Shout", "class Whisper", "no class 'Shout'"),
    ("class Shout", "class Shout Shout", "SyntaxError"),
    ("from pydantic", "from pydantiq", "ModuleNotFoundError"),
])
def test_a_file_meets_the_same_checks(file: Path, old: str, new: str, why: str) -> None:
    assert old in SOUND
    file.write_text(SOUND.replace(old, new))
    assert why in refused("attacks", f"{file}:Shout")


def test_a_path_must_lead_somewhere(file: Path) -> None:
    assert "does not exist" in refused("attacks", f"{file.parent}/other.py:Shout")
    assert "names no class" in refused("attacks", str(file))
    assert "is no defence" in refused("defences", f"{file}:Shout")


def test_an_entry_point_is_found_and_a_taken_name_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point = SimpleNamespace(name="shout", module="shout", attr="Shout")
    monkeypatch.syspath_prepend(file.parent)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == "holdfast.attacks" else [])
    discover.cache_clear()
    try:
        assert load_plugin("attacks", "shout")().volume == 3
        point.name = "lora"
        discover.cache_clear()
        with pytest.raises(UsageError, match="both offer 'lora'"):
            discover("attacks")
    finally:
        discover.cache_clear()


def test_what_kind_a_file_s_class_is(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text("from holdfast.attacks.attack import PromptAttack\n\nclass Own(PromptAttack):\n    '''Mine.'''\n"
                   "class Other:\n    '''No plug-in.'''\n")
    assert kind_of(f"{own}:Own") == "attacks"
    with pytest.raises(UsageError, match="no plug-in"):
        kind_of(f"{own}:Other")


def test_an_edit_that_keeps_size_and_time_is_seen(file: Path) -> None:
    name = f"{file}:Shout"
    assert load_plugin("attacks", name)().volume == 3
    written = file.stat()
    file.write_text(SOUND.replace("default=3", "default=9"))
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert load_plugin("attacks", name)().volume == 9
