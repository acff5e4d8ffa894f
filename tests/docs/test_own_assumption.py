"""The guide to an assumption of one's own, followed."""

from pathlib import Path

from tests.docs.pages import blocks

from holdfast.assumptions.assumption import SampledAssumption
from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Sample
from holdfast.core.plugins import kind_of, load_plugin
from holdfast.guarantees.choosing import choose


def written(folder: Path) -> str:
    """The file of the guide, as its reader writes it; the name under which a claim uses it."""
    (block,) = [block for block in blocks("python") if block.page == "guarantees.md"]
    path = folder / "long_suffix.py"
    path.write_text(block.text, encoding="utf-8")
    return f"{path}:LongSuffix"


def test_it_is_an_assumption_that_fits_the_slot_it_is_put_into(tmp_path: Path) -> None:
    name = written(tmp_path)
    assert kind_of(name) == "assumptions"
    part = UsePart.model_validate({"use": "smoothed-majority", "added": name})
    assert type(choose(part).assumptions["added"]).__name__ == "LongSuffix"


def test_its_check_refutes_supports_and_asks_for_more(tmp_path: Path) -> None:
    assumption = load_plugin("assumptions", written(tmp_path))()
    assert isinstance(assumption, SampledAssumption)

    def status(*added: float) -> str:
        sample = Sample(units=tuple(f"b{i}" for i in range(len(added))), columns={"added": added})
        return assumption.check(sample, 0.05).status

    assert status(*[50.0] * 40) == "SUPPORTED"
    assert status(*[50.0] * 20, *[5.0] * 20) == "REFUTED"
    assert status() == status(50.0) == "INCONCLUSIVE"
