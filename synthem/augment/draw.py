"""Draws what is to be done to a section: a recipe of absolute figures, which can be stored and followed."""

import math

from shapes.core.frozen import Frozen
from shapes.core.grid import Grid, Triple
from synthem.augment.config import KINDS, Curve, MicroscopeAugment, Noise
from synthem.augment.draws import Draws
from synthem.augment.elastic import Bending
from synthem.augment.own import Greys, Own
from synthem.augment.spoil import spoil
from synthem.microscope.defects.apply import COVERING, MOVING, TEARING
from synthem.preset.defects import Defects
from synthem.preset.microscope import Beam, Detector

_FAR_NM = 1e5


class Staining(Frozen):
    """Uneven stain: a fraction of ``contrast`` and ``shade`` grey levels (deviations), over ``length_nm``."""

    contrast: float
    shade: float
    length_nm: float


class Tones(Frozen):
    """A curve of greys: gamma within ``low`` … ``high``, then gain about ``middle``, then an offset."""

    gain: float
    offset: float
    gamma: float
    low: float
    middle: float
    high: float


class Recipe(Frozen):
    """What is done to one section or stack, in the section's own grey levels and in nm; None is not done.

    ``greys`` is its range of greys, in which the strengths of ``defects`` are meant. ``noise`` is its own
    noise where moving, blur or a defect takes of it, and ``noise_left`` the part that the blur leaves: the
    rest is given back.
    """

    seed: int
    origin_nm: Triple
    elastic: Bending | None = None
    stain: Staining | None = None
    defects: Defects = Defects()
    beam: Beam | None = None
    detector: Detector | None = None
    curve: Tones | None = None
    greys: Greys | None = None
    noise: float = 0.0
    noise_left: float = 1.0

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of what is done, in the order in which it acts."""
        done = {**vars(self), "blur": self.beam, "noise": self.detector, **vars(self.defects)}
        return tuple(name for name in KINDS if done[name] is not None)

    def grid(self, shape: tuple[int, int, int], voxel_nm: Triple) -> Grid:
        """Return the window on the world of the recipe's defects."""
        return Grid(shape, voxel_nm, self.origin_nm)


def draw_recipe(own: Own, config: MicroscopeAugment, voxel_nm: Triple, *, seed: int) -> Recipe:
    """Draw what is to be done to a section or stack, around what it has.

    Parameters
    ----------
    own : Own
        The figures of the section.
    config : MicroscopeAugment
        How often and how far.
    voxel_nm : tuple of float
        Voxel size, (z, y, x).
    seed : int
        The same seed and section give the same recipe. Each kind has numbers of its own, so that leaving one
        out changes no other.
    """
    draws, strength = Draws(seed), config.strength
    origin = (0.0, _FAR_NM * draws.share("origin/y"), _FAR_NM * draws.share("origin/x"))
    if strength == 0:
        return Recipe(seed=seed, origin_nm=origin)
    grid = Grid(own.image.shape, voxel_nm, origin)
    edge_nm = min(grid.size_nm[1:])
    elastic = stain = beam = detector = curve = None
    if draws.happens("elastic", config.elastic.chance):
        elastic = Bending(
            amplitude_nm=strength * draws.of(config.elastic.amplitude_nm, "elastic/amplitude"),
            length_nm=max(
                draws.of(config.elastic.length, "elastic/length") * edge_nm, 8.0 * max(voxel_nm[1:])
            ),
        )
    if draws.happens("stain", config.stain.chance):
        stain = Staining(
            contrast=strength * draws.of(config.stain.contrast, "stain/contrast"),
            shade=strength * draws.of(config.stain.shade, "stain/shade") * (own.greys.high - own.greys.low),
            length_nm=max(draws.of(config.stain.length, "stain/length") * edge_nm, 8.0 * max(voxel_nm[1:])),
        )
    defects = spoil(config, draws, grid)
    if draws.happens("blur", config.blur.chance):
        beam = Beam(
            sigma_nm=strength * draws.of(config.blur.extra, "blur/extra") * own.sigma_vx * voxel_nm[2],
            astigmatism=draws.of(config.blur.astigmatism, "blur/astigmatism"),
            angle_deg=0.0 if draws.sign("blur") > 0 else 90.0,
        )
    if draws.happens("noise", config.noise.chance):
        detector = _noise(config.noise, draws, strength, own)
    if draws.happens("curve", config.curve.chance):
        curve = _curve(config.curve, draws, strength, own.greys)
    found = [name for name in Defects.model_fields if getattr(defects, name) is not None]
    lost = elastic or beam or any(name in (*MOVING, *TEARING, *COVERING) for name in found)
    noise = own.noise if lost else 0.0
    return Recipe(
        seed=seed,
        origin_nm=origin,
        elastic=elastic,
        stain=stain,
        defects=defects,
        beam=beam,
        detector=detector,
        curve=curve,
        greys=own.greys if found or stain else None,
        noise=noise,
        noise_left=min(1.0, own.noise_after(beam, voxel_nm) / noise) if beam and noise else 1.0,
    )


def _noise(kind: Noise, draws: Draws, strength: float, own: Own) -> Detector:
    """Draw noise whose deviation is what is asked at the section's middle grey."""
    extra = strength * draws.of(kind.extra, "noise/extra") * own.noise
    shot = draws.of(kind.shot, "noise/shot")
    return Detector(
        read=extra * math.sqrt(1.0 - shot),
        shot=extra * math.sqrt(shot * 255.0 / max(own.greys.middle, 1.0)),
        correlated=draws.of(kind.correlated, "noise/correlated"),
        correlation_vx=draws.of(kind.correlation_vx, "noise/correlation"),
    )


def _curve(kind: Curve, draws: Draws, strength: float, greys: Greys) -> Tones:
    range_ = greys.high - greys.low
    return Tones(
        gain=math.exp(draws.sign("curve/contrast") * strength * draws.of(kind.contrast, "curve/contrast")),
        offset=draws.sign("curve/brightness")
        * strength
        * draws.of(kind.brightness, "curve/brightness")
        * range_,
        gamma=math.exp(draws.sign("curve/gamma") * strength * draws.of(kind.gamma, "curve/gamma")),
        low=greys.low - 0.1 * range_,
        middle=greys.middle,
        high=greys.high + 0.1 * range_,
    )
