"""What a preset may say of the defects of a modality; each is left out unless the preset names it.

Rates are per section and 100 µm² of it, unless a name says otherwise. What the defects look like, by
modality: Harris et al. (2006) for folds, dust and precipitate on serial sections, Zheng et al. (2018) and the
CREMI volumes for cracks, lost sections and jumps, Deerinck et al. (2010) and Titze & Genoud (2016) for
charging and debris on a block's face, Xu et al. (2017) for curtains and drift. Sizes and rates are our
estimates.
"""

from typing import Annotated

from pydantic import Field

from shapes.core.block import Block
from shapes.core.frozen import Frozen
from shapes.core.spread import Spread

Rate = Annotated[float, Field(ge=0, le=2000)]
Chance = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]
Length = Annotated[float, Field(gt=0)]
Shift = Annotated[float, Field(ge=0, le=5000)]


class Misalignment(Frozen):
    """Sections that do not lie where their neighbours do, along y and x alike.

    Each section is off by ``shift_nm`` (a standard deviation), with ``jump_chance`` by ``jump_nm`` more, and
    bent by ``bend_nm`` over ``bend_length_nm``: what alignment has left over.
    """

    shift_nm: Shift = 8.0
    jump_chance: Chance = 0.0
    jump_nm: Shift = 200.0
    bend_nm: Shift = 0.0
    bend_length_nm: Length = 3000.0


class Drift(Frozen):
    """Stage and beam that wander while a block is milled: ``amplitude_nm`` (a standard deviation)."""

    amplitude_nm: Shift = 10.0
    period_nm: Length = 600.0


class Folds(Frozen):
    """Pleats of a section that dried on its support: three layers lie in a band ``width_nm`` wide.

    The tissue in the two lower layers is hidden; what remains is drawn towards the pleat.
    """

    per_100um2: Rate = 0.5
    length_nm: Spread = Spread(min=3000, max=12000)
    width_nm: Spread = Spread(median=150, ratio=1.6)
    layers: float = Field(default=3.0, ge=1, le=6)


class Cracks(Frozen):
    """Tears of a section that gape by ``width_nm`` and show the ``grey`` of what lies behind it."""

    per_100um2: Rate = 0.3
    length_nm: Spread = Spread(min=2000, max=8000)
    width_nm: Spread = Spread(median=90, ratio=1.6)
    grey: float = Field(default=235.0, ge=0, le=255)


class Tiles(Frozen):
    """Seams where the camera's tiles were stitched: each is off by ``shift_nm`` and ``brightness``.

    ``shading`` is by how many grey levels a tile's corners are darker than its middle.
    """

    size_nm: tuple[Length, Length] = (8000.0, 8000.0)
    shift_nm: Shift = 6.0
    brightness: Amount = 4.0
    shading: Amount = 0.0


class Loss(Frozen):
    """Sections that were lost (all ``grey``) or damaged: torn or smeared over patches of ``patch_nm``."""

    missing_chance: Chance = 0.0
    damaged_chance: Chance = 0.0
    patch_nm: Length = 2500.0
    grey: Spread = Spread(mean=20, std=5)


class ContrastJumps(Frozen):
    """Sections whose contrast falls to ``contrast`` of the usual, and whose brightness is off."""

    chance: Chance = 0.03
    contrast: Spread = Spread(min=0.35, max=0.75)
    brightness: Amount = 15.0


class Particles(Block):
    """What lies on a section or a block's face: single bodies or clusters of several grains.

    ``roughness`` is how far from round they are; grains lie ``cluster_nm`` around their middle; a charged
    body brightens ``glow_nm`` around it by ``glow`` grey levels (negative: darkens).
    """

    per_100um2: Rate = 4.0
    radius_nm: Spread = Spread(median=60, ratio=1.7)
    grey: Spread = Spread(mean=25, std=10)
    roughness: float = Field(default=0.3, ge=0, le=1)
    grains: Spread = Spread(min=1, max=1)
    cluster_nm: float = Field(default=0.0, ge=0, le=2000)
    glow: float = Field(default=0.0, ge=-200, le=200)
    glow_nm: float = Field(default=150.0, gt=0, le=2000)


class KnifeMarks(Block):
    """Scratches of a nicked knife, straight along its path, and chatter across it.

    ``strength`` and ``chatter`` are in grey levels; a nick stays for ``sections``.
    """

    per_100um: float = Field(default=20.0, ge=0, le=2000)
    angle_deg: float = 70.0
    width_nm: Spread = Spread(median=15, ratio=1.6)
    strength: Amount = 40.0
    sections: int = Field(default=20, ge=1)
    chatter: Amount = 0.0
    chatter_nm: Length = 700.0


class Charging(Frozen):
    """Charge gathered where resin is bare: a flare of ``strength`` grey levels, trailed along the lines."""

    per_100um2: Rate = 1.0
    radius_nm: Spread = Spread(median=350, ratio=1.6)
    trail_nm: float = Field(default=2500.0, gt=0, le=20000)
    strength: Spread = Spread(min=25, max=80)


class LostLines(Frozen):
    """Runs of scan lines that were not recorded, over a part of their length: all ``grey``."""

    per_100um2: Rate = 2.0
    lines: Spread = Spread(min=1, max=4)
    length_nm: Spread = Spread(min=800, max=6000)
    grey: Spread = Spread(mean=10, std=5)


class Curtains(Frozen):
    """Streaks along the milling beam (the y axis), ``strength`` grey levels (a standard deviation) deep.

    They are ``width_nm`` wide and several times that, run on for ``length_nm``, and through ``depth_nm`` of
    sections.
    """

    strength: Amount = 5.0
    width_nm: Length = 25.0
    length_nm: Length = 4000.0
    depth_nm: Length = 60.0


class Defects(Frozen):
    """The defects of a modality; ``null`` leaves one out. Those before ``dust`` move tissue and labels."""

    misalignment: Misalignment | None = None
    drift: Drift | None = None
    fold: Folds | None = None
    crack: Cracks | None = None
    tile: Tiles | None = None
    dust: Particles | None = None
    precipitate: Particles | None = None
    debris: Particles | None = None
    knife: KnifeMarks | None = None
    loss: Loss | None = None
    contrast_jump: ContrastJumps | None = None
    charging: Charging | None = None
    lost_line: LostLines | None = None
    curtain: Curtains | None = None
