"""Other ways to find duplicates, at their defaults: in go texts, out comes the cluster of each.

They are no part of the lock: `uv pip install --target /tmp/peers-dedupe rensa datasketch simhash`, then
PYTHONPATH=/tmp/peers-dedupe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable


def _components(count: int, edges: Iterable[tuple[int, int]]) -> list[int]:
    parents = list(range(count))

    def find(one: int) -> int:
        while parents[one] != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    for left, right in edges:
        a, b = find(left), find(right)
        if a != b:
            parents[max(a, b)] = min(a, b)
    return [find(one) for one in range(count)]


def _shingles(text: str, size: int = 5) -> list[str]:
    return list({text[at : at + size] for at in range(max(1, len(text) - size + 1))})


def rensa_clusters(texts: list[str]) -> list[int]:
    """rensa at its documented setting: 128 permutations, 16 bands, Jaccard 0.7; each text goes to its first match."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=0.7, num_perm=128, num_bands=16)
    hashes, edges = [], []
    for at, text in enumerate(texts):
        one = RMinHash(num_perm=128, seed=42)
        one.update(_shingles(text))
        near = [other for other in index.query(one) if one.jaccard(hashes[other]) >= 0.7]
        if near:
            edges.append((min(near), at))
        index.insert(at, one)
        hashes.append(one)
    return _components(len(texts), edges)


def datasketch_clusters(texts: list[str]) -> list[int]:
    """datasketch's MinHashLSH at its defaults: 128 permutations, threshold 0.7."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.7, num_perm=128)
    edges = []
    for at, text in enumerate(texts):
        one = MinHash(num_perm=128)
        one.update_batch([shingle.encode() for shingle in _shingles(text)])
        near = index.query(one)
        if near:
            edges.append((min(near), at))
        index.insert(at, one)
    return _components(len(texts), edges)


def simhash_clusters(texts: list[str]) -> list[int]:
    """simhash's SimhashIndex at its defaults: 64 bits, k = 2 … 3 bits apart."""
    from simhash import Simhash, SimhashIndex

    index = SimhashIndex([], k=3)
    edges = []
    for at, text in enumerate(texts):
        one = Simhash(text)
        near = [int(other) for other in index.get_near_dups(one)]
        if near:
            edges.append((min(near), at))
        index.add(str(at), one)
    return _components(len(texts), edges)


PEERS: dict[str, Callable[[list[str]], list[int]]] = {
    "rensa": rensa_clusters,
    "datasketch": datasketch_clusters,
    "simhash": simhash_clusters,
}
