"""Write the reference pages that follow from the code; ``make docs`` runs this.

A test compares the pages with what this program would write, so they cannot fall behind.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docs.generating.archive import archive_page
from docs.generating.commands import command_line_page, settings_page
from docs.generating.events import events_page
from docs.generating.first_minute import picture
from docs.generating.http import http_page
from docs.generating.mapping import mapping_page
from docs.generating.measurements import measurements_page
from docs.generating.operating import operating_page
from docs.generating.policy import policy_page, policy_schema_page
from docs.generating.problems import problems_page
from docs.generating.storage import stored_format_page

if TYPE_CHECKING:
    from collections.abc import Callable

REFERENCE = Path(__file__).resolve().parent / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "archive.md": archive_page,
    "command-line.md": command_line_page,
    "events.md": events_page,
    "first-minute.svg": picture,
    "http.md": http_page,
    "mapping.md": mapping_page,
    "measurements.md": measurements_page,
    "operating.md": operating_page,
    "policy.md": policy_page,
    "policy.schema.json": policy_schema_page,
    "problems.md": problems_page,
    "settings.md": settings_page,
    "stored-format.md": stored_format_page,
}
"""Every generated page, by its file name in ``docs/reference``."""


def main() -> None:
    """Write every page, and say which ones are new or other than before."""
    for name, page in PAGES.items():
        path = REFERENCE / name
        text = page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(REFERENCE.parent.parent)}")  # noqa: T201  # a program


if __name__ == "__main__":
    main()
