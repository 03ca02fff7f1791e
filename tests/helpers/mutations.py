"""Damage to files, values and command lines, drawn at random: of bytes, of the parts of a format, of JSON, of flags."""

from __future__ import annotations

import copy
import functools
import io
import json
import operator
import os
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from base.options import Option
from inputs.records import index_records, read_record
from tests.helpers.records import write_records

EXTREMES = (0, 1, -1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
PNG_START = b"\x89PNG\r\n\x1a\n"
ODD_VALUES = (
    None, True, False, 0, 1, -1, 1.5, -0.0, 1e308, 2**31 - 1, 2**32, 2**63, 10**30, "", "x", "0", "auto", "\0",
    "\ud800", "\x1b[2J", "a,b", "é" * 300, [], {}, [1], [[]], {"a": 1}, [None, "x"],
)  # fmt: skip
ODD_TOKENS = (  # of a JSON text: what no value is written as, or what is too much
    "NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "01", "nul", "'x'", "", "\t\v", '"\x01"', "[" * 100_000,
    "[" * 2000 + "]" * 2000, '{"a":' * 50_000,
)  # fmt: skip
ODD_TEXTS = (
    "", " ", "x", "0", "-1", "1", "1.5", "1e400", "-inf", "nan", "1_000", "\uff10", "0x10", "9" * 5000, "9" * 20,
    "true", "false", "auto", "none", ",", "a,b", "*", "[", "%s", "{}", "é" * 300, "a" * 70_000, "\0", "a\0b",
    "\udce9\udcff", "\ud800", "\x1b[2J\r\n", "~", "~nosuchuser/x", "s3://x/y", "--help", "-", "=", "\u202e",
    "/dev/null", "/dev/full",
)  # fmt: skip
SUFFIXES = ("", "", "", ".py", ".json", ".png", ".zip")


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Changes bytes in one to four places: bits, bytes, numbers, slices; or cuts them."""
    for _ in range(draw.choice((1, 1, 2, 4))):
        data = draw.choice(_BYTE_MUTATIONS)(bytearray(data), draw)
    return bytes(data)


def mutated_parts(parts: Sequence[bytes], draw: random.Random) -> list[bytes]:
    """Changes one of the parts that a file is made of, or their order, or how many there are."""
    parts = list(parts)
    at, other = (draw.randrange(len(parts)) for _ in range(2))
    match draw.randrange(8):
        case 0:
            parts[at], parts[other] = parts[other], parts[at]
        case 1:
            del parts[at]
        case 2:
            parts.insert(other, parts[at])
        case 3:
            parts[at] = parts[other]
        case _:
            parts[at] = mutated(parts[at], draw)
    return parts


def mutated_png(data: bytes, draw: random.Random) -> bytes:
    """Changes the chunks of a PNG file: their checksums stay right, so that the change is not found out by them."""
    chunks, at = [], len(PNG_START)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunks.append(data[at + 4 : at + 8 + length])
        at += 12 + length
    changed = [struct.pack(">I", max(0, len(chunk) - 4)) + chunk + struct.pack(">I", zlib.crc32(chunk))
               for chunk in mutated_parts(chunks, draw)]  # fmt: skip
    return PNG_START + b"".join(changed)


def mutated_records(path: Path, draw: random.Random) -> None:
    """Changes the records of a TFRecord file, within right checksums."""
    index = index_records(path)
    write_records(path, *mutated_parts([read_record(path, number, index) for number in range(len(index))], draw))


def mutated_zip(data: bytes, draw: random.Random) -> bytes:
    """Changes the members of a zip file, within right checksums."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for (name, _), content in zip(members, mutated_parts([content for _, content in members], draw)):
            archive.writestr(name, content)
    return changed.getvalue()


def mutated_json(value: Any, draw: random.Random) -> bytes:
    """The bytes of a JSON file that holds nearly a value, or of one that is damaged.

    One or two values in it are others, of other types, missing, or twice there; or what is written is no JSON, or is in
    another encoding.
    """
    value, tokens = copy.deepcopy(value), {}
    for number in range(draw.choice((1, 1, 2))):
        paths = list(paths_in(value))
        if not paths:
            break
        *outer, key = draw.choice(paths)
        holder = functools.reduce(operator.getitem, outer, value)
        match draw.randrange(6):
            case 0:
                del holder[key]
            case 1:
                holder[key] = [holder[key]]
            case 2:
                other = functools.reduce(operator.getitem, draw.choice(paths), value)
                holder[key] = copy.deepcopy(other)
            case 3:
                holder[key] = f"token {number}"
                tokens[f'"token {number}"'] = draw.choice(ODD_TOKENS)
            case 4 if isinstance(holder, dict):
                holder[draw.choice((key.upper(), f"{key}s", "", "\0", "__class__"))] = holder.pop(key)
            case _:
                holder[key] = draw.choice(ODD_VALUES)
    text = json.dumps(value, indent=draw.choice((None, 2)))
    for mark, token in tokens.items():
        text = text.replace(mark, token)
    if value and draw.randrange(10) == 0:
        again = json.dumps({draw.choice(list(value)): draw.choice(ODD_VALUES)})
        text = f"{again[:-1]}, {text[1:]}"  # a key that is there twice
    encoding = draw.choice(("utf-8",) * 20 + ("utf-8-sig", "utf-16", "utf-32-be", "cp500"))
    data = text.encode(encoding)
    return mutated(data, draw) if draw.randrange(5) == 0 else data


def paths_in(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """The paths of all values inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in list(items):
        yield from paths_in(inside, (*path, key))
    if path:
        yield path


def command_line(
    known: Mapping[str, Option], usual: Mapping[str, Sequence[str | None]], draw: random.Random
) -> list[str]:
    """Draws arguments that are nearly right: some values are less usual, one or two options odd, or arguments damaged.

    Args:
      known: the program's options by name.
      usual: by name, texts that options may have, the most usual first; None leaves one out.
    """
    chosen = {name: texts[0] if draw.randrange(3) else draw.choice(texts) for name, texts in usual.items()}
    arguments = [f"--{name}={text}" for name, text in chosen.items() if text is not None]
    for _ in range(draw.choice((0, 0, 1, 1, 1, 2))):
        name = draw.choice(list(known))
        odd = f"{draw.choice(ODD_TEXTS)}{draw.choice(SUFFIXES)}"
        text = draw.choice(_likely_texts(known[name])) if draw.randrange(2) else odd
        forms = [[f"--{name}", text], [f"-{name}={text}"], [f"{name}={text}"], [f"--no{name}"], [f"--{name}"]]
        arguments += draw.choice([[f"--{name}={text}"]] * 10 + forms)
    match draw.randrange(20) if arguments else None:
        case 0:
            del arguments[draw.randrange(len(arguments))]
        case 1:
            arguments.append(draw.choice(arguments))
        case 2:
            arguments.insert(draw.randrange(len(arguments)), draw.choice(ODD_TEXTS))
        case 3:
            at = draw.randrange(len(arguments))
            arguments[at] = os.fsdecode(mutated(arguments[at].encode(errors="surrogatepass"), draw))
        case 4:
            draw.shuffle(arguments)
    return arguments


def _likely_texts(option: Option) -> list[str]:
    """Texts that are near what an option may be."""
    if option.choices:
        return [*map(str, option.choices), str(option.choices[0]).upper()]
    ends = [end for end in (option.low, option.high) if end is not None]
    numbers = [option.kind(end) + step for end in ends for step in (-1, 0, 1)] if option.kind in (int, float) else []
    return [*map(str, numbers), "auto", "true", "x", "2", "10"]


def _flip_bit(data: bytearray, draw: random.Random) -> bytearray:
    if data:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return data


def _set_byte(data: bytearray, draw: random.Random) -> bytearray:
    if data:
        data[draw.randrange(len(data))] = draw.choice((0, 255, draw.randrange(256)))
    return data


def _set_number(data: bytearray, draw: random.Random) -> bytearray:
    size = draw.choice((1, 2, 4, 8))
    number = draw.choice(EXTREMES) % 256**size
    at = draw.randrange(max(1, len(data) - size + 1))
    data[at : at + size] = number.to_bytes(size, draw.choice(("little", "big")))
    return data


def _set_near_the_start(data: bytearray, draw: random.Random) -> bytearray:
    return _set_number(data[:64], draw) + data[64:]


def _cut(data: bytearray, draw: random.Random) -> bytearray:
    return data[: draw.randrange(len(data) + 1)]


def _remove_slice(data: bytearray, draw: random.Random) -> bytearray:
    start, end = _slice_of(data, draw)
    return data[:start] + data[end:]


def _repeat_slice(data: bytearray, draw: random.Random) -> bytearray:
    start, end = _slice_of(data, draw)
    return data[:end] + data[start:end] * draw.choice((1, 1, 2, 20)) + data[end:]


def _swap_slices(data: bytearray, draw: random.Random) -> bytearray:
    first, second, third = sorted(draw.randrange(len(data) + 1) for _ in range(3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


def _blank_slice(data: bytearray, draw: random.Random) -> bytearray:
    start, end = _slice_of(data, draw)
    return data[:start] + bytes([draw.choice((0, 255))]) * (end - start) + data[end:]


def _insert_noise(data: bytearray, draw: random.Random) -> bytearray:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.randbytes(draw.randrange(1, 40)) + data[at:]


def _slice_of(data: bytearray, draw: random.Random) -> tuple[int, int]:
    start = draw.randrange(len(data) + 1)
    return start, min(len(data), start + draw.choice((1, 4, 16, 64, len(data))))


_BYTE_MUTATIONS: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    _flip_bit, _flip_bit, _set_byte, _set_byte, _set_number, _set_number, _set_near_the_start, _cut, _remove_slice,
    _repeat_slice, _swap_slices, _blank_slice, _insert_noise,
)  # fmt: skip
