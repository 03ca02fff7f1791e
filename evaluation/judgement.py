"""Judging: which measures fit what is judged, and their figures, each with what must be known to compare it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from evaluation.distributions import KID_SUBSETS, copying, diversity, fid, kid, manifolds
from evaluation.features import Features
from evaluation.images import RANGE, contrast, l1, luminance_correlation, psnr, ssim, variety
from evaluation.palette import Palette, confusion_of_maps, share_beside
from evaluation.predictions import accuracy, calibration_error, class_accuracy, class_ious, confusion_matrix, mean_iou
from evaluation.sets import TRAINING_IMAGES, Classified, Judged
from evaluation.sliced import LEAST_SIDE, PatchSet, swd

HIGHER, LOWER, AS_REALS = "higher is better", "lower is better", "best as the reals'"
FID_IMAGES = 2048  # below which a FID says more of their number than of what they show
GREY_LEVELS = 255  # between the darkest and the lightest pixel
LEAST_FEATURES = 6  # images, of which the fifth neighbour can be told


class Figure(NamedTuple):
    """One result.

    Attributes:
      name: short, for tables and files: "psnr".
      value: in `unit`.
      title: what it is, in words.
      unit: "dB", or "" of a bare number.
      better: as of its Measure.
      std: standard deviation over subsets, or None.
      depends_on: what else it depends on beside the images, as JSON has it: features, sizes of subsets, seeds.
    """

    name: str
    value: float
    title: str
    unit: str = ""
    better: str = ""
    std: float | None = None
    depends_on: Mapping[str, Any] = {}


class Material(NamedTuple):
    """What is judged, what gives features of it, and the palette of its maps of labels; None where there is none."""

    judged: Judged | Classified
    features: Features | None = None
    palette: Palette | None = None

    def values(self, role: str) -> list[np.ndarray]:
        """Images of an attribute of Judged, float32 in [-1, 1]."""
        return getattr(self.judged, role).values

    def features_of(self, role: str) -> np.ndarray:
        """Features of an attribute of Judged, float32 [images, dimensions]."""
        return getattr(self.judged, role).features(self.features)

    @property
    def pairs(self) -> int:
        """Images of each kind that can be put beside one of the other."""
        assert isinstance(self.judged, Judged)
        return min(len(self.judged.fakes.images), len(self.judged.reals.images))

    @property
    def traits(self) -> set[str]:
        """What measures may need: "verdicts"; or "images", and of them "sources", "cycled", "noised" and "train" ones,
        "paired" ones, "features", a "palette", or that all have "one size", of 16 px a side at least.
        """
        judged = self.judged
        if isinstance(judged, Classified):
            return {"verdicts"}
        found = {"images"}
        found |= {role for role in ("sources", "cycled", "noised", "train") if getattr(judged, role)}
        shapes = {image.shape for images in (judged.fakes, judged.reals) for image in images.images[: self.pairs]}
        found |= {"paired"} if judged.paired else set()
        if len(shapes) == 1 and min(*shapes.pop()[:2]) >= LEAST_SIDE:
            found.add("one size")
        if self.features is not None and self.pairs >= LEAST_FEATURES:
            found.add("features")
        if self.palette is not None:
            found.add("palette")
        return found


class Measure(NamedTuple):
    """A measure: what it needs (`Material.traits`), a function that takes it, and which way its figures are better:
    HIGHER, LOWER, AS_REALS, or "" where they only tell.
    """

    needs: Sequence[str]
    take: Callable[[Material], Iterator[Figure]]
    better: str = ""


def _psnr(material):
    yield Figure("psnr", psnr(*_pairs(material)), "PSNR against the counterparts", "dB")


def _ssim(material):
    yield Figure("ssim", ssim(*_pairs(material)), "SSIM against the counterparts")


def _l1(material):
    yield Figure("l1", l1(*_pairs(material)), "mean difference to the counterparts, of a range of 2")


def _mean_iou(material):
    palette, judged = material.palette, material.judged
    maps, truths = (images.images[: material.pairs] for images in (judged.fakes, judged.reals))
    matrix = confusion_of_maps(maps, truths, palette)
    about = {"palette_sha256": palette.file_hash}
    title = "mean over the classes of intersection over union, in pixels"
    yield Figure("mean_iou", mean_iou(matrix), title, depends_on=about)
    yield Figure("pixel_accuracy", accuracy(matrix), "share of the pixels that is of the right class", depends_on=about)
    title = "mean over the classes of the share of their pixels that is"
    yield Figure("class_accuracy", class_accuracy(matrix), title, depends_on=about)
    for name, value in zip(palette.class_names, class_ious(matrix), strict=True):
        if np.isfinite(value):
            yield Figure(f"iou_{name}", float(value), f"intersection over union of {name}", depends_on=about)


def _swd(material):
    fakes, reals = PatchSet(), PatchSet()
    for patches, images in zip((fakes, reals), _pairs(material)):
        patches.add(images)
    levels = swd(reals, fakes)
    about = {"images": material.pairs, "seed": 0}
    mean = float(np.mean(list(levels.values())))
    yield Figure("swd", mean, "sliced Wasserstein distance x 1000, mean of the levels", depends_on=about)
    for side, value in levels.items():
        yield Figure(f"swd_{side}", value, f"the same at {side} px", depends_on=about)


def _cycle(material):
    cycled = material.values("cycled")
    value = psnr(cycled, material.values("sources")[: len(cycled)])
    about = {"images": len(cycled)}
    yield Figure("cycle_psnr", value, "PSNR of what comes back of a cycle", "dB", depends_on=about)


def _change(material):
    fakes, sources = material.values("fakes"), material.values("sources")
    coloured = {image.shape[2] for image in (*fakes, *sources)} == {3}
    if coloured:
        yield Figure("change", l1(fakes, sources), "mean difference to the source, of a range of 2; 0: unchanged")
    fakes, reals, sources = (images[: material.pairs] for images in (fakes, material.values("reals"), sources))
    if coloured and "one size" in material.traits:
        # where there are no counterparts, other images than the sources, even where both sets are one
        others = reals if material.judged.paired else reals[1:] + reals[:1]
        share = l1(fakes, sources) / max(l1(others, sources), 1e-12)
        yield Figure("change_share", share, "the same, over that of the reals; 0: unchanged")
    known, whose = (reals, "counterpart") if material.judged.paired else (sources, "source")
    title = f"correlation with the {whose}'s luminance; -1: inverted"
    yield Figure("luminance_correlation", luminance_correlation(fakes, known), title)


def _hidden(material):
    noised = material.values("noised")
    pairs = zip(noised, material.values("cycled"), strict=False)  # as many as there are of both
    error = float(np.sqrt(np.mean([np.mean(np.square(image - back)) for image, back in pairs]))) * GREY_LEVELS / RANGE
    title = "grey levels that noise of one changes what comes back of a cycle by; many: the source is hidden in noise"
    yield Figure("hidden", error, title)


def _contrast(material):
    ratio = contrast(material.values("fakes")) / max(contrast(material.values("reals")), 1e-12)
    yield Figure("contrast", ratio, "deviation within an image, over that of the reals; 0: one colour")


def _variety(material):
    fakes, reals = map(variety, _pairs(material))
    yield Figure("variety", fakes / max(reals, 1e-12), "deviation over images, over that of the reals; 0: all the same")


def _kid(material):
    found = kid(material.features_of("reals"), material.features_of("fakes"))
    about = {**_featured(material), "subsets": KID_SUBSETS, "subset_size": found.subset_size}
    yield Figure("kid", found.mean, "KID, not scaled", std=found.std, depends_on=about)


def _fid(material):
    value = fid(material.features_of("reals"), material.features_of("fakes"))
    yield Figure("fid", value, "FID", depends_on=_featured(material))


def _manifolds(material):
    found = manifolds(material.features_of("reals"), material.features_of("fakes"))
    titles = {
        "precision": "fakes that lie where reals are",
        "recall": "reals that lie where fakes are; low where modes are missing",
        "density": "neighbourhoods of reals that a fake lies in, over those that a real would",
        "coverage": "reals that have a fake beside them",
    }
    for name, value in found._asdict().items():
        yield Figure(name, value, titles[name], depends_on=_featured(material))


def _diversity(material):
    fakes, reals = (diversity(material.features_of(role)) for role in ("fakes", "reals"))
    ratio = fakes / max(reals, 1e-12)
    title = "mean distance between two fakes, over that between two reals"
    yield Figure("diversity", ratio, title, depends_on=_featured(material))


def _copying(material):
    found = copying(*(material.features_of(role) for role in ("fakes", "train", "reals")))
    about = _featured(material)
    yield Figure("copies", found.copies, "fakes that are nearly a training image", depends_on=about)
    title = "distance to the nearest test image, over that to the nearest training image; 1: nothing is remembered"
    yield Figure("test_gap", found.test_gap, title, depends_on=about)


def _accuracy(material):
    classified = material.judged
    matrix = confusion_of(classified)
    counts = np.maximum(matrix.sum(axis=1), 1)
    yield Figure("accuracy", accuracy(matrix), "top-1 accuracy")
    yield Figure("class_accuracy", class_accuracy(matrix), "mean of the classes' accuracies")
    for name, right, count in zip(classified.class_names, np.diag(matrix), counts, strict=True):
        yield Figure(f"accuracy_{name}", float(right / count), f"of {count} images of {name}")


def _calibration(material):
    value = calibration_error(material.judged.shares, material.judged.labels)
    yield Figure("calibration_error", value, "expected calibration error")


MEASURES = {
    "psnr": Measure(["paired"], _psnr, HIGHER),
    "ssim": Measure(["paired", "one size"], _ssim, HIGHER),
    "l1": Measure(["paired"], _l1, LOWER),
    "mean_iou": Measure(["paired", "palette"], _mean_iou, HIGHER),
    "swd": Measure(["one size"], _swd, LOWER),
    "cycle_psnr": Measure(["sources", "cycled"], _cycle, HIGHER),
    "change": Measure(["sources"], _change),
    "hidden": Measure(["noised"], _hidden),
    "contrast": Measure(["images"], _contrast, AS_REALS),
    "variety": Measure(["one size"], _variety, AS_REALS),
    "kid": Measure(["features"], _kid, LOWER),
    "fid": Measure(["features"], _fid, LOWER),
    "manifolds": Measure(["features"], _manifolds, HIGHER),
    "diversity": Measure(["features"], _diversity, AS_REALS),
    "copying": Measure(["features", "train"], _copying, LOWER),
    "accuracy": Measure(["verdicts"], _accuracy, HIGHER),
    "calibration_error": Measure(["verdicts"], _calibration, LOWER),
}


def fitting(material: Material) -> list[str]:
    """Names of the MEASURES that fit."""
    return [name for name, measure in MEASURES.items() if material.traits.issuperset(measure.needs)]


def judge(material: Material, measure: str) -> list[Figure]:
    """Takes one of the MEASURES that fit."""
    taken = MEASURES[measure]
    return [figure._replace(better=taken.better) for figure in taken.take(material)]


def confusion_of(classified: Classified) -> np.ndarray:
    """The confusion matrix of a classifier's verdicts, int64 [classes, classes]."""
    return confusion_matrix(classified.labels, classified.shares.argmax(axis=1), len(classified.class_names))


def cautions(figures: Sequence[Figure], material: Material) -> list[str]:
    """What should be known before figures are compared, in lines."""
    if isinstance(material.judged, Classified):
        return []
    lines = []
    if any(figure.name == "fid" for figure in figures) and material.pairs < FID_IMAGES:
        lines.append(
            f"FID of {material.pairs} images depends on their number; compare it with none of another, prefer KID"
        )
    if material.palette and share_beside(material.judged.reals.images, material.palette) > 0.5:
        lines.append("most pixels of the counterparts have a colour that is far from all of the palette: is it theirs?")
    if material.features and not material.features.name.startswith("inception"):
        lines.append(f"features are those of {material.features.name}: compare with no figure of Inception's")
    if material.judged.reals.origin.startswith(TRAINING_IMAGES):
        lines.append("there is no test split: this is how well the training images are known")
    return lines


def _pairs(material):
    """As many fakes as reals, and these."""
    return tuple(material.values(role)[: material.pairs] for role in ("fakes", "reals"))


def _featured(material):
    features = material.features
    return {"features": features.name, **({"file_sha256": features.file_hash} if features.file_hash else {})}
