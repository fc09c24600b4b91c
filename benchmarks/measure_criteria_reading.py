"""Reading of eligibility criteria measured: Chia, 10,412 oncology lines, three labelled studies.

Run: PYTHONPATH=src:. python benchmarks/measure_criteria_reading.py [--test] [--labels] [--sample N]
Without --test only Chia's development trials are scored. --sample prints N random oncology lines of the
held-out half with their parses as JSON, for someone who checks by hand, and nothing else.
"""

import argparse
import hashlib
import io
import json
import re
import tarfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from benchmarks.criteria_agreement import measure_agreement

from unburden.data.protocols import read_protocol
from unburden.domain.parsed_criteria import ParsedCriterion
from unburden.eligibility.reading import read_criteria, read_criterion

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT.parent / "shared" / "data" / "criteria"
CHIA = FOLDER / "chia_brat.tar.gz"
LINES = FOLDER / "oncology_criteria_lines.json"
LABELS = ROOT / "tests" / "independent"
PROTOCOLS = {
    "CDISC_Pilot": "CDISC_Pilot/CDISC_Pilot_Study.json",
    "NCT04573309": "Alexion_NCT04573309_Wilsons/Alexion_NCT04573309_Wilsons.json",
    "NCT03421379": "EliLilly_NCT03421379_Diabetes/EliLilly_NCT03421379_Diabetes.json",
}
CHIA_SALT, CHIA_TEST_SHARE = "unburden-reading-2026", 0.4
LINES_SALT, LINES_HELD_SHARE = "oncology", 0.5
RESAMPLES, SEED = 2_000, 5

KIND_BY_TYPE = {
    "Condition": "condition", "Drug": "drug", "Procedure": "procedure", "Measurement": "measurement",
    "Person": "person", "Observation": "observation", "Device": "device", "Value": "value",
    "Temporal": "temporal", "Negation": "negation", "Qualifier": "qualifier", "Reference_point": "anchor",
}  # fmt: skip
DOMAINS = ("condition", "drug", "procedure", "measurement", "person", "observation", "device")
GROUPS = {
    "all entities (7 domains)": DOMAINS,
    **{kind: (kind,) for kind in (*DOMAINS, "value", "temporal", "negation", "qualifier", "anchor")},
}


@dataclass(frozen=True)
class Span:
    """Annotated or found words: kind, [start, end) in the file's text."""

    kind: str
    start: int
    end: int


def is_held(trial: str, salt: str, share: float) -> bool:
    """Whether a trial belongs to the part that is not looked at, by its hash."""
    return int(hashlib.sha256(f"{salt}:{trial}".encode()).hexdigest()[:12], 16) / 16**12 < share


def read_chia() -> dict[str, list[tuple[str, str, list[Span]]]]:
    """By trial: (file name, text, annotated spans); the text's line ends are those that the offsets count."""
    files: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(CHIA.read_bytes())) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                files[Path(member.name).name] = stream.read().decode("utf-8")
    trials = defaultdict(list)
    for name in sorted(files):
        if name.endswith(".ann") and name.replace(".ann", ".txt") in files:
            rows = parse_annotations(files[name])
            text = choose_line_ends(files[name.replace(".ann", ".txt")], rows)
            spans = [
                Span(KIND_BY_TYPE[kind], start, end) for kind, start, end, _ in rows if kind in KIND_BY_TYPE
            ]
            trials[name.split("_")[0]].append((name, text, spans))
    return trials


def parse_annotations(annotations: str) -> list[tuple[str, int, int, str]]:
    """Type, first start, last end and words of every text-bound annotation of a brat file."""
    rows = []
    for line in annotations.splitlines():
        found = re.match(r"T\d+\t(\S+) ([\d ;]+)\t(.*)", line)
        if found:
            numbers = [int(n) for n in re.findall(r"\d+", found.group(2))]
            rows.append((found.group(1), numbers[0], numbers[-1], found.group(3)))
    return rows


def choose_line_ends(text: str, rows: list[tuple[str, int, int, str]]) -> str:
    """The text with LF or CRLF line ends, whichever puts more annotations on their own words."""
    plain = text.replace("\r\n", "\n")
    candidates = (plain, plain.replace("\n", "\r\n"))
    return max(candidates, key=lambda t: sum(t[start:end] == words for _, start, end, words in rows))


def find_spans(name: str, text: str) -> list[Span]:
    """What the reader finds in a file, line by line."""
    spans = []
    for line in re.finditer(r"[^\r\n]+", text):
        parsed = read_criterion(line.group(), is_inclusion="_inc" in name)
        spans += [Span(e.kind, e.start + line.start(), e.end + line.start()) for e in parsed.entities]
    return spans


def count_matches(gold: list[Span], found: list[Span], *, is_exact: bool) -> int:
    """Pairs of an annotated and a found span of one kind that overlap (or are equal), each used once."""
    free = sorted(found, key=lambda s: s.start)
    matched = 0
    for span in sorted(gold, key=lambda s: s.start):
        for other in free:
            same = (other.start, other.end) == (span.start, span.end)
            overlaps = other.start < span.end and span.start < other.end
            if other.kind == span.kind and (same if is_exact else overlaps):
                free.remove(other)
                matched += 1
                break
    return matched


def score_trials(trials: dict[str, list[tuple[str, str, list[Span]]]]) -> dict:
    """Per group: precision, recall and F1 by overlap and exactly, with intervals over trials."""
    counts = {(g, m): np.zeros((len(trials), 3)) for g in GROUPS for m in ("overlap", "exact")}
    for row, files in enumerate(trials.values()):
        for name, text, gold in files:
            found = find_spans(name, text)
            for group, kinds in GROUPS.items():
                ours = [s for s in found if s.kind in kinds]
                theirs = [s for s in gold if s.kind in kinds]
                for manner in ("overlap", "exact"):
                    matched = count_matches(theirs, ours, is_exact=manner == "exact")
                    counts[group, manner][row] += (matched, len(ours), len(theirs))
    random = np.random.default_rng(SEED)
    rows = random.integers(0, len(trials), (RESAMPLES, len(trials)))
    return {
        group: {manner: summarise(counts[group, manner], rows) for manner in ("overlap", "exact")}
        for group in GROUPS
    }


def summarise(counts: np.ndarray, rows: np.ndarray) -> dict:
    """Precision, recall, F1 of summed counts, each with its 95 % percentile interval over trials."""
    point = rates(counts.sum(axis=0))
    drawn = np.array([rates(counts[row].sum(axis=0)) for row in rows])
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    named = {
        name: [round(float(v), 3) for v in (point[k], low[k], high[k])]
        for k, name in enumerate(("precision", "recall", "f1"))
    }
    return named | {"annotated": int(counts[:, 2].sum()), "found": int(counts[:, 1].sum())}


def rates(total: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 from (matched, found, annotated)."""
    matched, found, annotated = total
    precision = matched / found if found else np.nan
    recall = matched / annotated if annotated else np.nan
    f1 = 2 * matched / (found + annotated) if found + annotated else np.nan
    return precision, recall, f1


def print_scores(scores: dict) -> None:
    """A table of the scores."""
    for group, by_manner in scores.items():
        for manner, s in by_manner.items():
            shown = "  ".join(
                f"{n} {s[n][0]:.3f} ({s[n][1]:.3f}-{s[n][2]:.3f})" for n in ("precision", "recall", "f1")
            )
            print(f"{group:26s} {manner:8s} {shown}  n={s['annotated']}, found {s['found']}")


def read_lines(*, held: bool | None) -> list[dict]:
    """The oncology lines; only the held-out half, only the other one or (None) all."""
    rows = json.loads(LINES.read_text(encoding="utf-8"))
    if held is None:
        return rows
    return [row for row in rows if is_held(row["nct"], LINES_SALT, LINES_HELD_SHARE) == held]


def parse_lines(rows: list[dict]) -> tuple[list[ParsedCriterion], float]:
    """Every line read, and the seconds that took."""
    start = time.perf_counter()
    parsed = [read_criterion(r["text"], is_inclusion=not r["excl"], criterion_id=r["nct"]) for r in rows]
    return parsed, time.perf_counter() - start


def describe_lines(rows: list[dict]) -> dict:
    """Shares of the statuses and the speed."""
    parsed, seconds = parse_lines(rows)
    counts = Counter(p.status for p in parsed)
    return {
        "lines": len(parsed),
        "seconds": round(seconds, 2),
        **{status: round(count / len(parsed), 4) for status, count in sorted(counts.items())},
    }


def measure_studies() -> dict:
    """Agreement with the labels of the three studies' criteria."""
    labels = json.loads((LABELS / "criterion_labels.json").read_text(encoding="utf-8"))["criteria"]
    parsed = {}
    for study, name in PROTOCOLS.items():
        criteria = read_protocol(ROOT.parent / "shared" / "data" / "protocols" / name).criteria
        parsed |= {(study, p.criterion_id): p for p in read_criteria(criteria)}
    return measure_agreement(labels, [parsed[record["study"], record["id"]] for record in labels])


def measure_labelled_lines() -> dict:
    """Agreement with the labelled oncology lines of the held-out half."""
    labels = json.loads((LABELS / "oncology_line_labels.json").read_text(encoding="utf-8"))["lines"]
    rows = read_lines(held=None)
    labels = [one for one in labels if is_held(rows[one["index"]]["nct"], LINES_SALT, LINES_HELD_SHARE)]
    parsed, _ = parse_lines([rows[one["index"]] for one in labels])
    return measure_agreement(labels, parsed) | {"lines": len(labels)}


def print_sample(count: int) -> None:
    """Random held-out oncology lines with their parses, one JSON object a line."""
    rows = read_lines(held=True)
    chosen = np.random.default_rng(SEED).choice(len(rows), size=min(count, len(rows)), replace=False)
    for index in chosen:
        row = rows[index]
        parsed = read_criterion(row["text"], is_inclusion=not row["excl"], criterion_id=row["nct"])
        print(json.dumps(asdict(parsed) | {"expression": repr(parsed.expression)}, ensure_ascii=False))


def main() -> None:
    """Print every figure and, with --out, write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", action="store_true", help="score Chia's test trials too")
    parser.add_argument("--labels", action="store_true", help="agreement with the criteria labelled by hand")
    parser.add_argument(
        "--sample", type=int, default=0, help="print N held-out oncology lines with their parses"
    )
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args()
    if not CHIA.is_file():
        print("criteria: skipped, ../shared/data/criteria is absent")
        return
    if arguments.sample:
        print_sample(arguments.sample)
        return
    figures: dict = {}
    trials = read_chia()
    parts = {"development": False, "test": True} if arguments.test else {"development": False}
    for part, held in parts.items():
        chosen = {t: f for t, f in trials.items() if is_held(t, CHIA_SALT, CHIA_TEST_SHARE) == held}
        print(f"Chia, {part} part: {len(chosen)} trials")
        figures[f"chia {part}"] = score_trials(chosen) | {"trials": len(chosen)}
        print_scores({k: v for k, v in figures[f"chia {part}"].items() if k != "trials"})
    halves = (
        {"development half": False, "held-out half": True, "all": None}
        if arguments.test
        else {"development half": False}
    )
    for half, held in halves.items():
        figures[f"oncology lines, {half}"] = describe_lines(read_lines(held=held))
        print(f"oncology lines, {half}: {figures[f'oncology lines, {half}']}")
    if arguments.labels:
        figures["labelled criteria of three studies"] = measure_studies()
        figures["labelled oncology lines, held-out half"] = measure_labelled_lines()
        for name in ("labelled criteria of three studies", "labelled oncology lines, held-out half"):
            print(name)
            for key, value in figures[name].items():
                print(f"  {key}: {value}")
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
