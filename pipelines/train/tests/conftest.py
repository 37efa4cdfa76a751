"""Data sets that are made up, so that it is known what can be learned from them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SECOND = 1_000_000
START_US = 1_767_225_600 * SECOND
HORIZON_US = 10 * SECOND

WriteDataset = Callable[..., Path]


@pytest.fixture
def write_dataset(tmp_path: Path) -> WriteDataset:
    """Writes a data set as `pipelines/featurize` does.

    features: float [row, feature]; label: int [row]; one row a second.
    """

    def write(features: np.ndarray, label: np.ndarray, name: str = "dataset", **changes: object) -> Path:
        rows, width = features.shape
        at = START_US + SECOND * np.arange(rows)
        known = at + HORIZON_US
        train_until, validation_until = (int(at[int(rows * share)]) for share in (0.7, 0.85))
        in_train = (at < train_until) & (known <= train_until)
        in_validation = (at >= train_until) & (at < validation_until) & (known <= validation_until)
        in_test = at >= validation_until
        masks = {"train": in_train, "validation": in_validation, "test": in_test}
        about = {
            "schemaVersion": 1,
            "featureFingerprint": "f" * 64,
            "features": [{"name": f"feature_{index}", "unit": "ratio"} for index in range(width)],
            "symbols": ["BTCUSDT"],
            "everyUs": SECOND,
            "horizonUs": HORIZON_US,
            "flatBandBps": 1.5,
            "isInvented": True,
            "sources": [{"path": "made up", "sha256": None, "events": rows, "isInvented": True}],
            "rowsFingerprint": "a" * 64,
            "split": {"trainUntilUs": train_until, "validationUntilUs": validation_until},
            "rows": {part: int(mask.sum()) for part, mask in masks.items()},
            "spans": {
                part: {"fromUs": int(at[mask][0]), "untilUs": int(known[mask][-1])} for part, mask in masks.items()
            },
        }
        folder = tmp_path / name
        folder.mkdir()
        table = pa.table(
            {
                "symbol": ["BTCUSDT"] * rows,
                "sampled_at": pa.array(at, pa.timestamp("us")),
                "label_at": pa.array(known, pa.timestamp("us")),
                **{f"feature_{index}": features[:, index] for index in range(width)},
                "label": pa.array(label, pa.int64()),
            }
        ).replace_schema_metadata(
            {key: about[key] for key in ("featureFingerprint", "rowsFingerprint")},
        )
        pq.write_table(table, folder / "rows.parquet")
        (folder / "dataset.json").write_text(json.dumps(about | changes))
        return folder

    return write


@pytest.fixture
def planted() -> tuple[np.ndarray, np.ndarray]:
    """3000 rows whose class is decided by two features and a little noise; scales far from one."""
    random = np.random.default_rng(7)
    features = random.normal(size=(3_000, 6)) * [1e-3, 5, 100, 1, 1, 1] + [0, 1_000, -20, 0, 3, 0]
    signal = features[:, 0] * 1e3 + (features[:, 1] - 1_000) / 5 + 0.3 * random.normal(size=3_000)
    return features, np.where(signal < -0.6, 0, np.where(signal > 0.6, 2, 1))
