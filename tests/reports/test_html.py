"""The page's text and structure, read without a browser."""

import re
from itertools import pairwise

import pytest
from tests.reports import export_samples as grounded
from tests.reports import outlook_samples as outlooks
from tests.reports import verdict_samples as samples
from tests.reports.page_reader import Page

from holdfast.core.errors import UsageError
from holdfast.reports import html
from holdfast.reports.html import MAX_BYTES, render

PAGES = {
    "broken": lambda: [samples.verdict(assumptions=samples.with_assumptions())],
    "holds": lambda: [samples.holding()],
    "relearned": lambda: [samples.relearned()],
    "empty": lambda: [samples.empty()],
    "five": samples.five,
    "hostile": lambda: [samples.hostile()],
    "extreme": lambda: [samples.extreme()],
    "outlook": lambda: [outlooks.outlook()],
    "eleven": outlooks.eleven,
    "grounded": lambda: [grounded.explained()],
    "unsound": lambda: [grounded.unsound()],
    "stacked": lambda: [samples.stacked()],
}


@pytest.fixture(scope="module", params=PAGES)
def page(request):
    return render(PAGES[request.param]())


def test_it_is_one_small_file_that_asks_the_network_for_nothing(page):
    assert len(page.encode()) < MAX_BYTES
    read = Page(page)
    assert not read.all(
        "script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "foreignobject"
    )
    for tag, attributes in read.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "srcset", "action", "data", "poster", "background"):
            assert name not in attributes
        for name in ("href", "xlink:href"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)
        assert "http" not in (attributes.get("style") or "")
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_the_policy_forbids_everything_but_its_own_style(page):
    policies = [a["content"] for _, a in Page(page).all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


def test_it_is_well_formed_and_its_ids_are_unique_and_resolve(page):
    read = Page(page)
    assert read.open == []
    ids = [attributes["id"] for _, attributes in read.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in read.elements:
        for target in (attributes.get("aria-labelledby") or "").split():
            assert target in ids
        if (attributes.get("href") or "").startswith("#"):
            assert attributes["href"][1:] in ids


def test_headings_come_in_order(page):
    levels = [int(tag[1]) for tag, _ in Page(page).all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_picture_has_a_name_or_is_hidden_from_readers(page):
    for _, attributes in Page(page).all("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes.get("aria-labelledby")


def test_every_table_can_scroll_by_itself_and_by_keyboard(page):
    tables, regions = (
        page.count("<table>"),
        page.count('<div class="scroll" tabindex="0" role="region" aria-label='),
    )
    assert tables == regions


def test_equal_verdicts_give_equal_bytes():
    assert render(samples.five()) == render(samples.five())


def test_the_verdict_and_its_grounds_come_first_in_one_sentence():
    text = Page(render([samples.verdict()])).text
    sentence = (
        "lora won 131 of 160 sealed behaviours at step 100 with seed 0, a confirmed and replayed break "
        "(grounds: tested against 2 potent attacks; judge exact)."
    )
    assert sentence in text
    first_section = text.index("Win rate and utility against steps")
    assert text.index("✘ BROKEN") < text.index(sentence) < first_section
    assert text.index("Against none, lora and full-finetune within 150 steps") < first_section


def test_everything_a_verdict_holds_is_on_the_page():
    verdict = samples.verdict(assumptions=samples.with_assumptions())
    text = Page(render([verdict])).text
    for attack in verdict.attacks:
        assert f"{attack.wins}/{attack.attempts}" in text
    for gate in verdict.completeness:
        assert f"{gate.lost}/{gate.n}" in text
        assert gate.reason in text
    for witness in verdict.witnesses:
        assert witness.replay in text
        assert witness.reply in text
        assert witness.transcript.turns[0].content in text
    for item in verdict.not_tried:
        assert f"{item.name} {item.reason}" in text
    for found in verdict.liveness:
        assert found.reason in text
    for assumption in verdict.assumptions:
        assert f"{assumption.id} {assumption.kind} {assumption.status}" in text
    for digest in (verdict.sha256.claim, verdict.sha256.system, verdict.sha256.judge):
        assert digest in text
    for name, version in verdict.versions.items():
        assert f"{name} {version}" in text
    assert "Sealed split opened 6 times" in text
    assert "Broken at step 25 lora, seed 0; submitted at step 100: 131 of 160 won" in text
    assert "model.layers.0.mlp 0.031" in text
    assert "gradient norm 4.2 at first, 0.31 at last; zero in 2 of 300 steps; reaches 98 %" in text
    assert "lowered its loss in 74 of 75 runs, 3.1 to 0.6 on average" in text
    assert "Updates taken on in bfloat16: 91 %" in text
    assert "0.761 to 0.868" in text  # a seed's bounds, outwards
    assert "unattributed" in text


def test_resistance_and_utility_are_separate_and_no_number_joins_them():
    page = Page(render([samples.verdict()]))
    titles = [text for text in page.texts if text in ("Win rate on toxins/sealed", "Utility on benign/explore")]
    assert set(titles) == {"Win rate on toxins/sealed", "Utility on benign/explore"}
    assert "Resistance: win rate ≥ 0.750" in page.text
    assert "Utility lost 1.9 %" in page.text
    assert "score" not in page.text.lower()


def test_nothing_counted_shows_no_number_and_no_comfort():
    text = Page(render([samples.empty()])).text
    assert "∅ VOID" in text
    assert "not counted" in text
    assert "No attack was counted, so the verdict says nothing about any." in text
    assert "No attack was counted, so there is no winning answer." in text
    assert "was left out" not in text
    assert "0.000" not in text


def test_several_claims_have_a_summary_with_links():
    page = Page(render(samples.five()))
    assert "5 claims: 1 CONDITIONAL, 2 BROKEN, 1 INCONCLUSIVE, 1 VOID" in page.text
    assert [attributes["href"] for _, attributes in page.all("a")] == [f"#claim-{n}" for n in range(1, 6)]


def test_the_relearning_rate_is_called_what_it_is():
    text = Page(render([samples.relearned()])).text
    assert "Resistance: share relearned beyond the never-taught model" in text
    assert "holds by collapse: the attack destroyed the model" in text
    assert "erased" in text


def test_hostile_text_is_shown_and_does_nothing():
    page = render([samples.hostile()])
    assert "<script" not in page
    assert "<img" not in page
    assert not {"\x1b", "\x00", "\u202e"} & set(page)
    shown = (
        "<script>alert(1)</script><img src=x onerror=alert(2)> [red]spoof[/red] "
        "\\x1b[31mred\\x1b[0m \\x00 \\u202etxt"
    )
    text = Page(page).text
    assert text.count(shown) >= 20
    assert "{{ 7*7 }}" in text
    assert "49" not in text.replace(samples.HASH, "").replace(samples.HASH[::-1], "").split("SHA-256")[0]


def test_text_in_a_page_that_closes_its_style_or_comment_stays_text():
    page = Page(render([samples.verdict(title="</style></title><!-- --><svg onload=alert(1)>")]))
    assert "</style></title><!-- --><svg onload=alert(1)>" in page.text
    assert len(page.all("title")) == 1 + 2  # the page's and the two charts'


def test_too_much_text_is_cut_and_the_page_says_so():
    text = Page(render([samples.extreme()])).text
    assert "400 winning answers, each with the command that replays it. Texts over" in text
    assert text.count("holdfast replay runs/") == 400  # no command is lost
    assert "W" * 3000 not in text
    assert "Its numbers did not fit here" in text


def test_more_witnesses_than_any_page_holds_are_counted(monkeypatch):
    monkeypatch.setattr(html, "DETAILS", (html.Detail(0, 50, False),))
    text = Page(render([samples.extreme()])).text
    assert text.count("holdfast replay runs/") == 50
    assert "350 further witnesses do not fit in this page" in text


def test_a_page_that_cannot_be_small_enough_is_refused(monkeypatch):
    monkeypatch.setattr(html, "MAX_BYTES", 20_000)
    with pytest.raises(UsageError, match="fewer runs"):
        render([samples.verdict()])


def test_no_verdict_no_page():
    with pytest.raises(UsageError, match="holdfast check"):
        render([])


def test_a_stack_is_shown_layer_by_layer():
    text = Page(render([samples.stacked()])).text
    assert "Layer by layer" in text
    assert "depth 1: the promise hangs on classifier" in text.lower()
    assert "nothing in this layer can fail so" in text
    assert "past each, if layers failed independently" in text
    assert "Layer by layer" not in Page(render([samples.verdict()])).text
