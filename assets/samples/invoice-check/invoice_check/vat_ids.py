"""VAT numbers: the form for each country, and the check digit where its rule is public."""

import re
from typing import Callable, Dict, List, Tuple


def check(vat_id: str) -> List[str]:
    """What is wrong with a VAT number; nothing if it may be right."""
    compact = re.sub(r"[\s.-]", "", vat_id or "").upper()
    country, number = compact[:2], compact[2:]
    if country not in RULES:
        return [f"VAT number {vat_id!r} is of a country that is not checked here"]
    pattern, has_valid_digit = RULES[country]
    if not re.fullmatch(pattern, number):
        return [f"VAT number {vat_id!r} does not have the form of {country}"]
    if not has_valid_digit(number):
        return [f"VAT number {vat_id!r} has a wrong check digit"]
    return []


def _is_german(number: str) -> bool:
    """ISO 7064, MOD 11,10."""
    product = 10
    for digit in number[:8]:
        total = (int(digit) + product) % 10 or 10
        product = (2 * total) % 11
    return (11 - product) % 10 == int(number[8])


def _is_french(number: str) -> bool:
    """Two digits computed from the company's SIREN."""
    siren = int(number[2:])
    return int(number[:2]) == (12 + 3 * (siren % 97)) % 97


def _is_italian(number: str) -> bool:
    """Luhn over eleven digits."""
    total = 0
    for index, digit in enumerate(map(int, number)):
        doubled = digit * 2 if index % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_portuguese(number: str) -> bool:
    """Weights 9 to 2, modulo 11."""
    rest = sum(int(digit) * weight for digit, weight in zip(number, range(9, 1, -1))) % 11
    return int(number[8]) == (0 if rest < 2 else 11 - rest)


def _is_spanish(number: str) -> bool:
    """A person's letter is modulo 23; a company's control is a digit or a letter by its kind."""
    if number[0] in "0123456789XYZ":
        digits = number[:8].translate(str.maketrans("XYZ", "012"))
        return digits.isdigit() and number[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23]
    total = 0
    for index, digit in enumerate(map(int, number[1:8])):
        total += sum(divmod(digit * 2, 10)) if index % 2 == 0 else digit
    control = (10 - total % 10) % 10
    letter = "JABCDEFGHI"[control]
    if number[0] in "NPQRSW":
        return number[8] == letter
    if number[0] in "ABEH":
        return number[8] == str(control)
    return number[8] in (str(control), letter)


RULES: Dict[str, Tuple[str, Callable[[str], bool]]] = {
    "DE": (r"[1-9]\d{8}", _is_german),
    "ES": (r"[0-9XYZ]\d{7}[A-Z]|[A-HJNP-SUVW]\d{7}[0-9A-J]", _is_spanish),
    "FR": (r"\d{11}", _is_french),
    "IT": (r"\d{11}", _is_italian),
    "PT": (r"\d{9}", _is_portuguese),
}
