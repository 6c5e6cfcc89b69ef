"""A board as records of Every Eval Ever, a format that evaluations of many frameworks share.

After the schema 0.3.0 of https://github.com/evaleval/every_eval_ever, which takes a record per model and run.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from xbench.cell import Result, Status
from xbench.contracts import Origin
from xbench.notes import supervision
from xbench.standings import Board, Row, Table
from xbench.statistics import CONFIDENCE, DRAWS

VERSION = "0.3.0"
DECIMALS = 6  # what is beyond differs from machine to machine


def to_every_eval(board: Board, results: Iterable[Result], title: str = "") -> str:
    """A record a line (JSON) per model and recipe: its scores by language and its averages, with intervals.

    Scores are proportions, 0..1, as the format has them of accuracy and F1. What a record needs beside the board,
    such as when it was made, is that of the last of the row's `results`: the same results give the same bytes. Who
    evaluates, and whose the model is, nobody has told: the record says so.
    """
    last: dict[tuple[str, str], Result] = {}
    for result in sorted(results, key=lambda one: (one.started, one.cell)):
        if result.status is Status.OK:
            last[result.cell.model, result.cell.recipe] = result
    return "".join(
        json.dumps(_record(board, last[named], title or "xbench"), ensure_ascii=False, allow_nan=False) + "\n"
        for named in sorted(last)
    )


def _record(board: Board, result: Result, title: str) -> dict[str, Any]:
    model, recipe, made = result.cell.model, result.cell.recipe, _epoch(result.started)
    rows = [(table, row) for table in board.tables for row in table.rows if (row.model, row.recipe) == (model, recipe)]
    about = {key: str(result.model[key]) for key in ("revision", "digest", "parameters") if result.model.get(key)}
    deployed = "unknown" if "imported" in result.predictions else "self_deployed"
    return {
        "schema_version": VERSION,
        "evaluation_id": f"{title}/{model}/{recipe}/{made}",
        "evaluation_timestamp": result.started,
        "retrieved_timestamp": made,
        "source_metadata": {
            "source_name": title,
            "source_type": "evaluation_run",
            "source_organization_name": "unknown",
            "evaluator_relationship": "other",
        },
        "eval_library": {"name": "xbench", "version": result.versions.get("xbench-transfer", "unknown")},
        "model_info": {
            "name": f"{model} {recipe}",
            "id": str(result.model.get("id") or model),
            "additional_details": {
                "deployment_type": deployed,
                "model_availability": "unknown",
                "recipe": recipe,
                **about,
            },
        },
        "evaluation_results": [one for table, row in rows for one in _evaluations(table, row)],
    }


def _epoch(started: str) -> str:
    """Seconds since 1970 as text; `unknown` where a record does not tell its time."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return "unknown"
    return str(int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()))


def _evaluations(table: Table, row: Row) -> list[dict[str, Any]]:
    """The row's score in each language, then its average over the targets, where it has one."""
    made = [_evaluation(table, row, at, score) for at, score in row.scores.items()]
    if row.average.value is not None:
        made.append(_evaluation(table, row, "average", row.average.value))
    return made


def _evaluation(table: Table, row: Row, what: str, score: float) -> dict[str, Any]:
    """Of one language, or the average."""
    of = table.dataset
    languages = table.targets if what == "average" else (what,)
    details = {
        "score_0_to_100": str(round(score, 4) + 0.0),
        "source_language": table.source,
        "target_languages": ", ".join(languages),
        "seeds": ", ".join(map(str, row.seeds)),
        "supervision": supervision(row.supervision),
    }
    scored: dict[str, Any] = {"score": _proportion(score), "details": details}
    found = row.average.interval if what == "average" else row.intervals.get(what)
    if found is not None:
        ends = {"lower": _proportion(found.lower), "upper": _proportion(found.upper)}
        method = {"confidence_level": CONFIDENCE, "method": "percentile bootstrap over examples, and seeds if several"}
        scored["uncertainty"] = {"confidence_interval": ends | method, "num_bootstrap_samples": DRAWS}
    return {
        "evaluation_name": f"{table.task}.{what}",
        "source_data": _source(table, languages),
        "metric_config": {
            "metric_id": of.metric,
            "metric_name": of.metric,
            "metric_unit": "proportion",
            "lower_is_better": not of.higher_is_better,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": scored,
    }


def _source(table: Table, languages: Sequence[str]) -> dict[str, Any]:
    """The data set: a repository of the hub, or files that have no address."""
    of = table.dataset
    prints = {at: table.fingerprints[at] for at in languages if at in table.fingerprints}
    more = {"origin": of.origin, "split": of.split, "revision": of.revision, "fingerprints": json.dumps(prints)}
    if of.origin != Origin.HUB:
        return {"dataset_name": of.id, "source_type": "other", "additional_details": more}
    size = sum(table.sizes.get(language, 0) for language in languages)
    return {
        "dataset_name": of.id,
        "source_type": "hf_dataset",
        "hf_repo": of.id,
        "hf_split": of.split,
        "samples_number": size,
        "additional_details": more,
    }


def _proportion(score: float) -> float:
    return round(score / 100, DECIMALS) + 0.0
