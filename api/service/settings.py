"""What an operator may choose, typed; ``bootstrap`` reads it from the environment or a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from api.service.webhooks.egress import read_networks
from domain.errors import LedgerError
from ledger.memory_budget import DEFAULT_MEBIBYTES
from ledger.settings import LOG_DOMAIN, is_log_domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEY = re.compile(r"rk_[!-~]+")
"""Nothing that a header could not hold, so that no error ever quotes it."""

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")

_DATABASE = re.compile(r"postgres(ql)?://")

PREFIX = "RAPPORT_"
"""Begins the name of every variable that is ours."""

CONFIG = "RAPPORT_CONFIG"

OTHER_VARIABLES = {
    CONFIG: "the path of a TOML file with settings",
    "RAPPORT_DATA": "the folder with files from outside, for the tests and benchmarks alone",
    "RAPPORT_TEST_DATABASE_URL": "the PostgreSQL server of the tests, for the tests alone",
}
"""The variables that are no settings, with what they are for."""

_OF_KUBERNETES = re.compile(
    r"RAPPORT_([A-Z0-9_]+_)?"
    r"(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)"
)
"""What tells containers where a service called rapport is, and nobody chose.

Source: Kubernetes, "Service", section "Environment variables".
"""
_ADDRESS = re.compile(r"(tcp|udp|sctp)://.*")

_DB_FUNCTIONS = "POSTGRES_ENABLE_DB_FUNCTIONS"
"""A setting of the event-sourcing library."""

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("logfmt", "json")

LEAST_MEMORY_MB = 8

AUTO, BESIDE, INSIDE, ELSEWHERE = "auto", "beside", "inside", "elsewhere"
FOLLOWERS = (AUTO, BESIDE, INSIDE, ELSEWHERE)
"""Where projections are kept current and logs are signed: in a process that the server starts, in
the server, or in one that a supervisor starts. ``auto`` is ``beside`` where there are two cores.
"""


_CHOICES = {"log_level": LOG_LEVELS, "log_format": LOG_FORMATS, "followers": FOLLOWERS}


class SettingsRefused(LedgerError):
    """A setting makes no sense, or would be unsafe."""

    code = "settings-refused"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a server: its address, its data folder, and its keys.

    ``master_key`` are the 32 bytes that wrap the keys of all contacts; where it is absent, the data
    folder keeps its own. ``next_master_key`` is to follow it, for ``rapport master-key rotate``
    alone. ``log_domain`` begins the origins of transparency logs that are begun.
    ``archive_passphrase`` locks the keys in archives, where no file names it and nobody is asked.
    ``log_public`` lets everybody read the transparency logs. ``cors_origins`` are the origins whose
    pages may call the server. ``tls_certificate`` and ``tls_key`` are PEM files, for HTTPS.
    ``access_key`` is what commands send along to a ledger's URL. ``followers`` says where
    projections are kept current and logs are signed: one of ``FOLLOWERS``.
    ``memory_mb`` is how many MiB the caches of all ledgers may take together.
    ``database_url`` is the PostgreSQL in which ledgers are kept; where it is absent, they are in
    files. ``keys_url`` is another PostgreSQL, in which the keys of the ledgers are; where it is
    absent, they are in the data folder in any case. ``webhook_allow`` are networks to which
    webhooks may be sent although they are not public, such as ``10.1.0.0/16``.

    Raises:
        SettingsRefused: a value is out of range.
    """

    host: str = "127.0.0.1"
    port: int = 8400
    folder: Path = Path("rapport-data")
    log_level: str = "info"
    log_format: str = "logfmt"
    master_key: bytes | None = field(default=None, repr=False)
    next_master_key: bytes | None = field(default=None, repr=False)
    log_domain: str = LOG_DOMAIN
    archive_passphrase: str | None = field(default=None, repr=False)
    log_public: bool = False
    cors_origins: tuple[str, ...] = ()
    public_url: str | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    access_key: str | None = field(default=None, repr=False)
    followers: str = AUTO
    memory_mb: int = DEFAULT_MEBIBYTES
    database_url: str | None = field(default=None, repr=False)
    keys_url: str | None = field(default=None, repr=False)
    webhook_allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise SettingsRefused(f"port must be from 0 to 65535, not {self.port}")
        if self.memory_mb < LEAST_MEMORY_MB:
            raise SettingsRefused(f"memory_mb must be at least {LEAST_MEMORY_MB}")
        for name, values in _CHOICES.items():
            if getattr(self, name) not in values:
                raise SettingsRefused(f"{name} must be one of {', '.join(values)}")
        for name in ("master_key", "next_master_key"):
            if len(getattr(self, name) or bytes(32)) != 32:
                raise SettingsRefused(f"{name} must be 32 bytes, written as 64 hexadecimal digits")
        if not is_log_domain(self.log_domain):
            raise SettingsRefused(
                "log_domain must be a domain in lower case, such as ledger.example.org"
            )
        self._require_origins()
        if self.access_key is not None and not _KEY.fullmatch(self.access_key):
            raise SettingsRefused("access_key must be an access key as it was shown, rk_...")
        try:
            read_networks(self.webhook_allow)
        except ValueError as error:
            raise SettingsRefused(f"webhook_allow: {error}: write 10.1.0.0/16, say") from None
        self._require_databases()
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise SettingsRefused("tls_certificate and tls_key belong together")

    def _require_databases(self) -> None:
        for name in ("database_url", "keys_url"):
            if not _DATABASE.match(getattr(self, name) or "postgresql://"):
                # Not quoted: it may have a password.
                raise SettingsRefused(f"{name} must begin with postgresql://")

    def _require_origins(self) -> None:
        for origin in self.cors_origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsRefused(
                    f"cors_origins: {origin!r} is no origin, such as https://shop.example.org"
                )
        if self.public_url is not None and not _ORIGIN.fullmatch(self.public_url):
            raise SettingsRefused(
                "public_url must be an origin, such as https://rapport.example.org, without a path"
            )

    def require_keys(self) -> None:
        """Refuse an address that other machines can reach, if no access key would be required.

        Raises:
            SettingsRefused: the host is not a loopback address.
        """
        if not is_loopback(self.host):
            raise SettingsRefused(
                f"host {self.host!r} is not a loopback address: without access keys everyone who "
                "reaches the server could read and write; make a key first with rapport keys "
                "create, or listen on 127.0.0.1, ::1 or localhost"
            )


def refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """Refuse variables that look like settings and are none, as unknown keys of the file are.

    Raises:
        SettingsRefused: naming each, and the variable that is nearest to it.
    """
    ours = [PREFIX + one.name.upper() for one in fields(Settings)] + [CONFIG]
    known = {*ours, *OTHER_VARIABLES}
    unknown = sorted(
        name
        for name, value in environ.items()
        if name not in known
        and (name.startswith(PREFIX) or name.upper() in known)
        and not is_of_kubernetes(name, value)
    )
    if unknown:
        said = (named_like(name, ours) for name in unknown)
        raise SettingsRefused(f"no such environment variable: {', '.join(said)}")


def refuse_library_variables(environ: Mapping[str, str]) -> None:
    """Refuse what would have the event-sourcing library number events in the database.

    Raises:
        SettingsRefused: it is set.
    """
    if environ.get(_DB_FUNCTIONS):
        raise SettingsRefused(
            f"{_DB_FUNCTIONS} is refused: events get their positions from the one writer of a "
            "ledger, and not from functions in the database"
        )


def is_of_kubernetes(name: str, value: str) -> bool:
    """Whether Kubernetes set the variable, as the address of a service. It is then no setting.

    For a service called rapport, ``RAPPORT_PORT`` is such an address.
    """
    if name.endswith("_PORT") and _ADDRESS.fullmatch(value):
        return True
    return _OF_KUBERNETES.fullmatch(name) is not None


def named_like(unknown: str, known: Iterable[str]) -> str:
    """The unknown name, and the known one that is nearest to it if one is near.

    >>> named_like("prot", ["host", "port"])
    'prot (did you mean port?)'
    """
    by_letters = {name.upper().removeprefix(PREFIX): name for name in known}
    near = get_close_matches(unknown.upper().removeprefix(PREFIX), by_letters, n=1, cutoff=0.5)
    return f"{unknown} (did you mean {by_letters[near[0]]}?)" if near else unknown


def is_loopback(host: str) -> bool:
    """Whether the name means this machine and nothing else."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
