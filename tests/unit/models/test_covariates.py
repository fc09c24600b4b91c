"""Covariates as numbers: forms, levels, gaps."""

import numpy as np
import polars as pl
import pytest

from unburden.domain.emulation_plan import Covariate
from unburden.domain.errors import InvalidEmulation
from unburden.models.covariates import encode_covariates

FRAME = pl.DataFrame(
    {
        "age": [40.0, 50.0, None, 70.0],
        "nodes": [0, 1, 3, 7],
        "size": ["small", "large", None, "small"],
        "flag": [True, False, True, True],
        "same": [1, 1, 1, 1],
        "nan": [1.0, float("nan"), 2.0, 3.0],
        "negative": [-1, 2, 3, 4],
        "empty": pl.Series([None] * 4, dtype=pl.Float64),
        "day": pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 1, 4), eager=True),
    }
)


def encode(*covariates, missing="indicator"):
    return encode_covariates(FRAME, tuple(covariates), missing=missing)


def test_gaps_of_numbers_are_set_to_the_median_and_flagged():
    found = encode(Covariate("age"))
    assert found.terms == ("age", "age unknown")
    assert found.values.tolist() == [[40, 0], [50, 0], [50, 1], [70, 0]]
    assert found.missing_words == ("age: 1 unknown, set to the median 50 and flagged",)


def test_words_become_flags_and_unknown_a_level():
    found = encode(Covariate("size"), Covariate("flag"))
    assert found.terms == ("size = small", "size = unknown", "flag = true")
    assert found.references == ("size: large", "flag: false")
    assert found.plain_terms == (
        "size = large",
        "size = small",
        "size = unknown",
        "flag = false",
        "flag = true",
    )
    assert found.values[:, 1].tolist() == [0, 0, 1, 0]


def test_nan_is_a_gap():
    assert encode(Covariate("nan")).values.tolist() == [[1, 0], [2, 1], [2, 0], [3, 0]]


def test_logarithm_and_categories():
    found = encode(Covariate("nodes", "log"))
    assert found.terms == ("log(1 + nodes)",)
    assert found.plain_terms == ("nodes", "log(1 + nodes)")
    np.testing.assert_allclose(found.values[:, 0], np.log1p([0, 1, 3, 7]))
    assert encode(Covariate("nodes", "categories")).terms == ("nodes = 1", "nodes = 3", "nodes = 7")


def test_spline_is_straight_beyond_the_outer_knots_and_cubic_within():
    values = np.linspace(0, 100, 201)
    frame = pl.DataFrame({"x": values})
    found = encode_covariates(frame, (Covariate("x", "spline"),), missing="refuse")
    assert found.terms == ("x", "x spline 1", "x spline 2")
    for column in found.values[:, 1:].T:
        bend = np.diff(column, 2)
        np.testing.assert_allclose(bend[values[1:-1] < 4.9], 0, atol=1e-12)
        np.testing.assert_allclose(bend[values[1:-1] > 95.1], 0, atol=1e-9)
        assert np.abs(bend).max() > 1e-6


@pytest.mark.parametrize(
    ("covariate", "missing", "told"),
    [
        (Covariate("age"), "refuse", "'age' is unknown for 1 of 4 patients; use missing = 'indicator'"),
        (Covariate("same"), "refuse", "no covariate varies among these patients; name some that do"),
        (Covariate("negative", "log"), "refuse", "'negative' has form 'log' but holds -1"),
        (Covariate("empty"), "indicator", "'empty' is unknown for every patient; leave it out"),
        (Covariate("nope"), "refuse", "there is no column 'nope'; the table has age"),
        (Covariate("day"), "refuse", "'day' holds Date; give numbers, words or flags"),
    ],
)
def test_what_cannot_be_a_covariate_is_refused(covariate, missing, told):
    with pytest.raises(InvalidEmulation) as caught:
        encode(covariate, missing=missing)
    assert told in str(caught.value)


def test_all_problems_come_at_once():
    with pytest.raises(InvalidEmulation) as caught:
        encode(Covariate("age"), Covariate("same"), Covariate("nope"), missing="refuse")
    assert len(caught.value.problems) == 2
