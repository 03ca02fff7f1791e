"""LMDB's files: which value lies where. LMDB itself maps them into memory and takes them for what they say they are.

Source: lmdb.h and mdb.c of OpenLDAP's LMDB 0.9, for 64-bit machines, little-endian. A file is pages of one size. Two
of them, the first, are meta pages, of which the newer counts; it names the root of a B+tree. Branch pages lead to other
pages, leaf pages hold keys with their values, or the numbers of the overflow pages where these begin.
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MAGIC, VERSION = 0xBEEFC0DE, 1
PAGE_HEADER = struct.Struct("<QHHHH")  # number, padding, kind, end of the pointers to nodes, start of the nodes
META = struct.Struct(
    "<IIQQ48s48sQQ"
)  # magic, version, address, map's size, free pages, main tree, last page, transaction
TREE = struct.Struct(
    "<IHHQQQQQ"
)  # page size (in that of free pages), flags, depth, numbers of its pages, entries, root
NODE = struct.Struct("<HHHH")  # low and high half of the value's size, flags, bytes of the key
BRANCH, LEAF, OVERFLOW = 1, 2, 4  # kinds of pages
BIG = 1  # flag of a node whose value lies on overflow pages
PAGE_SIZES = (1 << 9, 1 << 16)
NO_ROOT = (1 << 64) - 1  # of an empty tree


class Value(NamedTuple):
    """Where a value lies in the file, in bytes; one on overflow pages begins behind the header of the first."""

    key: bytes
    offset: int
    size: int


class LmdbFile:
    """A file that was opened to read.

    Attributes:
      page_size: int, bytes.
    """

    def __init__(self, file: BinaryIO):
        """Reads the meta pages. ValueError where it is no such file, or is cut short."""
        self._file, self._size = file, os.fstat(file.fileno()).st_size
        self.page_size = _meta(self._read(0, PAGE_HEADER.size + META.size))[0]
        metas = [_meta(self._read(page * self.page_size, PAGE_HEADER.size + META.size)) for page in (0, 1)]
        _, last_page, _, self._depth, self._entries, self._root = max(metas, key=lambda meta: meta[2])
        if self._size < (last_page + 1) * self.page_size:
            raise ValueError(f"is cut short: it must have {(last_page + 1) * self.page_size:,} bytes")

    def values(self) -> Iterator[Value]:
        """All values, in the order of their keys. ValueError where the tree is damaged."""
        found, pages = 0, self._size // self.page_size
        waiting = [] if self._root == NO_ROOT else [(self._root, self._depth)]
        while waiting:
            page, depth = waiting.pop()
            pages -= 1
            if pages < 0:
                raise ValueError("is damaged: its tree has more pages than the file")
            data = self._page(page, LEAF if depth == 1 else BRANCH)
            nodes = list(_nodes(data))
            if depth > 1:
                waiting += [(low | high << 16 | flags << 32, depth - 1) for _, low, high, flags, _ in reversed(nodes)]
                continue
            found += len(nodes)
            if found > self._entries:
                break
            for start, low, high, flags, key_size in nodes:
                end, size = start + key_size, low | high << 16
                offset = page * self.page_size + end
                if flags == BIG:
                    (first,) = struct.unpack("<Q", data[end : end + 8])
                    offset = first * self.page_size + PAGE_HEADER.size
                if flags not in (0, BIG) or offset + size > self._size or (not flags and end + size > len(data)):
                    raise ValueError(f"is damaged in page {page}")
                yield Value(data[start:end], offset, size)
        if found != self._entries:
            raise ValueError(f"is damaged: it should hold {self._entries:,} values")

    def read(self, offset: int, size: int) -> bytes:
        """The value at an offset, of a size. ValueError where another page stands there than should."""
        page, within = divmod(offset, self.page_size)
        if within == PAGE_HEADER.size:
            self._page(page, OVERFLOW)
        return self._read(offset, size)

    def _page(self, page, kind):
        data = self._read(page * self.page_size, self.page_size)
        number, _, found, _, _ = PAGE_HEADER.unpack_from(data)
        if number != page or not found & kind:
            raise ValueError(f"is damaged in page {page}")
        return data

    def _read(self, offset, size):
        data = os.pread(self._file.fileno(), size, offset) if offset + size <= self._size else b""
        if len(data) < size:
            raise ValueError("is damaged, or cut short")
        return data


def _meta(data):
    """Page size, last page, transaction, and depth, entries and root of the main tree."""
    magic, version, _, _, free, main, last_page, transaction = META.unpack_from(data, PAGE_HEADER.size)
    if (magic, version) != (MAGIC, VERSION):
        raise ValueError("is no LMDB file of a 64-bit machine, version 1")
    page_size = TREE.unpack(free)[0]
    _, flags, depth, _, _, _, entries, root = TREE.unpack(main)
    if not PAGE_SIZES[0] <= page_size <= PAGE_SIZES[1] or flags:
        raise ValueError("is no LMDB file with one plain database")
    return page_size, last_page, transaction, depth, entries, root


def _nodes(data):
    """The nodes of a page: where the key starts, both halves of the size, flags, and the size of the key."""
    _, _, _, lower, _ = PAGE_HEADER.unpack_from(data)
    try:
        for (start,) in struct.iter_unpack("<H", data[PAGE_HEADER.size : lower]):
            low, high, flags, key_size = NODE.unpack_from(data, start)
            if start + NODE.size + key_size > len(data):
                raise ValueError("is damaged: a key ends behind its page")
            yield start + NODE.size, low, high, flags, key_size
    except struct.error:
        raise ValueError("is damaged: a page has another form than it says") from None
