"""Reads what `pipelines/featurize` wrote. No feature and no label is computed here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

CLASSES = ("down", "flat", "up")
PARTS = ("train", "validation", "test")


class DatasetInvalid(Exception):
    """The data set cannot be trained on; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one part, in order of time.

    features: float32 [row, feature]; label: int64 [row], index into CLASSES; times: int64 [row], microseconds UTC.
    """

    features: np.ndarray
    label: np.ndarray
    sampled_at_us: np.ndarray
    label_at_us: np.ndarray

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True, slots=True)
class Dataset:
    """All parts with what dataset.json says of them."""

    about: dict[str, Any]
    feature_names: tuple[str, ...]
    parts: dict[str, Rows]


def split_rows(rows: Rows, *, train_until_us: int, validation_until_us: int) -> dict[str, Rows]:
    """Cuts rows at two moments. A row whose label became known only after the border of its part belongs to none.

    Args:
        rows: sorted by `sampled_at_us`.
        train_until_us, validation_until_us: the borders.

    Raises:
        DatasetInvalid: the rows are not in order of time.

    Reference: Lopez de Prado (2018), Advances in Financial Machine Learning, ch. 7.
    """
    at, known = rows.sampled_at_us, rows.label_at_us
    if np.any(np.diff(at) < 0):
        raise DatasetInvalid("the rows are not in order of time; make the data set again with npm run featurize")
    is_train = (at < train_until_us) & (known <= train_until_us)
    is_validation = (at >= train_until_us) & (at < validation_until_us) & (known <= validation_until_us)
    is_test = at >= validation_until_us
    return {
        name: Rows(rows.features[mask], rows.label[mask], at[mask], known[mask])
        for name, mask in zip(PARTS, (is_train, is_validation, is_test), strict=True)
    }


def read_dataset(folder: Path) -> Dataset:
    """Reads and checks a data set.

    Raises:
        DatasetInvalid: a file is absent, or the files contradict each other.
    """
    about_path, rows_path = folder / "dataset.json", folder / "rows.parquet"
    try:
        about = json.loads(about_path.read_text())
        table = pq.read_table(rows_path)
    except (OSError, ValueError) as error:
        raise DatasetInvalid(f"cannot read the data set in {folder}: {error}; make one with npm run featurize") from error
    written = {key.decode(): value.decode() for key, value in (pq.read_metadata(rows_path).metadata or {}).items()}
    for key in ("featureFingerprint", "rowsFingerprint"):
        if written.get(key) != about[key]:
            raise DatasetInvalid(f"{rows_path} and {about_path} are of different data sets ({key}); make them again")
    names = tuple(feature["name"] for feature in about["features"])
    features = np.column_stack([table[name].to_numpy() for name in names]).astype(np.float32)
    label = table["label"].to_numpy().astype(np.int64)
    if not np.isfinite(features).all():
        raise DatasetInvalid(f"{rows_path} holds features that are no number; make it again with npm run featurize")
    if not np.isin(label, range(len(CLASSES))).all():
        raise DatasetInvalid(f"{rows_path} holds labels other than 0, 1 and 2; make it again with npm run featurize")
    rows = Rows(features, label, _microseconds(table, "sampled_at"), _microseconds(table, "label_at"))
    parts = split_rows(
        rows,
        train_until_us=about["split"]["trainUntilUs"],
        validation_until_us=about["split"]["validationUntilUs"],
    )
    for name, part in parts.items():
        if len(part) != about["rows"][name] or len(part) == 0:
            raise DatasetInvalid(f"{rows_path}: {name} has {len(part)} rows, {about_path} says {about['rows'][name]}")
    return Dataset(about, names, parts)


def _microseconds(table: Any, name: str) -> np.ndarray:
    return table[name].to_numpy().astype("datetime64[us]").astype(np.int64)
