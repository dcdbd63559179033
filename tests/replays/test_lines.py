"""Lines have the same bytes for the same content."""

from __future__ import annotations

import hashlib
import io

from api.service.replays.lines import Lines


def test_a_line_is_json_with_sorted_names_and_no_white_space() -> None:
    sink = io.BytesIO()
    lines = Lines(sink)
    lines.write({"b": [1, None], "a": {"d": True, "c": "née"}})
    lines.write({})
    assert sink.getvalue() == '{"a":{"c":"née","d":true},"b":[1,null]}\n{}\n'.encode()
    assert lines.count == 2
    assert lines.digest == hashlib.sha256(sink.getvalue()).hexdigest()


def test_without_a_sink_they_are_digested_all_the_same() -> None:
    lines = Lines()
    lines.write({})
    assert lines.digest == hashlib.sha256(b"{}\n").hexdigest()
