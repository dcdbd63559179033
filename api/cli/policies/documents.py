"""Policy documents on disk: read, written to be edited, and compared."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.ending import UsageRefused
from api.service.text_files import read_given_text
from domain.errors import PolicyNotFound
from domain.presets import PRESETS, read_policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from domain.policy import Policy
    from domain.timeline import PolicyTimeline


def read_document(path: Path) -> Policy:
    """The policy in a file, TOML or JSON.

    Raises:
        UsageRefused: it is neither.
        Invalid: it is no text in UTF-8, or no policy; naming each field and what is wrong with it.
    """
    document: Any
    text = read_given_text(path)
    try:
        document = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "TOML" if path.suffix == ".toml" else "JSON"
        raise UsageRefused(f"{path} is not {kind}: {error}") from None
    return read_policy(document)


def policy_named(name: str, known: PolicyTimeline | None) -> Policy:
    """The policy of a version's number, a preset's name, or a file's path.

    Raises:
        PolicyNotFound: it is none of them.
    """
    if name in PRESETS:
        return PRESETS[name]
    if name.isascii() and name.isdigit() and known is not None:
        return known.only(int(name)).versions[0].policy
    if Path(name).is_file():
        return read_document(Path(name))
    raise PolicyNotFound(
        f"{name} is no version's number, no file and no preset; presets are {', '.join(PRESETS)}"
    )


def policy_text(policy: Policy, suffix: str) -> str:
    """A policy as a document to be changed: JSON, or TOML for the suffix ``.toml``.

    It extends the preset of its name, so that what is taken out of it stays as it is there. TOML
    cannot say null; what is off in the preset is left to it.

    Raises:
        UsageRefused: TOML cannot say the policy, because more is off than in the preset.
    """
    extends = policy.name if policy.name in PRESETS else "retail"
    document = {"extends": extends, **policy.document()}
    if suffix != ".toml":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    text = "\n".join(_toml("", document)).strip() + "\n"
    if read_policy(tomllib.loads(text)) != policy:
        raise UsageRefused(f"TOML cannot say what {policy.name} has off: name a file *.json")
    return text


def _toml(name: str, section: Mapping[str, Any]) -> Iterator[str]:
    """A section with its values first, as TOML wants them, and then the sections inside."""
    values = {key: value for key, value in section.items() if not isinstance(value, dict)}
    if values and name:
        yield from ("", f"[{name}]")
    for key, value in values.items():
        # JSON's strings, numbers, booleans and lists of numbers are TOML's too.
        yield f"# {key} is off" if value is None else f"{key} = {json.dumps(value)}"
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _toml(f"{name}.{key}" if name else key, value)
