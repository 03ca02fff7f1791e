"""All findings about a data set, the gravest first."""

from __future__ import annotations

from checks.copies import near_copies
from checks.domains import unlike_domains
from checks.finding import Finding
from checks.outliers import damaged, unusual_sizes, without_content
from checks.pairs import shifted, unequal, unlike, unmatched
from checks.survey import Survey
from checks.wrong_domain import wrong_domain

CHECKS = (
    damaged, unmatched, near_copies, without_content, shifted, unlike, unequal, wrong_domain, unlike_domains,
    unusual_sizes,
)  # fmt: skip


def find_all(survey: Survey) -> list[Finding]:
    """Draws all findings from a survey."""
    return [finding for check in CHECKS for finding in check(survey)]
