"""Agreement of the reader with criteria labelled by hand: status, entities, comparisons, windows."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from unburden.domain.criteria import Between, Compare, CompareToLimit, CountEvents, OneOf, iterate_leaves
from unburden.domain.parsed_criteria import ParsedCriterion
from unburden.eligibility.reading.times import find_time
from unburden.eligibility.reading.values import Value, find_value
from unburden.eligibility.reading.words import fold_text

RESAMPLES, SEED = 2_000, 5
NAMED = ("condition", "drug", "procedure", "device", "measurement", "observation", "person")
KINDS = {
    "biomarker": ("measurement",), "scale": ("measurement",),
    "reproductive": ("condition", "measurement", "procedure", "drug"),
    "lifestyle": ("condition", "drug", "observation"), "administrative": ("observation", "procedure", "drug"),
}  # fmt: skip
UNITS = {"second": "s", "mIU/mL": "m[IU]/mL", "count": "", "1": "", "/mm3": "/uL"}


@dataclass
class Counts:
    """Matched, found and labelled things of each criterion, and what was found wrongly."""

    rows: list[tuple[int, int, int]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, labelled: list, found: list, where: str) -> None:
        free = list(labelled)
        for item in found:
            match = next((label for label in free if label == item), None)
            if match is None:
                self.wrong.append(f"{where}: {item}")
            else:
                free.remove(match)
        self.rows.append((len(labelled) - len(free), len(found), len(labelled)))


def measure_agreement(records: list[dict], parsed: list[ParsedCriterion]) -> dict:
    """Every figure with its 95 % bootstrap interval over criteria, and the lists of what differs."""
    counts = {
        name: Counts()
        for name in (
            "entities, any kind", "entities, same kind",
            "comparisons in the expression", "comparisons in the words",
            "windows in the expression", "windows in the words", "negated entities",
        )
    }  # fmt: skip
    for record, one in zip(records, parsed, strict=True):
        where = (record.get("name") and f"{record['study']} {record['name']}") or f"line {record['index']}"
        _count_entities(record, one, counts)
        comparisons = [_label_comparison(c) for c in record["comparisons"]]
        counts["comparisons in the expression"].add(comparisons, _expression_comparisons(one), where)
        counts["comparisons in the words"].add(comparisons, _word_comparisons(one), where)
        windows = [_Window(w["from_days"], w["to_days"]) for w in record["windows"]]
        counts["windows in the expression"].add(windows, _expression_windows(one), where)
        counts["windows in the words"].add(windows, _word_windows(one), where)
    figures: dict = {name: summarise(np.array(c.rows)) for name, c in counts.items()}
    figures["status"] = _compare_status(records, parsed)
    figures["wrong comparisons in the expression"] = counts["comparisons in the expression"].wrong
    figures["wrong windows in the expression"] = counts["windows in the expression"].wrong
    return figures


@dataclass(frozen=True)
class _Window:
    first: float | None
    last: float | None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Window):
            return False
        return _is_near(self.first, other.first) and _is_near(self.last, other.last)

    def __hash__(self) -> int:
        return 0


def _is_near(a: float | None, b: float | None) -> bool:
    """Equal within the codebook's 5 %, and a day for whole days."""
    if a is None or b is None:
        return a is b
    return abs(a - b) <= max(0.05 * max(abs(a), abs(b)), 1.01 if max(abs(a), abs(b)) > 5 else 0.05)


def summarise(rows: np.ndarray) -> dict:
    """Precision, recall and F1 with intervals."""
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, len(rows), (RESAMPLES, len(rows)))
    point = _rates(rows.sum(axis=0))
    low, high = np.nanquantile([_rates(rows[d].sum(axis=0)) for d in drawn], [0.025, 0.975], axis=0)
    names = ("precision", "recall", "f1")
    named = {n: [round(float(v), 3) for v in (point[k], low[k], high[k])] for k, n in enumerate(names)}
    matched, found, labelled = (int(v) for v in rows.sum(axis=0))
    return named | {"matched": matched, "found": found, "labelled": labelled}


def _rates(total: np.ndarray) -> tuple[float, float, float]:
    matched, found, labelled = total
    return (
        matched / found if found else np.nan,
        matched / labelled if labelled else np.nan,
        2 * matched / (found + labelled) if found + labelled else np.nan,
    )


def _count_entities(record: dict, one: ParsedCriterion, counts: dict[str, Counts]) -> None:
    ours = [e for e in one.entities if e.kind in NAMED]
    pairs = {"entities, any kind": [], "entities, same kind": []}
    negated = [0, 0, 0]
    free = list(ours)
    for label in record["entities"]:
        places = _find_places(one.text, label["text"])
        hits = [e for e in free if any(e.start < end and start < e.end for start, end in places)]
        if not hits:
            negated[2] += label["negated"]
            continue
        kinds = KINDS.get(label["kind"], (label["kind"],))
        best = next((e for e in hits if e.kind in kinds), hits[0])
        free.remove(best)
        pairs["entities, any kind"].append(best)
        if best.kind in kinds:
            pairs["entities, same kind"].append(best)
        negated[0] += best.is_negated and label["negated"]
        negated[1] += best.is_negated
        negated[2] += label["negated"]
    for name, matched in pairs.items():
        counts[name].rows.append((len(matched), len(ours), len(record["entities"])))
    counts["negated entities"].rows.append((negated[0], negated[1], negated[2]))


def _find_places(text: str, words: str) -> list[tuple[int, int]]:
    places, at = [], text.find(words)
    while at >= 0 and words:
        places.append((at, at + len(words)))
        at = text.find(words, at + 1)
    return places


def _label_comparison(label: dict) -> tuple:
    value = label["value"]
    listed = value if isinstance(value, list) else [value]
    numbers = tuple(float(v) if isinstance(v, int | float) else str(v) for v in listed)
    return label["operator"], numbers, label["unit"], label["limit"]


def _expression_comparisons(one: ParsedCriterion) -> list[tuple]:
    found: list[tuple] = []
    for leaf in iterate_leaves(one.expression):
        match leaf:
            case Compare(operator=operator, value=value, unit=unit) if not isinstance(value, bool):
                found.append((operator, (float(value),), UNITS.get(unit, unit), None))
            case Between(low=low, high=high, unit=unit):
                found.append(("between", (float(low), float(high)), UNITS.get(unit, unit), None))
            case CompareToLimit(operator=operator, multiple=multiple, limit=limit):
                found.append((operator, (float(multiple),), "", limit))
            case OneOf(column=column, values=values) if column != "sex":
                listed = tuple(float(v) if isinstance(v, int | float) else v for v in values)
                found.append(("in" if len(listed) > 1 else "==", listed, "", None))
    # One limit for two measures is one comparison in the words and two leaves.
    return list(dict.fromkeys(found))


def _word_comparisons(one: ParsedCriterion) -> list[tuple]:
    found = []
    for entity in one.entities:
        if entity.kind == "value":
            value = find_value(fold_text(entity.text), 0, after_scale=True)
            if value is not None:
                found.extend(_value_comparisons(value))
    return found


def _value_comparisons(value: Value) -> list[tuple]:
    if value.shape == "word":
        return [("==", (value.word,), "", None)]
    if value.shape == "classes" and all(c.isdigit() for c in value.classes):
        numbers = tuple(float(c) for c in value.classes)
        operator = "between" if value.word == "range" else "in" if len(numbers) > 1 else "=="
        return [(operator, numbers, "", None)]
    unit = UNITS.get(value.unit, value.unit)
    if len(value.bounds) == 2 and [b.operator for b in value.bounds] == [">=", "<="]:
        return [("between", tuple(b.number for b in value.bounds), unit, value.limit)]
    return [(b.operator, (b.number,), unit, value.limit) for b in value.bounds]


def _expression_windows(one: ParsedCriterion) -> list[_Window]:
    found = []
    for leaf in iterate_leaves(one.expression):
        window = leaf.window if isinstance(leaf, CountEvents) else None
        if window is not None and (window.from_days is not None or window.to_days not in (None, 0)):
            found.append((window.from_days, window.to_days))
    return [_Window(*pair) for pair in dict.fromkeys(found)]


def _word_windows(one: ParsedCriterion) -> list[_Window]:
    found = []
    for entity in one.entities:
        time = find_time(fold_text(entity.text), 0) if entity.kind == "temporal" else None
        window = time.window if time is not None else None
        if window is not None and window.from_days is not None:
            found.append(_Window(window.from_days, window.to_days))
    return found


def _compare_status(records: list[dict], parsed: list[ParsedCriterion]) -> dict:
    """The table of statuses, and kappa where the reader says anything."""
    names = {"computable": "computable", "partly computable": "partly", "not computable": "not_computable"}
    table = Counter((record["status"], one.status) for record, one in zip(records, parsed, strict=True))
    decided = [
        (record["status"] in ("not_computable", "fragment"), one.status == "not computable")
        for record, one in zip(records, parsed, strict=True)
        if one.status in names
    ]
    pairs = np.array(decided)
    random = np.random.default_rng(SEED)
    drawn = [_kappa(pairs[random.integers(0, len(pairs), len(pairs))]) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return {
        "table (by hand / reader)": {f"{a} / {b}": n for (a, b), n in sorted(table.items())},
        "decided": len(decided),
        "same on whether data can answer": int((pairs[:, 0] == pairs[:, 1]).sum()),
        "kappa": [round(float(v), 3) for v in (_kappa(pairs), low, high)],
    }


def _kappa(pairs: np.ndarray) -> float:
    """Cohen's kappa of two yes-or-no judgements; nan if chance is sure."""
    first, second = pairs[:, 0].mean(), pairs[:, 1].mean()
    by_chance = first * second + (1 - first) * (1 - second)
    if by_chance == 1:
        return float("nan")
    return float(((pairs[:, 0] == pairs[:, 1]).mean() - by_chance) / (1 - by_chance))
