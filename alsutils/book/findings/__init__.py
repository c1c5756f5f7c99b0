"""What a folder of ADaM tables holds, guessed from ADaM's own names; a module a topic."""

from alsutils.book.findings.folder import Findings, find

__all__ = ["Findings", "find"]
