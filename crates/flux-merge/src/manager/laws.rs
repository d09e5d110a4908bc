//! Laws of ownership over many made-up histories.

use serde_json::{Map, Value, json};

use crate::fields::FieldSet;
use crate::manager::stripped;
use crate::typed::{TypedValue, merge, same};
use crate::{ApplyOptions, Schema, Target, apply, update};

/// A small generator: the histories are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn name(&mut self) -> &'static str {
        ["a", "b", "c", "d"][usize::try_from(self.roll(4)).expect("small")]
    }

    fn names(&mut self) -> Vec<&'static str> {
        let mut names: Vec<_> = (0..self.roll(4)).map(|_| self.name()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn service(&mut self) -> Value {
        let mut spec = Map::new();
        let ports = self.names().into_iter().map(|name| {
            let port = 80 + name.len() as u64 + u64::from(name.as_bytes()[0]);
            json!({"name": name, "port": port, "targetPort": self.roll(3)})
        });
        let ports: Vec<Value> = ports.collect();
        if !ports.is_empty() {
            spec.insert("ports".to_owned(), Value::Array(ports));
        }
        let selector: Map<String, Value> = self
            .names()
            .into_iter()
            .map(|name| (name.to_owned(), json!(self.name())))
            .collect();
        if self.roll(2) == 0 {
            spec.insert("selector".to_owned(), Value::Object(selector));
        }
        if self.roll(3) == 0 {
            spec.insert("externalIPs".to_owned(), json!(self.names()));
        }
        // An empty list that merges is there and yet no field, so that nobody can own it by applying it.
        let mut metadata = json!({"name": "s"});
        let finalizers = self.names();
        if !finalizers.is_empty() {
            metadata["finalizers"] = json!(finalizers);
        }
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    }
}

fn owned_by(object: &Value, manager: &str, operation: &str) -> FieldSet {
    let entries = object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array);
    let mut entries = entries.into_iter().flatten();
    let entry =
        entries.find(|entry| entry["manager"] == manager && entry["operation"] == operation);
    entry.map_or_else(FieldSet::new, |entry| {
        FieldSet::from_json(&entry["fieldsV1"]).expect("fields")
    })
}

#[test]
fn applying_is_idempotent_owns_what_it_says_and_holds_what_it_owns() {
    let schema = Schema::builtin();
    let target = Target {
        schema,
        ty: schema.kind("v1", "Service").expect("a kind"),
        api_version: "v1",
        kind: "Service",
        subresource: "",
        reset: None,
        versions: None,
        now: "2024-01-01T00:00:00Z",
    };
    let later = Target {
        now: "2024-01-02T00:00:00Z",
        ..target
    };
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..300 {
        let mut live: Option<Value> = None;
        for _ in 0..6 {
            let wanted = dice.service();
            let manager = dice.name();
            if dice.roll(4) == 0 {
                live = Some(
                    update(&target, live.as_ref(), &wanted, manager)
                        .expect("updates")
                        .object,
                );
                continue;
            }
            let options = ApplyOptions {
                manager,
                force: true,
            };
            let before = live.clone().unwrap_or(Value::Null);
            let made = apply(&target, live.as_ref(), &wanted, options)
                .expect("applies")
                .object;
            let again = apply(&later, Some(&made), &wanted, options).expect("applies");
            assert!(!again.changed, "{wanted} on {made}");
            assert_eq!(again.object, made);
            // The object has every value that was applied.
            let with_wanted = merge(schema, target.ty, &made, &wanted).expect("merges");
            assert!(same(&with_wanted, &made), "{wanted} within {made}");
            // The applier owns exactly what it applied.
            let set = TypedValue::new(schema, target.ty, &wanted).field_set();
            assert_eq!(
                owned_by(&made, manager, "Apply"),
                set.difference(&stripped())
            );
            // Nobody owns what is not there, and nobody gained anything by the apply of another.
            let there = TypedValue::new(schema, target.ty, &made).field_set();
            let there = there.with_named_fields(schema, Some(target.ty));
            for other in ["a", "b", "c", "d"] {
                for operation in ["Apply", "Update"] {
                    let set = owned_by(&made, other, operation);
                    // An updater keeps a list that others emptied, as upstream: to it the list is null.
                    if operation == "Apply" {
                        assert_eq!(set.difference(&there), FieldSet::new(), "{other} {made}");
                    }
                    if other != manager || operation != "Apply" {
                        let had = owned_by(&before, other, operation);
                        assert_eq!(set.difference(&had), FieldSet::new());
                    }
                }
            }
            live = Some(made);
        }
    }
}
