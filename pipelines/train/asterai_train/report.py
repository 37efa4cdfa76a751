"""A page about one model: accuracy next to the baseline, confusion, reliability, how training went."""

from html import escape
from typing import Any

from .dataset import CLASSES
from .fit import Fit
from .judge import Judgement, ReliabilityBin

STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0 1.5rem } td, th { padding: .2rem .8rem; text-align: right }
th { font-weight: 600 } tr + tr td { border-top: 1px solid #8884 } .verdict { font-weight: 600 }
.invented { border: 1px solid #c60; padding: .5rem .8rem; border-radius: .4rem }
svg { max-width: 100%; height: auto } svg text { font: 11px system-ui; fill: currentColor }
"""

SIDE = 300
MARGIN = 40


def report_page(card: dict[str, Any], judgement: Judgement, bins: list[ReliabilityBin], fitted: Fit) -> str:
    """A page without scripts or anything from elsewhere."""
    test, data = card["test"], card["data"]
    invented = (
        '<p class="invented">The market was <b>invented</b>: this model knows nothing of a real one.</p>'
        if data["isInvented"]
        else ""
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(card["modelId"])}</title><style>{STYLE}</style>
<h1>{escape(card["modelId"])}</h1>
{invented}
<p class="verdict">The model {escape(judgement.verdict)}.</p>
{_table(["", "model", "baseline", "in hindsight"], [
    ["accuracy", f"{test['accuracy']:.4f} ± {test['accuracyStandardError']:.4f}",
     f"{test['majorityAccuracy']:.4f} (always {test['majorityClass']})",
     f"{judgement.best_constant_accuracy:.4f} (always {judgement.best_constant_class})"],
    ["log loss, nats", f"{test['logLoss']:.4f}", f"{test['baselineLogLoss']:.4f} (class shares of training)",
     ""],
])}
<p>Direction of the mid {card["horizonSeconds"]:g} s ahead of {escape(", ".join(card["symbols"]))}; within
± {card["flatBandBps"]:.3f} bps is flat. {data["rows"]["test"]} test rows, the last in time, of which
{test["effectiveRows"]} do not overlap in time: the standard error counts those. {data["rows"]["train"]} rows trained,
{data["rows"]["validation"]} validated. Best of {len(fitted.history)} epochs: {fitted.best_epoch}, ended by
{fitted.stopped_by}. Seed {card["seed"]}, {card["parameters"]} parameters, trained on {card["trainedOn"]} at
{card["trainedAt"]}.</p>
<h2>Confusion on the test rows</h2>
{_table(["happened, said", *CLASSES], [
    [name, *(str(count) for count in judgement.confusion[index])] for index, name in enumerate(CLASSES)
])}
<h2>Reliability</h2>
<p>When the model said a probability, how often was it so? On the diagonal it is honest.</p>
{_reliability_chart(bins)}
{_table(["rows", "said", "happened"], [[str(b.rows), f"{b.said:.3f}", f"{b.happened:.3f}"] for b in bins])}
<h2>Log loss by epoch</h2>
{_table(["epoch", "training", "validation"], [
    [str(epoch), f"{train:.4f}", f"{validation:.4f}"] for epoch, (train, validation) in enumerate(fitted.history, 1)
])}
<p>Sources: {escape("; ".join(data["sources"]))}. Data {data["fingerprint"][:12]}, features
{card["featureFingerprint"][:12]}.</p>
</html>
"""


def _table(head: list[str], rows: list[list[str]]) -> str:
    cells = lambda tag, row: "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)  # noqa: E731
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><tr>{cells('th', head)}</tr>{body}</table>"


def _reliability_chart(bins: list[ReliabilityBin]) -> str:
    def at(said: float, happened: float) -> tuple[float, float]:
        return MARGIN + said * SIDE, 10 + (1 - happened) * SIDE

    (x0, y0), (x1, y1) = at(0, 0), at(1, 1)
    most = max(b.rows for b in bins)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 6 * (b.rows / most) ** 0.5:.1f}" fill="#2a7de1" fill-opacity=".7"/>'
        for b in bins
        for x, y in [at(b.said, b.happened)]
    )
    return f"""<svg viewBox="0 0 {SIDE + MARGIN + 10} {SIDE + 50}" width="{SIDE + MARGIN + 10}" role="img"
aria-label="reliability">
<rect x="{x0}" y="{y1}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#8888"/>
<line x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}" stroke="#8888" stroke-dasharray="4"/>{dots}
<text x="{x0 + SIDE / 2}" y="{y0 + 32}" text-anchor="middle">probability said</text>
<text x="{x0}" y="{y0 + 16}" text-anchor="middle">0</text><text x="{x1}" y="{y0 + 16}" text-anchor="middle">1</text>
<text x="12" y="{10 + SIDE / 2}" text-anchor="middle" transform="rotate(-90 12 {10 + SIDE / 2})">share that happened</text>
</svg>"""
