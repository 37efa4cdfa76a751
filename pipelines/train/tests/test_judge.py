import numpy as np
import pytest

from asterai_train.dataset import Rows
from asterai_train.judge import Judgement, effective_rows, judge, reliability
from asterai_train.paths import folder_from

SECOND = 1_000_000


def rows_of(label: list[int], at: list[int] | None = None, horizon: int = 10) -> Rows:
    moments = np.array(at if at is not None else range(len(label)), np.int64) * SECOND
    return Rows(np.zeros((len(label), 1), np.float32), np.array(label), moments, moments + horizon * SECOND)


def test_rows_that_overlap_in_time_count_once() -> None:
    assert effective_rows(rows_of([0] * 100)) == 10
    assert effective_rows(rows_of([0] * 101)) == 11
    assert effective_rows(rows_of([0] * 5, [0, 10, 20, 30, 40])) == 5
    # Two markets at the same moments.
    assert effective_rows(rows_of([0] * 6, [0, 0, 10, 10, 20, 20])) == 3


def test_scores_by_hand() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])
    judgement = judge(probabilities, rows_of([1, 1, 1, 0]), rows_of([0, 1, 2, 2], [0, 10, 20, 30]))
    assert judgement.accuracy == 0.75
    assert judgement.majority_class == "flat"
    assert judgement.majority_accuracy == 0.25
    assert (judgement.best_constant_class, judgement.best_constant_accuracy) == ("up", 0.5)
    # Right or wrong against the constant: +1, +1, -1, 0.
    assert judgement.lead_standard_error == pytest.approx(np.std([1, 1, -1, 0]) / 2)
    assert judgement.log_loss == pytest.approx(-np.log([0.7, 0.8, 0.2, 0.6]).mean())
    assert judgement.effective_rows == 4
    assert judgement.confusion.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    ("accuracy", "best_constant", "log_loss", "verdict"),
    [
        (0.39, 0.40, 1.0, "does NOT beat the majority"),
        (0.40, 0.40, 1.0, "does NOT beat the majority"),
        (0.60, 0.60, 1.0, "NOT always saying 'flat' (0.6000)"),
        (0.61, 0.60, 1.2, "worse than fixed"),
        (0.69, 0.60, 1.0, "may be luck"),
        (0.71, 0.60, 1.0, "beats the baselines by 2.2"),
    ],
)
def test_the_verdict_does_not_flatter(accuracy: float, best_constant: float, log_loss: float, verdict: str) -> None:
    judgement = Judgement(
        accuracy=accuracy,
        majority_accuracy=0.4,
        majority_class="up",
        best_constant_accuracy=best_constant,
        best_constant_class="flat",
        lead_standard_error=0.05,
        log_loss=log_loss,
        baseline_log_loss=1.1,
        effective_rows=100,
        accuracy_standard_error=0.05,
        confusion=np.zeros((3, 3)),
    )
    assert verdict in judgement.verdict


def test_reliability_of_an_honest_forecast_is_the_diagonal() -> None:
    random = np.random.default_rng(3)
    probabilities = random.dirichlet([1, 1, 1], 40_000)
    label = [int(random.choice(3, p=row)) for row in probabilities]
    bins = reliability(probabilities, rows_of(label))
    assert sum(each.rows for each in bins) == 3 * 40_000
    for each in bins:
        assert abs(each.said - each.happened) < 5 * np.sqrt(0.25 / each.rows)


def test_buckets_are_read_where_they_are_mounted() -> None:
    assert str(folder_from("gs://bucket/datasets/x")) == "/gcs/bucket/datasets/x"
    assert str(folder_from("run/dataset")) == "run/dataset"
