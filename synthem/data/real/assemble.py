"""From what a layout found to patches: sections chosen, sizes compared, voxel size and greys settled."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.files import choose, odd
from synthem.data.greys import sampled_greys
from synthem.data.masks import Masks
from synthem.data.real.case import Case, Found
from synthem.data.real.folder import RealFolder
from synthem.data.real.label_map import LabelMaps, MapMasks, without_meaning
from synthem.data.real.reading import USUAL_NM, Reading
from synthem.data.real.told import NOTE, voxel_beside
from synthem.data.volume import Plane
from synthem.labels import CLASSES, in_order, united

Triple = tuple[float, float, float]
NEAR = 0.01
"""Voxel sizes that differ by less are the same."""


def assemble(
    root: Path, found: Found, names: Iterable[str] | None, voxel_nm: Triple | None, how: Reading
) -> RealFolder:
    """Return the patches of what was found.

    Raises
    ------
    InputError
        Where no section has a wanted name; labels differ in size from their image; label maps have no meaning
        or ``--classes`` nothing to give one to; voxel sizes differ; or greys cannot be brought to 8 bits.
    """
    parts = {case.name: _sections(case) for case in found.cases}
    owner = {section: case for case in found.cases for section in parts[case.name]}
    chosen = _chosen(parts, owner, names, root)
    cases = list({id(owner[name]): owner[name] for name in chosen}.values())
    for case in cases:
        _check_shapes(case)
    slices = {name: Plane(case.image, k) for case in found.cases for k, name in enumerate(parts[case.name])}
    masks, maps = _labels(root, found, parts, how)
    size, said = _voxel_size(root, cases, voxel_nm)
    greys = sampled_greys(root, [slices[name] for name in chosen])
    warnings = [
        line
        for cls, place in found.places.items()
        for line in odd(
            f"{place}: no mask, so {cls} is unlabelled there",
            [name for name in chosen if name not in masks.get(cls, ())],
        )
    ]
    warnings += [note for case in cases for note in case.image.notes]
    if not masks:
        warnings.append(f"{root}: no labels were found beside the images; see --labels")
    volumes = _volumes(root, chosen, owner, slices) if how.volumes else {}
    return RealFolder(
        root=root,
        names=tuple(volumes or chosen),
        slices=slices,
        masks=masks,
        voxel_nm=size,
        warnings=tuple(dict.fromkeys([*warnings, *found.warnings, *said, *_told(root, greys.note())])),
        layout=found.layout,
        greys=greys,
        volumes=volumes,
        maps=maps,
        unsaid=Masks(
            {
                name: Plane(case.ignored, k)
                for case in cases
                if case.ignored
                for k, name in enumerate(parts[case.name])
            }
        ),
        classes=united(CLASSES, masks),
    )


def _told(root: Path, notes: list[str]) -> list[str]:
    return [f"{root}: {note}" for note in notes]


def _sections(case: Case) -> tuple[str, ...]:
    """Name the sections of a case: a number behind a stack's name."""
    depth = 1 if case.picture else case.image.shape[0]
    return (case.name,) if depth == 1 else tuple(f"{case.name}:{z:04d}" for z in range(depth))


def _chosen(
    parts: Mapping[str, Sequence[str]], owner: Mapping[str, Case], names: Iterable[str] | None, root: Path
) -> list[str]:
    """Return the sections that are named; a stack's own name is all of its sections."""
    if names is None:
        return list(owner)
    wanted = [names] if isinstance(names, str) else list(names)
    every = {section for name in wanted for section in parts.get(name, ())}
    rest = [name for name in wanted if name not in parts]
    every |= set(choose(owner, rest, root)) if rest else set()
    return [section for section in owner if section in every]


def _check_shapes(case: Case) -> None:
    for other in filter(None, (*case.masks.values(), case.labels, case.ignored)):
        (depth, *size), (sections, *own) = other.shape, case.image.shape
        if depth != sections:
            raise InputError(
                f"{other.where}: holds {depth} sections, its images {case.image.where} {sections}"
            )
        if size != own:
            raise InputError(
                f"{other.where}: the mask is {size[0]} × {size[1]} pixels, its slice {own[0]} × {own[1]}"
            )


def _labels(
    root: Path, found: Found, parts: Mapping[str, Sequence[str]], how: Reading
) -> tuple[dict[str, Masks | MapMasks], LabelMaps | None]:
    """Return masks by class, of files of each class and of label maps."""
    codes = how.codes
    planes: dict[str, dict[str, Plane]] = {}
    mapped: dict[str, Plane] = {}
    for case in found.cases:
        for k, name in enumerate(parts[case.name]):
            for cls, volume in case.masks.items():
                if volume.reached(k):
                    planes.setdefault(cls, {})[name] = Plane(volume, k)
            if case.labels is not None and case.labels.reached(k):
                mapped[name] = Plane(case.labels, k)
    if codes and not mapped and codes.instances in planes:
        mapped = planes.pop(codes.instances)
    if mapped and codes is None:
        raise without_meaning(mapped)
    if codes and not mapped:
        raise InputError(
            f"{root}: --classes says what values of label maps are, and none was found in it, read as "
            f"{found.layout}; see --labels"
        )
    masks: dict[str, Masks | MapMasks] = {cls: Masks(planes[cls]) for cls in in_order(planes)}
    if codes is None or not mapped:
        return masks, None
    maps = LabelMaps(mapped, codes)
    if twice := [cls for cls in codes.classes if cls in masks]:
        raise InputError(
            f"{root}: {twice[0]} has masks of its own, and --classes names it too; leave one of them"
        )
    both = masks | {cls: maps.of(cls) for cls in codes.classes}
    return {cls: both[cls] for cls in in_order(both)}, maps


def _voxel_size(root: Path, cases: Sequence[Case], voxel_nm: Triple | None) -> tuple[Triple, list[str]]:
    """Return the voxel size, and what is to be said of it."""
    told = {c.image.voxel_nm: str(c.image.where) for c in reversed(cases) if c.image.voxel_nm}
    if not told and (beside := voxel_beside(root)):
        told = {beside: str(root / NOTE)}
    if voxel_nm is not None:
        for (z, y, x), where in told.items():
            own = (voxel_nm[0] if z is None else z, y, x)
            if any(abs(a / b - 1) > NEAR for a, b in zip(own, voxel_nm, strict=True)):
                return voxel_nm, [
                    f"{where}: tells a voxel size of {_size(own)} nm; {_size(voxel_nm)} is taken, "
                    "as --voxel-nm says"
                ]
        return voxel_nm, []
    if not told:
        return USUAL_NM, [
            f"{root}: tells no voxel size, so {_size(USUAL_NM)} nm is taken; --voxel-nm says another"
        ]
    if len(told) > 1:
        (first, one), (other, two), *_ = told.items()
        raise InputError(
            f"{root}: {one} tells a voxel size of {_size(first)} nm and {two} one of "
            f"{_size(other)}; give one with --voxel-nm"
        )
    ((z, y, x),) = told
    if z is None:
        line = f"{root}: tells no thickness of its sections, so {x:g} nm is taken, as along x; see --voxel-nm"
        return (x, y, x), [line] if any(case.image.shape[0] > 1 for case in cases) else []
    return (z, y, x), []


def _size(edges: Sequence[float | None]) -> str:
    return " × ".join("?" if edge is None else f"{edge:g}" for edge in edges)


def _volumes(
    root: Path, chosen: Sequence[str], owner: Mapping[str, Case], slices: Mapping[str, Plane]
) -> dict[str, tuple[str, ...]]:
    """Gather sections that follow each other: those of a stack, or pictures with consecutive numbers."""
    runs: list[list[str]] = []
    for name in chosen:
        last = runs[-1][-1] if runs else None
        if last is not None and _follows(last, name, owner, slices):
            runs[-1].append(name)
        else:
            runs.append([name])
    volumes = {_name_of(run, owner): tuple(run) for run in runs}
    if all(len(run) == 1 for run in runs):
        raise InputError(
            f"{root}: its sections make no volume: a stack is wanted, or pictures whose numbers follow each "
            "other"
        )
    return volumes


def _follows(last: str, name: str, owner: Mapping[str, Case], slices: Mapping[str, Plane]) -> bool:
    if slices[last].size != slices[name].size:
        return False
    if owner[last] is owner[name]:
        return slices[name].z == slices[last].z + 1
    if slices[last].volume.shape[0] > 1 or slices[name].volume.shape[0] > 1:
        return False
    one, two = (re.fullmatch(r"(.*?)(\d+)(\D*)", text) for text in (last, name))
    return bool(one and two and one[1] == two[1] and one[3] == two[3] and int(two[2]) == int(one[2]) + 1)


def _name_of(run: Sequence[str], owner: Mapping[str, Case]) -> str:
    """Name a volume: as its stack if it is whole, else after its first and last section."""
    case = owner[run[0]]
    if len(run) > 1 and case is owner[run[-1]] and len(run) == case.image.shape[0]:
        return case.name
    return run[0] if len(run) == 1 else f"{run[0]}-{run[-1].rpartition(':')[2]}"
