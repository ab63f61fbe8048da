"""Images in ``slices/`` without any labels: nothing is known of any class there."""

from pathlib import Path

from synthem.data.files import slices_folder
from synthem.data.real.case import Found
from synthem.data.real.class_folders import open_class_folders
from synthem.data.real.reading import Reading


def detect(root: Path, how: Reading) -> bool:
    """Tell whether a folder holds a folder of images."""
    return root.is_dir() and slices_folder(root) is not None and how.labels is None


def open_images_alone(root: Path, how: Reading) -> Found:
    """Take the images as they are; what else lies there is named."""
    return open_class_folders(root, how)._replace(layout="images without labels")
