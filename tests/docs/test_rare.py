"""The page about rare failures: the user that it declares is the one that is drawn, and its example is one."""

import yaml
from tests.docs.pages import ROOT, blocks, rows

from holdfast.worlds.ordinary import WORDS, OrdinaryUser

PAGE = ROOT / "docs/rare.md"


def test_every_key_of_a_user_is_listed_with_its_default():
    listed = {name.strip(" `"): default.strip() for keys, defaults, _ in rows(PAGE, "key")
              for name, default in zip(keys.split(","), defaults.split(","), strict=False)}
    assert list(listed) == list(OrdinaryUser.model_fields)
    user = OrdinaryUser()
    assert {name: float(listed[name]) for name in listed if name != "words"} == {
        name: getattr(user, name) for name in listed if name != "words"}
    assert listed["words"].startswith(f"{len(WORDS)} of `{WORDS[0]}`")


def test_the_user_shown_is_one():
    (shown,) = [b.text for b in blocks("yaml") if b.page == "rare.md"]
    assert OrdinaryUser.model_validate(yaml.safe_load(shown)).word == 0.5
