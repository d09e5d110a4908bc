//! Recorded vectors of everything that can be said of an object without a cluster.

use std::process::ExitCode;

use flux_conformance::{Area, Known, Run, same, same_text};
use flux_object::health::{self, HealthError, HealthStatus};
use flux_object::selector::{PatternOptions, PatternSelector};
use flux_object::{Object, ObjectId, inventory, order, read, stage};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let mut run = Run::from_args();
    run.area("ssa/order", Known::none(), orders);
    run.area("ssa/stages", Known::none(), stages);
    run.area("ssa/inventory-ids", Known::none(), inventory_ids);
    run.area("ssa/selectors", Known::none(), selectors);
    run.area("ssa/read-objects", Known::none(), read_objects);
    run.area("kstatus/compute", Known::none(), kstatus);
    run.finish()
}

fn cases(area: &mut Area, file: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let Value::Array(cases) = area.json(file) else {
        return;
    };
    for case in &cases {
        area.case(text(case, "id"), || check(case));
    }
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

/// `apiVersion|Kind|namespace|name`.
fn object(line: &str) -> Object {
    let parts: Vec<&str> = line.split('|').collect();
    Object::from_value(json!({
        "apiVersion": parts[0],
        "kind": parts[1],
        "metadata": {"namespace": parts[2], "name": parts[3]},
    }))
    .expect("recorded objects have a version and a kind")
}

fn orders(area: &mut Area) {
    cases(area, "order.json", |case| {
        let mut ids: Vec<ObjectId> = case["objects"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|line| object(line.as_str().unwrap_or_default()).id())
            .collect();
        let subjects = |ids: &[ObjectId]| ids.iter().map(ObjectId::subject).collect::<Vec<_>>();
        same_text(&subjects(&ids).join("\n"), text(case, "list"))?;
        order::sort_for_apply(&mut ids, Clone::clone);
        same(&json!(subjects(&ids)), &case["apply"])?;
        order::sort_for_delete(&mut ids, Clone::clone);
        same(&json!(subjects(&ids)), &case["delete"])
    });
}

fn stages(area: &mut Area) {
    cases(area, "stages.json", |case| {
        let object = object(text(case, "object"));
        let id = object.id();
        let custom: Vec<(String, String)> = text(case, "customStageKinds")
            .split(',')
            .map(|gk| gk.split_once('/').unwrap_or(("", gk)))
            .map(|(group, kind)| (group.to_owned(), kind.to_owned()))
            .collect();
        let name = match stage::of(&id, &custom) {
            stage::Stage::Definitions => "definitions",
            stage::Stage::Classes => "classes",
            stage::Stage::Custom => "custom",
            stage::Stage::Resources => "resources",
        };
        same(&name, &text(case, "stage"))?;
        for (key, got) in [
            ("isCRD", stage::is_crd(&id)),
            ("isClass", stage::is_class(&id)),
            ("isClusterDefinition", stage::is_cluster_definition(&id)),
            ("isClusterRole", stage::is_cluster_role(&id)),
            ("isJob", stage::is_job(&id)),
            ("isNamespace", stage::is_namespace(&id)),
            ("isSecret", stage::is_secret(&id)),
            ("isKubernetesObject", stage::is_kubernetes_object(&object)),
            ("isKustomizationConfig", stage::is_kustomize_config(&object)),
        ] {
            same(&(key, got), &(key, case[key] == json!(true)))?;
        }
        Ok(())
    });
}

fn id_json(id: &ObjectId) -> Value {
    json!({
        "group": id.group, "kind": id.kind, "name": id.name, "namespace": id.namespace,
        "subject": id.subject(),
    })
}

fn inventory_ids(area: &mut Area) {
    cases(area, "inventory-ids.json", |case| {
        let written = text(case, "inventoryID");
        let parsed = match inventory::parse(written) {
            Ok(id) => id_json(&id),
            Err(error) => json!({"error": error.to_string()}),
        };
        if !case["parsed"].is_null() {
            return same(&parsed, &case["parsed"]);
        }
        let id = ObjectId {
            group: text(case, "group").to_owned(),
            kind: text(case, "kind").to_owned(),
            namespace: text(case, "namespace").to_owned(),
            name: text(case, "name").to_owned(),
        };
        same_text(&inventory::format(&id), written)?;
        same_text(&id.subject(), text(case, "subject"))?;
        same(&parsed, &case["parsedBack"])
    });
}

fn selectors(area: &mut Area) {
    cases(area, "selectors.json", |case| {
        let selector = &case["selector"];
        let object = Object::from_value(case["object"].clone()).map_err(|e| e.to_string())?;
        let parsed = PatternSelector::new(&PatternOptions {
            group: text(selector, "group"),
            version: text(selector, "version"),
            kind: text(selector, "kind"),
            name: text(selector, "name"),
            namespace: text(selector, "namespace"),
            label_selector: text(selector, "labelSelector"),
            annotation_selector: text(selector, "annotationSelector"),
        });
        match (parsed, case.get("error")) {
            (Ok(selector), None) => same(&json!(selector.matches(&object)), &case["match"]),
            (Err(_), Some(_)) => Ok(()),
            (got, want) => Err(format!("got {got:?}, want error {want:?}")),
        }
    });
}

fn read_objects(area: &mut Area) {
    cases(area, "read-objects.json", |case| {
        match (
            read::objects(text(case, "input").as_bytes()),
            case.get("error"),
        ) {
            (Ok(objects), None) => {
                let none = json!([]);
                let want = Some(&case["objects"])
                    .filter(|v| !v.is_null())
                    .unwrap_or(&none);
                let got: Vec<Value> = objects.iter().map(Object::as_value).collect();
                same(&json!(got), want)?;
                let printed = read::print(&objects).map_err(|e| e.to_string())?;
                same_text(&printed, text(case, "yaml"))
            }
            (Err(_), Some(_)) => Ok(()),
            (Ok(objects), Some(error)) => Err(format!("got {objects:?}, want {error}")),
            (Err(error), None) => Err(format!("got error {error}")),
        }
    });
}

fn health_json(computed: Result<HealthStatus, HealthError>, conditions: bool) -> Value {
    match computed {
        Err(error) => json!({"error": error.to_string()}),
        Ok(health) => {
            let mut out = json!({
                "status": health.status.to_string(), "message": health.message,
            });
            if let Some(c) = health.condition.filter(|_| conditions) {
                out["conditions"] = json!([{
                    "type": c.kind, "status": c.status, "reason": c.reason, "message": c.message,
                }]);
            }
            out
        }
    }
}

fn kstatus(area: &mut Area) {
    let now = "2026-01-01T00:00:00Z".parse().expect("a timestamp");
    cases(area, "compute.json", |case| {
        let object = Object::from_value(case["object"].clone()).map_err(|e| e.to_string())?;
        same(
            &health_json(health::compute(&object, now), true),
            &case["expect"],
        )?;
        match case.get("expectFluxJobReader") {
            Some(want) => same(
                &health_json(health::compute_for_flux(&object, now), false),
                want,
            ),
            None => Ok(()),
        }
    });
}
