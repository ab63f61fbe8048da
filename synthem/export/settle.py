"""Which classes and cases are written where a format cannot say that a class is unlabelled in one case."""

from collections.abc import Sequence

from shapes.core.errors import InputError
from synthem.export.job import Case, Job

ENOUGH = 0.5
"""A class that is labelled in fewer of the cases is left out; where it is in more, cases without it are."""


def settle(job: Job) -> tuple[tuple[str, ...], tuple[Case, ...], list[str]]:
    """Return classes that are all labelled in all the cases returned, and what was left out for that.

    Classes that were asked for are all kept; if none were, those that are labelled in at least half of the
    cases with any labels.

    Raises
    ------
    InputError
        Where no case for training is left.
    """
    some = [case for case in job.cases if any(case.known)]
    classes, said = _classes(job, some)
    kept = tuple(case for case in some if case.labelled(classes))
    bare = [case.name for case in job.cases if not any(case.known)]
    if bare:
        said.append(f"not labelled at all, left out: {_listed(bare)}")
    for cls in classes:
        if lacking := [case.name for case in some if not case.labelled([cls])]:
            said.append(f"{len(lacking)} of {len(some)} not labelled for {cls}, left out: {_listed(lacking)}")
    if not classes or not any(case.part == "train" for case in kept):
        what = "any class" if not classes else " and ".join(classes)
        raise InputError(
            f"export: no patch to train on is labelled for {what}; choose others with --classes or --validate"
        )
    return classes, kept, said


def common_voxel(cases: Sequence[Case]) -> tuple[float, float, float]:
    """Return the voxel size of all cases; InputError where it is not the same."""
    for case in cases:
        if case.voxel_nm != cases[0].voxel_nm:
            first, other = (" × ".join(f"{e:g}" for e in c.voxel_nm) for c in (cases[0], case))
            raise InputError(
                f"export: {cases[0].name} has voxels of {first} nm and {case.name} of {other} nm; "
                "export them one after the other"
            )
    return cases[0].voxel_nm


def common_depth(cases: Sequence[Case]) -> bool:
    """Tell whether all cases are single sections; InputError where only some are."""
    for case in cases:
        if case.flat != cases[0].flat:
            raise InputError(
                f"export: {cases[0].name} has {_sections(cases[0])} and {case.name} {_sections(case)}; "
                "export single sections and volumes apart"
            )
    return cases[0].flat


def _sections(case: Case) -> str:
    return f"{case.shape[0]} section" + ("s" if case.shape[0] > 1 else "")


def _classes(job: Job, some: Sequence[Case]) -> tuple[tuple[str, ...], list[str]]:
    if job.classes is not None:
        return tuple(cls for cls in job.channels if cls in job.classes), []
    kept, said = [], []
    for cls in job.channels:
        count = sum(case.labelled([cls]) for case in some)
        if count and count >= ENOUGH * len(some):
            kept.append(cls)
        elif count:
            said.append(f"{cls} left out, labelled in {count} of {len(some)} alone; --classes asks for it")
        elif some:
            said.append(f"{cls} left out, for it is labelled nowhere")
    return tuple(kept), said


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
