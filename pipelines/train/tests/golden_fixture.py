"""Writes tests/golden: a tiny network with PyTorch's own answers, for the tests that run without Python.

Run it after a change of the export:
    cd pipelines/train && uv run --frozen python -m tests.golden_fixture
"""

import json
from pathlib import Path

import numpy as np
import torch

from asterai_train import network
from asterai_train.export import golden_rows, onnx_bytes

FOLDER = Path(__file__).parent / "golden"


def fixture() -> tuple[bytes, dict[str, list[list[float]]]]:
    """Four features of very different scales, two hidden layers of four; random weights of one seed."""
    torch.manual_seed(1)
    features = np.random.default_rng(1).normal([0, 1_000, -5, 0.5], [1e-3, 50, 2, 1], (64, 4)).astype(np.float32)
    wide, network.HIDDEN = network.HIDDEN, (4, 4)
    try:
        small = network.network_for(features).eval()
    finally:
        network.HIDDEN = wide
    with torch.no_grad():
        # Untrained weights say about the same of every row.
        small.layers[-1].weight *= 8
    return onnx_bytes(small), golden_rows(small, features)


if __name__ == "__main__":
    model, golden = fixture()
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "model.onnx").write_bytes(model)
    (FOLDER / "golden.json").write_text(json.dumps(golden) + "\n")
