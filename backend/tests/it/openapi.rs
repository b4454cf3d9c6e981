//! The OpenAPI document matches the server.

use crate::{
    http::{self, Answer},
    schema::{faults, resolve},
    test_server::TestServer,
    transport::client::{Client, Transport},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::limits::{
    DESCRIPTION_CHARS_MAX, FRAME_BYTES_MAX, HELD_MAX, HISTORY_MESSAGES, NAME_BYTES_MAX, PRESENCE_NAMED_MAX,
    ROOMS_PAGE, SNAPSHOT_MESSAGES, TEXT_BYTES_MAX, WELCOME_PRESENT_MAX,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

fn document() -> Value {
    serde_json::from_str(backend::http::openapi::DOCUMENT).unwrap()
}

/// Path, method and description of each operation.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let all = item.as_object().unwrap().iter();
            all.map(|(method, operation)| (path.clone(), method.to_uppercase(), operation))
        })
        .collect()
}

fn golden() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tests/golden/v1");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn the_document_is_valid_openapi_3_1() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    for field in ["/info/title", "/info/version", "/paths", "/components/schemas"] {
        assert!(document.pointer(field).is_some(), "{field}");
    }
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(["GET", "POST"].contains(&&*method), "{path}");
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "two of one name");
        assert_eq!(operation["requestBody"].is_object(), method == "POST", "{path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(["query", "header"].contains(&parameter["in"].as_str().unwrap()));
            assert!(parameter["name"].is_string() && parameter["schema"].is_object());
        }
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!((200..600).contains(&status.parse::<u16>().unwrap()));
            assert!(answer["description"].is_string() && answer["content"].is_object());
        }
    }
    // Every reference resolves, and every schema can be checked.
    refer(&document, &document);
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(faults(&document, schema, &json!({})).len() < 99, "{name}");
    }
}

fn refer(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("$ref", Value::String(reference)) => {
                        resolve(document, reference);
                    }
                    ("mapping", Value::Object(all)) => {
                        for to in all.values() {
                            resolve(document, to.as_str().unwrap());
                        }
                    }
                    _ => refer(document, member),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| refer(document, value)),
        _ => {}
    }
}

#[test]
fn every_golden_file_matches_its_schema() {
    let (document, golden) = (document(), golden());
    let mut described = BTreeSet::new();
    for (name, value) in &golden {
        assert_eq!(&document["components"]["examples"][name]["value"], value, "{name}");
        let schema = match name.split_once('_').unwrap() {
            ("command", _) => "Command",
            ("event", _) => "Event",
            ("api", "name") => "Naming",
            ("api", "join") => "Joining",
            ("api", rest) if rest.starts_with("problem") => "Problem",
            _ => "Me",
        };
        let schema = &document["components"]["schemas"][schema];
        assert_eq!(faults(&document, schema, value), [""; 0], "{name}");
        // The schema of the variant reports more about an error.
        if let Some(own) = schema["discriminator"]["mapping"].get(value["type"].as_str().unwrap_or_default())
        {
            described.insert(own.as_str().unwrap());
            let mut without = value.clone();
            let removed = without.as_object_mut().unwrap().remove("type");
            assert!(removed.is_some() && !faults(&document, schema, &without).is_empty(), "{name}");
        }
    }
    assert_eq!(document["components"]["examples"].as_object().unwrap().len(), golden.len());
    for union in ["Command", "Event"] {
        let mapping =
            document["components"]["schemas"][union]["discriminator"]["mapping"].as_object().unwrap();
        for (kind, own) in mapping {
            assert!(described.contains(own.as_str().unwrap()), "no example of {kind}");
        }
        assert_eq!(
            mapping.len(),
            document["components"]["schemas"][union]["oneOf"].as_array().unwrap().len()
        );
    }
}

#[test]
fn the_document_names_the_limits_of_the_code() {
    let document = document();
    let schema = "/components/schemas";
    for (pointer, limit) in [
        ("/Command_post/properties/text/maxLength", TEXT_BYTES_MAX),
        ("/Name/maxLength", NAME_BYTES_MAX),
        ("/Member/properties/name/maxLength", NAME_BYTES_MAX),
        ("/Description/maxLength", DESCRIPTION_CHARS_MAX),
        ("/RoomSnapshot/properties/messages/maxItems", SNAPSHOT_MESSAGES),
        ("/Event_history/properties/messages/maxItems", HISTORY_MESSAGES),
        ("/Event_rooms/properties/rooms/maxItems", ROOMS_PAGE),
        ("/Event_welcome/properties/present/maxItems", WELCOME_PRESENT_MAX),
        ("/Command_hello/properties/held/maxItems", HELD_MAX),
        ("/Event_present/properties/members/maxItems", PRESENCE_NAMED_MAX),
    ] {
        assert_eq!(document.pointer(&format!("{schema}{pointer}")), Some(&json!(limit)), "{pointer}");
    }
    for (path, method, operation) in operations(&document).into_iter().filter(|it| it.1 == "POST") {
        let most = if path == "/api/command" { FRAME_BYTES_MAX } else { backend::limits::BODY_BYTES_MAX };
        assert_eq!(operation["requestBody"]["x-bytes-max"], most, "{method} {path}");
    }
    let text = backend::http::openapi::DOCUMENT;
    let wait = backend::limits::POLL_WAIT_MAX.as_secs();
    assert!(text.contains(&format!("more than {wait} are {wait}")));
    let comments = backend::limits::COMMENT_EVERY.as_secs();
    assert!(text.contains(&format!("A comment comes every {comments} seconds")));
    let body = backend::limits::BODY_TIMEOUT.as_secs();
    assert!(text.contains(&format!("did not come in {body} seconds")));
}

#[tokio::test]
async fn the_document_lists_exactly_the_routes() {
    let (document, server) = (document(), TestServer::start());
    let served = http::get(&server, "/api/openapi.json", &[]).await;
    assert_eq!((served.status, served.header("content-type")), (200, Some("application/json")));
    assert_eq!(serde_json::from_str::<Value>(&served.body).unwrap(), document);
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes.rs")).unwrap();
    let routes: BTreeSet<_> =
        source.split("web::resource(\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let routes: BTreeSet<_> = routes.into_iter().filter(|path| path.starts_with("/api")).collect();
    let described: BTreeSet<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(routes, described);
    for path in described {
        let mut methods = Vec::new();
        for (_, method, operation) in operations(&document).into_iter().filter(|it| it.0 == path) {
            let is_read_by_head = operation["description"].as_str().is_some_and(|it| it.contains("`HEAD`"));
            methods.push(method);
            methods.extend(is_read_by_head.then(|| "HEAD".into()));
        }
        let head = http::head("PUT", path, &server, &[("content-length", "0")]);
        let answer = http::request(&server, &head, b"").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(&*methods.join(", "))), "{path}");
    }
}

/// Source text of a file, or of all files in a folder.
fn source_in(path: &Path) -> String {
    if path.is_dir() {
        fs::read_dir(path).unwrap().map(|entry| source_in(&entry.unwrap().path())).collect()
    } else {
        fs::read_to_string(path).unwrap()
    }
}

/// Query parameters that the server reads, according to its own source.
fn read_by_the_server() -> BTreeSet<String> {
    let source = source_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http"));
    let named = |call: &str| -> Vec<String> {
        source.split(call).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    [".value(\"", ".flag(\""].iter().flat_map(|call| named(call)).collect()
}

#[tokio::test]
async fn every_parameter_is_read_and_refused_when_invalid() {
    let (document, server) = (document(), TestServer::start());
    let cookie = server.join("Wei").await;
    let mut described = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (name, place) = (parameter["name"].as_str().unwrap(), &parameter["in"]);
            if place == "query" {
                described.insert(name.to_owned());
            }
            // Any text is a valid build, and any id begins a session.
            if ["build", "Last-Event-ID", "lastEventId"].contains(&name) {
                continue;
            }
            let headers = [("cookie", &*cookie)];
            let path = format!("{path}?{name}=tea");
            let answer = match &*method {
                "GET" => http::get(&server, &path, &headers).await,
                _ => http::post(&server, &path, &headers, &json!({ "type": "ping" })).await,
            };
            assert_eq!((answer.status, answer.code()), (422, 1_003), "{path} {name}");
        }
    }
    assert_eq!(described, read_by_the_server());
}

/// Statuses that this test would have to wait for, or break the server for. Other tests provoke them.
const NOT_PROVOKED: [&str; 2] = ["408", "503"];

/// Responses that were seen so far.
struct Seen<'d> {
    document: &'d Value,
    statuses: BTreeSet<(String, String)>,
}

impl Seen<'_> {
    /// Checks that a response is described, and that its body matches the schema.
    fn note(&mut self, path: &str, method: &str, answer: &Answer) {
        let operation = &self.document["paths"][path][method.to_lowercase()];
        let status = answer.status.to_string();
        let described = &operation["responses"][&status];
        assert!(described.is_object(), "{method} {path}: {status} is not described: {}", answer.body);
        let kind = answer.header("content-type").unwrap();
        let schema = &described["content"][kind]["schema"];
        assert!(schema.is_object(), "{method} {path}: {status}, {kind}");
        if answer.header("transfer-encoding").is_none() {
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            if path != "/api/openapi.json" || status != "200" {
                assert_eq!(faults(self.document, schema, &body), [""; 0], "{method} {path}");
            }
        }
        self.statuses.insert((path.to_owned(), status));
    }
}

#[tokio::test]
async fn every_described_status_is_returned() {
    let (document, server) = (document(), TestServer::start());
    let mut coverage = Seen { document: &document, statuses: BTreeSet::new() };
    let (wei, origin) = (server.join("Wei").await, server.origin());
    server.join("Lin").await;
    let mine = ("cookie", &*wei);
    for (path, method, operation) in operations(&document) {
        let is_get = method == "GET";
        let most = usize::try_from(operation["requestBody"]["x-bytes-max"].as_u64().unwrap_or(0)).unwrap();
        let ask = async |kind: &str, body: &str, headers: &[(&str, &str)], query: &str| {
            let body = if is_get { "" } else { body };
            let length = body.len().to_string();
            let mut all = headers.to_vec();
            if !is_get {
                all.extend([("content-type", kind), ("content-length", &*length)]);
            }
            let head = http::head(&method, &format!("{path}{query}"), &server, &all);
            http::request(&server, &head, body.as_bytes()).await
        };
        let (json, own) = ("application/json", ("origin", &*origin));
        let mut answers = vec![
            ask(json, "{}", &[mine, ("host", "evil.example")], "").await,
            ask(json, "{", &[mine, own], "?wait=x&cursor=x").await,
            ask("text/plain", "{}", &[mine, own], "?room=x").await,
        ];
        if !is_get {
            answers.push(ask(json, &"x".repeat(most + 1), &[mine, own], "").await);
        }
        let foreign = match is_get {
            true => ("sec-fetch-site", "cross-site"),
            false => ("origin", "http://evil.example"),
        };
        answers.push(ask(json, "{}", &[mine, foreign], "").await);
        if path == "/api/events" {
            // A stream has no end. Another test checks its head.
            coverage.statuses.insert((path.clone(), "200".to_owned()));
        } else if path != "/api/sign-out" {
            let body = match &*path {
                "/api/command" => r#"{"type":"ping"}"#,
                "/api/join" => r#"{"name":"Mei"}"#,
                _ => r#"{"name":"Wei the second"}"#,
            };
            let headers = if path == "/api/join" { vec![own] } else { vec![mine, own] };
            answers.push(ask(json, body, &headers, "").await);
        }
        if operation["responses"]["401"].is_object() {
            let body = if path == "/api/command" { r#"{"type":"ping"}"# } else { r#"{"name":"Mo"}"# };
            answers.push(ask(json, body, &[own], "").await);
        }
        for body in [
            r#"{"type":"tea"}"#,
            r#"{"name":"Lin"}"#,
            r#"{"type":"history","ref":1,"room":9,"at":"newest"}"#,
            r#"{"type":"room_create","ref":1,"client_id":"0123456789abcdef0123456789abcdef","name":"Lobby"}"#,
        ] {
            if !is_get && path != "/api/sign-out" {
                answers.push(ask(json, body, &[mine, own], "").await);
                answers.push(ask(json, body, &[own], "").await);
            }
        }
        answers.iter().for_each(|answer| coverage.note(&path, &method, answer));
    }
    // As many sessions as a member may have.
    let mut streams = Vec::new();
    for _ in 0..hub::limits::SESSIONS_PER_MEMBER_MAX {
        streams.push(Client::resume(&server, Transport::Events, &wei, None, None).await.ok());
    }
    for path in ["/api/events", "/api/poll"] {
        coverage.note(path, "GET", &http::get(&server, path, &[mine]).await);
    }
    let ping = json!({ "type": "ping" });
    coverage.note("/api/command", "POST", &http::post(&server, "/api/command", &[mine], &ping).await);
    // All at once: one after another they could take so long that the address never exceeds its rate.
    let namings = (0..2 * backend::limits::NAME_ATTEMPTS.burst).map(async |number| {
        let (path, headers) =
            if number % 2 == 0 { ("/api/join", &[][..]) } else { ("/api/name", &[mine][..]) };
        (path, http::post(&server, path, headers, &json!({ "name": "" })).await)
    });
    for (path, answer) in join_all(namings).await {
        coverage.note(path, "POST", &answer);
    }
    coverage.note("/api/sign-out", "POST", &http::post(&server, "/api/sign-out", &[mine], &json!({})).await);
    let missing: Vec<_> = operations(&document)
        .into_iter()
        .flat_map(|(path, _, operation)| {
            let statuses = operation["responses"].as_object().unwrap().keys();
            statuses.map(|status| (path.clone(), status.clone())).collect::<Vec<_>>()
        })
        .filter(|(_, status)| !NOT_PROVOKED.contains(&status.as_str()))
        .filter(|it| !coverage.statuses.contains(it))
        .collect();
    assert_eq!(missing, [], "described, and never answered");
}
