export const backtestHelp = `Replays a recorded market through the same trader that trades live, and says honestly what came of it.

  npm run backtest -- --strategy glft --tape FILE[,FILE] [options]
  npm run backtest -- --strategy grid --candles PATH... [options]
  npm run backtest -- --parity RUN

Tapes
  --strategy NAME   glft | grid | funding-carry
  --tape FILES      captures or tapes, comma-separated or repeated; the same market follows one another,
                    different markets run on one clock
  --symbols A,B     which of several markets; 'all' for all of them
  --equity N        start equity in quote, default 10000
  --maker-bps N --taker-bps N
                    fees in bps of the notional, negative is a rebate; default: as the tape's instruments
  --latency-ms FEED,ENTRY,RESPONSE
                    default 5,5,5
  --latency-model   constant | recorded (feed as recorded, clock offset removed) | interpolated
  --latency-samples FILE
                    CSV time_us,feed_us,entry_us,response_us, for interpolated
  --latency-factor N
                    everything times N
  --queue MODEL     behind (cancels come from behind us, cautious; default) | proportional
  --param NAME=VALUE
                    setting of the strategy, repeatable
  --waive-funding   no funding where the tape tells no rate; without it that is an error
  --real            refuse a market that may be invented
  --check-lookahead, --no-check-lookahead
                    cut off the future, run again, compare; default on below five minutes of tape

Candles
  --candles PATH    files or folders (.csv, .csv.gz, .parquet), repeatable; every path after it
  --strategy NAME   grid | sma-cross | rsi-reversal | buy-and-hold | equal-weight
  --interval 1h  --symbols A,B|all  --leverage N  --path pessimistic|open-high-low-close|open-low-high-close
  --through-ticks N  --gap-fill limit|open  --slippage-bps N  --liquidation-fee-bps N
  --funding FILE  --tiers FILE  --spot  --allow-gaps  --from DATE  --to DATE

Parity
  --parity RUN      folder of a run (run/<id>): the same events must give the same intents, and its orders are made
                    and filled anew from its market alone; the difference is the error of the fill simulation

All
  --seed N          default 1; written into the report
  --out DIR         default run/backtest-<name>; report.html, result.json, fills.csv
  --json            last line of stdout is one JSON object; everything else goes to stderr

Examples
  npm run backtest -- --strategy glft --tape ../shared/data/orderbook/binance_raw/usdm_btcusdt_20240718.gz
  npm run backtest -- --strategy glft --tape day1.gz,day2.gz --maker-bps -0.5 --latency-ms 5,20,10 --param riskAversion=0.3
  npm run backtest -- --strategy grid --candles ../shared/data/klines/aster_perp --interval 1h --symbols BTCUSDT --waive-funding
  npm run backtest -- --parity run/simulation-7

Exit codes: 0 done (also when it lost money), 1 parity does not hold, 2 input that cannot be used.
`
