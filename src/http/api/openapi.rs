//! The OpenAPI document of the HTTP interface: the flat queries, made of the table of routes, and the rpcs as JSON,
//! made of the descriptors of the contract. `docs/openapi.json` is a copy of it; a test holds the two and the server
//! together.

use super::schema::{Schemas, reference};
use super::table::{FEED, Param, ROUTES, Route, ValueShape};
use crate::http::transcode::{self, SERVICE};
use prost_reflect::MethodDescriptor;
use serde_json::{Map, Value, json};

/// The document, laid out for reading.
pub(super) fn document() -> String {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    for route in ROUTES {
        if let Some(method) = transcode::method(route.rpc) {
            paths.insert(route.path(), flat(route, &method, &mut schemas));
        }
    }
    paths.insert("/api/v1/feed".to_owned(), feed());
    for method in transcode::methods().iter().filter(|method| !method.is_server_streaming()) {
        paths.insert(format!("/{SERVICE}/{}", method.name()), rpc(method, &mut schemas));
    }
    for (path, name, about, answers) in PLAIN {
        paths.insert((*path).to_owned(), plain(name, about, answers));
    }
    let mut all = schemas.all();
    all.insert("Failure".to_owned(), failure());
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Detente",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Flat queries under /api/v1, and every rpc with one reply as POST (the Connect protocol). A \
                flat query answers with the reply of the rpc it names, in proto3 JSON, fields at their default included \
                and numbers of 64 bits as numbers where a double holds them, or with a table of its entries; a POST leaves \
                defaults out, and its numbers of 64 bits are strings.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "http://127.0.0.1:7443" }],
        "paths": paths,
        "components": { "schemas": all },
    });
    // A document made of maps and texts has a form in JSON.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// A path whose answer is plain text: the path, its name, what it is, and what it may say, by status.
type Plain = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const PLAIN: &[Plain] = &[
    ("/healthz", "healthz", "The liveness of the process.", &[("200", "The process runs.")]),
    (
        "/readyz",
        "readyz",
        "The readiness of the server: the same state as that of grpc.health.v1.Health.",
        &[
            ("200", "The server serves. The text states if it takes appends, or the reason if it does not."),
            ("503", "The server is starting or stopping, or a write to the journal does not end."),
        ],
    ),
    (
        "/metrics",
        "metrics",
        "The metrics, for Prometheus.",
        &[("200", "Prometheus text (0.0.4), or OpenMetrics text where `accept` asks for it.")],
    ),
];

fn plain(name: &str, about: &str, answers: &[(&str, &str)]) -> Value {
    let answers: Map<String, Value> =
        answers.iter().map(|(status, about)| ((*status).to_owned(), json!({ "description": about }))).collect();
    json!({ "get": { "operationId": name, "summary": about, "responses": answers } })
}

fn flat(route: &Route, method: &MethodDescriptor, schemas: &mut Schemas) -> Value {
    let reply = schemas.message(&method.output());
    let parameters: Vec<Value> = route.params().map(parameter).chain(form_parameters()).collect();
    let about = format!("{SERVICE}.{}", route.rpc);
    let row = "a table with all entries, or with one page where page_size, page_token or limit is given";
    json!({ "get": {
        "operationId": route.name,
        "summary": route.about,
        "description": format!("The reply of {about}; with `format=csv`, `ndjson` or `rows` {row}."),
        "parameters": parameters,
        "responses": {
            "200": {
                "description": about,
                "headers": headers(),
                "content": {
                    "application/json": { "schema": reply },
                    "application/x-ndjson": {},
                    "text/csv": {},
                },
            },
            "304": { "description": "The answer has not changed since the ETag in If-None-Match." },
            "default": failure_response(),
        },
    }})
}

fn headers() -> Value {
    let text = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "ETag": text("Tag of the resolved question, its basis and the form. Send it back in If-None-Match."),
        "Link": text("Address of the next page with rel=next, if there is one."),
        "Detente-Basis": text("The cut of the answer. Send it as `basis` to get the same answer again."),
    })
}

fn feed() -> Value {
    let parameters: Vec<Value> = FEED.iter().flat_map(|group| group.iter()).map(parameter).collect();
    json!({ "get": {
        "operationId": "feed",
        "summary": "The log from a position on, then new events as they are recorded, as server-sent events.",
        "description": "Each event is a frame of Subscribe: its type is that of the frame, its data the frame as JSON, its \
            id the position to resume after, which a browser sends as Last-Event-ID when it connects again.",
        "parameters": parameters,
        "responses": {
            "200": { "description": "The stream.", "content": { "text/event-stream": {} } },
            "default": failure_response(),
        },
    }})
}

fn rpc(method: &MethodDescriptor, schemas: &mut Schemas) -> Value {
    let about = schemas.comment(&method.parent_service().parent_file(), method.path());
    let (request, reply) = (schemas.message(&method.input()), schemas.message(&method.output()));
    json!({ "post": {
        "operationId": method.name(),
        "summary": method.name(),
        "description": about,
        "requestBody": { "required": true, "content": { "application/json": { "schema": request } } },
        "responses": {
            "200": { "description": "The reply.", "content": { "application/json": { "schema": reply } } },
            "default": failure_response(),
        },
    }})
}

fn failure_response() -> Value {
    json!({
        "description": "An error in the form of the Connect protocol.",
        "content": { "application/json": { "schema": reference("Failure") } },
    })
}

fn failure() -> Value {
    let text = || json!({ "type": "string" });
    let detail = json!({
        "type": "object",
        "properties": {
            "type": text(),
            "value": { "type": "string", "format": "byte" },
            "debug": { "type": "object", "description": "The detail in words: ErrorInfo, BadRequest, RetryInfo, ..." },
        },
        "required": ["type", "value"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": {
            "code": { "type": "string", "description": "The gRPC code: invalid_argument, not_found, ..." },
            "message": text(),
            "details": { "type": "array", "items": detail },
        },
        "required": ["code", "message"],
        "additionalProperties": false,
    })
}

fn parameter(param: &Param) -> Value {
    let schema = match param.shape {
        ValueShape::Text | ValueShape::Date | ValueShape::Member(_) => json!({ "type": "string" }),
        ValueShape::Instant => json!({ "type": "string", "description": "RFC 3339, or a day for its first moment" }),
        ValueShape::Texts | ValueShape::Members(_) | ValueShape::Pairs(..) => {
            json!({ "type": "array", "items": { "type": "string" } })
        }
        ValueShape::Flag | ValueShape::Empty => json!({ "type": "boolean" }),
        ValueShape::Number => json!({ "type": "integer", "minimum": 0 }),
    };
    json!({ "name": param.name, "in": "query", "description": param.about, "schema": schema })
}

fn form_parameters() -> [Value; 3] {
    let parameter = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "query", "description": about, "schema": schema });
    let formats = json!({ "type": "string", "enum": ["json", "rows", "ndjson", "csv"], "default": "json" });
    let languages = json!({ "type": "string", "default": "en" });
    let flag = json!({ "type": "boolean", "default": false });
    [
        parameter("format", "Form of the answer: the reply, or its table. rows is a JSON array of objects.", formats),
        parameter("languages", "Languages of the text columns of a table, for example en,ar.", languages),
        parameter(
            "spreadsheet",
            "If true, CSV is made for a spreadsheet: it has a byte order mark, and no cell is a formula.",
            flag,
        ),
    ]
}
