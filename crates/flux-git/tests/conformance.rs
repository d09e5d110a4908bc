//! Recorded behaviour of upstream's Git package: texts, selection of commits, signed objects.
use std::error::Error as _;
use std::net::SocketAddr;

use bytes::Bytes;
use flux_conformance::{Area, Known, Run, same, same_text};
use flux_git::revision::{self, Pointer};
use flux_git::serve::{Repository, Server};
use flux_git::{Checkout, CheckoutOptions, Client, Commit, Reference, Remote, Signature};
use flux_tree::{FileTree as _, TreePath};
use serde_json::Value;

fn main() -> std::process::ExitCode {
    let mut run = Run::from_args();
    run.area("revision/strings", Known::none(), strings);
    run.area("revision/commit-strings", Known::none(), commit_strings);
    run.area("revision/short-messages", Known::none(), short_messages);
    run.area("revision/select", Known::none(), select);
    run.area("revision/signed-objects", Known::none(), signed_objects);
    run.finish()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

fn cases(area: &Area, file: &str) -> Vec<Value> {
    area.json(file)
        .as_array()
        .cloned()
        .expect("the file is a list")
}

fn strings(area: &mut Area) {
    for case in cases(area, "strings.json") {
        let input = text(&case, "input");
        area.case(text(&case, "id"), || {
            same_text(&revision::current_form(input), text(&case, "transformed"))?;
            same_text(revision::named_pointer(input), text(&case, "namedPointer"))?;
            let hash = revision::hash(input);
            same_text(hash, text(&case, "hash"))?;
            same_text(revision::hash_algorithm(hash), text(&case, "hashAlgorithm"))?;
            same_text(&revision::digest_of(hash), text(&case, "hashDigest"))?;
            let stored = "main@sha1:5394cb7f48332b2de7c17dd8b8384bbc84b7e738";
            same(
                &(input == stored),
                &(case["equalsArtifactRevisionMainAtSha1"] == true),
            )
        });
    }
}

fn commit_strings(area: &mut Area) {
    for case in cases(area, "commit-strings.json") {
        area.case(text(&case, "id"), || {
            let pointer = Pointer {
                hash: text(&case, "hash").to_owned(),
                reference: text(&case, "reference").to_owned(),
            };
            same_text(&pointer.revision(), text(&case, "revision"))?;
            same_text(
                &pointer.absolute_revision(),
                text(&case, "absoluteRevision"),
            )
        });
    }
}

fn short_messages(area: &mut Area) {
    for case in cases(area, "short-messages.json") {
        area.case(text(&case, "id"), || {
            same_text(
                &revision::short_message(text(&case, "message")),
                text(&case, "short"),
            )
        });
    }
}

/// The recorded repositories, served over HTTP.
struct Served {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    client: Client,
}

impl Served {
    fn start(area: &Area, names: &[&str]) -> Self {
        let server = Server::new();
        server.put("empty.git", Repository::new());
        for name in names {
            let bundle = area.bytes(&format!("{name}.bundle"));
            let repository = Repository::from_bundle(&Bytes::from(bundle)).expect("a bundle");
            server.put(&format!("{name}.git"), repository);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .worker_threads(2)
            .build()
            .expect("a runtime");
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = server.router();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            runtime,
            address,
            client: Client::new(),
        }
    }

    fn checkout(&self, name: &str, options: &CheckoutOptions) -> Result<Checkout, String> {
        let remote = Remote::new(&format!("http://{}/{name}.git", self.address)).expect("a URL");
        self.runtime
            .block_on(self.client.checkout(&remote, options))
            .map_err(|error| {
                let mut words = error.to_string();
                let mut source = error.source();
                while let Some(error) = source {
                    words = format!("{words}: {error}");
                    source = error.source();
                }
                words.replace(&self.address.to_string(), "git.example.com")
            })
    }
}

fn select(area: &mut Area) {
    let all = cases(area, "select.json");
    let served = Served::start(area, &["refs", "nested", "odd"]);
    for case in all {
        area.case(text(&case, "id"), || select_one(&served, &case));
    }
}

fn select_one(served: &Served, case: &Value) -> Result<(), String> {
    let given = &case["ref"];
    let field = |name: &str| given[name].as_str().map(str::to_owned);
    let options = CheckoutOptions {
        reference: Reference {
            branch: field("branch"),
            tag: field("tag"),
            semver: field("semver"),
            name: field("name"),
            commit: field("commit"),
        },
        last_observed: case["lastObserved"].as_str().map(str::to_owned),
        ..CheckoutOptions::default()
    };
    let repository = text(case, "repository");
    let got = served.checkout(repository, &options);
    if let Some(want) = case["error"].as_str() {
        // Chosen deviation: a tag that leads to no commit does not break the version range.
        if want.starts_with("unable to resolve tag revision") {
            return beside_odd_tags(got);
        }
        let got = got
            .map(|checkout| format!("{checkout:?}"))
            .expect_err("must fail");
        // The wording of the Git library is free.
        let free = want.starts_with("unable to clone") || want.starts_with("unable to list remote");
        return if free { Ok(()) } else { same_text(&got, want) };
    }
    match got? {
        Checkout::Empty => same(&true, &(case["noCommit"] == true)),
        Checkout::Unmoved(pointer) => {
            same(&false, &(case["concrete"] == true))?;
            same_pointer(&pointer, case)
        }
        Checkout::Fetched(commit) => {
            same(&true, &(case["concrete"] == true))?;
            same_pointer(&commit.pointer, case)?;
            same_commit(&commit, case)
        }
    }
}

fn beside_odd_tags(got: Result<Checkout, String>) -> Result<(), String> {
    match got? {
        Checkout::Fetched(commit) => same_text(
            &commit.pointer.revision(),
            "v1.2.0+build.2@sha1:42d8636d322126939d1066c89038826cdafe6e16",
        ),
        other => Err(format!("got {other:?}")),
    }
}

fn same_pointer(pointer: &Pointer, case: &Value) -> Result<(), String> {
    same_text(&pointer.hash, text(case, "hash"))?;
    if let Some(any) = case["revisionOneOf"].as_array() {
        return same(&any.iter().any(|one| *one == pointer.revision()), &true);
    }
    same_text(&pointer.revision(), text(case, "revision"))?;
    same_text(&pointer.reference, text(case, "reference"))?;
    same_text(&pointer.absolute_revision(), text(case, "absoluteRevision"))
}

fn same_commit(commit: &Commit, case: &Value) -> Result<(), String> {
    same_text(
        &String::from_utf8_lossy(&commit.message),
        text(case, "message"),
    )?;
    let tree = commit.tree();
    let files = tree
        .list(&TreePath::root())
        .map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for file in files {
        let path = TreePath::parse(&file.name).map_err(|error| error.to_string())?;
        let content = tree.read(&path).map_err(|error| error.to_string())?;
        found.push(Value::from(format!(
            "{}={}",
            file.name,
            String::from_utf8_lossy(&content).trim()
        )));
    }
    same(&found, case["files"].as_array().unwrap_or(&Vec::new()))?;
    if case["revisionOneOf"].is_array() {
        return Ok(());
    }
    let (Some(tag), want) = (&commit.referencing_tag, &case["referencingTag"]) else {
        return same(&case["referencingTag"], &Value::Null);
    };
    same_text(&tag.to_string(), text(want, "string"))?;
    same_text(&tag.name, text(want, "name"))?;
    same_text(&tag.hash, text(want, "hash"))?;
    same_text(
        &String::from_utf8_lossy(&tag.message),
        text(want, "message"),
    )?;
    same(&tag.is_annotated(), &(want["annotated"] == true))
}

fn signed_objects(area: &mut Area) {
    let all = cases(area, "signed-objects.json");
    let served = Served::start(area, &["signed"]);
    for case in all {
        let id = format!("{}#{}", text(&case, "ref"), text(&case, "type"));
        area.case(&id, || signed_object(&served, &case));
    }
}

fn signed_object(served: &Served, case: &Value) -> Result<(), String> {
    let reference = Reference::name(text(case, "ref"));
    let options = CheckoutOptions {
        reference,
        ..CheckoutOptions::default()
    };
    let Checkout::Fetched(commit) = served.checkout("signed", &options)? else {
        return Err("nothing was fetched".to_owned());
    };
    if text(case, "type") == "tag" {
        let tag = commit.referencing_tag.as_ref().ok_or("no tag")?;
        same_text(&tag.hash, text(case, "hash"))?;
        same_text(&tag.name, text(case, "name"))?;
        return same_object(&tag.raw, &tag.message, &tag.signature, case);
    }
    same_text(commit.hash(), text(case, "hash"))?;
    for (person, key) in [(&commit.author, "author"), (&commit.committer, "committer")] {
        let (who, when) = text(case, key).rsplit_once(' ').ok_or("no time")?;
        same_text(&format!("{} <{}>", person.name, person.email), who)?;
        same_text(&rfc3339(person.time), when)?;
    }
    same_object(&commit.raw, &commit.message, &commit.signature, case)
}

fn same_object(raw: &[u8], message: &[u8], sig: &Signature, case: &Value) -> Result<(), String> {
    same_bytes(raw, "raw", case)?;
    same_bytes(message, "message", case)?;
    same_bytes(&sig.payload, "payload", case)?;
    same_bytes(&sig.text, "signature", case)
}

/// Bytes that are no UTF-8 are recorded in hex.
fn same_bytes(got: &[u8], key: &str, case: &Value) -> Result<(), String> {
    if let Some(want) = case[format!("{key}Hex")].as_str() {
        let hex: Vec<String> = got.iter().map(|byte| format!("{byte:02x}")).collect();
        return same_text(&hex.concat(), want);
    }
    same_text(&String::from_utf8_lossy(got), text(case, key))
}

/// All recorded times are in November 2023.
fn rfc3339(time: flux_git::Time) -> String {
    let local = time.seconds + i64::from(time.offset_minutes) * 60;
    let november = 1_698_796_800;
    let (day, rest) = ((local - november) / 86_400, (local - november) % 86_400);
    let (hours, minutes) = (time.offset_minutes / 60, time.offset_minutes % 60);
    format!(
        "2023-11-{:02}T{:02}:{:02}:{:02}+{hours:02}:{minutes:02}",
        day + 1,
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}
