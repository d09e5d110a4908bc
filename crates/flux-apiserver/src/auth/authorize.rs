//! Role-based access control over the roles and bindings in the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::auth::authenticate::{User, split_service_account};
use crate::auth::rules::Rule;
use crate::cluster::Cluster;
use crate::error::{ApiError, GroupResource};
use crate::store::{Doc, Key, Store, Stored, meta, str_at};
use crate::verbs::Writer;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    /// For requests that are about no resource.
    pub(crate) path: &'a str,
}

impl Attributes<'_> {
    /// The refusal, worded as the real server's.
    pub(crate) fn refusal(&self, user: &User, why: &str) -> ApiError {
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(": {why}")
        };
        if self.resource.is_empty() {
            let text = format!(
                "forbidden: User \"{}\" cannot {} path \"{}\"{why}",
                user.name, self.verb, self.path
            );
            let mut error = ApiError::new(403, "Forbidden", text);
            error.details = Some(Box::default());
            return error;
        }
        let resource = if self.subresource.is_empty() {
            self.resource.to_owned()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        };
        let place = if self.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{}\"", self.namespace)
        };
        let text = format!(
            "User \"{}\" cannot {} resource \"{resource}\" in API group \"{}\" {place}{why}",
            user.name, self.verb, self.group
        );
        ApiError::forbidden(
            &GroupResource::new(self.group, self.resource),
            self.name,
            &text,
        )
    }
}

/// Whether a request may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    /// With the reason the real server adds, if any.
    Denied(String),
}

#[derive(Clone, Debug)]
struct Binding {
    /// Empty for a binding of the whole cluster.
    namespace: String,
    role: RoleRef,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RoleRef {
    /// Empty for a cluster role.
    namespace: String,
    name: String,
}

/// Bindings by subject and rules by role, as of one epoch of the store.
#[derive(Debug, Default)]
struct Index {
    epoch: u64,
    /// Keys: `u:<user>` and `g:<group>`.
    bindings: HashMap<String, Vec<Binding>>,
    roles: HashMap<RoleRef, Arc<Vec<Rule>>>,
}

/// The authorizer.
#[derive(Debug, Default)]
pub(crate) struct Rbac(Mutex<Option<Arc<Index>>>);

pub(crate) const ROLES: &str = "roles.rbac.authorization.k8s.io";
pub(crate) const CLUSTER_ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
pub(crate) const ROLE_BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";
pub(crate) const CLUSTER_ROLE_BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";

impl Rbac {
    fn index(&self, store: &Store) -> Arc<Index> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let epoch = store.rbac_epoch();
        if let Some(index) = slot.as_ref().filter(|i| i.epoch == epoch) {
            return Arc::clone(index);
        }
        let index = Arc::new(Index::build(store, epoch));
        *slot = Some(Arc::clone(&index));
        index
    }

    pub(crate) fn decide(&self, store: &Store, user: &User, ask: &Attributes<'_>) -> Decision {
        if user.is_master() {
            return Decision::Allowed;
        }
        let index = self.index(store);
        let mut missing = Vec::new();
        for binding in index.bindings_of(user) {
            if !binding.namespace.is_empty() && binding.namespace != ask.namespace {
                continue;
            }
            match index.roles.get(&binding.role) {
                Some(rules) if rules.iter().any(|rule| rule.allows(ask)) => {
                    return Decision::Allowed;
                }
                Some(_) => {}
                None => missing.push(binding.role.missing()),
            }
        }
        let why = match missing.as_slice() {
            [] => String::new(),
            [one] => format!("RBAC: {one}"),
            many => format!("RBAC: [{}]", many.join(", ")),
        };
        Decision::Denied(why)
    }

    /// All rules a user has in a namespace (empty: in the whole cluster).
    pub(crate) fn rules(&self, store: &Store, user: &User, namespace: &str) -> Vec<Rule> {
        let index = self.index(store);
        let all = Rule {
            verbs: vec!["*".to_owned()],
            groups: vec!["*".to_owned()],
            resources: vec!["*".to_owned()],
            names: Vec::new(),
            urls: vec!["*".to_owned()],
        };
        if user.is_master() {
            return vec![all];
        }
        index
            .bindings_of(user)
            .filter(|b| b.namespace.is_empty() || b.namespace == namespace)
            .filter_map(|b| index.roles.get(&b.role))
            .flat_map(|rules| rules.iter().cloned())
            .collect()
    }
}

impl RoleRef {
    fn missing(&self) -> String {
        let kind = if self.namespace.is_empty() {
            "clusterrole"
        } else {
            "role"
        };
        format!(
            "{kind}.rbac.authorization.k8s.io \"{}\" not found",
            self.name
        )
    }
}

impl Index {
    fn build(store: &Store, epoch: u64) -> Self {
        let mut index = Self {
            epoch,
            ..Self::default()
        };
        for table in [ROLES, CLUSTER_ROLES] {
            for role in store.list(table, None).items {
                let key = RoleRef {
                    namespace: role.namespace().to_owned(),
                    name: role.name().to_owned(),
                };
                index
                    .roles
                    .insert(key, Arc::new(Rule::read_all(role.doc.get("rules"))));
            }
        }
        for table in [ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS] {
            for binding in store.list(table, None).items {
                index.bind(&binding);
            }
        }
        index
    }

    fn bind(&mut self, binding: &Stored) {
        let text = |value: Option<&Value>, field: &str| {
            let found = value.and_then(|v| v.get(field)).and_then(Value::as_str);
            found.unwrap_or("").to_owned()
        };
        let role = binding.doc.get("roleRef");
        let namespaced = text(role, "kind") == "Role";
        let reference = RoleRef {
            namespace: if namespaced {
                binding.namespace().to_owned()
            } else {
                String::new()
            },
            name: text(role, "name"),
        };
        let subjects = binding.doc.get("subjects").and_then(Value::as_array);
        for subject in subjects.into_iter().flatten() {
            let name = text(Some(subject), "name");
            let key = match subject.get("kind").and_then(Value::as_str) {
                Some("User") => format!("u:{name}"),
                Some("Group") => format!("g:{name}"),
                Some("ServiceAccount") => {
                    let own = text(Some(subject), "namespace");
                    let namespace = if own.is_empty() {
                        binding.namespace().to_owned()
                    } else {
                        own
                    };
                    format!("u:system:serviceaccount:{namespace}:{name}")
                }
                _ => continue,
            };
            self.bindings.entry(key).or_default().push(Binding {
                namespace: binding.namespace().to_owned(),
                role: reference.clone(),
            });
        }
    }

    fn bindings_of<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a Binding> {
        let keys = std::iter::once(format!("u:{}", user.name))
            .chain(user.groups.iter().map(|g| format!("g:{g}")));
        keys.filter_map(|key| self.bindings.get(&key)).flatten()
    }
}

/// Whether a service account of this user name exists still; true for other users.
pub(crate) fn account_exists(store: &Store, user: &User) -> bool {
    if user.uid.is_empty() {
        return true;
    }
    match split_service_account(&user.name) {
        None => true,
        Some((namespace, name)) => store
            .get("serviceaccounts", &Key::new(namespace, name))
            .is_some_and(|account| account.uid() == user.uid),
    }
}

/// The rules a user holds in a namespace.
pub(crate) fn account_rules(cluster: &Cluster, user: &User, namespace: &str) -> Vec<Rule> {
    cluster.rbac.rules(&cluster.store, user, namespace)
}

/// The rules that a binding would hand out.
pub(crate) fn bound_rules(store: &Store, namespace: &str, binding: &Doc) -> Vec<Rule> {
    let role = binding.get("roleRef");
    let text = |field: &str| {
        role.and_then(|r| r.get(field))
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let (table, key) = if text("kind") == "Role" {
        (ROLES, Key::new(namespace, &text("name")))
    } else {
        (CLUSTER_ROLES, Key::new("", &text("name")))
    };
    store
        .get(table, &key)
        .map_or_else(Vec::new, |role| Rule::read_all(role.doc.get("rules")))
}

/// Whether the writer has the verb that overrides the rule against granting more than one has:
/// `escalate` on roles, `bind` on the role that a binding refers to.
pub(crate) fn may(writer: &Writer<'_>, verb: &str, namespace: &str, doc: &Doc) -> bool {
    let role = doc.get("roleRef");
    let text = |field: &str| {
        role.and_then(|r| r.get(field))
            .and_then(Value::as_str)
            .unwrap_or("")
    };
    let (resource, name) = match (verb, text("kind")) {
        ("bind", "Role") => ("roles", text("name")),
        ("bind", _) => ("clusterroles", text("name")),
        _ => (writer.resource.plural.as_str(), str_at(meta(doc), "name")),
    };
    let ask = Attributes {
        verb,
        group: "rbac.authorization.k8s.io",
        resource,
        namespace,
        name,
        ..Attributes::default()
    };
    let cluster = writer.cluster;
    cluster.rbac.decide(&cluster.store, writer.user, &ask) == Decision::Allowed
}
