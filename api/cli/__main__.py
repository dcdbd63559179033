"""``python -m api.cli``: the command ``rapport``, for a process that starts another of its kind."""

from __future__ import annotations

from api.cli import main

if __name__ == "__main__":
    main()
