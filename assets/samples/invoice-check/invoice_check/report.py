"""The report that a person reads."""

import html

from .checks import Result

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Invoice report</title>
<style>
  body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }}
  table {{ border-collapse: collapse; width: 100% }}
  th, td {{ border-bottom: 1px solid #ccc; padding: .4rem; text-align: left; vertical-align: top }}
</style>
<h1>Invoice report</h1>
<p>{checked} invoices checked, gross total {total}. {flagged} need a look.</p>
<table>
<thead><tr><th>Invoice<th>Finding</thead>
<tbody>
{rows}
</tbody>
</table>
"""


def render(result: Result) -> str:
    rows = "\n".join(
        f"<tr><td>{html.escape(finding.invoice)}<td>{html.escape(finding.text)}" for finding in result.findings
    )
    return PAGE.format(
        checked=len(result.invoices),
        total=result.gross_total,
        flagged=result.invoices_with_findings,
        rows=rows or "<tr><td colspan=2>Nothing to report.",
    )
