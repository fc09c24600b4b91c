"""`unburden score-burden`: what a protocol asks, as a table for people and as JSON for machines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unburden.cli.output import holds, prepare_file

if TYPE_CHECKING:
    from unburden.domain.asks import Asks, PersonaAsk
    from unburden.domain.protocol import Protocol

MOST_DRAWS = 100_000
"""Ten times the usual; a million would fill the memory where there are many personas."""

Source = Annotated[Path, typer.Argument(help="Study folder, USDM v4 JSON, schedule matrix or Excel.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every figure's source.")]
Out = Annotated[Path | None, typer.Option("--out", help="Also write that JSON to this file.")]
Personas = Annotated[
    str | None,
    typer.Option(
        "--personas",
        help="Kinds of patients with their shares, such as near=0.7,rural=0.3: near, rural, low income, "
        "working, frail, carer-dependent. Only where no study declares them.",
    ),
]
Draws = Annotated[int, typer.Option("--draws", min=2, max=MOST_DRAWS, help="Monte Carlo draws.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the draws.")]

_DRIVERS_SHOWN = 3
_LEAST_DRIVER = 0.05


def score_burden(
    source: Source,
    as_json: AsJson = False,
    out: Out = None,
    personas: Personas = None,
    draws: Draws = 10_000,
    seed: Seed = 1,
) -> None:
    """Say what a protocol asks of a patient, in physical units with sources."""
    from unburden.data.files import write_text

    if out:
        prepare_file(out)
    protocol, asks = _ask(source, personas, draws, seed)
    text = json.dumps(tell_asks(asks, protocol), indent=2)
    if out:
        write_text(out, text)
    if as_json:
        typer.echo(text)
        return
    typer.echo(f"{protocol.title} ({protocol.source})")
    for title, ask in _join_arms(asks, protocol):
        typer.echo("")
        for line in _print_ask(title, ask):
            typer.echo(line)
    for line in _print_all(asks):
        typer.echo(line)
    for note in (*asks.by_persona[0].score.notes, *protocol.notes):
        typer.echo(f"note: {note}")


def _ask(source: Path, personas: str | None, draws: int, seed: int) -> tuple["Protocol", "Asks"]:
    import unburden as ub
    from unburden.domain.errors import InvalidInput
    from unburden.study.asking import describe_asks, sum_up_asks
    from unburden.study.personas import declare_personas
    from unburden.study.scoring import AVERAGE_PATIENT

    if holds(source.is_dir):
        if personas is not None:
            told = "is for a protocol alone; a study declares its own in study.toml"
            raise InvalidInput("--personas", [told])
        study = ub.read_study(source)
        return study.protocol, sum_up_asks(study, seed=seed, draws=draws)
    people = declare_personas(_read_shares(personas)) if personas is not None else (AVERAGE_PATIENT,)
    protocol = ub.read_protocol(source)
    return protocol, describe_asks(protocol, people, seed=seed, draws=draws)


def _read_shares(text: str) -> dict[str, float]:
    """Shares by name; raises `InvalidInput` with every part that is none."""
    from unburden.domain.errors import InvalidInput, Problems

    problems, shares = Problems("--personas"), {}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        problems.check(name not in shares, f"names {name!r} twice; keep one")
        try:
            shares[name] = float(number)
        except ValueError:
            problems.add(f"has {part.strip()!r}; write a name and a share, such as rural=0.3")
    problems.raise_if_any(InvalidInput)
    return shares


def _join_arms(asks: "Asks", protocol: "Protocol") -> list[tuple[str, "PersonaAsk"]]:
    """Each table once, with its title: arms that ask the same of a persona share one."""
    arms = {arm.id: arm.name for arm in protocol.arms}
    joined: list[tuple[list[str], float, PersonaAsk]] = []
    for ask in asks.by_persona:
        name = arms.get(ask.arm_id or "", "every patient")
        for i, (names, share, other) in enumerate(joined):
            if other.persona == ask.persona and other.score.totals == ask.score.totals:
                joined[i] = ([*names, name], share + ask.share, other)
                break
        else:
            joined.append(([name], ask.share, ask))
    return [
        (f"{' and '.join(names)}, {ask.persona} ({share:.0%} of all)", ask) for names, share, ask in joined
    ]


def _print_ask(title: str, ask: "PersonaAsk") -> Iterator[str]:
    """One persona's table, a line a dimension; what is not asked at all stands in one line below."""
    yield title
    has_care = bool(ask.increment)
    head = f"  {'':22}{'expected':>12}{'95 % interval':>22}{'8 of 10 patients':>20}"
    yield head + (f"{'beyond standard care':>30}" if has_care else "") + "  unit"
    nothing = [
        name for name, total in ask.score.totals.items() if total.high == 0 and not _differs(ask, name)
    ]
    for name, total in ask.score.totals.items():
        if name in nothing:
            continue
        spread = ask.spread.get(name)
        line = f"  {name.replace('_', ' '):22}{_say(total.value):>12}{_say_range(total.low, total.high):>22}"
        between = _say_range(spread.tenth, spread.ninetieth, "all alike") if spread else ""
        line += f"{between:>20}"
        if has_care:
            more = ask.increment[name]
            told = f"{'+' if more.value > 0 else ''}{_say(more.value)}"
            line += f"{told + ' (' + _say_range(more.low, more.high) + ')':>30}"
        yield f"{line}  {total.unit}"
    for words, estimate in (("days at home", ask.home_days), ("most blood in 8 weeks", ask.peak_blood)):
        if estimate:
            is_certain = not any(source.startswith("assumed:") for source in estimate.sources)
            shown = _say_range(estimate.low, estimate.high, "exact" if is_certain else "if all live so long")
            yield f"  {words:22}{_say(estimate.value):>12}{shown:>22}{'':20}  {estimate.unit}"
    for name, estimate in ask.views.items():
        shown = _say_range(estimate.low, estimate.high)
        yield f"  {name[:22]:22}{_say(estimate.value):>12}{shown:>22}{'':20}  {estimate.unit} (declared view)"
    if nothing:
        yield f"  none: {', '.join(name.replace('_', ' ') for name in nothing)}"


def _differs(ask: "PersonaAsk", name: str) -> bool:
    """Whether standard care asks it though the trial does not."""
    return name in ask.increment and ask.increment[name].value != 0


def _print_all(asks: "Asks") -> Iterator[str]:
    """Everybody together: the tenth with most, and what makes the numbers uncertain."""
    yield ""
    yield f"all patients together ({asks.draws:,} draws, seed {asks.seed})"
    yield f"  {'':22}{'mean':>12}{'95 % interval':>22}{'tenth with most':>20}  most of the uncertainty"
    for name, mean in asks.mean.items():
        if mean.high == 0:
            continue
        drivers = [d for d in asks.drivers.get(name, ()) if d.total >= _LEAST_DRIVER][:_DRIVERS_SHOWN]
        why = ", ".join(f"{d.name} {d.total:.0%}" for d in drivers)
        shown = _say_range(mean.low, mean.high)
        line = f"  {name.replace('_', ' '):22}{_say(mean.value):>12}{shown:>22}"
        yield f"{line}{_say(asks.worst_tenth[name]):>20}  {why}"


def _say(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _say_range(low: float, high: float, alike: str = "exact") -> str:
    return alike if _say(low) == _say(high) else f"{_say(low)} to {_say(high)}"


def tell_asks(asks: "Asks", protocol: "Protocol") -> dict[str, Any]:
    """Every figure with its interval, unit and sources, ready for JSON."""
    used = sorted({i for a in asks.by_persona for line in a.score.lines for i in line.entry_ids})
    evidence = {i: e for a in reversed(asks.by_persona) for i, e in a.score.evidence.items() if i in used}
    overridden = {entry.id for entry in asks.overridden}
    return {
        "protocol": {"id": protocol.id, "title": protocol.title, "source": protocol.source},
        "draws": asks.draws,
        "seed": asks.seed,
        "patients": [_tell_ask(ask) for ask in asks.by_persona],
        "all": {
            "mean": {name: tell_estimate(mean) for name, mean in asks.mean.items()},
            "worst_tenth": {
                name: {"value": value, "unit": asks.mean[name].unit, "sources": list(asks.mean[name].sources)}
                for name, value in asks.worst_tenth.items()
            },
            "drivers": {
                name: [{"input": d.name, "first": d.first, "total": d.total} for d in drivers]
                for name, drivers in asks.drivers.items()
            },
        },
        "evidence": [
            {
                "id": e.id, "description": e.description, "value": e.value, "low": e.low, "high": e.high,
                "unit": e.unit, "distribution": e.distribution, "source": e.source, "grade": e.grade,
                "overridden": e.id in overridden,
            }
            for e in evidence.values()
        ],
        "footnotes": _tell_footnotes(protocol),
        "notes": [*asks.by_persona[0].score.notes, *protocol.notes],
    }  # fmt: skip


def _tell_ask(ask: "PersonaAsk") -> dict[str, Any]:
    score = ask.score
    return {
        "arm_id": ask.arm_id,
        "persona": ask.persona,
        "share": ask.share,
        "totals": {name: tell_estimate(total) for name, total in score.totals.items()},
        "home_days": tell_estimate(ask.home_days) if ask.home_days else None,
        "most_blood_in_eight_weeks": tell_estimate(ask.peak_blood) if ask.peak_blood else None,
        "between_patients": {
            name: {
                "tenth": s.tenth, "median": s.median, "ninetieth": s.ninetieth, "worst_tenth": s.worst_tenth,
                "unit": s.unit, "sources": list(score.totals[name].sources),
            }
            for name, s in ask.spread.items()
        },
        "beyond_standard_care": {name: tell_estimate(more) for name, more in ask.increment.items()},
        "views": {name: tell_estimate(view) for name, view in ask.views.items()},
        "visits": dict(score.expected_times),
        "kinds": {key: {"kind": kind.kind, "rule": kind.rule} for key, kind in score.kinds.items()},
        "lines": [
            {
                "dimension": line.dimension, "cause": line.cause, "visit": line.visit_id,
                "day": line.calendar_day, "activities": list(line.activity_ids), "times": line.times,
                "entries": list(line.entry_ids),
            }
            for line in score.lines
        ],
    }  # fmt: skip


def _tell_footnotes(protocol: "Protocol") -> list[dict[str, Any]]:
    from unburden.burden.footnotes import classify_footnotes

    return [
        {
            "id": e.note_id, "effect": e.kind, "rule": e.rule, "reason": e.reason, "matched": e.matched,
            "factor": tell_estimate(e.factor) if e.factor else None, "cells": len(e.cells),
        }
        for e in classify_footnotes(protocol)
    ]  # fmt: skip


def tell_estimate(estimate: Any) -> dict[str, Any]:
    """A number with its interval, unit and sources."""
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "unit": estimate.unit,
        "sources": list(estimate.sources),
    }
