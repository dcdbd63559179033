"""An exemption from a rule says why, on the line."""

from __future__ import annotations

import io
import re
import tokenize
import tomllib

from tests.house.tree import ROOT, modules

_EXEMPTION = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma|mypy:|ruff:)[^#]*(?P<reason>#.*)?$")


def test_every_exemption_in_the_source_says_why() -> None:
    found = [
        f"{place}:{token.start[0]}: {token.string}"
        for place, _, source in modules()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
        and (match := _EXEMPTION.match(token.string))
        and len((match["reason"] or "").strip("# ")) < 4
    ]
    assert found == []


def test_every_exemption_in_the_configuration_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    exempt = [
        *lint["ignore"],
        *(code for codes in lint["per-file-ignores"].values() for code in codes),
    ]
    lines = text[text.index("ignore = [") :].splitlines()
    silent = [
        code
        for code in exempt
        if not any(re.match(rf'\s*"{code}",\s*# \S', line) for line in lines)
    ]
    assert silent == []
