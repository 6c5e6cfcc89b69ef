"""The site: Sphinx over this folder, with the README as its front page. `sphinx-build docs site` builds it."""

import posixpath
import re
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from xbench import session

REPOSITORY = Path(__file__).resolve().parent.parent
BOARDS = REPOSITORY / "leaderboards"
PAGES = {  # what of the repository is a page of the site, by path
    "README.md": "index",
    "leaderboards": "boards",
    "plugins/xbench-methods/README.md": "components",
    "plugins/xbench-encoders/xbench_encoders/mini/README.md": "model",
    "xbench/contracts.py": "reference/contract",
}
HERE = "<!-- boards -->"  # where boards.md has their list

project = "xbench"
extensions = ["myst_parser", "sphinx_click", "sphinx_copybutton"]
html_theme = "furo"
html_title = "xbench"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_copy_source = False  # the sources are in the repository
html_show_sphinx = False
html_show_copyright = False  # the licence is told on the front page
default_role = "literal"  # help of commands says `code` as Markdown does
highlight_language = "none"  # most blocks are shell commands or output; those that are code say of which language
copybutton_prompt_text = "$ "  # of a session the commands alone are copied
copybutton_line_continuation_character = "\\"
smartquotes = False  # `--data` and "en" are to be typed as they stand
myst_heading_anchors = 4  # links such as contract.md#aligner
# A board is a page of its own, that xbench made and Sphinx knows nothing of: `site:` links are left as they are.
myst_url_schemes = {"http": None, "https": None, "mailto": None, "site": "{{path}}"}

_COG = re.compile(r"^<!-- \[\[\[(?:cog.*?\]\]\]|end\]\]\]) -->\n", re.DOTALL | re.MULTILINE)
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_LINK = re.compile(r"^```.*?^```|`[^`\n]+`|\[(?P<text>[^\]]+)\]\((?P<target>[^)\s]+)\)", re.DOTALL | re.MULTILINE)


def on_site(text: str, file: str, page: str) -> str:
    """The Markdown of a file of the repository as a part of a page: its links lead to what the site has.

    What is code is left as it is, and what only cog or a model hub reads is left out.
    """

    def link(found: re.Match[str]) -> str:
        return _link(found["text"], found["target"], file, page) if found["target"] else found[0]

    return _LINK.sub(link, _COG.sub("", _FRONT.sub("", text)))


def _link(text: str, target: str, file: str, page: str) -> str:
    """A link to a page of the site, to a board, or to the file to be downloaded; of a folder the text alone."""
    place, _, anchor = target.partition("#")
    if re.match(r"[a-z]+:", target) or not place:
        return f"[{text}]({target})"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), place))
    board = re.fullmatch(r"leaderboards/([^/]+)(?:/(?:README\.md|index\.html))?", path)
    page_of = path.removeprefix("docs/").removesuffix(".md") if re.match(r"docs/.+\.md$", path) else PAGES.get(path)
    if page_of:
        return f"[{text}](/{page_of}.md{'#' * bool(anchor)}{anchor})"
    if board:
        return f"[{text}](site:{'../' * page.count('/')}boards/{board[1]}/index.html)"
    if (REPOSITORY / path).is_dir():
        return text if "`" in text else f"`{text}`"
    return f"[{text}](/../{path})"


def boards(folder: Path) -> str:
    """A list of all boards: a link to the page of each, what its suite is and what was run."""
    lines = []
    for board in sorted(path.parent for path in folder.glob(f"*/{session.RESULTS}")):
        suite = session.suite_of(board)
        title = f"{suite.title}. " if suite else ""
        lines.append(f"* [{board.name}](site:boards/{board.name}/index.html): {title}{_ran(board)}")
    return "\n".join(lines)


def _ran(board: Path) -> str:
    """How much there is on a board, and of which tasks."""
    cells = [result.cell for result in session.read_results(board)]
    names = {"model": "model", "recipe": "recipe", "target": "language", "seed": "seed"}
    found = {what: sorted({getattr(cell, what) for cell in cells}) for what in (*names, "task")}
    counts = [f"{len(found[what])} {name}{'s' * (len(found[what]) > 1)}" for what, name in names.items()]
    return f"{', '.join(counts)}; {', '.join(f'`{task}`' for task in found['task'])}."


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = _COG.sub("", source[0])
    if HERE in source[0]:
        source[0] = source[0].replace(HERE, boards(BOARDS))
        for path in BOARDS.glob(f"*/{session.RESULTS}"):
            app.env.note_dependency(path)


def _included(app: Sphinx, path: Path, _: str, source: list[str]) -> None:
    file = (Path(app.srcdir) / path).resolve().relative_to(REPOSITORY).as_posix()
    source[0] = on_site(source[0], file, app.env.docname)


def _add_boards(app: Sphinx, exception: Exception | None) -> None:
    """The page of each board as it is."""
    if exception is None and app.builder.format == "html":
        for page in BOARDS.glob("*/index.html"):
            place = Path(app.outdir) / "boards" / page.parent.name
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(page, place / page.name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", _read)
    app.connect("include-read", _included)
    app.connect("build-finished", _add_boards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
