"""The tilt bound at no distance, against exact probabilities of known events, and inside a box."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from unburden.simulation.tilting import (
    bound_tile,
    compute_event_moment,
    compute_patient_moment,
    compute_share_moment,
)

shares = st.floats(0.05, 0.95)
hazards = st.floats(0.01, 0.2)
SLACK = 1 + 1e-9


def of_shares(n):
    return lambda a, b, q: [n * sum(compute_share_moment(x, y, q) for x, y in zip(a, b, strict=True))]


def of_patients(n):
    return lambda a, b, q: [n * compute_patient_moment(a, b, q)]


def of_events(d):
    return lambda a, b, q: [d * compute_event_moment(a, b, q)]


@given(shares, hazards, hazards, st.floats(1e-4, 0.9))
def test_at_the_centre_the_bound_is_that_of_the_centre(share, hazard, dropout, error):
    for moments, point in (
        (of_shares(40), (share, share)),
        (of_patients(40), (hazard, dropout)),
        (of_events(40), (hazard, dropout)),
    ):
        assert bound_tile(error, moments, point, [point]) == pytest.approx(error, rel=1e-4)
        assert bound_tile(error, moments, point, [point]) >= error * (1 - 1e-9)


@given(shares, shares, st.integers(1, 40), st.data())
def test_no_binomial_tail_exceeds_the_bound(here, there, n, data):
    least = data.draw(st.integers(0, n))
    centre, moved = (float(stats.binom.sf(least - 1, n, share)) for share in (here, there))
    assert moved <= bound_tile(centre, of_shares(n), (here,), [(there,)]) * SLACK
    low, gone = (float(stats.binom.cdf(least, n, share)) for share in (here, there))
    assert gone <= bound_tile(low, of_shares(n), (here,), [(there,)]) * SLACK


@given(hazards, hazards, hazards, hazards, st.integers(1, 30), st.data())
def test_no_count_of_dropouts_and_no_total_time_exceeds_the_bound(a, b, c, d, n, data):
    """Of n patients followed to the end dropouts are binomial and their time is gamma; by the n-th event the
    dropouts are negative binomial and the time is gamma with the hazard of events alone."""
    start, end = (a, b), (c, d)
    least = data.draw(st.integers(0, n))
    level = data.draw(st.floats(0.001, 0.999))
    for moments, count, time in (
        (of_patients(n), lambda p: stats.binom(n, p[1] / sum(p)), lambda p: stats.gamma(n, scale=1 / sum(p))),
        (of_events(n), lambda p: stats.nbinom(n, p[0] / sum(p)), lambda p: stats.gamma(n, scale=1 / p[0])),
    ):
        cut = time(start).ppf(level)
        for here, there in (
            (count(start).sf(least), count(end).sf(least)),
            (count(start).cdf(least), count(end).cdf(least)),
            (time(start).sf(cut), time(end).sf(cut)),
            (time(start).cdf(cut), time(end).cdf(cut)),
        ):
            assert there <= bound_tile(float(here), moments, start, [end]) * SLACK + 1e-300


@given(hazards, hazards, st.floats(0.05, 1.0), st.floats(0.05, 1.0), st.floats(1.001, 30.0))
@settings(max_examples=200)
def test_no_point_of_a_box_has_a_larger_moment_than_its_corners(hazard, dropout, wide, high, q):
    rng = np.random.default_rng(1)
    low, top = (hazard * (1 - wide / 2), dropout * (1 - high)), (hazard * (1 + wide), dropout * (1 + high))
    corners = [(x, y) for x in (low[0], top[0]) for y in (low[1], top[1])]
    for moment in (compute_patient_moment, compute_event_moment):
        most = max(moment((hazard, dropout), corner, q) for corner in corners)
        for _ in range(20):
            point = tuple(rng.uniform(low, top))
            found = moment((hazard, dropout), point, q)
            assert found <= most + 1e-9 * max(1.0, abs(most)) or math.isinf(most)


@given(shares, st.floats(0.01, 0.4), st.floats(0.01, 0.4), st.floats(1.001, 30.0))
@settings(max_examples=200)
def test_the_null_part_of_a_cut_box_is_held_by_three_corners(centre, down, up, q):
    rng = np.random.default_rng(2)
    low, top = centre * (1 - down), centre + (1 - centre) * up
    moments = of_shares(25)
    most = max(moments((centre, centre), corner, q)[0] for corner in ((low, low), (top, low), (top, top)))
    for _ in range(20):
        treatment, control = sorted(rng.uniform(low, top, 2))
        assert moments((centre, centre), (control, treatment), q)[0] <= most + 1e-9 * max(1.0, most)
