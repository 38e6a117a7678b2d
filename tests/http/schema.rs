//! As much of JSON Schema as the OpenAPI document uses.

use serde_json::Value;

/// Returns the reason why a value breaks a schema of a document; none if it does not.
pub(crate) fn violation(document: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).expect(reference);
        return violation(document, schema, value, path);
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => return None,
    };
    if !types.iter().any(|name| is(name, value)) {
        return Some(format!("{path}: {value} is no {types:?}"));
    }
    if let Some(members) = schema["enum"].as_array().filter(|members| !members.contains(value)) {
        return Some(format!("{path}: {value} is none of {members:?}"));
    }
    match value {
        Value::Array(items) => {
            let wrong = |(at, item)| violation(document, &schema["items"], item, &format!("{path}[{at}]"));
            items.iter().enumerate().find_map(wrong)
        }
        Value::Object(fields) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let missing =
                required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{path}.{name} is missing"));
            let wrong = fields.iter().filter_map(|(name, value)| {
                let path = format!("{path}.{name}");
                match schema["properties"].get(name) {
                    Some(schema) => violation(document, schema, value, &path),
                    None => (schema["additionalProperties"] == false).then(|| format!("{path} is not in the schema")),
                }
            });
            missing.chain(wrong).next()
        }
        _ => None,
    }
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("{other} is no type"),
    }
}
