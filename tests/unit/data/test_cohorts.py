"""Reading patients: null is unknown, and a bad file says everything that is wrong with it."""

from pathlib import Path

import polars as pl
import pytest

from unburden.data.cohorts import read_cohort
from unburden.domain.cohort import Column
from unburden.domain.errors import InvalidCohort
from unburden.domain.units import InvalidUnit, convert_value

AGE = Column("age", "year")
EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast" / "patients"


def read(path, columns=(AGE,), source="observed:test"):
    return read_cohort(path, name="test", columns=columns, source=source)


def write(path, text):
    path.write_text(text)
    return path


def test_csv_keeps_every_column_and_reads_unknown_as_null(tmp_path):
    path = write(tmp_path / "p.csv", "age,sex,note\n61,F,a\nNA,,b\n.,M,c\n,M,d\nNaN,M,e\n")
    cohort = read(path)
    assert cohort.frame["age"].to_list() == [61, None, None, None, None]
    assert cohort.frame["sex"].to_list() == ["F", None, "M", "M", "M"]
    assert cohort.frame.columns == ["age", "sex", "note"]
    assert (cohort.patients, cohort.source, cohort.name) == (5, "observed:test", "test")


def test_parquet_reads_nan_as_unknown(tmp_path):
    pl.DataFrame({"age": [61.5, float("nan"), None]}).write_parquet(tmp_path / "p.parquet")
    assert read(tmp_path / "p.parquet").frame["age"].to_list() == [61.5, None, None]


def test_a_late_decimal_does_not_break_the_column(tmp_path):
    path = write(tmp_path / "p.csv", "age\n" + "60\n" * 500 + "60.5\n")
    assert read(path).frame["age"][-1] == 60.5


def test_a_column_known_for_nobody_may_have_a_unit(tmp_path):
    assert read(write(tmp_path / "p.csv", "age,sex\n,F\n,M\n")).frame["age"].null_count() == 2


def test_every_problem_is_listed(tmp_path):
    path = write(tmp_path / "p.csv", "age,sex\nold,F\n61,M\n")
    columns = (AGE, AGE, Column("size", "mm"), Column("sex", "furlong"))
    with pytest.raises(InvalidCohort) as caught:
        read(path, columns, source="somewhere")
    head, *lines = str(caught.value).splitlines()
    assert head == f"InvalidCohort: {path}: 6 problems"
    assert lines[0] == "  - column 'age' is declared twice; keep one"
    assert lines[1].startswith(
        "  - column 'sex': unit 'furlong' is not known; use one of year, month, week, day"
    )
    assert lines[2].startswith("  - source 'somewhere' must start with one of observed:")
    assert lines[3] == (
        "  - column 'age' is declared in year but holds text such as 'old'; "
        "write numbers, or leave unknown ones empty"
    )
    assert lines[4] == "  - column 'size' is declared but not in the table; the table has age, sex"
    assert lines[5].startswith("  - column 'sex' is declared in furlong but holds text such as 'F'")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.csv", b"", "the file is empty; give at least one row"),
        ("p.parquet", b"", "the file is empty; give at least one row"),
        ("p.csv", b"age\n", "it has no patients; give at least one row"),
        ("p.parquet", b"PAR1 this is no parquet", "it cannot be read as Parquet"),
        ("p.csv", b"age\n1\n\xff\xfe\x00\x80,3,4\n", "it cannot be read as CSV"),
        ("p.csv", b"age,sex\n1,F,3\n", "line 2 has not as many fields as the head (2)"),
        ("p.csv", b"\x00\x01\x02\x03", "'age' is declared but not in the table"),
        ("p.csv", b"age,age\n1,2\n", "the table has more than one column 'age'; rename or remove one"),
        ("p.xlsx", b"x", "the file ends with '.xlsx'; give one that ends with .parquet or .csv"),
    ],
)
def test_bad_files_are_refused(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidCohort) as caught:
        read(path)
    assert expected in str(caught.value)


def test_truncated_parquet_is_refused(tmp_path):
    path = tmp_path / "p.parquet"
    pl.DataFrame({"age": list(range(1000))}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InvalidCohort, match="it cannot be read as Parquet"):
        read(path)


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(InvalidCohort, match="there is no such file; check the path"):
        read(tmp_path / "p.csv")
    (tmp_path / "f.csv").mkdir()
    with pytest.raises(InvalidCohort, match="this is a folder; give a file"):
        read(tmp_path / "f.csv")


# Numbers of patients: documentation of the R package survival, `rotterdam` and `gbsg`.
@pytest.mark.parametrize(("name", "patients"), [("rotterdam", 2982), ("gbsg2", 686)])
def test_the_example_holds_the_documented_number_of_patients(name, patients):
    cohort = read(EXAMPLE / f"{name}.parquet", (AGE, Column("positive_nodes", "count")))
    assert cohort.patients == patients
    assert sum(cohort.frame.null_count().row(0)) == 0


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1.1, "cm", "mm", 11.0),
        (18, "year", "month", 216.0),
        (2, "week", "day", 14.0),
        (1, "year", "day", 365.25),
        (12, "g/dL", "g/L", 120.0),
        (100, "mg/dL", "g/L", 1.0),
        (70, "kg", "g", 70000.0),
        (45, "%", "1", 0.45),
        (3, "count", "count", 3.0),
    ],
)
def test_units_convert_exactly(value, source, target, expected):
    assert convert_value(value, source, target) == expected
    assert convert_value(expected, target, source) == value


def test_units_of_different_dimensions_do_not_convert():
    with pytest.raises(InvalidUnit) as caught:
        convert_value(5, "mg/dL", "mmol/L")
    assert caught.value.problems == (
        "mg/dL is a mass concentration and mmol/L is a substance concentration; "
        "give a mass concentration in g/L, g/dL, mg/L, mg/dL, ug/L, ug/dL, mg/mL, ug/mL, ng/mL, "
        "ng/dL, pg/mL, ng/L",
    )
    with pytest.raises(InvalidUnit, match="unit 'fortnight' is not known; use one of year, "):
        convert_value(5, "fortnight", "day")


UNEVEN = "not as many fields as the head (2); give every row as many, an unknown one empty"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age,sex\n61,F\n62\n", f"line 3 has {UNEVEN}"),
        ("age,sex\n61,F,\n", f"line 2 has {UNEVEN}"),
        ('age,sex\n"6\n1",F\n' + "62\n" * 7, f"lines 4, 5, 6, 7, 8 and 2 more have {UNEVEN}"),
        ('age,sex\n61,"F\n62,M\n', "it cannot be read as CSV (line 3: unexpected end of data)"),
    ],
)
def test_rows_that_do_not_fit_the_head_are_refused(tmp_path, text, expected):
    with pytest.raises(InvalidCohort) as caught:
        read(write(tmp_path / "p.csv", text))
    (problem,) = caught.value.problems
    assert problem.startswith(expected)


@pytest.mark.parametrize("text", ["\nage,sex\n\n61,F\n,\n  \n62,\n\n", "\ufeffage,sex\r61,F\r\r62,\r"])
def test_blank_rows_are_no_patients_whatever_ends_the_lines(tmp_path, text):
    path = tmp_path / "p.csv"
    path.write_bytes(text.encode())
    assert read(path).frame.rows() == [(61, "F"), (62, None)]


def test_a_blank_row_of_a_single_column_is_an_unknown_value(tmp_path):
    assert read(write(tmp_path / "p.csv", "age\n61\n\n62\n")).frame["age"].to_list() == [61, None, 62]


def test_quoted_entries_keep_their_lines(tmp_path):
    frame = read(write(tmp_path / "p.csv", 'age,note\n61,"a,\n\n""b"""\n')).frame
    assert frame.rows() == [(61, 'a,\n\n"b"')]


def test_many_columns_are_told_briefly_and_at_once(tmp_path):
    head = ",".join(f"c{i}" for i in range(50_000))
    with pytest.raises(InvalidCohort) as caught:
        read(write(tmp_path / "p.csv", head + "\n"))
    assert caught.value.problems == (
        "it has no patients; give at least one row",
        "column 'age' is declared but not in the table; "
        f"the table has {', '.join(f'c{i}' for i in range(20))} and 49980 more",
    )


def test_a_name_too_long_is_told(tmp_path):
    with pytest.raises(InvalidCohort, match=r"cannot be reached \(File name too long\); check the path"):
        read(tmp_path / f"{'n' * 300}.csv")
