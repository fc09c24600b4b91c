"""Expressions in words, and the command that reads a protocol's criteria."""

import json

import pytest
from typer.testing import CliRunner

from unburden.cli.main import app
from unburden.domain.criteria import (
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    EventSet,
    LatestValue,
    Not,
    OneOf,
    Unless,
    Unread,
    Window,
)
from unburden.report.criterion_words import tell_expression

DRUG = EventSet("drug", ("x", "y"))


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        (Compare("pregnancy", "==", True), "pregnancy"),
        (Compare("pregnancy", "!=", True), "not pregnancy"),
        (Compare("age", "<=", 75.0, "year"), "age ≤ 75 year"),
        (Between("ecog", 0, 1), "ecog 0 to 1"),
        (OneOf("sex", ("F", "M")), "sex is F or M"),
        (CompareToLimit("alt", ">", 2.5, "ULN"), "alt > 2.5 × ULN"),
        (CountEvents(DRUG, ">=", 1, Window(-28, 0)), "some drug x or y, day -28 to 0"),
        (CountEvents(DRUG, "==", 0, Window(None, 0)), "no drug x or y, up to day 0"),
        (CountEvents(DRUG, ">=", 2), "≥ 2 drug x or y"),
        (
            LatestValue(EventSet("measurement", ("hb",)), ">=", 9, "g/dL", Window(-14, None, "surgery")),
            "latest measurement hb ≥ 9 g/dL, from day -14 of surgery",
        ),
        (
            Unless(Compare("a", ">", 1), Unread("if stable", "judgement")),
            "a > 1, unless [not computed: “if stable” (judgement)]",
        ),
        (AtLeast(2, (Compare("a", ">", 1), Not(Compare("b", ">", 1)))), "at least 2 of: a > 1; not (b > 1)"),
    ],
)
def test_expressions_are_told_in_words(expression, told):
    assert tell_expression(expression) == told


def run(*args: str):
    return CliRunner().invoke(app, ["read-criteria", *args])


def test_criteria_are_read_beside_their_text(tmp_path):
    file = tmp_path / "criteria.txt"
    file.write_text("Age >= 18 years\n\n- Pregnant\nSomething about mooncakes\n", encoding="utf-8")
    found = run(str(file))
    assert found.exit_code == 0
    assert "line 1 inclusion, computable" in found.stdout
    assert "read as: age ≥ 18 year" in found.stdout
    assert "line 3 exclusion, computable" in found.stdout
    assert "[not computed: “Something about mooncakes” (not understood)]" in found.stdout
    told = json.loads(run(str(file), "--json").stdout)
    assert told[0]["rule"]["value"] == 18
    assert [each["status"] for each in told] == ["computable", "computable", "text"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        (b"", "it holds no criteria"),
        (b"x" * 10_000_001, "it holds 10,000,001 bytes"),
    ],
)
def test_sources_without_criteria_are_refused(tmp_path, content, told):
    file = tmp_path / "criteria.txt"
    if content is not None:
        file.write_bytes(content)
    found = run(str(file))
    assert found.exit_code == 2
    assert told in found.stderr
    assert "Traceback" not in found.output
