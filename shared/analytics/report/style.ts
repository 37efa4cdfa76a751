/** Style of the page. Light unless the reader prefers dark. */
export const pageStyle = `
:root { color-scheme: light dark; --ground:#f6f7f9; --panel:#ffffff; --text:#17202a; --muted:#5b6875; --grid:#dfe4ea;
  --own:#1f6fd1; --other:#b26a00; --third:#7a4fb5; --gain:#0a7d4f; --loss:#c62f3d; --warn:#8a5a00; --loss-ground:#fdecee; --warn-ground:#fff5df; }
@media (prefers-color-scheme: dark) { :root { --ground:#0b0f14; --panel:#11171e; --text:#d5dde6; --muted:#8e9baa; --grid:#232c37;
  --own:#5aa2e8; --other:#e0a23a; --third:#b08be6; --gain:#35c28c; --loss:#f2606f; --warn:#e6b450; --loss-ground:#2a1418; --warn-ground:#261e0d; } }
* { box-sizing: border-box; }
body { margin:0; background:var(--ground); color:var(--text); font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif; font-variant-numeric:tabular-nums; }
main, header, footer { max-width:1440px; margin:0 auto; padding:0 20px; }
h1 { font-size:22px; margin:20px 0 2px; } h2 { font-size:14px; margin:0 0 8px; } h3 { font-size:12px; margin:14px 0 4px; color:var(--muted); font-weight:600; }
p { margin:0 0 6px; } code { font:12px/1.4 ui-monospace,"DejaVu Sans Mono",monospace; overflow-wrap:anywhere; }
.muted { color:var(--muted); } .gain { color:var(--gain); } .loss { color:var(--loss); }
section, .verdict { background:var(--panel); border:1px solid var(--grid); border-radius:6px; padding:14px 16px; margin:0 0 12px; min-width:0; }
.verdict { border-left:5px solid var(--gain); } .verdict.failed { border-left-color:var(--loss); background:var(--loss-ground); } .verdict.unknown { border-left-color:var(--warn); background:var(--warn-ground); }
.verdict ul { margin:6px 0; padding-left:0; list-style:none; } .verdict li { padding:2px 0 2px 8.2em; text-indent:-8.2em; }
.verdict li b { display:inline-block; width:8em; text-indent:0; font-weight:600; }
.failed-word { color:var(--loss); } .unknown-word { color:var(--warn); } .passed-word { color:var(--gain); }
.facts { display:grid; grid-template-columns:max-content minmax(0,1fr); gap:2px 14px; margin:0; } .facts dt { color:var(--muted); } .facts dd { margin:0; overflow-wrap:anywhere; }
.facts ul { margin:0; padding-left:16px; }
.columns { display:grid; grid-template-columns:minmax(0,1fr) 372px; gap:12px; align-items:start; }
.pair { display:grid; grid-template-columns:repeat(2,minmax(0,1fr)); gap:12px; }
.pair:has(> :only-child) { grid-template-columns:minmax(0,1fr); }
.note { color:var(--muted); font-size:12px; margin:-4px 0 6px; }
.scroll { overflow-x:auto; } .tall { max-height:440px; overflow:auto; }
table { border-collapse:collapse; width:100%; } th, td { padding:3px 8px; text-align:right; white-space:nowrap; border-bottom:1px solid var(--grid); }
th { color:var(--muted); font-weight:500; } th:first-child, td:first-child { text-align:left; padding-left:0; } td:last-child, th:last-child { padding-right:0; }
tr:last-child td, tr:last-child th { border-bottom:0; } .tall thead th { position:sticky; top:0; background:var(--panel); }
.metrics th { font-weight:400; white-space:normal; } .metrics td { font-weight:600; } td.words, th.words { text-align:left; }
.heat { width:auto; } .heat td, .heat th { min-width:64px; } .heat td { text-align:center; padding:5px 4px; } .heat th { text-align:center; } .heat th:first-child { text-align:left; }
.heat td.up { background:color-mix(in srgb, var(--gain) var(--strength), transparent); } .heat td.down { background:color-mix(in srgb, var(--loss) var(--strength), transparent); }
.split td.bar { width:45%; padding:0 8px; } .bar span { display:block; height:12px; position:relative; left:var(--from); width:max(1px,var(--width)); }
.bar.up span { background:var(--gain); } .bar.down span { background:var(--loss); } .split .sum td, .split .sum th { font-weight:700; border-top:1px solid var(--muted); }
.narrow td, .narrow th { padding:3px 4px; } .narrow td:first-child { white-space:normal; }
details > summary { cursor:pointer; color:var(--muted); margin:2px 0; }
.u-legend { font-size:12px; text-align:left; } .u-legend th, .u-legend td { border:0; padding:1px 3px; color:var(--text); } .u-legend .u-marker { width:10px; height:10px; }
.u-legend .u-value { min-width:7em; text-align:left; } .u-title { display:none; }
.chart { min-height:190px; } footer { color:var(--muted); padding:4px 20px 28px; }
@media (max-width:1000px) { .columns { grid-template-columns:minmax(0,1fr); } }
@media (max-width:720px) { .pair { grid-template-columns:minmax(0,1fr); } main, header, footer { padding:0 10px; } section, .verdict { padding:12px 10px; }
  .facts { grid-template-columns:minmax(0,1fr); gap:0; } .facts dd { margin-bottom:6px; } .verdict li { padding-left:0; text-indent:0; } .verdict li b { width:auto; margin-right:6px; } }
@media print { body { background:#fff; } .tall { max-height:none; } }
`
