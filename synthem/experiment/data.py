"""The data of an experiment: real halves, what is held out of them, and where each arm's crops come from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.open import warnings_of
from synthem.data.real.layouts import read_folder
from synthem.data.splits import beside, read_split
from synthem.experiment.arms import NO_REAL_LABEL, REAL_ALONE, REFINED, Arm
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.sections import labelled_sections, spread_sections
from synthem.experiment.seen import warn_of_seen
from synthem.experiment.self_training import unlabelled_sections
from synthem.learning.crops.balance import balance_weights
from synthem.learning.crops.crops import (
    CropSource,
    MixedCrops,
    RareSource,
    TiledCrops,
    UniformCrops,
    room_for,
    tile_corners,
)
from synthem.learning.crops.held_classes import absence_notes, blank_dice, spared_weights, without_absent
from synthem.learning.crops.hold_out import hold_out
from synthem.learning.crops.rare_crops import RareCrops
from synthem.paste.run import paste_sections
from synthem.patch import Patch, classes_of, shares_of
from synthem.preset.preset import load_preset


@dataclass(frozen=True)
class Data:
    """Everything that the arms train on, choose by and are scored on; synthetic patches can be added."""

    train: Sequence[Patch]
    validation: Sequence[Patch]
    test: Sequence[Patch]
    synthetic: Sequence[Patch] = ()
    synthetic_validation: Sequence[Patch] = ()
    notes: tuple[str, ...] = ()
    """What the report should say about the data, a sentence each."""
    half: Sequence[Patch] = ()
    """The whole real training half, of which ``train`` and ``validation`` are made."""
    unlabelled: Sequence[Patch] = ()
    """Images alone, of which the arm ``self-trained`` learns."""

    def of_sections(self, config: ExperimentConfig, number: int) -> "Data":
        """Return the same data with so few labelled sections, of which some are held out too.

        Raises InputError where there are fewer, or the only one is too small to be cut.
        """
        chosen = spread_sections(self.half, number)
        kept, held = hold_out(chosen, config.validation_share, config.training.patch_vx)
        return replace(self, train=kept, validation=held)

    def with_synthetic(self, config: ExperimentConfig, patches: Sequence[Patch]) -> "Data":
        """Return the same data with synthetic patches, of which some are held out too."""
        ours, held = hold_out(patches, config.validation_share, config.training.patch_vx)
        notes = [*self.notes, *absence_notes(ours, "synthetic patches")]
        if config.synthetic.balance:
            missed = balance_weights(
                shares_of(ours), config.synthetic.balance, classes=classes_of(ours)
            ).shortfalls
            notes += [f"crops of synthetic patches: {sentence}" for sentence in missed]
        return replace(self, synthetic=ours, synthetic_validation=held, notes=tuple(notes))

    def epoch_steps(self, config: ExperimentConfig) -> int:
        """Count the steps of an epoch, alike for all arms: as many crops as the real sections have tiles."""
        shape, overlap = config.training.patch_vx, config.overlap
        return ceil(sum(len(tile_corners(p, shape, overlap)) for p in self.train) / config.training.batch)

    def validation_for(self, arm: Arm) -> Sequence[Patch]:
        """Return what an arm chooses its best model by: a real label only where its training sees any."""
        return self.synthetic_validation if arm in NO_REAL_LABEL else self.validation

    def source_for(self, arm: Arm, config: ExperimentConfig, classes: Sequence[str]) -> CropSource:
        """Where an arm's crops come from."""
        if arm in REAL_ALONE:
            return self._real(self.train, config, classes)
        if arm in NO_REAL_LABEL:
            return self._synthetic(self.synthetic, config)
        real, ours = self.train, self.synthetic
        if config.pastes(arm):
            real = [*real, *self.pasted(config)]
        if arm == "pasted":
            return self._real(real, config, classes)
        share = config.pretrained.fraction if arm in REFINED else config.synthetic.fraction
        if share is None:
            tiles = self.epoch_steps(config) * config.training.batch
            share = (len(self.synthetic) / (len(self.synthetic) + tiles),)
        if config.absent == "unlabelled":  # a trained network may know a class that no section holds
            real, ours = without_absent(real), without_absent(ours)
        if not any(share):
            return self._real(real, config, classes)
        first, second = self._real(real, config, classes), self._synthetic(ours, config)
        weights = config.synthetic.weights
        return MixedCrops(first, second, share, spared_weights(self.train) if weights is None else weights)

    def pasted(self, config: ExperimentConfig) -> list[Patch]:
        """Return versions of the training sections with things set in, the same at every call."""
        request = config.pasted.request(config.synthetic.preset)
        labelled = [patch for patch in self.train if patch.knows("membrane")]
        return paste_sections(labelled, request, len(labelled) * config.pasted.versions)[0]

    @staticmethod
    def _real(train: Sequence[Patch], config: ExperimentConfig, classes: Sequence[str]) -> CropSource:
        shape = config.training.patch_vx
        if config.crops == "tiles":
            return TiledCrops(train, shape, config.overlap)
        if config.crops == "uniform":
            return UniformCrops(train, shape)
        weights = {name: weight for name, weight in config.rare.items() if name in classes}
        return RareSource(train, RareCrops(train, shape, weights))

    @staticmethod
    def _synthetic(patches: Sequence[Patch], config: ExperimentConfig) -> CropSource:
        balance = config.synthetic.balance
        weights = None
        if balance:
            weights = balance_weights(shares_of(patches), balance, classes=classes_of(patches)).weights
        return UniformCrops(patches, config.training.patch_vx, weights)


def load_data(config: ExperimentConfig) -> Data:
    """Read the real halves, and hold out what validates; ``with_synthetic`` adds the synthetic patches.

    Raises
    ------
    InputError
        Where no folder or sections are named, the halves share a section, or there are fewer labelled
        sections than an arm is to have.
    """
    if config.real is None:
        raise InputError("experiment: say where the real sections are: `--real DIR`, or `real:` in the file")
    root = Path(config.real)
    train_names, test_names = _halves(config, root)
    how = config.reading.deep(config.training.network.dims)
    train = read_folder(root, train_names, config.voxel_nm, how)
    test = read_folder(root, test_names, config.voxel_nm, how)
    both = sorted(set(train.names) & set(test.names))
    if both:
        raise InputError(f"experiment: {both[0]!r} is in both halves; train and test must not share sections")
    half = list(train)
    kept, held = hold_out(half, config.validation_share, config.training.patch_vx)
    data = Data(kept, held, test[:: config.test_every], half=half)
    if config.needs_pasted and (bare := [p.name for p in half if any(p.known) and not p.knows("membrane")]):
        raise InputError(f"pasted: wants masks of membranes, and section {bare[0]!r} has none")
    notes = [*warnings_of(train), *warnings_of(test)]
    for number in config.real_sections:
        notes += _notes_of(data, config, number)
    if not set(config.arms) <= set(REAL_ALONE):
        notes += warn_of_seen(load_preset(config.synthetic.preset), [patch.name for patch in data.test])
    if "self-trained" in config.arms and config.self_training is not None:
        halves = (train.names, test.names)
        images, more = unlabelled_sections(config.self_training, config.real, config.voxel_nm, how, halves)
        data, notes = replace(data, unlabelled=images), [*notes, *more]
    return replace(data, notes=tuple(dict.fromkeys(notes)))


def _notes_of(data: Data, config: ExperimentConfig, number: int | str) -> list[str]:
    """Say what is odd in the sections of one comparison; refuse those that are too small."""
    few = isinstance(number, int) and number != len(labelled_sections(data.half))
    if isinstance(number, int) and few:
        data = data.of_sections(config, number)
    for patch in (*data.train, *data.validation):
        room_for(patch, config.training.patch_vx)
    notes = absence_notes(data.train, "real training sections")
    notes += filter(None, (blank_dice(data.validation, own) for own in config.sets.values()))
    if not few:
        return notes
    sides = [", ".join(p.name for p in side) for side in (data.train, data.validation)]
    parts = (
        f"parts of {sides[0]} train and validate" if number == 1 else "{} train, {} validate".format(*sides)
    )
    lead = f"{number} labelled section{'s' if number != 1 else ''}"
    return [f"{lead}: {parts}", *(f"{lead}: {note}" for note in notes)]


def _halves(config: ExperimentConfig, root: Path) -> tuple[Sequence[str], Sequence[str]]:
    if config.train and config.test:
        return config.train, config.test
    if config.split is None:
        raise InputError("experiment: name the sections, `train:` and `test:`, or a split, `--split NAME`")
    return read_split(beside(root) / config.splits, config.split)
