"""JUnit XML by the published schemas of those who read it."""

from functools import lru_cache
from pathlib import Path

import pytest
import xmlschema
from tests.reports import verdict_samples as samples

from holdfast.reports.expect import Expectation, Expectations
from holdfast.reports.junit import junit_xml

SCHEMAS = Path(__file__).parent / "schemas"
TEXTS = {
    "five": lambda: junit_xml(samples.five()),
    "none": lambda: junit_xml([]),
    "hostile": lambda: junit_xml([samples.hostile()]),
    "extreme": lambda: junit_xml([samples.extreme()]),
    "unchecked": lambda: junit_xml([], Expectations(claims={"gone": Expectation(verdict="VOID")})),
}


@lru_cache
def schema(name):
    return xmlschema.XMLSchema(SCHEMAS / name)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["junit-4.xsd", "junit-10.xsd"])
def test_it_is_valid(name, text):
    schema(name).validate(TEXTS[text]())


@pytest.mark.parametrize("name", ["junit-4.xsd", "junit-10.xsd"])
def test_the_schema_can_refuse(name):
    assert not schema(name).is_valid(TEXTS["five"]().replace("<failure", "<defeat").replace("</failure", "</defeat"))
