"""What ``rapport verify`` says: to people, and to programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from api.command_line.verifying import Outcome
    from ledger.verification.faults import Fault, Report

CANNOT_BE_FOUND = (
    "events after the newest checkpoint: nothing signed covers them yet",
    "a history made anew and signed with the stolen key, or older checkpoints that were taken"
    " away: only a checkpoint kept elsewhere tells (--checkpoint)",
    "another ledger's keys in place of these: only a key from elsewhere tells (--key)",
    "what no leaf holds: the time zone and the namespace in ledger.json, when a checkpoint or a"
    " key is said to have been made, and the keys of contacts without the master key",
    "whether what was recorded is true",
)
"""What no look at a ledger alone can find."""


def print_report(outcome: Outcome) -> None:
    """One paragraph a ledger, on standard output, the first fault before everything else."""
    for fault in outcome.faults:
        click.echo(f"FAULT  {fault}")
    for report in outcome.reports:
        _print(report)
    click.echo("Nothing here can find:")
    for limit in CANNOT_BE_FOUND:
        click.echo(f"  - {limit}")


def _print(report: Report) -> None:
    if report.sound:
        click.echo(f"{report.name}: sound")
    else:
        number = "1 fault" if report.fault_count == 1 else f"{report.fault_count:,} faults"
        click.echo(f"{report.name}: NOT SOUND, {number}")
        first = report.first
        click.echo(f"  first    {first}")
        for fault in report.faults:
            if fault is not first:
                click.echo(f"           {fault}")
        if report.fault_count > len(report.faults):
            click.echo(f"           and {report.fault_count - len(report.faults):,} more")
    counted = ", ".join(f"{what} {count:,}" for what, count in sorted(report.checked.items()))
    click.echo(f"  checked  {counted}")
    if report.origin is not None:
        click.echo(f"  origin   {report.origin}")
    after = report.after_checkpoint
    if after is None:
        click.echo(f"  signed   nothing: no checkpoint covers any of {report.head:,} events")
    else:
        assert report.checkpoint_size is not None
        click.echo(
            f"  signed   {min(report.checkpoint_size, report.head):,} of {report.head:,} events;"
            f" {after:,} stand after the newest checkpoint"
        )
    for line in report.skipped:
        click.echo(f"  skipped  {line}")
    for line in report.notes:
        click.echo(f"  note     {line}")
    rate = report.head / report.seconds if report.seconds else 0
    click.echo(f"  took     {report.seconds:.1f} s, {rate:,.0f} events/s")


def as_json_document(target: str, outcome: Outcome) -> dict[str, object]:
    """The same for programs."""
    return {
        "target": target,
        "sound": outcome.sound,
        "faults": [_fault(fault) for fault in outcome.faults],
        "ledgers": [_report(report) for report in outcome.reports],
        "cannot_be_found": list(CANNOT_BE_FOUND),
    }


def _report(report: Report) -> dict[str, object]:
    first = report.first
    return {
        "name": report.name,
        "origin": report.origin,
        "sound": report.sound,
        "first_fault": None if first is None else _fault(first),
        "fault_count": report.fault_count,
        "faults": [_fault(fault) for fault in report.faults],
        "checked": dict(sorted(report.checked.items())),
        "skipped": report.skipped,
        "notes": report.notes,
        "events": report.head,
        "checkpoint_size": report.checkpoint_size,
        "events_after_checkpoint": report.after_checkpoint,
        "seconds": round(report.seconds, 3),
    }


def _fault(fault: Fault) -> dict[str, object]:
    return {"place": fault.place, "position": fault.position, "detail": fault.detail}
