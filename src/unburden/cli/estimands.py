"""The command that judges estimands: what is true, and what each analysis makes of it."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

_FIGURES = (
    ("truth", "true difference"),
    ("mean", "mean estimate"),
    ("bias", "bias"),
    ("spread", "spread of estimates"),
    ("standard_error", "its standard error"),
    ("coverage", "coverage of 95 %"),
    ("power", "rejects, one-sided"),
    ("estimable", "gave an answer"),
)


def evaluate_estimands(
    design: Annotated[Path, typer.Argument(help="DESIGN.toml with [[estimands]].")],
    trials: Annotated[int | None, typer.Option("--trials", help="Simulated trials; else the file's.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed; else the file's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with every figure's source.")] = False,
) -> None:
    """Truth, bias, coverage and power of each estimand's analysis."""
    from unburden.simulation.estimands import simulate_estimands
    from unburden.study.design_files import read_design

    record = read_design(design)
    told: dict[str, Any] = {}
    for planned in record.scenarios:
        found = simulate_estimands(
            record.design,
            planned.scenario,
            record.estimands,
            trials=record.trials if trials is None else trials,
            seed=record.seed if seed is None else seed,
        )
        told[planned.scenario.name] = {result.estimand.name: _tell(result) for result in found}
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for scenario, results in told.items():
        typer.echo(scenario)
        for name, numbers in results.items():
            typer.echo(f"  {name}: {numbers['analysis']}; {_name_strategies(numbers['strategies'])}")
            for key, words in _FIGURES:
                e = numbers[key]
                error = f"95 % error of simulation {e['low']:.4f} to {e['high']:.4f}"
                typer.echo(f"    {words:22}{e['value']:10.4f}   {error}")


def _name_strategies(strategies: dict[str, str]) -> str:
    return (
        ", ".join(f"{event}: {strategy}" for event, strategy in strategies.items()) or "no intercurrent event"
    )


def _tell(result: Any) -> dict[str, Any]:
    """A result as plain numbers with their sources."""
    told: dict[str, Any] = {
        "analysis": result.estimand.analysis,
        "strategies": dict(result.estimand.strategies),
    }
    for key, _ in _FIGURES:
        e = getattr(result, key)
        told[key] = {"value": e.value, "low": e.low, "high": e.high, "unit": e.unit, "sources": e.sources}
    return told | {"trials": result.trials, "seed": result.seed}
