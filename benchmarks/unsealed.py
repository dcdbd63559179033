"""``python -m benchmarks.unsealed``: the command ``rapport``, whose logs stand still."""

from __future__ import annotations

from unittest.mock import patch

from api.cli import main
from ledger.transparency.log import TransparencyLog

if __name__ == "__main__":
    # The program has no such switch, on purpose. The process beside must be this program too.
    with (
        patch.object(TransparencyLog, "start"),
        patch("api.cli.followers.PROGRAM", ("-m", "benchmarks.unsealed")),
    ):
        main()
