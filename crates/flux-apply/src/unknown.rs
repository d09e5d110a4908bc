//! Fields that a built-in kind does not have: dropped, as upstream's typed round trip drops them (KUS-APL-001).
//!
//! The API server refuses such a field and says where it is; that answer is the only schema that is needed.

use flux_object::Object;
use serde_json::Value;

const MARK: &str = ": field not declared in schema";

/// The object without the fields that the answer of the API server names; `None` where the answer is about something else,
/// or the object is no built-in kind.
pub(crate) fn without(object: &Object, answer: &str) -> Option<Object> {
    if !is_built_in(object.group()) || !answer.contains(MARK) {
        return None;
    }
    let mut value = object.as_value();
    let mut removed = false;
    for part in answer.split(MARK) {
        // What precedes the mark ends with the path: `...: .spec.a` or a line of its own.
        let path = part.rsplit([' ', '\n', '\t']).next().unwrap_or_default();
        removed |= steps(path).is_some_and(|steps| remove(&mut value, &steps));
    }
    removed.then(|| Object::from_value(value).ok()).flatten()
}

/// Groups of the kinds that upstream converts to their Go types.
fn is_built_in(group: &str) -> bool {
    const GROUPS: [&str; 12] = [
        "",
        "apps",
        "autoscaling",
        "batch",
        "extensions",
        "policy",
        "apiextensions.k8s.io",
        "admissionregistration.k8s.io",
        "networking.k8s.io",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    ];
    GROUPS.contains(&group)
}

enum Step {
    Key(String),
    Item(Vec<(String, Value)>),
    Index(usize),
}

/// Reads `.spec.containers[name="c"].x`, the paths of the structured merge library.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            steps.push(Step::Key(tail[..end].to_owned()));
            rest = &tail[end..];
        } else {
            let tail = rest.strip_prefix('[')?;
            let end = tail.find(']')?;
            steps.push(item(&tail[..end])?);
            rest = &tail[end + 1..];
        }
    }
    (!steps.is_empty()).then_some(steps)
}

fn item(text: &str) -> Option<Step> {
    if let Ok(index) = text.parse() {
        return Some(Step::Index(index));
    }
    let keys = text.split(',').map(|pair| {
        let (key, value) = pair.split_once('=')?;
        Some((key.to_owned(), serde_json::from_str(value).ok()?))
    });
    keys.collect::<Option<Vec<_>>>().map(Step::Item)
}

fn remove(value: &mut Value, steps: &[Step]) -> bool {
    match steps {
        [Step::Key(key)] => value
            .as_object_mut()
            .is_some_and(|map| map.remove(key).is_some()),
        [step, rest @ ..] if !rest.is_empty() => {
            let next = match step {
                Step::Key(key) => value.get_mut(key),
                Step::Index(at) => value.get_mut(*at),
                Step::Item(keys) => value.as_array_mut().and_then(|items| {
                    items
                        .iter_mut()
                        .find(|item| keys.iter().all(|(key, value)| item.get(key) == Some(value)))
                }),
            };
            next.is_some_and(|next| remove(next, rest))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::without;
    use flux_object::Object;
    use serde_json::json;

    fn deployment() -> Object {
        Object::from_value(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"replicass": 1, "template": {"spec": {"containers": [
                {"name": "b", "imagee": "x"}, {"name": "c", "imagee": "y", "image": "z"},
            ]}}},
        }))
        .expect("an object")
    }

    #[test]
    fn named_fields_are_dropped() {
        let answer = "failed to create typed patch object (ns/a; apps/v1, Kind=Deployment): errors:\n  \
            .spec.replicass: field not declared in schema\n  \
            .spec.template.spec.containers[name=\"c\"].imagee: field not declared in schema";
        let left = without(&deployment(), answer).expect("fields were dropped");
        assert_eq!(
            left.get(&["spec"]),
            Some(&json!({"template": {"spec": {"containers": [
                {"name": "b", "imagee": "x"}, {"name": "c", "image": "z"},
            ]}}}))
        );
    }

    #[test]
    fn other_answers_and_custom_kinds_are_left_alone() {
        assert!(without(&deployment(), ".spec.replicas: expected numeric").is_none());
        let custom = Object::from_value(json!({
            "apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "x": 1,
        }))
        .expect("an object");
        assert!(without(&custom, ".x: field not declared in schema").is_none());
    }
}
