"""The same GLFT market maker in hftbacktest, over the same packed tape; stays warm between runs.

usage: hftbacktest_driver.py PREFIX GAMMA HALF SKEW ORDER_LOTS INVENTORY_MAX GRID ENTRY_US RESPONSE_US EXPONENT STEP_US
       TICK_QUOTE LOT_BASE MAKER_FEE_RATIO
Each line on stdin gives a line "NANOSECONDS FILLS POSITION BALANCE FEE VALUE STEPS CHECKSUM LAST_HALF_TICKS".
"""

import sys
import time

import numpy as np
from hftbacktest import (
    BUY,
    BUY_EVENT,
    DEPTH_CLEAR_EVENT,
    DEPTH_EVENT,
    GTX,
    LIMIT,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    ROIVectorMarketDepthBacktest,
)
from hftbacktest.data.validation import correct_event_order
from hftbacktest.types import event_dtype
from numba import njit

WINDOW_STEPS, REFIT_STEPS, BINS, FIT_BINS = 6_000, 50, 500, 70
CLEAR = -(2**31)
NONE = -(2**31)


def load_events(prefix: str, tick_quote: float, lot_base: float):
    """Unpacks the tape into hftbacktest events in both orders. Returns events and the range of prices in ticks."""
    rows = np.fromfile(prefix + ".rows", np.int32).reshape(-1, 2)
    ends = np.fromfile(prefix + ".ends", np.int32) // 2
    lengths = np.diff(ends, prepend=0)
    code = rows[:, 0].astype(np.int64)
    is_clear = code == CLEAR
    is_trade = (code < 0) & ~is_clear
    plain = np.where(code < 0, ~code, code)
    side = np.where((plain & 1) == 0, BUY_EVENT, SELL_EVENT)
    kind = np.where(is_clear, DEPTH_CLEAR_EVENT, np.where(is_trade, TRADE_EVENT, DEPTH_EVENT))

    events = np.zeros(len(rows), event_dtype)
    events["ev"] = np.where(is_clear, kind, kind | side)
    events["exch_ts"] = np.repeat(np.fromfile(prefix + ".exchange", np.float64) * 1_000, lengths).astype(np.int64)
    events["local_ts"] = np.repeat(np.fromfile(prefix + ".receive", np.float64) * 1_000, lengths).astype(np.int64)
    events["px"] = np.where(is_clear, 0, (plain >> 1) * tick_quote)
    events["qty"] = np.where(is_clear, 0, rows[:, 1] * lot_base)
    by_exchange = np.argsort(events["exch_ts"], kind="stable")
    by_local = np.argsort(events["local_ts"], kind="stable")
    trades = plain[is_trade] >> 1
    return correct_event_order(events, by_exchange, by_local), trades.min(), trades.max()


@njit
def run(hbt, gamma, half_factor, skew_factor, order_lots, inventory_max, grid_factor, step_ns, lot_base):
    tick_size = hbt.depth(0).tick_size
    changes = np.full(WINDOW_STEPS, NONE, np.int64)
    bins = np.full(WINDOW_STEPS, NONE, np.int64)
    histogram = np.zeros(BINS, np.float64)
    rates = np.zeros(BINS, np.float64)
    step_seconds = step_ns / 1e9
    count = total = squares = 0
    volatility = a = k = half_spread = skew = grid = np.nan
    half_ticks = NONE
    checksum = np.int64(0)
    order_qty = order_lots * lot_base
    t = 0
    while hbt.elapse(step_ns) == 0:
        deepest = NONE
        if half_ticks != NONE:
            for trade in hbt.last_trades(0):
                trade_half_ticks = 2 * round(trade.px / tick_size)
                if trade.ev & BUY_EVENT == BUY_EVENT:
                    deepest = max(deepest, trade_half_ticks - half_ticks)
                else:
                    deepest = max(deepest, half_ticks - trade_half_ticks)
        hbt.clear_last_trades(0)
        hbt.clear_inactive_orders(0)

        depth = hbt.depth(0)
        best_bid, best_ask = depth.best_bid_tick, depth.best_ask_tick
        last_half_ticks = half_ticks
        half_ticks = best_bid + best_ask

        at = t % WINDOW_STEPS
        if changes[at] != NONE:
            count -= 1
            total -= changes[at]
            squares -= changes[at] * changes[at]
        if bins[at] != NONE:
            histogram[bins[at]] -= 1
        changes[at] = NONE
        if last_half_ticks != NONE:
            change = half_ticks - last_half_ticks
            changes[at] = change
            count += 1
            total += change
            squares += change * change
        bins[at] = NONE
        if deepest >= 1 and (deepest - 1) >> 1 < BINS:
            bins[at] = (deepest - 1) >> 1
            histogram[bins[at]] += 1

        if t >= WINDOW_STEPS - 1 and t % REFIT_STEPS == 0:
            mean = total / count
            volatility = np.sqrt(max(0.0, squares / count - mean * mean) / step_seconds) / 2
            n = BINS
            while n > 0 and histogram[n - 1] == 0:
                n -= 1
            if n > 2:
                reached = 0.0
                for bin in range(n - 1, -1, -1):
                    reached += histogram[bin]
                    rates[bin] = reached / (WINDOW_STEPS * step_seconds)
                m = min(n, FIT_BINS)
                x = np.arange(m) + 0.5
                y = np.log(rates[:m])
                slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
                if slope < 0:
                    k = -slope
                    a = np.exp(y.mean() - slope * x.mean())
            if np.isfinite(k):
                c1 = np.log1p(gamma / k) / gamma
                growth = np.exp((k / gamma + 1) * np.log1p(gamma / k))
                c2 = np.sqrt(gamma / (2 * a * k) * growth)
                half_spread = (c1 + 0.5 * volatility * c2) * half_factor
                skew = volatility * c2 * skew_factor
                grid = np.floor(half_spread * grid_factor + 0.5)

        if np.isfinite(half_spread):
            inventory = round(hbt.position(0) / lot_base)
            mid = half_ticks / 2
            reservation = mid - skew * inventory / order_lots
            bid = min(np.floor(reservation - half_spread + 0.5), best_bid)
            ask = max(np.floor(reservation + half_spread + 0.5), best_ask)
            if grid > 1:
                bid = np.floor(bid / grid) * grid
                ask = np.ceil(ask / grid) * grid
            bid_tick = int(bid) if inventory < inventory_max else 0
            ask_tick = int(ask) if inventory > -inventory_max else 0
            checksum = (checksum * 31 + bid_tick * 7 + ask_tick) & 0xFFFFFFFF
            bid_id, ask_id = 2 * bid_tick, 2 * ask_tick + 1

            has_bid, has_ask = bid_tick == 0, ask_tick == 0
            orders = hbt.orders(0)
            values = orders.values()
            while values.has_next():
                order = values.get()
                if order.order_id == bid_id:
                    has_bid = True
                elif order.order_id == ask_id:
                    has_ask = True
                elif order.cancellable:
                    hbt.cancel(0, order.order_id, False)
            if not has_bid:
                hbt.submit_buy_order(0, bid_id, bid_tick * tick_size, order_qty, GTX, LIMIT, False)
            if not has_ask:
                hbt.submit_sell_order(0, ask_id, ask_tick * tick_size, order_qty, GTX, LIMIT, False)
        t += 1
    depth = hbt.depth(0)
    return t, checksum, depth.best_bid_tick + depth.best_ask_tick


def main() -> None:
    prefix = sys.argv[1]
    gamma, half, skew, order_lots, inventory_max, grid, entry_us, response_us, exponent, step_us = map(
        float, sys.argv[2:12]
    )
    tick_quote, lot_base, maker_fee = map(float, sys.argv[12:15])
    events, low, high = load_events(prefix, tick_quote, lot_base)
    print("ready", flush=True)
    for _ in sys.stdin:
        asset = (
            BacktestAsset()
            .data(events)
            .linear_asset(1.0)
            .constant_order_latency(int(entry_us * 1_000), int(response_us * 1_000))
            .power_prob_queue_model(exponent)
            .no_partial_fill_exchange()
            .trading_value_fee_model(maker_fee, maker_fee)
            .tick_size(tick_quote)
            .lot_size(lot_base)
            .roi_lb(low * tick_quote * 0.5)
            .roi_ub(high * tick_quote * 1.5)
            .last_trades_capacity(10_000)
        )
        hbt = ROIVectorMarketDepthBacktest([asset])
        start = time.perf_counter_ns()
        steps, checksum, half_ticks = run(
            hbt, gamma, half, skew, int(order_lots), inventory_max, grid, int(step_us * 1_000), lot_base
        )
        nanoseconds = time.perf_counter_ns() - start
        state = hbt.state_values(0)
        checksum = checksum - 2**32 if checksum >= 2**31 else checksum
        print(
            nanoseconds,
            state.num_trades,
            repr(float(state.position)),
            repr(float(state.balance)),
            repr(float(state.fee)),
            repr(float(state.trading_value)),
            steps,
            int(checksum),
            int(half_ticks),
            flush=True,
        )
        hbt.close()


main()
