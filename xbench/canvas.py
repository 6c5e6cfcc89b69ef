"""What plots of a page are drawn on: figures of matplotlib that become SVG to stand inside HTML.

What is drawn in a paint is coloured by the page's CSS variable of that name, so that a plot is readable in the dark;
text is text, in the page's type.
"""

import io
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xbench.markup import one_line

STEPS = 7  # of a scale of colours
POINTS = 72  # of an inch: a point of the figure is a pixel of the page
_PAINTS = ("ink", "muted", "grid", "card", "accent", "on", *(f"{scale}{at}" for scale in "sg" for at in range(STEPS)))
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "font.size": 12,
}


def paint(name: str) -> str:
    """A colour that stands for a variable of the page until `svg` puts the variable there."""
    return f"#f0f0{_PAINTS.index(name):02x}"


@contextmanager
def figure(size: tuple[int, int], margins: tuple[int, int, int, int]) -> Iterator[tuple[Figure, Axes]]:
    """An empty plot of this size with margins left, below, right and above, in pixels; no user's settings count."""
    (wide, high), (left, below, right, above) = size, margins
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the browser has the fonts
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        for name in ("text.color", "xtick.labelcolor", "ytick.labelcolor"):
            matplotlib.rcParams[name] = paint("ink")
        matplotlib.rcParams["axes.edgecolor"] = paint("grid")
        made = Figure((wide / POINTS, high / POINTS), facecolor="none")
        box = (left / wide, below / high, (wide - left - right) / wide, (high - below - above) / high)
        yield made, made.add_axes(box, facecolor="none")


def svg(drawn: Figure, title: str) -> str:
    """The figure as an element for HTML: without namespaces and unreferenced names, the same bytes every time."""
    text = io.StringIO()
    matplotlib.rcParams["svg.hashsalt"] = title  # names of markers and clips must differ between plots of a page
    drawn.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    root = ET.fromstring(text.getvalue())  # noqa: S314 - written by matplotlib a line above
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for name in [name for name in element.attrib if "}" in name]:
            element.set(name.rpartition("}")[2], element.attrib.pop(name))
        if element.tag == "g":
            element.attrib.pop("id", None)
        for style in element.findall("{*}style"):
            element.remove(style)
        if "style" in element.attrib:
            element.set("style", _painted(element.attrib["style"]))
    wide, high = (str(round(inch * POINTS)) for inch in drawn.get_size_inches())
    root.attrib |= {"width": wide, "height": high, "role": "img", "aria-label": one_line(title)}
    return ET.tostring(root, encoding="unicode")


def _painted(style: str) -> str:
    """The style with the page's colours, and with its font: none is named."""
    parts = [part.strip() for part in style.split(";")]
    text = "; ".join(part for part in parts if part and not part.startswith("font-family"))
    for at, name in enumerate(_PAINTS):
        text = text.replace(f"#f0f0{at:02x}", f"var(--{name})")
    return text
