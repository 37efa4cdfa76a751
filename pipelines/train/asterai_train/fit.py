"""Fits the network; stops when the validation rows stop getting better."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from .dataset import Rows
from .network import DirectionNetwork, network_for

BATCH_ROWS = 256
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-2


@dataclass(frozen=True, slots=True)
class FitOptions:
    epochs: int
    patience: int
    seed: int
    max_seconds: float
    device: str


@dataclass(frozen=True, slots=True)
class Fit:
    """The best network, on the CPU and in evaluation mode, and the log losses of every epoch."""

    network: DirectionNetwork
    history: list[tuple[float, float]]
    best_epoch: int
    stopped_by: str


def fit(
    train: Rows,
    validation: Rows,
    options: FitOptions,
    on_epoch: Callable[[int, float, float], None] = lambda *_: None,
) -> Fit:
    """Minimises the log loss of the training rows. Same rows and seed on a CPU: the same bits.

    Args:
        on_epoch: called with the epoch from 1, the training and the validation log loss.
    """
    torch.manual_seed(options.seed)
    torch.use_deterministic_algorithms(True, warn_only=options.device != "cpu")
    # Sums over several threads round differently from run to run; so small a network gains nothing from them.
    torch.set_num_threads(1)
    order = torch.Generator().manual_seed(options.seed)
    network = network_for(train.features).to(options.device)
    features, label = _tensors(train, options.device)
    validation_features, validation_label = _tensors(validation, options.device)
    loss_of = nn.CrossEntropyLoss()
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    deadline = time.monotonic() + options.max_seconds
    history: list[tuple[float, float]] = []
    best_loss, best_epoch = float("inf"), 0
    best_state = copy.deepcopy(network.state_dict())
    stopped_by = "epochs"
    for epoch in range(1, options.epochs + 1):
        network.train()
        total = 0.0
        for batch in torch.randperm(len(label), generator=order).to(options.device).split(BATCH_ROWS):
            optimiser.zero_grad()
            loss = loss_of(network.logits(features[batch]), label[batch])
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        network.eval()
        with torch.no_grad():
            validation_loss = loss_of(network.logits(validation_features), validation_label).item()
        history.append((total / len(label), validation_loss))
        on_epoch(epoch, *history[-1])
        if validation_loss < best_loss:
            best_loss, best_epoch = validation_loss, epoch
            best_state = copy.deepcopy(network.state_dict())
        elif epoch - best_epoch >= options.patience:
            stopped_by = "validation"
            break
        if time.monotonic() > deadline:
            stopped_by = "time"
            break
    network.load_state_dict(best_state)
    return Fit(network.to("cpu").eval(), history, best_epoch, stopped_by)


def _tensors(rows: Rows, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(rows.features).to(device), torch.from_numpy(rows.label).to(device)
