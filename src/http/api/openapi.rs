//! The OpenAPI document of the flat queries, made of the table of routes.

use super::table::{FEED, Param, ROUTES, Shape};
use serde_json::{Map, Value, json};

/// The document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let params = route.params().map(parameter).chain([format_parameter()]);
        paths.insert(route.path(), path(route.rpc, route.about, params.collect(), "application/json"));
    }
    let feed = FEED.iter().flat_map(|group| group.iter()).map(parameter).collect();
    let about = "The feed as server-sent events; resume with Last-Event-ID.";
    paths.insert("/api/v1/feed".to_owned(), path("Subscribe", about, feed, "text/event-stream"));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Detente",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Flat queries. Each answers with the reply of the rpc it names, in canonical proto3 JSON; \
                reflection and the proto files say what every field means.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
    })
}

fn path(rpc: &str, about: &str, parameters: Vec<Value>, content: &str) -> Value {
    json!({ "get": {
        "operationId": rpc,
        "summary": about,
        "parameters": parameters,
        "responses": {
            "200": { "description": format!("detente.v1.LedgerService.{rpc}"), "content": { content: {} } },
            "304": { "description": "As the ETag in If-None-Match says, nothing has changed." },
            "default": { "description": "A failure: code, message and details, as the Connect protocol has them.",
                "content": { "application/json": {} } },
        },
    }})
}

fn parameter(param: &Param) -> Value {
    let schema = match param.shape {
        Shape::Text | Shape::Member(_) => json!({ "type": "string" }),
        Shape::Instant => json!({ "type": "string", "description": "RFC 3339, or a day for its first moment" }),
        Shape::Texts | Shape::Members(_) | Shape::Pairs(..) => {
            json!({ "type": "array", "items": { "type": "string" } })
        }
        Shape::Flag | Shape::Empty => json!({ "type": "boolean" }),
        Shape::Number => json!({ "type": "integer", "minimum": 0 }),
    };
    json!({ "name": param.name, "in": "query", "description": param.about, "schema": schema })
}

fn format_parameter() -> Value {
    let schema = json!({ "type": "string", "enum": ["json", "ndjson", "csv"], "default": "json" });
    json!({ "name": "format", "in": "query", "description": "The form of the answer.", "schema": schema })
}
