"""The table and the details: what they say, that they fit, and that no text in them can take over."""

import io

import pytest
from rich.console import Console
from tests.reports import outlook_samples as outlooks
from tests.reports import verdict_samples as samples

from holdfast.reports.terminal import print_details, print_table


def printed(show, *what, width=80, terminal=False, encoding="utf-8"):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict", newline="\n")
    console = Console(
        file=stream, width=width, force_terminal=terminal, color_system="standard" if terminal else None
    )
    show(*what, console)
    stream.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_and_says_everything(width):
    verdicts = [*samples.five(), samples.relearned(), samples.holding("UNEXPLAINED", "long-name-" * 8)]
    text = printed(print_table, verdicts, width=width)
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for verdict in samples.five():
        assert verdict.verdict in words
        assert " ".join(verdict.reason.split()) in words
    assert ">= 0.750" in words  # the broken claim's lower bound
    assert "<= 0.019" in words  # the upper bound where it holds
    assert "step 25" in words
    assert "100.0 %" in words
    assert "not counted" in words
    assert "7 claims: 2 CONDITIONAL, 1 UNEXPLAINED, 2 BROKEN, 1 INCONCLUSIVE, 1 VOID" in words


def test_one_claim_has_no_tally():
    assert "1 claims" not in printed(print_table, [samples.holding()])


def test_every_line_of_the_table_keeps_its_columns_at_80():
    text = printed(print_table, samples.five())
    header = text.splitlines()[0]
    for column in ("claim", "verdict", "worst attack", "rate", "eps", "loss", "broken at"):
        assert column in header


def test_the_word_is_coloured_on_a_terminal_and_there_without_colour():
    coloured = printed(print_table, [samples.verdict()], terminal=True)
    assert "\x1b[1;31mBROKEN\x1b[0m" in coloured
    assert "\x1b" not in printed(print_table, [samples.verdict()])


def test_details_state_scope_what_was_not_tried_and_openings():
    text = printed(print_details, samples.verdict(assumptions=samples.with_assumptions()), width=120)
    words = " ".join(text.split())
    assert "against none, lora and full-finetune within 150 steps and 600 samples at alpha 0.05" in words
    assert "relearn-from-related: not potent" in words
    assert "sealed openings 6" in words
    assert "399/480 wins, 3 of 3 seeds broken, potent: yes" in words
    assert "none: HOLDS, 0/480 wins, 0 of 3 seeds broken, potent: exempt" in words
    assert "replay the first with: holdfast replay runs/refusal-survives-finetuning --witness 0" in words
    assert "hash-is-collision-free is TRUSTED" in words
    assert max(map(len, text.splitlines())) <= 120


def test_details_show_static_beside_adaptive_where_they_were_counted():
    text = printed(print_details, outlooks.outlook(), width=120)
    assert text.count("explore: 1/60 static, 51/60, 2 crashed adaptive") == 3
    assert "static" not in printed(print_details, samples.verdict(), width=120)


def test_details_of_a_claim_with_nothing_counted_show_no_number():
    text = printed(print_details, samples.empty())
    assert "not counted" in text
    assert "none was run" in text
    assert "no gate in this claim" in text
    assert "0.000" not in text


@pytest.mark.parametrize("show", [lambda v, c: print_table([v], c), print_details])
def test_hostile_text_neither_styles_nor_steers(show):
    plain = printed(show, samples.hostile(), width=300)
    assert "\x1b" not in plain
    assert "\x00" not in plain
    assert "\u202e" not in plain
    assert "[red]spoof[/red]" in plain
    coloured = printed(show, samples.hostile(), width=300, terminal=True)
    assert "\x1b[31m" not in coloured  # markup would give this; a BROKEN of ours is bold as well
    assert "\\x1b[31mred" in coloured


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_that_cannot_show_a_character_shows_its_code(encoding):
    text = printed(print_details, samples.verdict(title="漢字 – naïve"), encoding=encoding)
    assert "\\u6f22\\u5b57" in text


def test_a_stack_is_shown_layer_by_layer_with_what_is_left_of_the_risk():
    words = " ".join(printed(print_details, samples.stacked()).split())
    assert "depth 1: the promise hangs on classifier" in words
    assert "without word-list: HOLDS, rephrase wins 0/160, 0.000 to 0.019" in words
    assert "scores are not numbers: not tried, nothing in this layer can fail so" in words
    assert "the layers fail together, 4 times as often as if they were independent" in words
    assert "past each, if layers failed independently: 0.062, at most 0.1" in words
    assert "layers" not in printed(print_details, samples.verdict())
