"""Runs with counts by block that a test makes up."""

from dataclasses import replace

import numpy as np

from synthem.experiment.blocks import Block, pooled
from synthem.experiment.results import Run
from synthem.scores.dice import score_table

CLASSES = ("psd", "sheath")


def blocks_of(counts, sections=None) -> list[Block]:
    """Make blocks of int (column, 3, class); each a section that is far from the next, or those named."""
    names = sections or [f"s{1000 * k}" for k in range(len(counts))]
    return [
        Block(section=name, block=[0, 9, 0, 9], tp=tp.tolist(), fp=fp.tolist(), fn=fn.tolist())
        for name, (tp, fp, fn) in zip(names, np.asarray(counts, int), strict=True)
    ]


def made_up(arm, seed=0, *, found=0.5, columns=12, support=(1000, 0), **more) -> Run:
    """Make a run that finds a share of each column's voxels, differing a little by column and seed."""
    rng = np.random.default_rng([seed, len(arm)])
    shares = np.clip(found + rng.normal(0, 0.01, (columns, len(support))), 0, 1)
    tp = (shares * support).astype(int)
    fn = np.array(support) - tp
    blocks = blocks_of(np.stack([tp, fn, fn], axis=1))
    scores = score_table(pooled(blocks), CLASSES[: len(support)])
    curves = [{"step": 2.0 * k, "mean": 0.1 * k, **dict.fromkeys(scores, 0.1 * k)} for k in range(1, 4)]
    confusion = np.full((len(support) + 1, len(support) + 1), 10).tolist()
    run = Run(6, "4 steps", arm, seed, 4, 4, 1.0, scores, curves, f"{arm}{seed}")
    return replace(run, **{"blocks": blocks, "confusion": confusion, **more})
