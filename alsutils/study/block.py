"""What every block of `study.yml` is made of."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _named_once(numbers: tuple[float, ...]) -> tuple[float, ...]:
    """Refuse a number that stands twice in a list."""
    if twice := [f"{n:g}" for k, n in enumerate(numbers) if n in numbers[:k]]:
        raise ValueError(f"{twice[0]} stands twice; name it once")
    return numbers


Name = Annotated[str, Field(min_length=1)]
Numbers = Annotated[tuple[float, ...], Field(min_length=1), AfterValidator(_named_once)]


class Block(BaseModel):
    """A block of study.yml: unknown keys and wrong types are problems, values are fixed."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )
