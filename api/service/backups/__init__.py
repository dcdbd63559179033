"""Backups: folders with an archive and the audit trail of every ledger, made beside a server."""
