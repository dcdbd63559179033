"""The library's contract suite, run over our recorder in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)

from ledger.stores.postgresql.connections import connect
from ledger.stores.postgresql.events import PostgresqlEvents, PostgresqlFactory
from ledger.stores.postgresql.places import Place
from ledger.stores.postgresql.schemas import LEDGER, migrate

if TYPE_CHECKING:
    from unittest import TestCase


@pytest.fixture
def database(request: pytest.FixtureRequest, url: str) -> None:
    """Suites of the library take no fixtures."""
    request.cls.url = url


def recorder_for(test: TestCase, url: str) -> PostgresqlEvents:
    place = Place(url, "rapport_main", "main/events")
    with connect(url) as connection:
        migrate(connection, place.schema, LEDGER)
    factory = PostgresqlFactory(place)
    test.addCleanup(factory.close)
    return factory.application_recorder()


@pytest.mark.usefixtures("database")
class TestApplicationRecorder(ApplicationRecorderTestCase[PostgresqlEvents]):
    """Our table of events."""

    url: str

    def create_recorder(self) -> PostgresqlEvents:
        return recorder_for(self, self.url)


@pytest.mark.usefixtures("database")
class TestPositionsOfTwoWritersDoNotInterleave(NonInterleavingNotificationIDsBaseCase):
    """One insert is one transaction: its positions stand together."""

    insert_num = 200
    url: str

    def create_recorder(self) -> PostgresqlEvents:
        return recorder_for(self, self.url)


# The base classes are collected wherever their names stand in a module, and cannot run themselves.
del ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
