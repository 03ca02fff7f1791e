"""Pairs of images: the two halves of one image, or two images of one name in two folders."""

from pathlib import PurePath

from inputs.errors import DataError
from inputs.images import BadImage, encode_for_record, encode_halves, read_image, split_halves

HALVES = ("A", "B")  # left and right, or first and second folder


class SideBySideSource:
    """One half of each image of another source."""

    left_out = ()

    def __init__(self, source, half):
        """Takes a source (see `inputs.sources`), and "A" for its left halves or "B" for the right ones."""
        self.source = source
        self.half = half

    def __len__(self):
        return len(self.source)

    def read(self, index):
        """Reads one half: the bytes of an image file, and the file name of the whole; DataError if it cannot be read."""
        data, name = self.source.read(index)
        try:
            half = split_halves(read_image(data))[HALVES.index(self.half)]
        except BadImage as reason:
            raise DataError(f"{self.where(index)}: {reason}") from reason
        height, width, _ = half.shape
        return f"P6 {width} {height} 255\n".encode() + half.tobytes(), name  # PPM: no time is lost on packing

    def where(self, index):
        """Says where the image at `index` lies, for messages."""
        return self.source.where(index)


def match_names(names_a, names_b):
    """Matches the images of two folders by their names without extension.

    Args:
      names_a, names_b: lists of paths relative to the folders.

    Returns:
      (pairs, alone_a, alone_b): list of (name in A, name in B), and the lists of names without a partner; sorted.

    Raises:
      DataError: two images of one folder have one name.
    """
    a, b = _by_stem(names_a), _by_stem(names_b)
    pairs = [(a[stem], b[stem]) for stem in sorted(a.keys() & b.keys())]
    return pairs, *(sorted(found[stem] for stem in found.keys() - other.keys()) for found, other in ((a, b), (b, a)))


def encode_pair(paths, max_side=None):
    """Encodes a pair for a record as `inputs.images.encode_for_record` does one image.

    Args:
      paths: (path,) of two images side by side, or (path of A, path of B).
      max_side: longest side of each in pixels that is not downsized; None for any.

    Returns:
      Two EncodedImage.

    Raises:
      BadImage: a file cannot be read, is no whole image, or cannot be halved.
    """
    if len(paths) == 1:
        return encode_halves(paths[0], max_side)
    encoded = []
    for half, path in zip(HALVES, paths):
        try:
            encoded.append(encode_for_record(path, max_side))
        except BadImage as reason:
            raise BadImage(f"its image {half} {reason}") from reason
    return encoded


def _by_stem(names):
    found = {}
    for name in names:
        other = found.setdefault(PurePath(name).with_suffix("").as_posix(), name)
        if other != name:
            raise DataError(f"{other} and {name} lie in one folder, but pairs are matched by name without extension; take one out")
    return found
