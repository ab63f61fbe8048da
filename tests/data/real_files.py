"""The same sections in every layout, written by the tools that people use for it."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import tifffile
from PIL import Image

from synthem.labels import CLASSES

VOXEL = (40.0, 4.0, 6.0)
SHAPE = (3, 48, 64)
CODES = "1=mitochondrion,2=mito_boundary,3=psd,255=ignore"
RNG = np.random.default_rng(5)
IMAGE = RNG.integers(0, 256, SHAPE, np.uint8)
IMAGE[0, 0, :2] = 0, 255


def _labels() -> np.ndarray:
    code = np.zeros(SHAPE, np.uint8)
    for z in range(SHAPE[0]):
        code[z, 5 + z : 20, 6:30] = 2
        code[z, 8 + z : 17, 9:27] = 1
        code[z, 30:36, 40 : 50 + z] = 3
    return code


LABELS = _labels()
MASKS = {
    "mitochondrion": (LABELS == 1) | (LABELS == 2),
    "mito_boundary": LABELS == 2,
    "psd": LABELS == 3,
}
KNOWN = tuple(name in MASKS for name in CLASSES)
NAMES = {"mitochondrion": "mitochondria", "mito_boundary": "mitochondrial_boundaries", "psd": "PSD"}


def bits(mask: np.ndarray) -> np.ndarray:
    return mask * np.uint8(255)


def class_folders(root: Path, ending: str = "PNG") -> Path:
    for z in range(SHAPE[0]):
        for folder, plane in (("slices", IMAGE[z]), *((NAMES[c], bits(m[z])) for c, m in MASKS.items())):
            (root / folder).mkdir(exist_ok=True, parents=True)
            affix = "" if folder == "slices" else "_mask"
            Image.fromarray(plane).save(root / folder / f"img_{z}{affix}.{ending}")
    return root


def label_maps(root: Path) -> Path:
    for z in range(SHAPE[0]):
        for folder, plane in (("images", IMAGE[z]), ("labels", LABELS[z].astype(np.int32))):
            (root / folder).mkdir(exist_ok=True, parents=True)
            tifffile.imwrite(root / folder / f"s{z}.tif", plane)
    return root


def palette(root: Path) -> Path:
    root.mkdir()
    for z in range(SHAPE[0]):
        Image.fromarray(IMAGE[z]).save(root / f"img_{z}.png")
        indexed = Image.fromarray(LABELS[z]).convert("P")
        indexed.putdata(LABELS[z].ravel().tolist())
        indexed.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
        indexed.save(root / f"label_{z}.png")
    return root


def tiff_stacks(root: Path) -> Path:
    root.mkdir()
    um = {"axes": "ZYX", "spacing": VOXEL[0] / 1000, "unit": "um"}
    per_um = (1000 / VOXEL[2], 1000 / VOXEL[1])
    tifffile.imwrite(root / "images.tif", IMAGE, imagej=True, resolution=per_um, metadata=um)
    for cls, mask in MASKS.items():
        tifffile.imwrite(root / f"{NAMES[cls]}.tif", bits(mask), bigtiff=True, photometric="minisblack")
    return root


def ome_tiff(root: Path) -> Path:
    root.mkdir()
    z, y, x = VOXEL
    sizes = {f"PhysicalSize{a}": v for a, v in zip("ZYX", (z, y, x), strict=True)}
    units = {f"PhysicalSize{a}Unit": "nm" for a in "ZYX"}
    big = {"byteorder": ">", "compression": "zlib", "tile": (16, 16)}
    tifffile.imwrite(root / "raw.ome.tif", IMAGE, metadata={"axes": "ZYX", **sizes, **units}, **big)
    pages = [Image.fromarray(section) for section in LABELS]
    pages[0].save(root / "raw.ome_labels.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    return root / "raw.ome.tif"


def hdf5(root: Path) -> Path:
    with h5py.File(root.with_suffix(".h5"), "w") as file:
        raw = file.create_dataset("volumes/raw", data=IMAGE, chunks=(2, 16, 16), compression="gzip")
        raw.attrs["resolution"] = VOXEL
        file["volumes/labels/classes"] = LABELS.astype(np.uint64)
    return root.with_suffix(".h5")


def _ome(zarr: object, root: Path, version: int) -> Path:
    group = zarr.open_group(root, mode="w", zarr_format=version)  # type: ignore[attr-defined]
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
    scale = [{"type": "scale", "scale": [v / 1000 for v in VOXEL]}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    told = {"multiscales": [{"axes": axes, "datasets": levels, "version": "0.4"}]}
    for name, pixels in (("", IMAGE), ("labels/classes", LABELS.astype(np.uint16))):
        place = group.create_group(name) if name else group
        place.create_array("0", data=pixels, chunks=(2, 16, 16))
        place.attrs.update(told if version == 2 else {"ome": told})
    return root


def ome_zarr(root: Path) -> Path:
    import zarr

    return _ome(zarr, root.with_suffix(".zarr"), 3)


def ome_zarr_2(root: Path) -> Path:
    import zarr

    return _ome(zarr, root.with_suffix(".zarr"), 2)


def plain_zarr(root: Path) -> Path:
    import zarr

    group = zarr.open_group(root, mode="w", zarr_format=2)
    raw = group.create_array("raw", data=IMAGE, chunks=(1, 48, 64))
    raw.attrs["resolution"] = VOXEL
    group.create_array("labels", data=LABELS, chunks=(1, 48, 64))
    return root / "raw"


def mrc(root: Path) -> Path:
    import mrcfile

    root.mkdir()
    for name, pixels in (("em", IMAGE), *((NAMES[cls], mask.astype(np.int8)) for cls, mask in MASKS.items())):
        with mrcfile.new(root / f"{name}.mrc") as file:
            file.set_data(pixels.astype(np.uint16) if name == "em" else pixels)
            file.set_volume()
            file.voxel_size = tuple(10 * v for v in VOXEL[::-1])
    return root


def nifti(root: Path) -> Path:
    import nibabel

    root.mkdir()
    for name, pixels in (("scan.nii.gz", IMAGE), ("scan_seg.nii", LABELS)):
        image = nibabel.Nifti1Image(pixels.transpose(), np.diag([*VOXEL[::-1], 1000.0]) / 1000)
        image.header.set_xyzt_units("micron")
        nibabel.save(image, root / name)
    return root / "scan.nii.gz"


LAYOUTS: dict[str, tuple[Callable[[Path], Path], str | None]] = {
    "class folders": (class_folders, None),
    "label maps": (label_maps, CODES),
    "palette": (palette, CODES),
    "colours": (palette, "#ff0000=mito,#00ff00=mito_boundary,#0000ff=PSD"),
    "TIFF stacks of ImageJ": (tiff_stacks, None),
    "OME-TIFF": (ome_tiff, CODES),
    "HDF5": (hdf5, CODES),
    "OME-Zarr 0.5": (ome_zarr, CODES),
    "OME-Zarr 0.4": (ome_zarr_2, CODES),
    "Zarr 2": (plain_zarr, CODES),
    "MRC": (mrc, None),
    "NIfTI": (nifti, CODES),
}
"""How each is written, and what is said of its values."""
