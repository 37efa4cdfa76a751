export const sweepHelp = `Searches the parameters of a strategy and says how much of the best result is luck.

  npm run sweep -- --tape FILE --strategy glft --param NAME=LOW..HIGH[:log][:int][:points=N] [options]
  npm run sweep -- merge FOLDER... [--out FOLDER]
      Joins what several machines did with --task-index.
  npm run sweep -- walk-forward FOLDER... --train DAYS --test DAYS [--purge DAYS] [--embargo DAYS] [--expanding]
      Chooses parameters on train windows and reports the test windows only.

  --tape FILE       recorded market, repeatable; the replay engine (many variants per pass)
  --candles PATH    candles, repeatable; the candle engine
  --engine          replay | candle | analytic (a known function, to try the search out)
  --strategy        default glft on tapes, grid on candles
  --param           what to search, repeatable; NAME=1,2,5 is a list
  --space FILE      the same as JSON: {"gamma": {"low": 0.01, "high": 1, "scale": "log"}, "levels": [1, 2, 3]}
  --set NAME=VALUE  what stays fixed, repeatable: parameters, and options of the engine; a wrong name lists them
  --sampler         grid | random | tpe; default random
  --trials N        default 100; for grid: points in all, shared among the parameters
  --seed N          default 1; same seed, same trials
  --batch N         tpe: trials proposed at once, default 64
  --objective       sharpe | pnl; default sharpe
  --workers N       threads, default one per core
  --out FOLDER      default sweep; trials.jsonl in it is continued when it is of the same sweep
  --task-index I --task-count N
                    this machine does trials I, I + N, …; default from CLOUD_RUN_TASK_INDEX and _COUNT
  --json            last line of stdout is the result as JSON

Examples
  npm run sweep -- --tape day.gz --strategy glft --param gammaPerTick=0.001..1:log --param halfSpreadFactor=0.5..4 --trials 64
  npm run sweep -- --candles klines/BTCUSDT.csv.gz --param levels=5..10:int --param volatilityHours=1..24:log --set waiveFunding=true --sampler tpe
  npm run sweep -- --engine analytic --param x=0..1 --param y=0..1 --trials 10000 --out try
  npm run sweep -- walk-forward sweep --train 60 --test 20 --embargo 1

Ctrl-C finishes the running batch; the same command goes on later. A trial that is in the file never runs again.
`
