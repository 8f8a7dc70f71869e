"""How settings are read: the environment wins over the service's .env file, and a bad value is named at start."""

from collections.abc import Mapping
from typing import Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.secrets import ParameterStoreSource
from earshot.errors import InvalidSettings

ENV_PREFIX = "EARSHOT_"


class FunctionSettings(BaseSettings):
    """Base of every settings class. Field `tracks_table` is read from `EARSHOT_TRACKS_TABLE`."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    stage: str = "local"
    """Deployment stage: `local`, `dev`, `prod`. Part of every resource name."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the Parameter Store, then the service's .env file."""
        stored = ParameterStoreSource(settings_cls)
        return init_settings, env_settings, stored, dotenv_settings, file_secret_settings

    @classmethod
    def load(cls) -> Self:
        """The settings of this process.

        Raises:
            InvalidSettings: names every missing or unusable variable.
        """
        return cls._checked(cls)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """The settings of a process that has this environment and nothing else: no files, no secrets.

        Raises:
            InvalidSettings: names every missing or unusable variable.
        """

        class Alone(cls):  # type: ignore[misc, valid-type]  # the class at hand, whichever it is
            @classmethod
            def settings_customise_sources(
                cls, _: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **__: object
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                return (init_settings,)

        given = {name: environment.get(f"{ENV_PREFIX}{name.upper()}") for name in cls.model_fields}
        return cls._checked(Alone, **{name: value for name, value in given.items() if value})

    @classmethod
    def _checked(cls, settings: type[Self], **given: str) -> Self:
        try:
            return settings(**given)
        except ValidationError as error:
            problems = "; ".join(
                f"{cls._variable(problem['loc'])}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False)
            )
            raise InvalidSettings(problems, hint="Set it in the environment or in config/<service>.env.") from None

    @classmethod
    def _variable(cls, place: tuple[int | str, ...]) -> str:
        """The variable that a problem's `place` speaks of: a field, or a variable with a name of its own."""
        name = "_".join(map(str, place))
        return f"{ENV_PREFIX}{name.upper()}" if place and place[0] in cls.model_fields else name
