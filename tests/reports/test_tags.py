"""Tags: ids of public lists, and a hint where one is wrong."""

import re

import pytest
import yaml
from pydantic import ValidationError

from holdfast.claims.tags import EXAMPLES, Tags, catalogue, title

PATTERNS = {"atlas": r"AML\.T\d{4}(\.\d{3})?", "owasp": r"LLM\d\d:2025"}


@pytest.mark.parametrize("name", PATTERNS)
def test_the_lists_are_well_formed(name):
    listed = catalogue(name)
    assert all(re.fullmatch(PATTERNS[name], tag) for tag in listed.ids)
    assert all(text and text == text.strip() for text in listed.ids.values())
    assert list(listed.ids) == sorted(listed.ids)
    assert EXAMPLES[name] in listed.ids
    parents = {tag.rpartition(".")[0] for tag in listed.ids if tag.count(".") == 2}
    assert parents <= set(listed.ids)


def test_a_claim_writes_them_plainly():
    written = yaml.safe_load("{atlas: [AML.T0054, AML.T0051.001], owasp: [LLM01:2025, LLM10:2025]}")
    tags = Tags.model_validate(written)
    assert [title("atlas", tag) for tag in tags.atlas] == ["LLM Jailbreak", "LLM Prompt Injection: Indirect"]
    assert [title("owasp", tag) for tag in tags.owasp] == ["Prompt Injection", "Unbounded Consumption"]
    assert Tags() == Tags(atlas=(), owasp=())


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"atlas": ["AML.T0540"]}, "unknown tag 'AML.T0540'; did you mean 'AML.T0054'"),
        ({"atlas": ["jailbreak"]}, "did you mean 'AML.T0054' (LLM Jailbreak)?"),
        ({"atlas": ["Prompt Injection: indirect"]}, "did you mean 'AML.T0051.001' (LLM Prompt Injection: Indirect)?"),
        ({"owasp": ["LLM01"]}, "unknown tag 'LLM01'; did you mean 'LLM01:2025'"),
        ({"owasp": ["xyz"]}, "write ids such as 'LLM01:2025'"),
        ({"owasp": ["LLM01:2025", "LLM01:2025"]}, "'LLM01:2025' is given twice"),
        ({"owasp": ["AML.T0054"]}, "unknown tag 'AML.T0054'"),
    ],
)
def test_an_unknown_id_is_refused_with_a_hint(written, message):
    with pytest.raises(ValidationError) as caught:
        Tags.model_validate(written)
    assert message in caught.value.errors()[0]["msg"]
