"""The policy that a command tries: a document, or a preset in its place."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from api.cli.policies.documents import read_document
from domain.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


def proposed_policy(command: F) -> F:
    """``[DOCUMENT]`` and ``--preset``, of which one is named, as one ``policy``."""

    @wraps(command)
    def with_policy(document: Path | None, preset: str | None, **more: object) -> object:
        if (document is None) == (preset is None):
            raise click.UsageError("name one document, or say --preset")
        policy = PRESETS[preset] if preset else read_document(document or Path())
        return command(policy=policy, **more)

    argument = click.argument(
        "document",
        metavar="[DOCUMENT]",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        required=False,
    )
    option = click.option(
        "--preset",
        type=click.Choice(list(PRESETS)),
        metavar="PRESET",
        help="A preset, in place of DOCUMENT.",
    )
    decorated: Callable[..., object] = argument(option(with_policy))
    return decorated  # type: ignore[return-value]  # click keeps what it is given
