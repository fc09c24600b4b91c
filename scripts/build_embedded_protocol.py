"""Write the illustrative protocol of the adjuvant breast example as USDM v4 JSON.

Run: .venv/bin/python scripts/build_embedded_protocol.py
"""

from pathlib import Path

from unburden.data.formats.usdm import read_usdm, write_usdm
from unburden.domain.protocol import (
    Activity,
    Arm,
    Cell,
    Criterion,
    Endpoint,
    Epoch,
    Objective,
    Place,
    Protocol,
    Purpose,
    Timeline,
    Visit,
)

PATH = Path(__file__).resolve().parents[1] / "examples" / "adjuvant-breast" / "protocol.json"
DAYS_PER_MONTH = 365.25 / 12
MONTHS = (1, 3, 6, 9, 12, 18, 24, 30, 36, 42, 48, 54, 60)
HALF_YEARS = tuple(m for m in MONTHS if m % 6 == 0)
YEARS = tuple(m for m in MONTHS if m % 12 == 0)
SCREENING, BASELINE = "screening", "baseline"

# activity id -> (title, purpose, endpoint, visits)
ALL = (SCREENING, BASELINE, *MONTHS)
ON_TREATMENT = (BASELINE, *MONTHS)
ROWS: dict[str, tuple[str, Purpose, str | None, tuple]] = {
    "consent": ("Informed consent", Purpose.ADMINISTRATIVE, None, (SCREENING,)),
    "eligibility": ("Eligibility criteria", Purpose.ELIGIBILITY, None, (SCREENING,)),
    "history": ("Demographics and medical history", Purpose.ELIGIBILITY, None, (SCREENING,)),
    "randomisation": ("Randomisation", Purpose.ADMINISTRATIVE, None, (BASELINE,)),
    "examination": ("Physical examination", Purpose.PRIMARY, "endpoint-dfs", (SCREENING, 3, 6, *YEARS)),
    "vitals": ("Vital signs", Purpose.SAFETY, "endpoint-safety", ALL),
    "ecog": ("ECOG performance status", Purpose.SAFETY, "endpoint-safety", (SCREENING, *HALF_YEARS)),
    "haematology": ("Haematology", Purpose.SAFETY, "endpoint-safety", (SCREENING, *MONTHS)),
    "chemistry": ("Clinical chemistry", Purpose.SAFETY, "endpoint-safety", (SCREENING, *MONTHS)),
    "ecg": ("12-lead ECG", Purpose.SAFETY, "endpoint-safety", (SCREENING, 1, 3, 6, *YEARS)),
    "ct": ("CT of chest, abdomen and pelvis", Purpose.ELIGIBILITY, None, (SCREENING,)),
    "bone-scan": ("Bone scan", Purpose.ELIGIBILITY, None, (SCREENING,)),
    "mammography": ("Mammography", Purpose.PRIMARY, "endpoint-dfs", (SCREENING, *YEARS)),
    "dxa": ("Bone density (DXA)", Purpose.SAFETY, "endpoint-safety", (SCREENING, 24, 48)),
    "disease": ("Interval history, with recurrence", Purpose.PRIMARY, "endpoint-dfs", MONTHS),
    "qlq": ("EORTC QLQ-C30", Purpose.SECONDARY, "endpoint-qol", ON_TREATMENT),
    "eq5d": ("EQ-5D-5L", Purpose.SECONDARY, "endpoint-qol", (BASELINE, *HALF_YEARS)),
    "ctdna": ("Blood sample for circulating tumour DNA", Purpose.EXPLORATORY, "endpoint-ctdna", (BASELINE, 3, *HALF_YEARS)),
    "medication": ("Concomitant medication", Purpose.SAFETY, "endpoint-safety", ALL),
    "adverse-events": ("Adverse events", Purpose.SAFETY, "endpoint-safety", ON_TREATMENT),
    "drug": ("Study drug dispensing", Purpose.TREATMENT, None, (BASELINE, 1, *[m for m in MONTHS if m % 3 == 0][:-1])),
}  # fmt: skip

CRITERIA = (
    ("IN01", True, "Women aged 18 to 75 years."),
    ("IN02", True, "Oestrogen-receptor-positive primary breast cancer (at least 10 fmol/L in the cohort's assay)."),
    ("IN03", True, "At least one positive axillary lymph node."),
    ("IN04", True, "ECOG performance status of 0 or 1."),
    ("EX01", False, "Previous adjuvant chemotherapy."),
    ("EX02", False, "Ten or more positive axillary lymph nodes."),
)  # fmt: skip


def visit_id(when: str | int) -> str:
    """The id of a visit: its name in words or its month."""
    return when if isinstance(when, str) else f"month-{when:02d}"


def make_visits() -> tuple[Visit, ...]:
    """Screening, baseline and follow-up to five years, all at the site as written."""
    site = (Place.SITE,)
    first = (
        Visit(SCREENING, "Screening", "main", -21.0, site, "epoch-screening", 7.0, 14.0),
        Visit(BASELINE, "Baseline", "main", 0.0, site, "epoch-treatment"),
    )
    return first + tuple(
        Visit(
            visit_id(m),
            f"Month {m}",
            "main",
            float(round(m * DAYS_PER_MONTH)),
            site,
            "epoch-treatment",
            14.0,
            14.0,
        )
        for m in MONTHS
    )


def make_protocol() -> Protocol:
    """The whole illustrative protocol."""
    cells = tuple(Cell(visit_id(w), row) for w in ALL for row, (*_, when) in ROWS.items() if w in when)
    return Protocol(
        id="UNBURDEN-ILLUSTRATIVE-01",
        title="Illustrative trial of added adjuvant endocrine therapy in node-positive breast cancer",
        source="adjuvant-breast/protocol.json",
        phase="Phase III Trial",
        planned_patients=1600,
        timelines=(Timeline("main", "Main timeline", True, "Patient gives informed consent"),),
        arms=(
            Arm("control", "Endocrine therapy", "Active Comparator Arm"),
            Arm("experimental", "Endocrine therapy plus study drug", "Experimental Arm"),
        ),
        epochs=(
            Epoch("epoch-screening", "Screening", "Screening Epoch"),
            Epoch("epoch-treatment", "Treatment and follow-up", "Treatment Epoch"),
        ),
        visits=make_visits(),
        activities=tuple(
            Activity(row, title, title, purpose, (endpoint,) if endpoint else ())
            for row, (title, purpose, endpoint, _) in ROWS.items()
        ),
        cells=cells,
        criteria=tuple(Criterion(i, i, text, is_inclusion) for i, is_inclusion, text in CRITERIA),
        endpoints=(
            Endpoint("endpoint-dfs", "Disease-free survival", "Primary Endpoint"),
            Endpoint("endpoint-qol", "Quality of life (EORTC QLQ-C30, EQ-5D-5L)", "Secondary Endpoint"),
            Endpoint("endpoint-safety", "Adverse events and laboratory changes", "Secondary Endpoint"),
            Endpoint("endpoint-ctdna", "Circulating tumour DNA", "Exploratory Endpoint"),
        ),
        objectives=(
            Objective("efficacy", "To compare disease-free survival", "Primary Objective", ("endpoint-dfs",)),
            Objective("tolerance", "To compare quality of life and safety", "Secondary Objective", ("endpoint-qol", "endpoint-safety")),
            Objective("research", "To explore circulating tumour DNA", "Exploratory Objective", ("endpoint-ctdna",)),
        ),
        notes=("illustrative: written for this software, not the protocol of a real trial",),
    )  # fmt: skip


def main() -> None:
    """Write the file and check that it reads back to the same schedule."""
    protocol = make_protocol()
    write_usdm(protocol, PATH)
    again = read_usdm(PATH)
    assert [c.key for c in again.cells] == [c.key for c in protocol.cells]
    assert again.visits == protocol.visits, (again.visits, protocol.visits)
    assert {a.id: (a.purpose, a.endpoint_ids) for a in again.activities} == {
        a.id: (a.purpose, a.endpoint_ids) for a in protocol.activities
    }
    print(
        f"{PATH.name}: {len(again.visits)} visits, {len(again.activities)} activities, {len(again.cells)} cells"
    )


if __name__ == "__main__":
    main()
