"""What came out, in a sentence that is chosen from the figures."""

from collections.abc import Sequence

from synthem.experiment.arms import Arm
from synthem.experiment.gains import Comparison, GainRow, Verdict, short


def headline(comparisons: Sequence[Comparison], sections: int) -> str:
    """State what the foremost arm gains over ``real`` where labels are most, or why that cannot be told.

    Of several budgets and class sets, the largest are spoken of.

    Parameters
    ----------
    comparisons : sequence of Comparison
    sections : int
        Labelled real sections, where a comparison does not say how many it has.
    """
    most = foremost(comparisons)
    return outcome(most, most.spoken, sections)


def foremost(comparisons: Sequence[Comparison]) -> Comparison:
    """Return the comparison of most classes, steps and labels, in which a gain is the hardest to reach."""
    return max(comparisons, key=lambda c: (c.class_set, c.real_sections or 0, max(r.steps for r in c.runs)))


def outcome(comparison: Comparison, arm: Arm, sections: int) -> str:
    """State in plain words what an arm gains and loses over ``real`` in one comparison."""
    count = sections if comparison.real_sections is None else comparison.real_sections
    labelled = f"{count} labelled section{'s' * (count != 1)}"
    *rows, mean = comparison.rows
    if "real" not in comparison.arms:
        reached = _list([f"{short(mean.score[a].mean)} by {a}" for a in comparison.arms])
        return f"No arm learned from real labels alone, so no gain can be told; mean Dice is {reached}."
    if arm == "real":
        return (
            f"{labelled[0].upper()}{labelled[1:]} reach a mean Dice of {short(mean.score['real'].mean)}; "
            "no other arm was trained to compare with."
        )
    verdicts: tuple[Verdict, ...] = ("gain", "loss", "no difference shown", "no interval")
    told = {v: text for v in verdicts if (text := _told(rows, arm, v))}
    if not told:
        return f"{_subject(arm, labelled)} can be compared for no class: the test sections hold none."
    if set(told) == {"no difference shown"} and len(rows) > 1:
        told["no difference shown"] = "show no difference for any class"
    text = f"{_subject(arm, labelled)} {'; '.join(told.values())}."
    if len(rows) == 1:
        return text
    before, after, gain = short(mean.score["real"].mean), short(mean.score[arm].mean), mean.gain[arm]
    return (
        f"{text} Mean Dice goes from {before} to {after}, {gain}{'' if gain.interval else ', no interval'}."
    )


def _subject(arm: Arm, labelled: str) -> str:
    return {
        "augmented": f"Other microscopes' views of {labelled}",
        "synthetic": f"Synthetic patches in place of {labelled}",
        "mixed": f"Synthetic patches added to {labelled}",
        "mixed-uniform": f"Synthetic patches in rounds of equal budgets added to {labelled}",
        "mixed-inverse": f"Synthetic patches in rounds, most of rare classes, added to {labelled}",
        "mixed-adaptive": f"Synthetic patches in rounds, most of what is hard, added to {labelled}",
        "pretrained": f"Weights that were trained beforehand and refined on {labelled}",
        "pasted": f"Versions of {labelled} with structures set in, beside these,",
        "self-trained": f"Sections without labels, taught beside {labelled},",
        "adapted": f"Weights that were adapted without any label, in place of {labelled},",
    }[arm]


def _told(rows: Sequence[GainRow], arm: Arm, verdict: Verdict) -> str:
    """Say of which classes a verdict is true, the largest first; nothing where of none."""
    held = [r for r in rows if r.support and r.gain[arm].verdict == verdict]
    held.sort(key=lambda row: -abs(row.gain[arm].mean))
    if not held:
        return ""
    if verdict == "no difference shown":
        return f"show no difference for {_list([row.label for row in held])}"
    if verdict == "no interval":
        by = [f"{row.label} by {short(row.gain[arm].mean, '+.2f')}" for row in held]
        return f"change {_list(by)}, in too few places for an interval"
    by = [f"{r.label} by {short(abs(r.gain[arm].mean), '.2f')} {_size(r, arm)}" for r in held]
    return f"{'lift' if verdict == 'gain' else 'lower'} {_list(by)}"


def _size(row: GainRow, arm: Arm) -> str:
    """Write the interval of how far a class is lifted, or lowered."""
    ends = sorted(abs(end) for end in (row.gain[arm].low, row.gain[arm].high))
    return "[" + ", ".join(short(end, ".2f") for end in ends) + "]"


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
