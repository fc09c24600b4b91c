"""TOML that is no study: what a reader is told, briefly."""

import pytest

from unburden.data.tables import TableReader, read_toml, show_value
from unburden.domain.errors import InvalidStudy, Problems

HUGE = int("9" * 400)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "nests deeper than any study; flatten it"),
        ("[" + ".".join("a" * 5000) + "]", "'a' nests deeper than 50 levels; flatten it"),
        ("x = 1\nb = " + "[" * 60 + "]" * 60, "'b' nests deeper than 50 levels; flatten it"),
        ("a = " + "9" * 5000, "holds a number too long to read; shorten it"),
        ("a = ", "is not TOML (Invalid value (at end of document)); correct it there"),
        (b"a = '\xff'", "is not TOML ('utf-8' codec can't decode byte 0xff"),
    ],
    ids=["brackets", "dotted", "lists", "digits", "no value", "no text"],
)
def test_text_that_is_no_study_is_told(tmp_path, text, expected):
    path = tmp_path / "study.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidStudy) as caught:
        read_toml(path)
    (problem,) = caught.value.problems
    assert problem.startswith(expected)


def test_a_byte_order_mark_is_skipped(tmp_path):
    (tmp_path / "study.toml").write_text("a = 1", encoding="utf-8-sig")
    assert read_toml(tmp_path / "study.toml") == {"a": 1}


@pytest.mark.parametrize(
    ("kind", "value"),
    [(float, HUGE), (str, 16**5000), (int, "x" * 500), (dict, [[1] * 500] * 500)],
    ids=["400 digits", "6000 digits", "text", "list"],
)
def test_a_value_of_the_wrong_type_is_told_briefly(kind, value):
    problems = Problems("study.toml")
    assert TableReader({"a": value}, "[t]", problems).take("a", kind) == kind()
    (problem,) = problems.found
    assert problem.startswith("[t] has a = ")
    assert len(problem) < 160


def test_a_list_with_a_number_beyond_all_is_told():
    problems = Problems("study.toml")
    assert TableReader({"a": [1, HUGE, True]}, "[t]", problems).take_list("a", float) == [1.0]
    assert len(problems) == 2


def test_what_is_short_is_shown_as_it_is():
    shown = {"a": [1, 2.5, True, None, "x"]}
    assert show_value(shown) == repr(shown)
