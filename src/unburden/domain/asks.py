"""What a trial asks of its patients, summed up for those who decide and those who take part."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from unburden.domain.blood_limits import BloodLimit
from unburden.domain.burden import BurdenScore, Evidence, PatientSpread
from unburden.domain.burden_draws import Driver
from unburden.domain.estimate import Estimate
from unburden.domain.footnotes import NoteEffect

_SAME = 1e-9
"""Sums of the worst tenth that differ by less of their size are the same but for rounding."""


@dataclass(frozen=True)
class PersonaAsk:
    """What is asked of one kind of patient, in one arm or on average over arms.

    `share` is that of all patients. `score` holds totals and lines; `home_days` and `peak_blood`
    (most blood in eight weeks) are None where they do not follow; `spread` says by dimension how
    patients differ by how long they stay; `standard_care` what care outside the trial would ask of
    the same patients, None without one, and `increment` what comes on top of it; `views` the
    scalars that the study declares, by name.
    """

    persona: str
    arm_id: str | None
    share: float
    score: BurdenScore = field(repr=False)
    home_days: Estimate | None = None
    peak_blood: Estimate | None = None
    spread: Mapping[str, PatientSpread] = field(default_factory=dict)
    standard_care: BurdenScore | None = field(default=None, repr=False)
    increment: Mapping[str, Estimate] = field(default_factory=dict)
    views: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Override:
    """An entry of the evidence that the study brings, with the one that it replaces.

    `persona` names the kind of patient that it holds for, "" for all.
    """

    entry: Evidence
    replaced: Evidence
    persona: str = ""

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.entry.id


@dataclass(frozen=True)
class Asks:
    """What is asked of every kind of patient, and of all together.

    `mean` holds by dimension the mean over all patients with its interval by Monte Carlo;
    `worst_tenth` the mean of the tenth of patients with most; `drivers` which unknowns make the mean
    uncertain, largest first; `standard_care`, `increment` and `views` are those of the average
    patient. `overridden` are the entries of the evidence that the study replaces, `footnotes` what
    the schedule's footnotes were read to do, `blood_limit` the rule for patients of no known weight.
    `draws` and `seed` are those of the Monte Carlo.
    """

    by_persona: tuple[PersonaAsk, ...]
    mean: Mapping[str, Estimate]
    worst_tenth: Mapping[str, float]
    drivers: Mapping[str, tuple[Driver, ...]]
    draws: int
    seed: int
    overridden: tuple[Override, ...] = ()
    standard_care: BurdenScore | None = field(default=None, repr=False)
    increment: Mapping[str, Estimate] = field(default_factory=dict)
    views: Mapping[str, Estimate] = field(default_factory=dict)
    footnotes: tuple[NoteEffect, ...] = ()
    blood_limit: BloodLimit | None = None


@dataclass(frozen=True, slots=True)
class PersonaChange:
    """What another schedule saves one kind of patient; below 0 where it asks more.

    `asks_less` is the probability that it asks less, over what is not known of the evidence.
    """

    persona: str
    arm_id: str | None
    share: float
    saving: Estimate
    asks_less: Estimate


@dataclass(frozen=True)
class ScheduleChange:
    """A design's schedule beside the written one, in the study's measure of burden.

    `saving` and `asks_less` are of the average patient, `by_persona` of each kind in each arm.
    `worst_tenth` is the mean of the tenth with most under the design, `written_worst_tenth` under
    the written schedule. `savings` and `increment` hold every dimension: written minus design, and
    design minus standard care (empty without one).
    """

    dimension: str
    saving: Estimate
    asks_less: Estimate
    by_persona: tuple[PersonaChange, ...]
    worst_tenth: float
    written_worst_tenth: float
    savings: Mapping[str, Estimate] = field(default_factory=dict)
    increment: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def hurt(self) -> tuple[PersonaChange, ...]:
        """The kinds of patients of whom it asks more although it asks less of the average patient."""
        if self.saving.value <= 0:
            return ()
        return tuple(change for change in self.by_persona if change.saving.value < 0)

    @property
    def is_worst_tenth_hurt(self) -> bool:
        """Whether the tenth with most is asked for more although the average patient is not."""
        is_more = self.worst_tenth > self.written_worst_tenth * (1 + _SAME)
        return self.saving.value > 0 and is_more
