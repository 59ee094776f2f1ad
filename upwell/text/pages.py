"""Pages of HTML that need nothing else: no script, no font, no request; light, dark and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
:root{--paper:#fff;--ink:#1c2126;--soft:#5b6670;--rule:#d7dce1;--blue:#1f6fb2;--orange:#c8641b;--green:#2e8540;--card:#f6f8fa}
@media(prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e4e8ec;--soft:#9aa5b0;--rule:#343c44;--blue:#6cb2ee;--orange:#f0a060;--green:#74c98a;--card:#1c2228}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--rule:#bbb;--blue:#1f6fb2;--orange:#c8641b;--green:#2e8540;--card:#fff}
section,svg,tr{break-inside:avoid}}
body{margin:0 auto;padding:2rem 1.2rem 4rem;max-width:1080px;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:1.9rem;margin:0 0 .2rem}h2{font-size:1.25rem;margin:2.6rem 0 .4rem;border-top:1px solid var(--rule);padding-top:1.2rem}h3{font-size:1rem;margin:1.4rem 0 .2rem}
p{margin:.4rem 0}.note,.sub{color:var(--soft);font-size:.9rem;max-width:75ch}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.86rem;margin:.6rem 0;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:.22rem .8rem .22rem 0;border-bottom:1px solid var(--rule);vertical-align:top}th{color:var(--soft);font-weight:600}
"""


def page(title: str, subtitle: str, sections: Iterable[str], *, language: str, style: str = "") -> str:
    """A page of `sections` (HTML) under a title; `language` is en or zh, `style` more CSS."""
    lang = "zh-CN" if language == "zh" else "en"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f'<style>{_STYLE}{style}</style></head><body><h1>{escape(title)}</h1><p class="sub">{escape(subtitle)}</p>'
        f"{''.join(sections)}</body></html>\n"
    )


def section(title: str, explanation: str, content: str) -> str:
    """A section with a heading and a line that explains it; nothing where it has no content."""
    return (
        f"<section><h2>{escape(title)}</h2>{note(explanation) if explanation else ''}{content}</section>"
        if content
        else ""
    )


def note(text: str) -> str:
    """A paragraph in small print."""
    return f'<p class="note">{escape(text)}</p>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain texts; nothing where it has no rows."""
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return ""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
