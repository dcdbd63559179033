"""The pages of the console, each in a module: what it asks, and what it shows."""

from api.console.pages import acts, ledgers, live, sign_in, today

PAGES = (
    *sign_in.PAGES,
    *ledgers.PAGES,
    *today.PAGES,
    *acts.PAGES,
    *live.PAGES,
)
"""Every page, at its path."""
