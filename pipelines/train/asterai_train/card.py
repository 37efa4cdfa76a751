"""What a model says of itself; the shape is `shared/signal/model/card.ts`."""

import hashlib
import re
from datetime import datetime
from typing import Any

from .dataset import PARTS, Dataset
from .judge import Judgement

MICROS_PER_SECOND = 1_000_000


def model_id_of(model: bytes, trained_at: datetime) -> str:
    """`direction-<UTC time>-<short hash>`: letters, digits and dashes."""
    name = f"direction-{trained_at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(model).hexdigest()[:8]}"
    assert re.fullmatch(r"[A-Za-z0-9-]+", name)
    return name


def card_of(
    dataset: Dataset,
    judgement: Judgement,
    *,
    model: bytes,
    trained_at: datetime,
    trained_on: str,
    seed: int,
    parameters: int,
    export_error_max: float,
) -> dict[str, Any]:
    about = dataset.about
    return {
        "schemaVersion": 1,
        "modelId": model_id_of(model, trained_at),
        "task": "direction",
        "featureFingerprint": about["featureFingerprint"],
        "featureNames": list(dataset.feature_names),
        "horizonSeconds": about["horizonUs"] / MICROS_PER_SECOND,
        "flatBandBps": about["flatBandBps"],
        "symbols": about["symbols"],
        "trainedAt": f"{trained_at:%Y-%m-%dT%H:%M:%SZ}",
        "trainedOn": trained_on,
        "seed": seed,
        "data": {
            "fingerprint": about["rowsFingerprint"],
            "isInvented": about["isInvented"],
            "sources": [source["path"] for source in about["sources"]],
            "rows": {name: len(dataset.parts[name]) for name in PARTS},
            "spans": about["spans"],
        },
        "test": {
            "accuracy": judgement.accuracy,
            "majorityAccuracy": judgement.majority_accuracy,
            "majorityClass": judgement.majority_class,
            "bestConstantAccuracy": judgement.best_constant_accuracy,
            "logLoss": judgement.log_loss,
            "baselineLogLoss": judgement.baseline_log_loss,
            "accuracyStandardError": judgement.accuracy_standard_error,
            "effectiveRows": judgement.effective_rows,
        },
        "exportErrorMax": export_error_max,
        "parameters": parameters,
    }
