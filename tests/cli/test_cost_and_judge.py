"""`holdfast cost` and `holdfast judge` on finished runs: output, exit codes, and what is said without a run."""

import json
from pathlib import Path

import pytest
import yaml
from tests.engine.imagined_run import Imagined, imagine
from typer.testing import CliRunner

from holdfast.cli import app
from holdfast.core.errors import UsageError

POLICY = {
    "policy": "mine", "version": 1, "owner": "me", "date": "2026-11-21",
    "classes": {"severe": {"epsilon": 0.5, "seeds": 1}},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two finished runs, whose cells are made up: one of a claim that names its class of risk."""
    out = tmp_path_factory.mktemp("runs")
    imagine(out, Imagined())
    imagine(out / "risky", Imagined(), risk="severe")
    return out / "runs"


@pytest.fixture
def run(runs: Path) -> Path:
    return runs / "small-claim"


@pytest.fixture
def risky(runs: Path) -> Path:
    return runs.parent / "risky" / "runs" / "small-claim"


def invoke(*arguments: object) -> str:
    """What a command prints; its exceptions come through."""
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.output


def code(*arguments: object) -> int:
    return CliRunner().invoke(app, [str(a) for a in arguments]).exit_code


class TestCost:
    def test_a_line_an_attack_and_every_heuristic(self, run: Path):
        text = invoke("cost", run)
        for name in ("none", "fine-tune"):
            assert any(line.lstrip("(").startswith(name) for line in text.splitlines())
        assert "behaviours=explore, or sealed" in text
        assert text.startswith("small-claim: ")

    def test_swapped_heuristics_show_what_they_change(self, run: Path):
        text = invoke("cost", run, "--set", "behaviours=sealed", "--axis", "steps")
        assert "training steps to win a share" in text
        assert "hazards/sealed" in text
        assert "by the usual heuristics: " in text

    def test_json_holds_everything(self, run: Path):
        (level,) = json.loads(invoke("cost", run, "--json", "--set", "behaviours=sealed"))
        assert {k["attack"] for k in level["known"]} == {"none", "fine-tune"}
        assert {k["seed"] for k in level["known"]} == {0, 1}
        assert all([r["rate"] for r in k["reaches"]] == [0.01, 0.1, 0.5, 0.9] for k in level["known"])
        assert level["heuristics"]["behaviours"] == "sealed"

    def test_a_claim_stands_for_its_run(self, runs: Path, run: Path):
        assert invoke("cost", run / "claim.yaml", "--out", runs) == invoke("cost", run)

    def test_a_claim_without_a_run_names_the_command_that_makes_it(self, run: Path, tmp_path: Path):
        with pytest.raises(UsageError, match=rf"holdfast check {run}/claim.yaml --out {tmp_path}"):
            invoke("cost", run / "claim.yaml", "--out", tmp_path)

    def test_a_claim_that_changed_since_is_not_taken_for_it(self, runs: Path, run: Path, tmp_path: Path):
        changed = yaml.safe_load((run / "claim.yaml").read_text())
        changed["goal"]["promise"] = "rate <= 0.3"
        (tmp_path / "claim.yaml").write_text(yaml.safe_dump(changed))
        with pytest.raises(UsageError, match="another version"):
            invoke("cost", tmp_path / "claim.yaml", "--out", runs)

    @pytest.mark.parametrize(
        ("options", "says"),
        [(["--set", "betwen=whole"], "did you mean 'between'"), (["--axis", "querys"], "did you mean 'queries'")],
    )
    def test_wrong_names_are_named(self, run: Path, options: list[str], says: str):
        with pytest.raises(UsageError, match=says):
            invoke("cost", run, *options)

    def test_what_does_not_exist(self, tmp_path: Path):
        with pytest.raises(UsageError, match="give a run folder, or a claim file"):
            invoke("cost", tmp_path / "nowhere")

    def test_a_folder_without_a_run(self, tmp_path: Path):
        with pytest.raises(UsageError, match="no run in"):
            invoke("cost", tmp_path)


class TestJudge:
    def policy(self, folder: Path, name: str = "mine", **demand: object) -> Path:
        given = {**POLICY, "policy": name, "classes": {"severe": {**POLICY["classes"]["severe"], **demand}}}
        path = folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(given))
        return path

    def test_side_by_side_with_what_dominates(self, risky: Path, tmp_path: Path):
        one, two = self.policy(tmp_path, "one"), self.policy(tmp_path, "two", seeds=9)
        done = CliRunner().invoke(app, ["judge", str(risky), "--policy", str(one), "--policy", str(two)])
        assert any(line.split() == ["demand", "one", "two"] for line in done.output.splitlines())
        assert "and 9 are" in " ".join(done.output.split())
        assert done.exit_code in (1, 4)

    def test_exit_codes(self, risky: Path, run: Path, tmp_path: Path):
        assert code("judge", risky, "--policy", self.policy(tmp_path, seeds=9)) == 1            # two were played
        assert code("judge", run, "--policy", self.policy(tmp_path)) == 4                       # no class named

    def test_json(self, risky: Path, tmp_path: Path):
        done = CliRunner().invoke(app, ["judge", str(risky), "--json", "--policy", str(self.policy(tmp_path))])
        found = json.loads(done.output)
        assert {check["demand"] for check in found["rulings"][0]["checks"]} >= {"rate", "grounds", "seeds"}
        assert list(found["dominating"]) == ["small-claim"]

    def test_one_name_twice_is_refused(self, risky: Path, tmp_path: Path):
        with pytest.raises(UsageError, match="give each of them once"):
            invoke("judge", risky, "--policy", "product-team", "--policy", "product-team")

    def test_a_policy_that_is_not_there(self, risky: Path):
        with pytest.raises(UsageError, match="did you mean 'product-team'"):
            invoke("judge", risky, "--policy", "produkt-team")
