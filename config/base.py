"""How settings are read: the environment wins over the service's .env file, and a bad value is named at start."""

from typing import Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from earshot.errors import InvalidSettings

ENV_PREFIX = "EARSHOT_"


class FunctionSettings(BaseSettings):
    """Base of every settings class. Field `tracks_table` is read from `EARSHOT_TRACKS_TABLE`."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore")

    stage: str = "local"
    """Deployment stage: `local`, `dev`, `prod`. Part of every resource name."""

    @classmethod
    def load(cls) -> Self:
        """The settings of this process.

        Raises:
            InvalidSettings: names every missing or unusable variable.
        """
        try:
            return cls()
        except ValidationError as error:
            problems = "; ".join(
                f"{ENV_PREFIX}{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False)
            )
            raise InvalidSettings(problems, hint="Set it in the environment or in config/<service>.env.") from None
