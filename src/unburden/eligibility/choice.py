"""Criteria chosen by the data of some patients and judged on others."""

from statistics import NormalDist

import numpy as np

from unburden.domain.criteria_worth import (
    OUTCOMES,
    ChosenCriteria,
    CriteriaWorth,
    EmulationData,
    JudgedCriteria,
    Outcome,
    Split,
    WorthPlan,
)
from unburden.domain.errors import InvalidCohort, InvalidDesign, Problems
from unburden.eligibility.cohorts import (
    estimate_cohorts,
    find_sets,
    make_settings,
    order_patients,
    tabulate_cohorts,
)
from unburden.kernels import cohort_desk as kernel
from unburden.kernels.resampling import SPLIT, draw_uniforms


def split_patients(patients: int, share: float, *, seed: int) -> Split:
    """Rows to choose criteria on (`share` of them) and rows to judge them on, by a seeded draw.

    >>> split = split_patients(10, 0.5, seed=3)
    >>> len(split.choose), len(split.judge), len(set(split.choose) & set(split.judge))
    (5, 5, 0)
    """
    problems = Problems("split of patients")
    problems.check(0 < share < 1, f"share is {share}; give a number between 0 and 1")
    problems.raise_if_any(InvalidDesign)
    uniforms = np.empty((patients, 1))
    draw_uniforms(np.uint64(seed), np.uint64(0), SPLIT, uniforms)
    order = np.argsort(uniforms[:, 0])
    cut = round(share * patients)
    return Split(np.sort(order[:cut]), np.sort(order[cut:]), share, seed)


def choose_criteria(worth: CriteriaWorth, outcome: Outcome, *, lower_is_better: bool) -> ChosenCriteria:
    """The criteria whose Shapley value for the outcome is favourable, the rule of Liu et al. (2021).

    A criterion that keeps nobody out has the value 0 and is dropped. The choice uses the values without
    regard to their error: whether it was right is for `judge_criteria` to say, on other patients.

    Raises `NoEstimate` where the outcome has no Shapley values.
    """
    values = worth.get_outcome(outcome).values
    is_kept = values < 0 if lower_is_better else values > 0
    kept = tuple(name for name, keeps in zip(worth.criteria, is_kept, strict=True) if keeps)
    mask = int(sum(1 << j for j in np.flatnonzero(is_kept)))
    return ChosenCriteria(worth.criteria, kept, mask, outcome, worth.patient_ids)


def judge_criteria(
    chosen: ChosenCriteria, passing: np.ndarray, data: EmulationData, plan: WorthPlan
) -> JudgedCriteria:
    """Outcomes of no, the chosen and all criteria in patients who had no part in the choice.

    `passing` (patients, criteria, Boolean) has the criteria in the order of the choice. The difference
    of two cohorts of one sample has the influence of the one less that of the other.

    Raises `InvalidCohort` if a patient had a part in the choice or `passing` does not fit.
    """
    passing = np.asarray(passing)
    problems = Problems("judging chosen criteria")
    shape = (data.patients, len(chosen.criteria))
    problems.check(
        passing.shape == shape, f"passing is {passing.shape}; give {shape}, criteria as in the choice"
    )
    shared = np.intersect1d(data.ids, chosen.patient_ids)
    problems.check(
        len(shared) == 0,
        f"{len(shared)} patients had a part in the choice ({', '.join(map(str, shared[:3]))}, ...); "
        "judge on the other part of split_patients",
    )
    problems.raise_if_any(InvalidCohort)
    patients, _ = order_patients(passing.astype(bool), data)
    settings = make_settings(data, plan)
    full = (1 << len(chosen.criteria)) - 1
    masks = np.array([0, chosen.mask, full], np.uint32)
    sets = find_sets(masks, patients.failing, len(chosen.criteria))
    contrasts = np.zeros((len(sets.unique), 1))
    contrasts[sets.place[1], 0] += 1.0
    contrasts[sets.place[2], 0] -= 1.0
    found = estimate_cohorts(sets, patients, settings, contrasts, threads=1)
    wide = NormalDist().inv_cdf(0.5 + plan.level / 2)
    differences = {}
    for o, outcome in enumerate(OUTCOMES):
        if o == kernel.POOL or (o == kernel.RISK and not settings.has_harm):
            continue
        if (found.statuses[sets.place[1:], o] == kernel.EXISTS).all():
            values = found.results[sets.place, kernel.VALUES + o]
            change = float(values[1] - values[2])
            error = float(np.sqrt((found.influence[:, 0, o] ** 2).sum()))
            differences[outcome] = (change, error, change - wide * error, change + wide * error)
    return JudgedCriteria(
        chosen=chosen,
        cohorts=tabulate_cohorts(sets, found, settings.has_harm),
        differences=differences,
        level=plan.level,
        source=data.source,
    )
