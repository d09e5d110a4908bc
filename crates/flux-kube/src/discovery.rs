//! From a kind to its resource: the cached answers of the discovery API.
//!
//! Two requests fill the cache (aggregated discovery). It is refreshed when a kind is missing, at most once a second, and when
//! [`Discovery::follow`] sees a change of CRDs or API services. A kind that is missing after a refresh is remembered as missing for
//! two seconds.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use flux_object::Gvk;
use futures::StreamExt;
use serde_json::Value;
use tokio::time::Instant;

use crate::client::{Call, Client, Transport};
use crate::error::Error;
use crate::resource::Resource;
use crate::watch::{Watch, WatchEvent};

const NEGATIVE: Duration = Duration::from_secs(2);
const MIN_REFRESH: Duration = Duration::from_secs(1);
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// The kinds of one cluster.
pub struct Discovery {
    transport: Arc<Transport>,
    known: RwLock<Known>,
    stale: AtomicBool,
    refreshing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    resources: HashMap<Gvk, Arc<Resource>>,
    /// Per (group, kind): the versions in the server's order of preference.
    preferred: HashMap<(String, String), Vec<Arc<Resource>>>,
    missing: HashMap<Gvk, Instant>,
    refreshed: Option<Instant>,
}

impl std::fmt::Debug for Discovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discovery").finish_non_exhaustive()
    }
}

impl Discovery {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Self {
            transport,
            known: RwLock::default(),
            stale: AtomicBool::new(false),
            refreshing: tokio::sync::Mutex::new(()),
        }
    }

    /// The resource of a kind.
    ///
    /// # Errors
    /// [`Error::NoMatch`] when the server does not know it; any request error.
    pub async fn resource(&self, gvk: &Gvk) -> Result<Arc<Resource>, Error> {
        self.find(gvk, |known| known.resources.get(gvk).cloned())
            .await
    }

    /// The resource of a kind in the version the server prefers, whatever the version asked for.
    ///
    /// # Errors
    /// As [`Discovery::resource`].
    pub async fn preferred(&self, group: &str, kind: &str) -> Result<Arc<Resource>, Error> {
        let gvk = Gvk::new(group, "", kind);
        let key = (group.to_owned(), kind.to_owned());
        self.find(&gvk, |known| {
            known.preferred.get(&key).and_then(|v| v.first().cloned())
        })
        .await
    }

    /// The resource if it is known now; sends nothing.
    pub fn cached(&self, gvk: &Gvk) -> Option<Arc<Resource>> {
        self.read().resources.get(gvk).cloned()
    }

    /// Makes the next question refresh the cache.
    pub fn invalidate(&self) {
        self.stale.store(true, Ordering::Release);
    }

    async fn find<F>(&self, gvk: &Gvk, look: F) -> Result<Arc<Resource>, Error>
    where
        F: Fn(&Known) -> Option<Arc<Resource>> + Send,
    {
        if let Some(result) = self.answer(gvk, &look) {
            return result;
        }
        let _turn = self.refreshing.lock().await;
        // Another question may have refreshed while this one waited.
        if let Some(result) = self.answer(gvk, &look) {
            return result;
        }
        let wait = self.until_refresh();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        self.refresh().await?;
        let found = look(&self.read());
        found.ok_or_else(|| {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.missing.insert(gvk.clone(), Instant::now());
            Error::NoMatch(gvk.clone())
        })
    }

    /// The answer from what is known, or `None` when the server has to be asked.
    fn answer<F>(&self, gvk: &Gvk, look: &F) -> Option<Result<Arc<Resource>, Error>>
    where
        F: Fn(&Known) -> Option<Arc<Resource>>,
    {
        let stale = self.stale.load(Ordering::Acquire);
        let known = self.read();
        if let Some(resource) = look(&known) {
            // A change elsewhere does not delay what is known; it is picked up when the limit allows.
            let due = known.refreshed.is_none_or(|at| at.elapsed() >= MIN_REFRESH);
            return (!stale || !due).then_some(Ok(resource));
        }
        let missing = known.missing.get(gvk)?;
        (!stale && missing.elapsed() < NEGATIVE).then(|| Err(Error::NoMatch(gvk.clone())))
    }

    fn until_refresh(&self) -> Duration {
        self.read().refreshed.map_or(Duration::ZERO, |at| {
            MIN_REFRESH.saturating_sub(at.elapsed())
        })
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    async fn refresh(&self) -> Result<(), Error> {
        // Cleared first: a change during the requests makes the cache stale again.
        self.stale.store(false, Ordering::Release);
        let loaded = futures::try_join!(self.load("/api"), self.load("/apis"));
        let (core, groups) = match loaded {
            Ok(pair) => pair,
            Err(e) => {
                self.stale.store(true, Ordering::Release);
                return Err(e);
            }
        };
        let mut fresh = Known {
            refreshed: Some(Instant::now()),
            ..Known::default()
        };
        for resource in core.into_iter().chain(groups) {
            let resource = Arc::new(resource);
            let key = (resource.group.clone(), resource.kind.clone());
            fresh
                .preferred
                .entry(key)
                .or_default()
                .push(resource.clone());
            fresh.resources.entry(resource.gvk()).or_insert(resource);
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    async fn load(&self, path: &str) -> Result<Vec<Resource>, Error> {
        let value = self.get(path, AGGREGATED).await?;
        match value["kind"].as_str() {
            Some("APIGroupDiscoveryList") => Ok(aggregated(&value)),
            Some("APIVersions") => {
                self.legacy(&[(String::new(), texts(&value["versions"]))])
                    .await
            }
            _ => self.legacy(&group_versions(&value)).await,
        }
    }

    /// For servers without aggregated discovery: one request per group version. One that fails is skipped, as the group's server
    /// may be down.
    async fn legacy(&self, groups: &[(String, Vec<String>)]) -> Result<Vec<Resource>, Error> {
        let mut resources = Vec::new();
        for (group, versions) in groups {
            for version in versions {
                let path = if group.is_empty() {
                    format!("/api/{version}")
                } else {
                    format!("/apis/{group}/{version}")
                };
                match self.get(&path, crate::client::JSON).await {
                    Ok(value) => resources.extend(resource_list(&value, group, version)),
                    Err(Error::NotFound(_) | Error::Unavailable(_)) => {}
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(resources)
    }

    async fn get(&self, path: &str, accept: &'static str) -> Result<Value, Error> {
        let mut call = Call::get(path.to_owned(), String::new());
        call.accept = accept;
        let answer = self
            .transport
            .call(call, None, self.transport.timeout)
            .await?;
        serde_json::from_slice(&answer.body).map_err(|e| Error::Decode {
            method: "GET".to_owned(),
            path: path.to_owned(),
            source: Box::new(e),
        })
    }
}

impl Client {
    /// Keeps the discovery cache in step with CRDs and API services. Runs until dropped.
    pub async fn follow_discovery(&self) {
        let crds = Resource::new(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        );
        let services = Resource::new(
            "apiregistration.k8s.io/v1",
            "APIService",
            "apiservices",
            false,
        );
        let follow = |resource: Resource| async move {
            let watch = Watch {
                metadata_only: true,
                ..Watch::default()
            };
            let mut events = self.watch(&resource, watch);
            let mut synced = false;
            while let Some(event) = events.next().await {
                match event {
                    Ok(WatchEvent::Synced { .. }) => synced = true,
                    Ok(WatchEvent::Applied(_) | WatchEvent::Deleted(_)) if synced => {
                        self.discovery().invalidate();
                    }
                    _ => {}
                }
            }
        };
        futures::join!(follow(crds), follow(services));
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect()
}

/// `APIGroupList`, preferred version first.
fn group_versions(value: &Value) -> Vec<(String, Vec<String>)> {
    let groups = value["groups"].as_array().map(Vec::as_slice);
    let versions = |group: &Value| -> Vec<String> {
        let preferred = group["preferredVersion"]["version"].as_str();
        let all = group["versions"].as_array().map(Vec::as_slice);
        let rest = all
            .unwrap_or_default()
            .iter()
            .filter_map(|v| v["version"].as_str())
            .filter(|v| Some(*v) != preferred);
        preferred
            .into_iter()
            .chain(rest)
            .map(str::to_owned)
            .collect()
    };
    groups
        .unwrap_or_default()
        .iter()
        .map(|g| {
            (
                g["name"].as_str().unwrap_or_default().to_owned(),
                versions(g),
            )
        })
        .collect()
}

/// `APIResourceList`; subresources are left out.
fn resource_list(value: &Value, group: &str, version: &str) -> Vec<Resource> {
    let items = value["resources"].as_array().map(Vec::as_slice);
    items
        .unwrap_or_default()
        .iter()
        .filter_map(|item| {
            let plural = item["name"].as_str().filter(|n| !n.contains('/'))?;
            Some(Resource {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: item["kind"].as_str()?.to_owned(),
                plural: plural.to_owned(),
                namespaced: item["namespaced"].as_bool().unwrap_or(false),
            })
        })
        .collect()
}

/// `APIGroupDiscoveryList`; versions come in the server's order of preference.
fn aggregated(value: &Value) -> Vec<Resource> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut resources = Vec::new();
    for group in list(&value["items"]) {
        let name = group["metadata"]["name"].as_str().unwrap_or_default();
        for version in list(&group["versions"]) {
            let label = version["version"].as_str().unwrap_or_default();
            for item in list(&version["resources"]) {
                let kind = item["responseKind"]["kind"].as_str().unwrap_or_default();
                let plural = item["resource"].as_str().unwrap_or_default();
                if kind.is_empty() || plural.is_empty() {
                    continue;
                }
                resources.push(Resource {
                    group: name.to_owned(),
                    version: label.to_owned(),
                    kind: kind.to_owned(),
                    plural: plural.to_owned(),
                    namespaced: item["scope"] == "Namespaced",
                });
            }
        }
    }
    resources
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn aggregated_answers() {
        let value = json!({ "kind": "APIGroupDiscoveryList", "items": [{
            "metadata": { "name": "apps" },
            "versions": [{ "version": "v1", "resources": [
                { "resource": "deployments", "responseKind": { "kind": "Deployment" }, "scope": "Namespaced" },
                { "resource": "odd", "responseKind": { "kind": "" }, "scope": "Cluster" },
            ]}],
        }]});
        let resources = aggregated(&value);
        let want = Resource::new("apps/v1", "Deployment", "deployments", true);
        assert_eq!(resources, [want]);
    }

    #[test]
    fn answers_of_servers_that_do_not_aggregate() {
        let groups = json!({ "kind": "APIGroupList", "groups": [{
            "name": "batch",
            "versions": [{ "version": "v1beta1" }, { "version": "v1" }],
            "preferredVersion": { "version": "v1" },
        }]});
        let versions = vec!["v1".to_owned(), "v1beta1".to_owned()];
        assert_eq!(group_versions(&groups), [("batch".to_owned(), versions)]);
        let list = json!({ "resources": [
            { "name": "jobs", "kind": "Job", "namespaced": true },
            { "name": "jobs/status", "kind": "Job", "namespaced": true },
        ]});
        let want = Resource::new("batch/v1", "Job", "jobs", true);
        assert_eq!(resource_list(&list, "batch", "v1"), [want]);
    }
}
