"""Random bytes are given out once, also across portions and processes."""

from __future__ import annotations

import os

from ledger.entropy import Entropy


def test_no_byte_is_given_out_twice() -> None:
    entropy = Entropy()
    given = [entropy(16) for _ in range(2000)]
    assert {len(one) for one in given} == {16}
    assert len(set(given)) == 2000
    assert len(entropy(10_000)) == 10_000


def test_a_forked_child_gives_out_other_bytes_than_its_parent() -> None:
    entropy = Entropy()
    entropy(1)
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        os.write(write_end, entropy(16))
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write_end)
    assert os.read(read_end, 16) != entropy(16)
    os.close(read_end)
