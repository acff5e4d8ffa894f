"""Policy files: what is read, what is refused and how, and the two that ship."""

from pathlib import Path

import pytest
import yaml

from holdfast.claims.policy import SHIPPED, Demand, read_policy
from holdfast.core.errors import UsageError

GOOD = {
    "policy": "mine", "version": 2, "owner": "The board", "date": "2026-11-21",
    "classes": {"severe": {"epsilon": 0.05, "grounds": "tested"}},
}


def write(folder: Path, **changes: object) -> str:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **changes}))
    return str(path)


def test_a_policy_says_whose_it_is_and_what_it_demands(tmp_path):
    policy = read_policy(write(tmp_path))
    assert (policy.owner, policy.version, str(policy.date)) == ("The board", 2, "2026-11-21")
    assert policy.classes == {"severe": Demand(epsilon=0.05, grounds="tested")}


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.yaml")))
def test_a_shipped_policy_is_found_by_its_name(name):
    assert read_policy(name).policy == name


def test_two_policies_ship_and_the_regulators_is_the_stricter():
    strict, team = read_policy("strict-regulator"), read_policy("product-team")
    assert strict.classes.keys() == team.classes.keys()
    for risk, demand in strict.classes.items():
        assert demand.epsilon <= team.classes[risk].epsilon
        assert demand.seeds > team.classes[risk].seeds


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"clases": {}}, "did you mean 'classes'"),
        ({"classes": {}}, "at least 1"),
        ({"classes": {"severe": {"epsilon": 0.05, "ground": "proof"}}}, "did you mean 'grounds'"),
        ({"classes": {"severe": {"epsilon": 0.05, "grounds": "proved"}}}, "'proof'"),
        ({"classes": {"severe": {"epsilon": 1.5}}}, "less than 1"),
        ({"classes": {"Severe": {"epsilon": 0.05}}}, "lower case"),
        ({"owner": ""}, "owner"),
        ({"date": "yesterday"}, "date"),
        ({"judge": "excat"}, "'exact'"),
        ({"labels": "nowhere.csv"}, "does not exist"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, changes, says):
    with pytest.raises(UsageError, match=says) as caught:
        read_policy(write(tmp_path, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [("strict-regulatr", "did you mean 'strict-regulator'"), ("./nowhere.yaml", "give the path of a policy file")],
)
def test_a_policy_that_is_not_there(given, says):
    with pytest.raises(UsageError, match=says):
        read_policy(given)


def test_a_file_that_holds_no_policy(tmp_path):
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(UsageError, match="write a policy into it"):
        read_policy(str(tmp_path / "empty.yaml"))


def test_labels_lie_beside_the_policy(tmp_path):
    (tmp_path / "labels.csv").write_text("behaviour,reply,won\n")
    assert read_policy(write(tmp_path, labels="labels.csv")).labels == tmp_path / "labels.csv"
