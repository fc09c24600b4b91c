"""Hypothesis strategies for every expression that can be evaluated on some cohort."""

from hypothesis import strategies as st

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
from unburden.domain.units import KNOWN_UNITS

names = st.text(min_size=1, max_size=8)
numbers = st.integers(-(10**6), 10**6) | st.floats(-1e9, 1e9)
operators = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
units = st.sampled_from(("", *KNOWN_UNITS))
values = numbers | st.text(max_size=8) | st.booleans()
anchors = st.just(INDEX) | st.sampled_from(("condition", "procedure", "drug")) | names


@st.composite
def betweens(draw):
    low, high = sorted((draw(numbers), draw(numbers)))
    return Between(draw(names), low, high, draw(units))


@st.composite
def windows(draw):
    first, last = sorted((draw(numbers), draw(numbers)))
    return Window(draw(st.sampled_from((None, first))), draw(st.sampled_from((None, last))), draw(anchors))


event_sets = st.builds(EventSet, names, st.lists(names, max_size=3).map(tuple), st.text(max_size=5))
leaves = (
    st.builds(Compare, names, operators, values, units)
    | betweens()
    | st.builds(OneOf, names, st.lists(values, min_size=1, max_size=4).map(tuple))
    | st.builds(CompareToLimit, names, operators, st.floats(0.01, 100), st.sampled_from(("ULN", "LLN")))
    | st.builds(
        CountEvents,
        event_sets,
        operators,
        st.integers(0, 50),
        windows(),
        st.sampled_from(("none", "unknown")),
    )
    | st.builds(LatestValue, event_sets, operators, numbers, units, windows())
    | st.builds(Unread, st.text(), st.text())
)


def nest(inner):
    """Every node over expressions."""
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    some = parts.flatmap(lambda held: st.builds(AtLeast, st.integers(1, len(held)), st.just(held)))
    return (
        st.builds(AllOf, parts)
        | st.builds(AnyOf, parts)
        | st.builds(Not, inner)
        | some
        | st.builds(Unless, inner, inner)
    )


expressions = st.recursive(leaves, nest, max_leaves=10)


@st.composite
def rule_sets(draw):
    """Rules of different criteria."""
    ids = draw(st.lists(names.filter(str.strip), max_size=4, unique=True))
    policies = st.sampled_from(("keep", "exclude"))
    return tuple(
        CriterionRule(name, draw(st.text()), draw(st.booleans()), draw(expressions), draw(policies))
        for name in ids
    )
