"""Units in UCUM-like words, by dimension, and exact conversion between them."""

import math
from fractions import Fraction
from types import MappingProxyType

from unburden.domain.errors import InvalidInput

_FACTORS: dict[str, dict[str, str]] = {
    # UCUM's mean Julian year of 365.25 days; a month is a twelfth of it.
    "time": {
        "year": "365.25",
        "month": "30.4375",
        "week": "7",
        "day": "1",
        "hour": "1/24",
        "minute": "1/1440",
        "second": "1/86400",
        "ms": "1/86400000",
    },
    "length": {"m": "1", "cm": "1/100", "mm": "1/1000"},
    # The international pound is 0.45359237 kg by definition (NIST Handbook 44, appendix C).
    "mass": {"kg": "1000", "g": "1", "mg": "1/1000", "lb": "453.59237"},
    "mass rate": {"g/d": "1", "mg/d": "1/1000", "ug/d": "1/1000000"},
    "mass ratio": {"g/g": "1", "mg/g": "1/1000"},
    "mass concentration": {
        "g/L": "1",
        "g/dL": "10",
        "mg/L": "1/1000",
        "mg/dL": "1/100",
        "ug/L": "1/1000000",
        "ug/dL": "1/100000",
        "mg/mL": "1",
        "ug/mL": "1/1000",
        "ng/mL": "1/1000000",
        "ng/dL": "1/100000000",
        "pg/mL": "1/1000000000",
        "ng/L": "1/1000000000",
    },
    "substance concentration": {
        "mol/L": "1",
        "mmol/L": "1e-3",
        "umol/L": "1e-6",
        "nmol/L": "1e-9",
        "pmol/L": "1e-12",
        "fmol/L": "1e-15",
    },
    "substance content": {"fmol/mg": "1"},
    "charge concentration": {"meq/L": "1"},
    # An international unit of an enzyme's activity is its unit U (NC-IUB 1979).
    "enzyme concentration": {
        "U/L": "1",
        "IU/L": "1",
        "U/mL": "1000",
        "IU/mL": "1000",
        "mIU/mL": "1",
        "mIU/L": "1/1000",
    },
    "number concentration": {
        "10*9/L": "1",
        "10*3/uL": "1",
        "10*6/uL": "1000",
        "10*12/L": "1000",
        "10*6/L": "1/1000",
        "/uL": "1/1000",
        "/mm3": "1/1000",
        "/mL": "1/1000000",
        "/L": "1/1000000000",
    },
    "copies": {"copies/mL": "1"},
    # A conventional millimetre of mercury is 133.322387415 Pa (NIST SP 811, appendix B.8).
    "pressure": {"mm[Hg]": "1", "kPa": "1000000000000/133322387415"},
    "frequency": {"/min": "1"},
    "temperature": {"Cel": "1"},
    "temperature in degrees Fahrenheit": {"[degF]": "1"},
    "body mass index": {"kg/m2": "1"},
    "clearance": {"mL/min": "1", "mL/s": "60"},
    # Per 1.73 m2 of body surface: not the same quantity as mL/min of this patient.
    "clearance by body surface": {"mL/min/1.73m2": "1", "mL/s/1.73m2": "60"},
    "fraction": {"1": "1", "%": "1/100"},
    "count": {"count": "1"},
}
DIMENSION_BY_UNIT = MappingProxyType(
    {unit: dimension for dimension, factors in _FACTORS.items() for unit in factors}
)
KNOWN_UNITS = tuple(DIMENSION_BY_UNIT)
PLAIN_UNITS = ("", "1", "count")
"""Units of a number that a reader writes without a unit."""


class InvalidUnit(InvalidInput):
    """A unit that is not in the table, or two that measure different things."""


def convert_value(value: float, from_unit: str, to_unit: str) -> float:
    """The same quantity in another unit, exact in decimals before the last rounding.

    Decimals are kept because a threshold decides about patients: 1.1 cm is 11 mm, where
    1.1 * 10 is 11.000000000000002. An infinite or undefined value comes back as it is. There
    is no conversion between mass and substance: it needs the substance's molar mass.

    Raises `InvalidUnit` for an unknown unit or units of different dimensions.

    >>> convert_value(1.1, "cm", "mm"), convert_value(18, "year", "month")
    (11.0, 216.0)
    >>> convert_value(18, "year", "mm")
    Traceback (most recent call last):
    unburden.domain.units.InvalidUnit: InvalidUnit: 18 year to mm: 1 problem
      - year is a time and mm is a length; give a time in year, month, week, day, hour, minute, second, ms
    """
    problems = find_unit_problems(from_unit, to_unit)
    if problems:
        raise InvalidUnit(f"{value} {from_unit} to {to_unit}", problems)
    if from_unit == to_unit or not math.isfinite(value):
        return float(value)
    factors = _FACTORS[DIMENSION_BY_UNIT[from_unit]]
    factor = Fraction(factors[from_unit]) / Fraction(factors[to_unit])
    return float(Fraction(repr(float(value))) * factor)


def find_unit_problems(from_unit: str, to_unit: str) -> list[str]:
    """Why one unit cannot be converted to the other; empty if it can."""
    unknown = [describe_unknown_unit(u) for u in (from_unit, to_unit) if u not in DIMENSION_BY_UNIT]
    if unknown:
        return list(dict.fromkeys(unknown))
    source, target = DIMENSION_BY_UNIT[from_unit], DIMENSION_BY_UNIT[to_unit]
    if source == target:
        return []
    return [
        f"{from_unit} is a {source} and {to_unit} is a {target}; "
        f"give a {source} in {', '.join(_FACTORS[source])}"
    ]


def describe_unknown_unit(unit: str) -> str:
    """What a reader is told about a unit that is not in the table."""
    return f"unit {unit!r} is not known; use one of {', '.join(KNOWN_UNITS)}"
