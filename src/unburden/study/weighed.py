"""The patients and criteria that are weighed: who passes what, and the emulated trial's data."""

import numpy as np
import polars as pl

from unburden.domain.criteria_worth import EmulationData, Weighting, WorthPlan
from unburden.domain.emulation_plan import EmulationPlan
from unburden.domain.errors import InvalidStudy
from unburden.domain.passing import PassingTable
from unburden.domain.weighing import EligibilityStudy, WeighingPlan
from unburden.eligibility.effects import read_follow_up, weigh_patients
from unburden.eligibility.passing import derive_passing
from unburden.eligibility.time_zero import check_emulation

_WEIGHTINGS: dict[str, Weighting] = {"ATE": "stabilised", "ATO": "overlap"}
_CHANCE = 0.01
"""An arm that is missing among so many by chance less often than this is taken to be missing by rule."""


class Weighed:
    """The patients who pass the criteria that always hold, and who of them passes those that are weighed."""

    def __init__(
        self,
        whole: PassingTable,
        table: PassingTable,
        rows: np.ndarray,
        data: EmulationData,
        plan: WorthPlan,
    ) -> None:
        self.whole, self.table, self.rows, self.data, self.plan = whole, table, rows, data, plan

    @classmethod
    def of(cls, study: EligibilityStudy) -> "Weighed":
        """As the study declares them; raises what cannot be."""
        emulation, weighing = study.plan.emulation, study.plan.weighing
        assert emulation and weighing
        whole = derive_passing(study.rules, study.cohort)
        is_always = np.isin(whole.criterion_ids, weighing.always)
        rows = np.flatnonzero(whole.passing[:, is_always].all(axis=1))
        table = PassingTable(
            whole.cohort_name,
            tuple(n for n, fixed in zip(whole.criterion_ids, is_always, strict=True) if not fixed),
            whole.passing[np.ix_(rows, ~is_always)],
            whole.unknown[np.ix_(rows, ~is_always)],
            whole.source,
        )
        frame = study.cohort.frame[rows.tolist()]
        data = _read_data(frame, emulation, weighing, study.cohort.source)
        _check_positivity(table, data, emulation)
        return cls(whole, table, rows, data, make_worth_plan(emulation, weighing))

    def part(self, rows: np.ndarray) -> tuple[np.ndarray, EmulationData]:
        """Some of the patients: who passes what, and their data."""
        return self.table.passing[rows], self.data.take(rows)


def make_worth_plan(emulation: EmulationPlan, weighing: WeighingPlan) -> WorthPlan:
    """Criteria are weighed by the analysis of the emulated trial: its weights, ties and horizon.

    Raises `InvalidStudy` for analyses that are not made cohort by cohort.
    """
    analysis = emulation.analysis
    problems = []
    if emulation.population not in _WEIGHTINGS:
        problems.append("[emulation] population is 'ATT'; criteria are weighed for ATE or ATO, so use one")
    if analysis.propensity != "logistic":
        problems.append("[emulation.analysis] propensity is 'boosted'; criteria are weighed with 'logistic'")
    if emulation.population == "ATE" and not analysis.is_stabilised:
        problems.append(
            "[emulation.analysis] stabilised is false; criteria are weighed with stabilised weights"
        )
    if problems:
        raise InvalidStudy("[worth]", problems)
    return WorthPlan(
        horizon=analysis.horizon_days,
        weighting=_WEIGHTINGS[emulation.population],
        ties=analysis.ties,
        replicates=weighing.replicates,
        seed=weighing.seed,
        level=weighing.level,
        truncation=analysis.truncation,
        permutations=weighing.permutations,
    )


def _read_data(
    frame: pl.DataFrame, emulation: EmulationPlan, weighing: WeighingPlan, source: str
) -> EmulationData:
    """The emulated trial's patients as numbers, for every cohort alike."""
    check_emulation(frame, emulation)
    patients = weigh_patients(frame, emulation, source)
    follow_up = read_follow_up(frame, emulation.outcome, patients.treated, emulation.analysis.follow_up_days)
    adverse = None
    if weighing.adverse:
        column = frame.get_column(weighing.adverse)
        if column.dtype != pl.Boolean or column.null_count():
            told = f"adverse names {weighing.adverse!r}, which holds {column.dtype} with "
            told += f"{column.null_count()} unknown; give a column of true and false for every patient"
            raise InvalidStudy("[worth]", [told])
        adverse = column.to_numpy()
    return EmulationData(
        times=follow_up.days,
        events=follow_up.has_event,
        treated=patients.treated,
        covariates=patients.covariates.values,
        source=source,
        adverse=adverse,
        covariate_names=patients.covariates.terms,
    )


def _check_positivity(table: PassingTable, data: EmulationData, emulation: EmulationPlan) -> None:
    """Refuse criteria that keep out patients of one arm only, beyond chance: there is nobody to compare."""
    treated = data.treated.astype(bool)
    strategies = emulation.treatment.treated_strategy, emulation.treatment.control_strategy
    problems = []
    for number, name in enumerate(table.criterion_ids):
        out = ~table.passing[:, number]
        for arm, strategy in zip((treated, ~treated), strategies, strict=True):
            by_chance = (1 - arm.mean()) ** out.sum()
            if not (out & arm).any() and by_chance < _CHANCE:
                problems.append(
                    f"none of the {int(out.sum())} patients whom {name} keeps out had {strategy!r}, so these "
                    "data cannot say what it is worth; name it in [worth] always, with the reason"
                )
    if problems:
        raise InvalidStudy("[worth]", problems)
