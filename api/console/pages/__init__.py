"""The pages of the console, each in a module: what it asks, and what it shows."""

from api.console.pages import (
    acts,
    audit,
    book,
    corrections,
    exports,
    imports,
    ledgers,
    live,
    operations,
    papers,
    partners,
    people,
    person,
    policies,
    sign_in,
    steps,
    today,
    webhooks,
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
    *partners.PAGES,
    *book.PAGES,
    *policies.PAGES,
    *audit.PAGES,
    *exports.PAGES,
    *steps.PAGES,
    *operations.PAGES,
    *webhooks.PAGES,
    *imports.PAGES,
    *live.PAGES,
)
"""Every page, at its path."""
