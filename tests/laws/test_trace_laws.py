"""What holds for the reasons of every protocol's cells."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.burden.classify import classify_activities
from unburden.burden.trace import trace_cells
from unburden.burden.trace_times import find_times
from unburden.data.evidence import read_evidence
from unburden.domain.protocol import (
    Activity,
    Cell,
    Criterion,
    Endpoint,
    Objective,
    Protocol,
    Purpose,
    Timeline,
    Visit,
)

LEDGER = read_evidence()
WORDS = (
    "ADAS-Cog", "at Week 4", "from Week 2 to Week 8", "safety", "adverse events", "progression-free survival",
    "blood", "HbA1c", "exploratory", "Days -4 through -1", "key secondary", "MMSE", "(", "*** undetermined",
)  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), st.text(max_size=30))
TITLES = st.one_of(
    st.sampled_from(
        ("ADAS-Cog", "ECG", "Hematology", "MMSE", "HbA1c", "CT of chest", "Consent", "Study drug")
    ),
    st.text(min_size=1, max_size=20),
)
LEVELS = st.sampled_from(("", "Primary Endpoint", "Secondary Endpoint", "Exploratory Endpoint", "odd"))
DAYS = st.one_of(st.none(), st.sampled_from([-14.0, -4.0, 0.0, 0.5, 14.0, 28.0, 56.0]))


@st.composite
def protocols(draw) -> Protocol:
    ends = tuple(
        Endpoint(("e", "e10", "10", "e2")[i], draw(TEXTS), draw(LEVELS))
        for i in range(draw(st.integers(0, 4)))
    )
    ids = st.sampled_from([e.id for e in ends]) if ends else st.nothing()
    some = st.lists(ids, max_size=2, unique=True).map(tuple) if ends else st.just(())
    aims = tuple(Objective(f"o{i}", draw(TEXTS), draw(LEVELS), draw(some)) for i in range(2))
    visits = tuple(Visit(f"v{i}", draw(st.sampled_from(("V", "Week 4", "Screening"))), "main", draw(DAYS))
                   for i in range(draw(st.integers(1, 4))))  # fmt: skip
    inner = (Visit("t", "T", "inner", 0.0),)
    purposes = st.sampled_from(list(Purpose))
    activities = tuple(
        Activity(f"a{i}", draw(TITLES), purpose=draw(purposes), endpoint_ids=draw(some)) for i in range(3)
    )
    keys = [(visit.id, activity.id) for visit in (*visits, *inner) for activity in activities]
    cells = draw(st.lists(st.sampled_from(keys), unique=True))
    return Protocol(
        id="P",
        title=draw(TEXTS),
        source="made up",
        timelines=(Timeline("main", "main", True), Timeline("inner", "inner", False)),
        visits=(*visits, *inner),
        activities=activities,
        cells=tuple(Cell(*key) for key in cells),
        endpoints=ends,
        objectives=aims,
        criteria=tuple(Criterion(f"c{i}", f"C{i}", draw(TEXTS), True) for i in range(2)),
    )


@settings(max_examples=150, deadline=None)
@given(protocols(), st.randoms(use_true_random=False))
def test_each_cell_of_the_main_timeline_has_one_reason_whatever_the_order(protocol, random):
    kinds = classify_activities(protocol, LEDGER, {})
    reasons = trace_cells(protocol, kinds)
    main = {visit.id for visit in protocol.main_visits}
    assert [reason.key for reason in reasons] == [c.key for c in protocol.cells if c.visit_id in main]
    names = ("cells", "activities", "endpoints", "objectives", "criteria")
    shuffled = {name: random.sample(getattr(protocol, name), len(getattr(protocol, name))) for name in names}
    again = trace_cells(replace(protocol, **{k: tuple(v) for k, v in shuffled.items()}), kinds)
    assert {reason.key: reason for reason in again} == {reason.key: reason for reason in reasons}


@settings(max_examples=100, deadline=None)
@given(protocols())
def test_what_serves_nothing_is_named_by_a_ground_and_unknown_kinds_do_no_harm(protocol):
    ends = {e.id for e in protocol.endpoints} | {None}
    aims = {o.id for o in protocol.objectives} | {None}
    for reason in trace_cells(protocol, {}):
        assert reason.endpoint_id in ends
        assert reason.objective_id in aims
        if reason.role == "non-core":
            assert reason.level or reason.confidence == "stated"


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=200),
    st.lists(st.sampled_from(("Week", "Days", " 4", " to", "-", ",", "9" * 50)), max_size=30),
)
def test_times_are_read_from_any_text(text, pieces):
    for time in find_times(text + "".join(pieces)):
        assert time.first <= time.last
