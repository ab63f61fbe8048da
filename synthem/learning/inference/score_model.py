"""Scores of a model on data with masks, of any voxel size."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.open import labelled_in
from synthem.learning.inference.prepare import resampled_note, wanted_voxel, zoom_of, zoomed
from synthem.learning.inference.seen import seen_array
from synthem.patch import Patch, classes_of
from synthem.scores.counts import Bools, Counts, count
from synthem.scores.dice import Scores, score_table

if TYPE_CHECKING:
    from synthem.learning.network.model_file import Model

Floats = npt.NDArray[np.float32]


def evaluate(
    model: "Model",
    data: Sequence[Patch],
    *,
    threshold: float = 0.5,
    tick: Callable[[int, int], None] = lambda done, of: None,
    say: Callable[[str], None] = lambda text: None,
    also: Callable[[Patch, Bools], None] = lambda patch, found: None,
    score: Callable[[Patch, Bools, Floats], None] | None = None,
) -> Scores:
    """Score a model on whole patches or sections: ``score_table`` of the counts of all of them.

    Images whose voxels differ from the model's by over a tenth are resampled to these, and what is found is
    brought back: masks are compared in their own voxels, as they are. A class that is not labelled in the
    data has no score.

    Parameters
    ----------
    model : Model
    data : sequence of Patch
    threshold : float
        A class is found above this probability.
    say : callable
        Is told, once for each voxel size, that images are resampled; and which classes the data know
        nothing of.
    also : callable
        Is given each patch, and what the model finds in it, bool (class, z, y, x).
    score : callable, optional
        Is given the probabilities too, float32 (class, z, y, x), which are then held of a whole patch; 0 of a
        class that the model never learned.

    Raises
    ------
    InputError
        Where voxels are out of the range in which they are resampled, or no class of the model is labelled in
        any of the data.
    """
    from synthem.learning.inference.predict import Predictor

    predictor = Predictor(model)
    silent = [k for k, name in enumerate(model.classes) if name not in model.learned]
    total = Counts.zero(len(model.classes))
    common(model.classes, data, say)
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
        if score is None:
            found = patch.judged(predictor.masks(seen, threshold))
        else:
            probabilities = predictor.probabilities(seen)
            probabilities[silent] = 0
            found = patch.judged(predictor.above(probabilities, threshold))
            score(patch, found, probabilities)
        also(patch, found)
        total += count(found, patch.labels_of(model.classes), patch.labelled_of(model.classes))
    return score_table(total, model.classes)


def common(classes: Sequence[str], data: Sequence[Patch], say: Callable[[str], None]) -> None:
    """Say which classes of a model the data cannot score; InputError where that is all of them."""
    labelled = labelled_in(data)
    if not set(classes) & set(labelled):
        raise InputError(
            f"scores: the model and the data have no class in common: the model finds {', '.join(classes)}, "
            f"and the data are labelled for {', '.join(labelled) or 'none'}"
        )
    if others := [name for name in classes if name not in classes_of(data)]:
        say(f"no score of {', '.join(others)}: the data are not labelled for it")
