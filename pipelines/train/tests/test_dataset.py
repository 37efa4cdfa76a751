import numpy as np
import pytest

from asterai_train.dataset import DatasetInvalid, Rows, read_dataset, split_rows

SECOND = 1_000_000


def rows_at(seconds: np.ndarray, horizon: int = 10) -> Rows:
    at = seconds.astype(np.int64) * SECOND
    count = len(at)
    return Rows(np.zeros((count, 1), np.float32), np.zeros(count, np.int64), at, at + horizon * SECOND)


@pytest.mark.parametrize("seed", range(20))
def test_no_label_of_one_part_reaches_into_the_next(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = rows_at(np.sort(random.integers(0, 1_000, 400)))
    train_until, validation_until = sorted(int(moment) * SECOND for moment in random.integers(100, 900, 2))
    parts = split_rows(rows, train_until_us=train_until, validation_until_us=validation_until)
    train, validation, test = parts["train"], parts["validation"], parts["test"]
    if len(train) and len(validation):
        assert train.label_at_us.max() <= validation.sampled_at_us.min()
    if len(train) and len(test):
        assert train.label_at_us.max() <= test.sampled_at_us.min()
    if len(validation) and len(test):
        assert validation.label_at_us.max() <= test.sampled_at_us.min()
    crossing = sum(
        any(at < border < known for border in (train_until, validation_until))
        for at, known in zip(rows.sampled_at_us, rows.label_at_us, strict=True)
    )
    assert sum(map(len, parts.values())) == len(rows) - crossing


def test_rows_out_of_order_are_refused() -> None:
    with pytest.raises(DatasetInvalid, match="order of time"):
        split_rows(rows_at(np.array([1, 3, 2])), train_until_us=SECOND, validation_until_us=2 * SECOND)


def test_reads_what_featurize_writes(write_dataset, planted) -> None:
    features, label = planted
    dataset = read_dataset(write_dataset(features, label))
    assert {name: len(part) for name, part in dataset.parts.items()} == dataset.about["rows"]
    assert dataset.feature_names == tuple(f"feature_{index}" for index in range(6))
    assert np.array_equal(dataset.parts["train"].features[0], features[0].astype(np.float32))
    assert np.array_equal(dataset.parts["test"].label, label[2_550:])


def test_files_that_do_not_belong_together_are_refused(write_dataset, planted) -> None:
    features, label = planted
    with pytest.raises(DatasetInvalid, match="different data sets"):
        read_dataset(write_dataset(features, label, rowsFingerprint="b" * 64))
    with pytest.raises(DatasetInvalid, match="says 5"):
        read_dataset(write_dataset(features, label, "counts", rows={"train": 5, "validation": 5, "test": 5}))


def test_unusable_values_are_refused(write_dataset, planted, tmp_path) -> None:
    features, label = planted
    features[100, 2] = np.nan
    with pytest.raises(DatasetInvalid, match="no number"):
        read_dataset(write_dataset(features, label))
    with pytest.raises(DatasetInvalid, match="labels"):
        read_dataset(write_dataset(np.nan_to_num(features), label + 1, "labels"))
    with pytest.raises(DatasetInvalid, match="npm run featurize"):
        read_dataset(tmp_path / "absent")
