"""What all specifications say together."""

from alsutils.appraisal.specifications import CHOICES, Specifications
from alsutils.display import Prose
from alsutils.display import format as fmt


def specifications(result: Specifications) -> Prose:
    """Say where the estimates lie and how many exclude no difference."""
    lines = []
    for arm, curve in result.curves.items():
        frame = curve.frame
        better = int(((frame["p_value"] < result.alpha) & (frame["estimate"] > 0)).sum())
        worse = int(((frame["p_value"] < result.alpha) & (frame["estimate"] < 0)).sum())
        lines.append(
            f"{arm}: {fmt.plural(curve.n, 'specification')}. Half of the estimates lie above "
            f"{fmt.number(curve.median)} standard deviations and half below; "
            f"{fmt.percent(curve.share_above)} are on the better side. {better} exclude no "
            f"difference on the better side and {worse} on the worse."
        )
    return Prose("\n".join(f"- {line}" for line in lines))


def curve_test(result: Specifications) -> Prose:
    """Say whether such a curve comes up where nothing differs."""
    lines = []
    for arm, curve in result.curves.items():
        test = curve.test.frame
        if test.empty:
            continue
        low, high = test["p_value"].min(), test["p_value"].max()
        if high < result.alpha:
            words = "is not what giving the arms by chance alone brings, by any of its summaries"
        elif low >= result.alpha:
            words = "is one that giving the arms by chance alone can well bring"
        else:
            words = "stands out by some of its summaries and not by others"
        ends = fmt.p_value(low), fmt.p_value(high)
        span = fmt.p_phrase(low) if ends[0] == ends[1] else f"p from {ends[0]} to {ends[1]}"
        lines.append(f"{arm}: the curve {words} ({span}).")
    return Prose(" ".join(lines))


def weightiest_choice(result: Specifications) -> Prose:
    """Say which decision moves the estimate most."""
    lines = []
    for arm, curve in result.curves.items():
        spans = {}
        for name, words in CHOICES.items():
            medians = curve.frame.groupby(name)["estimate"].median()
            if len(medians) > 1:
                spans[words] = (medians.max() - medians.min(), medians.idxmax(), medians.idxmin())
        if not spans:
            continue
        most = max(spans, key=lambda words: float(spans[words][0]))
        span, highest, lowest = spans[most]
        lines.append(
            f"{arm}: the decision that moves the median most is “{most.lower()}”, by "
            f"{fmt.number(span)} standard deviations between “{highest}” and “{lowest}”."
        )
    return Prose(" ".join(lines))
