"""What a trial asks of its patients, summed up for those who decide and those who take part."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from unburden.domain.burden import BurdenScore, Evidence, PatientSpread
from unburden.domain.burden_draws import Driver
from unburden.domain.estimate import Estimate


@dataclass(frozen=True)
class PersonaAsk:
    """What is asked of one kind of patient, in one arm or on average over arms.

    `share` is that of all patients. `score` holds totals and lines; `home_days` and `peak_blood`
    (most blood in eight weeks) are None where they do not follow; `spread` says by dimension how
    patients differ by how long they stay; `increment` what comes on top of standard care, empty
    without one; `views` the scalars that the study declares, by name.
    """

    persona: str
    arm_id: str | None
    share: float
    score: BurdenScore = field(repr=False)
    home_days: Estimate | None = None
    peak_blood: Estimate | None = None
    spread: Mapping[str, PatientSpread] = field(default_factory=dict)
    increment: Mapping[str, Estimate] = field(default_factory=dict)
    views: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True)
class Asks:
    """What is asked of every kind of patient, and of all together.

    `mean` holds by dimension the mean over all patients with its interval by Monte Carlo;
    `worst_tenth` the mean of the tenth of patients with most; `drivers` which unknowns make the mean
    uncertain, largest first. `overridden` are the entries of the evidence that the study replaces.
    `draws` and `seed` are those of the Monte Carlo.
    """

    by_persona: tuple[PersonaAsk, ...]
    mean: Mapping[str, Estimate]
    worst_tenth: Mapping[str, float]
    drivers: Mapping[str, tuple[Driver, ...]]
    draws: int
    seed: int
    overridden: tuple[Evidence, ...] = ()
