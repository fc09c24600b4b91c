"""Units that eligibility criteria use, with factors taken from their definitions."""

import pytest

from unburden.domain.units import InvalidUnit, convert_value


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "expected"),
    [
        (1500, "/uL", "10*9/L", 1.5),
        (100_000, "/mm3", "10*9/L", 100),
        (1.5, "10*9/L", "/mm3", 1500),
        (1.5, "10*3/uL", "/uL", 1500),
        (4.5, "10*6/uL", "10*12/L", 4.5),
        (1_000, "10*6/L", "10*9/L", 1),
        (5, "10*6/L", "/uL", 5),
        (1_000_000, "/mL", "10*9/L", 1),
        (40, "IU/L", "U/L", 40),
        (25, "mIU/mL", "IU/L", 25),
        (2, "IU/mL", "IU/L", 2000),
        (4.5, "mIU/L", "mIU/mL", 0.0045),
        (470, "ms", "second", 0.47),
        (90, "second", "minute", 1.5),
        (100, "lb", "kg", 45.359237),
        (1, "mg/mL", "g/L", 1),
        (50, "ng/dL", "ng/mL", 0.5),
        (900, "ng/L", "pg/mL", 900),
        (75, "ug/dL", "ug/L", 750),
        (3_500, "mg/d", "g/d", 3.5),
        (0.2, "g/g", "mg/g", 200),
        (1, "mL/s", "mL/min", 60),
        (10, "kPa", "mm[Hg]", 75.00615758456563),
    ],
)
def test_a_value_in_a_unit_of_criteria_comes_out_as_its_definition_says(value, from_unit, to_unit, expected):
    assert convert_value(value, from_unit, to_unit) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("from_unit", "to_unit"),
    [("mL/min", "mL/min/1.73m2"), ("Cel", "[degF]"), ("meq/L", "mmol/L"), ("U/L", "g/L")],
)
def test_what_a_factor_alone_cannot_convert_is_refused(from_unit, to_unit):
    with pytest.raises(InvalidUnit):
        convert_value(1, from_unit, to_unit)
