"""``python -m benchmarks.unsealed``: the command ``rapport``, whose logs stand still."""

from __future__ import annotations

from unittest.mock import patch

from api.cli import main
from ledger.transparency.log import TransparencyLog

if __name__ == "__main__":
    # The program has no such switch, on purpose.
    with patch.object(TransparencyLog, "start"):
        main()
