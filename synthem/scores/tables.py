"""Families of scores as rows of words, for terminals and files; what is undefined is a dash."""

from collections.abc import Sequence

from synthem.scores.values import Family

DASH = "–"


def grid(family: Family) -> tuple[list[str], list[list[str]]]:
    """Return the heads of a table, and its rows; as many columns as there are fewer of, classes or scores."""
    of = list(family.scores)
    names = list(dict.fromkeys(name for row in family.scores.values() for name in row))
    unit = {name: f", {family.units[name]}" if name in family.units else "" for name in names}

    def cell(one: str, name: str) -> str:
        return shown(family.scores[one][name], family.units.get(name)) if name in family.scores[one] else ""

    if len(of) <= len(names):
        heads = ["score", *map(_plain, of)]
        return heads, [[_plain(name) + unit[name], *(cell(one, name) for one in of)] for name in names]
    heads = ["", *(_plain(name) + unit[name] for name in names)]
    return heads, [[_plain(one), *(cell(one, name) for name in names)] for one in of]


def below(family: Family) -> list[str]:
    """Return what stands below a table: why scores are undefined, and how figures came about."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for of, row in family.why.items():
        for name, why in row.items():
            reasons.setdefault(why, {}).setdefault(_plain(of), []).append(_plain(name))
    lines = []
    for why, own in reasons.items():
        where = "; ".join(f"{of} ({', '.join(names)})" for of, names in own.items())
        lines.append(f"{DASH} {why}: {where}")
    return [*lines, *family.notes]


def shown(value: float | int | None, unit: str | None = None) -> str:
    """Write a number; a dash where there is none."""
    if value is None:
        return DASH
    if isinstance(value, int):
        return f"{value:,}"
    if unit == "nm":
        return f"{value:.1f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.4g}"


def markdown(family: Family) -> str:
    """Write a family as a section of Markdown."""
    heads, rows = grid(family)
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    notes = "\n".join(f"- {line}" for line in below(family))
    return f"## {family.title}\n\n{table}\n\n{notes}".rstrip() + "\n"


def csv(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write rows as CSV; None is an empty field."""
    return "".join(",".join(map(_field, row)) + "\n" for row in [list(heads), *rows])


def _field(value: object) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text


def _plain(name: str) -> str:
    return name.replace("_", " ")
