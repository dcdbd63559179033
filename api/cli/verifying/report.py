"""What ``rapport verify`` says: to people, and to programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from api.service.answers.verification import Fault, Verification, VerifiedLedger

if TYPE_CHECKING:
    from api.cli.verifying.folder import Outcome, VerifyOptions
    from ledger.verification.faults import Report

NO_KEY = (
    "NO KEY WAS PINNED: a forged ledger has keys of its own; give the key that you kept (--key)"
)
NO_CHECKPOINT = (
    "NO CHECKPOINT WAS GIVEN: a history that was cut off, or rewritten and signed again, is not"
    " found; give one that you kept (--checkpoint)"
)


def _warnings(report: Report, asked: VerifyOptions) -> list[str]:
    """The warnings about keys or checkpoints that are missing: little is proven then."""
    unknown = report.origin is None  # then whatever was brought may be of this ledger
    warnings = []
    if not any(unknown or verifier.name == report.origin for verifier in asked.verifiers):
        warnings.append(NO_KEY)
    if not any(unknown or kept.origin == report.origin for kept in asked.kept):
        warnings.append(NO_CHECKPOINT)
    return warnings


def _cannot_be_found(outcome: Outcome, asked: VerifyOptions) -> list[str]:
    """The faults that no check can find with the keys and checkpoints that the reader gave."""
    missing = {text for report in outcome.reports for text in _warnings(report, asked)}
    limits = ["events after the newest checkpoint: nothing signed covers them yet"]
    if NO_CHECKPOINT in missing:
        limits.append(
            "a history rewritten and signed with the stolen key, or older checkpoints that were"
            " taken away: only a checkpoint kept elsewhere reveals that (--checkpoint)"
        )
    else:
        limits.append(
            "beyond the checkpoints that were given: a history rewritten and signed with the stolen"
            " key, or checkpoints that were taken away"
        )
    if NO_KEY in missing:
        limits.append(
            "another ledger's keys in place of these: only a key from elsewhere tells (--key)"
        )
    return [
        *limits,
        "what no leaf holds: the time zone and the namespace in ledger.json, when a checkpoint or a"
        " key is said to have been made, and the keys of contacts without the master key",
        "what is no part of the ledger: access keys, and the trail of what was done besides"
        " appending, which rapport trail --verify checks",
        "whether what was recorded is true",
    ]


def print_report(outcome: Outcome, asked: VerifyOptions) -> None:
    """One paragraph a ledger, on standard output, the first fault before everything else."""
    for fault in outcome.faults:
        click.echo(f"FAULT  {fault}")
    for report in outcome.reports:
        _print(report, _warnings(report, asked))
    click.echo("Nothing here can find:")
    for limit in _cannot_be_found(outcome, asked):
        click.echo(f"  - {limit}")


def _print(report: Report, warnings: list[str]) -> None:
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
        of = (
            f"no checkpoint covers any of {report.head:,} events"
            if report.head
            else "no checkpoint that holds was found"
        )
        click.echo(f"  signed   nothing: {of}")
    else:
        assert report.checkpoint_size is not None
        click.echo(
            f"  signed   {min(report.checkpoint_size, report.head):,} of {report.head:,} events;"
            f" {after:,} stand after the newest checkpoint"
        )
    for line in warnings:
        click.echo(f"  WARNING  {line}")
    for line in report.skipped:
        click.echo(f"  skipped  {line}")
    for line in report.notes:
        click.echo(f"  note     {line}")
    rate = report.head / report.seconds if report.seconds else 0
    click.echo(f"  took     {report.seconds:.1f} s, {rate:,.0f} events/s")


def verification_of(target: str, outcome: Outcome, asked: VerifyOptions) -> Verification:
    """The same for programs."""
    return Verification(
        target=target,
        sound=outcome.sound,
        faults=tuple(Fault.model_validate(fault) for fault in outcome.faults),
        ledgers=tuple(VerifiedLedger.of(one, _warnings(one, asked)) for one in outcome.reports),
        cannot_be_found=tuple(_cannot_be_found(outcome, asked)),
    )
