"""How much it matters what counts as the event."""

from alsutils.display import Prose
from alsutils.display import format as fmt
from alsutils.survival.events import GRAY, INCIDENCE, NAIVE, Competing
from alsutils.survival.times import Figures
from alsutils.survival.words import SAID


def definitions(result: Figures | None) -> Prose:
    """Say between which values the ratio lies as the definition changes."""
    if result is None:
        return Prose(SAID)
    if len(set(result.frame["definition"])) < 2:
        return Prose(SAID)
    lines = []
    for contrast, rows in result.frame.groupby("contrast", sort=False):
        if rows["definition"].nunique() < 2:
            lines.append(f"- {contrast}: one event alone has a hazard ratio.")
            continue
        low, high = (rows.loc[rows["estimate"].agg(f)] for f in ("idxmin", "idxmax"))
        clear = int(((rows["conf_low"] > 1) | (rows["conf_high"] < 1)).sum())
        found = f"{clear} of {len(rows)} intervals exclude" if clear else "no interval excludes"
        lines.append(
            f"- {contrast}: the hazard ratio lies between {fmt.number(low['estimate'])} "
            f"({low['definition']}) and {fmt.number(high['estimate'])} ({high['definition']}), by "
            f"what counts as the event; {found} no difference."
        )
    return Prose("\n".join(lines))


def competing(result: Competing | None) -> Prose:
    """Say how far the naive share lies off, and what Gray's test finds."""
    if result is None:
        return Prose(SAID)
    frame = result.frame
    at = frame[frame["analysis"] == INCIDENCE].set_index(["endpoint", "arm"])["estimate"]
    alone = frame[frame["analysis"] == NAIVE].set_index(["endpoint", "arm"])["estimate"]
    lines = []
    over = (alone - at).dropna()
    if len(over):
        endpoint, arm = over.idxmax()
        lines.append(
            f"- Taking other kinds of event for leaving would put the share too high by up to "
            f"{fmt.number(100 * over.max(), 0)} percentage points ({endpoint}, {arm})."
        )
    for r in frame[frame["analysis"] == GRAY].dropna(subset=["p_value"]).to_dict("records"):
        lines.append(
            f"- **{r['kind']}**, {r['contrast']}: Gray's test {fmt.p_phrase(r['p_value'])}."
        )
    return Prose("\n".join(lines) or "Too few patients were watched to compare the kinds.")
