"""Sizes for the log-rank test: numbers printed by gsDesign and rpact, quadrature, simulation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from unburden.domain.design import Design, Months
from unburden.domain.errors import InvalidDesign, InvalidStudy
from unburden.domain.scenario import Accrual, PiecewiseHazard, Scenario, TimeToEvent
from unburden.simulation.survival_sizes import (
    METHODS,
    FollowUp,
    compute_mean_event_probability,
    size_survival,
)
from unburden.simulation.trials import simulate_trials
from unburden.study.sizing import size_trial


@pytest.mark.parametrize(
    ("dropout", "entry_rate", "ratio", "method", "patients", "events"),
    [
        (0.1, 0.0, 1.0, "lachin-foulkes", 430, 91),
        (0.1, 1.0, 1.0, "lachin-foulkes", 426, 91),
        (0.0, 1.0, 1.25, "lachin-foulkes", 400, 89),
        (0.0, 1.0, 0.8, "lachin-foulkes", 396, 94),
        (6.9, 0.0, 1.0, "lachin-foulkes", 4308, 92),
        (0.0, 0.0, 1.0, "lachin-foulkes-difference", 414, 94),
    ],
)
def test_nsurvival_of_gsdesign(dropout, entry_rate, ratio, method, patients, events):
    """gsDesign, tests/testthat/_snaps of nSurvival: hazards 0.2 and 0.1, Tr 0.5, Ts 2, 90 % power, 2.5 %
    one-sided. Its n is rounded up to an even number."""
    follow_up = FollowUp(0.5, 1.5, dropout, dropout, entry_rate)
    found = size_survival(0.2, 0.5, 0.025, 0.9, sided=1, follow_up=follow_up, method=method, ratio=ratio)
    assert 2 * math.ceil(found.patients.total / 2) == patients
    assert math.ceil(found.events) == events


def test_nsurv_of_gsdesign():
    """keaven.github.io/gsSurv, nsurv-examples 3.2: N 227.6, D 88.7."""
    found = size_survival(
        math.log(2) / 20, 0.5, 0.025, 0.9, sided=1, follow_up=FollowUp(20.0, 10.0), method="lachin-foulkes"
    )
    assert round(found.patients.total, 1) == 227.6
    assert round(found.events, 1) == 88.7


def test_schoenfeld_of_rpact():
    """rpact 3.3.4 getSampleSizeSurvival, "ss_surv_fixed_sch" of ../shared/reference."""
    found = size_survival(
        0.0577622650466621, 0.7, 0.025, 0.8, sided=1, follow_up=FollowUp(18.0, 12.0), method="schoenfeld"
    )
    assert found.patients.total == pytest.approx(394.284396738842, rel=1e-9)
    assert found.events == pytest.approx(246.787104547358, rel=1e-9)


def average_plainly(hazard: float, dropout: float, accrual: float, more: float, rate: float) -> float:
    """The event probability by quadrature over entry."""

    def density(entry: float) -> float:
        return 1 / accrual if rate == 0 else rate * math.exp(-rate * entry) / -math.expm1(-rate * accrual)

    def seen(entry: float) -> float:
        months = accrual + more - entry
        return hazard / (hazard + dropout) * -math.expm1(-(hazard + dropout) * months) * density(entry)

    return integrate.quad(seen, 0, accrual, epsabs=1e-13)[0]


@given(
    st.floats(0.005, 0.5), st.floats(0.0, 0.1), st.floats(0.5, 36.0), st.floats(0.0, 36.0),
    st.floats(-0.5, 0.5).filter(lambda rate: rate == 0 or abs(rate) > 1e-6),
)  # fmt: skip
def test_event_probabilities_are_the_integral_over_entry(hazard, dropout, accrual, more, rate):
    ours = compute_mean_event_probability(hazard, FollowUp(accrual, more, entry_rate=rate), dropout)
    assert ours == pytest.approx(average_plainly(hazard, dropout, accrual, more, rate), abs=1e-8)


@given(
    st.floats(0.3, 0.9),
    st.floats(0.5, 2.0),
    st.floats(0.0, 0.05),
    st.floats(0.0, 0.05),
    st.sampled_from((1, 2)),
)
def test_lachin_and_foulkes_as_written(effect, ratio, lost_control, lost_treatment, sided):
    """Biometrics 42:507 with different dropout in the arms, each term spelled out."""
    control, treatment, share = 0.05, 0.05 * effect, ratio / (1 + ratio)
    null = share * treatment + (1 - share) * control
    args = (12.0, 18.0, 0.03)

    def spread(hazard, dropout, part):
        return 1 / (part * average_plainly(hazard, dropout, *args))

    under_null = spread(null, lost_treatment, share) + spread(null, lost_control, 1 - share)
    under_effect = spread(treatment, lost_treatment, share) + spread(control, lost_control, 1 - share)
    z = stats.norm.isf(0.05 / sided), stats.norm.ppf(0.85)
    expected = ((z[0] * under_null**0.5 + z[1] * under_effect**0.5) / math.log(effect)) ** 2
    found = size_survival(
        control, effect, 0.05, 0.85, sided=sided, ratio=ratio, method="lachin-foulkes",
        follow_up=FollowUp(12.0, 18.0, lost_control, lost_treatment, 0.03),
    )  # fmt: skip
    assert found.patients.total == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_size_has_about_the_power_in_simulated_trials(method):
    """Equal arms, 90 % asked for: the formulas differ among themselves by some 3 % of patients."""
    dropout = 0.01
    found = size_survival(
        0.06, 0.65, 0.025, 0.9, sided=1, follow_up=FollowUp(12.0, 12.0, dropout, dropout), method=method
    )
    patients = 2 * math.ceil(found.patients.total / 2)
    world = Scenario(
        "s", Accrual((0.0,), (patients / 12.0,)),
        TimeToEvent("death", PiecewiseHazard((0.0,), (0.06,)), PiecewiseHazard((0.0,), (0.039,))),
        -math.expm1(-12 * dropout), ("assumed:test",),
    )  # fmt: skip
    design = Design(patients, 1.0, 0.025, (1.0,), Months(24.0))
    simulated = simulate_trials(design, world, trials=20_000, seed=1)
    assert simulated.power.value == pytest.approx(0.9, abs=0.02)
    assert simulated.events is not None
    assert simulated.events.value == pytest.approx(found.events, rel=0.01)


def test_a_size_by_formula_in_a_file(tmp_path):
    path = tmp_path / "size.toml"
    text = """[size]
endpoint = "log-rank"
method = "lachin-foulkes"
control_hazard = 0.2
hazard_ratio = 0.5
power = 0.9
accrual_months = 0.5
follow_up_months = 1.5
control_dropout_per_month = 0.1
treatment_dropout_per_month = 0.1
"""
    path.write_text(text)
    numbers = dict(size_trial(path).numbers)
    assert numbers["whole patients in all"].value == 430
    assert math.ceil(numbers["expected events"].value) == 91
    path.write_text(text + "\n[plan]\n")
    with pytest.raises(InvalidStudy, match="take endpoint survival"):
        size_trial(path)


def test_what_cannot_be_sized_is_told():
    with pytest.raises(InvalidDesign, match="2 problems"):
        FollowUp(-1.0, 2.0, -0.1)
    with pytest.raises(InvalidDesign, match="nobody is followed"):
        FollowUp(0.0, 0.0)
    with pytest.raises(InvalidDesign, match="nothing tells them apart"):
        size_survival(0.1, 1.0, 0.025, 0.9, sided=1, follow_up=FollowUp(1.0, 2.0), method="freedman")
    with pytest.raises(InvalidDesign, match="method is 'cox'; choose schoenfeld, freedman, lachin"):
        size_survival(0.1, 0.5, 0.025, 0.9, sided=1, follow_up=FollowUp(1.0, 2.0), method="cox")  # type: ignore
