"""What sections of settings share: where values come from, and lists written with commas."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "BURSAR_"


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


SecretList = Annotated[list[SecretStr], NoDecode, BeforeValidator(_split)]
TextList = Annotated[list[str], NoDecode, BeforeValidator(_split)]
SecondsList = Annotated[list[float], NoDecode, BeforeValidator(_split)]


class Section(BaseSettings):
    """The base of all sections."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=None, extra="ignore", frozen=True)
