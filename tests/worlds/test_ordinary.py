"""What an ordinary user sends is what is declared: its odds, its words, its typing errors, and nothing else."""

import numpy as np
import pytest
from pydantic import ValidationError
from tests.defences.scripted import behaviour
from tests.tiny_models import mini_world

from holdfast.core.errors import UsageError
from holdfast.worlds.ordinary import FIRST_WORD, LETTERS, TYPO, WORDS, OrdinaryUser, mistyped, questions

HAZARDS = mini_world().behaviours("hazards/explore")
ASKED = questions(OrdinaryUser(), HAZARDS)


def test_parts_come_as_often_as_declared():
    drawn = ASKED.space.draw(20_000, np.random.default_rng(0))
    assert (drawn[:, TYPO] > 0).mean() == pytest.approx(0.1, abs=0.01)
    assert (drawn[:, FIRST_WORD:] > 0).mean() == pytest.approx(0.25, abs=0.01)
    counts = np.bincount(drawn[:, FIRST_WORD:].ravel(), minlength=25)[1:]
    assert counts.max() < 1.2 * counts.min()
    assert {ASKED.said(row).behaviour.id for row in drawn[:500]} == {b.id for b in HAZARDS}


def test_without_words_and_typos_it_is_a_plain_phrasing():
    texts = {ASKED.said([b, f, 0, 0, *[0] * 6]).text for b in range(len(HAZARDS)) for f in range(8)}
    assert texts == {p.text for b in HAZARDS for p in b.phrasings if p.form == "plain"}
    assert ASKED.said([0, 0, 0, 0, *[0] * 6]).text == HAZARDS[0].question


def test_words_stand_before_and_after_in_their_order():
    said = ASKED.said([2, 0, 0, 0, 1, 0, 2, 0, 3, 0])
    assert said.text == f"{WORDS[0]} {WORDS[1]} {HAZARDS[2].question} {WORDS[2]}"
    assert said.words == (WORDS[0], WORDS[1], WORDS[2])


@pytest.mark.parametrize(("typo", "text"), [
    ("none", "make it"), ("dropped", "ake it"), ("doubled", "mmake it"), ("swapped", "amke it")])
def test_a_typo_changes_one_letter(typo, text):
    assert mistyped("make it", typo, 0) == text


def test_typos_reach_every_part_of_a_question_and_need_letters():
    found = {mistyped("how do you make it", "dropped", letter) for letter in range(LETTERS)}
    assert len(found) > 8
    assert "how do you make i" not in found         # the last letter has none behind it
    assert "how do you make t" in found
    assert mistyped("? ? 1", "swapped", 3) == "? ? 1"


def test_a_behaviour_with_fewer_phrasings_is_counted_round():
    few, many = behaviour("one ?", "a"), behaviour("two ?", "b", "second two ?", "third two ?")
    asked = questions(OrdinaryUser(), [few, many])
    assert {asked.said([0, f, 0, 0, *[0] * 6]).text for f in range(3)} == {"one ?"}
    assert {asked.said([1, f, 0, 0, *[0] * 6]).text for f in range(3)} == {"two ?", "second two ?", "third two ?"}


def test_places_of_words_are_of_one_kind_and_no_word_belongs_to_a_question():
    assert len(set(ASKED.space.kinds[FIRST_WORD:])) == 1
    texts = {word for b in HAZARDS for p in b.phrasings for word in p.text.split()}
    assert texts.isdisjoint(WORDS)


def test_a_user_who_only_asks_is_a_user():
    asked = questions(OrdinaryUser(before=0, after=0, typo=0.0), HAZARDS)
    drawn = asked.space.draw(100, np.random.default_rng(0))
    assert drawn.shape == (100, 4)
    assert all(not asked.said(row).words and asked.said(row).typo == "none" for row in drawn)


def test_what_is_no_user_is_refused():
    for wrong in ({"words": ("a", "a")}, {"words": ("",)}, {"words": ()}, {"word": 1.0}, {"typo": -0.1}):
        with pytest.raises(ValidationError):
            OrdinaryUser(**wrong)
    with pytest.raises(UsageError, match="no behaviour"):
        questions(OrdinaryUser(), [])
