"""Anatomy and annotation: what a preset may say of a tissue and of who labels it, with all defaults."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    create_model,
    model_serializer,
    model_validator,
)

from shapes.cells.nucleus import Nuclei
from shapes.cells.sheaths import Sheaths
from shapes.clutter.endosomes import Endosomes
from shapes.clutter.glycogen import Glycogen
from shapes.clutter.microtubules import Microtubules
from shapes.clutter.reticulum import Reticulum
from shapes.core.errors import UnknownNameError
from shapes.core.frozen import Frozen
from shapes.core.warp import Warp
from shapes.mitochondria.mitochondria import Mitochondria
from shapes.neurites.drift import Drift
from shapes.neurites.population import Population
from shapes.organelles import GENERATORS, block_of
from shapes.partition.point import Membranes
from shapes.synapses.psd import Synapses
from shapes.synapses.tbars import TBars
from shapes.synapses.vesicles import Vesicles
from synthem.labels import CLASSES, check_classes


class _Shipped(Frozen):
    """The tissue: three populations of neurites, glial processes, cell bodies, and what is in them.

    ``null`` leaves a structure out; an epithelium has somata alone. Thin
    glia fills the gaps between tubes also where there is no ``glia``.
    """

    warp: Warp = Warp()
    drift: Drift = Drift()
    membranes: Membranes = Membranes()
    axons: Population | None = None
    dendrites: Population | None = None
    myelinated: Population | None = None
    glia: Population | None = None
    somata: Population | None = None
    mitochondrion: Mitochondria | None = Mitochondria()
    psd: Synapses | None = Synapses()
    t_bar: TBars | None = None
    vesicle: Vesicles | None = Vesicles()
    sheath: Sheaths | None = Sheaths()
    er: Reticulum | None = None
    endosome: Endosomes | None = None
    microtubule: Microtubules | None = None
    glycogen: Glycogen | None = None
    nucleus: Nuclei | None = None

    @model_validator(mode="before")
    @classmethod
    def _branching(cls, values: Any) -> Any:
        """Give somata no branches, and let glial processes join stars, where nothing is said."""
        if not isinstance(values, dict):
            return values
        usual = {"somata": 0.0, "glia": 1.0}
        return values | {
            name: {"branch_chance": chance} | block
            for name, chance in usual.items()
            if isinstance(block := values.get(name), dict)
        }

    @model_validator(mode="after")
    def _has_cells(self) -> Self:
        if not any((self.axons, self.dendrites, self.myelinated, self.glia, self.somata)):
            raise ValueError("give at least one of axons, dendrites, myelinated, glia and somata")
        return self

    @model_validator(mode="after")
    def _glia_has_no_boutons(self) -> Self:
        if self.glia is not None and self.glia.bouton_chance > 0:
            raise ValueError("glia: its processes have no boutons; give bouton_chance: 0")
        return self

    @model_validator(mode="after")
    def _somata_are_plain(self) -> Self:
        if self.somata is not None and self.somata.bouton_chance + self.somata.swelling_chance > 0:
            raise ValueError("somata: they have neither boutons nor swellings; give both chances as 0")
        if self.nucleus is not None and self.somata is None:
            raise ValueError("nucleus: only a soma has one; give somata, too")
        return self

    @model_validator(mode="after")
    def _t_bars_face_several(self) -> Self:
        for name, what in (("t_bar", "T-bars"), ("ribbon", "ribbons")):
            if getattr(self, name, None) and not (self.psd is not None and self.psd.polyadic):
                raise ValueError(f"{name}: only a polyadic psd has {what}; give psd: {{polyadic: true}}")
        return self


NEW: tuple[str, ...] = tuple(name for name in GENERATORS if name not in _Shipped.model_fields)
"""Organelles of ``GENERATORS`` without a line of their own above: each has a field by its line there."""

if TYPE_CHECKING:

    class Anatomy(_Shipped):
        """The tissue, with the organelles that are new."""

else:
    _blocks: dict[str, Any] = {name: (block_of(GENERATORS[name]) | None, None) for name in NEW}
    Anatomy = create_model(
        "Anatomy", __base__=_Shipped, __module__=__name__, __doc__=_Shipped.__doc__, **_blocks
    )


def _no_class(name: str) -> str:
    """Refuse what is no organelle, or has an instance map anyway."""
    known = [organelle for organelle in GENERATORS if organelle not in CLASSES]
    if name not in known:
        raise UnknownNameError("structure", name, known)
    return name


class Annotation(Frozen):
    """What an annotator labels, and where the lines run: a membrane's width, a vesicle's outline.

    ``classes`` are the channels of all labels, in their order: any of ``synthem.labels.known_classes()``.
    ``also`` names structures that are no class and get instance maps of their own. A nucleus changes no
    class: ``membrane`` is the outer membrane of a cell, never the envelope of its nucleus. Of
    ``blank_sections``, those that were lost, nobody can tell what lay there: their labels are ``unknown``,
    left out of losses and scores; or ``labelled``, as geometry knows them, for who wants to learn to fill
    them in.

    ``membrane_followed`` is the middle part of a section's thickness, as a fraction, through which membranes
    are traced, in whole sheets: one that lies obliquely crosses a thick section in a broad grey band, and is
    labelled as far as it runs there. At 0 it is labelled where most of a section's sheets show it, and flat
    ones are left out.

    A density whose contact faces the section, its normal's part along z more than ``psd_en_face``, shows as a
    haze without an outline, and is not drawn; at 1 all are.
    """

    classes: Annotated[tuple[str, ...], AfterValidator(check_classes)] = CLASSES
    membrane_width_nm: float = Field(default=40.0, gt=0)
    membrane_followed: float = Field(default=0.0, ge=0, le=1)
    vesicle_margin_nm: float = Field(default=0.0, ge=-8, le=6)
    psd_en_face: float = Field(default=1.0, ge=0, le=1)
    blank_sections: Literal["unknown", "labelled"] = "unknown"
    also: tuple[Annotated[str, AfterValidator(_no_class)], ...] = ()

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave what is usual out, so that traces and manifests are as before there was a choice."""
        values: dict[str, Any] = dump(self)
        if self.membrane_followed == 0:
            values.pop("membrane_followed", None)
        if self.classes == CLASSES:
            values.pop("classes", None)  # a dump may leave it out itself
        if self.psd_en_face == 1.0:
            values.pop("psd_en_face", None)
        return values


def lacks(anatomy: "Anatomy", name: str) -> bool:
    """Tell whether a tissue has nothing of a class; membranes and thin glia are in any."""
    part = {"mito_boundary": "mitochondrion", "cleft": "psd", "dendrite": "dendrites", "soma": "somata"}
    part |= {"axon": "axons"}
    always = ("membrane", "glia")
    return name not in always and getattr(anatomy, part.get(name, name)) is None
