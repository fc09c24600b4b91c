"""The evidence ledger: what each kind of activity asks of a patient, and how that is known."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from unburden.domain.burden import PERSONA_MARK, UNIT_BY_DIMENSION, Evidence
from unburden.domain.errors import InvalidEvidence, Problems

PROCEDURE_MINUTES = "minutes"
"""A quantity's dimension that becomes `site_minutes` or `home_minutes`, by the visit's place."""

UNCLASSIFIED = "unclassified"
"""The kind of an activity whose title no pattern matches."""

COUNT_ONE = "count.one"
ONE_WAY_KM = "travel.one_way_km"
TRAVEL_MINUTES = "travel.minutes"
ARRIVAL_MINUTES = "site.arrival_minutes"
HOME_VISIT_MINUTES = "home.visit_minutes"
REMOTE_VISIT_MINUTES = "remote.visit_minutes"
CAREGIVER_SHARE = "caregiver.share"
COST_PER_KM = "cost.usd_per_km"
COST_PER_DAY = "cost.usd_per_day"

UNIT_BY_REQUIRED_EVIDENCE: Mapping[str, str] = {
    COUNT_ONE: "1",
    ONE_WAY_KM: "km",
    TRAVEL_MINUTES: "minute",
    ARRIVAL_MINUTES: "minute",
    HOME_VISIT_MINUTES: "minute",
    REMOTE_VISIT_MINUTES: "minute",
    CAREGIVER_SHARE: "1",
    COST_PER_KM: "USD/km",
    COST_PER_DAY: "USD",
}
"""The entries that every ledger needs, since each day or visit counts them."""

UNTIL_NEXT = "until-next"
"""The cause of a quantity that counts each day until the next visit, such as keeping a diary."""

_SETUP = "setup:"


@dataclass(frozen=True, slots=True)
class KindQuantity:
    """One amount that a kind of activity asks: `count` × the evidence, in one dimension.

    `dimension` is one of `UNIT_BY_DIMENSION` or `PROCEDURE_MINUTES`. `cause` is "cell" (each time
    the activity is done), "setup:<name>" (once a visit, however many activities name it) or
    "until-next" (each day until the arm's next visit, wherever it is).
    `detail` is the class of an invasive procedure, else "".
    """

    dimension: str
    evidence_id: str
    cause: str = "cell"
    count: float = 1.0
    detail: str = ""

    @property
    def setup(self) -> str:
        """The name of the setup; "" for a quantity of each cell."""
        return self.cause.removeprefix(_SETUP) if self.cause.startswith(_SETUP) else ""

    @property
    def unit(self) -> str:
        """The unit of the dimension."""
        return "minute" if self.dimension == PROCEDURE_MINUTES else UNIT_BY_DIMENSION[self.dimension]


@dataclass(frozen=True, slots=True)
class KindRule:
    """A kind of activity: the titles and codes it matches, whether it can be done at home, what it asks.

    `patterns` are regular expressions, searched in an activity's title without regard to case.
    `codes` are pairs of a code system ("NCI", "LOINC") and a code, which are tried before the title.
    """

    name: str
    patterns: tuple[str, ...]
    home_feasible: bool
    quantities: tuple[KindQuantity, ...]
    codes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class EvidenceLedger:
    """All evidence and all kinds, valid from birth; the first kind that matches a title wins.

    Raises `InvalidEvidence` with every problem: ids twice, references to nothing, units that do
    not fit the dimension, patterns that do not compile, required entries that are missing.
    """

    evidence: tuple[Evidence, ...]
    kinds: tuple[KindRule, ...]
    source: str = "evidence ledger"

    def __post_init__(self) -> None:
        problems = Problems(self.source)
        problems.extend(find_ledger_problems(self.evidence, self.kinds))
        problems.raise_if_any(InvalidEvidence)

    @cached_property
    def evidence_by_id(self) -> Mapping[str, Evidence]:
        """Entries by id."""
        return {entry.id: entry for entry in self.evidence}

    @cached_property
    def kind_by_name(self) -> Mapping[str, KindRule]:
        """Kinds by name."""
        return {kind.name: kind for kind in self.kinds}


def replace_evidence(ledger: EvidenceLedger, overrides: Sequence[Evidence]) -> EvidenceLedger:
    """The ledger with these entries in place of those of the same id; of two, the last counts.

    Raises `InvalidEvidence` where an id is not in the ledger, the unit is another one, or what is a
    share in the ledger goes above 1.
    """
    problems = Problems("overrides of the evidence")
    for entry in overrides:
        old = ledger.evidence_by_id.get(entry.id)
        if old is None:
            problems.add(f"no entry {entry.id[:80]!r} to override; name one that is in the ledger")
        elif old.unit != entry.unit:
            problems.add(f"{entry.id!r} is in {entry.unit!r}, the ledger in {old.unit!r}; give {old.unit!r}")
        elif old.distribution == "logit-normal":
            told = f"{entry.id!r} is a share and goes up to {entry.high:g}; give shares between 0 and 1"
            problems.check(entry.high <= 1, told)
    problems.raise_if_any(InvalidEvidence)
    new = {entry.id: entry for entry in overrides}
    return replace(ledger, evidence=tuple(new.get(entry.id, entry) for entry in ledger.evidence))


def find_ledger_problems(
    evidence: Sequence[Evidence], kinds: Sequence[KindRule], ids_elsewhere: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Every way in which the ledger contradicts itself, with the remedy.

    `ids_elsewhere` are ids of entries that exist but are faulty, reported by another check.
    """
    yield from _find_repeated("evidence", [entry.id for entry in evidence])
    yield from _find_repeated("kind", [kind.name for kind in kinds])
    for entry in evidence:
        if PERSONA_MARK in entry.id:
            yield f"evidence {entry.id!r} has {PERSONA_MARK!r} in its id, which marks personas; leave it out"
    units = {entry.id: entry.unit for entry in evidence}
    for required, unit in UNIT_BY_REQUIRED_EVIDENCE.items():
        if required not in units and required not in ids_elsewhere:
            yield f"the evidence {required!r} is missing; every visit needs it, so add it in {unit!r}"
        elif units.get(required, unit) != unit:
            yield f"evidence {required!r} is in {units[required]!r}; give it in {unit!r}"
    if UNCLASSIFIED not in {kind.name for kind in kinds}:
        yield f"the kind {UNCLASSIFIED!r} is missing; add it for activities that no pattern matches"
    for kind in kinds:
        yield from _find_kind_problems(kind, units, ids_elsewhere)
    yield from _find_setup_problems(kinds)


def _find_repeated(what: str, names: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"two {what} records are called {name!r}; give each its own name"


def _find_kind_problems(
    kind: KindRule, units: Mapping[str, str], ids_elsewhere: frozenset[str]
) -> Iterator[str]:
    owner = f"kind {kind.name!r}"
    if not kind.patterns and not kind.codes and kind.name != UNCLASSIFIED:
        yield f"{owner} has no pattern; give one that matches its titles"
    for system, code in kind.codes:
        if not system or not code:
            yield f"{owner} has the code {code!r} of the system {system!r}; give both texts"
    for pattern in kind.patterns:
        try:
            compile_pattern(pattern)
        except re.error as error:
            yield f"{owner} has the pattern {pattern!r}, which is no regular expression ({error}); correct it"
    for quantity in kind.quantities:
        if quantity.dimension != PROCEDURE_MINUTES and quantity.dimension not in UNIT_BY_DIMENSION:
            known = ", ".join([PROCEDURE_MINUTES, *UNIT_BY_DIMENSION])
            yield f"{owner} has the dimension {quantity.dimension!r}; use one of {known}"
        elif quantity.evidence_id in units and units[quantity.evidence_id] not in (quantity.unit, "1"):
            unit = units[quantity.evidence_id]
            yield (
                f"{owner} counts {quantity.evidence_id!r}, in {unit!r}, as {quantity.dimension}; "
                f"use evidence in {quantity.unit!r} or '1'"
            )
        if quantity.evidence_id not in units and quantity.evidence_id not in ids_elsewhere:
            yield f"{owner} refers to the evidence {quantity.evidence_id!r}, which does not exist; add it"
        if quantity.cause not in ("cell", UNTIL_NEXT) and not quantity.setup:
            yield f"{owner} has the cause {quantity.cause!r}; use 'cell', 'setup:<name>' or {UNTIL_NEXT!r}"
        if not (math.isfinite(quantity.count) and quantity.count > 0):
            yield f"{owner} has the count {quantity.count}; give a number above 0"


def _find_setup_problems(kinds: Sequence[KindRule]) -> Iterator[str]:
    counts: dict[tuple[str, ...], float] = {}
    for kind in kinds:
        for quantity in kind.quantities:
            if quantity.setup:
                key = (quantity.setup, quantity.dimension, quantity.evidence_id, quantity.detail)
                if counts.setdefault(key, quantity.count) != quantity.count:
                    yield (
                        f"kind {kind.name!r} counts {quantity.evidence_id!r} of the setup {quantity.setup!r} "
                        f"{quantity.count} times, another kind {counts[key]} times; give the same count"
                    )


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A title's pattern, letters' case aside; the ledger holds more than `re` keeps. Raises `re.error`."""
    return re.compile(pattern, re.IGNORECASE)
