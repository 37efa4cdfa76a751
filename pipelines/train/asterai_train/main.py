"""The one entry point, for a laptop and for Vertex AI."""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from .card import card_of
from .dataset import DatasetInvalid, read_dataset
from .export import ExportDisagrees, export_error_max, golden_rows, onnx_bytes, probabilities_of
from .fit import FitOptions, fit
from .judge import Judgement, judge, reliability
from .network import parameter_count
from .paths import folder_from
from .report import report_page

EXIT_INVALID = 2


def main(argv: list[str]) -> int:
    """Trains, judges, exports. Returns the exit code: 0 done, 1 the export is wrong, 2 input that cannot be used."""
    options = _options(argv)
    try:
        summary = train(options)
    except DatasetInvalid as error:
        print(f"train: {error}", file=sys.stderr)
        return EXIT_INVALID
    except ExportDisagrees as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    print(json.dumps(summary))
    return 0


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Writes model.onnx, golden.json, report.html and, last, card.json to a folder named after the model.

    Returns:
        The folder and the card.
    """
    dataset = read_dataset(folder_from(options.dataset))
    parts = dataset.parts
    device = _device(options.device)
    _say(f"rows        {', '.join(f'{len(parts[name])} {name}' for name in parts)}; on {device}")
    fitted = fit(
        parts["train"],
        parts["validation"],
        FitOptions(options.epochs, options.patience, options.seed, options.max_seconds, device),
        lambda epoch, train_loss, loss: _say(f"epoch {epoch:3d}   log loss {train_loss:.4f}, validation {loss:.4f}"),
    )
    test = parts["test"]
    probabilities = probabilities_of(fitted.network, test.features)
    judgement = judge(probabilities, parts["train"], test)
    model = onnx_bytes(fitted.network)
    card = card_of(
        dataset,
        judgement,
        model=model,
        trained_at=datetime.now(UTC),
        trained_on=device,
        seed=options.seed,
        parameters=parameter_count(fitted.network),
        export_error_max=export_error_max(model, test.features, probabilities),
    )
    folder = folder_from(options.out) / card["modelId"]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "model.onnx", model)
    _write(folder / "golden.json", json.dumps(golden_rows(fitted.network, test.features)).encode())
    page = report_page(card, judgement, reliability(probabilities, test), fitted)
    _write(folder / "report.html", page.encode())
    # Last: a folder with a card is a whole model.
    _write(folder / "card.json", json.dumps(card, indent=2).encode())
    for line in _verdict_lines(card, judgement):
        _say(line)
    return {"folder": str(folder), "trainingId": options.training_id, "verdict": judgement.verdict, "card": card}


def _verdict_lines(card: dict[str, Any], judgement: Judgement) -> list[str]:
    test = card["test"]
    invented = " (INVENTED market: says nothing of a real one)" if card["data"]["isInvented"] else ""
    return [
        f"accuracy    {test['accuracy']:.4f} ± {test['accuracyStandardError']:.4f}, always '{test['majorityClass']}' "
        f"{test['majorityAccuracy']:.4f}, in hindsight always '{judgement.best_constant_class}' "
        f"{judgement.best_constant_accuracy:.4f}{invented}",
        f"log loss    {test['logLoss']:.4f}, class shares of training {test['baselineLogLoss']:.4f}",
        f"verdict     {judgement.verdict}; {test['effectiveRows']} test rows do not overlap in time",
        f"model       {card['modelId']}, {card['parameters']} parameters, ONNX within {card['exportErrorMax']:.1e}",
    ]


def _device(wanted: str) -> str:
    """Raises DatasetInvalid when a GPU was asked for and none can be used."""
    has_cuda = torch.cuda.is_available()
    if wanted == "cuda" and not has_cuda:
        raise DatasetInvalid("--device cuda: torch sees no GPU it can use; check the driver, or leave the option out")
    return "cuda" if has_cuda and wanted != "cpu" else "cpu"


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m asterai_train",
        description="Trains a small network on a data set of `npm run featurize` and exports it as ONNX.",
        epilog="example: python -m asterai_train --dataset run/dataset --out run/models",
    )
    parser.add_argument("--dataset", required=True, help="folder or gs:// address with dataset.json and rows.parquet")
    parser.add_argument(
        "--out",
        default=os.environ.get("AIP_MODEL_DIR"),
        help="folder or gs:// address; the model gets a folder of its own in it (default: AIP_MODEL_DIR)",
    )
    parser.add_argument("--epochs", type=_positive, default=60, help="at most (default 60)")
    parser.add_argument("--patience", type=_positive, default=8, help="epochs without a better validation (default 8)")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--max-seconds", type=_positive, default=300, help="time for fitting (default 300)")
    parser.add_argument("--training-id", help="name of the job that asked, repeated in the last line")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    options = parser.parse_args(argv)
    if options.out is None:
        parser.error("--out is missing, e.g. --out run/models")
    return options


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value
