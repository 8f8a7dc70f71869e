"""Secrets of a deployed function, read from SSM Parameter Store when it starts.

They stay out of the function's environment, and thereby out of its CloudFormation template and of the console.
"""

import os

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

PATH_VARIABLE = "EARSHOT_SECRETS_PATH"
"""Names the folder of parameters, e.g. `/earshot/dev/secrets`; without it, nothing is asked."""

UNSET = "unset"
"""What infra/ writes into a parameter before its owner does."""


class ParameterStoreSource(PydanticBaseSettingsSource):
    """The `SecretStr` fields of a settings class, each from the SecureString `<path>/<field>`."""

    def __call__(self) -> dict[str, str]:
        """Values by field. Fields whose parameter is missing or unset are left to the other sources."""
        path = os.environ.get(PATH_VARIABLE, "")
        names = [f"{path}/{name}" for name, field in self.settings_cls.model_fields.items() if is_secret(field)]
        if not path or not names:
            return {}
        import boto3  # only functions that have secrets pay for it

        answer = boto3.client("ssm").get_parameters(Names=names, WithDecryption=True)
        return {
            parameter["Name"].rpartition("/")[2]: parameter["Value"]
            for parameter in answer["Parameters"]
            if parameter["Value"] != UNSET
        }

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[None, str, bool]:  # noqa: ARG002
        """Part of the base class's interface; `__call__` fetches all fields in one request instead."""
        return None, field_name, False


def is_secret(field: FieldInfo) -> bool:
    """Whether the field holds something that must not be shown."""
    return field.annotation is SecretStr
