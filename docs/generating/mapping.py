"""The mapping file of an import: every table and key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.importing.lines import MAX_LINE_BYTES
from api.service.importing.ready_mappings import ready_mapping, ready_names
from api.service.importing.rows import HEADER_LINES
from api.service.importing.values import OCCURRENCE
from docs.generating.markdown import code, opening, table, words
from domain.events import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = """\
A mapping is a TOML file that says how the rows of one kind of file become events. [How to import
purchases](../how-to/import-purchases.md) describes the steps; `examples/` contains two mappings
with comments. The import refuses a key that is not listed here, and a column that the file does not
have.
"""

_READY = """\
## Ready mappings

These come with the program: `rapport import --mapping NAME FILE`. [Import from Square, Shopify,
Stripe and others](../how-to/import-from-tills-and-shops.md) says what each reads, and
`examples/samples/` contains a made-up file for each.
"""

_ABOUT_SETTINGS = """\
The settings are what the files do not say: `--set currency=EUR`. One with a value here may be left
out.
"""

_TEXT = f"""\
## Text from columns

In a *template*, braces contain the name of a column: `"{{InvoiceNo}} {{InvoiceDate}}"`.
`{{{{` and `}}}}` stand for braces themselves. Besides the file's columns there is
`{{{OCCURRENCE}}}`: 1 for the first row with this `key`, 2 for the next one, and so on.
"""

KEYS: dict[str, dict[str, tuple[str, str]]] = {
    "": {
        "name": (
            "required",
            "The name of the mapping. Ids of events follow from it: do not change it.",
        ),
        "key": (
            "required",
            "Column, or list of columns, that identifies a row. Ids of events follow from it.",
        ),
        "source": ("as in `[contact]`", "The `source` of the events."),
        "file": ("as below", "Table: how the file is laid out."),
        "contact": ("required", "Table: whose row it is."),
        "occurred_at": ("required", "Table: when it happened."),
        "event": ("required", "One or more tables `[[event]]`: which event a row becomes."),
        "column": ("none", "Tables `[column.NAME]`: columns of the mapping's own, see below."),
        "skip": (
            "none",
            "Tables `[[skip]]`, with the keys of `when` below: rows that are left out and counted.",
        ),
        "group": (
            "`false`",
            "Whether rows with one `key` that stand together are one event, such as the lines of a"
            " receipt. Amounts are summed and lists joined; of everything else the first row that"
            " has it counts.",
        ),
        "about": ("none", "Which files the mapping is for, in words."),
    },
    "column": {
        "header": (
            "required without `text`, `default` and `setting`",
            "Header, or list of spellings of it; the first that the file has is read. Upper and"
            " lower case make no difference.",
        ),
        "text": (
            "none",
            "Template of file columns, and of `[column]` tables further up, instead of a header:"
            ' `"{First Name} {Last Name}"`. Spaces at its ends, and double ones, are left out.',
        ),
        "fallback": (
            "none",
            "Column, or list of columns, read in turn where the column is empty. They may be other"
            " `[column]` tables further up.",
        ),
        "strip": (
            "none",
            'Text, or list of texts, taken off both ends: `["\'", "#"]`. Spaces always are.',
        ),
        "blank": ("none", 'Text, or list of texts, that mean nothing: `["0", "N/A"]`.'),
        "split": ("none", "Text between several values in one cell, of which one is read."),
        "part": (
            "`1`",
            'Which of the values, from 1. With `repeat`, `"#"` is the number of the repetition.',
        ),
        "upper": ("`false`", "Make all letters upper case."),
        "lower": ("`false`", "Make all letters lower case."),
        "optional": (
            "`false`, and `true` without `header` or with `setting`",
            "Whether a file may lack the column; it is empty then.",
        ),
        "default": ("none", "The text where all of these are empty."),
        "setting": (
            "none",
            "The meaning of the column, in words. The person who imports says its `default` with"
            " `--set NAME=VALUE`, and must where the file lacks the column and there is none.",
        ),
        "repeat": (
            "`1`",
            "A number of times for which the table stands, with `#` in its name and texts replaced"
            ' by 1, 2 and so on: `[column."email_#"]`.',
        ),
    },
    "file": {
        "kind": (
            '`"delimited"`',
            '`"vcard"` for vCards. The other keys but `encoding` are for delimited files.',
        ),
        "delimiter": ('`","`', 'One character, or `"whitespace"` for runs of it.'),
        "header": ("`true`, and `false` with `columns`", "Whether a row names the columns."),
        "columns": ("the header", "List of names, in order; with a header, instead of its names."),
        "encoding": ("distinguished", "An encoding with ASCII in it, as Python names it."),
        "skip_lines": (
            "by rule",
            "The number of lines above the header, or above the first row where there is none.",
        ),
    },
    "contact": {
        "source": ("required", "1 to 32 of a-z, 0-9, `.` and `-`."),
        "ref": ("required", "Template; the contact is addressed as `source:ref`."),
        "pattern": (
            "none",
            "Regular expression of Python's that the whole ref must match. A group named `ref` in"
            " it is the ref then: see below.",
        ),
        "registration": (
            "none",
            "Table: fields of `contact-registered`, for contacts that nobody registered yet."
            " Without it, rows of such contacts are rejected.",
        ),
    },
    "occurred_at": {
        "text": ("required", "Template of the moment's text."),
        "format": (
            '`"rfc3339"`',
            "That; or directives of Python's `strptime`: `%Y-%m-%d %H:%M`; or `spreadsheet`: days"
            " since the end of 1899, `45658.75`. A list where texts have several forms.",
        ),
        "time_zone": (
            '`"UTC"`',
            "IANA name, for texts without an offset; or a template or a table like `choice` below,"
            " for files that name the zone of each row.",
        ),
        "time_of_day": ("none", "For files with days only: a time without quotes, `12:00:00`."),
        "kept": (
            "`false`",
            "For files without moments, such as address books: a row without one happened when it"
            " is first imported, and what is recorded keeps its moment. `text` may be left out.",
        ),
    },
    "skip": {
        "whole_group": (
            "`false`",
            "With `group`: leave out the group whose first row fits, and look at no other row.",
        ),
    },
    "event": {
        "type": ("required", "The event type."),
        "when": ("every row", "Table: which rows the event is for. The first that fits is taken."),
        "also": (
            "none",
            "A name, or a template of one, for an event that is made besides that first one. Its id"
            " follows from the name: do not change it.",
        ),
        "occurred_at": (
            "that of the row",
            "Table `[event.occurred_at]`, with the keys of `[occurred_at]`: a moment of its own.",
        ),
        "repeat": ("`1`", "As in `[column.NAME]`."),
        "pair_with_purchase": (
            "`false`",
            "For `purchase-reversed` only: look for the purchase, by the rule below, and leave"
            " `purchase_id` out of `data`.",
        ),
        "data": ("required", "Table: a value for each field of the event."),
    },
    "event.when": {
        "text": ("required", "Template."),
        "is": ("required", "Word, or list of words; the filled text must be one of them."),
        "is_not": ("none", "Instead of `is`: the filled text must be none of them."),
    },
    "event.when.sign": {
        "amount": ("required", "Template: a decimal amount. A row without one has no sign."),
        "sign": ("required", '`"negative"`, `"zero"` or `"positive"`, or a list of them.'),
        "decimal_mark": ('`"."`', "As in `amount` below."),
        "group_mark": ("none", "As in `amount` below."),
    },
    "amount": {
        "amount": ("required", "Template: a decimal amount, in the `currency` of the same data."),
        "decimal_mark": ('`"."`', "The sign before the decimals."),
        "group_mark": (
            "none",
            'The sign before each three digits, such as `","`. A space stands for no-break and'
            " thin spaces too, and `'` for the printed apostrophe.",
        ),
        "negated": ("`false`", "Turn the sign: for files where what was given back is below 0."),
    },
    "whole": {"whole": ("required", "Template: a whole number in ASCII digits.")},
    "choice": {
        "choice": ("required", "Template."),
        "words": ("required", "Table from each text that occurs to the value it stands for."),
    },
    "date": {
        "date": ("required", "Template: a day, `1985-04-12`, or without its year, `--04-12`."),
        "part": ("required", '`"year"`, `"month"` or `"day"`.'),
        "format": ("none", "Directives of `strptime` for other forms: `%d.%m.%Y`. A list of them."),
    },
    "list": {
        "list": ("required", "Template, or list of them, each for one text of the list."),
    },
    "refs": {
        "refs": ("required", "Table from each source to the template of a ref."),
    },
}
"""Every key by its table: what holds where it is left out, and what it says."""

_FILE = f"""\
A gzipped file is unpacked as it is read. Spaces around a field and blank lines are
ignored; quotes follow RFC 4180. A line may have {MAX_LINE_BYTES // 1024} KiB. Two columns of
one name are refused, unless `columns` renames them.

The header is the first row, within {HEADER_LINES} lines, that has every column which the mapping
reads; what stands above it is left out. A first line such as `sep=;`, which is for Excel, is left
out too, and must name the `delimiter`.

A byte-order mark, of UTF-8 or UTF-16, goes before `encoding`. Without either, a file is UTF-8; but
where some lines are no UTF-8 and no other line has a letter beyond ASCII, it is Windows-1252.
The import names an encoding that is not UTF-8.
"""

_COLUMNS = """\
```toml
[column.customer]
header = ["Customer ID", "Customer Reference ID"]
fallback = "email"
```

`{customer}` can be used wherever a column of the file can.
"""

_REFS = """\
A spreadsheet that opens and saves a file may change ids: 00123 becomes `="00123"`, `'00123`,
`123.0`, `1.23457E+12` or `#N/A`, or gets an invisible character at an end. Each would be another
contact, so such a row is rejected as `spoiled-ref`. Where the file has them in every row and they
can be read, a `pattern` says so, and with it no ref is looked at in this way:

```toml
pattern = '(?:="|\')?(?P<ref>[0-9]{5})"?'
```

Every other ref is rejected as `unmatched-ref`.
"""

_MOMENTS = """\
```toml
time_zone = { choice = "{Zone}", words = { "Eastern Time (US & Canada)" = "America/New_York" } }
```

Of a local time that the clocks showed twice the first is meant; one that they skipped is rejected.
A text that two of the formats read as different moments is rejected.
"""

_VALUES = """\
## Values

`[event.data]` and `[contact.registration]` contain the fields of the [event](events.md), each as a
template, as a whole number or `true` or `false`, or as one of the tables below. A field whose text
comes out empty is left out. The event type defines which fields are required, and their values.
"""

_VALUE_TABLES = {
    "amount": (
        'amount_minor = { amount = "{total}", decimal_mark = "," }',
        """\
An amount becomes minor units exactly; one with more decimals than the currency is rejected. A group
mark stands before exactly three digits and never after the decimals: where `.` groups, `12.50` is
`not-an-amount`. Below 0 is what has `-` before or after it or stands in parentheses. The sign or
the code of its currency may stand beside an amount; another currency's is a `contradiction`.

Before any row is imported, the file is examined. A column of amounts is *suspicious* where a
value has another last mark than the mapping says, or has three digits after the decimal mark and a
currency with fewer: they may be thousands. A column of ids is suspicious where a spreadsheet
seems to have changed some, or where some have leading zeros and shorter ones have none.""",
    ),
    "whole": ('guests = { whole = "{covers}" }', ""),
    "choice": (
        'initiated_by = { choice = "{how}", words = { walk-in = "contact", call = "business" } }',
        "",
    ),
    "date": (
        'month = { date = "{Birthday}", part = "month" }',
        "A day has no year where its year is 0000, or 1604, which address books of Apple write.",
    ),
    "list": ('items = { list = "{Qty} x {Item}" }', "Texts that come out empty are left out."),
    "refs": ('refs = { refs = { shopify = "{Email}" } }', ""),
}

_PAIRING = """\
## Pairing

`pair_with_purchase` takes, of the same contact's purchases in the same currency and not later in
time, the newest of which exactly the amount is left; if there is none, the newest of which more is
left. Of two at the same instant the one that was recorded later is the newer. The purchase may come
from any file or service: rows with refunds are paired last, oldest first, once everything else in
the file is recorded. So the order of rows makes no difference, and a refund that is already
recorded keeps its purchase. A row without such a purchase is rejected as `unpaired`.
"""

_REJECTS = """\
## Rejected rows

[The codes](problems.md#codes-of-rejected-rows) of rows that became no event stand in the reject
file, a CSV of `line`, `code`, `detail` and `row`. A cell that a spreadsheet would take for a
formula, because it begins with `=`, `+`, `-`, `@` or a tab and is no number, has a `'` before it.

A reject file can be imported with the same mapping: its rows are read as they stand in `row`,
without that `'`, and as UTF-8, whatever `encoding` says: save the file in UTF-8. The
header is that of the file beside it (`till.csv` for `till.csv.rejects.csv`),
unless `columns` names the columns. Leave the key of every row as it is: a row is known by it and by
how many rows with this key stand above it in the same file. Where keys repeat, mend the file itself
and import it again.
"""


def mapping_page() -> str:
    """Every table of a mapping with its keys, and how values are made."""
    parts = [
        opening("Mapping", "`docs/generating/mapping.py`", _INTRODUCTION),
        _READY,
        table(("name", "for", "settings"), _ready()),
        _ABOUT_SETTINGS,
        _TEXT,
        _keys("## The file itself", ""),
        _keys("## `[file]`", "file"),
        _FILE,
        _keys("## `[column.NAME]`", "column"),
        _COLUMNS,
        _keys("## `[contact]`", "contact"),
        _REFS,
        _keys("## `[occurred_at]`", "occurred_at"),
        _MOMENTS,
        _keys("## `[[skip]]`", "skip"),
        "The other keys are those of `[event.when]`.\n",
        _keys("## `[[event]]`", "event"),
        "A row without an event is rejected as `no-rule`; but where each `[[event]]` has `also`, a"
        " row may be a registration and nothing else.\n",
        f"The types that rows can be: {words(_types())}.\n",
        _keys("## `[event.when]`", "event.when"),
        "Or, for files in which the sign alone tells a sale from what was given back:\n",
        table(("key", "left out", "meaning"), _rows("event.when.sign")),
        code('when = { amount = "{total}", sign = "negative" }', "toml"),
        _VALUES,
    ]
    for name, (example, note) in _VALUE_TABLES.items():
        parts += [_keys(f"### `{name}`", name), code(example, "toml")]
        parts += [f"{note}\n"] if note else []
    return "\n".join((*parts, _PAIRING, _REJECTS))


def _ready() -> Iterator[tuple[str, str, str]]:
    for mapping in map(ready_mapping, ready_names()):
        asked = (one for one in mapping.shape.named if one.setting is not None)
        settings = (f"`{one.name}`" + (f": `{one.default}`" * bool(one.default)) for one in asked)
        yield f"`{mapping.name}`", mapping.about, ", ".join(settings)


def _keys(heading: str, name: str) -> str:
    return f"{heading}\n\n{table(('key', 'left out', 'meaning'), _rows(name))}"


def _rows(name: str) -> Iterator[tuple[str, str, str]]:
    return ((f"`{key}`", absent, says) for key, (absent, says) in KEYS[name].items())


def _types() -> list[str]:
    return sorted(
        name
        for name, made in CATALOGUE.items()
        if made.FROM_PRODUCERS and name != "contact-registered"
    )
