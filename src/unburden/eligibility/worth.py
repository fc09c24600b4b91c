"""What each criterion is worth: Shapley values over all cohorts, with errors by influence and bootstrap."""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from unburden.domain.criteria_worth import (
    MOST_CRITERIA,
    MOST_EXACT,
    OUTCOMES,
    CriteriaWorth,
    EmulationData,
    Outcome,
    OutcomeWorth,
    WorthPlan,
)
from unburden.domain.errors import InvalidCohort, InvalidDesign, Problems
from unburden.eligibility.cohorts import (
    Estimates,
    Sets,
    describe_problem,
    estimate_cohorts,
    estimate_replicate,
    find_neighbours,
    find_sets,
    make_settings,
    map_over_threads,
    order_patients,
    tabulate_cohorts,
)
from unburden.kernels import cohort_desk as kernel
from unburden.kernels.resampling import ORDERS, draw_counts, draw_normals, draw_uniforms

_JOINT_DRAWS = 20_000
_LEAST_SHARE_OF_REPLICATES = 0.95


@dataclass(frozen=True)
class _Game:
    """Masks, and the coefficient of each in each criterion's value; orders in pairs where sampled."""

    masks: np.ndarray
    coefficients: np.ndarray
    steps: np.ndarray | None


def weigh_criteria(
    passing: np.ndarray,
    data: EmulationData,
    plan: WorthPlan,
    *,
    criteria: tuple[str, ...] | None = None,
    threads: int | None = None,
) -> CriteriaWorth:
    """Shapley value of each criterion for the hazard ratio, the restricted mean, safety and the pool.

    `passing` (patients, criteria, Boolean) says who passes which criterion, unknown already decided by
    the criterion's policy; `criteria` are their names. The value of a set of criteria is the outcome
    of the patients who pass all of them, each cohort with a propensity and weights of its own; of no
    criteria, that of all patients. Up to 15 criteria all 2**k cohorts are estimated; beyond, orders
    are sampled (`plan.permutations`), each with its reverse, and their Monte Carlo error is part of the
    intervals. The Shapley value is linear in the cohorts' outcomes, so a patient's influence on it is the
    same sum of the patient's influences on them.

    The outcomes are `log_hazard_ratio` and `rmst_difference` (treated less control),
    `risk_difference` of the adverse event (weighted share) and `patients` in the cohort. An outcome
    that does not exist in one of the cohorts has no Shapley values: `CriteriaWorth.refused` says
    which cohort and why. A covariate that is constant in a cohort has no part in its propensity.

    Raises `InvalidCohort` for rows that do not fit, `InvalidDesign` for more than 32 criteria or
    sampled orders without their number.
    """
    names = criteria or tuple(f"criterion {j + 1}" for j in range(np.shape(passing)[-1]))
    _check_passing(passing, data, plan, names)
    passing = np.asarray(passing, bool)
    game = _make_exact(len(names)) if len(names) <= MOST_EXACT else _sample_orders(len(names), plan)
    patients, _ = order_patients(passing, data)
    sets, settings = find_sets(game.masks, patients.failing, len(names)), make_settings(data, plan)
    contrasts = np.zeros((len(sets.unique), len(names)))
    np.add.at(contrasts, sets.place, game.coefficients)
    contrasts[:, passing.all(axis=0)] = 0.0
    estimates = estimate_cohorts(sets, patients, settings, contrasts, threads=threads)
    refused = _find_refused(sets, estimates, data, names)
    boots = _run_bootstrap(sets, patients, settings, estimates, contrasts, plan, threads, refused)
    found: dict[Outcome, OutcomeWorth] = {
        outcome: _describe_outcome(o, game, sets, estimates, contrasts, boots, plan)
        for o, outcome in enumerate(OUTCOMES)
        if outcome not in refused and (outcome != "risk_difference" or data.adverse is not None)
    }
    return CriteriaWorth(
        criteria=names,
        outcomes=found,
        refused=refused,
        cohorts=tabulate_cohorts(sets, estimates, data.adverse is not None),
        plan=plan,
        is_exact=game.steps is None,
        replicates_used=0 if boots is None else len(boots),
        patient_ids=data.ids,
        source=data.source,
    )


def _check_passing(passing: np.ndarray, data: EmulationData, plan: WorthPlan, names: tuple[str, ...]) -> None:
    """Refuse a table that does not fit the patients, the names or the plan."""
    problems = Problems("criteria to be weighed")
    shape = np.shape(passing)
    if problems.check(
        len(shape) == 2 and shape[0] == data.patients and shape[1] == len(names) > 0,
        f"passing is {' × '.join(map(str, shape))}; give {data.patients} patients × {len(names)} criteria",
    ):
        is_flag = bool(np.isin(passing, (0, 1)).all())
        problems.check(is_flag, "passing holds other values than true and false; decide unknown first")
    problems.check(len(set(names)) == len(names), "two criteria have one name; give each its own")
    problems.raise_if_any(InvalidCohort)
    problems.check(
        len(names) <= MOST_CRITERIA, f"there are {len(names)} criteria; weigh at most {MOST_CRITERIA}"
    )
    if len(names) > MOST_EXACT:
        problems.check(
            plan.permutations >= 20,
            f"{len(names)} criteria are more than {MOST_EXACT}: give permutations, at least 20",
        )
    problems.raise_if_any(InvalidDesign)


def compute_shapley_coefficients(criteria: int) -> np.ndarray:
    """The coefficient of each set's value in each criterion's Shapley value, (2**criteria, criteria).

    (s - 1)! (k - s)! / k! for a set of s criteria that holds it, less s! (k - s - 1)! / k! for one
    that does not (Shapley 1953).

    >>> compute_shapley_coefficients(2).tolist()
    [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    """
    k = criteria
    masks = np.arange(1 << k, dtype=np.uint32)
    sizes = np.bitwise_count(masks).astype(int)
    share = np.array([1 / (k * math.comb(k - 1, s)) for s in range(k)] + [0.0])
    has = (masks[:, None] >> np.arange(k, dtype=np.uint32)) & 1 == 1
    return np.where(has, share[sizes - 1][:, None], -share[sizes][:, None])


def _make_exact(criteria: int) -> _Game:
    """All sets of criteria."""
    masks = np.arange(1 << criteria, dtype=np.uint32)
    return _Game(masks, compute_shapley_coefficients(criteria), None)


def _sample_orders(criteria: int, plan: WorthPlan) -> _Game:
    """The sets along sampled orders, each followed by its reverse (antithetic; Mitchell et al. 2022)."""
    half = plan.permutations // 2
    uniforms = np.empty((half, criteria))
    draw_uniforms(np.uint64(plan.seed), np.uint64(0), ORDERS, uniforms)
    one_way = np.argsort(uniforms, axis=1).astype(np.uint32)
    orders = np.stack([one_way, one_way[:, ::-1]], axis=1).reshape(plan.permutations, criteria)
    steps = np.zeros((plan.permutations, criteria + 1), np.uint32)
    np.bitwise_or.accumulate(np.uint32(1) << orders, axis=1, out=steps[:, 1:])
    masks, place = np.unique(steps, return_inverse=True)
    place = place.reshape(steps.shape)
    coefficients = np.zeros((len(masks), criteria))
    np.add.at(coefficients, (place[:, 1:], orders), 1.0 / plan.permutations)
    np.add.at(coefficients, (place[:, :-1], orders), -1.0 / plan.permutations)
    return _Game(masks, coefficients, np.concatenate([place, orders], axis=1))


def _find_refused(
    sets: Sets, estimates: Estimates, data: EmulationData, names: tuple[str, ...]
) -> dict[Outcome, str]:
    """Why outcomes have no Shapley values: how many cohorts, the one of fewest criteria, the reason."""
    refused: dict[Outcome, str] = {}
    for o, outcome in enumerate(OUTCOMES[: 3 if data.adverse is not None else 2]):
        states = estimates.statuses[sets.place, o]
        missing = np.flatnonzero(states != kernel.EXISTS)
        if len(missing):
            sizes = np.bitwise_count(sets.masks[missing])
            worst = missing[np.argmin(sizes)]
            listed = [name for j, name in enumerate(names) if sets.masks[worst] >> j & 1]
            patients = int(estimates.results[sets.place[worst], kernel.PATIENTS])
            whose = ", ".join(listed) or "no criteria"
            refused[outcome] = (
                f"{len(missing)} of {len(sets.masks)} cohorts have none; that of {whose} "
                f"({patients} patients): {describe_problem(int(states[worst]))}; "
                "join or drop criteria, widen the cohort, shorten the horizon or use fewer covariates"
            )
    return refused


def _get_values(o: int, results: np.ndarray) -> np.ndarray:
    """One outcome of each different cohort."""
    return results[:, kernel.PATIENTS] if o == kernel.POOL else results[:, kernel.VALUES + o]


def _run_bootstrap(
    sets: Sets,
    patients: kernel.Patients,
    settings: kernel.Settings,
    estimates: Estimates,
    contrasts: np.ndarray,
    plan: WorthPlan,
    threads: int | None,
    refused: dict[Outcome, str],
) -> np.ndarray | None:
    """Shapley values of each replicate that has them all, (replicates, 4, criteria); None if not asked.

    Patients are drawn with replacement (Efron 1979); the propensity is estimated anew in every cohort.
    """
    if plan.replicates == 0:
        return None
    near = find_neighbours(sets.unique, sets)
    base = estimates.solutions.copy()
    usable = [o for o in range(3) if OUTCOMES[o] not in refused and (o != kernel.RISK or settings.has_harm)]

    def run(replicate: int) -> np.ndarray | None:
        counts = np.empty(len(patients.times))
        draw_counts(np.uint64(plan.seed), np.uint64(replicate), counts)
        results, statuses = estimate_replicate(sets, near, patients, settings, base, counts)
        if (statuses[:, usable] != kernel.EXISTS).any():
            return None
        values = np.zeros((4, contrasts.shape[1]))
        for o in (*usable, kernel.POOL):
            values[o] = contrasts.T @ _get_values(o, results)
        return values

    found = [values for values in map_over_threads(run, plan.replicates, threads) if values is not None]
    if len(found) < _LEAST_SHARE_OF_REPLICATES * plan.replicates:
        return np.empty((0, 4, contrasts.shape[1]))
    return np.array(found)


def _describe_outcome(
    o: int,
    game: _Game,
    sets: Sets,
    estimates: Estimates,
    contrasts: np.ndarray,
    boots: np.ndarray | None,
    plan: WorthPlan,
) -> OutcomeWorth:
    """Values, errors, intervals and p-values of one outcome."""
    cohort_values = _get_values(o, estimates.results)
    per_mask = cohort_values[sets.place]
    values = game.coefficients.T @ per_mask
    values[(contrasts == 0).all(axis=0)] = 0.0
    influence = estimates.influence[:, :, o]
    if o == kernel.POOL:
        influence = influence - values / len(influence)
    covariance = influence.T @ influence
    sampling = np.sqrt(np.diag(covariance))
    monte_carlo = None if game.steps is None else _compute_monte_carlo(game.steps, per_mask)
    extra = 0.0 if monte_carlo is None else monte_carlo**2
    total = np.sqrt(sampling**2 + extra)
    covariance = covariance + np.diag(total**2 - sampling**2)
    single = NormalDist().inv_cdf(0.5 + plan.level / 2)
    joint = find_joint_quantile(covariance, plan.level, plan.seed)
    return OutcomeWorth(
        outcome=OUTCOMES[o],
        with_none=float(per_mask[0]),
        with_all=float(per_mask[-1]),
        values=values,
        standard_errors=sampling,
        total_errors=total,
        low=values - single * total,
        high=values + single * total,
        joint_low=values - joint * total,
        joint_high=values + joint * total,
        p_values=adjust_by_holm(values, total),
        bootstrap_errors=boots[:, o].std(axis=0, ddof=1) if boots is not None and len(boots) else None,
        monte_carlo_errors=monte_carlo,
    )


def _compute_monte_carlo(steps: np.ndarray, per_mask: np.ndarray) -> np.ndarray:
    """Standard error of the mean over sampled pairs of orders."""
    criteria = steps.shape[1] // 2
    along = per_mask[steps[:, : criteria + 1]]
    gains = np.empty((len(steps), criteria))
    np.put_along_axis(gains, steps[:, criteria + 1 :], np.diff(along, axis=1), axis=1)
    pairs = gains.reshape(-1, 2, criteria).mean(axis=1)
    return pairs.std(axis=0, ddof=1) / math.sqrt(len(pairs))


@lru_cache(maxsize=4)
def _draw_normals(seed: int, columns: int) -> np.ndarray:
    """The normals of a seed, the same for every outcome."""
    normals = np.empty((_JOINT_DRAWS, columns))
    draw_normals(np.uint64(seed), normals)
    return normals


def find_joint_quantile(covariance: np.ndarray, level: float, seed: int) -> float:
    """The quantile of the largest absolute value of correlated normals (max-t), from 20,000 draws."""
    errors = np.sqrt(np.diag(covariance))
    varying = errors > 0
    if varying.sum() <= 1:
        return NormalDist().inv_cdf(0.5 + level / 2)
    correlation = covariance[np.ix_(varying, varying)] / np.outer(errors[varying], errors[varying])
    roots, vectors = np.linalg.eigh(correlation)
    normals = _draw_normals(seed, int(varying.sum()))
    largest = np.abs(normals @ (vectors * np.sqrt(np.maximum(roots, 0.0))).T).max(axis=1)
    return float(np.quantile(largest, level))


def adjust_by_holm(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Two-sided p-values over all criteria (Holm 1979); 1 for a criterion that keeps nobody out.

    >>> adjust_by_holm(np.array([3.0, 0.0, 2.5]), np.array([1.0, 0.0, 1.0])).round(4).tolist()
    [0.0081, 1.0, 0.0248]
    """
    z = np.divide(np.abs(values), errors, out=np.zeros(len(values)), where=errors > 0)
    alone = np.array([math.erfc(x / math.sqrt(2)) for x in z])
    order = np.argsort(alone)
    stepped = alone[order] * np.arange(len(alone), 0, -1)
    adjusted = np.empty(len(alone))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted
