"""The command line: verbs of the public API; exit code 2 and no traceback for bad input."""

import errno
import json
from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from unburden.cli import burden, criteria, engine
from unburden.cli.burden import tell_estimate
from unburden.cli.estimands import evaluate_estimands
from unburden.cli.evidence import list_evidence
from unburden.cli.output import holds

app = typer.Typer(
    help="Design clinical trials that ask less of patients.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StudyFolder = Annotated[Path, typer.Argument(help="Folder with a study.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every figure's source.")]
Trials = Annotated[
    int | None, typer.Option("--trials", help="Simulated trials for each design; else as in study.toml.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="Seed of the random streams; else as in study.toml.")
]


def teach(command: Callable[..., None]) -> Callable[..., None]:
    """Print what `unburden` refuses on standard error and leave with exit code 2."""

    @wraps(command)
    def run_command(*args: Any, **kwargs: Any) -> None:
        from unburden.domain.errors import UnburdenError

        try:
            command(*args, **kwargs)
        except UnburdenError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
        except OSError as refusal:
            if refusal.errno == errno.EPIPE:  # whoever reads has seen enough
                raise
            told = refusal.strerror or type(refusal).__name__
            typer.echo(f"the system refuses ({told}); check where the output goes and its room", err=True)
            raise typer.Exit(2) from None

    return run_command


@contextmanager
def show_progress(is_shown: bool = True):
    """A progress bar on standard error for `search_designs`; nothing where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not (is_shown and console.is_terminal)) as bar:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield tell


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Design clinical trials that ask less of patients."""
    if version:
        from unburden import __version__

        typer.echo(__version__)
        raise typer.Exit()


@app.command("design")
@teach
def design(
    study: StudyFolder,
    out: Annotated[Path, typer.Option("--out", help="Folder for report.html and report.json.")],
    trials: Trials = None,
    seed: Seed = None,
) -> None:
    """The main job: burden, screening, simulation and search of one study, told in a report."""
    run_design(study, out, trials, seed)


@app.command("demo")
@teach
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the report.")] = Path("runs/adjuvant-breast"),
    trials: Trials = None,
    seed: Seed = None,
) -> None:
    """Run the main job on the study that the package carries."""
    from unburden.data.examples import find_example

    run_design(find_example("adjuvant-breast"), out, trials, seed)


def run_design(study: Path, out: Path, trials: int | None, seed: int | None) -> None:
    """Read, try the folder, design, write; say the headline and where the report is."""
    import unburden as ub
    from unburden.cli.output import prepare_folder

    record = ub.read_study(study)
    chosen_run = _choose_run(record, trials, seed)
    report = out / "report.html"
    prepare_folder(out, (report.name, report.with_suffix(".json").name))
    with show_progress() as tell:
        result = ub.design_study(record, **chosen_run, progress=tell)
    ub.write_report(result, report)
    written = result.frontier.baseline
    typer.echo(f"{record.title}")
    typer.echo(f"  as written: {_say_design(written)}")
    for highlight in result.highlights:
        chosen = next(d for d in result.frontier.designs if d.id == highlight.design_id)
        typer.echo(f"  {' and '.join(highlight.what)}: {_say_design(chosen)}")
    typer.echo(f"  {len(result.frontier.designs)} unbeaten of {result.frontier.examined} designs")
    typer.echo(f"Report: {report.resolve()}")


def _choose_run(study: Any, trials: int | None, seed: int | None) -> Any:
    """Trials and seed of the command, else of the study; raises `InvalidInput`."""
    from unburden.domain.errors import InvalidInput, Problems
    from unburden.domain.study import find_run_problems

    plan = study.plan
    run = {"trials": plan.trials if trials is None else trials, "seed": plan.seed if seed is None else seed}
    problems = Problems("command line")
    problems.extend(f"--{name} is {told}" for name, told in find_run_problems(**run).items())
    problems.raise_if_any(InvalidInput)
    return run


def _say_design(design: Any) -> str:
    values, days = design.values, design.burden.totals["contact_days"]
    burden, power, months = (values[name] for name in ("burden_per_patient", "power", "duration"))
    asks = f"{burden.value / 60:.1f} hours" if burden.unit == "minute" else burden.text()
    size = f"{design.operating.design.patients} patients, power {power.value:.3f}, {months.value:.1f} months"
    return f"{asks} and {days.value:.1f} days away from home per patient, {size}"


@app.command("simulate-trials")
@teach
def simulate_trials(
    study: Annotated[Path, typer.Argument(help="Folder with a study.toml, or a DESIGN.toml.")],
    trials: Trials = None,
    seed: Seed = None,
    as_json: AsJson = False,
    *,
    plot: engine.Plot = None,
    ledger: engine.Ledger = None,
    workers: engine.Workers = 1,
    cluster: engine.Cluster = None,
    error: engine.Error = None,
    report: engine.Report = None,
) -> None:
    """Simulate a DESIGN.toml, or a study's own design (its baseline) in its scenario."""
    import unburden as ub

    if holds(study.is_file):
        run = engine.Run(ledger, workers, cluster, error)
        with show_progress(not as_json) as tell:
            engine.simulate_design_file(
                study,
                trials=trials,
                seed=seed,
                as_json=as_json,
                plot=plot,
                run=run,
                progress=tell,
                report=report,
            )
        return
    if report:
        from unburden.domain.errors import InvalidInput

        told = "is for a DESIGN.toml; for a study's own report take `unburden design`"
        raise InvalidInput("--report", [told])

    record = ub.read_study(study)
    found = ub.simulate_trials(record.plan.baseline, record.scenario, **_choose_run(record, trials, seed))
    numbers = {
        "power": found.power,
        "months": found.months,
        "patients": found.patients,
        "events": found.events,
    }
    if as_json:
        told = {name: tell_estimate(e) for name, e in numbers.items() if e}
        looks = {"rejected_by_look": found.rejected_by_look, "critical_values": found.critical_values}
        typer.echo(json.dumps(told | looks, indent=2))
        return
    for name, estimate in numbers.items():
        if estimate:
            typer.echo(f"{name:10} {estimate.text(4)}")
    typer.echo("bounds     " + ", ".join(f"z >= {bound:.4f}" for bound in found.critical_values))
    typer.echo("rejected   " + ", ".join(f"{share:.4f}" for share in found.rejected_by_look))


@app.command("search-designs")
@teach
def search_designs(
    study: StudyFolder, trials: Trials = None, seed: Seed = None, as_json: AsJson = False
) -> None:
    """List the designs that no other beats."""
    import unburden as ub

    record = ub.read_study(study)
    with show_progress(not as_json) as tell:
        frontier = ub.search_designs(record, **_choose_run(record, trials, seed), progress=tell)
    if as_json:
        designs = [
            {
                "id": d.id,
                "changes": [[c.kind, c.visit_id, c.activity_id, c.place] for c in d.changes],
                "values": {name: tell_estimate(e) for name, e in d.values.items()},
            }
            for d in (frontier.baseline, *frontier.designs)
        ]
        typer.echo(json.dumps({"baseline": designs[0], "designs": designs[1:]}, indent=2))
        return
    for d in (frontier.baseline, *frontier.designs):
        typer.echo(f"{d.id:16} {len(d.changes):3d} changes  {_say_design(d)}")


@app.command("new-study")
@teach
def new_study(
    folder: Annotated[Path, typer.Argument(help="Folder to make; it must not exist or be empty.")],
) -> None:
    """Start a study: a folder with a commented study.toml and an Excel schedule to fill in."""
    from unburden.data.examples import write_new_study

    for path in write_new_study(folder):
        typer.echo(f"wrote {path}")


app.command("score-burden")(teach(burden.score_burden))
app.command("boundaries")(teach(engine.boundaries))
app.command("size-trial")(teach(engine.size_trial))
app.command("evaluate-estimands")(teach(evaluate_estimands))
app.command("screen-cohort")(teach(criteria.screen_cohort))
app.command("read-criteria")(teach(criteria.read_criteria))
app.command("emulate-trial")(teach(criteria.emulate_trial))
app.command("weigh-criteria")(teach(criteria.weigh_criteria))
app.command("list-evidence")(teach(list_evidence))


def run() -> None:
    """Entry point of the `unburden` command."""
    app()
