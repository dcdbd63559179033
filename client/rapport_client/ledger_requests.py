"""The requests about a whole ledger, its log, and the data of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapport_client.answers.calibration import Calibration
from rapport_client.answers.contacts import Duplicate, FoundContact
from rapport_client.answers.imports import Import, ListedImport
from rapport_client.answers.ledgers import PolicyVersion
from rapport_client.answers.operations import (
    FitOperation,
    Operation,
    PreviewOperation,
    RebuildOperation,
    ReplayOperation,
    UndoOperation,
)
from rapport_client.answers.persons import Erased, Person
from rapport_client.answers.proofs import ConsistencyProof, InclusionProof
from rapport_client.answers.standings import Standing, StandingRow
from rapport_client.answers.statuses import Restatement, StatusRow, Summary
from rapport_client.bulk import JSON_LINES
from rapport_client.care_requests import CareRequests
from rapport_client.events import encode
from rapport_client.operations import OperationT, read_operation
from rapport_client.requests import (
    DocumentRequest,
    PageRequest,
    Request,
    got,
    got_bytes,
    labels,
    list_request,
    post_request,
    query_parameters,
    reading,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from rapport_client.events import ContactName


class LedgerRequests(CareRequests):
    """The questions about everything and everybody."""

    def statuses(
        self,
        stage: str | None,
        flag: str | None,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        sort: str | None,
        min_position: int | None,
        limit: int,
        show: Sequence[str] = (),
    ) -> PageRequest[StatusRow]:
        """Where contacts stand, by pages."""
        query = query_parameters(
            stage=stage,
            flag=flag,
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            sort=sort,
            min_position=min_position,
            limit=limit,
        )
        query |= labels(show)
        return list_request(f"{self.base}/statuses", StatusRow, query)

    def contacts(
        self,
        *,
        search: str | None,
        name: str | None,
        stage: str | None,
        flag: str | None,
        standing: str | None,
        steward: str | None,
        consent: tuple[str, str] | None,
        sort: str | None,
        min_position: int | None,
        limit: int,
        show: Sequence[str] = (),
    ) -> PageRequest[FoundContact]:
        """Contacts by what they are called, stage, flag, steward and so on, by pages."""
        purpose, channel = consent or (None, None)
        query = query_parameters(
            q=search,
            name=name,
            stage=stage,
            flag=flag,
            standing=standing,
            steward=steward,
            consent_purpose=purpose,
            consent_channel=channel,
            sort=sort,
            min_position=min_position,
            limit=limit,
        )
        query |= labels(show)
        return list_request(f"{self.base}/contacts", FoundContact, query)

    def duplicates(self, limit: int) -> PageRequest[Duplicate]:
        """Contacts that may be one person, by pages."""
        return list_request(f"{self.base}/duplicates", Duplicate, query_parameters(limit=limit))

    def standing(
        self,
        contact: ContactName,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[Standing]:
        """The standing of a contact as a referral partner."""
        query = query_parameters(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
        )
        return got(self.of_contact(contact, "/standing"), reading(Standing), query)

    def standings(
        self,
        standing: str | None,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        sort: str | None,
        min_position: int | None,
        limit: int,
        show: Sequence[str] = (),
    ) -> PageRequest[StandingRow]:
        """The standings of referral partners, by pages."""
        query = query_parameters(
            standing=standing,
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            sort=sort,
            min_position=min_position,
            limit=limit,
        )
        query |= labels(show)
        return list_request(f"{self.base}/standings", StandingRow, query)

    def policies(self) -> PageRequest[PolicyVersion]:
        """Every version of the policy, by pages."""
        return list_request(f"{self.base}/policies", PolicyVersion, {})

    def summary(
        self,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[Summary]:
        """The number of contacts in each stage."""
        query = query_parameters(
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
        )
        return got(f"{self.base}/statuses/summary", reading(Summary), query)

    def calibration(
        self,
        from_: datetime | None,
        to: datetime | None,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
        min_position: int | None,
    ) -> DocumentRequest[Calibration]:
        """How right the falls by silence of a period were."""
        query = query_parameters(
            to=to,
            as_of=as_of,
            as_known_at=as_known_at,
            policy_version=policy_version,
            min_position=min_position,
            **{"from": from_},
        )
        return got(f"{self.base}/calibration", reading(Calibration), query)

    def restatements(
        self,
        since_position: int,
        contact: ContactName | None,
        min_position: int | None,
        limit: int,
        show: Sequence[str] = (),
    ) -> PageRequest[Restatement]:
        """Which past stages events changed, by pages."""
        query = query_parameters(
            since_position=since_position, contact=contact, min_position=min_position, limit=limit
        )
        query |= labels(show)
        return list_request(f"{self.base}/restatements", Restatement, query)

    def replay(
        self,
        as_of: datetime | None,
        as_known_at: datetime | int | None,
        policy_version: int | None,
    ) -> DocumentRequest[ReplayOperation]:
        """Start a replay."""
        body = {"as_of": as_of, "as_known_at": as_known_at, "policy_version": policy_version}
        return post_request(f"{self.base}/replays", _without_absent(body), reading(ReplayOperation))

    def preview(
        self,
        policy: str | Mapping[str, object],
        effective_from: datetime | None,
        from_: datetime | None,
        to: datetime | None,
    ) -> DocumentRequest[PreviewOperation]:
        """Start a preview."""
        proposed = {"preset": policy} if isinstance(policy, str) else {"policy": policy}
        body = {**proposed, "effective_from": effective_from, "from": from_, "to": to}
        return post_request(
            f"{self.base}/policies/preview", _without_absent(body), reading(PreviewOperation)
        )

    def fit(
        self, policy: str | Mapping[str, object], stay: int, of: int, as_of: datetime | None
    ) -> DocumentRequest[FitOperation]:
        """Start a fit."""
        sent = {"preset": policy} if isinstance(policy, str) else {"policy": policy}
        body = {**sent, "target": {"stay": stay, "of": of}, "as_of": as_of}
        return post_request(
            f"{self.base}/policies/fit", _without_absent(body), reading(FitOperation)
        )

    def rebuild(self, projection: str) -> DocumentRequest[RebuildOperation]:
        """Start to rebuild a projection."""
        path = f"{self.base}/projections/{projection}/rebuilds"
        return post_request(path, {}, reading(RebuildOperation))

    def import_rows(
        self,
        file: bytes,
        mapping: str | None,
        mapping_toml: str | None,
        settings: Mapping[str, str] | None,
        *,
        dry_run: bool,
    ) -> DocumentRequest[Import]:
        """Send a file with the name of a mapping, or with one."""
        said = ";".join(f"{name}={value}" for name, value in (settings or {}).items())
        dry = "true" if dry_run else None
        query = query_parameters(mapping=mapping, set=said or None, dry_run=dry)
        path, headers, content = f"{self.base}/imports", {"Content-Type": "text/csv"}, file
        if mapping_toml is not None:
            headers = {"Content-Type": "application/json"}
            content = encode({"mapping_toml": mapping_toml, "csv": file.decode()})
        return DocumentRequest(
            method="POST",
            path=path,
            query=query,
            headers=headers,
            content=content,
            read=reading(Import),
        )

    def imports(self) -> PageRequest[ListedImport]:
        """The imports of the server."""
        return list_request(f"{self.base}/imports", ListedImport, {})

    def import_state(self, import_id: UUID) -> DocumentRequest[Import]:
        """An import as it is now."""
        return got(f"{self.base}/imports/{import_id}", reading(Import))

    def rejects(self, import_id: UUID) -> DocumentRequest[bytes]:
        """The rejected rows of an import."""
        return got_bytes(f"{self.base}/imports/{import_id}/rejects")

    def undo_import(self, import_id: UUID) -> DocumentRequest[UndoOperation]:
        """Take back what an import appended."""
        return post_request(f"{self.base}/imports/{import_id}/undo", {}, reading(UndoOperation))

    def same_operation(self, operation: OperationT) -> DocumentRequest[OperationT]:
        """The progress of an operation, in the class that it was read in."""
        return got(f"{self.base}/operations/{operation.id}", reading(type(operation)))

    def operation(self, operation_id: UUID) -> DocumentRequest[Operation]:
        """The state and progress of an operation."""
        return got(f"{self.base}/operations/{operation_id}", read_operation)

    def cancel(self, operation: OperationT) -> DocumentRequest[OperationT]:
        """Ask an operation to end."""
        path = f"{self.base}/operations/{operation.id}"
        return DocumentRequest(method="DELETE", path=path, read=reading(type(operation)))

    def result(self, operation_id: UUID) -> Request:
        """The lines of a replay or a preview."""
        path = f"{self.base}/operations/{operation_id}/result"
        return Request(method="GET", path=path, headers={"Accept": JSON_LINES})

    def inclusion(self, position: int, tree_size: int | None) -> DocumentRequest[InclusionProof]:
        """The proof that an event stands in the log."""
        query = query_parameters(position=position, tree_size=tree_size)
        return got(f"{self.base}/log/proofs/inclusion", reading(InclusionProof), query)

    def consistency(self, first: int, second: int | None) -> DocumentRequest[ConsistencyProof]:
        """The proof that one tree is how another begins."""
        query = query_parameters(first=first, second=second)
        return got(f"{self.base}/log/proofs/consistency", reading(ConsistencyProof), query)

    def entry(self, position: int) -> DocumentRequest[bytes]:
        """The entry whose hash is the leaf of an event."""
        return got_bytes(f"{self.base}/log/entries/{position}")

    def erase(
        self, contact: ContactName, requested_by: str, reason: str
    ) -> DocumentRequest[Erased]:
        """Make the data of a person unreadable forever."""
        body = {"requested_by": requested_by, "reason": reason}
        return post_request(self.of_contact(contact, "/erasure"), body, reading(Erased))

    def person(self, contact: ContactName) -> DocumentRequest[Person]:
        """Everything held about somebody."""
        return got(self.of_contact(contact, "/export"), reading(Person))

    def person_page(self, contact: ContactName) -> DocumentRequest[bytes]:
        """The same as a page."""
        path = self.of_contact(contact, "/export")
        headers = {"Accept": "text/html"}
        return DocumentRequest(method="GET", path=path, headers=headers, decode=bytes, read=bytes)


def _without_absent(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
