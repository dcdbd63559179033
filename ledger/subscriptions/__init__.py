"""The one way to follow an event log, for projections, the checkpoint signer and tails."""
