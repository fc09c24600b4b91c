"""What a design is expected to do in a scenario, without simulation."""

from dataclasses import replace
from typing import Any

from unburden.domain.design import Design
from unburden.domain.scenario import Scenario, TimeToEvent
from unburden.simulation.follow_up import compute_enrolled
from unburden.simulation.power import expect_events, predict_power, scale_effect


def is_predictable(design: Design, scenario: Scenario) -> bool:
    """Whether looks and log-rank power of the design follow without simulation."""
    outcome = scenario.outcome
    return isinstance(outcome, TimeToEvent) and outcome.is_plain and design.stopping is not None


def expect_course(design: Design, scenario: Scenario) -> list[dict[str, Any]]:
    """Expected patients and events by month up to the last look; empty where it must be simulated."""
    if not is_predictable(design, scenario):
        return []
    last = predict_power(design, scenario).looks[-1].month
    rows = []
    for step in range(41):
        month = last * step / 40
        enrolled = compute_enrolled(scenario.accrual, design.patients, month)
        events = expect_events(design, scenario, month)
        rows += [
            {"month": month, "count": enrolled, "what": "patients"},
            {"month": month, "count": events, "what": "events"},
        ]
    return rows


def expect_power(design: Design, scenario: Scenario) -> list[dict[str, Any]]:
    """Log-rank power over the effect, as shares of the one hoped for; empty where it must be simulated."""
    outcome = scenario.outcome
    if not isinstance(outcome, TimeToEvent) or not is_predictable(design, scenario):
        return []
    rows = []
    for step in range(16):
        factor = step / 10
        world = replace(scenario, outcome=scale_effect(outcome, factor))
        power = predict_power(design, world).power
        rows.append({"effect": factor, "power": power, "what": "log-rank, expected"})
    return rows
