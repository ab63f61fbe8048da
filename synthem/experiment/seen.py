"""What a synthetic preset has seen: sections that it was tuned on cannot tell how well its patches teach."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from synthem.preset.preset import Preset


def what_it_saw(preset: Preset) -> str:
    """Say in one sentence which real sections a preset was tuned on."""
    if not preset.tuned_on:
        return f"Preset `{preset.name}` names no real section that it was tuned on."
    return f"Preset `{preset.name}` was tuned on real sections: {', '.join(preset.tuned_on)}."


def seen_sections(preset: Preset, names: Iterable[str]) -> list[str]:
    """Return those names of sections that the preset was tuned on.

    Only names are compared: a folder of real sections may be called anything.
    """
    patterns = [entry.partition("/")[2] for entry in preset.tuned_on]
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def warn_of_seen(preset: Preset, names: Iterable[str]) -> list[str]:
    """Return a warning where the preset was tuned on any of these test sections; else nothing."""
    names = list(names)
    seen = seen_sections(preset, names)
    if not seen:
        return []
    some = ", ".join(seen[:3]) + (", …" if len(seen) > 3 else "")
    return [
        f"{len(seen)} of {len(names)} test sections ({some}) are called as those that preset "
        f"{preset.name} was tuned on: if they are these, the test of arms with synthetic patches is not blind"
    ]
