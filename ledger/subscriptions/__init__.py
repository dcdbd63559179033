"""The one way to follow a ledger's log, for all who do: projections, the sealer, tails."""
