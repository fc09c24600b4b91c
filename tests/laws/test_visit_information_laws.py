"""What must hold for the information of any subset of visits."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.measured_course import EffectModel, MeasuredCourse
from unburden.simulation.longitudinal_information import compute_variances, weigh_last


@st.composite
def courses(draw, has_dropout: bool = True) -> MeasuredCourse:
    visits = draw(st.integers(3, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    root = rng.normal(size=(visits, visits + 1))
    stays = rng.uniform(0.6, 1.0, (2, visits)) if has_dropout else np.ones((2, visits))
    return MeasuredCourse(
        "x",
        tuple(f"v{t}" for t in range(visits)),
        (0.0, *np.cumsum(rng.uniform(1, 8, visits - 1))),
        tuple(map(tuple, root @ root.T + 0.1 * np.eye(visits))),
        tuple(map(tuple, np.cumprod(stays, axis=1))),
        "1",
        ("assumed:law",),
    )


models = st.tuples(
    st.floats(0.1, 0.9), st.sampled_from(["shared", "separate"]), st.sampled_from(["unstructured", "linear"])
)


def make_model(course: MeasuredCourse, told) -> EffectModel:
    share, baseline, difference = told
    return EffectModel(weigh_last(course), share, baseline, difference)


@settings(deadline=None, max_examples=60)
@given(courses(), models, st.data())
def test_one_more_visit_never_takes_information(course, told, data):
    model = make_model(course, told)
    kept = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(course.visits), max_size=len(course.visits)))
    )
    more = kept.copy()
    more[data.draw(st.integers(0, len(kept) - 1))] = True
    fewer, added = compute_variances(course, model, np.array([kept, more]))
    assert added <= fewer * (1 + 1e-9) or (math.isinf(fewer) and math.isinf(added))


@settings(deadline=None, max_examples=60)
@given(courses(has_dropout=False), st.floats(0.1, 0.9), st.sampled_from(["shared", "separate"]))
def test_without_dropout_only_baseline_and_last_visit_tell_of_the_last_visit(course, share, baseline):
    model = make_model(course, (share, baseline, "unstructured"))
    ends = np.zeros(len(course.visits), dtype=bool)
    ends[[0, -1]] = True
    last = ends.copy()
    last[0] = False
    everything, two, one = compute_variances(course, model, np.array([np.ones_like(ends), ends, last]))
    assert two == pytest.approx(everything, rel=1e-9)
    if baseline == "separate":
        assert one == pytest.approx(two, rel=1e-9)
    else:
        assert two <= one * (1 + 1e-12)


@settings(deadline=None, max_examples=60)
@given(courses(), models, st.floats(0.01, 100))
def test_units_and_the_order_of_subsets_do_not_matter(course, told, scale):
    model = make_model(course, told)
    rng = np.random.default_rng(1)
    subsets = rng.random((20, len(course.visits))) < 0.7
    order = rng.permutation(20)
    found = compute_variances(course, model, subsets)
    assert np.array_equal(compute_variances(course, model, subsets[order]), found[order])
    scaled = tuple(tuple(x * scale**2 for x in row) for row in course.covariance)
    other = MeasuredCourse(
        "x", course.visits, course.visit_weeks, scaled, course.retained, "1", course.sources
    )  # fmt: skip
    finite = np.isfinite(found)
    again = compute_variances(other, model, subsets)
    assert np.array_equal(np.isfinite(again), finite)
    assert again[finite] == pytest.approx(found[finite] * scale**2, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(courses(), models, st.floats(0.5, 1.0))
def test_more_dropout_never_adds_information(course, told, factor):
    model = make_model(course, told)
    less = tuple(tuple(r * factor**t for t, r in enumerate(row)) for row in course.retained)
    other = MeasuredCourse(
        "x", course.visits, course.visit_weeks, course.covariance, less, "1", course.sources
    )  # fmt: skip
    subsets = np.ones((1, len(course.visits)), dtype=bool)
    assert compute_variances(other, model, subsets)[0] >= compute_variances(course, model, subsets)[0] * (
        1 - 1e-9
    )


@settings(deadline=None, max_examples=60)
@given(courses(), models)
def test_an_assumption_about_the_difference_never_takes_information(course, told):
    share, baseline, _ = told
    subsets = np.ones((1, len(course.visits)), dtype=bool)
    free = compute_variances(course, make_model(course, (share, baseline, "unstructured")), subsets)[0]
    line = compute_variances(course, make_model(course, (share, baseline, "linear")), subsets)[0]
    assert line <= free * (1 + 1e-9)


@settings(deadline=None, max_examples=60)
@given(courses(has_dropout=False), st.floats(0.1, 0.9), st.randoms(use_true_random=False))
def test_without_dropout_the_order_of_visits_does_not_matter(course, share, random):
    visits = len(course.visits)
    order = list(range(visits))
    random.shuffle(order)
    weights = np.arange(1.0, visits + 1)
    covariance = np.array(course.covariance)[np.ix_(order, order)]
    turned = replace(course, covariance=tuple(map(tuple, covariance)))
    subsets = np.ones((1, visits), dtype=bool)
    one = EffectModel(tuple(weights), share, "separate", "unstructured")
    other = EffectModel(tuple(weights[order]), share, "separate", "unstructured")
    found = compute_variances(course, one, subsets)[0]
    assert compute_variances(turned, other, subsets)[0] == pytest.approx(found, rel=1e-8)
