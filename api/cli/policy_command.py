"""``rapport policy``: what judges, and since when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.bootstrap import now
from api.cli.asking.days import instant_in
from api.cli.asking.target import asked_ledger, publishing_ledger, target_options
from api.cli.ending import UsageRefused
from api.cli.options import WholeNumber, json_option, when_option
from api.cli.output import print_json, print_table
from api.cli.plain_help import PlainGroup
from api.cli.policies.documents import policy_named, policy_text, read_document
from api.cli.policies.fit import command as fit
from api.cli.policies.preview import command as preview
from api.cli.policies.publishing import BEGINNING, publish_preset
from api.service.answers import policies as answers
from domain.comparison import field_changes
from domain.instants import format_instant
from domain.presets import PRESETS, sent_policy_schema

if TYPE_CHECKING:
    from api.cli.asking.days import When
    from api.cli.asking.target import Target
    from domain.policy import Policy
    from domain.timeline import PolicyVersion


@click.group("policy", cls=PlainGroup)
def command() -> None:
    """Show, list, fit, preview and publish the policies of a ledger.

    If a server runs on the data folder, the commands ask it; --url names another one.

    Example:
      rapport policy presets
      rapport policy init cafe ours.toml
      rapport policy fit ours.toml --out ours.toml
      rapport policy preview ours.toml
      rapport policy publish ours.toml --effective-from 2026-03-01
    """


@command.command("init")
@click.argument("preset", metavar="PRESET", type=click.Choice(list(PRESETS)))
@click.argument(
    "file", metavar="[FILE]", type=click.Path(path_type=Path, dir_okay=False), required=False
)
@when_option(
    "--effective-from", "The instant from which it applies.  [default: from the beginning]"
)
@target_options
@json_option
def init(
    preset: str,
    file: Path | None,
    effective_from: When,
    target: Target,
    as_json: bool,
) -> None:
    """Publish PRESET, one of those that `rapport policy presets` lists.

    If it is in force from that instant already, nothing is published. With FILE, nothing is
    published either: the preset is written to that file for editing, as TOML if its name ends in
    .toml, else as JSON.

    Example:
      rapport policy init cafe
      rapport policy init cafe ours.toml
    """
    if file is not None:
        if file.exists():
            raise UsageRefused(f"{file} is there already: name another")
        file.write_text(policy_text(PRESETS[preset], file.suffix), encoding="utf-8")
        click.echo(f"wrote {preset} to {file}; change it, try it with rapport policy preview")
        return
    with publishing_ledger(target) as answers:
        given = instant_in(answers, effective_from)
        start = BEGINNING if given is None else given
        version, fresh = publish_preset(answers, preset, start)
        _print_published(version, fresh=fresh, as_json=as_json)


@command.command("publish")
@click.argument("document", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@when_option("--effective-from", "The instant from which it applies.  [default: now]")
@target_options
@json_option
def publish(
    document: Path,
    effective_from: When,
    target: Target,
    as_json: bool,
) -> None:
    """Publish the policy in DOCUMENT, TOML or JSON.

    Fields that it leaves out are those of the preset that it extends.

    Example, ours.toml:
      extends = "cafe"
      name = "our cafe"
      [rhythm]
      demote_after_days = 28
    """
    policy = read_document(document)
    with publishing_ledger(target) as answers:
        published = answers.publish(policy, instant_in(answers, effective_from))
        _print_published(published, fresh=True, as_json=as_json)


@command.command("show")
@click.argument("version", type=WholeNumber(1), required=False)
@target_options
def show(version: int | None, target: Target) -> None:
    """Write a policy's whole document as JSON: that VERSION, or the one in force now.

    Example:
      rapport policy show 1
    """
    with asked_ledger(target) as answers:
        timeline = answers.policies()
        known = timeline if version is None else timeline.only(version)
        shown = known.in_force(now())
    print_json(shown.document())


@command.command("list")
@target_options
@json_option
def list_versions(target: Target, as_json: bool) -> None:
    """List the versions published, oldest first.

    Example:
      rapport policy list --json
    """
    with asked_ledger(target) as answers:
        timeline = answers.policies()
    if as_json:
        print_json([_as_json(version) for version in timeline.versions])
        return
    in_force = timeline.in_force(now()).version
    print_table(
        ("version", "name", "effective from", "position", "sha256", ""),
        [
            (
                one.version,
                one.policy.name,
                format_instant(one.effective_from),
                one.position,
                one.sha256[:12],
                "in force" if one.version == in_force else "",
            )
            for one in timeline.versions
        ],
    )


@command.command("diff")
@click.argument("one")
@click.argument("other")
@target_options
@json_option
def diff(one: str, other: str, target: Target, as_json: bool) -> None:
    """Show field by field how ONE and OTHER differ: versions, presets, or files.

    Example:
      rapport policy diff 1 2
      rapport policy diff 2 ours.toml --json
    """
    known = None
    if any(name.isdigit() for name in (one, other)):
        with asked_ledger(target) as answers:
            known = answers.policies()
    policies = [policy_named(name, known) for name in (one, other)]
    found = field_changes(*(policy.document() for policy in policies))
    if as_json:
        print_json(
            [{"field": each.pointer, "one": each.before, "other": each.after} for each in found]
        )
    elif found:
        rows = [(each.pointer, _as_text(each.before), _as_text(each.after)) for each in found]
        print_table(("field", one, other), rows)
    else:
        click.echo("they say the same")


def _as_text(value: object) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


command.add_command(preview)
command.add_command(fit)


@command.command("presets")
@json_option
def presets(as_json: bool) -> None:
    """List the presets that ship.

    Example:
      rapport policy presets --json
    """
    if as_json:
        print_json({name: policy.document() for name, policy in PRESETS.items()})
        return
    print_table(
        ("preset", "expected gap", "falls after due", "points for regularity", "cash rewards"),
        [
            (
                name,
                f"{policy.rhythm.expected_gap_days} days",
                f"{policy.rhythm.demote_after_days} days",
                _regularity(policy),
                "yes" if policy.rewards.cash_allowed else "no",
            )
            for name, policy in PRESETS.items()
        ],
    )


@command.command("schema")
def schema() -> None:
    """Write the JSON Schema of a policy document.

    Example:
      rapport policy schema > policy.schema.json
    """
    print_json(sent_policy_schema())


def _regularity(policy: Policy) -> str:
    signal = policy.signals.regularity
    if signal.purchase_days is None:
        return "off"
    window = f" in {signal.window_days} days" if signal.window_days else ""
    days = f"{signal.purchase_days} purchase days{window}"
    return f"{signal.points} for {days}; a client needs {policy.stage.promotion_score}"


def _as_json(version: PolicyVersion) -> dict[str, Any]:
    return answers.PolicyVersion.of(version).plain()


def _print_published(version: PolicyVersion, *, fresh: bool, as_json: bool) -> None:
    if as_json:
        print_json({**_as_json(version), "published": fresh})
        return
    since = format_instant(version.effective_from)
    if fresh:
        click.echo(
            f"published {version.policy.name} as version {version.version}, in force from {since}"
        )
    else:
        click.echo(
            f"{version.policy.name} is in force from {since} already, as version {version.version}"
        )
