"""The arithmetic of an invoice list. Knows nothing of KuFlow."""

import csv
import dataclasses
from decimal import Decimal, InvalidOperation
from typing import Dict, List, Optional, Set, TextIO, Tuple

from . import vat_ids

COLUMNS = ["number", "date", "supplier", "vat_id", "net", "vat_rate", "vat", "gross"]
TOTAL = "TOTAL"


@dataclasses.dataclass(frozen=True)
class Finding:
    line: int
    invoice: str
    text: str


@dataclasses.dataclass(frozen=True)
class Result:
    invoices: List[Dict[str, str]]
    findings: List[Finding]
    gross_total: Decimal

    @property
    def invoices_with_findings(self) -> int:
        return len({finding.line for finding in self.findings if finding.invoice != TOTAL})


def check(lines: TextIO, tolerance: Decimal) -> Result:
    """Reads a CSV with COLUMNS, whose last row may be a TOTAL, and says what does not add up."""
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        raise ValueError(f"The invoice list lacks the columns {', '.join(missing)}")

    invoices: List[Dict[str, str]] = []
    findings: List[Finding] = []
    sums = {column: Decimal(0) for column in ("net", "vat", "gross")}
    stated: Optional[Dict[str, str]] = None
    seen: Set[Tuple[str, str]] = set()
    for row in reader:
        if row["number"] == TOTAL:
            stated = row
            continue
        invoices.append(row)
        texts = [*check_amounts(row, tolerance), *vat_ids.check(row["vat_id"])]
        key = (row["supplier"], row["number"])
        if key in seen:
            texts.append(f"the same invoice of {row['supplier']} is listed already")
        seen.add(key)
        findings.extend(Finding(reader.line_num, row["number"], text) for text in texts)
        for column in sums:
            sums[column] += read_amount(row[column]) or 0
    if stated is not None:
        findings.extend(Finding(reader.line_num, TOTAL, text) for text in check_total(stated, sums))
    return Result(invoices, findings, sums["gross"])


def check_amounts(row: Dict[str, str], tolerance: Decimal) -> List[str]:
    amounts = {column: read_amount(row[column]) for column in ("net", "vat_rate", "vat", "gross")}
    unreadable = [f"{column} is not an amount: {row[column]!r}" for column, value in amounts.items() if value is None]
    if unreadable:
        return unreadable
    texts = []
    expected_vat = amounts["net"] * amounts["vat_rate"] / 100
    if abs(expected_vat - amounts["vat"]) > tolerance:
        texts.append(f"VAT is {amounts['vat']}, but {row['vat_rate']} % of {amounts['net']} is {expected_vat:.2f}")
    expected_gross = amounts["net"] + amounts["vat"]
    if abs(expected_gross - amounts["gross"]) > tolerance:
        texts.append(f"gross is {amounts['gross']}, but net and VAT make {expected_gross:.2f}")
    return texts


def check_total(stated: Dict[str, str], sums: Dict[str, Decimal]) -> List[str]:
    return [
        f"{column} total is {stated[column]}, but the rows make {total:.2f}"
        for column, total in sums.items()
        if read_amount(stated[column]) != total
    ]


def read_amount(text: str) -> Optional[Decimal]:
    try:
        amount = Decimal(text.strip())
    except (InvalidOperation, AttributeError):
        return None
    return amount if amount.is_finite() else None
