"""Units as criteria spell them, in the words of `unburden.domain.units`."""

import re

_L = r"(?:l|liters?|litres?)\b"
_DL = r"(?:dl|deciliters?|decilitres?|100\s?ml)\b"
_ML = r"(?:ml|milliliters?|millilitres?|cc)\b"
_UL = r"(?:ul|mcl|microliters?|microlitres?|mcrl|mm\s?\^?\s?\(?3\)?|cubic millimet(?:er|re)s?|cmm|cu\.?\s?mm)(?![a-z0-9])"
_PER = r"\s?(?:/|per)\s?"
_CELLS = r"(?:(?:cells?|neutrophils|platelets|leukocytes|lymphocytes|wbcs?)\s?)?"
_BSA = r"1[.,]73\s?(?:m|square met(?:er|re)s?)\s?\^?\(?2?\)?"
_MG = r"(?:mg|milligrams?)"
_UG = r"(?:ug|mcg|micrograms?)"
_G = r"(?:gm?s?|grams?)"
_DAY = r"(?:24[\s-]?(?:h|hrs?|hours?)|days?|d)\b"

_UNITS = (
    (rf"mls?{_PER}min(?:ute)?s?\.?{_PER}{_BSA}", "mL/min/1.73m2"),
    (rf"mls?{_PER}s(?:ec(?:ond)?)?{_PER}{_BSA}", "mL/s/1.73m2"),
    (rf"(?:mls?|millilit(?:er|re)s?|cc){_PER}min(?:ute)?s?\b", "mL/min"),
    (rf"mls?{_PER}s(?:ec(?:ond)?)?\b", "mL/s"),
    (rf"{_CELLS}(?:/|per)\s?{_UL}", "/uL"),
    (rf"cells{_PER}{_ML}", "/mL"),
    (rf"copies{_PER}{_ML}", "copies/mL"),
    (rf"(?:k|th|thou){_PER}{_UL}", "10*3/uL"),
    (rf"{_MG}{_PER}{_DL}", "mg/dL"),
    (r"mg\s?%", "mg/dL"),
    (rf"{_MG}{_PER}{_L}", "mg/L"),
    (rf"{_MG}{_PER}{_ML}", "mg/mL"),
    (rf"{_MG}{_PER}{_G}\b", "mg/g"),
    (rf"{_MG}{_PER}{_DAY}", "mg/d"),
    (rf"{_UG}{_PER}{_DL}", "ug/dL"),
    (rf"{_UG}{_PER}{_ML}", "ug/mL"),
    (rf"{_UG}{_PER}{_L}", "ug/L"),
    (rf"{_UG}{_PER}{_DAY}", "ug/d"),
    (rf"{_G}{_PER}{_DL}", "g/dL"),
    (rf"{_G}{_PER}{_L}", "g/L"),
    (rf"{_G}{_PER}{_DAY}", "g/d"),
    (rf"(?:ng|nanograms?){_PER}{_DL}", "ng/dL"),
    (rf"(?:ng|nanograms?){_PER}{_ML}", "ng/mL"),
    (rf"ng{_PER}{_L}", "ng/L"),
    (rf"pg{_PER}{_ML}", "pg/mL"),
    (rf"(?:mmol|millimoles?){_PER}{_L}", "mmol/L"),
    (rf"mm{_PER}l\b", "mmol/L"),
    (rf"(?:umol|micromoles?|mcmol|micromol){_PER}{_L}", "umol/L"),
    (rf"um{_PER}l\b", "umol/L"),
    (rf"nmol{_PER}{_L}", "nmol/L"),
    (rf"pmol{_PER}{_L}", "pmol/L"),
    (rf"meq{_PER}{_L}", "meq/L"),
    (rf"(?:miu|mu){_PER}{_ML}", "mIU/mL"),
    (rf"(?:miu|mu){_PER}{_L}", "mIU/L"),
    (rf"iu{_PER}{_ML}", "IU/mL"),
    (rf"(?:iu|international units?){_PER}{_L}", "IU/L"),
    (rf"(?:u|units?){_PER}{_ML}", "U/mL"),
    (rf"(?:u|units?){_PER}{_L}", "U/L"),
    (r"mm\s?\(?\s?hg\)?|millimet(?:er|re)s? of mercury", "mm[Hg]"),
    (r"kpa\b", "kPa"),
    (r"(?:kgs?|kilograms?)\s?(?:/|per)\s?(?:m|square met(?:er|re)s?|met(?:er|re)s? squared)\s?\^?\s?\(?2?\)?", "kg/m2"),
    (r"(?:bpm|beats?\s?(?:/|per)\s?min(?:ute)?s?|b/min|breaths?\s?(?:/|per)\s?min(?:ute)?)\b", "/min"),
    (r"(?:ms|msecs?|milliseconds?|m\.?sec)\b", "ms"),
    (r"(?:s|secs?|seconds?)\b", "second"),
    (r"(?:kgs?|kilograms?|kilos?)\b(?!\s?/)", "kg"),
    (r"(?:lbs?|pounds?)\b", "lb"),
    (r"(?:°|degrees?|º)\s?(?:c|celsius)\b", "Cel"),
    (r"(?:°|degrees?|º)\s?(?:f|fahrenheit)\b", "[degF]"),
    (r"(?:years?|yrs?|y)\b(?!\s?/)", "year"),
    (r"(?:months?|mos?|mths?)\b", "month"),
    (r"(?:weeks?|wks?)\b", "week"),
    (r"(?:days?|d)\b", "day"),
    (r"(?:hours?|hrs?|h)\b", "hour"),
    (r"(?:minutes?|mins?)\b", "minute"),
    (r"(?:cm|centimet(?:er|re)s?)\b(?!\s?\^?[23h])", "cm"),
    (r"(?:mm|millimet(?:er|re)s?)\b(?!\s?\^?[23h])", "mm"),
    (r"%|percent\b|per cent\b", "%"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), unit) for pattern, unit in _UNITS)

_TEN = r"\s?(?:x|\*)?\s?10[\s*^(e]{0,6}(3|6|9|12)\s?\)?\s?"
_POWER_OF_TEN = re.compile(rf"{_TEN}{_CELLS}{_PER}\s?(?:({_L})|({_UL})|({_ML}))")
_POWER_UNITS = {
    ("3", 2): "10*3/uL", ("6", 2): "10*6/uL", ("9", 1): "10*9/L", ("12", 1): "10*12/L",
    ("6", 1): "10*6/L",
}  # fmt: skip
_MORE = re.compile(r"\s?(?:/|per\b(?!\s+(?:the\s+)?(?:local|institution|cockc|cockr|ckd|mdrd)))\s?[a-z0-9]")


def find_unit(folded: str, at: int) -> tuple[str, int] | None:
    """The unit that begins at a place of folded text, blanks skipped, and where it ends; None if none does.

    A unit that goes on in a way that is not in the table ("mg/kg", "10^9 widgets") is none, so
    that no number is read in half of its unit.

    >>> find_unit("1,500 cells/mm3", 5), find_unit("100 x 109/l", 3), find_unit("5 mg/kg", 1)
    (('/uL', 15), ('10*9/L', 11), None)
    """
    while at < len(folded) and folded[at] in " -" and folded[at : at + 2] != "--":
        at += 1
    power = _POWER_OF_TEN.match(folded, at)
    if power:
        place = next(number for number in (2, 3, 4) if power.group(number) is not None) - 1
        unit = _POWER_UNITS.get((power.group(1), place))
        return None if unit is None else (unit, power.end())
    for pattern, unit in _COMPILED:
        found = pattern.match(folded, at)
        if found:
            return None if _MORE.match(folded, found.end()) else (unit, found.end())
    return None
