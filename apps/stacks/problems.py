"""What is wrong with a row before it is saved, by field."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import Model, TextField, URLField

Problems = dict[str, list[ValidationError]]


def problems_of(row: Model, *, exclude: Iterable[str] = ()) -> Problems:
    """As `clean_fields` says, and what Django leaves to forms: how long texts are, and that links are of the web."""
    left_out = set(exclude)
    problems: Problems = {}
    try:
        row.clean_fields(exclude=left_out)
    except ValidationError as error:
        problems = error.error_dict
    for field in row._meta.concrete_fields:
        if field.name in left_out or field.name in problems:
            continue
        value = getattr(row, field.attname)
        if isinstance(field, TextField) and field.max_length and len(value) > field.max_length:
            problems[field.name] = [ValidationError(f"Write at most {field.max_length} characters.")]
        elif isinstance(field, URLField) and value and not value.lower().startswith(("http://", "https://")):
            problems[field.name] = [ValidationError("Begin with https:// or http://.")]
    return problems
