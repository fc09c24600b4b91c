"""How much blood a trial may take under expedited review, by the entries of the evidence ledger."""

from dataclasses import dataclass

from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate, exact
from unburden.domain.ledger import EvidenceLedger

HEALTHY_ML = "blood_limit.healthy_ml"
HEALTHY_WEIGHT_KG = "blood_limit.healthy_weight_kg"
OTHER_ML = "blood_limit.other_ml"
OTHER_ML_PER_KG = "blood_limit.other_ml_per_kg"
PERIOD_DAYS = "blood_limit.days"
DRAWS_PER_WEEK = "blood_limit.draws_per_week"

_ENTRIES = (HEALTHY_ML, HEALTHY_WEIGHT_KG, OTHER_ML, OTHER_ML_PER_KG, PERIOD_DAYS, DRAWS_PER_WEEK)


@dataclass(frozen=True, slots=True)
class BloodLimit:
    """The most blood in any period of `days`, in at most `draws_per_week` draws; `rule` says why."""

    blood_ml: Estimate
    days: float
    draws_per_week: float
    rule: str


def find_blood_limit(ledger: EvidenceLedger, *, weight_kg: float | None, is_healthy: bool) -> BloodLimit:
    """The limit of expedited review in the United States (OHRP, category 2) for a patient.

    `is_healthy` means a healthy adult who is not pregnant. A weight that is not known counts as
    too low for the limit of healthy adults and as high enough for the fixed amount of the others:
    3 mL/kg is less than 50 mL below 16.7 kg only. The limit is no safety limit: a committee may
    allow more after full review.

    Raises `InvalidEvidence` where the ledger has no such entries or the weight is not above 0.
    """
    problems = Problems("blood limit")
    for name in _ENTRIES:
        problems.check(name in ledger.evidence_by_id, f"the ledger has no {name!r}; add it")
    told = f"weight_kg is {weight_kg}; give kilograms above 0, or None where it is not known"
    problems.check(weight_kg is None or weight_kg > 0, told)
    problems.raise_if_any(InvalidEvidence)
    entries = ledger.evidence_by_id
    least = entries[HEALTHY_WEIGHT_KG].value
    other, per_kg = entries[OTHER_ML], entries[OTHER_ML_PER_KG]
    if is_healthy and weight_kg is not None and weight_kg >= least:
        entry, amount = entries[HEALTHY_ML], entries[HEALTHY_ML].value
        rule = f"healthy adults of at least {least:g} kg: {amount:g} mL"
    elif weight_kg is not None and per_kg.value * weight_kg < other.value:
        entry, amount = per_kg, per_kg.value * weight_kg
        rule = f"{per_kg.value:g} mL/kg for {weight_kg:g} kg, which is less than {other.value:g} mL"
    else:
        entry, amount = other, other.value
        rule = f"{other.value:g} mL for {_tell_who(weight_kg, is_healthy, least)}"
    days, draws = entries[PERIOD_DAYS].value, entries[DRAWS_PER_WEEK].value
    return BloodLimit(exact(amount, "mL", entry.source), days, draws, rule)


def _tell_who(weight_kg: float | None, is_healthy: bool, least: float) -> str:
    if not is_healthy:
        return "patients, the pregnant and children"
    if weight_kg is None:
        return f"healthy adults of a weight that is not known to be at least {least:g} kg"
    return f"adults of less than {least:g} kg"
