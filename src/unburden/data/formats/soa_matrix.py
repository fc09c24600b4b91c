"""Schedules of activities kept as a matrix in JSON (`soa-tables-consolidated`)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from unburden.domain.errors import InvalidProtocol, Problems
from unburden.domain.protocol import Activity, Arm, Cell, Condition, Place, Protocol, Timeline, Visit

SCHEMA_NAME = "soa-tables-consolidated"
MAIN = "main"
MOST_ENTRIES = 100_000
"""A matrix, its rows, its columns or its annotations are no more than that."""

MOST_PROBLEMS = 1_000
"""Nobody reads more problems of one file."""

MOST_LETTERS = 20_000
"""No text of a schedule is longer."""

_TEXT = {"type": "string", "minLength": 1, "maxLength": MOST_LETTERS}
_OPTIONAL_TEXT = {"type": ["string", "null"], "maxLength": MOST_LETTERS}
_IDS = {"type": ["array", "null"], "items": _TEXT}


_RECURS = re.compile(
    r"(?:week|month|year|annual|quarter|dai)ly\b(?!\s+dos)|\bq\s?\d{1,2}\s?(?:d|w|m|y)|\bthereafter\b"
    r"|\bonwards?\b"
    r"|\bcycles?\s?\d+\s?\+|\bC\d+\s?\+|≥\s?cycle|cycles?\s?≥",
    re.IGNORECASE,
)
"""A column without a day whose words tell that it happens again."""


def _describe_objects(
    required: Mapping[str, Any], optional: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": properties}


_CELL_IDS = {"xact_id": _TEXT, "xcol_id": _TEXT}
_COLUMN = _describe_objects(
    {
        "xcol_id": _TEXT,
        "property_values": {
            "type": "array",
            "items": _describe_objects({"property_type": _TEXT, "value": _OPTIONAL_TEXT}),
        },
    },
    {
        "composite_label": _OPTIONAL_TEXT,
        "population_track": _OPTIONAL_TEXT,
        "source_columns": {
            "type": ["array", "null"],
            "items": _describe_objects({}, {"table_id": {"type": ["string", "number", "null"]}}),
        },
    },
)
_SCHEMA = _describe_objects(
    {
        "unified_activities": {
            "type": "array",
            "items": _describe_objects(
                {"xact_id": _TEXT, "activity_name": _TEXT}, {"parent_xact_id": _OPTIONAL_TEXT}
            ),
        },
        "timeline_segments": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _COLUMN},
        },
        "schedule_matrix": {
            "type": "array",
            "items": _describe_objects({**_CELL_IDS, "consolidated_value": _TEXT}),
        },
        "unified_annotations": {
            "type": "array",
            "items": _describe_objects(
                {"xannot_id": _TEXT, "annotation_text": _TEXT},
                {
                    "display_markers": _OPTIONAL_TEXT,
                    "referenced_xacts": _IDS,
                    "referenced_xcols": _IDS,
                    "cell_references": {"type": ["array", "null"], "items": _describe_objects(_CELL_IDS)},
                },
            ),
        },
    },
    {"protocol_id": _OPTIONAL_TEXT},
)


def read_soa_matrix(path: Path) -> Protocol:
    """The protocol whose cells are exactly the entries of the file's `schedule_matrix`.

    Columns of every segment become visits of one main timeline; a population track becomes an
    arm. A day is taken only where the column says it plainly (study day or week); a column in
    words ("every 2 cycles") keeps them in `repeat`. A matrix holds no criteria and no endpoints.
    Raises `InvalidProtocol` with every problem.
    """
    problems = Problems(path.name)
    document = _read_document(path, problems)
    tracks = sorted({c["population_track"] for c in _columns(document) if c.get("population_track")})
    visits = tuple(_make_visits(document))
    activities = tuple(
        Activity(row["xact_id"], row["activity_name"] or row["xact_id"], parent_id=row.get("parent_xact_id"))
        for row in document["unified_activities"]
    )
    conditions = tuple(
        Condition(note["xannot_id"], note["annotation_text"] or "", note.get("display_markers") or "")
        for note in document["unified_annotations"]
    )
    return Protocol(
        id=document.get("protocol_id") or path.stem,
        title=document.get("protocol_id") or path.stem,
        source=path.name,
        timelines=(Timeline(MAIN, "Main timeline", is_main=True),),
        arms=tuple(Arm(track, track) for track in tracks),
        visits=visits,
        activities=activities,
        conditions=conditions,
        cells=tuple(_make_cells(document)),
        notes=("the source holds no criteria, objectives or endpoints",),
    )


def _read_document(path: Path, problems: Problems) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problems.add(f"cannot be read ({error.strerror}); give the path of a schedule matrix")
    except (ValueError, RecursionError) as error:
        problems.add(f"is not JSON ({error}); give a schedule matrix in JSON")
    else:
        if isinstance(document, dict) and document.get("schema_name") == SCHEMA_NAME:
            _check_document(document, problems)
            return document
        problems.add(f"has no schema_name {SCHEMA_NAME!r}; give a consolidated schedule matrix")
    problems.raise_now(InvalidProtocol)


def _check_document(document: Mapping[str, Any], problems: Problems) -> None:
    """Raise with every departure from the schema and every annotation that refers to nothing."""
    for key, held in document.items():
        count = len(held) if isinstance(held, list | dict) else 0
        problems.check(count <= MOST_ENTRIES, f"{key} holds {count:,} entries; give at most {MOST_ENTRIES:,}")
    problems.raise_if_any(InvalidProtocol)
    for error in islice(Draft202012Validator(_SCHEMA).iter_errors(document), MOST_PROBLEMS):
        where = error.json_path.removeprefix("$.") if error.json_path != "$" else "the document"
        told = f"{error.message[:160]}; correct it there"
        if error.validator == "maxLength":
            told = f"has {len(str(error.instance)):,} letters; give at most {MOST_LETTERS:,}"
        problems.add(f"{where}: {told}")
    for where, text in _find_texts(document, ""):
        whole = text.encode("utf-8", "replace").decode() == text
        problems.check(whole, f"{where} holds half a character (an unpaired surrogate); correct it there")
    problems.raise_if_any(InvalidProtocol)
    problems.check(bool(document["schedule_matrix"]), "schedule_matrix is empty; give at least one cell")
    rows = {row["xact_id"] for row in document["unified_activities"]}
    columns = {column["xcol_id"] for column in _columns(document)}
    present = {(cell["xcol_id"], cell["xact_id"]) for cell in document["schedule_matrix"]}
    for note in document["unified_annotations"]:
        owner = f"annotation {note['xannot_id']!r}"
        cells = note.get("cell_references") or ()
        for xact_id in (*(note.get("referenced_xacts") or ()), *(c["xact_id"] for c in cells)):
            problems.check(
                xact_id in rows, f"{owner} refers to the activity {xact_id!r}, which does not exist"
            )
        for xcol_id in (*(note.get("referenced_xcols") or ()), *(c["xcol_id"] for c in cells)):
            problems.check(
                xcol_id in columns, f"{owner} refers to the column {xcol_id!r}, which does not exist"
            )
        for cell in cells:
            key = cell["xcol_id"], cell["xact_id"]
            told = f"{owner} refers to the cell {key}, which is empty; give the cell an entry, or correct it"
            is_known = key[0] in columns and key[1] in rows
            problems.check(key in present or not is_known, told)
    problems.raise_if_any(InvalidProtocol)


def _find_texts(value: object, where: str) -> Iterator[tuple[str, str]]:
    """Every text of the document that is not plain ASCII, with its place."""
    if isinstance(value, str):
        if not value.isascii():
            yield where.removeprefix("."), value
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from _find_texts(key, f"{where} (a key)")
            yield from _find_texts(held, f"{where}.{key!s:.80}")
    elif isinstance(value, list):
        for number, held in enumerate(value):
            yield from _find_texts(held, f"{where}[{number}]")


def _columns(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for columns in document["timeline_segments"].values():
        yield from columns


def _make_visits(document: Mapping[str, Any]) -> Iterator[Visit]:
    """The columns as visits; a day is dropped where its table has started to count anew.

    "Period 2, Day -1" after "Period 1, Day 1" is a day of another count: from the first day that
    falls below one before it in the same table, no day of that table is taken.
    """
    latest: dict[tuple[Any, ...], float] = {}
    restarted: set[tuple[Any, ...]] = set()
    for column in _columns(document):
        visit = _make_visit(column)
        tables = tuple(source.get("table_id") for source in column.get("source_columns") or ())
        count = (column.get("population_track"), tables)
        if visit.offset_days is not None:
            if visit.offset_days < latest.get(count, visit.offset_days):
                restarted.add(count)
            latest[count] = visit.offset_days
            if count in restarted:
                visit = replace(visit, offset_days=None)
        yield visit


def _make_visit(column: Mapping[str, Any]) -> Visit:
    values = {p["property_type"]: _plain_dashes(p["value"] or "") for p in column["property_values"]}
    label = column.get("composite_label") or column["xcol_id"]
    day = values.get("study_day", "")
    before, after = find_window(values.get("window", "") or day)
    is_call = re.search(r"\b(phone|telephone|call)\b", label, re.IGNORECASE)
    is_repeated = re.search(
        r"\bevery\b|\beach cycle\b|\band beyond\b|\bsubsequent\b|\b[Cc]ycles? \d+\s*[-–]\s*(n|\d)",
        label,
        re.IGNORECASE,
    )
    offset = find_offset_days(values)
    if offset is None and not is_repeated:
        is_repeated = _RECURS.search(label)
    track = column.get("population_track")
    return Visit(
        id=column["xcol_id"],
        name=label,
        timeline_id=MAIN,
        offset_days=offset,
        places=(Place.REMOTE,) if is_call else (Place.SITE,),
        window_before_days=before,
        window_after_days=after,
        arm_ids=(track,) if track else (),
        repeat=label if is_repeated else "",
    )


def _plain_dashes(text: str) -> str:
    return re.sub("[−–]", "-", text).strip()


def find_window(text: str) -> tuple[float, float]:
    """Days before and after, where the text says them plainly; else none.

    >>> find_window("±3"), find_window("-7 to 0"), find_window("8 (- 1 day)"), find_window("54+/-2")
    ((3.0, 3.0), (7.0, 0.0), (1.0, 0.0), (2.0, 2.0))
    """
    text = _plain_dashes(text)
    if found := re.search(r"(?:±|\+/-)\s*(\d+(?:\.\d+)?)", text):
        return float(found[1]), float(found[1])
    if found := re.fullmatch(r"(-\d+|0) to \+?(\d+)", text):
        return abs(float(found[1])), float(found[2])
    if found := re.search(r"\(-\s*(\d+)(?: days?)?\)", text):
        return float(found[1]), 0.0
    return 0.0, 0.0


def find_offset_days(values: Mapping[str, str]) -> float | None:
    """Days from the reference where a column says its day or week plainly, else None.

    Study days have no zero: day 1 is offset 0, day -1 offset -1. A week counts from the reference.
    A day of a later cycle is counted from that cycle's start, which is not known: None.

    >>> find_offset_days({"study_day": "D-1"}), find_offset_days({"study_day": "15 (HD)"})
    (-1.0, 14.0)
    >>> find_offset_days({"week": "-2"}), find_offset_days({"study_day": "Days -28 to -2"})
    (-14.0, None)
    >>> find_offset_days({"cycle": "Cycle 1 Only", "study_day": "Day 3 (± 1 day)"})
    2.0
    """
    if not re.fullmatch(r"(cycle 1( only)?)?", values.get("cycle", ""), re.IGNORECASE):
        return None
    window = r"(?:\(HD\)|\([±-]\s*\d+(?: days?)?\))?"
    day = values.get("study_day", "").strip()
    if found := re.fullmatch(rf"(?:d|day)?\s*(-?\d+(?:\.\d+)?)\s*{window}", day, re.IGNORECASE):
        number = float(found[1])
        return number - 1 if number > 0 else number
    week = values.get("week", "").strip()
    if found := re.fullmatch(r"(?:week)?\s*(-?\d*\.?\d+)", week, re.IGNORECASE):
        return 7 * float(found[1])
    return None


def _make_cells(document: Mapping[str, Any]) -> Iterator[Cell]:
    """The matrix's cells; an annotation goes where it points, to whole rows or columns only if
    it names no cell of them."""
    of_cell: dict[tuple[str, str], list[str]] = {}
    of_row: dict[str, list[str]] = {}
    of_column: dict[str, list[str]] = {}
    for note in document["unified_annotations"]:
        cells = [(c["xcol_id"], c["xact_id"]) for c in note.get("cell_references") or ()]
        for key in cells:
            of_cell.setdefault(key, []).append(note["xannot_id"])
        for row in set(note.get("referenced_xacts") or ()) - {xact_id for _, xact_id in cells}:
            of_row.setdefault(row, []).append(note["xannot_id"])
        for column in set(note.get("referenced_xcols") or ()) - {xcol_id for xcol_id, _ in cells}:
            of_column.setdefault(column, []).append(note["xannot_id"])
    for entry in document["schedule_matrix"]:
        key = (entry["xcol_id"], entry["xact_id"])
        marks = (*of_cell.get(key, ()), *of_row.get(key[1], ()), *of_column.get(key[0], ()))
        yield Cell(*key, entry["consolidated_value"], tuple(sorted(set(marks))))
