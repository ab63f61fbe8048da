"""The job: sections in, sections out, each by its own key, and a record of every thing that was set in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shapes.core.errors import InputError
from synthem import __version__
from synthem.data.atomic import write_json, written
from synthem.data.files import is_vacant
from synthem.data.jobs import run_jobs
from synthem.data.png_folder import write_patch
from synthem.paste.budget import Offer, choose
from synthem.paste.copy_paste import copied
from synthem.paste.cover import cover_of
from synthem.paste.drawing import draw_shown, draw_things, ids_of, masks_of
from synthem.paste.grey import Greys
from synthem.paste.merge import merged, with_masks
from synthem.paste.places import find_things, key_of
from synthem.paste.profiles import Profiles, read_profiles
from synthem.paste.request import Request
from synthem.paste.things import KINDS, Thing
from synthem.patch import Patch
from synthem.world import WORLD_VERSION

RECORD = "pasted.json"
"""The file in the output folder that lists what was set in."""
_DONORS, _AT_A_TIME = 4, 64
_WITH_BALANCE = 60  # things of a kind that are looked for in a section where shares are wanted

Entry = dict[str, Any]


class _Turn(NamedTuple):
    """One output section: which input, and how often that was taken before."""

    number: int
    section: int
    turn: int


Found = list[list[Thing] | None]
"""What is set into each section of a patch; None where that is to be looked for."""


class _Job(NamedTuple):
    """What a process needs for one output section; ``donors`` are what copies are cut from."""

    patch: Patch
    turn: _Turn
    plan: Found | None
    donors: tuple[Patch, ...]


def paste_sections(
    patches: Sequence[Patch], request: Request, count: int | None = None
) -> tuple[list[Patch], list[Entry], list[str]]:
    """Set things into sections, in memory.

    Parameters
    ----------
    patches : sequence of Patch
        Labelled sections; of a volume each section is taken for itself.
    request : Request
        What is to be set in.
    count : int, optional
        Number of output patches, which take the input ones in turn; one of each by default.

    Returns
    -------
    list of Patch, list of dict, list of str
        The patches, an entry for every thing set in, and a sentence for what could not be done.

    Raises
    ------
    InputError
        Where a section has no mask of membranes, or the preset lacks what is asked for.
    """
    request.tissue()
    turns = _turns(len(patches), count)
    plan, notes = _plan(patches, request, turns, lambda do, jobs, done: run_jobs(do, jobs, 1, done))
    made = [_made(request, job) for job in _jobs(patches, request, turns, plan)]
    return [patch for patch, _ in made], [entry for _, own in made for entry in own], [*notes]


def paste_into(
    patches: Sequence[Patch],
    out: Path,
    request: Request,
    count: int | None = None,
    workers: int = 1,
    tick: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[list[Entry], list[str]]:
    """Set things into sections and write them as a folder of PNGs, with a record of what was set in.

    Parameters
    ----------
    patches, request, count
        As ``paste_sections`` has them.
    out : Path
        A new or empty folder.
    workers : int
        Number of processes; it makes no difference to a byte.
    tick : callable
        Told how many steps are done, and of how many.

    Raises
    ------
    InputError
        As ``paste_sections`` does; where the folder holds anything, or the disk is full.
    """
    preset = request.tissue()
    if not is_vacant(out):
        raise InputError(f"{out}: exists already; give a new or an empty folder")
    turns, done = _turns(len(patches), count), 0
    steps = len(turns) * (2 if request.balance else 1)

    def crew(do: Callable[[Any], Any], jobs: Sequence[Any], told: Callable[[Any], None]) -> None:
        def one(result: Any) -> None:
            nonlocal done
            done += 1
            told(result)
            tick(done, steps)

        run_jobs(do, jobs, workers, one)

    plan, notes = _plan(patches, request, turns, crew)
    entries: dict[int, list[Entry]] = {}
    with written(out):
        for some in _batches(turns):
            jobs = list(_jobs(patches, request, some, plan))
            crew(partial(_write, request, out), jobs, lambda result: entries.update([result]))
        told = [entry for k in sorted(entries) for entry in entries[k]]
        record = {
            "synthem": __version__,
            "world_version": WORLD_VERSION,
            "preset": preset.name,
            "request": request.model_dump(mode="json"),
            "sections": len(turns),
            "notes": notes,
            "pasted": told,
        }
        write_json(out / RECORD, record)
    return told, notes


def _turns(given: int, count: int | None) -> list[_Turn]:
    """Return the output sections; all inputs are taken once before any is taken again."""
    if given == 0:
        raise InputError("paste: there is no section")
    if count is not None and count < 1:
        raise InputError(f"count: at least one section, not {count}")
    return [_Turn(k, k % given, k // given) for k in range(given if count is None else count)]


def _jobs(
    patches: Sequence[Patch], request: Request, turns: Sequence[_Turn], plan: Mapping[int, Found | None]
) -> Iterator[_Job]:
    """Read what each output section is made from; copies are cut from it and from the next ones."""
    for turn in turns:
        some = range(turn.section, turn.section + min(_DONORS, len(patches)) * request.copied)
        donors = tuple(patches[k % len(patches)] for k in some)
        yield _Job(patches[turn.section], turn, plan.get(turn.number), donors)


def _batches(turns: Sequence[_Turn]) -> Iterator[Sequence[_Turn]]:
    """Yield runs of output sections, so many as memory holds at a time."""
    for first in range(0, len(turns), _AT_A_TIME):
        yield turns[first : first + _AT_A_TIME]


def _plan(
    patches: Sequence[Patch], request: Request, turns: Sequence[_Turn], crew: Callable[..., None]
) -> tuple[dict[int, Found | None], list[str]]:
    """Choose what is set in where shares are wanted; elsewhere each section is left to itself."""
    if not request.balance:
        return dict.fromkeys((turn.number for turn in turns), None), []
    offers: dict[int, list[Offer]] = {}
    for some in _batches(turns):
        jobs = list(_jobs(patches, request, some, {}))
        crew(partial(_offers, request), jobs, lambda result: offers.update([result]))
    chosen, notes = choose([offers[turn.number] for turn in turns], request.balance)
    return {
        turn.number: [list(things) for things in own] for turn, own in zip(turns, chosen, strict=True)
    }, notes


def _offers(request: Request, job: _Job) -> tuple[int, list[Offer]]:
    """Return what the sections of a patch hold, and what could be set into each, with what it would add."""
    patch, turn, preset = job.patch, job.turn, request.tissue()
    out = []
    for z in range(patch.grid.shape[0]):
        section, key = _section(patch, z), key_of(request, _name(patch, z), turn.turn)
        greys = Greys.of(section)
        things = find_things(section, greys, request, preset, key, _WITH_BALANCE)
        scene, things = draw_shown(section, things, preset, _seed(key))
        ids = ids_of(scene, preset)
        gains = []
        for thing in things:
            mine = {thing.id, *thing.balls.ids.tolist()}
            gains.append({name: int(np.isin(ids[name], list(mine)).sum()) for name in ids})
        held = {name: int(mask.sum()) for name, mask in section.masks.items()}
        out.append(Offer(section.ids.size, held, things, gains))
    return turn.number, out


def _made(request: Request, job: _Job) -> tuple[Patch, list[Entry]]:
    """Return one output patch, and what was set into it."""
    patch, turn, plan, preset = job.patch, job.turn, job.plan, request.tissue()
    name = f"{patch.name}-{turn.turn}"
    entries: list[Entry] = []
    out = patch
    for z in range(patch.grid.shape[0]):
        section, key = _section(patch, z), key_of(request, _name(patch, z), turn.turn)
        greys = Greys.of(section)
        chosen = plan[z] if plan else None
        if chosen is None:
            chosen = find_things(section, greys, request, preset, key, request.per_section)
        scene, chosen = draw_shown(section, chosen, preset, _seed(key))
        if request.copied:
            cover, new, chosen = copied(
                section, greys, chosen, (_section(each, each.grid.shape[0] // 2) for each in job.donors)
            )
        if not chosen:
            continue
        if request.copied:
            image = greys.composed(cover, {})  # copies bring their own greys
        else:
            bare = draw_things(section, [], preset, _seed(key))
            new = masks_of(scene, preset)
            image = greys.composed(cover_of(greys, scene, bare, preset), {name: new[name] for name in KINDS})
        out = with_masks(out, z, image, merged(section, new))
        entries += [_entry(thing, patch, name, z, request.seed) for thing in chosen]
    return replace(out, name=name, instances={}, clean=None, trace=None), entries


def _write(request: Request, out: Path, job: _Job) -> tuple[int, list[Entry]]:
    patch, entries = _made(request, job)
    write_patch(patch, out, patch.name.replace(":", "_"))
    return job.turn.number, entries


def _section(patch: Patch, z: int) -> Profiles:
    return read_profiles(patch, z)


def _name(patch: Patch, z: int) -> str:
    return patch.name if patch.grid.shape[0] == 1 else f"{patch.name}:{z:04d}"


def _seed(key: np.uint64) -> int:
    """Return a seed for textures."""
    return int(key >> np.uint64(1))


def _entry(thing: Thing, patch: Patch, name: str, z: int, seed: int) -> Entry:
    (y, x), (_, dy, dx) = thing.place_nm, patch.grid.voxel_nm
    own: Entry = {
        "class": thing.kind,
        "section": name.replace(":", "_"),
        "from": patch.name,
        "z": z,
        "place_px": [round(y / dy, 1), round(x / dx, 1)],
        "size_nm": round(thing.size_nm, 1),
        "id": thing.id,
        "seed": seed,
    }
    if not len(thing.balls.ids):
        return own
    own["vesicles"] = [
        {
            "place_px": [round(float(at[1] / dy), 1), round(float(at[2] / dx), 1)],
            "radius_nm": round(float(r), 1),
        }
        for at, r in zip(thing.balls.centres_nm, thing.balls.radii_nm, strict=True)
    ]
    return own
