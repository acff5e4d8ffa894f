"""Cells are worked off against models that somebody else opens."""

from pathlib import Path

from holdfast.calibration.blame.cases import Case
from holdfast.calibration.blame.minds import Mind, Style
from holdfast.calibration.blame.planting.base import claim, worded
from holdfast.calibration.blame.scripted import from_minds, write_mind
from holdfast.calibration.blame.trial import verdict_on
from holdfast.core.records import Transcript
from holdfast.targets.target import Sampling


def test_a_mind_in_a_folder_is_opened_as_a_target(tmp_path: Path) -> None:
    folder = write_mind(tmp_path / "safe", Mind(seed=0, open=1.0), "safe")
    target = from_minds(folder, "float32", "cpu")
    assert target is from_minds(folder, "float32", "cpu")
    assert target.generate([Transcript.ask("who are you ?")], Sampling()) == ["what do you mean ?"]


def test_the_engine_plays_scripted_minds_as_it_plays_models(tmp_path: Path) -> None:
    case = Case(about="x", fault="none", strength="y", seed=0, right=("BROKEN",),
                mind=Mind(seed=0, styles={"suffix": Style(works=0.5)}),
                claim=claim(defences=[], attacks=[worded("suffix")]))
    verdict = verdict_on(case, tmp_path)
    assert (verdict.verdict, verdict.goal.worst_attack) == ("BROKEN", "Worded")
    assert 0.35 < verdict.goal.lower < 0.65
