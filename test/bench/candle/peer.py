"""Runs the peers on bars that the bench wrote, one command per line, one JSON answer per line.

usage: peer.py BARS ROWS SYMBOLS FAST SLOW FEE
BARS holds, per symbol, open, high, low, close as float64 [ROWS] each.
commands: backtesting | vectorbt-loop | vectorbt-matrix; answer: {"seconds" of processor time, "trades": [[symbol, entry bar, exit bar, pnl]]}
"""

import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
os.environ["TQDM_DISABLE"] = "1"

import numpy as np
import pandas as pd

BARS, ROWS, SYMBOLS, FAST, SLOW, FEE = sys.argv[1:7]
ROWS, SYMBOLS, FAST, SLOW, FEE = int(ROWS), int(SYMBOLS), int(FAST), int(SLOW), float(FEE)
EQUAL = 1e-9
CASH = 1e9
bars = np.fromfile(BARS).reshape(SYMBOLS, 4, ROWS)


def frames():
    index = pd.date_range("2021-01-01", periods=ROWS, freq="h")
    for symbol in bars:
        columns = dict(zip(["Open", "High", "Low", "Close"], symbol))
        yield pd.DataFrame({**columns, "Volume": 1.0}, index=index)


def backtesting_runner():
    import backtesting
    from backtesting import Backtest, Strategy

    backtesting.backtesting._tqdm = lambda seq, **_: seq

    def mean(values, length):
        return pd.Series(values).rolling(length).mean()

    class Cross(Strategy):
        def init(self):
            self.fast = self.I(mean, self.data.Close, FAST)
            self.slow = self.I(mean, self.data.Close, SLOW)

        def next(self):
            fast, slow = self.fast[-1], self.slow[-1]
            if fast > slow * (1 + EQUAL):
                if not self.position:
                    self.buy(size=1)
            elif fast < slow * (1 - EQUAL):
                if self.position:
                    self.position.close()

    tables = list(frames())

    def run():
        return [Backtest(table, Cross, cash=CASH, commission=FEE).run() for table in tables]

    def trades(results):
        for symbol, result in enumerate(results):
            rows = result._trades[["EntryBar", "ExitBar", "PnL"]].itertuples(index=False)
            for entry, exit_, pnl in rows:
                yield [symbol, int(entry), int(exit_), float(pnl)]

    return run, trades


def vectorbt_runner(matrix):
    import vectorbt as vbt

    # [bar, symbol], as vectorbt wants it.
    tables = (
        [(bars[:, 0].T.copy(), bars[:, 3].T.copy())]
        if matrix
        else [(symbol[0].copy(), symbol[3].copy()) for symbol in bars]
    )

    def simulate(opens, closes):
        fast = vbt.MA.run(closes, FAST).ma.values.reshape(closes.shape)
        slow = vbt.MA.run(closes, SLOW).ma.values.reshape(closes.shape)
        # The first decision comes after SLOW + 1 bars; it is carried out at the next open.
        entries = np.zeros(closes.shape, dtype=bool)
        exits = np.zeros(closes.shape, dtype=bool)
        entries[SLOW + 1 :] = (fast > slow * (1 + EQUAL))[SLOW:-1]
        exits[SLOW + 1 :] = (fast < slow * (1 - EQUAL))[SLOW:-1]
        portfolio = vbt.Portfolio.from_signals(
            closes, entries, exits, price=opens, size=1.0, fees=FEE, init_cash=CASH, freq="h"
        )
        return portfolio.trades.records

    def run():
        return [simulate(*table) for table in tables]

    def trades(results):
        for table, records in enumerate(results):
            closed = records[records["status"] == 1]
            columns = closed[["col", "entry_idx", "exit_idx", "pnl"]].itertuples(index=False)
            for column, entry, exit_, pnl in columns:
                yield [int(column) if matrix else table, int(entry), int(exit_), float(pnl)]

    return run, trades


makers = {
    "backtesting": backtesting_runner,
    "vectorbt-loop": lambda: vectorbt_runner(False),
    "vectorbt-matrix": lambda: vectorbt_runner(True),
}
runners = {}
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    name = line.strip()
    if name not in runners:
        runners[name] = makers[name]()
    run, trades = runners[name]
    start = time.process_time()
    results = run()
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "trades": sorted(trades(results))}), flush=True)
