"""Phone numbers in the form in which they are compared: E.164, as far as a number is one.

Source: ITU-T E.164; the numbering plans are those of the library ``phonenumbers``.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from domain.details import PHONE, compared_detail

PHONENUMBERS = f"phonenumbers {phonenumbers.__version__}"
"""Whose numbering plans numbers are compared by."""


def phone_forms(value: str, region: str | None) -> tuple[str, ...]:
    """A number in E.164, and as it is dialled in its own country; what was given if it is none.

    ``region`` is where a number without a country stands; None makes it compare as it was given. An
    extension belongs to the number: others sit at others of the same company.

    >>> phone_forms("06 1234 5678", "NL")
    ('+31612345678', '0612345678')
    """
    try:
        number = phonenumbers.parse(value, region)
    except NumberParseException:
        return (compared_detail(PHONE, value),)
    if not phonenumbers.is_possible_number(number):
        return (compared_detail(PHONE, value),)
    whole = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    extension = f"x{number.extension}" if number.extension else ""
    number.extension = None
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return whole + extension, compared_detail(PHONE, national)
