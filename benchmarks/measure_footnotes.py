"""Footnotes classified over the public matrices, and agreement with labels made by hand.

Run: PYTHONPATH=src python benchmarks/measure_footnotes.py
"""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from unburden.burden.footnotes import classify_footnotes, derive_cell_factors
from unburden.data.formats.soa_matrix import read_soa_matrix
from unburden.domain.footnotes import NOT_UNDERSTOOD, NoteEffect

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT.parent / "shared" / "data" / "protocols" / "soa"
LABELS = ROOT / "tests" / "independent"
SAMPLES = (
    ("labelled blind to the rules, spent since", LABELS / "footnote_labels.json"),
    ("a second random sample, labelled blind to the rules", LABELS / "footnote_labels_second.json"),
    ("notes that the rules were written on", LABELS / "footnote_labels_dev.json"),
)
RESAMPLES = 10_000
SEED = 4


def read_effects(path: Path) -> dict[str, NoteEffect]:
    """Effects of the matrix's footnotes by id; legends and abbreviations are left out."""
    notes = json.loads(path.read_text(encoding="utf-8"))["unified_annotations"]
    footnotes = {note["xannot_id"] for note in notes if note.get("annotation_type") == "footnote"}
    return {e.note_id: e for e in classify_footnotes(read_soa_matrix(path)) if e.note_id in footnotes}


def compute_kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Cohen's kappa (Educ Psychol Meas 1960;20:37-46): agreement beyond chance; nan if chance is sure."""
    by_chance = sum(np.mean(first == label) * np.mean(second == label) for label in np.unique(first))
    if by_chance == 1:
        return float("nan")
    return float((np.mean(first == second) - by_chance) / (1 - by_chance))


def resample_kappa(by_hand: np.ndarray, by_rule: np.ndarray) -> tuple[float, float, float]:
    """Cohen's kappa with its 95 % percentile interval over footnotes drawn anew."""
    random = np.random.default_rng(SEED)
    rows = random.integers(0, len(by_hand), (RESAMPLES, len(by_hand)))
    drawn = [compute_kappa(by_hand[row], by_rule[row]) for row in rows]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return compute_kappa(by_hand, by_rule), float(low), float(high)


def measure_agreement(name: str, path: Path, effects: dict[str, dict[str, NoteEffect]]) -> None:
    """Print kappa and every disagreement of one sample, without the protocols' text."""
    if not path.is_file():
        print(f"agreement, {name}: skipped, {path.relative_to(ROOT)} is absent")
        return
    labels = json.loads(path.read_text(encoding="utf-8"))
    by_hand = np.array([row["label"] for row in labels])
    found = [effects[row["protocol"]][row["note"]] for row in labels]
    kappa, low, high = resample_kappa(by_hand, np.array([effect.kind for effect in found]))
    same = sum(effect.kind == row["label"] for row, effect in zip(labels, found, strict=True))
    interval = f"95 % bootstrap {low:.3f} to {high:.3f}"
    print(f"agreement, {name}: {same} of {len(labels)}; Cohen's kappa {kappa:.3f} ({interval})")
    for row, effect in zip(labels, found, strict=True):
        if effect.kind != row["label"]:
            print(
                f"  {row['protocol']} {row['note']}: hand {row['label']}, rule {effect.kind} ({effect.rule})"
            )


def main() -> None:
    """Print every figure."""
    files = sorted(FOLDER.glob("*_consolidated.json"))
    if not files:
        print("footnotes: skipped, ../shared/data/protocols/soa is absent")
        return
    effects = {path.stem.removesuffix("_consolidated"): read_effects(path) for path in files}
    kinds = Counter(effect.kind for by_id in effects.values() for effect in by_id.values())
    total = kinds.total()
    understood = total - kinds[NOT_UNDERSTOOD]
    print(f"matrices: {len(files)}; footnotes: {total}; classified: {understood} ({understood / total:.1%})")
    for kind, count in kinds.most_common():
        print(f"  {kind}: {count}")
    print(f"cells with a factor: {sum(len(derive_cell_factors(read_soa_matrix(path))) for path in files)}")
    for name, path in SAMPLES:
        measure_agreement(name, path, effects)


if __name__ == "__main__":
    main()
