"""A folder to publish: the results with their predictions, the suite, the board and its page, and what made them."""

from pathlib import Path

from xbench import journal, kept, session
from xbench.cell import Status
from xbench.registry import Registry


def publish(results: Path, target: Path, registry: Registry) -> list[str]:
    """Write `target` from a folder that `run` wrote, or that was published; remarks on what is lacking.

    Of predictions the answers alone are kept. Raises StoreError where there are no results, or anything cannot be
    written.
    """
    found = session.read_results(results)
    suite = session.suite_of(results)
    target.mkdir(parents=True, exist_ok=True)
    scored = {str(result.dataset.get("task")) for result in found if result.status is Status.OK}
    kinds = {task: registry.find("task", task).kind for task in scored}
    archive = target / kept.ARCHIVE
    draft = archive.with_suffix(".tmp")
    made, lacking = kept.archived(sorted(found, key=lambda result: result.cell), results, kinds, draft)
    if draft.exists():
        draft.replace(archive)
    session.write(target / session.RESULTS, "".join(journal.line(result) for result in made))
    if suite is not None:
        session.write_suite(suite, target)
    environment = results / session.ENVIRONMENT
    if environment.is_file() and results.resolve() != target.resolve():
        session.write(target / session.ENVIRONMENT, environment.read_text(encoding="utf-8"))
    session.seal(target)
    session.write(target / "README.md", session.board(target))
    session.write(target / "index.html", session.board(target, "html"))
    return [f"the predictions of {lacking} results are not there: their scores cannot be verified"] if lacking else []
