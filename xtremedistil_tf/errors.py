"""The one exception for mistakes that the user can mend."""


class UserError(ValueError):
    """A wrong flag, file or folder; its text says what came, what is allowed and where."""


def first_line(error: Exception) -> str:
    """The first line of what another library said."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
