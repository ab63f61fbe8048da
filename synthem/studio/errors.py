"""What the studio refuses, and with which status of HTTP: each is one sentence."""

from shapes.core.errors import InputError


class RefusedError(InputError):
    """A request that is answered by a status of 4xx and one sentence.

    Parameters
    ----------
    status : int
        Of HTTP.
    sentence : str
        What is wrong, and what is allowed.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class SupersededError(RefusedError):
    """A newer request of the same client has taken the place of this one."""

    def __init__(self) -> None:
        super().__init__(409, "a newer request has taken the place of this one")


class ChangeError(RefusedError):
    """A changed value that a preset does not allow; ``path`` is the key that it concerns."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(422, sentence)
        self.path = path
