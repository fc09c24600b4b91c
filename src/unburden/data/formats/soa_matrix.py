"""Schedules of activities kept as a matrix in JSON (`soa-tables-consolidated`)."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unburden.domain.errors import InvalidProtocol, Problems
from unburden.domain.protocol import Activity, Arm, Cell, Condition, Place, Protocol, Timeline, Visit

SCHEMA_NAME = "soa-tables-consolidated"
PARTS = ("unified_activities", "timeline_segments", "schedule_matrix", "unified_annotations")
MAIN = "main"


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
    visits = tuple(_make_visit(column) for column in _columns(document))
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
        cells=_make_cells(document),
        notes=("the source holds no criteria, objectives or endpoints",),
    )


def _read_document(path: Path, problems: Problems) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.add(f"cannot be read ({error.strerror}); give the path of a schedule matrix")
        problems.raise_now(InvalidProtocol)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        problems.add(f"is not JSON ({error}); give a schedule matrix in JSON")
        problems.raise_now(InvalidProtocol)
    if not isinstance(document, dict) or document.get("schema_name") != SCHEMA_NAME:
        problems.add(f"has no schema_name {SCHEMA_NAME!r}; give a consolidated schedule matrix")
        problems.raise_now(InvalidProtocol)
    for part in PARTS:
        problems.check(part in document, f"lacks {part!r}; add it, empty if need be")
    problems.raise_if_any(InvalidProtocol)
    keys_by_part = {
        "unified_activities": ("xact_id", "activity_name"),
        "schedule_matrix": ("xact_id", "xcol_id", "consolidated_value"),
    }
    for part, keys in keys_by_part.items():
        for number, row in enumerate(document[part]):
            for key in keys:
                problems.check(key in row, f"{part}[{number}] lacks {key!r}; add it")
    problems.raise_if_any(InvalidProtocol)
    return document


def _columns(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for columns in document["timeline_segments"].values():
        yield from columns


def _make_visit(column: Mapping[str, Any]) -> Visit:
    values = {p["property_type"]: p["value"] or "" for p in column["property_values"]}
    label = column["composite_label"] or column["xcol_id"]
    before = after = 0.0
    if found := re.search(r"±\s*(\d+(?:\.\d+)?)\s*(?:d|$|\))", values.get("window", "") or label):
        before = after = float(found[1])
    is_call = re.search(r"\b(phone|telephone|call)\b", label, re.IGNORECASE)
    is_repeated = re.search(r"\bevery\b|\beach cycle\b|\band beyond\b|\bsubsequent\b", label, re.IGNORECASE)
    track = column.get("population_track")
    return Visit(
        id=column["xcol_id"],
        name=label,
        timeline_id=MAIN,
        offset_days=find_offset_days(values),
        places=(Place.REMOTE,) if is_call else (Place.SITE,),
        window_before_days=before,
        window_after_days=after,
        arm_ids=(track,) if track else (),
        repeat=label if is_repeated else "",
    )


def find_offset_days(values: Mapping[str, str]) -> float | None:
    """Days from the reference where a column says its day or week plainly, else None.

    Study days have no zero: day 1 is offset 0, day -1 offset -1. A week counts from the reference.

    >>> find_offset_days({"study_day": "Day -1"}), find_offset_days({"study_day": "15 (HD)"})
    (-1.0, 14.0)
    >>> find_offset_days({"week": "-2"}), find_offset_days({"study_day": "Days -28 to -2"})
    (-14.0, None)
    """
    if "cycle" in values:
        return None
    plain = r"^(?:{})?\s*([-−]?\d*\.?\d+)\s*(?:\(HD\))?$"
    if found := re.match(plain.format("day"), values.get("study_day", "").strip(), re.IGNORECASE):
        day = float(found[1].replace("−", "-"))
        return day - 1 if day > 0 else day
    if found := re.match(plain.format("week"), values.get("week", "").strip(), re.IGNORECASE):
        return 7 * float(found[1].replace("−", "-"))
    return None


def _make_cells(document: Mapping[str, Any]) -> tuple[Cell, ...]:
    marks_of_row: dict[str, list[str]] = {}
    marks_of_column: dict[str, list[str]] = {}
    for note in document["unified_annotations"]:
        for row in note.get("referenced_xacts") or ():
            marks_of_row.setdefault(row, []).append(note["xannot_id"])
        for column in note.get("referenced_xcols") or ():
            marks_of_column.setdefault(column, []).append(note["xannot_id"])
    return tuple(
        Cell(
            entry["xcol_id"],
            entry["xact_id"],
            entry["consolidated_value"],
            tuple(
                dict.fromkeys(
                    marks_of_row.get(entry["xact_id"], []) + marks_of_column.get(entry["xcol_id"], [])
                )
            ),
        )
        for entry in document["schedule_matrix"]
    )
