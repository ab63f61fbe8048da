"""Populations: what a preset says of one kind of neurite, and the kinds there are."""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from shapes.core.block import Block
from shapes.core.spread import Spread
from shapes.neurites.ruffles import highest

AXON, DENDRITE, MYELINATED, GLIA, SOMA = 0, 1, 2, 3, 4
"""What a tube belongs to: a kind of neurite, or a process of a glial cell or a soma, without synapses."""
CORE = 0.85
"""A nucleus is no thicker than this part of its soma; mitochondria are strung along outside of it."""
FLATTEST, FLATTEST_VARICOSITY = 0.4, 0.75
"""No neurite, and no varicosity, is flatter than this, so that its reach stays bounded."""
MOST_RUFFLED_NM = 60.0
"""The surface of a neurite undulates by no more, where its neighbours are as soft as can be."""
SHAFT, BOUTON, SWELLING = 0, 1, 2
"""What a node is: plain, a bouton that holds vesicles, or a swelling that holds a mitochondrion alone."""
BOUTON_FLANK, SWELLING_FLANK = 0.5, 0.8
"""How wide the nodes on either side of a bouton, or of a swelling, are at least, in parts of it."""
VARICOSITY_EVERY = 4
"""Nodes from one possible varicosity to the next, so that what two of them hold never meets."""

Share = Annotated[float, Field(ge=0, le=1)]


class Population(Block):
    """One kind of neurite: how many, how long, how thick, how straight, with what swellings.

    Lines along z, y and x pass a lattice of cubic cells of edge ``cell_nm``, see ``lattice.py``: each cell is
    passed by one along each axis. They stray by up to ``stray`` of that edge, bend by about ``bend`` radians
    at every node, of which there is one every ``step_nm``, and bend together as ``drift.py`` says. A neurite
    is up to ``length_nm`` long; ``chance`` of the stretches of lines have one, times ``grain`` for each axis
    (z, y, x): ``[0.5, 1, 1]`` makes more of the neurites run in the sections. ``branch_chance`` of them begin
    as a branch of another, where one that is older crosses there; of glial processes that cross the middle
    of another, so many are joined to it as a star.
    Radii vary by a factor of about exp(±``wobble``) along a neurite. Every fourth node may swell: to a
    bouton, or to a swelling without vesicles. Its profile is ``flatness`` times as thick one way as the
    other. Where it is swollen it is ``firmness`` times as stiff, so that neighbours give way.
    Its surface undulates by about ``ruffle_nm`` over ``ruffle_length_nm``; where two neurites meet that
    are both ``stiffness`` times as stiff, by as much less.

    ``spine_chance`` of the boutons that a dendrite can reach are met by a spine of it, up to
    ``spine_length_nm`` long; a cell of another kind sends processes of that size any way, from so many nodes.

    A soma is a short, thick and stiff one, which all others run around but for dendrites and an axon that
    leave it: see ``bodies.py``.

    In ``lanes``, for tracts of fibres, neurites run straight along z, end to end, in lanes that are
    ``cell_nm`` apart and stray by ``stray`` of that. Of some neurites drawn for a lane, the thickest that
    leaves its neighbours room is taken.
    """

    cell_nm: float = Field(gt=100)
    chance: float = Field(default=1.0, ge=0, le=1)
    lanes: bool = False
    stray: float = Field(default=0.06, ge=0, le=0.5)
    length_nm: float = Field(default=30000.0, gt=0, le=200000)
    branch_chance: float = Field(default=0.5, ge=0, le=1)
    step_nm: float = Field(default=300.0, gt=0)
    bend: float = Field(default=0.25, ge=0, le=1.5)
    grain: tuple[Share, Share, Share] = (1.0, 1.0, 1.0)
    radius_nm: Spread
    wobble: float = Field(default=0.12, ge=0, le=0.6)
    stiffness: float = Field(default=1.0, ge=1, le=16)
    ruffle_nm: float = Field(default=0.0, ge=0)
    ruffle_length_nm: float = Field(default=500.0, ge=100)
    flatness: Spread = Spread(min=0.5, max=1.0)
    bouton_chance: float = Field(default=0.0, ge=0, le=1)
    bouton_radius_nm: Spread = Spread(mean=260, std=50)
    swelling_chance: float = Field(default=0.0, ge=0, le=1)
    swelling_radius_nm: Spread = Spread(mean=210, std=35)
    firmness: float = Field(default=1.0, ge=1, le=4)
    spine_chance: float = Field(default=0.0, ge=0, le=1)
    spine_length_nm: Spread = Spread(min=250, max=700)
    spine_neck_radius_nm: Spread = Spread(min=50, max=80)
    spine_head_radius_nm: Spread = Spread(mean=180, std=45)

    @model_validator(mode="after")
    def _ruffles_are_shallow(self) -> "Population":
        if self.ruffle_nm > MOST_RUFFLED_NM * self.stiffness:
            raise ValueError(f"ruffle_nm must be at most {MOST_RUFFLED_NM:g} times stiffness")
        return self

    @model_validator(mode="after")
    def _lanes_are_straight(self) -> "Population":
        if self.lanes and (self.bend != 0 or self.grain != (1.0, 0.0, 0.0) or self.spine_chance > 0):
            raise ValueError("lanes run along z: give bend: 0 and grain: [1, 0, 0], and no spines")
        return self

    def thickest_nm(self) -> float:
        """Return how far from its axis the surface of a neurite can lie, ruffles included."""
        shaft = self.radius_nm.highest() * np.exp(2 * self.wobble) / self.flattest()
        swollen = (
            max(self.bouton_radius_nm.highest(), self.swelling_radius_nm.highest()) / FLATTEST_VARICOSITY
        )
        thickest = max(shaft, swollen if self.bouton_chance + self.swelling_chance > 0 else 0.0)
        return float(thickest + highest(self.ruffle_nm) / (self.stiffness * self.flattest()))

    def rim_nm(self, glia_nm: float) -> float:
        """Return how far outside its ruffled surface a neurite can own tissue, given where glia begins."""
        return glia_nm / (self.stiffness * self.flattest())

    def flattest(self) -> float:
        """Return the flatness of the flattest profile that can be drawn."""
        return min(1.0, max(FLATTEST, self.flatness.lowest()))
