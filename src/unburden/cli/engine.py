"""Commands of the trial engine: bounds, sizes, and designs simulated from one file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Ledger = Annotated[
    Path | None, typer.Option("--ledger", help="Folder that keeps finished shards; a run resumes from it.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=1024, help="Processes on this machine.")]
Cluster = Annotated[
    str | None, typer.Option("--cluster", help="Dask scheduler, tcp://host:port (extra `cluster`).")
]
Error = Annotated[
    float | None,
    typer.Option("--error", help="Simulate until the standard error of power is about this small."),
]
Report = Annotated[
    Path | None,
    typer.Option("--report", help="Write the simulation report here (.html, and .json beside it)."),
]
Plot = Annotated[Path | None, typer.Option("--plot", help="Write tables and charts to this HTML file.")]


def boundaries(
    plan: Annotated[
        Path | None, typer.Argument(help="TOML file with a table [plan]; or give the options below.")
    ] = None,
    *,
    alpha: Annotated[float, typer.Option(help="Whole error.")] = 0.025,
    sided: Annotated[int, typer.Option(help="1 or 2.")] = 1,
    rates: Annotated[str, typer.Option(help="Information rates, such as 0.5,0.75,1.")] = "1",
    efficacy: Annotated[
        str, typer.Option(help="Family, with a number if it has one, such as hwang-shih-decani:-4.")
    ] = "obrien-fleming-spending",
    futility: Annotated[str | None, typer.Option(help="Family that spends beta.")] = None,
    binding: Annotated[bool, typer.Option("--binding", help="Efficacy bounds count on futility.")] = False,
    beta: Annotated[float | None, typer.Option(help="Error that futility spends; power is 1 - beta.")] = None,
    as_json: AsJson = False,
    plot: Plot = None,
) -> None:
    """Bounds of a group-sequential test, what they spend, and how they behave."""
    from unburden.simulation.boundaries import derive_bounds, derive_characteristics, solve_drift
    from unburden.study.design_files import parse_plan, read_plan

    asked = (
        read_plan(plan)
        if plan
        else parse_plan(
            {
                "alpha": alpha,
                "sided": sided,
                "rates": rates,
                "efficacy": efficacy,
                "futility": futility,
                "is_binding": binding,
                "beta": beta,
            }
        )
    )
    bounds = derive_bounds(asked)
    power = 0.9 if asked.beta is None else 1 - asked.beta
    found = derive_characteristics(bounds, solve_drift(bounds, power))
    head, rows = _tabulate_bounds(bounds, found)
    if plot:
        from unburden.report.plots import draw_bounds

        _write_charts(plot, "Bounds", [("Bounds", draw_bounds(bounds))], [("Looks", head, rows)])
    behaviour = {
        "drift": found.drift,
        "power": found.power,
        "inflation_factor": found.inflation_factor,
        "expected_information_null": found.expected_information_null,
        "expected_information_half": found.expected_information_half,
        "expected_information": found.expected_information,
    }
    if as_json:
        looks = {
            "information_rates": asked.information_rates,
            "efficacy": bounds.efficacy,
            "futility": [None if z < -50 else z for z in bounds.futility],
            "harm": [None if z < -50 else z for z in bounds.harm],
            "alpha_spent": bounds.alpha_spent,
            "rejections": found.rejections,
            "futility_stops": found.futility_stops,
        }
        typer.echo(json.dumps(looks | behaviour, indent=2))
        return
    _print_table(head, rows)
    typer.echo("information is relative to a fixed test of the same error and power")
    for name, value in behaviour.items():
        typer.echo(f"{name.replace('_', ' '):28}{value:10.4f}")


def size_trial(
    question: Annotated[Path, typer.Argument(help="TOML file with a table [size].")],
    as_json: AsJson = False,
) -> None:
    """How many patients, events or months a design needs, in closed form."""
    from unburden.study.sizing import size_trial as solve

    found = solve(question)
    if as_json:
        numbers = {name: {"value": e.value, "unit": e.unit} for name, e in found.numbers}
        typer.echo(
            json.dumps({"endpoint": found.endpoint, "numbers": numbers, "notes": found.notes}, indent=2)
        )
        return
    typer.echo(found.endpoint)
    for name, estimate in found.numbers:
        unit = "" if estimate.unit == "1" else f" {estimate.unit}s"
        typer.echo(f"  {name:36}{estimate.value:12.4f}{unit}")
    for note in found.notes:
        typer.echo(f"note: {note}")


@dataclass(frozen=True, slots=True)
class Run:
    """How a long simulation is run: shards kept in `ledger`, by `workers` or a `cluster`, to an `error`."""

    ledger: Path | None = None
    workers: int = 1
    cluster: str | None = None
    error: float | None = None


def simulate_design_file(
    path: Path,
    *,
    trials: int | None,
    seed: int | None,
    as_json: bool,
    plot: Path | None,
    run: Run,
    progress: Any,
    report: Path | None = None,
) -> None:
    """Simulate a DESIGN.toml: each of its scenarios, each of its tests on the same patients."""
    from unburden.study.design_files import read_design
    from unburden.study.sharding import open_executor
    from unburden.study.simulating import Job, simulate_scenarios

    record = read_design(path)
    chosen_seed = record.seed if seed is None else seed
    if report:
        _prepare_report(report)
    with open_executor(run.workers, run.cluster) as (executor, threads):
        job = Job(run.ledger, executor, threads, progress)
        results = simulate_scenarios(record, trials=trials, seed=chosen_seed, error=run.error, job=job)
    told = {
        found.planned.scenario.name: _tell_runs(found.runs, found.planned.scenario.outcome)
        for found in results
    }
    others = {
        found.planned.scenario.name: _tell_runs(found.alternatives, found.planned.scenario.outcome)
        for found in results
    }
    if plot:
        _plot_design(plot, record, told)
    if report:
        command = _tell_command(path, trials, chosen_seed, run.error, report)
        _write_report(report, record, results, chosen_seed, command)
    if as_json:
        whole = {
            name: told[name]
            | {"sha256": found.runs[0].sha256}
            | ({"alternatives": others[name]} if others[name] else {})
            for name, found in zip(told, results, strict=True)
        }
        only = next(iter(whole.values()))
        typer.echo(json.dumps(only if record.is_single else {"scenarios": whole}, indent=2))
        return
    for name, found in zip(told, results, strict=True):
        if not record.is_single:
            typer.echo(f"{name} ({found.planned.purpose}, stream {found.planned.scenario.stream})")
        typer.echo(f"sums of all shards: SHA-256 {found.runs[0].sha256}")
        _print_runs(told[name] | others[name], found.planned.purpose)
    if report:
        typer.echo(f"Report: {report.resolve()}")


def _tell_runs(runs: Any, outcome: Any) -> dict[str, dict[str, Any]]:
    """Figures of each run by the name of its test, or of the design and its test."""
    from unburden.domain.scenario import TEST_BY_OUTCOME
    from unburden.study.design_files import TESTS

    names = {made: name for name, (made, _) in TESTS.items()}
    told: dict[str, dict[str, Any]] = {}
    for run in runs:
        found = run.operating
        numbers = {
            "power": found.power,
            "months": found.months,
            "patients": found.patients,
            "events": found.events,
        }
        test = TEST_BY_OUTCOME.get(type(outcome)) or names[type(found.design.test)]
        name = f"{run.design_name}, {test}" if run.design_name else test
        told[name if name not in told else f"{name} {len(told) + 1}"] = {
            **{
                key: {"value": e.value, "low": e.low, "high": e.high, "unit": e.unit}
                for key, e in numbers.items()
                if e
            },
            "rejected_by_look": found.rejected_by_look,
            "stopped_by_look": found.stopped_by_look,
            "critical_values": found.critical_values,
            "trials": found.trials,
            "seed": found.seed,
        }
    return told


def _print_runs(told: dict[str, dict[str, Any]], purpose: str) -> None:
    words_by_key = {"power": {"null": "type I", "stress": "succeed"}.get(purpose, "power")}
    for name, numbers in told.items():
        typer.echo(f"{name}: {numbers['trials']:,} trials, seed {numbers['seed']}")
        for key in ("power", "months", "patients", "events"):
            if key in numbers:
                e = numbers[key]
                error = f"95 % error of simulation {e['low']:.4f} to {e['high']:.4f}"
                typer.echo(f"  {words_by_key.get(key, key):10}{e['value']:12.4f}   {error}")
        for key, words in (("rejected_by_look", "rejected"), ("critical_values", "z at least")):
            typer.echo(f"  {words:10}" + "".join(f"{value:12.4f}" for value in numbers[key]))


def _prepare_report(report: Path) -> None:
    """Refuse a report that cannot be written, before anything is simulated."""
    from unburden.cli.output import prepare_folder
    from unburden.domain.errors import InvalidInput

    if report.suffix.lower() not in (".html", ".htm"):
        raise InvalidInput(f"--report {report}", ["is no page; give a name that ends in .html"])
    prepare_folder(
        report.parent, (report.name, report.with_suffix(".json").name), f"--report {report}, its folder"
    )


def _tell_command(path: Path, trials: int | None, seed: int, error: float | None, report: Path) -> str:
    """The command that makes the same numbers again."""
    import shlex

    words = ["unburden", "simulate-trials", str(path)]
    words += ["--trials", str(trials)] if trials is not None else []
    words += ["--seed", str(seed)]
    words += ["--error", f"{error!r}"] if error is not None else []
    return shlex.join([*words, "--report", str(report)])


def _write_report(report: Path, record: Any, results: Any, seed: int, command: str) -> None:
    """The page, and the same content as JSON beside it."""
    from unburden.data.files import write_text
    from unburden.report.content import render_json
    from unburden.report.page import render_simulation
    from unburden.report.simulation_content import derive_simulation_content
    from unburden.study.simulation_reports import derive_simulation_report

    made = derive_simulation_report(record, results, seed=seed, command=command)
    content = derive_simulation_content(made)
    write_text(report, render_simulation(content))
    write_text(report.with_suffix(".json"), render_json(content))


def _plot_design(path: Path, record: Any, told: dict[str, Any]) -> None:
    from unburden.report.plots import draw_bounds, draw_course, draw_power
    from unburden.simulation.boundaries import derive_bounds
    from unburden.study.expecting import expect_course, expect_power

    charts, tables = [("Bounds", draw_bounds(derive_bounds(record.design.plan)))], []
    head = ("test", "power", "95 % from", "to", "months")
    for planned in record.scenarios:
        scenario = planned.scenario
        after = "" if record.is_single else f": {scenario.name}"
        course = expect_course(record.design, scenario)
        if course:
            charts.append((f"Expected patients and events{after}", draw_course(course)))
            title = "Effect, as a share of the one hoped for (log hazard ratio)"
            expected = expect_power(record.design, scenario)
            charts.append((f"Power, without simulation{after}", draw_power(expected, title)))
        rows = [
            (name, *(f"{v:.4f}" for v in (n["power"]["value"], n["power"]["low"], n["power"]["high"])),
             f"{n['months']['value']:.1f}")
            for name, n in told[scenario.name].items()
        ]  # fmt: skip
        tables.append((f"Simulated{after}", head, rows))
    title = record.question.title or record.scenarios[0].scenario.name
    _write_charts(path, title, charts, tables)


def _tabulate_bounds(bounds: Any, found: Any) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    from statistics import NormalDist

    head = ("look", "rate", "z", "one-sided p", "alpha spent", "futility z", "rejects", "futile")
    rows = []
    for k, rate in enumerate(bounds.plan.information_rates):
        down, up = bounds.futility[k], bounds.efficacy[k]
        futile = found.futility_stops[k] if k < len(found.futility_stops) else 0.0
        rows.append(
            (
                str(k + 1),
                f"{rate:.4f}",
                f"{up:.6f}",
                f"{NormalDist().cdf(-up):.8f}",
                f"{bounds.alpha_spent[k]:.6f}",
                "" if down < -50 else f"{down:.6f}",
                f"{found.rejections[k]:.4f}",
                f"{futile:.4f}",
            )
        )
    return head, rows


def _print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    for line in (head, *rows):
        typer.echo("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def _write_charts(path: Path, title: str, charts: list, tables: list) -> None:
    from unburden.data.files import write_text
    from unburden.report.page import render_charts

    write_text(path, render_charts(title, charts, tables))
