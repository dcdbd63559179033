"""Text comes in and goes out at one place each, so that no encoding is left to the locale."""

from __future__ import annotations

import ast

from tests.house.tree import package_modules

STREAMS = "api/cli/streams.py"
READER = "api/service/text_files.py"
OUTPUT_PLACES = {
    STREAMS,
    "api/cli/archives/files.py",  # the bytes of an archive
    "api/cli/ending.py",  # flushes, and closes what nobody reads any more
}


def _calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def test_no_text_file_is_read_or_written_in_the_encoding_of_the_locale() -> None:
    found = [
        f"{place}:{call.lineno}"
        for place, tree, _ in package_modules()
        for call in _calls(tree)
        if _method(call) in {"read_text", "write_text"}
        and not any(keyword.arg == "encoding" for keyword in call.keywords)
    ]
    assert found == []


def test_files_of_people_are_read_at_one_place() -> None:
    """Only there is a byte-order mark known; what is packaged with the code has none."""
    found = {
        place
        for place, tree, _ in package_modules()
        for call in _calls(tree)
        if _method(call) == "read_text"
    }
    assert found - {"api/http/openapi/log_examples.py"} == set()
    assert READER in {place for place, _, _ in package_modules()}


def test_standard_output_is_touched_at_one_place() -> None:
    found = {
        place
        for place, tree, _ in package_modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"stdout", "stderr"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    }
    assert found == OUTPUT_PLACES


def test_commands_leave_the_choice_of_escapes_in_json_to_one_place() -> None:
    """Letters that are escaped as for people are no JSON."""
    found = {
        place
        for place, tree, _ in package_modules("api")
        if place.startswith("api/cli/")
        for call in _calls(tree)
        if ast.unparse(call.func) == "click.echo"
        and any("json.dumps" in ast.unparse(argument) for argument in call.args)
    }
    assert found == {"api/cli/output.py"}


def test_every_csv_that_is_written_guards_against_formulas() -> None:
    found = {
        place
        for place, tree, _ in package_modules()
        for call in _calls(tree)
        if ast.unparse(call.func) in {"csv.writer", "csv.DictWriter"}
    }
    assert found == {"api/service/importing/rejects.py"}
