//! The embedded API server against recorded behavior of a real one.

use std::process::ExitCode;

use flux_apiserver::{Options, Server};
use flux_conformance::{Known, Run, same};
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};

mod legacy;

fn main() -> ExitCode {
    let mut run = Run::from_args();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime
        .block_on(Server::start(Options::default()))
        .expect("a server");
    let api = Api::new(&server);
    let served = install(&api);
    run.area("crds/samples", Known::none(), |area| {
        for (file, samples) in area.json_files("") {
            let kind = served.iter().find(|kind| kind.storage && kind.file == file);
            let kind = kind.expect("a kind of ours");
            for sample in samples.as_array().expect("a list of samples") {
                let id = sample["id"].as_str().expect("an id");
                let strict = &sample["strict"];
                let warn = sample.get("warn").unwrap_or(strict);
                let object = &sample["object"];
                area.case(&format!("{id} strict"), || {
                    same(&api.create(kind, object, "Strict"), strict)
                });
                area.case(&format!("{id} warn"), || {
                    same(&api.create(kind, object, "Warn"), warn)
                });
            }
        }
    });
    run.area("crds-legacy", Known::none(), |area| {
        legacy::run(area, &api, &served);
    });
    run.finish()
}

/// One served version of a kind of ours.
struct Served {
    /// The name of the file of samples.
    file: String,
    group: String,
    kind: String,
    plural: String,
    version: String,
    storage: bool,
}

/// Creates our definitions and returns all versions that they serve.
fn install(api: &Api) -> Vec<Served> {
    let mut all = Vec::new();
    for definition in flux_api::crd::definitions() {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let (status, body, _) = read(api.post(path, &definition.object));
        assert_eq!(status, 201, "{body}");
        let text = |path: &str| {
            definition
                .object
                .pointer(path)
                .and_then(Value::as_str)
                .expect(path)
                .to_owned()
        };
        let versions = definition
            .object
            .pointer("/spec/versions")
            .and_then(Value::as_array);
        for version in versions.expect("versions") {
            all.push(Served {
                file: text("/spec/names/singular"),
                group: text("/spec/group"),
                kind: text("/spec/names/kind"),
                plural: text("/spec/names/plural"),
                version: version["name"].as_str().expect("a name").to_owned(),
                storage: version["storage"] == json!(true),
            });
        }
    }
    all
}

/// A connection to the server as its admin.
struct Api {
    client: Client,
    url: String,
    token: String,
}

impl Api {
    fn new(server: &Server) -> Self {
        let authority = reqwest::Certificate::from_pem(server.ca_pem().as_bytes());
        let client = Client::builder()
            .tls_certs_only([authority.expect("an authority")])
            .build();
        Self {
            client: client.expect("a client"),
            url: server.url(),
            token: server.token("admin"),
        }
    }

    fn post(&self, path: &str, body: &Value) -> Response {
        let request = self.client.post(format!("{}{path}", self.url));
        request
            .bearer_auth(&self.token)
            .json(body)
            .send()
            .expect("an answer")
    }

    /// The verdict on a new object, in the form of the recorded ones.
    fn create(&self, kind: &Served, object: &Value, validation: &str) -> Value {
        let Served {
            group,
            version,
            plural,
            ..
        } = kind;
        let path = format!(
            "/apis/{group}/{version}/namespaces/default/{plural}?dryRun=All&fieldValidation={validation}"
        );
        let (code, mut body, warnings) = read(self.post(&path, object));
        let mut verdict = if code == 201 {
            let metadata = body["metadata"].as_object_mut().expect("metadata");
            for made in ["uid", "creationTimestamp", "generation", "managedFields"] {
                metadata.remove(made);
            }
            json!({ "accepted": true, "stored": body })
        } else {
            let mut refused = json!({
                "accepted": false,
                "code": code,
                "reason": body["reason"],
                "message": body["message"],
            });
            if let Some(causes) = body.pointer("/details/causes") {
                refused["causes"] = causes.clone();
            }
            refused
        };
        if !warnings.is_empty() {
            verdict["warnings"] = json!(warnings);
        }
        verdict
    }
}

/// Status, body and warnings of an answer; that a version is deprecated is no news here.
fn read(response: Response) -> (u16, Value, Vec<String>) {
    let code = response.status().as_u16();
    let warnings = response
        .headers()
        .get_all("warning")
        .iter()
        .filter_map(|warning| {
            warning
                .to_str()
                .ok()?
                .strip_prefix("299 - ")
                .map(str::to_owned)
        })
        .filter(|warning| !warning.contains("is deprecated"))
        .collect();
    (code, response.json().expect("JSON"), warnings)
}
