"""Made-up patients with a known effect of treatment, for the tests of emulated trials.

Two worlds, both with a confounder `x` (normal) and one `z` (true or false) that decide about treatment.
`draw_marginal` has a constant *marginal* hazard ratio by a copula (Havercroft & Didelez 2012, Stat Med
31:4190), so that the weighted Cox regression has a truth; `draw_conditional` has proportional hazards given
x and z, so that the doubly robust estimate's outcome model can be right.
"""

import math

import numpy as np
import polars as pl
from scipy.special import expit, ndtr

from unburden.domain.cohort import Cohort, Column
from unburden.domain.emulation_plan import (
    AnalysisPlan,
    Covariate,
    EmulatedOutcome,
    EmulationPlan,
    TimeZero,
    TreatmentStrategies,
    Truncation,
)

HAZARD = 0.002
RATIO = 0.6
HORIZON = 500.0
CENSORING = 0.0006


def make_plan(covariates=("x", "z"), *, population="ATE", **changes):
    """A plan for the columns of both worlds."""
    analysis = {
        "follow_up_days": 1500.0,
        "horizon_days": HORIZON,
        "propensity": "logistic",
        "is_stabilised": True,
        "truncation": Truncation(),
        "ties": "efron",
        "level": 0.95,
        "folds": 1,
        "seed": 1,
        "missing": "refuse",
        "censoring": "arm",
    } | changes
    return EmulationPlan(
        name="made up",
        patient_column="patient",
        treatment=TreatmentStrategies("treated", True, False, "drug", "no drug"),
        time_zero=TimeZero("start", "start_day", "eligible_day", "assigned_day", "drug_day"),
        outcome=EmulatedOutcome("death", "days", "has_died", "day"),
        population=population,
        contrast="intention-to-treat",
        covariates=tuple(Covariate(name) for name in covariates),
        analysis=AnalysisPlan(**analysis),
    )


def draw_covariates(random, patients):
    x, z = random.standard_normal(patients), random.random(patients) < 0.4
    treated = random.random(patients) < expit(-0.3 + 0.7 * x + 0.6 * z)
    return x, z, treated


def make_cohort(random, x, z, treated, times):
    """Patients whose true times are censored at random, in every patient alike."""
    censored = np.minimum(random.exponential(1 / CENSORING, len(x)), 1500.0)
    frame = pl.DataFrame(
        {
            "patient": np.arange(len(x)),
            "x": x,
            "z": z,
            "treated": treated,
            "days": np.minimum(times, censored),
            "has_died": times <= censored,
            "start_day": np.zeros(len(x)),
            "eligible_day": np.zeros(len(x)),
            "assigned_day": np.zeros(len(x)),
            "drug_day": pl.Series([0.0 if t else None for t in treated], dtype=pl.Float64),
        }
    )
    return Cohort("made up", frame, (Column("x", "1"), Column("z")), "simulated:made-up patients")


def draw_marginal(seed, patients):
    """Times of marginal hazard HAZARD in controls and HAZARD x RATIO in treated; x and z set the rank."""
    random = np.random.default_rng(seed)
    x, z, treated = draw_covariates(random, patients)
    scaled = (x + (z - 0.4)) / math.sqrt(1 + 0.4 * 0.6)
    # x + z is a mixture of two normals: its own distribution function makes the rank uniform.
    noise = random.standard_normal(patients)
    score = 0.7 * scaled + math.sqrt(1 - 0.49) * noise
    shift = 0.7 / math.sqrt(1.24)
    spread = math.sqrt(shift**2 + 1 - 0.49)
    rank = 0.6 * ndtr((score + 0.4 * shift) / spread) + 0.4 * ndtr((score - 0.6 * shift) / spread)
    times = -np.log(rank) / (HAZARD * np.where(treated, RATIO, 1.0))
    return make_cohort(random, x, z, treated, times)


def find_marginal_difference():
    """Treated less control mean up to the horizon: exponential times, in closed form."""
    areas = [(1 - math.exp(-rate * HORIZON)) / rate for rate in (HAZARD * RATIO, HAZARD)]
    return areas[0] - areas[1]


def draw_conditional(seed, patients):
    """Exponential times with log hazard log HAZARD + log RATIO x treated + 0.8 x + 0.5 z."""
    random = np.random.default_rng(seed)
    x, z, treated = draw_covariates(random, patients)
    hazards = HAZARD * np.where(treated, RATIO, 1.0) * np.exp(0.8 * x + 0.5 * z)
    return make_cohort(random, x, z, treated, random.exponential(1 / hazards))


def find_conditional_difference(population="ATE"):
    """The same world's difference of means, integrated over the x and z of a population."""
    total, mass = 0.0, 0.0
    for z, share in ((0, 0.6), (1, 0.4)):
        for x, weight in zip(*np.polynomial.hermite_e.hermegauss(80), strict=True):
            e = expit(-0.3 + 0.7 * x + 0.6 * z)
            part = share * weight * {"ATE": 1.0, "ATT": e, "ATO": e * (1 - e)}[population]
            rates = [HAZARD * ratio * math.exp(0.8 * x + 0.5 * z) for ratio in (RATIO, 1.0)]
            areas = [(1 - math.exp(-rate * HORIZON)) / rate for rate in rates]
            total, mass = total + part * (areas[0] - areas[1]), mass + part
    return total / mass


def draw_curved(seed, patients):
    """Both treatment and hazard rise with the size of x, not with x: a straight logistic model is wrong."""
    random = np.random.default_rng(seed)
    x, z = random.standard_normal(patients), random.random(patients) < 0.4
    treated = random.random(patients) < expit(-0.4 + 1.2 * (np.abs(x) - 0.8))
    hazards = HAZARD * np.where(treated, RATIO, 1.0) * np.exp(np.abs(x) - 0.8)
    return make_cohort(random, x, z, treated, random.exponential(1 / hazards))


def find_curved_difference():
    """The curved world's difference of means in all patients, by the trapezoidal rule."""
    x = np.linspace(0, 9, 90_001)
    density = np.exp(-x * x / 2) * math.sqrt(2 / math.pi)
    rates = [HAZARD * ratio * np.exp(x - 0.8) for ratio in (RATIO, 1.0)]
    areas = [(1 - np.exp(-rate * HORIZON)) / rate for rate in rates]
    return float(np.trapezoid(density * (areas[0] - areas[1]), x))
