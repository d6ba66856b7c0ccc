import argparse
import io
import logging
import os
import pathlib
import sys

from . import checks, report

log = logging.getLogger("invoice-check")

SAMPLE = pathlib.Path(__file__).parent.parent / "input" / "invoices-march.csv"


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # The SDK's HTTP library tells every request and its headers at INFO.
    logging.getLogger("azure").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(prog="invoice_check")
    parser.add_argument("--output-dir", type=pathlib.Path, required=True)
    output_dir = parser.parse_args().output_dir

    task_id = os.environ.get("KUFLOW_TASK_ID")
    if task_id is None:
        log.info("No task: checking the sample file %s", SAMPLE.name)
        check_file(SAMPLE.read_bytes(), output_dir)
        return 0

    from .kuflow_task import KuFlowTask  # only here is the SDK needed

    task = KuFlowTask.from_environment(os.environ)
    document_uri = task.data.get("invoices")
    if not document_uri:
        log.error("The task's data has no property 'invoices' with the document to check")
        return 2
    log.info("Downloading the invoices")
    result, report_path = check_file(task.download(document_uri), output_dir)
    report_uri = task.upload(report_path, "text/html")
    log.info("Report uploaded: %s", report_path.name)
    task.merge_data(
        {
            "invoicesChecked": len(result.invoices),
            "invoicesWithFindings": result.invoices_with_findings,
            "findings": len(result.findings),
            "grossTotal": str(result.gross_total),
            "report": report_uri,
        }
    )
    log.info("Findings written to the task")
    return 0


def check_file(content: bytes, output_dir: pathlib.Path):
    tolerance = checks.Decimal(os.environ.get("VAT_TOLERANCE", "0.01"))
    result = checks.check(io.StringIO(content.decode("utf-8-sig"), newline=""), tolerance)
    log.info("%d invoices read, gross total %s", len(result.invoices), result.gross_total)
    for finding in result.findings:
        log.warning("%s: %s", finding.invoice, finding.text)
    output_dir.mkdir(parents=True, exist_ok=True)
    report_path = output_dir / "invoice-report.html"
    report_path.write_text(report.render(result), encoding="utf-8")
    log.info("%d of %d invoices need a look", result.invoices_with_findings, len(result.invoices))
    return result, report_path


if __name__ == "__main__":
    sys.exit(main())
