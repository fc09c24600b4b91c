"""The evidence ledger on the command line: each default number and what each kind of activity counts."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_evidence(as_json: AsJson = False) -> None:
    """List the evidence ledger: every default with its range, source and grade, and every kind's amounts."""
    import unburden as ub

    ledger = ub.read_evidence()
    if as_json:
        kinds = [_kind_to_json(kind) for kind in ledger.kinds]
        told = {"evidence": [asdict(entry) for entry in ledger.evidence], "kinds": kinds}
        typer.echo(json.dumps(told, indent=2))
        return
    for entry in ledger.evidence:
        spread = (
            "" if entry.low == entry.high else f" ({entry.low:g} to {entry.high:g}, {entry.distribution})"
        )
        typer.echo(f"{entry.id:32} {entry.value:g} {entry.unit}{spread}  {entry.grade}  {entry.source}")
    for kind in ledger.kinds:
        amounts = "; ".join(_tell_quantity(quantity) for quantity in kind.quantities) or "nothing"
        typer.echo(f"\n{kind.name}\n  {amounts}")


def _kind_to_json(kind: Any) -> dict[str, Any]:
    quantities = [
        {
            "dimension": quantity.dimension,
            "evidence": quantity.evidence_id,
            "cause": quantity.cause,
            "count": quantity.count,
            "detail": quantity.detail,
        }
        for quantity in kind.quantities
    ]
    codes = [list(code) for code in kind.codes]
    return {
        "name": kind.name,
        "patterns": list(kind.patterns),
        "codes": codes,
        "home_feasible": kind.home_feasible,
        "quantities": quantities,
    }


def _tell_quantity(quantity: Any) -> str:
    times = "" if quantity.count == 1 else f"{quantity.count:g} x "
    when = {"cell": "", "until-next": ", each day until the next visit"}
    how = when.get(quantity.cause, f", once a visit ({quantity.setup})")
    return f"{quantity.dimension} {times}{quantity.evidence_id}{how}"
