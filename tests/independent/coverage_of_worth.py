"""Many studies with known Shapley values: how often the intervals hold them, and what errors are reported."""

from dataclasses import dataclass

import numpy as np
from tests.independent.emulated_cohorts import make_plan

from unburden.domain.criteria_worth import EmulationData
from unburden.eligibility.worth import weigh_criteria

OUTCOMES = ("log_hazard_ratio", "rmst_difference", "risk_difference")


def draw_study(seed: int, n: int, *, effect: float = -0.6, is_confounder_left_out: bool = False):
    """Two confounders, three criteria; the effect is weaker in those whom the criteria keep out."""
    random = np.random.default_rng([seed, 2024])
    table = random.normal(size=(n, 2))
    treated = random.random(n) < 1 / (1 + np.exp(-0.7 * table[:, 0] - 0.4 * table[:, 1]))
    frail = random.random((n, 3)) < 1 / (1 + np.exp(1.4 - 0.5 * table[:, :1]))
    benefit = effect * (1 - 0.45 * frail[:, 0] - 0.25 * frail[:, 1])
    rate = 0.06 * np.exp(0.5 * table[:, 0] + 0.3 * table[:, 1] + treated * benefit)
    times, limit = random.exponential(1 / rate), random.uniform(13, 40, n)
    harm = 0.1 + 0.1 / (1 + np.exp(-table[:, 0])) + treated * (effect != 0) * (0.05 + 0.1 * frail[:, 2])
    adverse = random.random(n) < harm
    seen = table[:, 1:] if is_confounder_left_out else table
    data = EmulationData(
        np.minimum(times, limit), times <= limit, treated, seen, "simulated:tests", adverse=adverse
    )
    return ~frail, data


@dataclass(frozen=True)
class Coverage:
    """By outcome (rows) and criterion: coverage, bias in standard errors, reported over real error."""

    covered: np.ndarray
    joint: np.ndarray
    bias: np.ndarray
    error_ratio: np.ndarray


def find_truth(effect: float, patients: int, plan) -> np.ndarray:
    """The values in one very large study, or 0 where nobody has an effect."""
    if effect == 0:
        return np.zeros((3, 3))
    worth = weigh_criteria(*draw_study(10**6, patients, effect=effect), plan)
    return np.array([worth.get_outcome(outcome).values for outcome in OUTCOMES])


def measure_coverage(studies: int, n: int, effect: float, truth: np.ndarray, plan=None, **kind) -> Coverage:
    """Repeat the study and compare."""
    plan = plan or make_plan()
    values, errors, joint = [], [], []
    for seed in range(studies):
        worth = weigh_criteria(*draw_study(seed, n, effect=effect, **kind), plan, threads=1)
        found = [worth.get_outcome(outcome) for outcome in OUTCOMES]
        values.append([f.values for f in found])
        errors.append([f.standard_errors for f in found])
        held = [((f.joint_low <= t) & (t <= f.joint_high)).all() for f, t in zip(found, truth, strict=True)]
        joint.append(held)
    values, errors = np.array(values), np.array(errors)
    spread = values.std(axis=0, ddof=1)
    return Coverage(
        covered=(np.abs(values - truth) <= 1.959964 * errors).mean(axis=0),
        joint=np.array(joint).mean(axis=0),
        bias=(values.mean(axis=0) - truth) / spread,
        error_ratio=np.sqrt((errors**2).mean(axis=0)) / spread,
    )
