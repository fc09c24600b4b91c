"""The simulation report of a design file: all that was asked, run and found, with what is not known."""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy

from unburden import __version__
from unburden.domain.analysis import CoxWald, LogRank
from unburden.domain.design import Design, Events, Months
from unburden.domain.errors import InvalidDesign
from unburden.domain.scenario import TimeToEvent
from unburden.domain.shards import Shard
from unburden.domain.simulation_report import ExampleTrial, LookPlan, ScenarioResult, SimulationReport
from unburden.simulation.boundaries import derive_bounds
from unburden.simulation.distributions import compute_normal_upper
from unburden.simulation.trials import simulate_shard
from unburden.study.design_files import DesignFile
from unburden.study.expecting import expect_course

EXAMPLES = 3
_NONE = -50.0
"""A z below which a futility bound stops nobody."""


def derive_simulation_report(
    record: DesignFile, results: Sequence[ScenarioResult], *, seed: int, command: str
) -> SimulationReport:
    """The report of the results of `simulate_scenarios`; `command` is how they are made again."""
    bounds = derive_bounds(record.design.plan)
    return SimulationReport(
        question=record.question,
        design=record.design,
        bounds=bounds,
        looks=plan_looks(record.design),
        alternatives=record.alternatives,
        scenarios=tuple(
            replace(found, examples=_draw_examples(record.design, found, seed)) for found in results
        ),
        courses={found.planned.scenario.name: _expect(record.design, found) for found in results},
        seed=seed,
        command=command,
        file_name=Path(record.path).name,
        file_text=record.text,
        file_sha256=record.sha256,
        versions=find_versions(),
        limits=tuple(_tell_limits(record, results)),
    )


def find_versions() -> Mapping[str, str]:
    """The software that the numbers depend on."""
    return {
        "unburden": __version__,
        "Python": platform.python_version(),
        "numba": numba.__version__,
        "NumPy": numpy.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }


def plan_looks(design: Design) -> tuple[LookPlan, ...]:
    """The looks of a design with their bounds, in the words and on the scales that a reader knows."""
    bounds = derive_bounds(design.plan)
    looks = []
    for k, rate in enumerate(design.information_rates):
        z, down = bounds.efficacy[k], bounds.futility[k]
        ratio = None
        match design.stopping:
            case Events(last):
                events = math.ceil(rate * last - 1e-9)
                when = f"{events} events"
                if isinstance(design.test, LogRank | CoxWald):
                    treated = design.allocation_ratio / (1 + design.allocation_ratio)
                    ratio = math.exp(-z / math.sqrt(events * treated * (1 - treated)))
            case Months(last, interim):
                when = f"month {(*interim, last)[k]:g}"
            case None:
                when = f"{math.ceil(rate * design.patients - 1e-9)} patients assessed"
        has_futility = k < len(design.information_rates) - 1 and down > _NONE
        looks.append(
            LookPlan(
                when, rate, z, compute_normal_upper(z), bounds.alpha_spent[k],
                down if has_futility else None, ratio,
            )
        )  # fmt: skip
    return tuple(looks)


def _draw_examples(design: Design, found: ScenarioResult, seed: int) -> tuple[ExampleTrial, ...]:
    """The first trials of the scenario under the design's first test, one by one."""
    scenario, test = found.planned.scenario, found.runs[0].operating.design.test
    examples = []
    for number in range(min(EXAMPLES, found.trials)):
        sums = simulate_shard(Shard(design, scenario, (test,), seed, number, 1, __version__))
        look = sums.stopped[0].index(1)
        months, patients, events = sums.sums[0]
        has_events = isinstance(scenario.outcome, TimeToEvent)
        examples.append(
            ExampleTrial(
                number, look + 1, sums.rejected[0][look] == 1, months, round(patients),
                round(events) if has_events else None,
            )
        )  # fmt: skip
    return tuple(examples)


def _expect(design: Design, found: ScenarioResult) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(expect_course(design, found.planned.scenario))
    except InvalidDesign:
        return ()


def _tell_limits(record: DesignFile, results: Sequence[ScenarioResult]):
    """What the simulations cannot say, in the reader's words."""
    purposes = {found.planned.purpose for found in results}
    yield (
        "Every figure holds in the scenarios listed and in no other. Monte Carlo intervals contain "
        "the error of the simulation only, not that of the assumptions."
    )
    yield (
        "Estimation was not examined: the simulated trials are tested, no treatment effect is "
        "estimated in them. Bias of the estimate at stopping and coverage of its interval are "
        "therefore not given."
    )
    if "null" not in purposes:
        yield "No scenario without effect is listed: type I error was not examined by simulation."
    else:
        yield (
            "Type I error was simulated at the null scenarios listed; its largest value over all "
            "other accrual, event and dropout rates was not sought. Of many figures in accordance "
            "with the nominal error, one in 40 lies above it by more than its 95 % interval by "
            "chance."
        )
    if "alternative" not in purposes:
        yield "No scenario with the planned effect is marked as such: power was not examined."
    if "stress" not in purposes:
        yield "No scenario breaks an assumption: robustness was not examined."
    if not record.alternatives:
        yield "The design is compared with no other design."
    yield from _tell_design_limits(record, results)
    yield (
        "Simulated looks happen exactly when planned: no delay for cleaning of data, no patients or "
        "events that come in after a look, no look left out. Patients alternate between arms in the "
        "planned ratio; sites, covariates and differences between patients are simulated only where a "
        "scenario names strata."
    )
    if any(run.power_check for found in results for run in found.runs):
        yield (
            "The formula beside the simulated power is a large-sample one that lets looks fall at "
            "their expected times: with very many trials it differs from the simulation by more than "
            "Monte Carlo error. The simulated figure is the one to use."
        )
    yield (
        "Missing data other than dropout, and intercurrent events that no scenario names, were not simulated."
    )


def _tell_design_limits(record: DesignFile, results: Sequence[ScenarioResult]):
    design = record.design
    has_futility = any(look.futility is not None for look in plan_looks(design))
    if has_futility and not design.is_binding:
        told = "Futility bounds are not binding, but every simulated trial that meets one stops."
        ignored = any(run.without_futility for found in results for run in found.runs)
        yield told + (
            " Type I error is therefore also given for trials that go on." if ignored
            else " Type I error for trials that go on was not simulated."
        )  # fmt: skip
    if has_futility and design.is_binding:
        yield "Futility bounds are binding: type I error holds only if every trial that meets one stops."
    tests = record.tests or (design.test,)
    is_survival = any(isinstance(found.planned.scenario.outcome, TimeToEvent) for found in results)
    if is_survival and len(design.information_rates) > 1 and any(not isinstance(t, LogRank) for t in tests):
        yield (
            "Bounds rest on the planned information rates. They are right for the log-rank test; "
            "other tests gather information at another pace and keep the error only roughly over "
            "several looks."
        )
    if isinstance(design.stopping, Months) and len(design.information_rates) > 1:
        yield (
            "Looks fall at calendar months, with the bounds of the planned information rates, which need "
            "not be met then; a real trial would adapt its bounds to the information seen."
        )
    if isinstance(design.stopping, Events):
        yield (
            "A simulated trial whose planned events never come is tested for the last time, at the "
            "last bound, when nobody is left to follow."
        )
