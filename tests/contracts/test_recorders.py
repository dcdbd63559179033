"""The library's contract suites, run over our recorders and our factory.

``NonInterleavingNotificationIDs`` writes fewer events than the library's own tests: what it proves
does not depend on how many.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from eventsourcing.sqlite import (
    SQLiteAggregateRecorder,
    SQLiteTrackingRecorder,
)
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)
from eventsourcing.utils import Environment

from ledger.stores.sqlite.events import (
    LedgerApplicationRecorder,
    LedgerFactory,
    LedgerProcessRecorder,
)

if TYPE_CHECKING:
    from unittest import TestCase

    from eventsourcing.persistence import (
        AggregateRecorder,
        ApplicationRecorder,
        ProcessRecorder,
        TrackingRecorder,
    )


def factory_for(test: TestCase) -> LedgerFactory:
    """A factory over a fresh file that goes away with the test."""
    # The library's tests leave threads behind, whose last connection takes its files away while the
    # folder is being emptied.
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    test.addCleanup(folder.cleanup)
    factory = LedgerFactory({"SQLITE_DBNAME": str(Path(folder.name) / "events.sqlite")})
    test.addCleanup(factory.close)
    return factory


class TestAggregateRecorder(AggregateRecorderTestCase):
    """The library's aggregate recorder, on our connections and transactions."""

    def create_recorder(self) -> AggregateRecorder:
        return factory_for(self).aggregate_recorder()


class TestApplicationRecorder(ApplicationRecorderTestCase[LedgerApplicationRecorder]):
    """Our table of events."""

    def create_recorder(self) -> LedgerApplicationRecorder:
        recorder = factory_for(self).application_recorder()
        assert isinstance(recorder, LedgerApplicationRecorder)
        return recorder


class TestTrackingRecorder(TrackingRecorderTestCase):
    """The library's tracking recorder, on our connections and transactions."""

    def create_recorder(self) -> TrackingRecorder:
        return factory_for(self).tracking_recorder()


class TestProcessRecorder(ProcessRecorderTestCase):
    """Our table of events with tracking in the same transaction."""

    def create_recorder(self) -> ProcessRecorder:
        return factory_for(self).process_recorder()


class TestPositionsOfTwoWritersDoNotInterleave(NonInterleavingNotificationIDsBaseCase):
    """One insert is one transaction: its positions stand together."""

    insert_num = 200

    def create_recorder(self) -> ApplicationRecorder:
        return factory_for(self).application_recorder()


class CustomTrackingRecorder(SQLiteTrackingRecorder):
    """Somebody's own tracking recorder."""


class TestFactory(InfrastructureFactoryTestCase[LedgerFactory]):
    """Our factory, found by its topic."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.env = Environment(
            "TestCase",
            {
                LedgerFactory.PERSISTENCE_MODULE: "ledger.stores.sqlite.events:LedgerFactory",
                LedgerFactory.SQLITE_DBNAME: str(Path(folder.name) / "events.sqlite"),
            },
        )
        super().setUp()

    def expected_factory_class(self) -> type[LedgerFactory]:
        return LedgerFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return SQLiteAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return LedgerApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return SQLiteTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return CustomTrackingRecorder

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return LedgerProcessRecorder


# The base classes are collected wherever their names stand in a module, and cannot run themselves.
del (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)
