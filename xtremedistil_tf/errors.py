"""The one exception for mistakes that the user can mend."""


class UserError(ValueError):
    """A wrong flag, file or folder; its text says what came, what is allowed and where."""
