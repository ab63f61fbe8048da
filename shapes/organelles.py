"""All organelles. A new one is a file in one of the rooms, and one line here.

By that line a preset may name its parameter block under ``anatomy`` and its grey under ``stain``, its layer
is in every scene, and ``annotation.also`` may ask for its ids.
"""

from types import ModuleType
from typing import get_type_hints

from shapes.cells import nucleus, sheaths
from shapes.clutter import endosomes, fusiform, glycogen, microtubules, reticulum
from shapes.core.frozen import Frozen
from shapes.mitochondria import mitochondria
from shapes.synapses import psd, ribbons, tbars, vesicles

GENERATORS: dict[str, ModuleType] = {
    "mitochondrion": mitochondria,
    "psd": psd,
    "t_bar": tbars,
    "ribbon": ribbons,
    "vesicle": vesicles,
    "sheath": sheaths,
    "er": reticulum,
    "endosome": endosomes,
    "microtubule": microtubules,
    "glycogen": glycogen,
    "nucleus": nucleus,
    "fusiform_vesicle": fusiform,
}
"""Each organelle's module, in the order of placing: later ones keep clear of earlier ones."""


def block_of(generator: ModuleType) -> type[Frozen]:
    """Return the parameter block that a generator's ``place`` takes."""
    block: type[Frozen] = get_type_hints(generator.place)["params"]
    return block
