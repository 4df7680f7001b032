"""What schemathesis needs to know about the sandbox. The descriptions cannot say it, since they describe the service.

They do not say which organizations, resources and API keys exist, and document only status 200, like the published
reference. The sandbox has its own UUIDs, its own key and its own documented refusals.
"""

import schemathesis

ORGANIZATION = "550e8400-e29b-41d4-a716-446655440000"
RESOURCE = "660f9511-f30c-52e5-b827-557766551111"

# The values that exist, by the names of parameters and members.
KNOWN = {
    "organization_uuid": ORGANIZATION,
    "resource_uuid": RESOURCE,
    "api_key": "sandbox-key",
    "api_secret": "sandbox-secret",
}

REFUSALS = {
    400: "The body is not JSON.",
    401: "No valid token, or a wrong key or secret.",
    404: "No such organization or resource.",
    405: "No operation has this method.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The reference forbids it.",
}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    components = raw_schema["components"]
    for name, parameter in components.get("parameters", {}).items():
        if name in KNOWN:
            parameter["schema"]["enum"] = [KNOWN[name]]
    for name, schema in components["schemas"].items():
        if name.endswith("Request"):
            for member in KNOWN.keys() & schema["properties"].keys():
                schema["properties"][member]["enum"] = [KNOWN[member]]
    components["schemas"]["Refusal"] = {
        "type": "object",
        "required": ["status", "message"],
        "properties": {"status": {"enum": [False]}, "message": {"type": "string"}},
        "additionalProperties": False,
    }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for path in raw_schema["paths"].values():
        for operation in path.values():
            # The shared parameters are next to the operations.
            if "responses" in operation:
                for status, description in REFUSALS.items():
                    operation["responses"][str(status)] = {"description": description, "content": content}
