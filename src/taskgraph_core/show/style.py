"""The colours and lettering of a drawn picture, for a light and a dark ground.

Colours are written out for each ground instead of being variables, because most programs that
show an SVG outside a browser do not know variables.
"""

from __future__ import annotations

from string import Template
from typing import Literal

from taskgraph_core.show.palette import STATUSES

_SHAPES = """\
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif}
text.heading{font-size:18px;font-weight:600}
text.id{font-size:12px;font-weight:600}
text.fact{font-size:11px}
text.small{font-size:12px}
.small .id{font-size:11px}
.rule{font-style:italic;font-weight:400}
.mark{font-size:9px}
.wire{fill:none;stroke-width:1.4}
.sign,.tick{fill:none;stroke-width:1.5;stroke-linecap:round}
rect.row{fill:none;pointer-events:all}
.cancelled .title{text-decoration:line-through}
"""

_COLOURS = Template("""\
.ground{fill:$ground}
text{fill:$ink}
.fact,.id{fill:$faint}
.done .title,.cancelled .title{fill:$faint}
.rule,.mark{fill:$warm}
.mark.critical{fill:$hot}
.mark.low{fill:$faint}
rect.card,.frame{fill:$card;stroke:$line}
.frame{fill:$box}
.split{stroke:$line}
.wire{stroke:$wire}
.arrow,.port{fill:$wire}
.tick{stroke:$ground}
$signs""")

_LIGHT = {
    "ground": "#ffffff",
    "ink": "#1f2328",
    "faint": "#656d76",
    "card": "#ffffff",
    "box": "#f6f8fa",
    "line": "#d0d7de",
    "wire": "#8c959f",
    "warm": "#bc4c00",
    "hot": "#cf222e",
}
_DARK = {
    "ground": "#0d1117",
    "ink": "#e6edf3",
    "faint": "#8b949e",
    "card": "#161b22",
    "box": "#12171e",
    "line": "#30363d",
    "wire": "#6e7681",
    "warm": "#f0883e",
    "hot": "#ff7b72",
}


def css() -> str:
    """The style sheet of an SVG."""
    return f"{_SHAPES}{_colours('light')}@media (prefers-color-scheme:dark){{\n{_colours('dark')}}}\n"


def _colours(ground: Literal["light", "dark"]) -> str:
    signs = "".join(
        f".{status} .sign{{stroke:{colour}}}.{status} .full{{fill:{colour}}}\n"
        for status, look in STATUSES.items()
        for colour in [look.light if ground == "light" else look.dark]
    )
    colours = _LIGHT if ground == "light" else _DARK
    return _COLOURS.substitute(colours, signs=signs)
