import json

import numpy as np

from .golden_fixture import FOLDER, fixture


def test_the_stored_answers_are_those_of_this_code() -> None:
    model, golden = fixture()
    assert (FOLDER / "model.onnx").read_bytes() == model
    stored = json.loads((FOLDER / "golden.json").read_text())
    for name in ("features", "probabilities"):
        assert np.abs(np.array(stored[name]) - np.array(golden[name])).max() <= 1e-6
