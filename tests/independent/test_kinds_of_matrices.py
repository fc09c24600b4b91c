"""Which rows of the shared schedules have no kind: all are known, by name, and none is a surprise."""

from pathlib import Path

import pytest

from unburden.burden.classify import classify_activities
from unburden.data.evidence import read_evidence
from unburden.data.protocols import read_protocol
from unburden.domain.ledger import UNCLASSIFIED

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "protocols"
FILES = sorted([*FOLDER.glob("soa/*_consolidated.json"), *FOLDER.glob("[!s]*/*.json")])


@pytest.mark.skipif(not FILES, reason="../shared/data/protocols is absent")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_rows_blacked_out_have_no_kind(path: Path):
    """ "CCI" stands where a registry blacked out the row."""
    protocol = read_protocol(path)
    found = classify_activities(protocol, read_evidence(), {})
    used = {cell.activity_id for cell in protocol.cells}
    unknown = {a.title for a in protocol.activities if a.id in used and found[a.id].kind == UNCLASSIFIED}
    assert unknown <= {"CCI"}
    assert all(kind.rule for kind in found.values())
