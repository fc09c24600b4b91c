"""Propensities: what is refused, and that boosted ones are held out and repeatable."""

import sys

import numpy as np
import pytest

from unburden.domain.errors import InvalidEmulation, NoEstimate
from unburden.models.propensity import (
    assign_folds,
    compute_area_under_curve,
    fit_boosted_propensity,
    fit_logistic_propensity,
)

TERMS = ("a", "b", "c", "d")


def draw(patients=400, seed=3):
    random = np.random.default_rng(seed)
    values = random.standard_normal((patients, 3))
    return values, random.random(patients) < 1 / (1 + np.exp(-values[:, 0]))


def test_a_level_that_only_one_arm_has_is_named():
    treated = np.array([True, True, False, False, True, False])
    flag = np.array([1.0, 0, 0, 0, 0, 0])
    with pytest.raises(NoEstimate, match="'size = large' separates the arms"):
        fit_logistic_propensity(flag[:, None], treated, ("size = large",))


def test_a_number_that_tells_the_arms_apart_is_named():
    values, _ = draw()
    with pytest.raises(NoEstimate, match="'age' separates the arms: all controls have"):
        fit_logistic_propensity(values, values[:, 1] > 0.2, ("x", "age", "z"))


def test_a_combination_that_tells_the_arms_apart_is_refused():
    values, _ = draw()
    with pytest.raises(NoEstimate, match="combination of covariates tells the treated from the others"):
        fit_logistic_propensity(values, values[:, 0] + values[:, 1] > 0.1, ("a", "b", "c"))


def test_terms_that_are_combinations_of_others_are_named():
    values, treated = draw()
    doubled = np.column_stack([values, values[:, 0] + 2 * values[:, 2]])
    with pytest.raises(NoEstimate, match="'d': a combination of the other covariates"):
        fit_logistic_propensity(doubled, treated, ("a", "b", "c", "d"))


@pytest.mark.parametrize(("share", "arm"), [(0, "treated"), (1, "control")])
def test_an_empty_arm_is_named(share, arm):
    values, _ = draw()
    treated = np.full(len(values), bool(share))
    with pytest.raises(NoEstimate, match=f"the {arm} arm is empty"):
        fit_logistic_propensity(values, treated, ("a", "b", "c"))
    with pytest.raises(NoEstimate, match=f"the {arm} arm is empty"):
        fit_boosted_propensity(values, treated, TERMS[: values.shape[1]], folds=5, seed=1)


def test_boosted_propensities_repeat_and_are_held_out():
    pytest.importorskip("lightgbm")
    values, treated = draw()
    first = fit_boosted_propensity(values, treated, TERMS[: values.shape[1]], folds=5, seed=1)
    again = fit_boosted_propensity(values, treated, TERMS[: values.shape[1]], folds=5, seed=1)
    assert np.array_equal(first.probabilities, again.probabilities)
    # Other covariates of half a fold's patients leave the probabilities of its other half as they were.
    fold = np.flatnonzero(assign_folds(treated.astype(np.int64), folds=5, seed=1) == 0)
    moved = values.copy()
    moved[fold[::2]] += 5
    other = fit_boosted_propensity(moved, treated, TERMS[:3], folds=5, seed=1)
    assert np.array_equal(first.probabilities[fold[1::2]], other.probabilities[fold[1::2]])
    assert not np.array_equal(first.probabilities, other.probabilities)
    assert 0.6 < compute_area_under_curve(first.probabilities, treated) < 0.85


def test_a_boosted_propensity_learns_nothing_where_there_is_nothing():
    pytest.importorskip("lightgbm")
    random = np.random.default_rng(5)
    values, treated = random.standard_normal((600, 4)), random.random(600) < 0.4
    fit = fit_boosted_propensity(values, treated, TERMS[: values.shape[1]], folds=5, seed=1)
    assert abs(compute_area_under_curve(fit.probabilities, treated) - 0.5) < 0.08


def test_trees_find_what_a_straight_line_misses():
    pytest.importorskip("lightgbm")
    random = np.random.default_rng(6)
    values = random.standard_normal((1500, 2))
    treated = random.random(1500) < 1 / (1 + np.exp(1.5 - 2 * np.abs(values[:, 0])))
    line = fit_logistic_propensity(values, treated, TERMS[:2])
    trees = fit_boosted_propensity(values, treated, TERMS[:2], folds=5, seed=1)
    assert compute_area_under_curve(line.probabilities, treated) < 0.56
    assert compute_area_under_curve(trees.probabilities, treated) > 0.68


def test_without_lightgbm_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    values, treated = draw()
    with pytest.raises(InvalidEmulation, match=r"pip install 'unburden\[learn\]', or use 'logistic'"):
        fit_boosted_propensity(values, treated, TERMS[: values.shape[1]], folds=5, seed=1)
