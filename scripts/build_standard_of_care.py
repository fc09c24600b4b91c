"""Write the follow-up that patients of the adjuvant breast example would have outside the trial.

The guideline is that of the American Society of Clinical Oncology (Khatcheressian et al. 2013,
J Clin Oncol 31(7):961-965): history and physical examination every 3 to 6 months for 3 years, every
6 to 12 months in years 4 and 5, a mammogram every year, and no routine blood tests or scans where
nothing points to a recurrence. The fewest visits that it allows are written here.

Run: .venv/bin/python scripts/build_standard_of_care.py
"""

from pathlib import Path

from unburden.data.protocols import read_protocol, write_protocol
from unburden.domain.protocol import Activity, Cell, Protocol, Purpose, Timeline, Visit

PATH = Path(__file__).resolve().parents[1] / "examples" / "adjuvant-breast" / "standard-of-care.json"
DAYS_PER_MONTH = 365.25 / 12
MONTHS = (6, 12, 18, 24, 30, 36, 48, 60)
YEARS = tuple(month for month in MONTHS if month % 12 == 0)
ROWS = {
    "history": ("Interval history, with recurrence", MONTHS),
    "examination": ("Physical examination", MONTHS),
    "mammography": ("Mammography", YEARS),
}


def make_protocol() -> Protocol:
    """The follow-up, counted from the day on which the trial's patients are randomised."""
    return Protocol(
        id="FOLLOW-UP-EARLY-BREAST-CANCER",
        title="Follow-up of early breast cancer after primary treatment, the fewest visits of ASCO's guideline",
        source="adjuvant-breast/standard-of-care.json",
        timelines=(Timeline("main", "Main timeline", True, "Primary treatment is over"),),
        visits=tuple(
            Visit(f"month-{m:02d}", f"Month {m}", "main", float(round(m * DAYS_PER_MONTH))) for m in MONTHS
        ),
        activities=tuple(Activity(row, title, title, Purpose.SAFETY) for row, (title, _) in ROWS.items()),
        cells=tuple(Cell(f"month-{m:02d}", row) for m in MONTHS for row, (_, when) in ROWS.items() if m in when),
    )  # fmt: skip


def main() -> None:
    """Write the file and check that it reads back to the same schedule."""
    protocol = make_protocol()
    write_protocol(protocol, PATH)
    again = read_protocol(PATH)
    assert [c.key for c in again.cells] == [c.key for c in protocol.cells]
    assert [v.offset_days for v in again.visits] == [v.offset_days for v in protocol.visits]
    print(f"{PATH.name}: {len(again.visits)} visits, {len(again.cells)} cells")


if __name__ == "__main__":
    main()
