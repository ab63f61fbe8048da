"""The classes that patches can be labelled for: what each is, its colour, and how they relate.

Six of them, ``CLASSES``, are those of EPFL6 and what is labelled where nobody asks for others. Among these,
``mitochondrion`` includes its boundary, ``mito_boundary`` ⊂ ``mitochondrion``, and everything else is
exclusive: a PSD or a sheath takes its pixels from the membrane. All other classes overlap: an axon is the
whole cell with all that is in it. So the target is multi-label: one channel a class.

A name of ``KNOWN`` means that class wherever a person writes one. Other names are of use in two places: as
what masks of real EM are called (``synthem.data.files``, where ``axon`` is the sheath, as in EPFL6), and in
the hint of a message that refuses a name.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError, UnknownNameError

Colour = tuple[int, int, int]


class About(NamedTuple):
    """What is known of a class: its RGB colour in every picture, what people also call it, what it is."""

    colour: Colour
    aliases: tuple[str, ...]
    meaning: str


KNOWN: dict[str, About] = {
    "mitochondrion": About((60, 180, 75), ("mito", "mitochondria"), "a mitochondrion, its boundary included"),
    "mito_boundary": About(
        (200, 60, 200), ("mitochondrial boundary", "mitochondrial boundaries"), "the rim of a mitochondrion"
    ),
    "membrane": About((220, 50, 47), ("membranes", "boundaries", "boundary"), "the outer membrane of cells"),
    "psd": About((240, 220, 60), ("synapse", "postsynaptic density"), "a postsynaptic density"),
    "vesicle": About((50, 110, 230), ("vesicles",), "a synaptic vesicle"),
    "sheath": About((245, 140, 40), ("axon sheath", "myelin", "myelin sheath"), "the myelin around an axon"),
    "er": About(
        (0, 190, 190), ("endoplasmic reticulum", "reticulum"), "endoplasmic reticulum, its lumen included"
    ),
    "endosome": About(
        (150, 220, 90),
        ("endosomes", "lysosome", "endolysosome", "multivesicular body"),
        "an endosome or a lysosome",
    ),
    "microtubule": About((255, 120, 190), ("microtubules",), "a microtubule, its lumen included"),
    "glycogen": About((170, 110, 60), ("glycogen granule",), "a granule of glycogen"),
    "t_bar": About(
        (120, 0, 140), ("t-bar", "tbar", "presynaptic density"), "the T-bar of an insect's synapse"
    ),
    "nucleus": About((110, 90, 200), ("nuclei",), "a nucleus, its envelope included"),
    "cleft": About(
        (255, 255, 255), ("synaptic cleft", "clefts"), "the gap between the two membranes of a synapse"
    ),
    "axon": About((80, 140, 200), ("axons",), "an axon, its organelles and its sheath included"),
    "dendrite": About(
        (205, 120, 140), ("dendrites", "spine"), "a dendrite, its spines and organelles included"
    ),
    "glia": About((130, 170, 120), ("glial cell", "astrocyte"), "processes of glia, the thinnest included"),
    "soma": About(
        (200, 180, 110), ("somata", "cell body", "cell bodies"), "a cell body, its nucleus included"
    ),
}
"""All classes but organelles that are new: each of those is a class under its own name, inside its surface.

The first six are ``CLASSES``."""

CLASSES = ("mitochondrion", "mito_boundary", "membrane", "psd", "vesicle", "sheath")
"""The classes of EPFL6, in the order of their channels: what is labelled where nobody asks for others."""

CELLS = ("glia", "dendrite", "axon", "soma")
"""Kinds of cells. Together they are the whole image, each with all that is in it."""

COLOURS = {name: about.colour for name, about in KNOWN.items()}
"""RGB colour of each class of ``KNOWN`` in every picture that synthem draws."""

EXCLUSIVE_ORDER = (
    *CELLS, "nucleus",
    "mitochondrion", "mito_boundary", "membrane", "psd", "vesicle", "sheath",
    "er", "endosome", "glycogen", "microtubule", "cleft", "t_bar",
)  # fmt: skip
"""One integer a pixel: later names lie on top. Organelles that are new lie over all of these."""

ALIASES = {alias: name for name, about in KNOWN.items() for alias in about.aliases}
"""What people also call the classes, in lower case."""


def known_classes() -> tuple[str, ...]:
    """Return the names of all classes: those of ``KNOWN``, then organelles that are new."""
    from shapes.organelles import GENERATORS  # late: it brings all generators

    return (*KNOWN, *(name for name in GENERATORS if name not in KNOWN))


def check_class(name: str) -> str:
    """Return the name of a class; UnknownNameError for what is none."""
    if name not in KNOWN and name not in (known := known_classes()):
        raise UnknownNameError("class", name, known, ALIASES)
    return name


def check_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of classes, at least one and each once; InputError where they are not."""
    classes = tuple(map(check_class, names))
    if not classes or len(set(classes)) < len(classes):
        raise InputError(f"classes must be at least one, each named once, not {list(classes)}")
    return classes


def channel(name: str, classes: Sequence[str] = CLASSES) -> int:
    """Return the index of a class among some; UnknownNameError for a name that is none of them."""
    if name not in classes:
        near = {alias: meant for alias, meant in ALIASES.items() if meant in classes}
        raise UnknownNameError("class", name, classes, near)
    return tuple(classes).index(name)


def channels(names: Iterable[str], classes: Sequence[str] = CLASSES) -> list[int]:
    """Return the indices of several classes among some."""
    return [channel(name, classes) for name in names]


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return classes, each once, in the order of ``KNOWN``; others follow as they come."""
    rank = {name: k for k, name in enumerate(KNOWN)}
    return tuple(sorted(dict.fromkeys(names), key=lambda name: rank.get(name, len(rank))))


def united(*lists: Iterable[str]) -> tuple[str, ...]:
    """Return the classes of several lists, each once: those of the first, then what others add."""
    return tuple(dict.fromkeys(name for names in lists for name in names))


def exclusive(names: Iterable[str]) -> tuple[str, ...]:
    """Return classes in the order in which they lie over one another, the topmost last."""
    rank = {name: k for k, name in enumerate(EXCLUSIVE_ORDER)}
    return tuple(sorted(dict.fromkeys(names), key=lambda name: rank.get(name, len(rank))))


def colour_of(name: str) -> Colour:
    """Return the colour of a class; of an organelle that is new, one that its name decides."""
    if name in COLOURS:
        return COLOURS[name]
    number = sum(ord(letter) * 31**k for k, letter in enumerate(name))
    return 64 + number % 180, 64 + number // 180 % 180, 64 + number // 32400 % 180


def to_bits(labels: npt.NDArray[np.bool_]) -> npt.NDArray[np.unsignedinteger]:
    """Turn bool (class, ...) labels into one number a voxel, bit k for the k-th class; as short as may be."""
    count = len(labels)
    kind: type[np.unsignedinteger] = np.uint8
    if count > 8:
        kind = np.uint16 if count <= 16 else np.uint32
    if count > 32:
        raise InputError(f"labels: at most 32 classes can be stored together, not {count}")
    out = np.zeros(labels.shape[1:], kind)
    for k, mask in enumerate(labels):
        out |= mask.astype(kind) << kind(k)
    return out


def from_bits(bits: npt.NDArray[np.unsignedinteger], count: int) -> npt.NDArray[np.bool_]:
    """Turn numbers of ``to_bits`` back into bool (class, ...) labels."""
    return np.stack(
        [(bits >> bits.dtype.type(k) & bits.dtype.type(1)).astype(np.bool_) for k in range(count)]
    )


def to_exclusive(labels: npt.NDArray[np.bool_], classes: Sequence[str] = CLASSES) -> npt.NDArray[np.uint8]:
    """Turn bool (class, ...) labels into one uint8 code a voxel: the place of the topmost class, from 1."""
    code = np.zeros(labels.shape[1:], np.uint8)
    for k, name in enumerate(exclusive(classes)):
        code[labels[channel(name, classes)]] = k + 1
    return code


def from_exclusive(code: npt.NDArray[np.uint8], classes: Sequence[str] = CLASSES) -> npt.NDArray[np.bool_]:
    """Turn codes of ``to_exclusive`` back into bool (class, ...) labels; a boundary is mitochondrion again.

    Of what lies under another class, such as a cell under its membrane, nothing comes back.
    """
    order = exclusive(classes)
    labels = np.stack([code == order.index(name) + 1 for name in classes])
    if {"mitochondrion", "mito_boundary"} <= set(classes):
        labels[channel("mitochondrion", classes)] |= labels[channel("mito_boundary", classes)]
    return labels
