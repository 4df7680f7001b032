"""What schemathesis needs to know about the sandbox, and purge.yaml cannot say, since it describes the service.

The description does not say which organizations and resources exist, and documents no response but 200, like
the published reference. The sandbox has its own UUIDs and its own documented refusals.
"""

import schemathesis

ORGANIZATION = "550e8400-e29b-41d4-a716-446655440000"
RESOURCE = "660f9511-f30c-52e5-b827-557766551111"

REFUSALS = {
    400: "The body is not JSON.",
    401: "No valid token.",
    404: "No such organization or resource.",
    405: "No operation has this method.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "The reference forbids it.",
}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    components = raw_schema["components"]
    components["parameters"]["organization_uuid"]["schema"]["enum"] = [ORGANIZATION]
    components["parameters"]["resource_uuid"]["schema"]["enum"] = [RESOURCE]
    body = components["schemas"]["CreatePurgeRequest"]["properties"]
    body["resource_uuid"]["enum"] = [RESOURCE]
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
