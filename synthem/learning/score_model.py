"""Scores of a model on data with masks, of any voxel size."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from synthem.labels import channels
from synthem.learning.counts import Counts, count
from synthem.learning.dice import Scores, score_table
from synthem.learning.prepare import resampled_note, wanted_voxel, zoom_of, zoomed
from synthem.learning.seen import seen_array
from synthem.patch import Patch

if TYPE_CHECKING:
    from synthem.learning.model_file import Model


def evaluate(
    model: "Model",
    data: Sequence[Patch],
    *,
    threshold: float = 0.5,
    tick: Callable[[int, int], None] = lambda done, of: None,
    say: Callable[[str], None] = lambda text: None,
) -> Scores:
    """Score a model on whole patches or sections: ``score_table`` of the counts of all of them.

    Images whose voxels differ from the model's by over a tenth are resampled to these, and what is found is
    brought back: masks are compared in their own voxels, as they are.

    Parameters
    ----------
    model : Model
    data : sequence of Patch
    threshold : float
        A class is found above this probability.
    say : callable
        Is told, once for each voxel size, that images are resampled.

    Raises
    ------
    InputError
        Where voxels are out of the range in which they are resampled.
    """
    from synthem.learning.predict import Predictor

    predictor = Predictor(model)
    use = channels(model.classes)
    total = Counts.zero(len(use))
    notes: set[str] = set()
    for done, patch in enumerate(data):
        tick(done, len(data))
        own = patch.grid.voxel_nm
        target = wanted_voxel(model.card, own, patch.name)
        seen = seen_array(patch.image, zoomed(patch.grid.shape, zoom_of(own, target)))
        note = f"{resampled_note(own, target)}, and scores are of the images' own"
        if seen.resampled and note not in notes:
            notes.add(note)
            say(note)
        found = patch.judged(predictor.masks(seen, threshold))
        total += count(found, patch.labels[use], patch.labelled[use])
    return score_table(total, model.classes)
