"""The assumptions of a scenario in words, as a statistician and a physician read them."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import fields

from unburden.domain.repeated import Longitudinal
from unburden.domain.scenario import (
    Hazard,
    LogNormal,
    PiecewiseHazard,
    Scenario,
    StudentT,
    TimeToEvent,
    WeibullHazard,
)


def tell_assumptions(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """What is assumed of outcome, accrual and dropout: pairs of what and how."""
    outcome = scenario.outcome
    if isinstance(outcome, TimeToEvent):
        yield "Event", outcome.name
        yield from _tell_survival(outcome)
    elif isinstance(outcome, Longitudinal):
        yield "Outcome", f"{outcome.name}, at the last visit"
        yield from _tell_longitudinal(outcome)
    else:
        for field in fields(outcome):
            value = getattr(outcome, field.name)
            words = field.name.replace("_", " ").capitalize()
            if value is not None:
                yield words, f"{value:g}" if isinstance(value, float) else _name_law(value)
    accrual = scenario.accrual
    yield "Accrual", f"{_tell_steps(accrual.start_months, accrual.per_month)} patients a month"
    yield "Dropout", f"{100 * scenario.dropout_per_year:g} % a year in each arm"


def _name_law(value: object) -> str:
    match value:
        case StudentT(degrees):
            return f"Student's t, {degrees:g} degrees of freedom"
        case LogNormal(log_sd):
            return f"log-normal, standard deviation {log_sd:g} of the logarithm"
    return str(value)


def _tell_longitudinal(outcome: Longitudinal) -> Iterator[tuple[str, str]]:
    """Means, standard deviations and correlations by visit, and what happens to patients on the way."""

    def tell(numbers: Iterable[float]) -> str:
        return ", ".join(f"{number:.3g}" for number in numbers)

    sds = [math.sqrt(row[i]) for i, row in enumerate(outcome.covariance)]
    yield (
        "Visits",
        f"{tell(outcome.visit_months)} months" + (" (0: baseline)" if outcome.has_baseline else ""),
    )
    yield "Control means", tell(outcome.control_means)
    yield "Treatment means", tell(outcome.treatment_means)
    yield "Standard deviations", tell(sds)
    rows = enumerate(outcome.covariance)
    correlations = (tell(row[j] / sds[i] / sds[j] for j in range(i)) for i, row in rows if i)
    yield "Correlations with the visits before", "; ".join(correlations)
    for event in outcome.intercurrent_events:
        words = f"control {event.control_per_month:g}, treatment {event.treatment_per_month:g} a month"
        if event.dependence:
            sooner = "sooner" if event.dependence > 0 else "later"
            words += f"; {sooner} for patients who do badly (dependence {event.dependence:g})"
        if event.kind == "death":
            words += "; no values after it"
        else:
            words += f"; {100 * event.kept_share:g} % of the effect remains, {event.gain:g} is added"
            words += f", {100 * event.withdrawal_share:g} % leave the study"
        yield f"Intercurrent event: {event.name} ({event.kind})", words


def _tell_survival(outcome: TimeToEvent) -> Iterator[tuple[str, str]]:
    if not outcome.strata:
        yield "Control", tell_hazard(outcome.control)
        yield "Treatment", tell_treatment(outcome.control, outcome.treatment)
    for stratum in outcome.strata:
        yield (
            f"Stratum {stratum.name}, {100 * stratum.share:g} %",
            f"control {tell_hazard(stratum.control)}; treatment "
            f"{tell_treatment(stratum.control, stratum.treatment)}",
        )
    if outcome.cured_shares != (0.0, 0.0):
        control, treated = outcome.cured_shares
        yield "Never have the event", f"{100 * control:g} % of control, {100 * treated:g} % of treatment"
    if outcome.competing:
        counts = "counts as the event" if outcome.competing_counts else "ends follow-up"
        arms = "; treatment ".join(tell_hazard(hazard) for hazard in outcome.competing)
        yield "Competing event", f"control {arms}; {counts}"
    if outcome.switching_per_month:
        after = {
            "treatment-policy": "ignored",
            "hypothetical": "ends follow-up",
            "composite": "counts as an event",
        }
        told = f"{outcome.switching_per_month:g} a month; {after[outcome.switching_strategy]} in the analysis"
        yield "Switch from control", told
    if outcome.assessment_months:
        yield "Event seen at visits only", ", ".join(f"{m:g}" for m in outcome.assessment_months) + " months"
    if outcome.treatment_assessment_months:
        told = ", ".join(f"{m:g}" for m in outcome.treatment_assessment_months)
        yield "Of treatment seen at other visits", f"{told} months"
    if outcome.reporting_delay_months:
        yield "Delay until an event is known", f"{outcome.reporting_delay_months:g} months"


def tell_hazard(hazard: Hazard) -> str:
    """A hazard in words, with its median where it is constant.

    >>> tell_hazard(PiecewiseHazard((0.0,), (0.057762,)))
    'median 12 months (0.0578 a month)'
    >>> tell_hazard(PiecewiseHazard((0.0, 4.0), (0.0578, 0.0347)))
    '0.0578 until month 4, then 0.0347 a month'
    """
    match hazard:
        case WeibullHazard(shape, scale):
            return f"Weibull, shape {shape:g}, scale {scale:g} months"
        case PiecewiseHazard(_, (rate,)):
            return f"median {math.log(2) / rate:.3g} months ({rate:.3g} a month)"
        case PiecewiseHazard(starts, rates):
            return f"{_tell_steps(starts, rates)} a month"


def tell_treatment(control: Hazard, treatment: Hazard) -> str:
    """Treatment's hazard, and how it compares with control's where that is one ratio.

    >>> steps = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0,), (0.035,))
    >>> tell_treatment(*steps)
    'median 19.8 months (0.035 a month); hazard ratio 0.7'
    """
    if control == treatment:
        return "as control"
    told = tell_hazard(treatment)
    match control, treatment:
        case PiecewiseHazard(starts, ones), PiecewiseHazard(others, twos) if starts == others and all(ones):
            ratios = [two / one for one, two in zip(ones, twos, strict=True)]
            if max(ratios) - min(ratios) < 1e-9:
                told += f"; hazard ratio {ratios[0]:.3g}"
        case WeibullHazard(shape, scale), WeibullHazard(same, other) if shape == same:
            told += f"; hazard ratio {(scale / other) ** shape:.3g}"
        case _:
            pass
    return told


def _tell_steps(starts: tuple[float, ...], rates: tuple[float, ...]) -> str:
    parts = [f"{rate:.3g} until month {end:g}" for rate, end in zip(rates[:-1], starts[1:], strict=True)]
    return ", then ".join([*parts, f"{rates[-1]:.3g}"])
