"""The names of the files in which SQLite keeps the parts of a ledger and of a data folder."""

from __future__ import annotations

ACCESS_FILE = "access.sqlite"
EVENTS_FILE = "events.sqlite"
KEYS_FILE = "keys.sqlite"
LOG_FILE = "log.sqlite"
PROJECTIONS_FILE = "projections.sqlite"
TRAIL_FILE = "trail.sqlite"
WEBHOOKS_FILE = "webhooks.sqlite"

IMPORTS_FOLDER = "imports"
RESULTS_FOLDER = "results"
VALUATIONS_FOLDER = "valuations"

MACHINE_FOLDERS = (IMPORTS_FOLDER, RESULTS_FOLDER, VALUATIONS_FOLDER)
"""What only the machine of the server has of a ledger, whichever store keeps its events."""
