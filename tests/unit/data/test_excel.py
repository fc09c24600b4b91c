import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart

from unburden.data.formats.excel import read_soa_excel, write_soa_excel, write_soa_template
from unburden.data.formats.soa_matrix import read_soa_matrix
from unburden.domain.errors import InvalidProtocol
from unburden.domain.protocol import Place

SOA = sorted(
    (Path(__file__).parents[4] / "shared" / "data" / "protocols" / "soa").glob("*_consolidated.json")
)


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "soa.xlsx"
    write_soa_template(path)
    return path


def edit(path: Path, **values) -> Path:
    book = openpyxl.load_workbook(path)
    for address, value in values.items():
        book["Schedule"][address] = value
    book.save(path)
    return path


def test_the_template_reads_back(template):
    protocol = read_soa_excel(template)
    assert [v.name for v in protocol.visits] == [
        "Screening",
        "Baseline",
        "Week 4",
        "Week 12",
        "Follow-up call",
    ]
    assert [v.offset_days for v in protocol.visits] == [-14, 0, 28, 84, 112]
    assert (protocol.visits[0].window_before_days, protocol.visits[2].window_after_days) == (7, 3)
    assert protocol.visits[4].place == Place.REMOTE
    assert len(protocol.cells) == 20
    marked = {c.mark: c.condition_ids for c in protocol.cells if c.condition_ids}
    assert marked == {"X^a": ("footnote-a",), "(X)": ("parenthesis",)}
    assert list(template.parent.iterdir()) == [template]


def test_every_problem_is_listed_with_its_cell(template):
    edit(template, D9="X?", C3=None, D2="Screening", B4="3 days", E5="moon", C6="X^q")
    with pytest.raises(InvalidProtocol) as caught:
        read_soa_excel(template)
    assert str(caught.value) == "\n".join(
        [
            "InvalidProtocol: soa.xlsx: 6 problems",
            "  - cell B4 holds the window '3 days'; use ±3 or -2/+4, in days",
            '  - visit "Baseline" has no day; give one in row 3, or - where there is none',
            "  - cells B2 and D2 both name the visit 'Screening'; rename one",
            "  - cell E5 holds 'moon'; use one of site, home, local, remote",
            "  - cell C6 has the footnote 'q', which nothing explains; add a row 'q: ...'",
            "  - cell D9 holds 'X?'; use X, (X) or a footnote mark such as X^a",
        ]
    )


def test_merged_cells_are_refused(template):
    book = openpyxl.load_workbook(template)
    book["Schedule"].merge_cells("C1:E1")
    book.save(template)
    with pytest.raises(InvalidProtocol, match="cells C1:E1 are merged; unmerge them"):
        read_soa_excel(template)


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04broken"])
def test_garbage_is_refused(tmp_path, content):
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(InvalidProtocol, match="is not an Excel workbook"):
        read_soa_excel(path)


def test_a_missing_file_and_a_missing_sheet_are_told_apart(tmp_path):
    with pytest.raises(InvalidProtocol, match="there is no such file"):
        read_soa_excel(tmp_path / "none.xlsx")
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    with pytest.raises(InvalidProtocol, match="has no sheet 'Schedule'"):
        read_soa_excel(tmp_path / "empty.xlsx")


def test_an_empty_schedule_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Schedule"
    book.save(tmp_path / "e.xlsx")
    with pytest.raises(InvalidProtocol, match="no row of column A says 'Visit'"):
        read_soa_excel(tmp_path / "e.xlsx")


def test_a_sheet_with_a_far_cell_is_refused(template):
    edit(template, A9999="far")
    with pytest.raises(InvalidProtocol, match="9999 rows"):
        read_soa_excel(template)


def test_days_with_a_zero_count_from_it(template):
    protocol = read_soa_excel(edit(template, C3=0, D3=28))
    assert [v.offset_days for v in protocol.visits][1:3] == [0, 28]


@pytest.mark.parametrize("value", ["nan", "inf", "soon"])
def test_a_day_that_is_no_number_is_refused(template, value):
    with pytest.raises(InvalidProtocol, match=f"cell D3 holds '{value}'; give the day as a number"):
        read_soa_excel(edit(template, D3=value))


def test_superscripts_and_two_letter_footnotes_are_read(template):
    protocol = read_soa_excel(edit(template, C6="Xᵃ", D6="X^a,bc", A15="bc: Fasting"))
    marks = {c.mark: c.condition_ids for c in protocol.cells if c.activity_id == "activity-1"}
    assert marks["Xᵃ"] == ("footnote-a",)
    assert marks["X^a,bc"] == ("footnote-a", "footnote-bc")


def test_a_footnote_without_text_is_refused(template):
    with pytest.raises(InvalidProtocol, match="cell A14 gives the footnote 'a' no text"):
        read_soa_excel(edit(template, A14="a:"))


@pytest.mark.skipif(not SOA, reason="../shared/data/protocols/soa is absent")
@pytest.mark.parametrize("path", SOA, ids=lambda p: p.stem)
def test_real_schedules_survive_excel_cell_by_cell(path, tmp_path):
    protocol = read_soa_matrix(path)
    write_soa_excel(protocol, tmp_path / "s.xlsx")
    again = read_soa_excel(tmp_path / "s.xlsx")

    def describe(record, visits, activities):
        texts = {c.id: c.text for c in record.conditions}
        place = {v.id: i for i, v in enumerate(visits)}
        order = {a.id: i for i, a in enumerate(activities)}
        return sorted(
            (
                place[c.visit_id],
                order[c.activity_id],
                tuple(sorted(texts[i].strip() for i in c.condition_ids)),
            )
            for c in record.cells
        )

    done = [a for a in protocol.activities if any(c.activity_id == a.id for c in protocol.cells)]
    found = describe(again, again.visits, again.activities)
    expected = describe(protocol, protocol.visits, done)
    assert [f[:2] for f in found] == [e[:2] for e in expected]
    for (*_, texts), (*_, wanted) in zip(found, expected, strict=True):
        assert set(wanted) <= set(texts)
    assert [v.offset_days for v in again.visits] == [v.offset_days for v in protocol.visits]


def insert(path: Path, row: int, *values) -> Path:
    book = openpyxl.load_workbook(path)
    sheet = book["Schedule"]
    sheet.insert_rows(row)
    for column, value in enumerate(values, start=1):
        sheet.cell(row, column, value)
    book.save(path)
    return path


def problems_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(InvalidProtocol) as caught:
        read_soa_excel(path)
    return caught.value.problems


@pytest.mark.parametrize("row", [1, 5])
@pytest.mark.parametrize("name", ["Bone marrow biopsy", "visit", None])
def test_marks_above_the_last_head_row_are_refused(template, row, name):
    (problem,) = problems_of(insert(template, row, name, "X", "X"))
    assert problem == f"row {row} has entries above the head row 6; move it below, or clear it"


def test_a_title_above_the_head_rows_is_no_matter(template):
    expected = read_soa_excel(template)
    assert read_soa_excel(insert(template, 1, "Schedule of activities, version 3")) == expected


@pytest.mark.parametrize(
    ("row", "head"), [(1, "Epoch"), (2, "Visit"), (3, "Day"), (4, "Window"), (5, "Place")]
)
def test_a_head_that_stands_twice_is_refused(template, row, head):
    assert (
        problems_of(insert(template, 6, head, "X"))[0] == f"cells A{row} and A6 both say {head!r}; keep one"
    )


def test_a_week_that_agrees_with_the_day_is_read(template):
    protocol = read_soa_excel(insert(template, 4, "Week", -2, 0, "4", "12", "-"))
    assert [v.offset_days for v in protocol.visits] == [-14, 0, 28, 84, 112]


@pytest.mark.parametrize(("week", "starts"), [(8, 57), (1, 8), (-4, -28)])
def test_a_week_that_contradicts_the_day_is_refused(template, week, starts):
    (problem,) = problems_of(insert(template, 4, "Week", -2, 0, week))
    assert problem == (
        f'visit "Week 4" is day 29 (cell D3) and week {week} (cell D4), which starts on day {starts}; '
        "correct one or clear it"
    )


def test_a_week_beside_no_day_is_refused(template):
    edit(template, D3="-")
    (problem,) = problems_of(insert(template, 4, "Week", -2, 0, 4))
    assert problem == "cell D3 says that there is no day and D4 gives the week '4'; clear one of them"


@pytest.mark.parametrize("zero", ["0.0", "-0", "−0", 0.0, "0e3"])
def test_day_zero_is_known_by_its_number(template, zero):
    protocol = read_soa_excel(edit(template, C3=zero, D3=1))
    assert [v.offset_days for v in protocol.visits][1:3] == [0, 1]


@pytest.mark.parametrize(
    ("address", "value"),
    [("D3", 1e12), ("D3", "-1e300"), ("D3", "36527"), ("D4", "±40000"), ("D4", f"-1/+{'9' * 400}")],
    ids=["1e12", "-1e300", "just beyond", "window", "long window"],
)
def test_days_beyond_a_hundred_years_are_refused(template, address, value):
    (problem,) = problems_of(edit(template, **{address: value}))
    assert problem.startswith(f"cell {address} holds ")
    assert problem.endswith("; give at most 36,525 days (100 years)")
    assert len(problem) < 160


def test_formulas_without_a_stored_value_are_refused(template):
    cells = dict.fromkeys(("D3", "C9", "D9", "E9", "C10", "D10", "E10"), '=IF(1,"X","")')
    (problem,) = problems_of(edit(template, **cells))
    assert problem == (
        "cells D3, C9, D9, E9, C10 and 2 more hold formulas without a stored value; "
        "open the file in Excel and save it, or write the values"
    )


def rewrite_sheet(path: Path, change) -> Path:
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w") as book:
        for part, content in parts.items():
            book.writestr(part, content)
    return path


def test_formulas_with_a_stored_value_are_read(template):
    edit(template, C9='="X"', D9='=""')

    def store(xml):
        xml = xml.replace('<f>"X"</f><v />', '<f>"X"</f><v>X</v>').replace("<v></v>", "")
        xml = re.sub(r'(<c r="[CD]9"[^>]*?)( t="\w+")?><f>', r'\1 t="str"><f>', xml)
        assert "<v>X</v>" in xml
        return xml

    marks = {c.visit_id: c.mark for c in read_soa_excel(rewrite_sheet(template, store)).cells}
    assert marks["visit-2"] == "X"


def test_a_truncated_sheet_is_refused(template):
    rewrite_sheet(template, lambda xml: xml[: len(xml) // 2])
    assert problems_of(template) == ("is not an Excel workbook (ParseError); save it as .xlsx",)


@pytest.mark.parametrize("has_chart", [True, False])
def test_a_chart_sheet_is_no_schedule(tmp_path, has_chart):
    book = openpyxl.Workbook()
    chart = book.create_chartsheet("Schedule")
    if has_chart:
        chart.add_chart(BarChart())
    book.save(tmp_path / "c.xlsx")
    (problem,) = problems_of(tmp_path / "c.xlsx")
    assert "save it as .xlsx" in problem or "is a chart; give a sheet with cells" in problem


def test_a_schedule_without_a_mark_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Schedule"
    for row in (["Visit", "Baseline"], ["Day", 1], ["ECG"]):
        book.active.append(row)
    book.save(tmp_path / "e.xlsx")
    assert problems_of(tmp_path / "e.xlsx") == ("has no mark; put an X where an assessment is done",)
