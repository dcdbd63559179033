"""What the documentation shows of a calibration: a corner shop in its third year."""

from __future__ import annotations

from api.http.openapi.example import example
from api.service.answers.calibration import CalibrationAnswer

CALIBRATION = example(
    CalibrationAnswer,
    {
        "from": "2025-01-01T00:00:00Z",
        "to": "2025-07-01T00:00:00Z",
        "position": 51_407,
        "as_of": "2026-11-01T08:30:00Z",
        "policy_version": 1,
        "falls": 41,
        "premature": {"bought": 9, "resolved": 41, "percent": 21},
        "within_365_days": {"bought": 14, "resolved": 41, "percent": 34},
        "delay_days": {"median": 203},
        "written_off": {"purchases": 14, "of": 2_210, "percent": 0},
        "values": [
            {
                "currency": "EUR",
                "clients": {
                    "contacts": 120,
                    "net_minor": 5_412_000,
                    "net_minor_per_head": 45_100,
                    "repeat_percent": 91,
                    "share_percent": 61,
                },
                "others": {
                    "contacts": 890,
                    "net_minor": 3_382_000,
                    "net_minor_per_head": 3_800,
                    "repeat_percent": 38,
                    "share_percent": 38,
                },
                "ratio_percent": 1_186,
            }
        ],
    },
)
