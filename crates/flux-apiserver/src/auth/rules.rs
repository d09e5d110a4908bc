//! Policy rules of roles: what one rule allows.

use serde_json::Value;

use crate::auth::authorize::Attributes;

/// One policy rule, read once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) verbs: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) urls: Vec<String>,
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let list = value.get(field).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|item| item == "*" || item == wanted)
}

impl Rule {
    pub(crate) fn read(value: &Value) -> Self {
        Self {
            verbs: texts(value, "verbs"),
            groups: texts(value, "apiGroups"),
            resources: texts(value, "resources"),
            names: texts(value, "resourceNames"),
            urls: texts(value, "nonResourceURLs"),
        }
    }

    pub(crate) fn read_all(rules: Option<&Value>) -> Vec<Self> {
        rules
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(Self::read)
            .collect()
    }

    pub(crate) fn allows(&self, ask: &Attributes<'_>) -> bool {
        if !has(&self.verbs, ask.verb) {
            return false;
        }
        if ask.resource.is_empty() {
            return self.urls.iter().any(|url| match url.strip_suffix('*') {
                Some(prefix) => ask.path.starts_with(prefix),
                None => url == ask.path,
            });
        }
        has(&self.groups, ask.group)
            && self.allows_resource(ask.resource, ask.subresource)
            && (self.names.is_empty() || self.names.iter().any(|n| n == ask.name))
    }

    fn allows_resource(&self, resource: &str, subresource: &str) -> bool {
        self.resources.iter().any(|r| {
            if r == "*" {
                return true;
            }
            match r.split_once('/') {
                None => subresource.is_empty() && r == resource,
                Some(("*", sub)) => sub == subresource,
                Some((res, sub)) => res == resource && sub == subresource,
            }
        })
    }

    /// The rule taken apart into rules with one verb, group, resource and name each.
    fn atoms(&self) -> Vec<Self> {
        let one = |v: &String| vec![v.clone()];
        let mut out = Vec::new();
        for verb in &self.verbs {
            for url in &self.urls {
                out.push(Self {
                    verbs: one(verb),
                    urls: one(url),
                    ..Self::default()
                });
            }
            for group in &self.groups {
                for resource in &self.resources {
                    let base = Self {
                        verbs: one(verb),
                        groups: one(group),
                        resources: one(resource),
                        ..Self::default()
                    };
                    if self.names.is_empty() {
                        out.push(base);
                    } else {
                        out.extend(self.names.iter().map(|n| Self {
                            names: one(n),
                            ..base.clone()
                        }));
                    }
                }
            }
        }
        out
    }

    /// Whether this rule holds all that an atom of another asks for.
    fn covers(&self, atom: &Self) -> bool {
        let all = |have: &[String], want: &[String]| want.iter().all(|w| has(have, w));
        if !all(&self.verbs, &atom.verbs) {
            return false;
        }
        if !atom.urls.is_empty() {
            return atom.urls.iter().all(|url| {
                self.urls.iter().any(|u| match u.strip_suffix('*') {
                    Some(prefix) => url.starts_with(prefix),
                    None => u == url,
                })
            });
        }
        let resources = atom.resources.iter().all(|want| {
            let (resource, sub) = want.split_once('/').unwrap_or((want, ""));
            self.allows_resource(resource, sub)
        });
        all(&self.groups, &atom.groups)
            && resources
            && (self.names.is_empty()
                || (!atom.names.is_empty() && atom.names.iter().all(|n| self.names.contains(n))))
    }

    /// The form in which refusals to grant rights list a rule.
    pub(crate) fn compact(&self) -> String {
        let list = |name: &str, values: &[String]| {
            let quoted: Vec<String> = values.iter().map(|v| format!("\"{v}\"")).collect();
            format!("{name}:[{}]", quoted.join(" "))
        };
        let mut parts = Vec::new();
        for (name, values) in [
            ("APIGroups", &self.groups),
            ("Resources", &self.resources),
            ("ResourceNames", &self.names),
            ("NonResourceURLs", &self.urls),
            ("Verbs", &self.verbs),
        ] {
            if !values.is_empty() {
                parts.push(list(name, values));
            }
        }
        format!("{{{}}}", parts.join(", "))
    }
}

/// The parts of `wanted` that `held` does not cover.
pub(crate) fn covers_all(held: &[Rule], wanted: &[Rule]) -> Vec<Rule> {
    wanted
        .iter()
        .flat_map(Rule::atoms)
        .filter(|atom| !held.iter().any(|rule| rule.covers(atom)))
        .collect()
}
