"""Private data: what looks like an address, a number or a key of someone, found by form and by checksum.

| kind | found by |
|---|---|
| email | the form of an address with a domain |
| phone | libphonenumber's matcher (phonenumbers): valid numbers, with + from anywhere, else of the country that goes with the language |
| card | 13 to 19 digits that begin like a card's and fulfil Luhn's checksum (ISO/IEC 7812) |
| id | resident identity numbers of China: 18 digits with date and checksum (GB 11643, python-stdnum) |
| ip | IPv4 and IPv6 addresses that are routed on the internet |
| key | private keys, tokens and access keys whose makers gave them a form to be recognised by |
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from upwell.text.cleaning.documents import Document
from upwell.text.cleaning.packages import needed

REGIONS = {
    "en": "US", "zh": "CN", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "ja": "JP", "ko": "KR", "pt": "BR",
    "ru": "RU", "nl": "NL", "pl": "PL", "sv": "SE", "tr": "TR", "ar": "EG", "hi": "IN", "uk": "UA", "vi": "VN",
}  # fmt: skip
"""The country whose national numbers are looked for, by language."""

# A number or address may stand right beside a Han character, so a word ends here where ASCII's letters do.
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9_.%+-])[A-Za-z0-9_.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9_-])"
)
_IPV4 = re.compile(r"(?<![A-Za-z0-9_.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![A-Za-z0-9_]|\.[0-9])")
_IPV6 = re.compile(
    r"(?<![A-Za-z0-9_:.])(?:[0-9A-Fa-f]{1,4}:){1,7}(?:(?::[0-9A-Fa-f]{1,4}){1,6}|:|[0-9A-Fa-f]{1,4})(?![A-Za-z0-9_:])"
)
_CARD = re.compile(
    r"(?<![A-Za-z0-9_.,-])(?:[0-9]{13,19}|[0-9]{4}(?:[ -][0-9]{4}){2,3}[ -][0-9]{1,7}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})"
    r"(?![A-Za-z0-9_-]|[.,][0-9])"
)
_ISSUERS = re.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)|3[47]|3(?:0[0-5]|[68])|35(?:2[89]|[3-8])|6(?:011|4[4-9]|5)|62|81"
)
_IDENTITY = re.compile(
    r"(?<![A-Za-z0-9_.])[1-8][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![A-Za-z0-9_])"
)
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,/-])(?<![0-9]:)\(?\+?\(?[0-9][0-9 \t().\u2010-\u2015/-]{5,20}[0-9](?![A-Za-z0-9_/]|[.,:-][0-9])"
)
_DIGITS = re.compile(r"[0-9][0-9 \t().\u2010-\u2015/-]{5,}[0-9Xx]")
"""Whatever address, card or number there may be, it holds this."""
_KEY_MARKS = {
    "": ("AKIA", "ASIA", "AIza", "eyJ", "SG."),
    "_": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "sk_live_", "rk_live_", "hf_", "npm_"),
    "-": ("PRIVATE KEY-----", "glpat-", "xoxb-", "xoxp-", "xoxa-", "sk-", "pypi-"),
}
"""What keys begin with, by a character that is in all of them: most texts have to be searched for few."""
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----.{1,8192}?-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----"
    r"|(?<![A-Za-z0-9_])(?:(?:AKIA|ASIA)[A-Z2-7]{16}|gh[opsur]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255}"
    r"|glpat-[A-Za-z0-9_-]{20,64}|xox[abp]-[A-Za-z0-9-]{20,255}|AIza[A-Za-z0-9_-]{35}|sk-(?:[a-z]{2,8}\d{0,2}-)*[A-Za-z0-9_-]{20,255}"
    r"|[rs]k_live_[A-Za-z0-9]{16,255}|eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{16,1024}|hf_[A-Za-z0-9]{30,64}"
    r"|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})(?![A-Za-z0-9_])",
    re.DOTALL,
)


class Private:
    """Finds private data; puts `[EMAIL]` and the like in its place, or drops the document."""

    name = "private"

    def __init__(self, *, drop: bool = False) -> None:
        self._drop = drop
        self._phones: Any = needed("phonenumbers", self.name)
        self._is_luhn = needed("stdnum.luhn", self.name).is_valid
        self._check_digit = needed("stdnum.cn.ric", self.name).calc_check_digit

    def apply(self, documents: Sequence[Document], counts: Counter[str]) -> list[Document | str]:
        """Each document without private data, or the kind that was found where such documents are dropped."""
        found: list[Document | str] = []
        for document in documents:
            here: Counter[str] = Counter()
            text = self.replaced(document.text, here, language=document.language)
            counts.update(here)
            if not here:
                found.append(document)
            else:
                found.append(f"holds {next(iter(here))}" if self._drop else document.replaced(text))
        return found

    def replaced(self, text: str, counts: Counter[str], *, language: str = "") -> str:
        """`text` with a mark for each find, which is counted by its kind in `counts`."""
        if any(mark in text for shared, marks in _KEY_MARKS.items() if shared in text for mark in marks):
            text = self._each(_KEY, text, "key", counts, lambda found: True)
        if "@" in text:
            text = self._each(_EMAIL, text, "email", counts, lambda found: True)
        if _may_hold_ipv6(text):
            text = self._each(_IPV6, text, "ip", counts, _is_public)
        if not _DIGITS.search(text):
            return text
        text = self._each(_IPV4, text, "ip", counts, _is_public)
        text = self._each(_IDENTITY, text, "id", counts, self._is_identity)
        text = self._each(_CARD, text, "card", counts, self._is_card)
        region = REGIONS.get(language, "US")
        return _NUMBER.sub(lambda match: self._without_phones(match.group(), region, counts), text)

    def _each(
        self, pattern: re.Pattern[str], text: str, kind: str, counts: Counter[str], is_one: Callable[[str], bool]
    ) -> str:
        def mark(match: re.Match[str]) -> str:
            if not is_one(match.group()):
                return match.group()
            counts[kind] += 1
            return f"[{kind.upper()}]"

        return pattern.sub(mark, text)

    def _is_card(self, found: str) -> bool:
        digits = re.sub("[ -]", "", found)
        return 13 <= len(digits) <= 19 and bool(_ISSUERS.match(digits)) and bool(self._is_luhn(digits))

    def _is_identity(self, found: str) -> bool:
        return bool(self._check_digit(found) == found[-1].upper())

    def _without_phones(self, found: str, region: str, counts: Counter[str]) -> str:
        digits = sum(map(str.isdigit, found))
        if digits < 7 or (digits > 15 and "+" not in found):
            return found
        if found.isdigit() and not (len(found) in (10, 11) and (region != "CN" or found[0] in "01")):
            return found  # a bare number is more often something else
        kept, end = [], 0
        for match in self._phones.PhoneNumberMatcher(found, region):
            kept += [found[end : match.start], "[PHONE]"]
            end = match.end
            counts["phone"] += 1
        return "".join([*kept, found[end:]])


def _may_hold_ipv6(text: str) -> bool:
    """Whether two colons are as near to each other as in an address: the search for the form itself takes longer."""
    return any(len(part) <= 4 for part in text.split(":")[1:-1])


def _is_public(found: str) -> bool:
    try:
        return ipaddress.ip_address(found).is_global
    except ValueError:
        return False
