"""Each format opened by the tool that it is for.

Each tool lives in a virtual environment of its own, in a folder that ``SYNTHEM_CONSUMERS`` names, with torch
and torchvision of one build; a tool whose environment is missing is skipped. Made so, where packages that a
tool imports and that are still missing are added by name, with ``--no-deps``:

    cd $SYNTHEM_CONSUMERS; for name in nnunet torchem biapy hf; do python3 -m venv $name; done
    hf/bin/pip install datasets pillow
    nnunet/bin/pip install 'torch>=2.6,<2.14' h5py scipy scikit-image scikit-learn matplotlib tifffile
    nnunet/bin/pip install --no-deps nnunetv2==2.8.1 acvl-utils dynamic-network-architectures tqdm pandas \\
        SimpleITK batchgenerators batchgeneratorsv2 graphviz seaborn imagecodecs yacs einops blosc2 future \\
        unittest2 nibabel connected-components-3d fft-conv-pytorch numexpr ndindex msgpack py-cpuinfo \\
        requests httpx httpcore anyio h11 certifi idna
    torchem/bin/pip install 'torch>=2.6,<2.14' torchvision h5py scipy scikit-image tifffile mrcfile
    torchem/bin/pip install --no-deps torch-em==0.10.9 kornia kornia-rs python-elf bioimage-cpp tensorboard \\
        natsort tqdm requests imageio
    biapy/bin/pip install biapy==3.7.1
    SYNTHEM_CONSUMERS=$PWD pytest -m slow tests/export/test_consumers.py
"""

from pathlib import Path

import consumers
import pytest
from export.hand_made import FLAT, SOLID, patch

from synthem.export.run import export

pytestmark = pytest.mark.slow

NNUNET = """
export nnUNet_raw=$PWD/nnUNet_raw nnUNet_preprocessed=$PWD/pre nnUNet_results=$PWD/results
mkdir -p pre results
nnUNetv2_plan_and_preprocess -d 500 -c {kind} --verify_dataset_integrity -np 1 -npfp 1
"""

TRAIN = """
import os
os.environ["nnUNet_n_proc_DA"] = "0"  # batches are made in this process; planning wants at least 1
import torch
from nnunetv2.run.run_training import get_trainer_from_args

def main():
    cpu = torch.device("cpu")
    trainer = get_trainer_from_args("500", "{kind}", 0, "nnUNetTrainer", "nnUNetPlans", device=cpu)
    trainer.num_iterations_per_epoch, trainer.num_val_iterations_per_epoch, trainer.num_epochs = 2, 1, 1
    trainer.disable_checkpointing = True
    trainer.on_train_start()
    trainer.on_train_epoch_start()
    print("LOSS", trainer.train_step(next(trainer.dataloader_train))["loss"])
    print("REGIONS", trainer.label_manager.foreground_regions, trainer.label_manager.ignore_label)

if __name__ == "__main__":
    main()
"""

SHORT = """
from nnunetv2.run.run_training import run_training_entry
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

whole = nnUNetTrainer.run_training

def short(self):
    self.num_epochs, self.num_iterations_per_epoch, self.num_val_iterations_per_epoch = 1, 2, 1
    whole(self)

nnUNetTrainer.run_training = short
if __name__ == "__main__":
    run_training_entry()
"""

TORCH_EM = """
import re, torch
page = re.search(r"```python\\n(.*?)```", open("README.md").read(), re.S)[1]
names = {"__name__": "page"}
exec(page, names)
for part in ("train", "val"):
    x, y = next(iter(names["loader"](part)))
    print("SHAPES", tuple(x.shape), tuple(y.shape))
exec(page.split("    trainer =")[0].replace("=32", "=4"), names | {"__name__": "__main__"}, found := {})
names.update(found)
net, loss = names["net"], names["loss"]
print("LOSS", float(loss(net(x), y)))
"""

BIAPY = """
import yaml
from biapy import BiaPy
steps = yaml.safe_load(open("biapy.yaml"))
steps["TRAIN"].update(EPOCHS=1, BATCH_SIZE=1)
steps["TEST"]["ENABLE"] = False
steps["MODEL"]["FEATURE_MAPS"] = [4, 8, 16]
steps["SYSTEM"] = {"NUM_CPUS": 1, "NUM_WORKERS": 0}
yaml.safe_dump(steps, open("small.yaml", "w"))
if __name__ == "__main__":
    job = BiaPy("small.yaml", result_dir="results", name="small", run_id=1, gpu="")
    job.run_job()
    print("TRAINED")
"""

FACES = """
import numpy as np
from datasets import load_dataset
page = load_dataset("imagefolder", data_dir=".", cache_dir="cache")
print("ROWS", {split: len(rows) for split, rows in page.items()})
row = page["train"][0]
print("MASK", row["psd"].size, np.unique(np.asarray(row["psd"])).tolist())
print("NULLS", [(row["case"], row["z"]) for rows in page.values() for row in rows if row["psd"] is None])
"""


def run(tool: str, where: Path, script: str, shell: bool = False) -> str:
    """Run a tool with what these need of the environment."""
    env = {f"nnUNet_{key}": str(where / path) for key, path in
           (("raw", "nnUNet_raw"), ("preprocessed", "pre"), ("results", "results"))}  # fmt: skip
    env |= {
        "nnUNet_n_proc_DA": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(where / "home"),
        "nnUNet_compile": "f",
    }
    return consumers.run(tool, where, script, shell, **env)


@pytest.mark.parametrize("kind", ["2d", "3d_fullres"])
def test_nnunet_verifies_preprocesses_and_trains(kind: str, tmp_path: Path) -> None:
    flat = kind == "2d"
    export([patch(k, overlap=9) for k in range(6)] if flat else SOLID, tmp_path / "set", "nnunet")
    said = run("nnunet", tmp_path / "set", NNUNET.format(kind=kind), shell=True)
    assert "verify_dataset_integrity Done" in said
    said = run("nnunet", tmp_path / "set", TRAIN.format(kind=kind))
    own = "(1, 2), 2, (3, 7), 4, (5, 7), 6, 7] None" if flat else "(1, 2), 2, 3, 4, 5, 6] 7"
    assert f"REGIONS [{own}" in said and "LOSS" in said and "nan" not in said.split("LOSS")[1][:20]


def test_nnunet_pretrains_and_fine_tunes_by_the_commands_of_the_page(tmp_path: Path) -> None:
    """As they stand there, but for a training of two steps on a CPU, and processes, of which there is one."""
    where = tmp_path / "set"
    export([patch(k) for k in range(6)], where, "nnunet", name="ours")
    export(
        [patch(k) for k in range(6, 12)],
        tmp_path / "own",
        "nnunet",
        name="yours",
        options={"dataset_id": 900},
    )
    (tmp_path / "own/nnUNet_raw/Dataset900_yours").rename(where / "nnUNet_raw/Dataset900_yours")
    page = (where / "README.md").read_text().split("## Pretrain")[1].split("```")[1].removeprefix("sh")
    (where / "short.py").write_text(SHORT)
    script = f'mkdir -p pre results\nnnUNetv2_train() {{ python short.py "$@" -device cpu; }}\n{page}'
    script = script.replace("_preprocess ", "_preprocess -np 1 ").replace("--no_pp", "--no_pp -npfp 1")
    said = run("nnunet", where, script.replace(" nnUNet_results/", " results/"), shell=True)
    assert "Loading pretrained weights from file" in said and "Mean Validation Dice" in said
    assert list(where.glob("results/Dataset900_yours/*/fold_0/checkpoint_final.pth"))


@pytest.mark.parametrize("flat", [True, False])
def test_torch_em_loads_and_computes_a_loss(flat: bool, tmp_path: Path) -> None:
    export(FLAT if flat else SOLID, tmp_path / "set", "torch-em")
    said = run("torchem", tmp_path / "set", TORCH_EM)
    assert (
        "SHAPES (4, 1, 32, 48) (4, 6, 32, 48)" in said
        or "SHAPES (1, 1, 16, 32, 48) (1, 6, 16, 32, 48)" in said
    )
    assert "LOSS" in said


@pytest.mark.parametrize("flat", [True, False])
def test_biapy_trains(flat: bool, tmp_path: Path) -> None:
    export(FLAT if flat else SOLID, tmp_path / "set", "biapy")
    assert "TRAINED" in run("biapy", tmp_path / "set", BIAPY)


def test_hugging_face_loads(tmp_path: Path) -> None:
    export(SOLID, tmp_path / "set", "huggingface", test=[patch(7, (16, 32, 48))])
    said = run("hf", tmp_path / "set", FACES)
    assert "ROWS {'train': 48, 'validation': 16, 'test': 16}" in said
    assert "MASK (48, 32) [0, 255]" in said and "NULLS [('case_1', 2)]" in said
