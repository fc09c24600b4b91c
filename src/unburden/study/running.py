"""The main job: everything that a study's report tells."""

from pathlib import Path

from unburden import __version__
from unburden.burden.role_time import share_time
from unburden.burden.trace import trace_cells
from unburden.data.files import write_text
from unburden.domain.frontier import CandidateDesign, Frontier
from unburden.domain.study import Highlight, Study, StudyResult
from unburden.report.content import derive_content, render_json
from unburden.report.page import render_page
from unburden.study.asking import sum_up_asks
from unburden.study.checking import check_records
from unburden.study.comparing import compare_designs
from unburden.study.scoring import subtract_scores, weigh_scores
from unburden.study.searching import Progress, search_designs


def design_study(
    study: Study,
    *,
    trials: int,
    seed: int,
    progress: Progress | None = None,
) -> StudyResult:
    """Score, trace, screen, simulate and search one study. Raises what its parts raise."""
    asks = sum_up_asks(study, seed=seed)
    scores = tuple(ask.score for ask in asks.by_persona)
    overall = weigh_scores(scores, study.personas, study.share_by_arm)
    reasons = trace_cells(study.protocol, overall.kinds)
    frontier = search_designs(study, trials=trials, seed=seed, progress=progress)
    return StudyResult(
        study=study,
        scores=scores,
        overall=overall,
        frontier=frontier,
        highlights=choose_highlights(frontier, study.plan.burden),
        reasons=reasons,
        role_shares=share_time(overall, reasons),
        trials=trials,
        seed=seed,
        version=__version__,
        checks=check_records(study, overall),
        asks=asks,
        changes=compare_designs(study, frontier, asks),
    )


def choose_highlights(frontier: Frontier, burden: str) -> tuple[Highlight, ...]:
    """The designs that a reader asks for first, each once with all that it is best at.

    Equal ones by less total burden, then more power.
    """

    def least(designs: list[CandidateDesign], goal: str) -> str:
        def cost(design: CandidateDesign) -> tuple[float, float, float]:
            values = design.values
            return values[goal].value, values["total_burden"].value, -values["power"].value

        return min(designs, key=cost).id

    designs = list(frontier.designs)
    written = frontier.baseline.values
    as_good = [
        d
        for d in designs
        if d.values["power"].high >= written["power"].value
        and d.values["duration"].low <= written["duration"].value
    ]
    picks = [
        ("asks least of each patient, as strong and as fast as written", as_good, "burden_per_patient"),
        ("asks least of all patients together", designs, "total_burden"),
        ("is done soonest", designs, "duration"),
    ]
    chosen: dict[str, list[str]] = {}
    for what, choice, goal in picks:
        if choice:
            chosen.setdefault(least(choice, goal), []).append(what)
    by_id = {design.id: design for design in designs}
    return tuple(
        Highlight(tuple(what), name, subtract_scores(frontier.baseline.burden, by_id[name].burden, burden))
        for name, what in chosen.items()
    )


def write_report(result: StudyResult, path: Path | str) -> None:
    """The result as one HTML file that needs no network, and the same content as JSON beside it.

    Nothing is written unless both can be rendered.
    """
    content = derive_content(result)
    target = Path(path)
    page, data = render_page(content), render_json(content)
    write_text(target.with_suffix(".json"), data)
    write_text(target, page)
