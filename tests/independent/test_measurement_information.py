"""Replaced and moved measurements against simulated patients, statsmodels and closed forms."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st

from unburden.domain.errors import InvalidDesign, NoEstimate
from unburden.domain.estimate import Estimate, exact
from unburden.domain.measured_course import EffectModel, MeasuredCourse
from unburden.domain.measurement import DeviceMeasure, ModeChange
from unburden.simulation.estimate_draws import draw_estimates
from unburden.simulation.measurement_information import (
    compare_device_days,
    compute_mode_information,
    compute_moved_visits_information,
    estimate_repeatability,
    evaluate_changed_power,
    find_matching_days,
)

SOURCE = "assumed:test"
RUN = {"level": 0.95, "draws": 4000, "seed": 1}


def known(value: float, unit: str = "1") -> Estimate:
    return exact(value, unit, SOURCE)


def make_device(sd=2.0, r=0.5, ratio=1.0, device_unit="1") -> DeviceMeasure:
    between, within = sd * math.sqrt(r), sd * math.sqrt(1 - r)
    return DeviceMeasure("steps", known(between, device_unit), known(within, device_unit), known(ratio))


def test_information_of_days_is_the_ratio_of_simulated_variances():
    rng = np.random.default_rng(3)
    n, sd, r, ratio, clinic = 200_000, 1.5, 0.4, 1.2, 2.0
    level = rng.normal(0, sd * math.sqrt(r), n)
    days = rng.normal(0, sd * math.sqrt(1 - r), (n, 7))
    found = compare_device_days(known(clinic), make_device(sd, r, ratio), [1, 3, 7], **RUN)
    for k, information in zip((1, 3, 7), found, strict=True):
        variance = np.var(level + days[:, :k].mean(axis=1))
        assert information.relative.value == pytest.approx(ratio**2 * clinic**2 / variance, rel=0.015)


@given(st.floats(0.5, 3), st.floats(0.05, 0.95), st.floats(0.3, 2), st.floats(0.5, 3))
def test_at_the_crossing_point_the_information_is_equal(sd, r, ratio, clinic):
    found = find_matching_days(known(clinic), make_device(sd, r, ratio), **RUN)
    if math.isinf(found.days):
        assert (ratio * clinic) ** 2 <= sd**2 * r and found.share_reached == 0
    else:
        variance = sd**2 * (r + (1 - r) / found.days)
        assert (ratio * clinic) ** 2 / variance == pytest.approx(1, rel=1e-6)
        assert found.low == found.days == found.high


def test_the_interval_of_the_crossing_point_has_its_coverage():
    """Repeatability from 80 patients, four days each, 200 times: how often the interval holds the truth."""
    sd, r, clinic = 2.0, 0.5, 1.8
    truth = sd**2 * (1 - r) / (clinic**2 - sd**2 * r)
    rng, held = np.random.default_rng(5), 0
    for k in range(200):
        values = rng.normal(0, sd * math.sqrt(r), (80, 1)) + rng.normal(0, sd * math.sqrt(1 - r), (80, 4))
        found = estimate_repeatability(
            values, unit="1", level=0.95, samples=200, seed=k, source="observed:test"
        )
        crossing = find_matching_days(
            known(clinic), DeviceMeasure("d", *found[:2], known(1.0)), level=0.95, draws=1000, seed=k
        )
        held += crossing.low <= truth <= crossing.high
    assert 0.90 <= held / 200 <= 1.0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_repeatability_equals_the_mixed_model_of_statsmodels(seed):
    """With as many days for all, the analysis of variance is restricted maximum likelihood."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 2, (40, 1)) + rng.normal(0, 1.5, (40, 5))
    frame = pd.DataFrame({"y": values.ravel(), "patient": np.repeat(np.arange(40), 5)})
    fit = smf.mixedlm("y ~ 1", frame, groups="patient").fit(reml=True)
    between, within = float(fit.cov_re.iloc[0, 0]), float(fit.scale)
    found = estimate_repeatability(values, unit="1", level=0.95, samples=200, seed=1, source="observed:test")
    expected = (math.sqrt(between), math.sqrt(within), between / (between + within))
    assert [x.value for x in found] == pytest.approx(expected, rel=1e-4)
    assert all(x.low < x.value < x.high for x in found)


def test_repeatability_with_missing_days_and_without_likeness():
    rng = np.random.default_rng(9)
    values = rng.normal(0, 2, (4000, 1)) + rng.normal(0, 1, (4000, 5))
    values[rng.random((4000, 5)) < 0.3] = np.nan
    found = estimate_repeatability(values, unit="1", level=0.95, samples=100, seed=1, source="observed:t")
    assert [x.value for x in found] == pytest.approx([2, 1, 0.8], rel=0.03)
    flat = np.tile([1.0, 2.0, 3.0], (20, 1))
    with pytest.raises(NoEstimate, match="both must be over 0"):
        estimate_repeatability(flat, unit="1", level=0.95, samples=100, seed=1, source="observed:t")


@pytest.mark.parametrize(("control", "treatment"), [(0.0, 1.0), (0.5, 0.5), (0.3, 0.6), (1.0, 1.0)])
def test_mixed_modes_against_simulated_patients(control, treatment):
    rng = np.random.default_rng(7)
    sd, tau, shift, n = 2.0, 1.0, 0.8, 400_000
    arms = []
    for share in (control, treatment):
        is_new = rng.random(n) < share
        arms.append(rng.normal(0, sd, n) + is_new * (shift + rng.normal(0, tau, n)))
    change = ModeChange(known(tau), known(shift), control, treatment)
    found = compute_mode_information(known(sd), change, treated_share=0.4, **RUN)
    after = np.var(arms[0]) / 0.6 + np.var(arms[1]) / 0.4
    assert found.relative.value == pytest.approx(sd**2 * (1 / 0.6 + 1 / 0.4) / after, rel=0.01)
    bias = arms[1].mean() - arms[0].mean()
    assert (found.bias.value if found.bias else 0.0) == pytest.approx(bias, abs=0.02)
    assert (found.bias is None) == (control == treatment)


def test_power_and_false_positives_with_bias_against_simulation():
    rng = np.random.default_rng(11)
    sd, n, trials = 2.0, 60, 20_000
    change = ModeChange(known(1.0), known(0.8), 0.0, 0.5)
    information = compute_mode_information(known(sd), change, treated_share=0.5, **RUN)
    error = sd * math.sqrt(2 / n)
    found = evaluate_changed_power(information, difference=0.9, standard_error=error, alpha=0.025)
    for effect, expected in ((0.9, found.power.value), (0.0, found.false_share.value)):
        control = rng.normal(0, sd, (trials, n))
        is_new = rng.random((trials, n)) < 0.5
        treated = rng.normal(effect, sd, (trials, n)) + is_new * (0.8 + rng.normal(0, 1.0, (trials, n)))
        spread = control.var(axis=1, ddof=1) / n + treated.var(axis=1, ddof=1) / n
        share = np.mean((treated.mean(axis=1) - control.mean(axis=1)) / np.sqrt(spread) > 1.959964)
        assert share == pytest.approx(expected, abs=4 * math.sqrt(0.25 / trials))


def test_moved_visits():
    """The last visit alone: σ²/(σ² + τ²); an intermediate one without dropout: nothing lost."""
    v = ((4.0, 2.0, 2.0), (2.0, 4.0, 2.0), (2.0, 2.0, 4.0))
    ones = (1.0, 1.0, 1.0)
    course = MeasuredCourse("x", ("a", "b", "c"), (2.0, 4.0, 6.0), v, (ones, ones), "1", (SOURCE,))
    model = EffectModel((0, 0, 1), 0.5, "separate", "unstructured")
    extra = Estimate(1.0, 0.5, 2.0, "1", (SOURCE,))
    last = compute_moved_visits_information(course, model, ("c",), extra).relative
    assert last.bounds() == pytest.approx((4 / 5, 4 / 8, 4 / 4.25))
    between = compute_moved_visits_information(course, model, ("b",), extra).relative
    assert between.bounds() == pytest.approx((1, 1, 1))


@pytest.mark.parametrize("scale", ["identity", "log", "logit"])
def test_draws_have_the_quantiles_of_the_interval(scale):
    estimate = Estimate(0.5, 0.4, 0.7, "1", (SOURCE,), 0.9)
    (found,) = draw_estimates([estimate], [scale], draws=100_000, seed=3)
    assert np.quantile(found, [0.05, 0.5, 0.95]) == pytest.approx([0.4, 0.5, 0.7], abs=0.004)


def test_errors_teach():
    with pytest.raises(InvalidDesign, match="effect_ratio is 0: the device would not see the effect"):
        make_device(ratio=0.0)
    with pytest.raises(InvalidDesign, match="give whole numbers of at least 1"):
        compare_device_days(known(1.0), make_device(), [0], **RUN)
    with pytest.raises(InvalidDesign, match="use one unit"):
        ModeChange(known(1.0, "s"), known(1.0, "m"), 0.0, 1.0)
