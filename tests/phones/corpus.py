"""The inputs of the phone test, built from Google's library: every region's example numbers, written, dialled and said.

Deterministic: the same library version gives the same corpus. `build()` is called once, by test_phones.py.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

SEED = 20260320
TYPES = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE)
VARIANTS_PER_TYPE = 2
"""Example numbers with other last digits, still valid, beside each example."""

EXTENSIONS = (" x123", " ext. 123", " #123", " extension 12", ";ext=12", ", 77", " EXT:9", "x5")
ABROAD = ("US", "DE", "GB", "AU", "JP", "RU", "BR", "KE")
OTHER_DIGITS = ("\u0660", "\u06f0", "\u0966", "\uff10")
"""The zeros of the Arabic, Persian, Devanagari and full-width digits."""

KEYPAD_WORDS = ("1-800-FLOWERS", "1 800 GOFEDEX", "+1-888-GO-FEDEX", "(877) ABC-DEFG", "1-800-MICROSOFT")

IMPROPER = {
    "country code without plus, from abroad",
    "dialled with 00",
    "dialled with 011",
    "national from abroad",
    "spoken, too short",
    "too long",
    "too long by far",
    "too long, national",
    "too short",
    "too short, national",
}
"""Kinds that do not say which number is meant: cut or padded, in the wrong country, or behind a prefix not its own."""

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
REPEATS = {2: "double", 3: "triple"}


@dataclass(frozen=True)
class Case:
    """One input and what Google's library makes of it."""

    region: str
    phone: str
    kind: str
    expected: str | None
    """The E.164 form, or None for a refusal."""
    meant: str | None
    """The number this was written from, where the form is a proper one: accepted, it must become this and no other."""


def google(phone: str, region: str) -> str | None:
    """The oracle: the valid number in E.164 form, or None."""
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return e164_of(number)


def build() -> list[Case]:
    """The whole corpus, in order of region."""
    cases: dict[tuple[str, str, str], Case] = {}
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        chance = random.Random(f"{SEED}{region}")
        for index, number in enumerate(numbers_of(region, chance)):
            for kind, default_region, phone, same_as in forms(region, number, index, chance):
                meant = None if kind in IMPROPER else e164_of(number)
                case = Case(default_region, phone, kind, google(same_as, default_region), meant)
                cases.setdefault((default_region, phone, kind), case)
    for phone in KEYPAD_WORDS:
        cases["US", phone, "keypad words"] = Case("US", phone, "keypad words", google(phone, "US"), None)
    return list(cases.values())


def e164_of(number: PhoneNumber) -> str:
    """The number in E.164 form."""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def numbers_of(region: str, chance: random.Random) -> list[PhoneNumber]:
    """The region's fixed, mobile and toll-free examples, each with variants."""
    numbers = []
    for number_type in TYPES:
        example = phonenumbers.example_number_for_type(region, number_type)
        if example is None:
            continue
        numbers.append(example)
        numbers.extend(variants(example, chance))
    return numbers


def variants(example: PhoneNumber, chance: random.Random) -> list[PhoneNumber]:
    """Valid numbers that differ from the example in their last three digits."""
    national = phonenumbers.national_significant_number(example)
    found: list[PhoneNumber] = []
    for _ in range(20):
        text = f"+{example.country_code}{national[:-3]}{chance.randrange(1000):03d}"
        number = phonenumbers.parse(text, None)
        if phonenumbers.is_valid_number(number) and number not in found:
            found.append(number)
        if len(found) == VARIANTS_PER_TYPE:
            break
    return found


def forms(region: str, number: PhoneNumber, index: int, chance: random.Random):
    """(kind, default region, text, the text whose reading by the oracle is right) for every way to give a number."""
    def plain(kind: str, text: str, default_region: str = region):
        return kind, default_region, text, text

    e164 = e164_of(number)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    significant = phonenumbers.national_significant_number(number)
    abroad = ABROAD[index % len(ABROAD)]
    extension = EXTENSIONS[index % len(EXTENSIONS)]

    yield plain("E.164", e164)
    yield plain("national", national)
    yield plain("national, digits only", phonenumbers.normalize_digits_only(national))
    yield plain("national, no trunk prefix", significant)
    yield plain("international", international)
    yield plain("tel: address", phonenumbers.format_number(number, PhoneNumberFormat.RFC3966))
    yield plain("tel: address with context", f"tel:{significant};phone-context=+{number.country_code}")
    yield plain("dotted", national.replace(" ", ".").replace("-", "."))
    yield plain("bracketed", f"(+{number.country_code}) ({significant[:2]}) {significant[2:]}")
    yield plain("trunk zero in brackets", f"+{number.country_code} (0) {significant}")
    yield plain("extension, national", national + extension)
    yield plain("extension, international", international + extension)
    yield plain("dialled with 00", f"00{e164[1:]}")
    yield plain("dialled with 011", f"011{e164[1:]}")
    for prefix in prefixes_abroad(region):
        yield plain("dialled with the region's prefix", f"{prefix} {international[1:]}")
    yield plain("dialled from the US", f"011 {international[1:]}", "US")
    yield plain("dialled from abroad with 00", f"00 {international[1:]}", "DE")
    yield plain("E.164 from abroad", e164, abroad)
    yield plain("international from abroad", international, abroad)
    yield plain("national from abroad", national, abroad)
    yield plain("country code without plus", e164[1:])
    yield plain("country code without plus, from abroad", e164[1:], abroad)
    yield plain("too short", e164[:-2])
    yield plain("too short, national", national[:-1])
    yield plain("too long", e164 + "7")
    yield plain("too long by far", e164 + "123456")
    yield plain("too long, national", national + "77")
    yield from written_otherwise(region, e164, national, international, index)
    yield from spoken(region, abroad, e164, national, chance)


def prefixes_abroad(region: str) -> list[str]:
    """What the region dials to reach another country, as people write it (8~10, 0011)."""
    metadata = PhoneMetadata.metadata_for_region(region)
    prefixes = [metadata.preferred_international_prefix, metadata.international_prefix]
    return sorted({prefix for prefix in prefixes if prefix and set(prefix) <= set("0123456789~")})


def written_otherwise(region: str, e164: str, national: str, international: str, index: int):
    """Other digits, and the marks that a copied contact brings along; the oracle reads the number without them."""
    zero = ord(OTHER_DIGITS[index % len(OTHER_DIGITS)])
    other = str.maketrans({str(digit): chr(zero + digit) for digit in range(10)} | {"+": "\uff0b"})
    yield "other digits", region, international.translate(other), international
    yield "other digits, national", region, national.translate(other), national
    yield "invisible marks", region, f"\u202a{e164[:4]}\u200b{e164[4:]}\u202c", e164
    yield "no-break spaces", region, national.replace(" ", "\u00a0"), national


def spoken(region: str, abroad: str, e164: str, national: str, chance: random.Random):
    """English words; the oracle reads the digits they spell."""
    digits = phonenumbers.normalize_digits_only(national)
    yield "spoken with plus", region, "plus " + said(e164[1:], chance), e164
    yield "spoken with plus, from abroad", abroad, "Plus " + said(e164[1:], chance), e164
    yield "spoken, national", region, said(digits, chance), digits
    half = len(digits) // 2
    yield "words and digits", region, f"{said(digits[:half], chance)}, {digits[half:]}.", digits
    yield "spoken with extension", region, f"My number is {said(digits, chance)} extension one two", digits
    yield "spoken, too short", region, said(e164[1:-4], chance), e164[1:-4]


def said(digits: str, chance: random.Random) -> str:
    """The digits as words: oh or zero, and doubles and triples about half the time."""
    words = []
    at = 0
    while at < len(digits):
        digit = digits[at]
        run = len(digits[at:]) - len(digits[at:].lstrip(digit))
        times = max((count for count in REPEATS if count <= run), default=1) if chance.random() < 0.5 else 1
        word = chance.choice(("oh", "zero", "o")) if digit == "0" else DIGIT_WORDS[int(digit)]
        words.append(f"{REPEATS[times]} {word}" if times > 1 else word)
        at += times
    return " ".join(words)
