"""What the rows of a table cost, from the results that they are made of."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from xbench.cell import Result, Status
from xbench.standings import Board, Cost, Row, Table


def costs(table: Table, results: Iterable[Result]) -> list[Cost]:
    """What each row of the table cost, from the results of its board; a row without average has no cost.

    A stage that serves several targets is paid once. Results of former versions tell the sum of an alignment's stages
    alone: what different alignments of a row have in common is paid by each then, and nothing is shared.
    """
    rows: dict[tuple[str, str], list[Result]] = {}
    for one in results:
        there = (one.cell.task, one.cell.source) == (table.task, table.source) and one.cell.target in table.targets
        if there and one.status is Status.OK:
            rows.setdefault((one.cell.model, one.cell.recipe), []).append(one)
    # A row with an average has all cells of its seeds: no other row of the board has results of its name there.
    of = [[one for one in rows.get((row.model, row.recipe), ()) if one.cell.seed in row.seeds] for row in table.rows]
    users = Counter(key for row in of for key in {key for one in row for key in one.cost})
    return [_cost(row, made, users) for row, made in zip(table.rows, of, strict=True)]


def told(board: Board, results: Sequence[Result]) -> Board:
    """The board with what its rows cost."""
    return replace(board, costs=tuple(tuple(costs(table, results)) for table in board.tables))


def front(costs: Sequence[Cost], merits: Sequence[float | None]) -> list[bool]:
    """Whether a row is on the Pareto front of seconds and merit: none is as good for less, or better for as much.

    A row whose seconds or merit is not told is not on it, and keeps no other off it.
    """
    known = [(cost.seconds, merit) for cost, merit in zip(costs, merits, strict=True)]
    there = {(paid, merit) for paid, merit in known if paid is not None and merit is not None}
    beaten = {one for one in there for other in there if other[0] <= one[0] and other[1] >= one[1] and other != one}
    return [one in there - beaten for one in known]


def _cost(row: Row, of: Sequence[Result], users: Mapping[str, int]) -> Cost:
    if row.average.value is None or not of:
        return Cost()
    stages = {(one.cell.seed, key): stage for one in of for key, stage in one.cost.items()}
    trained = [(key, stage) for (_, key), stage in stages.items() if stage["kind"] != "predict"]
    told, seeds = all(one.cost for one in of), len(row.seeds)
    predicted = [stage["seconds"] for stage in stages.values() if stage["kind"] == "predict"]
    sizes = [one.model.get("parameters") for one in of]
    energy = [stage.get("energy_joules") for stage in stages.values()]
    return Cost(
        seconds=sum(stage["seconds"] for _, stage in trained) / seeds if told else _former(of, seeds),
        parameters=max((int(told) for told in sizes if told is not None), default=None),
        shared=sum(stage["seconds"] / users[key] for key, stage in trained) / seeds if told else None,
        predicting=sum(predicted) / seeds if told else None,
        memory=_most(stages.values(), "memory_mib"),
        accelerator=_most(stages.values(), "accelerator_mib"),
        energy=sum(energy) / seeds if told and None not in energy else None,  # type: ignore[arg-type]
        trained=max((found for one in of for found in _trained(one.diagnostics)), default=None),
    )


def _former(of: Sequence[Result], seeds: int) -> float | None:
    """The seconds of results that do not tell them by stage."""
    paid: dict[tuple[Any, ...], float | None] = {}
    for one in of:
        for kind in ("align", "fit"):
            paid[one.cell.seed, kind, str(one.keys.get(kind))] = one.timings.get(f"{kind}_seconds")
    seconds = [each for each in paid.values() if each is not None]
    return sum(seconds) / seeds if len(seconds) == len(paid) else None


def _most(stages: Iterable[Mapping[str, Any]], what: str) -> float | None:
    return max((stage[what] for stage in stages if what in stage), default=None)


def _trained(logged: Any) -> Iterator[int]:
    """The numbers of trained parameters that plugins logged, wherever they stand."""
    if isinstance(logged, Mapping):
        for name, value in logged.items():
            if name == "trained_parameters" and isinstance(value, int):
                yield value
            else:
                yield from _trained(value)
