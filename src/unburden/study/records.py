"""What patients really did, as the study's folder holds it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unburden.data.cohorts import read_cohort
from unburden.data.tables import TableReader
from unburden.domain.cohort import Column
from unburden.domain.study import RECORD_COLUMNS, RecordedVisits
from unburden.study.parts import Parts


def read_records(table: Mapping[str, Any] | None, folder: Path, parts: Parts) -> RecordedVisits | None:
    """The visits of `[records]`; None where there is no such table or it has problems."""
    if table is None:
        return None
    before = len(parts.problems)
    reader = TableReader(table, "[records]", parts.problems)
    file, source, planned = (reader.take(key, str) for key in ("file", "source", "planned"))
    reader.close()
    if len(parts.problems) > before:
        return None
    columns = tuple(Column(name) for name in RECORD_COLUMNS)
    visits = parts.attempt(lambda: read_cohort(folder / file, name="records", columns=columns, source=source))
    return parts.attempt(lambda: RecordedVisits(visits, planned)) if visits else None
