"""Trains a small network on the features of AsterAI; see `python -m asterai_train --help`."""
