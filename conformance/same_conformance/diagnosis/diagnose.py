"""Diagnose one implementation's wrong results for one op."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from same_conformance.diagnosis import amounts, foretold, naming, share, transforms, where
from same_conformance.diagnosis.interview import ARRAYS, Interview
from same_conformance.judge import FAILURES, Judge, Verdict
from same_conformance.mutants import RULES
from same_conformance.padding import MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from same_conformance.case import Case
    from same_conformance.diagnosis.naming import Arrays
    from same_conformance.diagnosis.probing import Execute
    from same_conformance.diagnosis.share import Share
    from same_conformance.diagnosis.where import Where
    from same_conformance.record import Result

_GRADIENTS = {"input_gradient": "the input", "kernel_gradient": "the kernel"}


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with one implementation's way to do one op.

    Attributes:
        sentence: what it does instead of SAME; the subject is the implementation.
        rule: the name of the known wrong rule that it follows, in `same_conformance.mutants`; empty if none is known.
        where: for which cases it is wrong.
        n_wrong, n_ran: how many cases it got wrong, of how many that it executed.
        share: how much of the box it is wrong on; None if that cannot be said.
        formulas: what it computes instead of what SAME asks for, in words.
        is_rule_known: whether what the sentence says gives all that was seen: known wrong rules, `rule` or such as are
            followed under a condition, or lengths and pads that differ from SAME's in all wrong cases and in no other.
        foretell: tell whether lengths and pads that were found differ from SAME's in a case; None if they say nothing of it.

    """

    sentence: str
    rule: str
    where: Where
    n_wrong: int
    n_ran: int
    share: Share | None = None
    formulas: frozenset[str] = frozenset()
    is_rule_known: bool = False
    foretell: Callable[[Case], bool | None] = field(default=lambda _: None, compare=False, repr=False)

    @property
    def text(self) -> str:
        """Return the sentence with the parameters for which it holds."""
        counts = f"{self.n_wrong} of {self.n_ran} cases wrong"
        of_box = self.share.text if self.share else ""
        where = self.where.in_words(is_rule_known=self.is_rule_known)
        return "; ".join(part for part in (self.sentence, where, of_box, counts) if part)


def diagnose(
    results: Sequence[Result], execute: Execute, arrays: Arrays | None = None, hints: Collection[str] = ()
) -> Diagnosis:
    """Find out what is wrong.

    `results` are all of one implementation and one op, in canonical order, some of them wrong; `execute` probes. `arrays`
    are what it gave where numbers round. Formulas whose texts are `hints` are tried first: they explain another op of it.
    """
    wrong = [r for r in results if r.judgement.verdict in FAILURES]
    right = [r for r in results if r.judgement.verdict in ("pass", "unspecified")]
    place = where.find([r.case for r in wrong], [r.case for r in right])
    has_arrays = any(r.judgement.verdict in ARRAYS for r in wrong)  # else any rule that raises there would do
    rule = naming.name_rule(wrong, right, arrays or {}) if has_arrays else ""
    sentence = RULES[rule].sentence if rule else _named(wrong, right, arrays or {}, place)
    formulas: frozenset[str] = frozenset()
    is_rule_known = bool(sentence)
    interviews: list[Interview] = []
    if not is_rule_known:
        interviews = [Interview(wrong, right, execute, place, hints, mode) for mode in _modes(wrong)]
        findings, mechanisms, formulas = _findings(interviews)
        is_rule_known = bool(interviews) and interviews[0].tells(wrong, right)
        place = _where_it_shows(wrong, right, mechanisms, place)
        in_part = None if is_rule_known else naming.name_in_part(wrong, arrays or {})
        sentence = in_part.sentence if in_part else _sentence(wrong, right, findings, _transform(wrong, arrays or {}))
    if place.predicate and not place.is_exact:
        known = amounts.differences(transposed=wrong[0].case.op == "conv_transpose")
        found = where.find([r.case for r in wrong], [r.case for r in right], known)
        is_one = len(re.findall(r"\b(?:before|out) != ", found.predicate)) == 1  # several of them fit by chance
        place = found if found.is_exact and is_one else place
    if rule and place.is_exact:
        place = foretold.checked(place, RULES[rule], [r.case for r in wrong], [r.case for r in right])
    of_box = share.find([r.case for r in wrong], place.predicate, rule)
    if of_box and not rule and not place.is_exact:
        of_box = replace(of_box, is_sampled=True)
    of_mode = {interview.mode: interview for interview in interviews}
    return Diagnosis(
        sentence, rule, place, len(wrong), len(wrong) + len(right), of_box, formulas, is_rule_known,
        lambda case: of_mode[case.padding].foretell(case) if case.padding in of_mode else None,
    )  # fmt: skip


def _where_it_shows(
    wrong: Sequence[Result], right: Sequence[Result], mechanisms: Collection[str], sampled: Where
) -> Where:
    """Say where an implementation is wrong by how that comes about, if that fits as well: what was sampled fits by chance, too."""
    if not mechanisms:
        return sampled
    found = where.find([r.case for r in wrong], [r.case for r in right], mechanisms)
    n_exceptions = found.n_missed + found.n_right
    is_told = any(mechanism in found.predicate for mechanism in mechanisms)
    return found if is_told and n_exceptions <= sampled.n_missed + sampled.n_right else sampled


def _named(wrong: Sequence[Result], right: Sequence[Result], arrays: Arrays, place: Where) -> str:
    """Return the sentences of known rules that are followed under conditions; empty if none are."""
    one = naming.name_under_condition(wrong, right, arrays, place.tests)
    if one is None and place.is_exact:  # then that says where
        one = naming.name_in_part(wrong, arrays)
    return "; ".join(
        named.sentence for named in ([one] if one else naming.name_several(wrong, right, arrays, place.tests))
    )


def _transform(wrong: Sequence[Result], arrays: Arrays) -> str:
    """Return what was done to SAME's results as a whole, if that is all; of the gradients alone, if a forward result is right."""
    of_shape = [r.case for r in wrong if r.case in arrays and arrays[r.case].shape == r.case.expected_shape]
    judge = Judge()
    return transforms.describe([transforms.Pair(c, arrays[c].astype(np.float64), judge.expected(c)) for c in of_shape])


def _modes(wrong: Sequence[Result]) -> list[str]:
    """Return the modes in which arrays are wrong, SAME first: they are read apart, for a formula for both would be none."""
    wrong_modes = {r.case.padding for r in wrong if r.case.compared == "forward" and r.judgement.verdict in ARRAYS}
    return [mode for mode in MODES if mode in wrong_modes]


def _findings(interviews: Sequence[Interview]) -> tuple[list[str], tuple[str, ...], frozenset[str]]:
    """Return what differs from SAME in words, tests that say where, and the formulas that were found.

    What is padded in the second mode is news unless it is what is padded in the first.
    """
    found = [interview.findings() for interview in interviews]
    if not found:
        return [], (), frozenset()
    texts, mechanisms, formulas = found[0]
    if len(found) > 1 and not interviews[0].is_known_pattern and not interviews[1].pads_as(interviews[0]):
        texts = [*texts, *interviews[1].pads()]
        mechanisms = (*mechanisms, *found[1][1])
    return texts, mechanisms, formulas


def _sentence(wrong: Sequence[Result], right: Sequence[Result], findings: list[str], transform: str) -> str:
    """Return what differs from SAME in words."""
    verdicts = Counter(r.judgement.verdict for r in wrong)
    verdict, _ = verdicts.most_common(1)[0]
    if "nondeterministic" in verdicts:  # then what the probes saw was chance
        return "gives another result when it is called again"
    calls = [r.case.calls for r in wrong]
    compared = {r.case.compared for r in wrong}
    if min(calls) > 1 and any(r.case.calls == 1 for r in right):
        findings.insert(0, "depends on the size that it saw first")
    elif "forward" not in compared:
        which = "the gradient with respect to " + " and to ".join(_GRADIENTS[c] for c in sorted(compared))
        how = f"cannot be had: {wrong[0].judgement.message}" if set(verdicts) == {"error"} else transform or "is wrong"
        is_right_forward = any(r.case.compared == "forward" for r in right)
        findings = [f"is right forward, but {which} {how}" if is_right_forward else f"{which} {how}"]
    elif transform:  # it explains all results, which what was read need not do
        findings = [f"reads the right elements, but the result {transform}{_in_dtypes(wrong, right)}"]
    return "; ".join(findings) or _unread(wrong, right, verdict)


def _unread(wrong: Sequence[Result], right: Sequence[Result], verdict: Verdict) -> str:
    """Say what there is to say of results from which nothing could be read."""
    message = wrong[0].judgement.message
    match verdict:
        case "dtype":
            return f"returns another dtype ({message})"
        case "crash" | "timeout" | "error":
            return f"ends in {verdict}: {message}"
        case "shape":
            return _shaped(wrong)
    if in_dtypes := _in_dtypes(wrong, right):
        return f"reads the right elements, but loses precision{in_dtypes}"
    return f"gives wrong numbers although the probes saw the right elements read ({message})"


def _in_dtypes(wrong: Sequence[Result], right: Sequence[Result]) -> str:
    """Say in which dtypes it is wrong, if it is right in others."""
    dtypes = {r.case.dtype for r in wrong}
    others = {r.case.dtype for r in right} - dtypes
    return f" in {' and '.join(sorted(dtypes))}" if others else ""


def _shaped(wrong: Sequence[Result]) -> str:
    """Say of results whose lengths no formula explains what is the matter with their shape."""
    shapes = [(r, r.judgement.observed_shape) for r in wrong if r.judgement.observed_shape is not None]
    axes = Counter(len(shape) - r.case.rank - 2 for r, shape in shapes)
    (more, _), *others = axes.most_common()
    if more and not others:
        first, shape = shapes[0]
        n_axes = "1 axis" if len(shape) == 1 else f"{len(shape)} axes"
        return f"returns {n_axes} where batch, size and channels are {first.case.rank + 2}: {first.judgement.message}"
    return f"returns another shape: {shapes[0][0].judgement.message}"
