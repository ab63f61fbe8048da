"""nnU-Net v2: ``nnUNet_raw/DatasetNNN_Name`` of 2D PNG or 3D TIFF, classes as regions of one label map.

What is for training and for validation lies in ``imagesTr``, and ``splits_final.json``, which nnU-Net copies
when it plans, tells them apart; what is for testing lies in ``imagesTs``. The format is that of its own
``documentation/dataset_format.md`` and ``region_based_training.md``.
"""

from collections.abc import Callable
from typing import Any

from shapes.core.errors import InputError
from synthem.data.png_file import png_bytes
from synthem.data.stack_file import tiff_bytes
from synthem.export.codes import Codes, make_codes
from synthem.export.folder import Folder
from synthem.export.job import Case, Job
from synthem.export.settle import common_depth, settle
from synthem.labels import CELLS
from synthem.patch import Patch

USUAL_ID = 500
"""Which data set it is to nnU-Net, if no other is given; its own task numbers are below that."""

OWN_REGION = 0.01
"""An overlap gets an output of its own where it holds so large a share of one of its classes."""

SPLIT = "splits_final.json"


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write a raw data set and the commands that train on it.

    Raises
    ------
    InputError
        Where there is no case to train on, sections and volumes are mixed, or the id is not 1 to 999.
    """
    classes, cases, said = settle(job)
    number = job.options.get("dataset_id", USUAL_ID)
    if not 1 <= number <= 999:
        raise InputError(f"export: --dataset-id lies from 1 to 999 for nnU-Net, and is not {number}")
    flat, codes = common_depth(cases), make_codes(classes, cases)
    title = f"Dataset{number:03d}_{job.name}"
    root = f"nnUNet_raw/{title}"
    for done, case in enumerate(cases):
        _put(job.patch(case), case, codes, f"{root}/", out)
        tick(done + 1, len(cases))
    fit = [case.name for case in cases if case.part == "train"]
    held = [case.name for case in cases if case.part == "val"]
    labels, order, sentences = _labels(codes, [case for case in cases if case.part != "test"])
    blank = any(case.blank for case in cases)
    about: dict[str, Any] = {
        "name": job.name,
        "channel_names": {"0": "EM"},
        "labels": labels | ({"ignore": codes.unknown} if blank else {}),
        **({"regions_class_order": order} if order else {}),
        "numTraining": len(fit) + len(held),
        "file_ending": ".png" if flat else ".tif",
        "overwrite_image_reader_writer": "NaturalImage2DIO" if flat else "Tiff3DIO",
    }
    out.json(f"{root}/dataset.json", about)
    if held:
        out.json(f"{root}/{SPLIT}", [{"train": fit, "val": held}])
    out.text("README.md", _readme(title, number, flat, codes, bool(held)))
    return said + sentences


def _put(patch: Patch, case: Case, codes: Codes, root: str, out: Folder) -> None:
    kind = "Ts" if case.part == "test" else "Tr"
    image, label = f"{root}images{kind}/{case.name}", f"{root}labels{kind}/{case.name}"
    if case.flat:
        out.put(f"{label}.png", lambda: png_bytes(codes.encode(patch)[0]))
        out.put(f"{image}_0000.png", lambda: png_bytes(patch.image[0]))
        return
    spacing = {"spacing": list(case.voxel_nm)}
    out.put(f"{label}.tif", lambda: tiff_bytes(codes.encode(patch)))
    out.json(f"{label}.json", spacing)
    out.put(f"{image}_0000.tif", lambda: tiff_bytes(patch.image))
    out.json(f"{image}.json", spacing)


def _labels(codes: Codes, cases: list[Case]) -> tuple[dict[str, Any], list[int], list[str]]:
    """Return nnU-Net's labels, the order in which regions are painted, and what is said of overlaps."""
    labels: dict[str, Any] = {"background": 0}
    order, said = [], []
    for k, cls in enumerate(codes.classes):
        region = codes.region(cls)
        labels[cls] = region if len(region) > 1 else region[0]
        order.append(k + 1)
    inside = False
    for names, own in _overlaps(codes).items():
        count = sum(n for case in cases for bits, n in case.counts.items() if codes.of(bits) in own)
        if not count:
            continue  # what is for testing alone holds it, and that decides on nothing
        if len(names) < 2:
            inside = True  # in a cell, as organelles are
            continue
        name = "+".join(names)
        least = min(_count(cls, cases) for code in own for cls in codes.sets[code] if cls not in CELLS)
        if count >= OWN_REGION * least:
            labels[name] = own if len(own) > 1 else own[0]
            order.append(own[0])
            said.append(f"{name}: {count} voxels are of these at once, and are a region of their own")
        else:
            said.append(
                f"{name}: {count} voxels are of these at once, too few for a region of their own: they are "
                "learned as each, but a predicted map will say the last alone"
            )
    if inside:
        said.append("what lies in a cell is learned as both, and a predicted map will say it alone")
    regions = any(isinstance(codes_, list) for codes_ in labels.values())
    return labels, order if regions else [], said


def _overlaps(codes: Codes) -> dict[tuple[str, ...], list[int]]:
    """Return the codes of overlaps by their classes, but for cells and a boundary's mitochondrion."""
    out: dict[tuple[str, ...], list[int]] = {}
    for code in codes.overlaps:
        said = codes.sets[code]
        out.setdefault(tuple(cls for cls in said if not _implied(cls, said)), []).append(code)
    return out


def _implied(cls: str, said: tuple[str, ...]) -> bool:
    return cls in CELLS or (cls == "mitochondrion" and "mito_boundary" in said)


def _count(cls: str, cases: list[Case]) -> int:
    """Return how many voxels are of a class."""
    return sum(case.voxels(cls) for case in cases)


def _readme(title: str, number: int, flat: bool, codes: Codes, split: bool) -> str:
    kind, plans = ("2d", "nnUNetPlans") if flat else ("3d_fullres", "nnUNetPlans")
    fold = "0" if split else "all"
    return f"""# {title}

Written by synthem for nnU-Net v2. Every pixel has one code:

| code | classes |
|---|---|
{codes.rows()}

`regions_class_order` makes nnU-Net learn classes, not codes: what is inside another class is learned as both.

## Train

```sh
export nnUNet_raw=$PWD/nnUNet_raw nnUNet_preprocessed=$PWD/nnUNet_preprocessed
export nnUNet_results=$PWD/nnUNet_results
nnUNetv2_plan_and_preprocess -d {number} -c {kind} --verify_dataset_integrity
nnUNetv2_train {number} {kind} {fold}
```
{_about_fold(split)}
## Pretrain on this, fine-tune on your own

With your data set in the same `nnUNet_raw`, under a number of its own, here 900. Its plans come first, so
that both networks are built alike; then weights go over, but for the last layer.

```sh
nnUNetv2_plan_and_preprocess -d 900 -c {kind} --verify_dataset_integrity
nnUNetv2_plan_and_preprocess -d {number} --no_pp
nnUNetv2_move_plans_between_datasets -s 900 -t {number} -sp {plans} -tp {plans}_of_900
nnUNetv2_preprocess -d {number} -plans_name {plans}_of_900 -c {kind}
nnUNetv2_train {number} {kind} all -p {plans}_of_900
nnUNetv2_train 900 {kind} 0 -pretrained_weights \\
  nnUNet_results/{title}/nnUNetTrainer__{plans}_of_900__{kind}/fold_all/checkpoint_final.pth
```
"""


def _about_fold(split: bool) -> str:
    if not split:
        return "\nFold `all` trains on every case; nothing is held out.\n"
    return (
        "\nFold 0 is the only one: it validates on the cases that synthem held out (`splits_final.json`).\n"
    )
