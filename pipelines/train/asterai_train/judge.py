"""What a model is worth on rows it never saw, next to what anybody gets without one."""

from dataclasses import dataclass

import numpy as np

from .dataset import CLASSES, Rows

PROBABILITY_MIN = 1e-12


@dataclass(frozen=True, slots=True)
class Judgement:
    """Scores on the test rows; log losses in nats."""

    accuracy: float
    majority_accuracy: float
    majority_class: str
    # Of always saying the most frequent class of the test itself; nobody could have known it.
    best_constant_accuracy: float
    best_constant_class: str
    # Of accuracy - best_constant_accuracy, with rows that overlap in time counted once.
    lead_standard_error: float
    log_loss: float
    baseline_log_loss: float
    effective_rows: int
    accuracy_standard_error: float
    # int64 [actual, said]
    confusion: np.ndarray

    @property
    def verdict(self) -> str:
        """What to say of the model in one sentence; never flattering.

        In a market that changed, always saying what the test happens to hold most of may beat the majority of training
        by far. A model has to beat that too.
        """
        if self.accuracy <= self.majority_accuracy:
            return "does NOT beat the majority baseline"
        lead = self.accuracy - self.best_constant_accuracy
        if lead <= 0:
            return (
                f"beats the majority of training, but NOT always saying '{self.best_constant_class}' "
                f"({self.best_constant_accuracy:.4f}), the most frequent class of the test"
            )
        if self.log_loss >= self.baseline_log_loss:
            return "is right more often than the baselines, but its probabilities are worse than fixed ones"
        if lead <= 2 * self.lead_standard_error:
            return "is ahead of the baselines by less than two standard errors: that may be luck"
        return f"beats the baselines by {lead / self.lead_standard_error:.1f} standard errors"


def effective_rows(rows: Rows) -> int:
    """How many rows are left when rows whose labels overlap in time count once.

    Markets move together, so rows of different markets at one time count as one as well.
    """
    count, free_from_us = 0, -1
    for at, known in zip(rows.sampled_at_us.tolist(), rows.label_at_us.tolist(), strict=True):
        if at >= free_from_us:
            count, free_from_us = count + 1, known
    return count


def judge(probabilities: np.ndarray, train: Rows, test: Rows) -> Judgement:
    """Scores probabilities of the test rows.

    Args:
        probabilities: float [row, 3].
        train: gives the baselines: its most frequent class and its class shares.
    """
    counts = np.bincount(train.label, minlength=len(CLASSES))
    majority = int(counts.argmax())
    # A class that training never saw would make the baseline infinitely bad.
    shares = np.maximum(counts / counts.sum(), PROBABILITY_MIN)
    said = probabilities.argmax(axis=1)
    accuracy = float((said == test.label).mean())
    told = np.maximum(probabilities[np.arange(len(test)), test.label], PROBABILITY_MIN)
    independent = effective_rows(test)
    best = int(np.bincount(test.label, minlength=len(CLASSES)).argmax())
    # The same rows are hard for both, so the difference is judged row by row.
    lead = (said == test.label).astype(float) - (test.label == best).astype(float)
    confusion = np.zeros((len(CLASSES), len(CLASSES)), dtype=np.int64)
    np.add.at(confusion, (test.label, said), 1)
    return Judgement(
        accuracy=accuracy,
        majority_accuracy=float((test.label == majority).mean()),
        majority_class=CLASSES[majority],
        best_constant_accuracy=float((test.label == best).mean()),
        best_constant_class=CLASSES[best],
        lead_standard_error=float(np.sqrt(lead.var() / independent)),
        log_loss=float(-np.log(told).mean()),
        baseline_log_loss=float(-np.log(shares[test.label]).mean()),
        effective_rows=independent,
        accuracy_standard_error=float(np.sqrt(accuracy * (1 - accuracy) / independent)),
        confusion=confusion,
    )


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Rows to which one class was given a probability within the bin: what was said, and how often it was so."""

    rows: int
    said: float
    happened: float


def reliability(probabilities: np.ndarray, test: Rows, bins: int = 10) -> list[ReliabilityBin]:
    """Reliability over all three classes; bins without rows are absent."""
    said = probabilities.ravel()
    happened = (np.arange(len(CLASSES)) == test.label[:, None]).ravel()
    index = np.minimum((said * bins).astype(int), bins - 1)
    return [
        ReliabilityBin(int(mask.sum()), float(said[mask].mean()), float(happened[mask].mean()))
        for mask in (index == number for number in range(bins))
        if mask.any()
    ]
