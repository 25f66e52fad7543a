"""Templates: one pass, untrusted values, and complaints that a person can act on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_core import ConfigError
from sctk_core.prompts import Template

WHERE = "[critic] critique"


@settings(deadline=None, max_examples=60)
@given(st.text(), st.text())
def test_values_are_never_read_as_templates(prompt: str, response: str) -> None:
    template = Template.read("<{prompt}|{response}|{prompt}>", known={"prompt", "response"}, where=WHERE)
    assert template.fill(prompt=prompt, response=response) == "<" + prompt + "|" + response + "|" + prompt + ">"


@pytest.mark.parametrize("value", ["{response}", "{{prompt}}", "\\1 \\g<0>", "{0} {} }{", "%s"])
def test_a_value_that_looks_like_a_template_stays_text(value: str) -> None:
    assert Template(text="{prompt} / {response}").fill(prompt=value, response="R") == f"{value} / R"


def test_braces_that_are_no_placeholders_stay() -> None:
    text = 'Answer as {"score": 3, "x": {"y": {}}}; {{prompt}} stands for itself; {prompt}'
    assert (
        Template(text=text).fill(prompt="P") == 'Answer as {"score": 3, "x": {"y": {}}}; {prompt} stands for itself; P'
    )


def test_an_unknown_placeholder_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(ConfigError) as caught:
        Template.read("Look: {respones}", known={"prompt", "response"}, where=WHERE)
    assert str(caught.value) == (
        "[critic] critique: got the unknown placeholder {respones}, wanted one of {prompt}, {response}\n"
        "hint: did you mean 'response'?"
    )


def test_a_needed_placeholder_and_a_missing_value_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"got a template without \{response\}"):
        Template.read("Is it good?", known={"response"}, needs=("response",), where=WHERE)
    with pytest.raises(ConfigError, match=r"got no value for \{response\}"):
        Template(text="{response}").fill(prompt="p")


def test_placeholders_in_order_and_a_digest_by_text() -> None:
    assert Template(text="{b} {a} {b} {{c}}").placeholders == ("b", "a")
    assert Template(text="{a}").digest == Template(text="{a}").digest != Template(text="{b}").digest
