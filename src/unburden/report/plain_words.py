"""Numbers for patients: rounded, in everyday units, beside everyday things."""

TEASPOON_ML = 5.0
DONATION_ML = 475.0
"""A blood donation holds 450 to 500 mL, by country."""

BACKGROUND_MSV = 3.0
"""Natural background in a year, average of the United States (NCRP report 160: 3.1 mSv)."""

_KM_PER_MILE = 1.609344
_MINUTES_IN_HOURS = 90
"""From so many minutes on, hours are told."""

_DAYS_PER_YEAR = 365.25
_DAYS_PER_MONTH = _DAYS_PER_YEAR / 12
_WORD_BY_UNIT = {"day": "day", "hour": "hour", "procedure": "time"}


def round_plainly(value: float) -> str:
    """A number that nobody takes for more exact than it is: whole below 100, else two figures.

    >>> round_plainly(11.6), round_plainly(1885), round_plainly(0.3), round_plainly(0)
    ('12', '1,900', 'less than 1', '0')
    """
    size = abs(value)
    if size == 0:
        return "0"
    if size < 0.5:
        return "less than 1"
    if size < 99.5:
        return f"{size:.0f}"
    step = 10 ** (len(str(int(size))) - 2)
    return f"{int(size / step + 0.5) * step:,}"


def say_plainly(value: float, unit: str) -> str:
    """An amount in everyday units; minutes as hours from an hour and a half on.

    >>> say_plainly(11.6, "day"), say_plainly(2316, "minute"), say_plainly(150, "minute")
    ('12 days', '39 hours', '2½ hours')
    >>> say_plainly(265, "USD"), say_plainly(967, "km"), say_plainly(43, "minute")
    ('$270', '970 km', '45 minutes')
    """
    if unit == "minute":
        return _say_minutes(value, abs(value) >= _MINUTES_IN_HOURS)
    number = round_plainly(value)
    if unit == "USD":
        return "less than $1" if number == "less than 1" else f"${number}"
    if unit == "item":
        return number
    word = _WORD_BY_UNIT.get(unit, unit)
    is_one = number in ("1", "less than 1")
    return f"{number} {word}" + ("s" if unit in _WORD_BY_UNIT and not is_one else "")


def say_about(value: float, unit: str, *, is_counted: bool = False) -> str:
    """An amount, said to be rough unless it was counted and is whole.

    >>> say_about(15, "day", is_counted=True), say_about(11.6, "day", is_counted=True), say_about(0.2, "day")
    ('15 days', 'about 12 days', 'less than 1 day')
    """
    told = say_plainly(value, unit)
    is_sharp = is_counted and value == round(value) and abs(value) < 100 and unit != "minute"
    return told if is_sharp or told.startswith("less") else f"about {told}"


def say_range(low: float, high: float, unit: str) -> str:
    """From one amount to another, the unit said once; the one amount where both round alike.

    >>> say_range(1060, 2365, "minute"), say_range(60, 200, "minute"), say_range(6, 15, "day")
    ('18 to 39 hours', '1 to 3½ hours', '6 to 15 days')
    >>> say_range(67, 725, "USD"), say_range(28.9, 29.1, "mSv"), say_range(162, 486, "item")
    ('$67 to $730', 'about 29 mSv', '160 to 490')
    """
    if unit == "minute":
        in_hours = abs(high) >= _MINUTES_IN_HOURS
        first, last = _say_minutes(low, in_hours), _say_minutes(high, in_hours)
    else:
        first, last = say_plainly(low, unit), say_plainly(high, unit)
    if first == last:
        return f"about {last}"
    return f"{first if unit in ('USD', 'item') else first.rpartition(' ')[0]} to {last}"


def _say_minutes(value: float, in_hours: bool) -> str:
    size = abs(value)
    if not in_hours:
        number = f"{5 * round(size / 5)}" if size >= 7.5 else round_plainly(size)
        return f"{number} minute" + ("" if number in ("1", "less than 1") else "s")
    hours = size / 60
    if hours >= 4.75:
        return f"{round_plainly(hours)} hours"
    whole, half = divmod(round(hours * 2), 2)
    number = f"{whole or ''}{'½' if half else ''}" or "0"
    return f"{number} hour" + ("" if number in ("1", "½") else "s")


def say_teaspoons(blood_ml: float) -> str:
    """Blood beside a teaspoon, from a quarter of a litre on beside a donation.

    >>> say_teaspoons(176), say_teaspoons(240), say_teaspoons(700)
    ('35 teaspoons', 'half a blood donation', '1½ blood donations')
    """
    spoons = blood_ml / TEASPOON_ML
    if spoons < 40:
        number = round_plainly(spoons)
        return f"{number} teaspoon" + ("" if number in ("1", "less than 1") else "s")
    halves = max(1, round(2 * blood_ml / DONATION_ML))
    if halves == 1:
        return "half a blood donation"
    whole, half = divmod(halves, 2)
    return f"{whole}{'½' if half else ''} blood donation" + ("" if halves == 2 else "s")


def say_background(radiation_msv: float) -> str:
    """Radiation as time in natural background.

    >>> say_background(29), say_background(2.1), say_background(0.004), say_background(0.1)
    ('10 years', '8 months', 'less than 1 day', '12 days')
    """
    return say_period(radiation_msv / BACKGROUND_MSV * _DAYS_PER_YEAR)


def say_period(days: float) -> str:
    """A length of time in the largest unit that it holds about twice.

    >>> say_period(1826), say_period(182), say_period(70), say_period(14), say_period(900)
    ('5 years', '6 months', '10 weeks', '14 days', '2½ years')
    """
    if days >= 4.75 * _DAYS_PER_YEAR:
        return f"{round_plainly(days / _DAYS_PER_YEAR)} years"
    if days >= 1.75 * _DAYS_PER_YEAR:
        halves = round(2 * days / _DAYS_PER_YEAR)
        whole, half = divmod(halves, 2)
        return f"{whole}{'½' if half else ''} years"
    if days >= 90:
        return f"{days / _DAYS_PER_MONTH:.0f} months"
    if days >= 28:
        return f"{days / 7:.0f} weeks"
    return say_plainly(days, "day")


def say_share(share: float) -> str:
    """A share of people in whole numbers.

    >>> say_share(0.7), say_share(1), say_share(0.25), say_share(0.004)
    ('7 in 10 people', 'all people', '25 in 100 people', 'less than 1 in 100 people')
    """
    if share >= 0.995:
        return "all people"
    if abs(10 * share - round(10 * share)) < 1e-9:
        return f"{round(10 * share)} in 10 people"
    return f"{round_plainly(100 * share)} in 100 people"


def say_miles(travel_km: float) -> str:
    """Kilometres in miles.

    >>> say_miles(967)
    '600 miles'
    """
    number = round_plainly(travel_km / _KM_PER_MILE)
    return f"{number} mile" + ("" if number in ("1", "less than 1") else "s")
