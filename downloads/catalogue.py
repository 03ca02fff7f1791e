"""The data sets that are known: where their archives lie, what these must be, and what to train on them.

Sizes and hashes are those that TensorFlow Datasets 4.9.10 publishes (url_checksums/cycle_gan.txt, cifar10.txt and
lsun.txt, datasets/celeb_a/checksums.tsv); where it has none they are not known here.
"""

from __future__ import annotations

import dataclasses
import difflib

from base.errors import UsageError


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set."""

    name: str
    file: str  # name of its archive
    url: str | None  # of the archive; None where it cannot be had by a URL alone
    size: int | None = None  # bytes of the archive; None where it is not known
    sha256: str | None = None  # of the archive; None where it is not known
    about: str  # what it shows, in a few words
    homepage: str
    licence: str
    train: str  # overrides of train.py that go with it
    by_hand: str = ""  # what to do where it is not given, in a few words
    is_on_kaggle: bool = False  # whether its server asks for the token of a user of Kaggle


def find_data_set(name: str) -> DataSet:
    """Finds a data set by its name. UsageError where there is none."""
    if name not in DATA_SETS:
        near = difflib.get_close_matches(name, DATA_SETS, n=1)
        raise UsageError(f"{name}: no such data set" + (f"; did you mean {near[0]}?" if near else " (see --list)"))
    return DATA_SETS[name]


CITYSCAPES = (
    "its licence asks for an account: see https://www.cityscapes-dataset.com; where you have the set, --archive={file}"
)
BY_HAND = "get {file} at {homepage} with a browser, and pass --archive={file}"


def _cyclegan(name: str, size: int, sha256: str, about: str, images: str, train: str | None = None) -> DataSet:
    file = f"{name}.zip"
    return DataSet(
        name=name,
        file=file,
        url=f"https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/{file}",
        size=size,
        sha256=sha256,
        about=f"CycleGAN: {about}",
        homepage="https://github.com/junyanz/CycleGAN",
        licence=f"none is stated for the set; its images are from {images}",
        train=train or "--model=cyclegan",
    )


def _pix2pix(name: str, about: str, images: str, train: str) -> DataSet:
    file = f"{name.removeprefix('pix2pix_')}.tar.gz"
    return DataSet(
        name=name,
        file=file,
        url=f"https://efrosgans.eecs.berkeley.edu/pix2pix/datasets/{file}",
        about=f"pix2pix: {about}",
        homepage="https://github.com/phillipi/pix2pix",
        licence=f"none is stated for the set; its images are from {images}",
        train=train,
    )


def _lsun(name: str, size: int, sha256: str, about: str) -> DataSet:
    file = f"{name.removeprefix('lsun_')}_train_lmdb.zip"
    return DataSet(
        name=name,
        file=file,
        url=f"http://dl.yf.io/lsun/scenes/{file}",
        size=size,
        sha256=sha256,
        about=f"LSUN: {about}, a database of LMDB",
        homepage="https://www.yf.io/p/lsun",
        licence="none is stated; cite Yu et al. 2015, arXiv 1506.03365",
        train="--preset=lsun",
    )


def _by_hand(data_set: DataSet, by_hand: str, url: str | None = None) -> DataSet:
    told = by_hand.format(file=data_set.file, homepage=data_set.homepage)
    return dataclasses.replace(data_set, url=url, by_hand=told)


_FLICKR = "Wikiart and Flickr"
_ALL = [
    _cyclegan(
        "apple2orange", 78_456_409, "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8",
        "apples and oranges", "ImageNet",
    ),
    _cyclegan(
        "cezanne2photo", 279_885_071, "3a6c10ca21f9485862f1cbd707744b9dc258954a04631271d23a3605eeb63cff",
        "paintings by Cezanne and photographs", _FLICKR,
    ),
    _by_hand(_cyclegan(
        "cityscapes", 279_601_602, "d2f6910fd056c1ee9873777ae838e7ac4a2c833598ae62a04188e5ab2f4ea036",
        "streets and their labels", "Cityscapes, whose licence does not let others give them away",
    ), CITYSCAPES),
    _cyclegan(
        "facades", 35_135_868, "9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0",
        "facades and their labels", "the CMP Facade Database",
    ),
    _cyclegan(
        "horse2zebra", 116_867_962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1",
        "horses and zebras", "ImageNet", "--preset=horse2zebra",
    ),
    _cyclegan(
        "iphone2dslr_flower", 339_964_458, "8fcb5e374d631b107e1d961b8c4cd0a186aa2a4ff3e279923f4c426128de7113",
        "flowers by telephone and by camera", "Flickr",
    ),
    _cyclegan(
        "maps", 1_476_754_427, "639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e",
        "aerial photographs and maps", "Google Maps",
    ),
    _cyclegan(
        "monet2photo", 305_231_073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04",
        "paintings by Monet and photographs", _FLICKR, "--preset=monet2photo",
    ),
    _cyclegan(
        "summer2winter_yosemite", 132_640_856, "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9",
        "Yosemite in summer and in winter", "Flickr", "--preset=summer2winter",
    ),
    _cyclegan(
        "ukiyoe2photo", 292_946_532, "02a2a2fb5ecf425ca1bf86aca7304377da64a2a1d3b86df54eb65e4068bf3b08",
        "Japanese woodcuts and photographs", _FLICKR,
    ),
    _cyclegan(
        "vangogh2photo", 306_590_349, "362c3473e70be0944bda08d49d660eafdc2854df55d697835b8186d1d79caaff",
        "paintings by van Gogh and photographs", _FLICKR,
    ),
    _by_hand(_pix2pix(
        "pix2pix_cityscapes", "streets and their labels",
        "Cityscapes, whose licence does not let others give them away", "--model=pix2pix",
    ), CITYSCAPES),
    _pix2pix(
        "pix2pix_edges2handbags", "edges and handbags", "Amazon, collected for iGAN", "--preset=edges2shoes",
    ),
    _pix2pix("pix2pix_edges2shoes", "edges and shoes", "UT Zappos50K", "--preset=edges2shoes"),
    _pix2pix("pix2pix_facades", "facades and their labels", "the CMP Facade Database", "--preset=facades"),
    _pix2pix("pix2pix_maps", "aerial photographs and maps", "Google Maps", "--preset=maps"),
    DataSet(
        name="cifar10",
        file="cifar-10-binary.tar.gz",
        url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        size=170_052_171,
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        about="CIFAR-10 in its binary form: small photographs of ten classes",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        licence="none is stated; cite Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        train="--preset=cifar10",
    ),
    _by_hand(DataSet(
        name="celeba",
        file="img_align_celeba.zip",
        url=None,
        size=1_443_490_838,
        sha256="46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74",
        about="faces, aligned and cropped",
        homepage="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        licence="for research that is not commercial only",
        train="--preset=celeba",
    ), BY_HAND),
    _lsun(
        "lsun_bedroom", 45_922_737_680, "a15644c2e7153106867f0adb3491fc41224102d1f01b24494fb47d9f5d1f174e", "bedrooms",
    ),
    _lsun(
        "lsun_church_outdoor", 2_448_463_466, "91128ae026840ac0c5982b4445ab5fc4e092d6847cca76793b2b1a0815c2e74a",
        "churches from outside",
    ),
    _by_hand(DataSet(
        name="monet",
        file="gan-getting-started.zip",
        url=None,
        about="Kaggle's competition: paintings by Monet and photographs",
        homepage="https://www.kaggle.com/competitions/gan-getting-started",
        licence="the rules of the competition",
        train="--preset=monet",
        is_on_kaggle=True,
    ), f"accept the rules of the competition; or {BY_HAND}",
       "https://www.kaggle.com/api/v1/competitions/data/download-all/gan-getting-started"),
]  # fmt: skip
DATA_SETS = {data_set.name: data_set for data_set in _ALL}
