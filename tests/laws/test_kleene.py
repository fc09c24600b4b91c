"""Three-valued logic and screening against a brute-force evaluator in plain Python."""

from fractions import Fraction
from itertools import product
from operator import eq, ge, gt, le, lt, ne

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.domain.cohort import EVENT_SCHEMA, Cohort, Column
from unburden.domain.criteria import (
    INDEX,
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    CriterionRule,
    EventSet,
    LatestValue,
    Not,
    OneOf,
    Unless,
    Unread,
    Window,
)
from unburden.eligibility.evaluate import evaluate_expression
from unburden.eligibility.screen import screen_cohort

OPERATORS = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
WORDS = ("F", "M", "other")
# By hand: how many of the column's unit (month, mm, a plain count) one of the threshold's unit is.
IN_COLUMN_UNIT = {"year": 12, "month": 1, "m": 1000, "cm": 10, "mm": 1, "": 1, "count": 1}
UNITS = {"age": ("year", "month"), "size": ("m", "cm", "mm"), "nodes": ("", "count")}
COLUMNS = (
    Column("age", "month"),
    Column("size", "mm"),
    Column("nodes", "count"),
    Column("sex"),
    Column("treated"),
    Column("alt", "U/L", lower_limit=1.1, upper_limit="alt_uln"),
    Column("alt_uln", "U/L"),
    Column("albumin", "g/L", lower_limit="albumin_lln", upper_limit=30),
    Column("albumin_lln", "g/dL"),
)
SCHEMA = {
    "age": pl.Int64,
    "size": pl.Float64,
    "nodes": pl.Int64,
    "sex": pl.String,
    "treated": pl.Boolean,
    "alt": pl.Float64,
    "alt_uln": pl.Float64,
    "albumin": pl.Float64,
    "albumin_lln": pl.Float64,
}
# By hand: each patient's limit, and how many of the column's unit one of the limit's unit is.
LIMITS = {
    ("alt", "LLN"): (lambda row: 1.1, 1),
    ("alt", "ULN"): (lambda row: row["alt_uln"], 1),
    ("albumin", "LLN"): (lambda row: row["albumin_lln"], 10),
    ("albumin", "ULN"): (lambda row: 30, 1),
}
IN_GRAMS_PER_LITRE = {"g/dL": 10, "g/L": 1}
KINDS, CODES, SYSTEMS = ("condition", "drug", "measurement"), ("a", "b", "c"), ("X", "Y")

# How long an example takes depends on what else runs; the laws are about answers.
LAW = settings(deadline=None)

small = st.integers(0, 40)
tenths = small.map(lambda n: n / 10)
rows = st.fixed_dictionaries(
    {
        "age": st.none() | small,
        "size": st.none() | st.just(float("nan")) | tenths,
        "nodes": st.none() | small,
        "sex": st.none() | st.sampled_from(WORDS),
        "treated": st.none() | st.booleans(),
        **{name: st.none() | tenths for name in ("alt", "albumin")},
        **{name: st.none() | st.integers(1, 40).map(lambda n: n / 10) for name in ("alt_uln", "albumin_lln")},
        "events": st.lists(
            st.fixed_dictionaries(
                {
                    "day": st.integers(-8, 8).map(lambda n: n / 2),
                    "kind": st.sampled_from(KINDS),
                    "system": st.none() | st.sampled_from(SYSTEMS),
                    "code": st.none() | st.sampled_from(CODES),
                    "value": st.none() | st.just(float("nan")) | tenths,
                    "unit": st.none() | st.sampled_from(tuple(IN_GRAMS_PER_LITRE)),
                }
            ),
            max_size=5,
        ),
    }
)
tables = st.lists(rows, min_size=1, max_size=12)


@st.composite
def number_leaves(draw):
    column = draw(st.sampled_from(tuple(UNITS)))
    unit = draw(st.sampled_from(UNITS[column]))
    if draw(st.booleans()):
        return Compare(column, draw(st.sampled_from(tuple(OPERATORS))), draw(tenths | small), unit)
    low, high = sorted((draw(tenths), draw(tenths)))
    return Between(column, low, high, unit)


word_leaves = st.builds(
    Compare, st.just("sex"), st.sampled_from(("==", "!=")), st.sampled_from(WORDS)
) | st.builds(OneOf, st.just("sex"), st.lists(st.sampled_from(WORDS), min_size=1).map(tuple))
flag_leaves = st.builds(Compare, st.just("treated"), st.sampled_from(("==", "!=")), st.booleans())
count_leaves = st.builds(OneOf, st.just("nodes"), st.lists(small, min_size=1, max_size=5).map(tuple))
limit_leaves = st.builds(
    CompareToLimit,
    st.sampled_from(("alt", "albumin")),
    st.sampled_from(tuple(OPERATORS)),
    st.sampled_from((0.1, 1, 1.1, 2.5, 3)),
    st.sampled_from(("ULN", "LLN")),
)
event_sets = st.builds(
    EventSet,
    st.sampled_from(KINDS),
    st.lists(st.sampled_from(CODES), max_size=2, unique=True).map(tuple),
    st.sampled_from(("", *SYSTEMS)),
)


@st.composite
def windows(draw):
    first, last = sorted((draw(st.integers(-5, 5)), draw(st.integers(-5, 5))))
    return Window(
        draw(st.sampled_from((None, first))),
        draw(st.sampled_from((None, last))),
        draw(st.sampled_from((INDEX, *KINDS))),
    )


timeline_leaves = st.builds(
    CountEvents,
    event_sets,
    st.sampled_from(tuple(OPERATORS)),
    st.integers(0, 3),
    windows(),
    st.sampled_from(("none", "unknown")),
) | st.builds(
    LatestValue,
    event_sets,
    st.sampled_from(tuple(OPERATORS)),
    tenths,
    st.sampled_from(tuple(IN_GRAMS_PER_LITRE)),
    windows(),
)
unread_leaves = st.just(Unread("able to consent", "no data can tell"))
leaves = (
    number_leaves()
    | word_leaves
    | flag_leaves
    | count_leaves
    | limit_leaves
    | timeline_leaves
    | timeline_leaves
    | unread_leaves
)


def nest(inner):
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    some = parts.flatmap(lambda held: st.builds(AtLeast, st.integers(1, len(held)), st.just(held)))
    return (
        st.builds(AllOf, parts)
        | st.builds(AnyOf, parts)
        | st.builds(Not, inner)
        | some
        | st.builds(Unless, inner, inner)
    )


expressions = st.recursive(leaves, nest, max_leaves=8)


@st.composite
def rule_sets(draw):
    bodies = draw(
        st.lists(st.tuples(st.booleans(), expressions, st.sampled_from(("keep", "exclude"))), max_size=4)
    )
    return tuple(
        CriterionRule(f"C{i}", "", inc, body, policy) for i, (inc, body, policy) in enumerate(bodies)
    )


def cohort_of(table):
    """The rows' events are put in one table, the last patient's first: their order must not matter."""
    events = [{"patient": i, **event} for i, row in enumerate(table) for event in row["events"]][::-1]
    bare = [{name: row[name] for name in SCHEMA} for row in table]
    return Cohort(
        "drawn",
        pl.DataFrame(bare, schema=SCHEMA),
        COLUMNS,
        "observed:drawn",
        pl.DataFrame(events, schema=EVENT_SCHEMA),
    )


def truth_of(expression, row):
    """Kleene's tables, spelled out: True, False or None."""
    match expression:
        case AllOf(parts=parts):
            truths = [truth_of(part, row) for part in parts]
            return False if False in truths else None if None in truths else True
        case AnyOf(parts=parts):
            truths = [truth_of(part, row) for part in parts]
            return True if True in truths else None if None in truths else False
        case Not(part=part):
            return {True: False, False: True, None: None}[truth_of(part, row)]
        case Unless(part=part, exception=exception):
            met, excepted = truth_of(part, row), truth_of(exception, row)
            return False if met is False or excepted is True else None if None in (met, excepted) else True
        case AtLeast(count=count, parts=parts):
            truths = [truth_of(part, row) for part in parts]
            worlds = product(*([t] if t is not None else [True, False] for t in truths))
            return answer_of({sum(world) >= count for world in worlds})
        case CountEvents():
            return truth_of_count(expression, row)
        case LatestValue():
            return truth_of_latest(expression, row)
        case Unread():
            return None
    found = row[expression.column]
    if found is None or found != found:
        return None
    if isinstance(expression, OneOf):
        return found in expression.values
    if isinstance(found, str | bool):
        return OPERATORS[expression.operator](found, expression.value)
    exact = Fraction(str(found))
    if isinstance(expression, CompareToLimit):
        read, scale = LIMITS[expression.column, expression.limit]
        limit = read(row)
        if limit is None:
            return None
        wanted = Fraction(str(limit)) * scale * Fraction(str(expression.multiple))
        return OPERATORS[expression.operator](exact, wanted)
    scale = IN_COLUMN_UNIT[expression.unit]
    if isinstance(expression, Between):
        return Fraction(str(expression.low)) * scale <= exact <= Fraction(str(expression.high)) * scale
    return OPERATORS[expression.operator](exact, Fraction(str(expression.value)) * scale)


def answer_of(answers):
    """What holds in every world, or None."""
    return answers.pop() if len(answers) == 1 else None


def is_meant(events, event):
    """True, False, or None where a code or system that would tell is not known."""
    if event["kind"] != events.kind:
        return False
    told = []
    if events.codes:
        told.append(None if event["code"] is None else event["code"] in events.codes)
    if events.system:
        told.append(None if event["system"] is None else event["system"] == events.system)
    return False if False in told else None if None in told else True


def find_window(window, row):
    """The events in the window, or None where the patient has no anchor."""
    anchors = [0.0] if window.relative_to == INDEX else []
    anchors += [event["day"] for event in row["events"] if event["kind"] == window.relative_to]
    if not anchors:
        return None
    low = -1000 if window.from_days is None else window.from_days
    high = 1000 if window.to_days is None else window.to_days
    return [event for event in row["events"] if low <= event["day"] - min(anchors) <= high]


def truth_of_count(leaf, row):
    """What every world has in common, in which each event of unknown code is meant or not."""
    held = find_window(leaf.window, row)
    if held is None:
        return None
    meant = [is_meant(leaf.events, event) for event in held]
    sure = meant.count(True)
    counts = {sure + more for more in range(meant.count(None) + 1)}
    if leaf.absence == "unknown" and not sure:
        counts |= set(range(20))
    return answer_of({OPERATORS[leaf.operator](count, leaf.count) for count in counts})


def truth_of_latest(leaf, row):
    held = [e for e in find_window(leaf.window, row) or [] if is_meant(leaf.events, e) is not False]
    last = [event for event in held if event["day"] == max(e["day"] for e in held)]
    answers = set()
    for event in last:
        value, unit = event["value"], event["unit"]
        if value is None or value != value or unit is None or is_meant(leaf.events, event) is None:
            return None
        exact = Fraction(str(value)) * IN_GRAMS_PER_LITRE[unit]
        wanted = Fraction(str(leaf.value)) * IN_GRAMS_PER_LITRE[leaf.unit]
        answers.add(OPERATORS[leaf.operator](exact, wanted))
    return answer_of(answers)


@LAW
@given(tables, expressions)
def test_evaluation_agrees_with_brute_force(table, expression):
    found = evaluate_expression(expression, cohort_of(table))
    assert found.dtype == pl.Boolean
    assert found.to_list() == [truth_of(expression, row) for row in table]


@LAW
@given(tables, st.lists(expressions, min_size=1, max_size=3).map(tuple))
def test_de_morgan_and_double_negation(table, parts):
    cohort = cohort_of(table)
    negated = tuple(Not(part) for part in parts)

    def values(expression):
        return evaluate_expression(expression, cohort).to_list()

    assert values(Not(AllOf(parts))) == values(AnyOf(negated))
    assert values(Not(AnyOf(parts))) == values(AllOf(negated))
    assert values(Not(Not(parts[0]))) == values(parts[0])
    for count in range(1, len(parts) + 1):
        others = AtLeast(len(parts) + 1 - count, negated)
        assert values(Not(AtLeast(count, parts))) == values(others)
    assert values(AtLeast(1, parts)) == values(AnyOf(parts))
    assert values(AtLeast(len(parts), parts)) == values(AllOf(parts))


@LAW
@given(tables, expressions, expressions)
def test_unless_is_the_part_and_not_the_exception(table, part, exception):
    cohort = cohort_of(table)
    found = evaluate_expression(Unless(part, exception), cohort).to_list()
    assert found == evaluate_expression(AllOf((part, Not(exception))), cohort).to_list()


@LAW
@given(tables, expressions, st.data())
def test_learning_more_never_turns_a_known_answer_around(table, expression, data):
    """Kleene's logic is monotone: what is told while columns are unknown stays told once they are known."""
    hidden = data.draw(st.sets(st.sampled_from(tuple(SCHEMA))))
    before = evaluate_expression(expression, cohort_of([row | dict.fromkeys(hidden) for row in table]))
    after = evaluate_expression(expression, cohort_of(table))
    for less, more in zip(before, after, strict=True):
        assert less is None or less is more


@LAW
@given(tables, rule_sets(), expressions, st.booleans(), st.sampled_from(("keep", "exclude")))
def test_one_more_criterion_never_enlarges_a_cohort(table, rules, expression, is_inclusion, policy):
    more = CriterionRule("more", "", is_inclusion, expression, policy)
    cohort = cohort_of(table)
    wide, narrow = screen_cohort(rules, cohort), screen_cohort((*rules, more), cohort)
    assert set(narrow.eligible_rows) <= set(wide.eligible_rows)


@LAW
@given(tables, rule_sets())
def test_screening_counts_sum_and_agree_with_brute_force(table, rules):
    found = screen_cohort(rules, cohort_of(table))
    passing = []
    for rule in rules:
        truths = [truth_of(rule.expression, row) for row in table]
        passing.append([rule.unknown == "keep" if t is None else t is rule.is_inclusion for t in truths])
    entering = len(table)
    for step, rule, passes in zip(found.steps, rules, passing, strict=True):
        assert step.entering == entering
        assert step.met + step.not_met + step.unknown == step.entering
        assert step.leaving == step.met + (step.unknown if rule.unknown == "keep" else 0)
        assert 0 <= step.only <= step.alone == passes.count(False)
        others = [p for p in passing if p is not passes]
        assert step.only == sum(not passes[i] and all(p[i] for p in others) for i in range(len(table)))
        entering = step.leaving
    assert found.eligible == entering == len(found.eligible_rows)
    assert found.eligible_rows == tuple(i for i in range(len(table)) if all(p[i] for p in passing))


@LAW
@given(tables, rule_sets())
def test_the_order_of_rules_does_not_change_who_is_eligible(table, rules):
    forward, backward = (screen_cohort(r, cohort_of(table)) for r in (rules, rules[::-1]))
    assert forward.eligible_rows == backward.eligible_rows
    assert {(s.criterion_id, s.alone, s.only) for s in forward.steps} == {
        (s.criterion_id, s.alone, s.only) for s in backward.steps
    }
