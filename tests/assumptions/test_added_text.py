"""What winning attacks add to a question, and what a filter lets past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.assumptions.subjects import REFUSAL, SECRET, hazards, subject

from holdfast.assumptions.adding import Place, appended, words_added
from holdfast.assumptions.prompts.added_suffix import AddedSuffix
from holdfast.assumptions.prompts.added_words import AddedWords
from holdfast.assumptions.prompts.filter_recall import FilterRecall
from holdfast.core.records import Transcript
from holdfast.defences.erasing import erased

PLACES: tuple[Place, ...] = ("suffix", "insertion", "infusion")


def test_what_is_appended() -> None:
    assert appended("how ?", "how ? now") == " now"
    assert appended("how ?", "how ?") == ""
    assert appended("how ?", "so how ?") is None


def test_words_added_by_hand() -> None:
    texts = ["a b x y", "x y a b", "x a b y", "a x b y", "a b", "b a x"]
    assert [words_added("a b", text, "suffix") for text in texts] == [2, None, None, None, 0, None]
    assert [words_added("a b", text, "insertion") for text in texts] == [2, 2, None, None, 0, None]
    assert [words_added("a b", text, "infusion") for text in texts] == [2, 2, 2, 2, 0, None]


@given(st.lists(st.sampled_from("ab"), max_size=4), st.lists(st.sampled_from("ab"), max_size=6),
       st.sampled_from(PLACES))
def test_words_are_added_where_erasing_gives_the_question_back(
    kept: list[str], text: list[str], place: Place
) -> None:
    more = words_added(" ".join(kept), " ".join(text), place)
    found = tuple(kept) in set(erased(text, place, max(0, len(text) - len(kept))))
    assert (more is not None) == found
    assert more in (None, len(text) - len(kept))


def always(_: Transcript) -> str:
    return SECRET


def test_texts_within_support_and_one_outside_refutes() -> None:
    some = hazards(40)
    suffixed = [(b, f"{b.question} one two three") for b in some]
    for assumption in (AddedSuffix(least=5, most=20), AddedWords(most=3)):
        good = assumption.check(assumption.sample(subject(always, suffixed)), 0.05)
        assert good.status == "SUPPORTED"
        odd = [*suffixed[1:], (some[0], f"please {some[0].question} one two three")]
        bad = assumption.check(assumption.sample(subject(always, odd)), 0.05)
        assert bad.status == "REFUTED"
        assert bad.witnesses == (some[0].id,)


def test_too_short_too_long_and_too_many_are_outside() -> None:
    suffixed = [(b, f"{b.question} one two three") for b in hazards(40)]

    def status(assumption: AddedSuffix | AddedWords) -> str:
        return assumption.check(assumption.sample(subject(always, suffixed)), 0.05).status

    assert status(AddedSuffix(least=15)) == "REFUTED"
    assert status(AddedSuffix(most=13)) == "REFUTED"
    assert status(AddedSuffix(least=14, most=14)) == "SUPPORTED"
    assert status(AddedWords(most=2)) == "REFUTED"
    assert status(AddedWords(most=3, place="insertion")) == "SUPPORTED"


def test_texts_that_do_not_win_say_nothing() -> None:
    asked = [(b, "anything else") for b in hazards(40)]
    found = AddedWords().check(AddedWords().sample(subject(lambda _: REFUSAL, asked)), 0.05)
    assert found.status == "INCONCLUSIVE"
    assert found.needed


@pytest.mark.parametrize(("missing", "status"), [(0, "SUPPORTED"), (30, "REFUTED"), (5, "INCONCLUSIVE")])
def test_a_filter_is_judged_by_what_gets_past(missing: int, status: str) -> None:
    some = hazards(100)
    past = {b.question for b in some[:missing]}

    def guarded(prompt: Transcript) -> str:
        return SECRET if prompt.turns[0].content in past else REFUSAL

    sample = FilterRecall().sample(subject(always, harmful=some, guarded=guarded))
    found = FilterRecall().check(sample, 0.05)
    assert found.status == status
    assert len(found.witnesses) == missing


def test_a_model_that_refuses_by_itself_is_no_filter() -> None:
    """Nothing stands in front of it, so that every question gets past what does."""
    sample = FilterRecall().sample(subject(lambda _: REFUSAL, harmful=hazards(60)))
    assert FilterRecall().check(sample, 0.05).status == "REFUTED"


def test_a_filter_in_front_of_a_model_that_refuses_is_seen_in_its_scores() -> None:
    some = hazards(60)
    bare = subject(lambda _: REFUSAL, harmful=some)
    seen = bare._replace(system=subject(lambda _: REFUSAL, score=lambda _: -50.0).model)
    assert FilterRecall().check(FilterRecall().sample(seen), 0.05).status == "SUPPORTED"
