"""What was found wrong with the teachers of self-trained runs, and when they were not listened to."""

from collections.abc import Sequence

from synthem.experiment.results import Run


def about_looks(runs: Sequence[Run]) -> list[str]:
    """Say of each self-trained run when its teacher was not listened to, and why."""
    lines = []
    for run in (run for run in runs if run.looks):
        off = [look for look in run.looks if look["wrong"]]
        where = f"`self-trained`, {run.class_set} classes, {run.budget}, seed {run.seed}"
        if run.real_sections is not None:
            where += f", {run.real_sections} real sections"
        if not off:
            lines.append(f"{where}: all {len(run.looks)} looks at its teacher found it in range.")
            continue
        first = off[0]
        lines.append(
            f"{where}: after {len(off)} of {len(run.looks)} looks at its teacher nothing was learned from "
            f"unlabelled crops; first at step {first['step']} ({'; '.join(first['wrong'])})."
        )
    return lines
