"""What a reader says of a file that is no table."""


class UnreadableTableError(ValueError):
    """A file that is there but is not a table of its kind.

    Parameters
    ----------
    message : str
        What is wrong with the file and how to mend it.
    row : int or None
        Row as the file's reader numbers it, where one is to blame.
    column : str or None
        Column, where one is to blame.
    value : str or None
        What stands there.
    """

    def __init__(
        self,
        message: str,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        super().__init__(message)
        self.row, self.column, self.value = row, column, value
