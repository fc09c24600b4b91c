"""Trials in CTML: what they match, what nobody reads, and what CTML cannot say."""

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.data.formats.ctml import read_ctml, write_ctml
from unburden.data.formats.ctml_nodes import CtmlColumns
from unburden.domain.cohort import EVENT_SCHEMA, Cohort, Column
from unburden.domain.criteria import (
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Compare,
    CompareToLimit,
    CountEvents,
    CriterionRule,
    EventSet,
    Not,
    OneOf,
    Unless,
    Unread,
)
from unburden.domain.errors import InvalidCriterion
from unburden.eligibility.evaluate import evaluate_expression

COLUMNS = CtmlColumns()
TRIAL = """
protocol_no: 11-111
treatment_list:
  step:
    - step_internal_id: 321
      step_code: '2'
      match:
        - or:
            - clinical: {age_numerical: '>=18', gender: Female}
            - clinical: {oncotree_primary_diagnosis: '!Melanoma'}
        - genomic: {hugo_symbol: BRAF, variant_category: '!Mutation'}
      arm:
        - arm_code: EXP 3
          arm_suspended: N
          match:
            - and:
                - genomic: {hugo_symbol: NRAS, protein_change: p.G12D}
                - clinical: {age_numerical: '<0.5', er_status: Positive}
          dose_level:
            - level_code: D
              match: [{genomic: {hugo_symbol: NRAS}}]
"""


def gene(symbol, category=""):
    system = f"HUGO {category}".strip()
    return CountEvents(EventSet("measurement", (symbol,), system), ">=", 1, absence="unknown")


def read(folder, text):
    path = folder / "trial.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_ctml(path, columns=COLUMNS)


def test_every_level_of_a_trial_is_read(tmp_path):
    step, arm, dose = read(tmp_path, TRIAL)
    assert (step.level, step.code, step.unread) == ("step", "2", ())
    assert step.expression == AllOf(
        (
            AnyOf(
                (
                    AllOf((Compare("age", ">=", 18, "year"), Compare("sex", "==", "female"))),
                    Not(Compare("oncotree_diagnosis", "==", "Melanoma")),
                )
            ),
            Not(gene("BRAF", "Mutation")),
        )
    )
    kept = 'CTML {"genomic": {"hugo_symbol": "NRAS", "protein_change": "p.G12D"}}'
    reason = "hugo_symbol, protein_change cannot be said by an expression"
    assert arm.expression == AllOf(
        (
            Unread(kept, reason),
            AllOf((Compare("age", "<", 0.5, "year"), Compare("er", "==", "positive"))),
        )
    )
    assert arm.unread == (f"{kept}: {reason}",)
    assert (dose.level, dose.code, dose.expression) == ("dose_level", "D", gene("NRAS"))


def test_names_that_cover_others_are_widened_where_they_are_known(tmp_path):
    family = CtmlColumns(subtypes={"_SOLID_": ("Melanoma", "Glioma")})
    path = tmp_path / "t.yaml"
    path.write_text("match: [{clinical: {oncotree_primary_diagnosis: _SOLID_}}]")
    (found,) = read_ctml(path, columns=family)
    names = tuple(Compare("oncotree_diagnosis", "==", name) for name in ("Melanoma", "Glioma"))
    assert (found.level, found.expression) == ("trial", AnyOf(names))
    (unknown,) = read_ctml(path, columns=COLUMNS)
    assert isinstance(unknown.expression, Unread)
    rules = [CriterionRule("IN01", "", True, found.expression, "keep")]
    assert write_ctml(rules, path, protocol_no="1", columns=family) == ()
    assert read_ctml(path, columns=family)[0].expression == found.expression


def test_what_ctml_cannot_say_is_left_out_and_listed(tmp_path):
    rules = [
        CriterionRule(
            "IN01",
            "",
            True,
            AllOf((Between("age", 18, 75, "year"), CompareToLimit("alt", "<", 2.5, "ULN"))),
            "keep",
        ),
        CriterionRule("EX01", "", False, AnyOf((gene("KRAS"), Unread("unfit", "opinion"))), "keep"),
        CriterionRule("EX02", "", False, AllOf((gene("KRAS"), Unread("unfit", "opinion"))), "keep"),
        CriterionRule("EX03", "", False, Compare("age", "<", 1, "mm"), "keep"),
    ]
    path = tmp_path / "t.yaml"
    left_out = write_ctml(rules, path, protocol_no="22-222", columns=COLUMNS)
    assert left_out == (
        "IN01: column 'alt' against its ULN has no key in CTML",
        "EX01: 'unfit' is read by nobody",
        "EX02: 'unfit' is read by nobody",
        "EX03: the age 1 mm cannot be told in years",
    )
    trial = yaml.safe_load(path.read_text())
    assert trial["protocol_no"] == "22-222"
    assert trial["treatment_list"]["step"][0]["match"] == [
        {
            "and": [
                {"and": [{"clinical": {"age_numerical": ">=18"}}, {"clinical": {"age_numerical": "<=75"}}]},
                {"genomic": {"hugo_symbol": "!KRAS"}},
            ]
        }
    ]


def test_a_trial_comes_back_as_it_was_read(tmp_path):
    for held in read(tmp_path, TRIAL):
        rules = [CriterionRule("IN01", "", True, held.expression, "keep")]
        assert write_ctml(rules, tmp_path / "out.yaml", protocol_no="1", columns=COLUMNS) == ()
        (back,) = read_ctml(tmp_path / "out.yaml", columns=COLUMNS)
        assert write_ctml(rules, tmp_path / "twice.yaml", protocol_no="1", columns=COLUMNS) == ()
        assert set(back.unread) == set(held.unread)
        table = [{"age": a, "sex": s, "oncotree_diagnosis": d, "er": e} for a, s, d, e in GRID]
        assert truth_of(back.expression, table) == truth_of(held.expression, table)


GRID = [
    (age, sex, diagnosis, er)
    for age in (None, 0.25, 0.5, 17, 18, 40)
    for sex in (None, "female", "male")
    for diagnosis in (None, "Melanoma", "Glioma")
    for er in (None, "positive", "negative")
]
SCHEMA = {"age": pl.Float64, "sex": pl.String, "oncotree_diagnosis": pl.String, "er": pl.String}
GENES = ((), ("BRAF",), ("BRAF", "KRAS"), ("NRAS",))


def truth_of(expression, table):
    """Over every row with every set of genes on record."""
    rows = [row for row in table for _ in GENES]
    events = [
        (at, 0.0, "measurement", "HUGO", symbol, None, None)
        for at, genes in enumerate([genes for _ in table for genes in GENES])
        for symbol in genes
    ]
    columns = (Column("age", "year"), Column("sex"), Column("oncotree_diagnosis"), Column("er"))
    frame = pl.DataFrame(events, schema=EVENT_SCHEMA, orient="row")
    cohort = Cohort("grid", pl.DataFrame(rows, schema=SCHEMA), columns, "observed:grid", frame)
    return evaluate_expression(expression, cohort).to_list()


operators = st.sampled_from(("<", "<=", ">", ">=", "==", "!="))
leaves = (
    st.builds(Compare, st.just("age"), operators, st.sampled_from((0.5, 18, 40.0)), st.just("year"))
    | st.builds(Between, st.just("age"), st.sampled_from((0.5, 17)), st.just(18), st.just("year"))
    | st.builds(Compare, st.just("sex"), st.sampled_from(("==", "!=")), st.sampled_from(("female", "male")))
    | st.builds(Compare, st.just("er"), st.just("=="), st.sampled_from(("positive", "negative")))
    | st.builds(OneOf, st.just("oncotree_diagnosis"), st.just(("Glioma", "Melanoma")))
    | st.sampled_from((gene("BRAF"), gene("KRAS")))
)


def nest(inner):
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    some = parts.flatmap(lambda held: st.builds(AtLeast, st.integers(1, len(held)), st.just(held)))
    nodes = st.builds(AllOf, parts) | st.builds(AnyOf, parts) | st.builds(Not, inner)
    return nodes | some | st.builds(Unless, inner, inner)


@settings(deadline=None, max_examples=60)
@given(st.recursive(leaves, nest, max_leaves=5), st.booleans())
def test_what_ctml_can_say_means_the_same_when_read_back(tmp_path_factory, expression, is_inclusion):
    path = tmp_path_factory.mktemp("ctml") / "t.yaml"
    rules = [CriterionRule("C", "", is_inclusion, expression, "keep")]
    assert write_ctml(rules, path, protocol_no="1", columns=COLUMNS) == ()
    (back,) = read_ctml(path, columns=COLUMNS)
    table = [{"age": a, "sex": s, "oncotree_diagnosis": d, "er": e} for a, s, d, e in GRID]
    wanted = expression if is_inclusion else Not(expression)
    assert truth_of(back.expression, table) == truth_of(wanted, table)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nmatch: *b\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "holds None; give a trial in CTML"),
        ("- 1", "holds [1]; give a trial in CTML"),
        ("{a: [", "is not plain YAML (while parsing a flow node"),
        (BOMB, "is not plain YAML (it holds an alias); give a trial in CTML"),
        ("a: !!python/object/apply:os.system [ls]", "is not plain YAML (could not determine a constructor"),
        ("[" * 5000, "is not plain YAML ("),
        ("a: " + "[" * 60 + "]" * 60, "nests deeper than 50 levels; flatten it"),
        (b"\xff\xfe\x00", "is not UTF-8 ("),
        ("\x00", "is not plain YAML ("),
        ("? [a]\n: 1", "is not plain YAML ("),
        ("protocol_no: 1", "has no match; give one in the trial, a step, an arm or a dose level"),
        ("match: 3", "trial, match is 3; give a list with at least one node"),
        ("match: []", "trial, match is []; give a list with at least one node"),
        ("match: [3]", "trial, match 1 is 3; give one of and, or, clinical, genomic with its parts"),
        ("match: [{xor: []}]", "trial, match 1 is 'xor'; give one of and, or, clinical, genomic"),
        ("match: [{and: [{or: 1}]}]", "trial, match 1, and 1, or is 1; give a list with at least one node"),
        ("match: [{clinical: []}]", "trial, match 1, clinical is []; give keys with values"),
        ("match: [{clinical: {1: 2}}]", "trial, match 1, clinical is {1: 2}; give keys with values"),
        (
            "match: [{clinical: {age_numerical: old}}]",
            "trial, match 1, clinical has age_numerical 'old'; give years with >=, <=, >, < or ==",
        ),
        ("match: [{clinical: {age_numerical: 18}}]", "trial, match 1, clinical has age_numerical 18; give"),
        (
            "match: [{genomic: {hugo_symbol: A, variant_category: 2}}]",
            "trial, match 1, genomic has variant_category 2; give words",
        ),
        ("treatment_list: {step: [3]}", "step is 3; give a table"),
    ],
)
def test_garbage_is_named(tmp_path, text, expected):
    with pytest.raises(InvalidCriterion) as caught:
        read(tmp_path, text)
    assert caught.value.where == "trial.yaml"
    assert caught.value.problems[0].startswith(expected)


def test_absent_and_huge_files_are_named(tmp_path):
    with pytest.raises(InvalidCriterion, match="cannot be read"):
        read_ctml(tmp_path / "no.yaml", columns=COLUMNS)
    with pytest.raises(InvalidCriterion, match="is larger than 5,000,000 bytes"):
        read(tmp_path, b"a" * 5_000_001)


@pytest.mark.parametrize("junk", ["null", "3", "[]", "{}", "true", "2020-01-01", "''", "'!'"])
@pytest.mark.parametrize("key", ["gender", "oncotree_primary_diagnosis", "er_status", "disease_status"])
def test_values_that_nobody_reads_stay_unread(tmp_path, junk, key):
    (found,) = read(tmp_path, f"match: [{{clinical: {{{key}: {junk}}}}}]")
    assert isinstance(found.expression, Unread)
