from pathlib import Path

import openpyxl
import pytest

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
