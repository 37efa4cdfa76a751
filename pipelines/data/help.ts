export const helpText = `Market history: pull it, check it, import it.

  npm run data -- pull --venue aster --symbols BTCUSDT --kind klines --interval 1h --from 2025-01-01 [--to 2025-03-01]
      Public REST into Parquet, a file per symbol and month (trades: per day), with rows and SHA-256 in manifest.json.
      The same command goes on where it stopped; whole files are verified and kept. Open candles are left out.
  npm run data -- check PATH... [--real] [--jump 50]
      Table and one line per problem with file and row; exit 1 when there is an error.
  npm run data -- import FILE... [--out PATH]
      Candles and funding rates (CSV, Parquet; files of one symbol are joined) to Parquet; Tardis trades, quotes and
      books, and raw captures, to a tape.

  --venue       aster | binance
  --kind        klines | trades | funding | mark | exchange-info; default klines
  --interval    1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d; default 1h
  --from --to   UTC, 2025-01-31 or 2025-01-31T12:00; --to is left out of the range, default now
  --out         folder of Parquet (default market), or the tape to write
  --rest        another host; what it answers is marked as synthetic
  --real        refuse what is marked as synthetic
  --jump        percent from close to close that deserves a line, default 50
  --tick --lot  steps of the market, for tapes of symbols that are not known
  --symbol      of a file whose rows and name say none
  --utc-offset  hours east of UTC of times that name no zone
  --json        last line of stdout is the result as JSON

Examples
  npm run data -- pull --venue binance --symbols BTCUSDT,ETHUSDT --kind funding --from 2024-01-01 --out market
  npm run data -- import market/binance/klines_1h --out candles
  npm run data -- check ../shared/data/klines/aster_perp
  npm run data -- import ../shared/data/trades/tardis_binance-futures_BTCUSDT_trades_20200222.csv --tick 0.01 --lot 0.001
`
