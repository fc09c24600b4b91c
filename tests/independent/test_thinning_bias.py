"""Bias of thinned schedules: none where dropout is at random; else what least squares on patients shows."""

import numpy as np
import pytest

from unburden.domain.errors import InvalidDesign
from unburden.domain.measured_course import EffectModel, MeasuredCourse
from unburden.simulation.thinning_bias import simulate_thinning_bias

V = np.array([[1.0, 0.5, 0.4], [0.5, 1.0, 0.8], [0.4, 0.8, 1.2]])
COURSE = MeasuredCourse(
    "x", ("a", "b", "c"), (0.0, 4.0, 8.0), tuple(map(tuple, V)), ((1.0, 0.9, 0.7), (1.0, 0.9, 0.6)), "point",
    ("assumed:test",),
)  # fmt: skip
MODEL = EffectModel((0, 0, 1), 0.5, "shared", "unstructured")
RUN = {"patients": 4000, "batches": 25, "seed": 4}


@pytest.mark.parametrize("baseline", ["shared", "separate"])
def test_with_all_visits_dropout_is_at_random_and_there_is_no_bias(baseline):
    model = EffectModel((0, 0, 1), 0.5, baseline, "unstructured")
    found = simulate_thinning_bias(COURSE, model, COURSE.visits, dependence=(0.0, 1.0), **RUN)
    error = (found.high - found.low) / (2 * 1.96)
    assert abs(found.value) < 3.5 * error and error < 0.01
    assert found.unit == "point"


def test_without_the_visit_that_patients_leave_for_there_is_the_bias_of_complete_cases():
    rng, n = np.random.default_rng(2), 1_000_000
    treated = np.arange(n) % 2
    y = rng.normal(size=(n, 3)) @ np.linalg.cholesky(V).T
    retained = np.array(COURSE.retained)[treated]
    slope = np.where(treated, 1.0, 0.0)
    still = np.ones(n, dtype=bool)
    for t in (1, 2):
        stay = (retained[:, t] / retained[:, t - 1]) ** np.exp(
            -slope * y[:, t - 1] / np.sqrt(V[t - 1, t - 1])
        )
        still &= rng.random(n) < stay
    x = np.column_stack([np.ones(n), treated, y[:, 0]])[still]
    expected = np.linalg.lstsq(x, y[still, 2], rcond=None)[0][1]
    found = simulate_thinning_bias(COURSE, MODEL, ("a", "c"), dependence=(0.0, 1.0), **RUN)
    error = (found.high - found.low) / (2 * 1.96)
    assert expected > 0.1
    assert found.value == pytest.approx(expected, abs=3.5 * error + 0.006)


def test_errors_teach():
    with pytest.raises(InvalidDesign, match="do not tell the effect; keep those with a weight"):
        simulate_thinning_bias(COURSE, MODEL, ("a", "b"), dependence=(0.0, 0.0), **RUN)
    with pytest.raises(InvalidDesign, match="give two numbers from -5 to 5"):
        simulate_thinning_bias(COURSE, MODEL, ("a", "c"), dependence=(0.0, 9.0), **RUN)
