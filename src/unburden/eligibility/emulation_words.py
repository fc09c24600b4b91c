"""What an emulated trial tells its reader beside the numbers: warnings, assumptions and notes."""

from unburden.domain.emulation import ArmWeights, CovariateBalance, Positivity
from unburden.domain.emulation_plan import POPULATION_WORDS, EmulationPlan, Population
from unburden.eligibility.effects import WeightedPatients

LARGEST_DIFFERENCE = 0.1
"""A standardised difference over this is imbalance (Austin 2009, Stat Med 28:3083)."""
SMALLEST_EFFECTIVE_SHARE = 0.25
MOST_OUTSIDE = 0.1


def list_warnings(
    population: Population,
    balance: tuple[CovariateBalance, ...],
    positivity: Positivity,
    arms: tuple[ArmWeights, ArmWeights],
) -> tuple[str, ...]:
    """Reasons, seen in the data, not to trust the weighted estimates; empty if there is none.

    Overlap weights hardly count patients whose treatment was all but settled, so that these are no reason.
    """
    found = []
    off = [line for line in balance if abs(line.difference_after) > LARGEST_DIFFERENCE]
    if off:
        remedy = "give them another form, such as 'spline', or narrow the criteria"
        if population != "ATO":
            remedy = f"use overlap weights, {remedy}"
        shown = ", ".join(f"{line.name} {line.difference_after:+.2f}" for line in off)
        found.append(
            f"Weighting leaves the arms unlike in {shown} (standardised differences over "
            f"{LARGEST_DIFFERENCE}): the estimates are confounded by these; {remedy}."
        )
    for arm in arms:
        if arm.effective_patients < SMALLEST_EFFECTIVE_SHARE * arm.patients:
            found.append(
                f"The {arm.patients} patients of the {arm.arm} arm count as {arm.effective_patients:.0f}: "
                "few of them decide, and intervals can be too narrow; use overlap weights or cut the "
                "weights."
            )
    if population != "ATO" and positivity.share_outside > MOST_OUTSIDE:
        found.append(
            f"{positivity.share_outside:.0%} of patients had a propensity under {positivity.low} or over "
            f"{positivity.high}: for them one of the treatments was hardly ever chosen."
        )
    if positivity.patients_with_extreme_weight:
        found.append(
            f"{positivity.patients_with_extreme_weight} patients weigh over 10 times their arm's mean."
        )
    return tuple(found)


def list_assumptions(plan: EmulationPlan) -> tuple[str, ...]:
    """What must hold for the estimates to be effects, and cannot be checked in the data."""
    names = ", ".join(covariate.column for covariate in plan.covariates)
    found = [
        f"Exchangeability: given {names}, nothing else that foretells the outcome decided about treatment.",
        "Positivity: patients of every kind could have been given either strategy.",
        "Consistency: what patients were given is what the strategies in the protocol would give.",
        "Censoring within an arm tells nothing about the outcome (in the doubly robust estimate: nothing "
        "beyond " + ("the arm)." if plan.analysis.censoring == "arm" else "arm and covariates)."),
        "The propensity model is right; the doubly robust estimate needs either that together with the "
        "model of censoring, or the outcome model. Its interval needs all of them.",
        "The hazard ratio stands for the whole follow-up only if hazards are proportional; the difference of "
        "restricted means needs no such assumption.",
    ]
    if not plan.time_zero.has_days:
        found.append(
            f"Time zero ({plan.time_zero.event}), eligibility and assignment coincide; the data hold no "
            f"days to check it: {plan.time_zero.reason}"
        )
    elif not plan.time_zero.treatment_start_column:
        found.append("Treatment starts at time zero; the data hold no day of its start.")
    return tuple(found)


def list_notes(plan: EmulationPlan, patients: WeightedPatients) -> tuple[str, ...]:
    """What a reader must know to read the estimates rightly."""
    notes = [f"The estimates are for {POPULATION_WORDS[plan.population]} ({plan.population})."]
    if plan.population == "ATO":
        notes.append(
            "There is no doubly robust estimate: the overlap population is defined by the propensity itself."
        )
        if plan.analysis.is_stabilised:
            notes.append("Overlap weights are bounded and are not stabilised.")
    if patients.propensity.model == "boosted":
        notes.append(
            "Intervals take the weights of the boosted propensity as known, and trees leave some confounding "
            "where treatment depends on covariates in bends: in made-up patients with bends 95 % intervals "
            "held the truth 88 times in 100, those of a logistic propensity with form = 'spline' 96 times."
        )
    cut = int(patients.weights.is_truncated.sum())
    if cut:
        notes.append(
            f"{cut} of {len(patients.treated)} weights were cut ({plan.analysis.truncation.kind} "
            f"{plan.analysis.truncation.low:g} to {plan.analysis.truncation.high:g}); cutting lets some "
            "imbalance back in."
        )
    return tuple(notes)
