"""Every public matrix's footnotes classify; kappa agrees with a table worked by hand."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from unburden.burden.footnotes import classify_footnotes, derive_cell_factors
from unburden.data.formats.soa_matrix import read_soa_matrix
from unburden.domain.footnotes import NOTE_KINDS

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "measure_footnotes.py"
FOLDER = Path(__file__).parents[3] / "shared" / "data" / "protocols" / "soa"
FILES = sorted(FOLDER.glob("*_consolidated.json"))
needs_shared = pytest.mark.skipif(not FILES, reason="../shared/data/protocols/soa is absent")


def load_benchmark():
    spec = importlib.util.spec_from_file_location("measure_footnotes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_kappa_of_the_table_20_5_10_15_is_0_4():
    # By hand: 35 of 50 agree; by chance 0.5 x 0.6 + 0.5 x 0.4 = 0.5; (0.7 - 0.5) / (1 - 0.5).
    first = np.array(["y"] * 25 + ["n"] * 25)
    second = np.array(["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15)
    assert load_benchmark().compute_kappa(first, second) == pytest.approx(0.4)


@needs_shared
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_note_of_a_matrix_has_one_effect_and_factors_name_its_cells(path: Path):
    protocol = read_soa_matrix(path)
    effects = classify_footnotes(protocol)
    assert [effect.note_id for effect in effects] == [note.id for note in protocol.conditions]
    assert all(effect.kind in NOTE_KINDS for effect in effects)
    by_key = {cell.key: cell for cell in protocol.cells}
    for key, found in derive_cell_factors(protocol).items():
        assert set(found.note_ids) <= set(by_key[key].condition_ids)
        assert 0 <= found.factor.low <= found.factor.value <= found.factor.high
