"""``rapport import``: events from a file, by a mapping."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.bootstrap import STORE_OF, now
from api.cli.acts import order_act
from api.cli.archives.importing import import_archive
from api.cli.archives.namespaces import import_namespace
from api.cli.asking.folder import FolderAnswers
from api.cli.ending import PROBLEM, UsageRefused
from api.cli.folders import open_folder, settings_for
from api.cli.guessing import guess_mapping
from api.cli.import_options import (
    FOR_ARCHIVES,
    FOR_GUESSES,
    FOR_ROWS,
    NOT_FOR_KEYS,
    NOT_FOR_UNDO,
    only_options,
)
from api.cli.import_report import print_report, sentence_of
from api.cli.mappings import chosen_mapping, mapping_path, read_settings
from api.cli.options import data_option, json_option, ledger_option
from api.cli.output import print_message, progress
from api.cli.plain_help import PlainHelp
from api.cli.policies.publishing import BEGINNING, publish_preset
from api.cli.streams import text_for_programs
from api.cli.suspicions import ask_whether_to_go_on, columns_of, name_suspicious
from api.cli.undo_import import undo_import
from api.service.importing.import_ids import import_id_of
from api.service.importing.importer import Importer
from api.service.importing.kept_imports import ImportRecord, KeptImports
from api.service.importing.ready_mappings import VCARD
from api.service.importing.rejects import REJECTS_SUFFIX, NotRejects, RejectFile, RejectStream
from api.service.importing.rows import open_rows
from api.service.importing.target import LedgerTarget
from api.service.importing.vcards import is_vcard
from domain.errors import LedgerError
from domain.presets import PRESETS
from ledger.archive.checking import is_archive
from ledger.dry_run import open_dry_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from uuid import UUID

    from api.service.importing.importer import Account
    from api.service.importing.mapping import FileMapping
    from api.service.importing.rejects import Reject
    from api.service.importing.rows import DataFile
    from api.service.importing.vcards import CardFile
    from api.service.settings import Settings
    from ledger.ledger import Ledger

STOPPED_EARLY: str | None = "the command stopped before the end: import the file again to continue"
ROWS_BETWEEN_LOOKS = 500
"""The number of rows between two updates of the progress."""


@click.command("import", cls=PlainHelp)
@click.argument(
    "datafile", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False
)
@click.option(
    "--format",
    "_form",
    type=click.Choice(["csv"]),
    default="csv",
    show_default=True,
    expose_value=False,
)
@click.option(
    "--mapping",
    metavar="FILE|NAME",
    help="How rows become events: a TOML file, or a ready mapping. Archives have none.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=read_settings,
    help="What the mapping asks for, because the file does not say it: --set currency=EUR",
)
@click.option(
    "--guess", is_flag=True, help="Write a mapping for DATAFILE: DATAFILE's name.mapping.toml"
)
@ledger_option
@data_option
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    metavar="PRESET",
    help="Publish this policy first, in force from the beginning, unless it is already.",
)
@click.option(
    "--dry-run", is_flag=True, help="Import into a copy of the ledger, and delete the copy."
)
@click.option(
    "--rejects",
    "rejects_path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where rows that became no event go: a new file or an earlier run's; - is standard output."
    "  [default: DATAFILE's name.rejects.csv in this folder]",
)
@click.option(
    "--yes", "go_on", is_flag=True, help="Continue without a question where columns are suspicious."
)
@click.option(
    "--as", "new_name", metavar="NAME", help="The name that an archive's ledger gets here."
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="VERIFIER",
    help="A verifier key that must have signed an archive's last checkpoint; more than once: any.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its first line opens an archive's keys."
    "  [default: RAPPORT_ARCHIVE_PASSPHRASE, else a prompt]",
)
@click.option(
    "--keys",
    "keys_archive",
    metavar="ARCHIVE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take the namespace from an archive with keys, for --ledger, which was imported without.",
)
@click.option(
    "--undo",
    "undone",
    type=click.UUID,
    metavar="ID",
    help="Take back what the import of this id appended to --ledger.",
)
@click.option("--for-audit", is_flag=True, help="Do not import the keys of an archive.")
@click.option("--replace", is_flag=True, help="Replace a ledger that holds only its first policy.")
@json_option
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> int:
    """Import the rows of DATAFILE, gzipped or not, as events; or an archive, as a whole ledger.

    A mapping says how rows become events. For the exports of some tills, shops and address books
    it comes with the program (for others --guess writes one and says how sure it is):
      square-items, square-transactions, shopify-orders, shopify-customers,
      stripe-payments, woocommerce-orders, toast-checks, hubspot-contacts,
      google-contacts, google-contacts-older, vcard (for .vcf also unnamed)

    Example:
      rapport import --mapping square-items --set currency=USD items.csv
      rapport import --guess sales.csv

    Running it again, also after it was killed, records nothing twice: the id of every row is made
    of its content. Rows that cannot be events are listed with their reasons.

    Example:
      rapport import --mapping examples/cdnow.toml --preset purchases-only CDNOW_master.txt.gz

    A dry run copies the ledger to the system's temporary files and imports into the copy, so its
    output is that of a real run, and it writes nothing in the data folder. It writes rejected rows
    to the file of --rejects, and without --rejects to no file: it names the first of them.

    Every import has an id, which is printed and stands in the source of its events. --undo takes an
    import back: its events are retracted, its contacts stay, and the file can be imported again.
    A server that holds the data folder does that itself; rows are sent to one over HTTP.

    Before anything is written the file is examined, and columns with more than one form of
    amounts or ids are named with the reason. At a terminal you are then asked whether to continue.

    DATAFILE is taken for an archive if it is a tar file, as `rapport export` writes it. All of it
    is checked before anything is written. The ledger must not exist here, and comes out exactly as
    it was, under the same origin. Without its keys it is for audit, and takes no events.

    Example:
      rapport import --data ./elsewhere --as shop --key "$(cat shop.key)" shop.tar.gz

    It then answers UUIDs only: --keys brings it the namespace, and nothing else, from an archive
    that was exported --with-keys. No server may be running on the folder.

    Exit codes: 0 every row, or the ledger, is there, or the import is undone; 1 some rows were
    rejected; 2 the mapping cannot be read, there is no such ledger or import, or one already, or
    the passphrase is wrong; 3 the data folder or a file cannot be used, or the archive was tampered
    with; 130 interrupted.
    """
    return _import(ctx, **given)


def _import(
    ctx: click.Context,
    /,
    datafile: Path | None,
    mapping: str | None,
    settings: dict[str, str],
    guess: bool,
    folder: Path | None,
    keys_archive: Path | None,
    undone: UUID | None,
    dry_run: bool,
    as_json: bool,
    new_name: str | None,
    keys: tuple[str, ...],
    passphrase_file: Path | None,
    for_audit: bool,
    replace: bool,
    **for_rows: Any,
) -> int:
    if keys_archive is not None:
        only_options(ctx, keys_archive, NOT_FOR_KEYS, "is read for its namespace alone")
        name = for_rows["ledger_name"]
        return import_namespace(keys_archive, folder, name, passphrase_file, as_json=as_json)
    if undone is not None:
        only_options(ctx, undone, NOT_FOR_UNDO, "is an import to undo")
        return undo_import(undone, folder, for_rows["ledger_name"], as_json=as_json)
    if datafile is None:
        raise UsageRefused("name a DATAFILE: rows or an archive; or --keys ARCHIVE, or --undo ID")
    if guess:
        others = (one.name for one in ctx.command.params if one.name not in FOR_GUESSES)
        only_options(ctx, datafile, tuple(filter(None, others)), "is only looked at")
        return guess_mapping(datafile, mapping, settings, as_json=as_json)
    if is_archive(datafile):
        only_options(ctx, datafile, FOR_ROWS, "is an archive: it comes with its ledger, as it is")
        import_archive(
            datafile,
            folder,
            name=new_name,
            keys=keys,
            passphrase_file=passphrase_file,
            for_audit=for_audit,
            replace=replace,
            dry_run=dry_run,
            as_json=as_json,
        )
        return 0
    only_options(ctx, datafile, FOR_ARCHIVES, "is no archive")
    if mapping is None and not is_vcard(datafile):
        raise UsageRefused(f"{datafile} is no archive: its rows need a --mapping")
    return _import_rows(
        datafile, mapping or VCARD, settings, folder, dry_run=dry_run, as_json=as_json, **for_rows
    )


def _import_rows(
    datafile: Path,
    chosen: str,
    said: dict[str, str],
    folder: Path | None,
    *,
    ledger_name: str,
    preset: str | None,
    dry_run: bool,
    rejects_path: Path | None,
    go_on: bool,
    as_json: bool,
) -> int:
    settings = settings_for(folder)  # local times are read with the server's time zones
    mapping = chosen_mapping(chosen, said)
    inputs = (datafile, *filter(None, (mapping_path(chosen),)))
    _check_rejects_path(rejects_path, inputs, as_json=as_json)
    columns = columns_of(mapping, datafile, quiet=as_json)
    name_suspicious(columns)
    if not (dry_run or go_on or as_json):
        ask_whether_to_go_on(columns)
    listed: list[Reject] = []
    with ExitStack() as closing:
        rows = closing.enter_context(open_rows(datafile, mapping.shape))
        rejects = _rejects(rejects_path, datafile, dry_run=dry_run)
        if dry_run:
            ledger = closing.enter_context(_open_dry_run(settings, ledger_name))
        else:
            ledger = closing.enter_context(open_folder(folder)).ledger(ledger_name)
            act = "rows-imported"
            order = order_act(settings.folder, ledger_name, act, datafile.suffix or "file")
            closing.enter_context(order)
        if preset is not None:
            _publish(ledger, preset, dry_run=dry_run)
        if isinstance(rejects, RejectFile):
            closing.enter_context(rejects)
        on_reject = listed.append if rejects is None else rejects.write
        with datafile.open("rb") as file:
            import_id = import_id_of(ledger.namespace, mapping, file)
        importer = Importer(mapping, LedgerTarget(ledger), on_reject, import_id)
        if not dry_run:
            closing.enter_context(_import_record(ledger, mapping, importer, import_id))
        advance = closing.enter_context(
            progress("importing", datafile.stat().st_size, quiet=as_json)
        )
        try:
            importer.run(rows, partial(_look, rows, advance))
        except (LedgerError, OSError, KeyboardInterrupt):
            print_message(
                f"stopped early{'' if dry_run else _GOES_ON}. {sentence_of(importer.account)}"
            )
            if isinstance(rejects, RejectFile) and importer.account.rejected:
                print_message(f"rejected so far, and why: {rejects.unfinished}")
            raise
    print_report(
        import_id, importer.account, columns, rejects, listed, dry_run=dry_run, as_json=as_json
    )
    return PROBLEM if importer.account.rejected else 0


_GOES_ON = "; the next run continues from there"


def _open_dry_run(settings: Settings, name: str) -> AbstractContextManager[Ledger]:
    return open_dry_run(settings.folder, name, STORE_OF, clock=now, master_key=settings.master_key)


@contextmanager
def _import_record(
    ledger: Ledger, mapping: FileMapping, importer: Importer, import_id: UUID
) -> Iterator[None]:
    """Keep a record of the import beside the ledger, which a server shows."""
    kept = KeptImports(ledger, now)
    record = ImportRecord(
        id=import_id,
        mapping=mapping.name,
        dry_run=False,
        state="running",
        begun_at=now(),
        position=ledger.head(),
    )
    kept.put(record)
    state, problem = "failed", STOPPED_EARLY
    try:
        yield
        state, problem = "succeeded", None
    finally:
        ended = replace(record, state=state, problem=problem, ended_at=now())
        kept.put(ended.with_account(importer.account))


def _look(rows: DataFile | CardFile, advance: Callable[[int, str], None], account: Account) -> None:
    # Asking a file where it stands costs more than reading a row, with a committer at work.
    if account.rows % ROWS_BETWEEN_LOOKS == 0:
        advance(rows.bytes_read(), f"{account.rows:,} rows")


def _check_rejects_path(chosen: Path | None, inputs: tuple[Path, ...], *, as_json: bool) -> None:
    if chosen is None:
        return
    if str(chosen) == "-":
        if as_json:
            raise UsageRefused("--json and --rejects - would both write to standard output")
    elif any(chosen.exists() and chosen.samefile(one) for one in inputs):
        raise UsageRefused("--rejects would overwrite what is to be read")


def _rejects(
    chosen: Path | None, datafile: Path, *, dry_run: bool
) -> RejectFile | RejectStream | None:
    if chosen is not None and str(chosen) == "-":
        return RejectStream(text_for_programs())
    if dry_run and chosen is None:
        return None
    try:
        return RejectFile(chosen or Path(f"{datafile.name}{REJECTS_SUFFIX}"))
    except NotRejects as error:
        raise UsageRefused(str(error)) from None


def _publish(ledger: Ledger, preset: str, *, dry_run: bool) -> None:
    version, fresh = publish_preset(FolderAnswers(ledger), preset, BEGINNING)
    if fresh:
        done = "would publish" if dry_run else "published"
        print_message(f"{done} {preset} as version {version.version} of the policy")
