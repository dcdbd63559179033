"""``rapport import --guess``: a mapping for a file, with how sure it is of each column."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.ending import UsageRefused
from api.cli.output import print_json, print_message
from api.service.importing.guessing.proposal import propose
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.importing.guessing.proposal import Proposal

MAPPING_SUFFIX = ".mapping.toml"
"""What the name of a proposed mapping adds to that of the data file, unless another is chosen."""


def guess_mapping(
    datafile: Path, chosen: str | None, settings: Mapping[str, str], *, as_json: bool
) -> int:
    """Write a mapping for the file, and say how sure it is.

    Raises:
        UsageRefused: there is a file of that name, or the file looks like nothing that is known.
        LedgerError, OSError: the file cannot be read, or the mapping not be written.
    """
    path = Path(chosen or f"{datafile.name}{MAPPING_SUFFIX}")
    if path.exists():
        raise UsageRefused(f"{path} exists: name another file with --mapping, or delete it")
    try:
        proposal = propose(datafile, settings)
    except Invalid as error:
        raise UsageRefused(f"{datafile.name}: {error}") from None
    path.write_text(proposal.text, encoding="utf-8")
    if as_json:
        print_json(_document(proposal, path))
        return 0
    _report(proposal)
    click.echo(f"wrote {path}. Read it, then try it:")
    click.echo(f"  {_command(proposal, path, datafile)}")
    return 0


def _report(proposal: Proposal) -> None:
    if proposal.ready is not None:
        print_message(f"{proposal.mapping.about}: the ready mapping {proposal.ready} fits")
    read = [one for one in proposal.findings if one.role is not None]
    width = max((len(one.column) for one in read), default=0)
    for one in read:
        click.echo(f"{one.column:{width}}  {one.role} ({one.sure}): {one.why}")
    if others := [one.column for one in proposal.findings if one.role is None]:
        click.echo(f"not read: {', '.join(others)}")
    for note in proposal.notes:
        print_message(note)


def _command(proposal: Proposal, path: Path, datafile: Path) -> str:
    asked = "".join(
        f" --set {name}=..." for name in proposal.mapping.unsaid(proposal.layout.columns)
    )
    files = f"{shlex.quote(str(path))}{asked} --dry-run {shlex.quote(str(datafile))}"
    return f"rapport import --mapping {files}"


def _document(proposal: Proposal, path: Path) -> dict[str, object]:
    return {
        "mapping": str(path),
        "ready": proposal.ready,
        "encoding": proposal.layout.encoding,
        "delimiter": proposal.layout.delimiter,
        "header_line": proposal.layout.header_line,
        "rows": proposal.layout.rows,
        "columns": [
            {"name": one.column, "role": one.role, "sure": one.sure or None, "why": one.why}
            for one in proposal.findings
        ],
        "settings": proposal.mapping.unsaid(proposal.layout.columns),
        "notes": list(proposal.notes),
    }
