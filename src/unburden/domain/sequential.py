"""Group-sequential plans: which family of bounds, and what was derived from it."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from unburden.domain.errors import InvalidDesign, Problems


@dataclass(frozen=True, slots=True)
class OBrienFlemingSpending:
    """Spending after Lan & DeMets (1983) that imitates O'Brien & Fleming."""


@dataclass(frozen=True, slots=True)
class PocockSpending:
    """Spending after Lan & DeMets (1983) that imitates Pocock."""


@dataclass(frozen=True, slots=True)
class HwangShihDeCani:
    """Spending after Hwang, Shih & DeCani (1990); `gamma` -4 is near O'Brien-Fleming, 1 near Pocock."""

    gamma: float


@dataclass(frozen=True, slots=True)
class KimDeMets:
    """Spending after Kim & DeMets (1987): error × rate ** `exponent`."""

    exponent: float


@dataclass(frozen=True, slots=True)
class UserSpending:
    """Cumulative error spent at each look; the last is the whole."""

    cumulative: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WangTsiatis:
    """Bounds c × rate ** (`shape` - 1/2) (Wang & Tsiatis 1987): 0 is O'Brien-Fleming, 1/2 Pocock.

    `shape` None is the shape of least expected information under the alternative.
    """

    shape: float | None


@dataclass(frozen=True, slots=True)
class HaybittlePeto:
    """The same bound `interim_z` at every look but the last, which takes what is left of alpha."""

    interim_z: float


@dataclass(frozen=True, slots=True)
class PampallonaTsiatis:
    """Efficacy and futility bounds together (Pampallona & Tsiatis 1994)."""

    efficacy_shape: float
    futility_shape: float


@dataclass(frozen=True, slots=True)
class FixedFutility:
    """Futility bounds on the z scale, one for each look but the last; -inf for none."""

    z: tuple[float, ...]


Spending: TypeAlias = OBrienFlemingSpending | PocockSpending | HwangShihDeCani | KimDeMets | UserSpending
Efficacy: TypeAlias = Spending | WangTsiatis | HaybittlePeto | PampallonaTsiatis
Futility: TypeAlias = Spending | FixedFutility

O_BRIEN_FLEMING_SPENDING = OBrienFlemingSpending()
O_BRIEN_FLEMING = WangTsiatis(0.0)
POCOCK = WangTsiatis(0.5)


@dataclass(frozen=True, slots=True)
class SequentialPlan:
    """What is asked of a group-sequential test.

    `alpha` is the whole error of a one- or two-`sided` test. `information_rates` rise to 1.
    `beta` is needed where bounds depend on power: futility by spending, Pampallona-Tsiatis, the
    optimal Wang-Tsiatis shape. Futility is for one-sided tests (and Pampallona-Tsiatis for both);
    where it `is_binding`, the efficacy bounds count on stopping. `harm` spends an error of its
    own (one-sided) below: a lower bound that is watched but changes no other bound.
    """

    alpha: float
    sided: Literal[1, 2]
    information_rates: tuple[float, ...]
    efficacy: Efficacy
    futility: Futility | None = None
    is_binding: bool = False
    beta: float | None = None
    harm: tuple[float, Spending] | None = None

    def __post_init__(self) -> None:
        problems = Problems("group-sequential plan")
        rates = self.information_rates
        rising = all(a < b for a, b in zip((0.0, *rates), rates, strict=False))
        problems.check(
            bool(rates) and rising and math.isclose(rates[-1], 1.0, abs_tol=1e-9),
            f"information_rates {list(rates)} must rise from above 0 to 1",
        )
        problems.check(self.sided in (1, 2), f"sided is {self.sided}; give 1 or 2")
        most = 0.5 * self.sided
        problems.check(0 < self.alpha < most, f"alpha is {self.alpha}; give a number between 0 and {most}")
        if self.beta is not None:
            fits = 0 < self.beta < 1 - self.alpha / self.sided
            problems.check(fits, f"beta is {self.beta}; give a number above 0 that leaves power over alpha")
        problems.extend(_find_family_problems(self))
        problems.raise_if_any(InvalidDesign)


def _find_family_problems(plan: SequentialPlan) -> list[str]:
    looks = len(plan.information_rates)
    found: list[str] = []
    needs_beta = (
        isinstance(plan.futility, Spending)
        or isinstance(plan.efficacy, PampallonaTsiatis)
        or plan.efficacy == WangTsiatis(None)
    )
    if needs_beta and plan.beta is None:
        found.append("beta is missing; bounds that depend on power need it")
    if plan.futility is not None and plan.sided == 2:
        found.append("futility bounds need a one-sided test; take PampallonaTsiatis for a two-sided one")
    if plan.futility is not None and isinstance(plan.efficacy, PampallonaTsiatis):
        found.append("PampallonaTsiatis brings its own futility bounds; leave futility out")
    if isinstance(plan.futility, FixedFutility) and len(plan.futility.z) != looks - 1:
        found.append(f"{len(plan.futility.z)} futility bounds for {looks} looks; give {looks - 1}")
    for name, family, whole in (
        ("efficacy", plan.efficacy, plan.alpha),
        ("futility", plan.futility, plan.beta),
        ("harm", plan.harm[1] if plan.harm else None, plan.harm[0] if plan.harm else None),
    ):
        found.extend(_find_spending_problems(name, family, whole, looks))
    if plan.harm is not None and not 0 < plan.harm[0] < 0.5:
        found.append(f"harm spends {plan.harm[0]}; give a number between 0 and 0.5")
    return found


def _find_spending_problems(name: str, family: object, whole: float | None, looks: int) -> list[str]:
    match family:
        case UserSpending(cumulative):
            rises = all(a <= b for a, b in zip((0.0, *cumulative), cumulative, strict=False))
            if len(cumulative) != looks or not rises:
                return [f"{name} spending {list(cumulative)} must hold {looks} numbers that never fall"]
            if whole is not None and not math.isclose(cumulative[-1], whole, rel_tol=1e-9):
                return [f"{name} spending ends at {cumulative[-1]}; let it end at the whole error, {whole}"]
        case KimDeMets(exponent) if exponent <= 0:
            return [f"{name} KimDeMets exponent is {exponent}; give a number over 0"]
        case HwangShihDeCani(gamma) if abs(gamma) > 50:
            return [f"{name} HwangShihDeCani gamma is {gamma}; give -50 to 50"]
        case HaybittlePeto(interim_z) if interim_z <= 0:
            return [f"HaybittlePeto bound is {interim_z}; give a number over 0"]
    return []


@dataclass(frozen=True, slots=True)
class SequentialBounds:
    """Bounds of a plan on the z scale; a positive z favours treatment.

    `efficacy` one a look (two-sided: the negative mirror too). `futility` one a look, -inf where
    there is none; for a two-sided test the trial stops for futility where |z| is below a positive
    one. `harm` likewise, -inf for none. `alpha_spent` is cumulative (both sides). `drift` is the
    mean of z at full information at which the plan has power 1 - beta; None without beta.
    """

    plan: SequentialPlan
    efficacy: tuple[float, ...]
    futility: tuple[float, ...]
    harm: tuple[float, ...]
    alpha_spent: tuple[float, ...]
    drift: float | None


@dataclass(frozen=True, slots=True)
class SequentialCharacteristics:
    """How bounds behave at a drift: power, stopping and information, the latter relative to a fixed test.

    `rejections` and `futility_stops` by look at `drift`. `inflation_factor` is the largest
    information over that of the fixed test of the same alpha and power; the expected ones under
    the null, half the drift and the drift are relative to the fixed test too.
    """

    drift: float
    power: float
    rejections: tuple[float, ...]
    futility_stops: tuple[float, ...]
    inflation_factor: float
    expected_information_null: float
    expected_information_half: float
    expected_information: float
