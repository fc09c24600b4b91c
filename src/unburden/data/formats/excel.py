"""Schedules of activities in Excel, as they stand in protocols: assessments down, visits across."""

import io
import math
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from unburden.data.files import tell_refusal, write_bytes
from unburden.domain.errors import InvalidProtocol, Problems
from unburden.domain.protocol import (
    LESS_DAYS,
    MOST_DAYS,
    Activity,
    Cell,
    Condition,
    Epoch,
    Place,
    Protocol,
    Timeline,
    Visit,
)

SHEET = "Schedule"
MAIN = "main"
PARENTHESIS = "parenthesis"
HEADS = ("Epoch", "Visit", "Day", "Week", "Window", "Place")
MOST_ROWS, MOST_COLUMNS, MOST_SHOWN = 2000, 500, 5
NO_DAY = "-"
_SIGN = r"[a-z0-9]{1,2}"
_MARK = re.compile(rf"^(\()?[xX](\))?(?:\^({_SIGN}(?:,{_SIGN})*)|([a-z0-9](?:,[a-z0-9])*))?(\))?$")
_FOOTNOTE = re.compile(rf"^({_SIGN})\s*[:)]\s*(.*)$", re.DOTALL)
_SUPERSCRIPTS = str.maketrans("ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ⁰¹²³⁴⁵⁶⁷⁸⁹", "abcdefghijklmnoprstuvwxyz0123456789")
_WINDOW = re.compile(r"^(?:±|\+/-)\s*(\d+(?:\.\d+)?)$|^-\s*(\d+(?:\.\d+)?)\s*/?\s*\+\s*(\d+(?:\.\d+)?)$")


@dataclass(frozen=True)
class _Grid:
    """The sheet's texts by address, and where its parts stand."""

    sheet: Worksheet
    rows_by_head: Mapping[str, int]
    columns: tuple[int, ...]
    assessments: tuple[int, ...]
    footnotes: Mapping[str, str]

    def text(self, row: int, column: int) -> str:
        return read_text(self.sheet, row, column)

    def head(self, name: str, column: int) -> str:
        return self.text(self.rows_by_head[name], column) if name in self.rows_by_head else ""


def read_text(sheet: Worksheet, row: int, column: int) -> str:
    """A cell's value as trimmed text; whole numbers without a decimal point."""
    value = sheet.cell(row, column).value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def read_soa_excel(path: Path) -> Protocol:
    """The protocol of the sheet `Schedule`: one visit a column, one assessment a row.

    Column A names the head rows (Visit, and Day or Week; Epoch, Window and Place where wanted),
    then the assessments, then footnotes such as "a: women only". Cells hold X, (X), X^a or
    nothing; (X) is conditional. Days count as printed: where a visit has day 0 they are days from
    it, else day 1 is the reference; "-" says that the protocol gives none. Weeks count from 0; beside
    a day, a week must lie within 7 days of it. Raises `InvalidProtocol` with every problem and its
    cell.
    """
    problems = Problems(path.name)
    sheet = _open_sheet(path, problems)
    _check_size(sheet, problems)
    _check_formulas(sheet, _open_sheet(path, problems, keeps_formulas=True), problems)
    grid = _find_parts(sheet, problems)
    visits = _make_visits(grid, problems)
    conditions = tuple(Condition(f"footnote-{mark}", text, mark) for mark, text in grid.footnotes.items())
    activities, cells = _make_rows(grid, visits, problems)
    problems.raise_if_any(InvalidProtocol)
    epochs = tuple(dict.fromkeys(v.epoch_id for v in visits.values() if v.epoch_id))
    return Protocol(
        id=path.stem,
        title=path.stem,
        source=path.name,
        timelines=(Timeline(MAIN, "Main timeline", is_main=True),),
        epochs=tuple(Epoch(epoch, epoch) for epoch in epochs),
        visits=tuple(visits.values()),
        activities=activities,
        conditions=(*conditions, *_make_parenthesis(cells)),
        cells=cells,
        notes=("the source holds no arms, criteria, objectives or endpoints",),
    )


def _open_sheet(path: Path, problems: Problems, *, keeps_formulas: bool = False) -> Worksheet:
    try:
        book = openpyxl.load_workbook(path, data_only=not keeps_formulas)
    except FileNotFoundError:
        problems.add("there is no such file; give the path of an Excel schedule")
    except Exception as error:  # openpyxl has no error of its own: what is broken raises anything
        problems.add(f"is not an Excel workbook ({type(error).__name__}); save it as .xlsx")
    else:
        if SHEET not in book.sheetnames:
            names = ", ".join(book.sheetnames)
            problems.add(f"has no sheet {SHEET!r}, only {names}; name the schedule's sheet so")
        elif isinstance(book[SHEET], Worksheet):
            return book[SHEET]
        else:
            problems.add(f"the sheet {SHEET!r} is a chart; give a sheet with cells")
    problems.raise_now(InvalidProtocol)


def _check_size(sheet: Worksheet, problems: Problems) -> None:
    if sheet.max_row > MOST_ROWS or sheet.max_column > MOST_COLUMNS:
        size = f"{sheet.max_row} rows and {sheet.max_column} columns"
        problems.add(f"has {size}; a schedule has at most {MOST_ROWS} and {MOST_COLUMNS}, remove the rest")
        problems.raise_now(InvalidProtocol)


def _check_formulas(sheet: Worksheet, with_formulas: Worksheet, problems: Problems) -> None:
    """Raise where a program wrote formulas but not what they give; an empty text ("str") is a value."""
    empty = [
        cell.coordinate
        for row in with_formulas.iter_rows()
        for cell in row
        if cell.data_type == "f"
        and sheet[cell.coordinate].value is None
        and sheet[cell.coordinate].data_type != "str"
    ]
    if empty:
        more = f" and {len(empty) - MOST_SHOWN} more" if len(empty) > MOST_SHOWN else ""
        problems.add(
            f"cells {', '.join(empty[:MOST_SHOWN])}{more} hold formulas without a stored value; "
            "open the file in Excel and save it, or write the values"
        )
        problems.raise_now(InvalidProtocol)


def _find_heads(first: Mapping[int, str], problems: Problems) -> dict[str, int]:
    heads: dict[str, int] = {}
    for row, text in first.items():
        if text in HEADS:
            twice = f"cells A{heads.get(text)} and A{row} both say {text!r}; keep one"
            problems.check(text not in heads, twice)
            heads.setdefault(text, row)
    problems.check("Visit" in heads, "no row of column A says 'Visit'; name the row of the visits so")
    problems.check("Day" in heads or "Week" in heads, "no row of column A says 'Day' or 'Week'; add one")
    problems.raise_if_any(InvalidProtocol)
    return heads


def _find_parts(sheet: Worksheet, problems: Problems) -> _Grid:
    first = {row: read_text(sheet, row, 1) for row in range(1, sheet.max_row + 1)}
    heads = _find_heads(first, problems)
    columns = tuple(
        column
        for column in range(2, sheet.max_column + 1)
        if any(read_text(sheet, row, column) for row in range(1, sheet.max_row + 1))
    )
    marked = {row for row in first if any(read_text(sheet, row, column) for column in columns)}
    below = max(heads.values())
    for row in sorted(marked - set(heads.values())):
        problems.check(
            row > below, f"row {row} has entries above the head row {below}; move it below, or clear it"
        )
    assessments, footnotes = _sort_rows(first, marked, below, problems)
    last = max((*heads.values(), *assessments))
    for area in sorted(sheet.merged_cells.ranges, key=str):
        if area.min_row <= last:
            problems.add(f"cells {area} are merged; unmerge them and repeat the text in each")
    problems.check(bool(assessments), "has no assessment below the head rows; add one a row in column A")
    problems.check(
        not assessments or not columns or max(marked) > below,
        "has no mark; put an X where an assessment is done",
    )
    problems.check(bool(columns), "has no visit; give one a column from column B on")
    return _Grid(sheet, heads, columns, tuple(assessments), footnotes)


def _sort_rows(
    first: Mapping[int, str], marked: Set[int], below: int, problems: Problems
) -> tuple[list[int], dict[str, str]]:
    """The rows of the assessments below the head rows, and the footnotes by their sign."""
    footnotes: dict[str, str] = {}
    assessments: list[int] = []
    for row in range(below + 1, max(first) + 1):
        has_marks = row in marked
        found = _FOOTNOTE.match(first[row])
        if found and not has_marks:
            twice = found[1] in footnotes
            problems.check(not twice, f"cell A{row} explains the footnote {found[1]!r} again; keep one")
            problems.check(bool(found[2]), f"cell A{row} gives the footnote {found[1]!r} no text; write it")
            footnotes[found[1]] = found[2] or "?"
        elif first[row]:
            assessments.append(row)
        elif has_marks:
            problems.add(f"row {row} has marks but no assessment; name it in cell A{row}")
    return assessments, footnotes


def _make_visits(grid: _Grid, problems: Problems) -> dict[int, Visit]:
    visits: dict[int, Visit] = {}
    row = grid.rows_by_head["Visit"]
    counts_zero = any(_read_number(grid.head("Day", column)) == 0 for column in grid.columns)
    places = [str(place) for place in Place]
    seen: dict[str, str] = {}
    for column in grid.columns:
        letter, name = get_column_letter(column), grid.text(row, column)
        if not problems.check(bool(name), f"cell {letter}{row} is empty; name the visit of that column"):
            continue
        if name in seen:
            problems.add(f"cells {seen[name]} and {letter}{row} both name the visit {name!r}; rename one")
        seen.setdefault(name, f"{letter}{row}")
        before, after = _read_window(grid, column, problems)
        place = grid.head("Place", column).lower() or "site"
        if not problems.check(
            place in places,
            f"cell {letter}{grid.rows_by_head.get('Place')} holds {place!r}; use one of {', '.join(places)}",
        ):
            place = "site"
        visits[column] = Visit(
            id=f"visit-{column - 1}",
            name=name,
            timeline_id=MAIN,
            offset_days=_read_offset(grid, column, name, counts_zero, problems),
            places=(Place(place),),
            epoch_id=grid.head("Epoch", column) or None,
            window_before_days=before,
            window_after_days=after,
        )
    return visits


def _read_offset(grid: _Grid, column: int, name: str, counts_zero: bool, problems: Problems) -> float | None:
    letter = get_column_letter(column)
    cells = {head: f"{letter}{grid.rows_by_head.get(head)}" for head in ("Day", "Week")}
    texts = {head: grid.head(head, column) for head in cells}
    if not any(texts.values()):
        row = grid.rows_by_head.get("Day", grid.rows_by_head.get("Week"))
        problems.add(f'visit "{name}" has no day; give one in row {row}, or {NO_DAY} where there is none')
    offsets: dict[str, float] = {}
    for head, text in texts.items():
        number = _read_number(text)
        if number is None:
            is_open = text in ("", NO_DAY)
            problems.check(is_open, f"cell {cells[head]} holds {text!r}; give the {head.lower()} as a number")
            continue
        days = 7 * number if head == "Week" else number - (number > 0 and not counts_zero)
        if problems.check(abs(days) <= MOST_DAYS, f"cell {cells[head]} holds {text[:40]!r}; {LESS_DAYS}"):
            offsets[head] = days
    day, week = offsets.get("Day"), offsets.get("Week")
    if week is not None and texts["Day"] == NO_DAY:
        problems.add(
            f"cell {cells['Day']} says that there is no day and {cells['Week']} gives the week "
            f"{texts['Week']!r}; clear one of them"
        )
    if day is not None and week is not None and abs(day - week) >= 7:
        starts = week + (week >= 0 and not counts_zero)
        problems.add(
            f'visit "{name}" is day {texts["Day"]} (cell {cells["Day"]}) and week {texts["Week"]} '
            f"(cell {cells['Week']}), which starts on day {starts:g}; correct one or clear it"
        )
    return week if day is None else day


def _read_number(text: str) -> float | None:
    try:
        number = float(text.replace("−", "-"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _read_window(grid: _Grid, column: int, problems: Problems) -> tuple[float, float]:
    text = grid.head("Window", column).replace("−", "-")
    if not text:
        return 0.0, 0.0
    found = _WINDOW.match(text)
    cell = f"{get_column_letter(column)}{grid.rows_by_head.get('Window')}"
    if not found:
        problems.add(f"cell {cell} holds the window {text!r}; use ±3 or -2/+4, in days")
        return 0.0, 0.0
    before, after = float(found[1] or found[2]), float(found[1] or found[3])
    if max(before, after) > MOST_DAYS:
        problems.add(f"cell {cell} holds {text[:40]!r}; {LESS_DAYS}")
        return 0.0, 0.0
    return before, after


def _make_rows(
    grid: _Grid, visits: Mapping[int, Visit], problems: Problems
) -> tuple[tuple[Activity, ...], tuple[Cell, ...]]:
    activities: list[Activity] = []
    cells: list[Cell] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(grid.assessments, start=1):
        name = grid.text(row, 1)
        if name in seen:
            problems.add(f"cells A{seen[name]} and A{row} both name the assessment {name!r}; rename one")
        seen.setdefault(name, row)
        activity = Activity(f"activity-{number}", name)
        activities.append(activity)
        for column in grid.columns:
            text = grid.text(row, column)
            if text and column in visits:
                cells.extend(
                    _make_cell(
                        grid, f"{get_column_letter(column)}{row}", text, visits[column], activity, problems
                    )
                )
    return tuple(activities), tuple(cells)


def _make_cell(
    grid: _Grid, address: str, text: str, visit: Visit, activity: Activity, problems: Problems
) -> Iterator[Cell]:
    found = _MARK.match(text.replace(" ", "").translate(_SUPERSCRIPTS))
    opened, closed = (found[1], found[2] or found[5]) if found else (None, None)
    if not found or bool(opened) != bool(closed):
        problems.add(f"cell {address} holds {text!r}; use X, (X) or a footnote mark such as X^a")
        return
    marks = [mark for mark in (found[3] or found[4] or "").split(",") if mark]
    for mark in marks:
        explained = mark in grid.footnotes
        problems.check(
            explained,
            f"cell {address} has the footnote {mark!r}, which nothing explains; add a row '{mark}: ...'",
        )
    ids = [f"footnote-{mark}" for mark in marks if mark in grid.footnotes]
    if opened:
        ids.append(PARENTHESIS)
    yield Cell(visit.id, activity.id, text, tuple(dict.fromkeys(ids)))


def _make_parenthesis(cells: tuple[Cell, ...]) -> Iterator[Condition]:
    if any(PARENTHESIS in cell.condition_ids for cell in cells):
        yield Condition(PARENTHESIS, "In parentheses: done on condition", "()")


def write_soa_excel(protocol: Protocol, path: Path) -> None:
    """The main timeline as an Excel schedule that `read_soa_excel` reads back to the same cells.

    Conditions become footnotes; so does a mark that is more than an X ("Predose"), word for
    word. Written under a temporary name, then renamed. Raises `InvalidProtocol` for more
    footnotes than two letters can name (1,332), `InvalidInput` where the system refuses to write.
    """
    visits = protocol.main_visits
    shown = {v.id for v in visits}
    cells = [cell for cell in protocol.cells if cell.visit_id in shown]
    texts = {c.id: c.text for c in protocol.conditions if c.id != PARENTHESIS}
    texts |= {_words_of(cell): _words_of(cell) for cell in cells if _words_of(cell)}
    signs = dict(zip(texts, _iterate_signs(), strict=False))
    if len(signs) < len(texts):
        raise InvalidProtocol(
            path.name, [f"{len(texts)} footnotes are more than {len(signs)}; split the schedule"]
        )
    epochs = {epoch.id: epoch.name for epoch in protocol.epochs}
    rows: list[list[Any]] = [
        ["Epoch", *(epochs.get(v.epoch_id or "", "") for v in visits)],
        ["Visit", *_name_apart([v.name for v in visits])],
        ["Day", *(_say_day(v) for v in visits)],
        ["Window", *(_say_window(v) for v in visits)],
        ["Place", *(str(v.place) for v in visits)],
    ]
    marks = {cell.key: _say_mark(cell, signs) for cell in cells}
    done = [a for a in protocol.activities if any((v.id, a.id) in marks for v in visits)]
    for activity, title in zip(done, _name_apart([a.title for a in done]), strict=True):
        rows.append([title, *(marks.get((v.id, activity.id)) for v in visits)])
    rows.append([])
    rows.extend([f"{signs[key]}: {text}"] for key, text in texts.items())
    _write_rows(rows, path)


def _iterate_signs() -> Iterator[str]:
    """a to z, 0 to 9, then aa, ab, ... 99."""
    single = "abcdefghijklmnopqrstuvwxyz0123456789"
    yield from single
    yield from (first + second for first in single for second in single)


def _words_of(cell: Cell) -> str:
    """What a mark says beyond being there; "" for an X with or without footnotes."""
    mark = cell.mark.strip()
    return "" if _MARK.match(mark.replace(" ", "")) else mark


def write_soa_template(path: Path) -> None:
    """A small schedule that reads back, to be overwritten with one's own."""
    rows = [
        ["Epoch", "Screening", "Treatment", "Treatment", "Treatment", "Follow-up"],
        ["Visit", "Screening", "Baseline", "Week 4", "Week 12", "Follow-up call"],
        ["Day", -14, 1, 29, 85, 113],
        ["Window", "-7/+7", "", "±3", "±3", "±7"],
        ["Place", "site", "site", "site", "site", "remote"],
        ["Informed consent", "X"],
        ["Physical examination", "X", "", "", "X"],
        ["Vital signs", "X", "X", "X", "X"],
        ["Haematology", "X", "", "X^a", "X"],
        ["ECG", "X", "", "(X)", "X"],
        ["EQ-5D-5L", "", "X", "X", "X"],
        ["Adverse events", "", "X", "X", "X", "X"],
        [],
        ["a: Only if abnormal at screening"],
    ]
    _write_rows(rows, path)


def _name_apart(names: list[str]) -> list[str]:
    """The names with a number behind those that stood before, since a sheet needs them apart."""
    seen: dict[str, int] = {}
    apart: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        apart.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return apart


def _say_mark(cell: Cell, signs: Mapping[str, str]) -> str:
    keys = dict.fromkeys((*cell.condition_ids, _words_of(cell)))
    marks = ",".join(signs[key] for key in keys if key in signs)
    base = "(X)" if PARENTHESIS in cell.condition_ids else "X"
    return f"{base}^{marks}" if marks else base


def _say_day(visit: Visit) -> float | str:
    """The study day without a zero; part days stay ("-2.1")."""
    offset = visit.offset_days
    if offset is None:
        return NO_DAY
    return offset + 1 if offset >= 0 else offset


def _say_window(visit: Visit) -> str:
    before, after = visit.window_before_days, visit.window_after_days
    if before == after:
        return f"±{before:g}" if before else ""
    return f"-{before:g}/+{after:g}"


def _write_rows(rows: list[list[Any]], path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = SHEET
    for row in rows:
        sheet.append([None if value == "" else value for value in row])
    for number, row in enumerate(rows, start=1):
        is_head = bool(row) and row[0] in HEADS
        for column in range(1, len(row) + 1):
            cell = sheet.cell(number, column)
            cell.alignment = Alignment(horizontal="left" if column == 1 else "center", wrap_text=column > 1)
            if is_head:
                cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E8EDF3")
    sheet.column_dimensions["A"].width = 34
    sheet.freeze_panes = "B6"
    content = io.BytesIO()
    with tell_refusal(path):  # openpyxl keeps the sheets in temporary files
        book.save(content)
    write_bytes(path, content.getvalue())
