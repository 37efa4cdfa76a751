import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from asterai_train.dataset import CLASSES
from asterai_train.main import main

FAST = ["--device", "cpu", "--epochs", "25", "--patience", "5"]


def trained(dataset: Path, out: Path, capsys, *settings: str) -> tuple[dict, Path]:
    assert main(["--dataset", str(dataset), "--out", str(out), *FAST, *settings]) == 0
    summary = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    return summary["card"], Path(summary["folder"])


def test_a_planted_signal_is_learned(write_dataset, planted, tmp_path, capsys) -> None:
    card, folder = trained(write_dataset(*planted), tmp_path / "out", capsys)
    test = card["test"]
    assert test["accuracy"] > 0.8
    assert test["majorityAccuracy"] < 0.5
    assert test["logLoss"] < 0.5 < 1.0 < test["baselineLogLoss"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json", "golden.json", "model.onnx", "report.html",
    ]  # fmt: skip


def test_shuffled_labels_are_not_learned(write_dataset, planted, tmp_path, capsys) -> None:
    features, label = planted
    shuffled = np.random.default_rng(1).permutation(label)
    card, _ = trained(write_dataset(features, shuffled), tmp_path / "out", capsys)
    test = card["test"]
    assert abs(test["accuracy"] - test["majorityAccuracy"]) < 3 * test["accuracyStandardError"]
    assert test["logLoss"] > 0.98 * test["baselineLogLoss"]


def test_a_signal_that_only_the_future_holds_is_worthless(write_dataset, planted, tmp_path, capsys) -> None:
    """What is true in training and the reverse of it in the test must show as a bad test score."""
    features, label = planted
    features[2_550:] = 2 * features[:2_100].mean(axis=0) - features[2_550:]
    card, _ = trained(write_dataset(features, label), tmp_path / "out", capsys)
    assert card["test"]["accuracy"] < card["test"]["majorityAccuracy"]


def test_the_same_seed_gives_the_same_file(write_dataset, planted, tmp_path, capsys) -> None:
    dataset = write_dataset(*planted)
    _, first = trained(dataset, tmp_path / "first", capsys, "--epochs", "3")
    _, second = trained(dataset, tmp_path / "second", capsys, "--epochs", "3")
    _, other = trained(dataset, tmp_path / "other", capsys, "--epochs", "3", "--seed", "2")
    assert (first / "model.onnx").read_bytes() == (second / "model.onnx").read_bytes()
    assert (first / "model.onnx").read_bytes() != (other / "model.onnx").read_bytes()


def test_the_file_standardises_by_itself_and_by_the_training_rows_only(
    write_dataset, planted, tmp_path, capsys
) -> None:
    features, label = planted
    card, folder = trained(write_dataset(features, label), tmp_path / "out", capsys, "--epochs", "2")
    graph = onnx.load(folder / "model.onnx").graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    rows = card["data"]["rows"]["train"]
    seen = features[:rows].astype(np.float32).astype(np.float64)
    assert np.allclose(constants["mean"], seen.mean(axis=0), rtol=1e-5)
    assert np.allclose(constants["deviation"], seen.std(axis=0), rtol=1e-5)
    assert not np.allclose(constants["mean"], features.mean(axis=0), rtol=1e-6)
    golden = json.loads((folder / "golden.json").read_text())
    (given,) = ReferenceEvaluator(onnx.load(folder / "model.onnx")).run(
        None, {"features": np.array(golden["features"], np.float32)}
    )
    assert np.abs(given - np.array(golden["probabilities"])).max() <= 1e-5
    assert np.allclose(given.sum(axis=1), 1, atol=1e-5)
    assert card["exportErrorMax"] <= 1e-5
    axes = [dimension.dim_param or dimension.dim_value for dimension in graph.input[0].type.tensor_type.shape.dim]
    assert axes == ["batch", 6]
    assert [value.name for value in (*graph.input, *graph.output)] == ["features", "probabilities"]


def test_the_card_says_what_can_be_counted_again(write_dataset, planted, tmp_path, capsys) -> None:
    features, label = planted
    card, folder = trained(write_dataset(features, label), tmp_path / "out", capsys, "--epochs", "2", "--seed", "5")
    assert json.loads((folder / "card.json").read_text()) == card
    rows = card["data"]["rows"]
    train, test = label[: rows["train"]], label[2_550:]
    majority = np.bincount(train).argmax()
    assert card["test"]["majorityClass"] == CLASSES[majority]
    assert card["test"]["majorityAccuracy"] == pytest.approx((test == majority).mean())
    shares = np.bincount(train, minlength=3) / len(train)
    assert card["test"]["baselineLogLoss"] == pytest.approx(-np.log(shares[test]).mean())
    # 450 rows, one a second, each label ten seconds long.
    assert card["test"]["effectiveRows"] == 45
    accuracy = card["test"]["accuracy"]
    assert card["test"]["accuracyStandardError"] == pytest.approx(np.sqrt(accuracy * (1 - accuracy) / 45))
    assert card["seed"] == 5
    assert card["featureNames"] == [f"feature_{index}" for index in range(6)]
    assert card["data"]["isInvented"] is True
    assert card["horizonSeconds"] == 10
    assert card["modelId"].replace("-", "").isalnum()
    assert "INVENTED" in capsys.readouterr().err or "invented" in (folder / "report.html").read_text()


def test_a_worthless_model_is_called_that(write_dataset, planted, tmp_path, capsys) -> None:
    features, label = planted
    always = np.where(np.arange(len(label)) % 9 == 0, label, 1)
    assert main(["--dataset", str(write_dataset(np.zeros_like(features), always)), "--out", str(tmp_path), *FAST]) == 0
    told = capsys.readouterr().err
    assert "does NOT beat the majority baseline" in told
    assert "always 'flat'" in told


def test_refusals_are_one_line_and_exit_with_2(tmp_path, capsys) -> None:
    assert main(["--dataset", str(tmp_path / "absent"), "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1 and "npm run featurize" in told[0]


def test_time_ends_a_training_and_the_model_is_still_whole(write_dataset, planted, tmp_path, capsys) -> None:
    _, folder = trained(
        write_dataset(*planted), tmp_path / "out", capsys, "--epochs", "1000000", "--patience", "1000000", "--max-seconds", "1"
    )
    assert "ended by\ntime" in (folder / "report.html").read_text()
