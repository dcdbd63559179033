"""The library's transcoder suite, as far as it applies to a transcoder of msgpack.

It does not apply where it compares with JSON text, and where it demands what our codec must refuse:
tuples, subclasses and custom types that come back as themselves. An event holds none of these; its
kinds say how each value becomes one of msgpack's own types.
"""

from __future__ import annotations

from eventsourcing.tests.persistence import TranscoderTestCase

from ledger.codec import MsgpackTranscoder

_COMPARE_WITH_JSON = {"test_str", "test_dict"}
_DEMAND_OTHER_TYPES = {
    "test_tuple",
    "test_mixed",
    "test_dict_subclass",
    "test_list_subclass",
    "test_str_subclass",
    "test_int_subclass",
    "test_custom_type_in_dict",
    "test_nested_custom_type",
    "test_custom_type_error",
}


class TestTranscoder(TranscoderTestCase):
    """The tests that remain: lists, and dicts that look like the JSON transcoder's own marks."""

    def construct_transcoder(self) -> MsgpackTranscoder:
        return MsgpackTranscoder()


for _name in _COMPARE_WITH_JSON | _DEMAND_OTHER_TYPES:
    setattr(TestTranscoder, _name, None)

# The base class is collected wherever its name stands in a module, and cannot run itself.
del TranscoderTestCase
