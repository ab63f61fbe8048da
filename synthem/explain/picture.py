"""The plot of the context that classes need."""

from pathlib import Path

from matplotlib.figure import Figure

from synthem.explain.attribution import HELD
from synthem.explain.explain import Context
from synthem.labels import colour_of


def draw_context(context: Context, path: Path) -> None:
    """Draw attribution by radius, and Dice by window, a line a class, as PNG."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    near, wide = figure.subplots(1, 2)
    marks = "osD^vP*XhdpH"
    for k, (name, one) in enumerate(context.classes.items()):
        look = {"color": tuple(c / 255 for c in colour_of(name)), "marker": marks[k % len(marks)]}
        if one.pixels:
            near.plot(context.radii_nm, one.shares, label=name.replace("_", " "), markevery=8, ms=5, **look)
        known = [(w, d) for w, d in zip(context.windows_nm, one.dice, strict=True) if d is not None]
        if known:
            wide.plot(*zip(*known, strict=True), label=name.replace("_", " "), ms=5, **look)
    near.axhline(HELD, color="grey", lw=0.8, ls=":")
    near.set(xlabel="distance from the pixel, nm", ylabel="share of the attribution", ylim=(0, 1.02))
    wide.set(xlabel="edge of the window, nm", ylabel="Dice", ylim=(0, 1.02), xscale="log")
    ticks = context.windows_nm[::2]
    wide.set_xticks(ticks, [f"{tick:.0f}" for tick in ticks])
    wide.minorticks_off()
    for panel in (near, wide):
        panel.grid(alpha=0.3)
    handles, labels = near.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=6, frameon=False)
    figure.savefig(path, dpi=110)
