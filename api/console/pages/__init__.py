"""The pages of the console, each in a module: what it asks, and what it shows."""

from api.console.pages import (
    acts,
    corrections,
    ledgers,
    live,
    papers,
    people,
    person,
    sign_in,
    today,
)

PAGES = (
    *sign_in.PAGES,
    *ledgers.PAGES,
    *today.PAGES,
    *people.PAGES,
    *person.PAGES,
    *papers.PAGES,
    *acts.PAGES,
    *corrections.PAGES,
    *live.PAGES,
)
"""Every page, at its path."""
