"""Sorts the letters of an inbox into folders by their words. Standard library alone."""

import argparse
import collections
import csv
import email
import email.message
import email.policy
import json
import os
import pathlib
import shutil
import sys
import urllib.request
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

HERE = pathlib.Path(__file__).parent
UNSORTED = "unsorted"


class Letter(NamedTuple):
    path: pathlib.Path
    folder: str
    word: str
    sender: str
    subject: str


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--inbox", type=pathlib.Path, default=HERE / "inbox")
    parser.add_argument("--output-dir", type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    rules = json.loads((HERE / "rules.json").read_text(encoding="utf-8"))
    letters = [sort_letter(path, rules) for path in sorted(arguments.inbox.glob("*.eml"))]
    print(f"{len(letters)} letters in {arguments.inbox.name}")
    for letter in letters:
        target = arguments.output_dir / letter.folder
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(letter.path, target / letter.path.name)
        print(f"  {letter.path.name} -> {letter.folder}")
        if letter.folder == UNSORTED:
            print(f"WARNING no rule fits {letter.path.name}: {letter.subject}", file=sys.stderr)
    write_index(letters, arguments.output_dir / "index.csv")

    counts = dict(sorted(collections.Counter(letter.folder for letter in letters).items()))
    print("Sorted: " + ", ".join(f"{count} {folder}" for folder, count in counts.items()))
    if "KUFLOW_TASK_ID" in os.environ:
        merge_task_data(os.environ, {"letters": len(letters), "folders": counts})
        print("Summary written to the task")
    return 0


def sort_letter(path: pathlib.Path, rules: List[Dict[str, Any]]) -> Letter:
    """The first rule of which a word is in the subject wins, else the first of which one is in the text."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    subject = str(message["subject"] or "")
    sender = str(message["from"] or "")
    for text in (subject, read_body(message)):
        for rule in rules:
            word = find_word(text, rule["words"])
            if word is not None:
                return Letter(path, rule["folder"], word, sender, subject)
    return Letter(path, UNSORTED, "", sender, subject)


def read_body(message: email.message.EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    return body.get_content() if body is not None else ""


def find_word(text: str, words: List[str]) -> Optional[str]:
    lower = text.lower()
    return next((word for word in words if word in lower), None)


def write_index(letters: List[Letter], path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        index = csv.writer(file)
        index.writerow(["file", "folder", "word", "from", "subject"])
        for letter in letters:
            index.writerow([letter.path.name, letter.folder, letter.word, letter.sender, letter.subject])


def merge_task_data(environment: Mapping[str, str], values: Dict[str, Any]) -> None:
    """Adds values to the data of the task that this run is for."""
    url = f"{environment['KUFLOW_API_ENDPOINT']}/process-items/{environment['KUFLOW_TASK_ID']}"
    item = call(environment, "GET", url)
    data = (item.get("task", {}).get("data") or {}).get("value") or {}
    call(environment, "PUT", f"{url}/task/data", {"data": {"value": {**data, **values}}})


def call(environment: Mapping[str, str], method: str, url: str, body: Optional[Any] = None) -> Any:
    request = urllib.request.Request(url, method=method)
    request.add_header("Authorization", f"Bearer {environment['KUFLOW_API_TOKEN']}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


if __name__ == "__main__":
    sys.exit(main())
