"""What a preset may say of the microscope: the parameters of each of its stages, with all defaults."""

from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from shapes.core.block import Block
from shapes.core.frozen import Frozen
from shapes.core.spread import Spread
from shapes.synapses.contacts import FADE_NM
from synthem.preset.anatomy import NEW
from synthem.preset.defects import Defects


class _Shipped(Block):
    """Grey level, 0–255, of each structure, as a distribution over objects, and the texture in between.

    ``mottle`` (fine), ``blotch`` (filaments and ribosomes in a bundle) and ``patchiness`` (coarse) are
    standard deviations in grey levels of unevenness with features of about twice their ``_nm``; blotches
    are skewed to the dark. ``halo`` is by how much vesicles darken the cytoplasm at their surface;
    the ``cytoplasm`` of axons without a sheath is ``axon_darker`` grey levels darker than that of dendrites;
    a density's stain is gone ``psd_fade_nm`` outside of its outline;
    ``glia`` is the thin one in gaps, ``glia_process`` a process of ``anatomy.glia``, dark ones among them;
    ``cisterna`` is the lumen of ``er``, ``endosome_lumen`` that of fusiform vesicles, too;
    ``microtubule`` is how far towards a membrane's grey a microtubule darkens the cytoplasm;
    ``chromatin`` is the dense one, ``euchromatin`` the pale, ``perinuclear`` the space in the envelope of a
    nucleus, whose membranes are as dark as any.

    ``unevenness`` is by which fraction stain takes more or less from place to place, over ``unevenness_nm``;
    ``matrix_texture``, ``myelin_texture`` and ``chromatin_texture`` are the grain, in grey levels, of
    mitochondria, of sheaths, and of chromatin in features of about twice ``blotch_nm``.
    ``leaflets``: how pale the core between the two dark leaflets of a membrane is, from 0 (as dark as they)
    to 1 (as pale as cytoplasm), where voxels are at most 2.5 nm wide; wider ones show one dark line.
    ``crista_lumen``: how pale the space within a crista is, likewise: what the crista's thickness leaves
    between its two walls of 6 nm.
    """

    cytoplasm: Spread = Spread(mean=158, std=7)
    axon_darker: float = Field(default=0.0, ge=0, le=80)
    glia: Spread = Spread(mean=150, std=1)
    glia_process: Spread = Spread(mean=152, std=13)
    membrane: Spread = Spread(mean=84, std=5)
    gap: float = Field(default=0.35, ge=0, le=1)
    matrix: Spread = Spread(mean=116, std=7)
    boundary: Spread = Spread(mean=84, std=6)
    crista: Spread = Spread(mean=92, std=6)
    psd: Spread = Spread(mean=80, std=6)
    psd_fade_nm: float = Field(default=FADE_NM, ge=0, le=FADE_NM)
    t_bar: Spread = Spread(mean=70, std=6)
    vesicle: Spread = Spread(mean=78, std=8)
    lumen: Spread = Spread(mean=138, std=8)
    halo: float = Field(default=0.0, ge=0, le=100)
    sheath: Spread = Spread(mean=70, std=6)
    er: Spread = Spread(mean=80, std=6)
    cisterna: Spread = Spread(mean=112, std=8)
    endosome: Spread = Spread(mean=88, std=8)
    endosome_lumen: Spread = Spread(mean=138, std=14)
    dense_body: Spread = Spread(mean=76, std=9)
    microtubule: float = Field(default=0.55, ge=0, le=1)
    glycogen: Spread = Spread(mean=62, std=8)
    chromatin: Spread = Spread(mean=100, std=7)
    euchromatin: Spread = Spread(mean=150, std=5)
    nucleolus: Spread = Spread(mean=98, std=6)
    perinuclear: Spread = Spread(mean=140, std=5)
    chromatin_texture: float = Field(default=9.0, ge=0)
    lamella: float = Field(default=0.25, ge=0, le=1)
    mottle_nm: float = Field(default=13.0, gt=0)
    mottle: float = Field(default=7.0, ge=0)
    blotch_nm: float = Field(default=27.0, gt=0)
    blotch: float = Field(default=15.0, ge=0)
    patchiness_nm: float = Field(default=700.0, gt=0)
    patchiness: float = Field(default=4.0, ge=0)
    unevenness: float = Field(default=0.0, ge=0, le=0.5)
    unevenness_nm: float = Field(default=3000.0, gt=0)
    matrix_texture: float = Field(default=0.0, ge=0)
    matrix_texture_nm: float = Field(default=9.0, gt=0)
    myelin_texture: float = Field(default=0.0, ge=0)
    myelin_texture_nm: float = Field(default=8.0, gt=0)
    leaflets: float = Field(default=0.0, ge=0, le=1)
    crista_lumen: float = Field(default=0.0, ge=0, le=1)


if TYPE_CHECKING:

    class Stain(_Shipped):
        """The greys, with those of organelles that are new."""

else:
    _greys: dict[str, Any] = {name: (Spread, Spread(mean=80, std=6)) for name in NEW}
    Stain = create_model("Stain", __base__=_Shipped, __module__=__name__, __doc__=_Shipped.__doc__, **_greys)


class SectionParams(Frozen):
    """How many sheets are rendered apart and averaged to a section, and how sections differ.

    ``brightness`` is in grey levels, ``contrast`` and ``thickness`` are fractions, all standard deviations. A
    thick section absorbs more, and shows more tissue (to within one sheet).

    ``grain`` is the fine texture that ribosomes, filaments and protein in all depths of a section add up to,
    in grey levels (a standard deviation): as much in every octave of features from about twice
    ``finest_nm`` on, in ``octaves`` of them. It leans by ``lean`` to dark specks, and is by
    ``patchy`` stronger here than there, over some 100 nm.
    """

    sheets: int = Field(default=1, ge=1, le=16)
    grain: float = Field(default=0.0, ge=0, le=60)
    finest_nm: float = Field(default=3.0, gt=0, le=100)
    octaves: int = Field(default=4, ge=1, le=8)
    lean: float = Field(default=0.2, ge=0, le=0.4)
    patchy: float = Field(default=0.0, ge=0, le=1)
    brightness: float = Field(default=0.0, ge=0)
    contrast: float = Field(default=0.0, ge=0, le=0.9)
    thickness: float = Field(default=0.0, ge=0, le=0.3)


class Beam(Frozen):
    """Point spread in the section.

    It is a Gaussian of standard deviation ``sigma_nm``, cut off at ``radius_vx`` voxels where that is given.

    ``astigmatism`` is its width along the axis at ``angle_deg`` from x to y over that across it; the product
    of both is the square of ``sigma_nm``. Out of focus it widens by up to ``defocus_nm`` (added in squares),
    from place to place over ``defocus_field_nm``, and from section to section.
    """

    sigma_nm: float = Field(default=5.0, ge=0)
    radius_vx: int | None = Field(default=None, ge=1, le=64)
    astigmatism: float = Field(default=1.0, ge=1 / 6, le=6)
    angle_deg: float = 0.0
    defocus_nm: float = Field(default=0.0, ge=0, le=200)
    defocus_field_nm: float = Field(default=5000.0, gt=0)


class Detector(Frozen):
    """Noise in grey levels: ``read`` everywhere, ``shot`` at grey 255 (its variance grows with the signal).

    Of electrons that stain scatters back there are most where the image, as it is shown, is dark: with
    ``backscatter`` the shot noise is that strong at grey 0. ``correlated`` of the variance is smoothed over
    ``correlation_vx`` voxels, and ``elongation`` times as far along y: the noise of real detectors is not
    white, and that of a milled face runs along the ion beam. ``rows`` is noise that a scan line shares over
    about ``row_length_nm``. ``gain`` multiplies the signal and its shot noise, not what is added in reading
    out; nothing exceeds ``saturation``.
    """

    read: float = Field(default=8.0, ge=0)
    shot: float = Field(default=8.0, ge=0)
    correlated: float = Field(default=0.5, ge=0, le=1)
    correlation_vx: float = Field(default=1.0, gt=0, le=8)
    elongation: float = Field(default=1.0, gt=0.2, le=5)
    backscatter: bool = False
    rows: float = Field(default=0.0, ge=0)
    row_length_nm: float = Field(default=4000.0, gt=0)
    gain: float = Field(default=1.0, gt=0, le=10)
    saturation: float | None = Field(default=None, gt=0, le=255)


class Tone(Frozen):
    """The grey-level curve, last before rounding: grey · gain + offset, then gamma."""

    gain: float = Field(default=1.0, gt=0)
    offset: float = 0.0
    gamma: float = Field(default=1.0, gt=0)
    invert: bool = False


class Microscope(Frozen):
    """The stages of a microscope, in the order in which they act."""

    stain: Stain = Stain()
    section: SectionParams = SectionParams()
    beam: Beam = Beam()
    detector: Detector = Detector()
    defects: Defects = Defects()
    tone: Tone = Tone()
