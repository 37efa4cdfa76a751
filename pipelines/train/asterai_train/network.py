"""The network: standardisation, two hidden layers, softmax. About ten thousand parameters."""

import numpy as np
import torch
from torch import Tensor, nn

HIDDEN = (96, 80)
# Standardised inputs beyond this many deviations say no more than "extreme".
CLIP_DEVIATIONS = 5.0


class DirectionNetwork(nn.Module):
    """float32 [batch, feature], in the units of the data set -> float32 [batch, 3], probabilities of down, flat, up.

    Mean and deviation are part of the network, so whoever serves it passes features as they are.
    """

    def __init__(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        super().__init__()
        width = len(mean)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(deviation, dtype=torch.float32))
        self.layers = nn.Sequential(
            nn.Linear(width, HIDDEN[0]),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(HIDDEN[0], HIDDEN[1]),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(HIDDEN[1], 3),
        )

    def logits(self, features: Tensor) -> Tensor:
        """float32 [batch, 3] before the softmax; what training minimises over."""
        standard = (features - self.mean) / self.deviation
        return self.layers(standard.clamp(-CLIP_DEVIATIONS, CLIP_DEVIATIONS))

    def forward(self, features: Tensor) -> Tensor:
        return torch.softmax(self.logits(features), dim=1)


def network_for(train_features: np.ndarray) -> DirectionNetwork:
    """A fresh network that standardises as the training rows, and only they, ask for.

    A feature that never changed keeps its scale: its deviation is taken as 1.
    """
    values = train_features.astype(np.float64)
    deviation = values.std(axis=0)
    return DirectionNetwork(values.mean(axis=0), np.where(deviation > 0, deviation, 1.0))


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
