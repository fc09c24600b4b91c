"""The score beside patients who walk: what differs, over all of them and patient by patient."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from burden_walk import Walk, World

from unburden.burden.views import spread_home_days
from unburden.domain.asks import Asks, PersonaAsk
from unburden.domain.burden import Persona, TimeOnStudy
from unburden.domain.conduct import Conduct, UnscheduledVisits
from unburden.domain.cycles import Recurrence
from unburden.domain.protocol import Protocol
from unburden.study.asking import describe_asks

USUAL = (Persona("usual", 1.0),)


def make_curves(world: World, arm_id: str | None = None) -> tuple[TimeOnStudy, ...]:
    """The curves of a world as the score takes them."""
    return tuple(
        TimeOnStudy(tuple(d for d, _ in s), tuple(p for _, p in s), "assumed:test", arm_id, state)  # type: ignore
        for state, s in world.curves.items()
    )


def ask(
    protocol: Protocol,
    worlds: Mapping[str | None, World],
    unscheduled: UnscheduledVisits | None = None,
    personas: Sequence[Persona] = USUAL,
    recurrences: Mapping[str, Recurrence] | None = None,
    cycle_days: float | None = None,
    **more,
) -> Asks:
    """What the score says of a protocol in these worlds; the words say when columns happen."""
    world = next(iter(worlds.values()))
    conduct = Conduct(cycle_days, world.delay_days, world.horizon_days, recurrences or {}, unscheduled)
    curves = [curve for arm_id, each in worlds.items() for curve in make_curves(each, arm_id)]
    given = {"draws": 100, "seed": 1, "kinds": dict(world.kinds)} | more
    return describe_asks(protocol, personas, time_on_study=curves, conduct=conduct, **given)


def find_differences(walk: Walk, each: PersonaAsk) -> dict[str, tuple[float, float]]:
    """Figures of the walk and of the score that differ by more than a millionth."""
    mean, found = walk.average(), {name: e.value for name, e in each.score.totals.items()}
    if each.home_days is not None:
        found["home_days"] = each.home_days.value
    if each.peak_blood is not None:
        mean["peak_blood"], found["peak_blood"] = walk.find_peak_blood(), each.peak_blood.value
    return {
        name: (mean[name], value)
        for name, value in found.items()
        if value != pytest.approx(mean[name], rel=1e-6, abs=1e-9)
    }


def assert_patients_agree(walk: Walk, each: PersonaAsk) -> None:
    """Mean, 80 % range and worst tenth over 1,000 patients, in every dimension and of days at home."""
    found = dict(each.spread)
    home = spread_home_days(each.score)
    if home is not None:
        found["home_days"] = home
    for name, spread in found.items():
        patients = np.sort(walk.list_thousand(name))
        # The tenth with most; of days at home the tenth with fewest.
        worst = patients[:100] if name == "home_days" else patients[900:]
        expected = (patients.mean(), *np.quantile(patients, (0.1, 0.5, 0.9)), worst.mean())
        told = (spread.mean, spread.tenth, spread.median, spread.ninetieth, spread.worst_tenth)
        assert told == pytest.approx(expected, rel=1e-6, abs=1e-9), name
        if name in each.score.totals:
            assert each.score.totals[name].value == pytest.approx(patients.mean(), rel=1e-6, abs=1e-9)
