"""The errors of Bedrock's front end for a body that breaks its model's JSON Schema."""

from jsonschema import ValidationError

from local.faults import Failure


def malformed(errors: list[ValidationError] | None = None) -> Failure:
    """The front end's error: everit-json-schema's message for one violation, else the count."""
    sentences = list(dict.fromkeys(each for error in errors or [] for each in violations(error)))
    found = ""
    if len(sentences) == 1:
        found = f": {sentences[0]}"
    elif sentences:
        found = f": {len(sentences)} schema violations found"
    return Failure(
        "ValidationException",
        f"Malformed input request{found}, please reformat your input and try again.",
    )


def violations(error: ValidationError) -> list[str]:
    """The messages of everit-json-schema."""
    where = "/".join(["#", *(str(step) for step in error.absolute_path)])
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "required":
            missing = [key for key in rule if key not in value]
            return [f"{where}: required key [{key}] not found" for key in missing]
        case "additionalProperties":
            unknown = [key for key in value if key not in error.schema["properties"]]
            return [f"{where}: extraneous key [{key}] is not permitted" for key in unknown]
        case "enum":
            return [f"{where}: {value} is not a valid enum value"]
        case "minimum":
            return [f"{where}: {value} is not greater or equal to {rule}"]
        case "maximum":
            return [f"{where}: {value} is not less or equal to {rule}"]
        case "maxLength":
            return [f"{where}: expected maxLength: {rule}, actual: {len(value)}"]
        case "anyOf":
            return [f"{where}: no subschema matched out of the total {len(rule)} subschemas"]
        case "minItems":
            return [f"{where}: expected minimum item count: {rule}, found: {len(value)}"]
        case _:
            names = {str: "String", bool: "Boolean", int: "Integer", float: "Double"}
            names |= {list: "JSONArray", dict: "JSONObject", type(None): "Null"}
            return [f"{where}: expected type: {rule.title()}, found: {names[type(value)]}"]
