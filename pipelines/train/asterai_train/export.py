"""Writes the network as ONNX, and proves that the file says what the network says."""

import io
import warnings

import numpy as np
import onnx
import torch
from onnx.reference import ReferenceEvaluator

from .network import DirectionNetwork

# Every runtime of the last years reads it.
OPSET = 17
GOLDEN_ROWS = 16
AGREEMENT_MAX = 1e-5


class ExportDisagrees(Exception):
    """The exported file gives other answers than the network."""


def onnx_bytes(network: DirectionNetwork) -> bytes:
    """The network as one file: input `features` [batch, feature], output `probabilities` [batch, 3]."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter needs two more packages and gives a graph that is no better for three layers.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (torch.zeros(2, len(network.mean)),),
            buffer,
            input_names=["features"],
            output_names=["probabilities"],
            dynamic_axes={"features": {0: "batch"}, "probabilities": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    onnx.checker.check_model(model, full_check=True)
    return buffer.getvalue()


def probabilities_of(network: DirectionNetwork, features: np.ndarray) -> np.ndarray:
    """float32 [row, 3], by PyTorch."""
    with torch.no_grad():
        return network(torch.from_numpy(features)).numpy()


def export_error_max(model: bytes, features: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference between the file, run by ONNX's reference implementation, and PyTorch.

    Raises:
        ExportDisagrees: it is above AGREEMENT_MAX.
    """
    session = ReferenceEvaluator(onnx.load_from_string(model))
    (given,) = session.run(None, {"features": features})
    error = float(np.abs(given.astype(np.float64) - expected.astype(np.float64)).max())
    if not error <= AGREEMENT_MAX:
        raise ExportDisagrees(f"the exported model differs from PyTorch by {error:.2g}, allowed is {AGREEMENT_MAX:g}")
    return error


def golden_rows(network: DirectionNetwork, features: np.ndarray) -> dict[str, list[list[float]]]:
    """Rows and PyTorch's answers, for other runtimes to reproduce: some of the test, and one far out on each side."""
    chosen = features[np.linspace(0, len(features) - 1, min(GOLDEN_ROWS, len(features))).astype(int)]
    far = np.stack([features.max(axis=0) * 10 + 1, features.min(axis=0) * 10 - 1])
    rows = np.concatenate([chosen, far]).astype(np.float32)
    return {"features": rows.tolist(), "probabilities": probabilities_of(network, rows).tolist()}
