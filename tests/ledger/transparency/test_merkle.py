from __future__ import annotations

import random
from itertools import accumulate, pairwise

import pytest

from ledger.transparency.merkle import (
    EMPTY_ROOT,
    MOST_LEAVES,
    Frontier,
    ProofRefused,
    consistency_proof,
    consistency_ranges,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from tests.golden.published_vectors import LEAVES, ROOTS
from tests.ledger.transparency.mutations import flipped
from tests.ledger.transparency.trees import RecursiveTree, leaves

SIZES = 260
"""Beyond a tile of 256, so that its border is crossed."""

TREE = RecursiveTree(leaves(SIZES))
ROOT_OF = [TREE.mth(0, size) for size in range(SIZES + 1)]


def test_the_published_trees_have_their_published_roots() -> None:
    hashes = leaf_hashes(LEAVES)
    assert hashes == [leaf_hash(entry) for entry in LEAVES]
    for size, published in enumerate(ROOTS):
        frontier = Frontier()
        frontier.extend(hashes[:size])
        assert root(RecursiveTree(tuple(hashes)), size) == published
        assert frontier.root() == published
    assert ROOTS[0] == EMPTY_ROOT
    assert ROOTS[2] == node_hash(hashes[0], hashes[1])


def test_the_root_is_what_the_rfc_defines() -> None:
    assert [root(TREE, size) for size in range(SIZES + 1)] == ROOT_OF


def test_every_inclusion_proof_is_what_the_rfc_defines_and_verifies() -> None:
    for size in range(1, SIZES + 1):
        for index in range(size):
            proof = inclusion_proof(TREE, index, size)
            assert proof == TREE.path(index, 0, size)
            verify_inclusion(TREE.hashes[index], index, size, proof, ROOT_OF[size])


def test_every_consistency_proof_is_what_the_rfc_defines_and_verifies() -> None:
    for second in range(SIZES + 1):
        for first in range(second + 1):
            proof = consistency_proof(TREE, first, second)
            assert proof == (TREE.proof(first, second) if first else [])
            verify_consistency(first, second, ROOT_OF[first], ROOT_OF[second], proof)


def test_proofs_in_the_largest_trees_ask_for_few_nodes() -> None:
    assert len(inclusion_ranges(MOST_LEAVES // 3, MOST_LEAVES)) == 63
    assert len(consistency_ranges(MOST_LEAVES // 3, MOST_LEAVES)) <= 64


@pytest.mark.parametrize(("index", "size"), [(0, 0), (7, 7), (-1, 7), (0, -1), (0, 2**63)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ProofRefused):
        inclusion_proof(TREE, index, size)
    with pytest.raises(ProofRefused):
        verify_inclusion(TREE.hashes[0], index, size, [], ROOT_OF[1])


@pytest.mark.parametrize(("first", "second"), [(8, 7), (-1, 7), (0, -1), (0, 2**63)])
def test_a_tree_that_shrinks_is_consistent_with_nothing(first: int, second: int) -> None:
    with pytest.raises(ProofRefused):
        consistency_proof(TREE, first, second)
    with pytest.raises(ProofRefused):
        verify_consistency(first, second, ROOT_OF[1], ROOT_OF[1], [])


@pytest.mark.parametrize("size", [-1, 2**63])
def test_a_size_that_no_tree_has_has_no_root(size: int) -> None:
    with pytest.raises(ProofRefused):
        root(TREE, size)
    with pytest.raises(ProofRefused):
        Frontier.of(TREE, size)


def test_numbers_too_long_to_be_written_are_refused_like_others() -> None:
    with pytest.raises(ProofRefused):
        verify_inclusion(TREE.hashes[0], 10**5000, 7, [], ROOT_OF[7])
    with pytest.raises(ProofRefused):
        verify_consistency(10**5000, 10**5000, ROOT_OF[7], ROOT_OF[7], [])


def test_every_tree_begins_with_the_empty_one_and_only_that_is_empty() -> None:
    verify_consistency(0, 7, EMPTY_ROOT, ROOT_OF[7], [])
    verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    with pytest.raises(ProofRefused):
        verify_consistency(0, 7, ROOT_OF[1], ROOT_OF[7], [])
    with pytest.raises(ProofRefused):
        verify_consistency(0, 0, ROOT_OF[1], ROOT_OF[1], [])
    with pytest.raises(ProofRefused):
        verify_consistency(0, 7, EMPTY_ROOT, ROOT_OF[7], [ROOT_OF[7]])


def test_two_roots_of_one_size_are_refused() -> None:
    with pytest.raises(ProofRefused, match="two roots of 7 leaves"):
        verify_consistency(7, 7, ROOT_OF[7], ROOT_OF[8], [])


def test_an_inclusion_proof_changed_anywhere_is_refused() -> None:
    """What is changed: a bit, an order, a length, the place, the size, the leaf, the root."""
    chance = random.Random(6962)
    for _ in range(3000):
        size = chance.randint(2, SIZES)
        index = chance.randrange(size)
        proof = inclusion_proof(TREE, index, size)
        leaf, top = TREE.hashes[index], ROOT_OF[size]
        verify_inclusion(leaf, index, size, proof, top)
        with pytest.raises(ProofRefused):
            verify_inclusion(flipped(leaf, chance), index, size, proof, top)
        with pytest.raises(ProofRefused):
            verify_inclusion(leaf, index, size, proof, flipped(top, chance))
        with pytest.raises(ProofRefused):
            verify_inclusion(leaf, index, size, _mutated(proof, chance), top)
        other = chance.choice([place for place in range(-1, size + 2) if place != index])
        with pytest.raises(ProofRefused):
            verify_inclusion(leaf, other, size, proof, top)


def test_an_inclusion_proof_holds_for_no_other_root() -> None:
    for size in range(1, 40):
        for index in range(size):
            proof = inclusion_proof(TREE, index, size)
            for other in range(1, 40):
                if other != size:
                    with pytest.raises(ProofRefused):
                        verify_inclusion(TREE.hashes[index], index, size, proof, ROOT_OF[other])


def test_a_consistency_proof_changed_anywhere_is_refused() -> None:
    chance = random.Random(9162)
    for _ in range(3000):
        second = chance.randint(2, SIZES)
        first = chance.randrange(1, second)
        proof = consistency_proof(TREE, first, second)
        old, new = ROOT_OF[first], ROOT_OF[second]
        verify_consistency(first, second, old, new, proof)
        with pytest.raises(ProofRefused):
            verify_consistency(first, second, flipped(old, chance), new, proof)
        with pytest.raises(ProofRefused):
            verify_consistency(first, second, old, flipped(new, chance), proof)
        with pytest.raises(ProofRefused):
            verify_consistency(first, second, old, new, _mutated(proof, chance))
        with pytest.raises(ProofRefused):
            verify_consistency(second, first, new, old, proof)


def test_a_fork_is_consistent_with_no_proof_of_the_other_branch() -> None:
    for fork in (0, 1, 7, 8, 100, 255, 256):
        forked = list(TREE.hashes)
        forked[fork] = leaf_hash(b"another history")
        other = RecursiveTree(tuple(forked))
        for second in (fork + 2, SIZES):
            for first in range(fork + 1, second):
                for proof in (consistency_proof(t, first, second) for t in (TREE, other)):
                    with pytest.raises(ProofRefused):
                        verify_consistency(
                            first, second, ROOT_OF[first], other.mth(0, second), proof
                        )


def test_hashes_of_another_length_are_refused_even_where_they_add_up() -> None:
    left, right = TREE.hashes[:2]
    whole = left + right
    with pytest.raises(ProofRefused, match="32 bytes"):
        verify_inclusion(whole[:31], 0, 2, [whole[31:]], ROOT_OF[2])
    with pytest.raises(ProofRefused, match="32 bytes"):
        verify_inclusion(left, 0, 2, [right], ROOT_OF[2] + b"\x00")


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    assert leaf_hash(TREE.hashes[0] + TREE.hashes[1]) != ROOT_OF[2]


def test_a_frontier_gives_the_root_at_every_size() -> None:
    frontier = Frontier()
    for size, leaf in enumerate(TREE.hashes):
        assert (frontier.size, frontier.root()) == (size, ROOT_OF[size])
        frontier.append(leaf)
    assert frontier.root() == ROOT_OF[SIZES]


def test_a_frontier_is_the_same_in_whatever_portions_it_grew() -> None:
    chance = random.Random(8)
    for _ in range(300):
        cuts = list(accumulate((chance.randint(0, 60) for _ in range(9)), initial=0))
        frontier = Frontier()
        for start, end in pairwise(cuts):
            frontier.extend(iter(TREE.hashes[start:end]))
        assert frontier.size == min(cuts[-1], SIZES)
        assert frontier.root() == ROOT_OF[frontier.size]


def test_a_frontier_grows_past_one_portion() -> None:
    many = leaves(20_000)
    frontier = Frontier()
    frontier.extend(many)
    assert frontier.root() == RecursiveTree(many).mth(0, len(many))


def test_a_frontier_goes_on_from_any_size() -> None:
    for size in range(SIZES + 1):
        frontier = Frontier.of(TREE, size)
        assert frontier.root() == ROOT_OF[size]
        frontier.extend(TREE.hashes[size:])
        assert frontier.root() == ROOT_OF[SIZES]


def test_a_frontier_takes_nothing_but_hashes() -> None:
    frontier = Frontier()
    with pytest.raises(AssertionError):
        frontier.extend([TREE.hashes[0], b"an entry"])
    assert (frontier.size, frontier.root()) == (0, EMPTY_ROOT)


def _mutated(proof: list[bytes], chance: random.Random) -> list[bytes]:
    """The proof with one thing wrong."""
    place = chance.randrange(len(proof))
    before, after = proof[:place], proof[place + 1 :]
    return chance.choice(
        [
            [*before, flipped(proof[place], chance), *after],
            [*before, *after],
            [*before, proof[place], proof[place], *after],
            [*before, proof[place][:-1], *after],
            [*before, b"", *after],
            [*before, proof[place] + b"\x00", *after],
            [*proof, leaf_hash(b"one more")],
            [leaf_hash(b"one more"), *proof],
            [*before, EMPTY_ROOT, *after],
            [] if len(proof) > 1 else [*proof, *proof],
        ]
    )
