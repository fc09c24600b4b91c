"""`screen-cohort`, `emulate-trial` and `weigh-criteria`: who may join, and was the criterion worth it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

StudyFolder = Annotated[Path, typer.Argument(help="Folder with a study.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every figure's source.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for criteria.html and criteria.json; else runs/ and its name."),
]


def screen_cohort(study: StudyFolder, as_json: AsJson = False) -> None:
    """Say who of the study's patients could join, criterion by criterion."""
    from unburden.report.screening_content import tell_screening
    from unburden.study.reading import read_eligibility
    from unburden.study.weighing import describe_screening, name_criteria

    record = read_eligibility(study)
    told = tell_screening(
        describe_screening(record), name_criteria(record), {c.id: c.text for c in record.criteria}
    )
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for line in _print_screening(told):
        typer.echo(line)


def _print_screening(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['cohort']}: {told['patients']} patients ({told['source']})"
    heads = ("enter", "pass", "fail", "unknown", "go on", "alone", "last", "pool without")
    wide = max(12, *(len(step["criterion"]) + 1 for step in told["steps"])) if told["steps"] else 12
    yield f"{'criterion':{wide}}" + "".join(f"{head:>{len(head) + 3}}" for head in heads)
    keys = ("entering", "met", "not_met", "unknown", "leaving", "alone", "last", "leave_one_out")
    for step in told["steps"]:
        numbers = (f"{step[key]:>{len(head) + 3}d}" for key, head in zip(keys, heads, strict=True))
        yield f"{step['criterion']:{wide}}" + "".join(numbers)
    yield f"eligible: {told['eligible']} ({told['eligible_share']})"
    for contradiction in told["contradictions"]:
        yield f"  {contradiction}"
    if told["uncomputed"]:
        yield f"not answered by these data: {', '.join(each['criterion'] for each in told['uncomputed'])}"
    for by in dict.fromkeys(each["by"] for each in told["exclusions"]):
        yield f"kept out by all criteria together, by {by}:"
        for each in told["exclusions"]:
            if each["by"] == by and each["criterion"] == "all criteria" and each["share"]:
                counts = f"{each['kept_out']:>7} of {each['patients']:<7}"
                yield f"  {each['stratum']:24}{counts}{each['share']['text']:>6}"
    if told["forecast"]:
        forecast = told["forecast"]
        failures = f"{forecast['failures']['text']} ({forecast['failures_interval']})"
        yield f"to enrol {forecast['enrolled']}, {forecast['screened']['text']} are screened; {failures} fail"
        for each in forecast["in_vain"]:
            yield f"  {each['words']:46}{each['text']:>14}  {each['interval']}"


def read_criteria(
    protocol: Annotated[Path, typer.Argument(help="USDM v4 JSON, or a text file with one criterion a line.")],
    as_json: AsJson = False,
) -> None:
    """Read a protocol's criteria into expressions; what is not understood stays text and is listed.

    In a text file a line that begins with "-" is an exclusion criterion, every other an inclusion criterion.
    """
    from unburden.data.criteria import write_rules
    from unburden.domain.criteria import CriterionRule
    from unburden.report.criterion_words import tell_parse
    from unburden.study.reading import read_protocol_criteria

    found = read_protocol_criteria(protocol)
    told = []
    for each in found:
        rule = CriterionRule(each.criterion_id, each.text, each.is_inclusion, each.expression, "exclude")
        told.append({**tell_parse(each), "rule": write_rules((rule,))[0]})
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for each in told:
        typer.echo(
            f"{each['criterion']} {each['kind']}, {each['status']}, confidence {each['confidence']:.2f}"
        )
        typer.echo(f"  text:    {' '.join(each['text'].split())}")
        typer.echo(f"  read as: {each['read_as']}")
    for status in ("computable", "partly computable", "not computable", "text"):
        count = sum(each["status"] == status for each in told)
        typer.echo(f"{status + ':':20}{count} of {len(told)}")
    typer.echo("Hold every reading against its text before it decides about patients.")


def emulate_trial(study: StudyFolder, as_json: AsJson = False) -> None:
    """Say what the study's target trial would have found in its patients, as far as they can tell."""
    from unburden.report.emulation_content import tell_trial
    from unburden.study.reading import read_eligibility
    from unburden.study.weighing import emulate_study_trial

    told = tell_trial(emulate_study_trial(read_eligibility(study)))
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for line in _print_trial(told):
        typer.echo(line)


def _print_trial(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['name']}: {told['eligible']} of {told['patients']} patients"
    for part in told["target"]:
        yield f"  {part['part']:22}{part['text']}"
    yield ""
    for each in told["estimates"]:
        yield f"  {each['what']:56}{each['text']:>8}  ({each['interval']})"
    arms = "; ".join(f"{a['patients']} {a['arm']} count as {a['effective']}" for a in told["arms"])
    before, after = told["largest_before"], told["largest_after"]
    yield f"  largest difference {before} before, {after} after weighting; {arms}"
    yield f"  {told['e_value']['words']}"
    for each in told["negative_controls"]:
        yield f"  negative control {each['name']}: {each['verdict']}"
    for warning in told["warnings"]:
        yield f"warning: {warning}"
    for assumption in told["assumptions"]:
        yield f"assumed: {assumption}"
    for note in told["notes"]:
        yield f"note: {note}"


def weigh_criteria(study: StudyFolder, out: Out = None, as_json: AsJson = False) -> None:
    """Say what each criterion keeps out, costs and is worth, and which sets no other set beats: a page."""
    from unburden.cli.output import prepare_folder
    from unburden.data.files import write_text
    from unburden.report.content import render_json
    from unburden.report.criteria_content import derive_criteria_content
    from unburden.report.page import render_criteria
    from unburden.study.reading import read_eligibility
    from unburden.study.weighing import weigh_study_criteria

    record = read_eligibility(study)
    folder = out or Path("runs") / record.name
    page = folder / "criteria.html"
    data = page.with_suffix(".json")
    if not as_json:
        prepare_folder(folder, (page.name, data.name), f"--out {folder}")
    content = derive_criteria_content(weigh_study_criteria(record))
    if as_json:
        typer.echo(render_json(content))
        return
    html = render_criteria(content)
    write_text(data, render_json(content))
    write_text(page, html)
    typer.echo(record.title)
    for line in content["brief"]:
        typer.echo(f"  {line}")
    for flag in content["flags"]:
        typer.echo(f"warning: {flag}")
    typer.echo(f"Report: {page.resolve()}")
