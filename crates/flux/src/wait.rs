//! Waiting for objects, by watching them (CLI-GLB-016 to CLI-GLB-018).

use flux_kube::{Client, Resource};
use flux_object::Object;
use flux_object::health::{self, Status};
use futures::StreamExt;
use tokio::time::Instant;

use crate::cli::Fail;
use crate::cli::command::Call;
use crate::connect;
use crate::kinds::{self, Kind};

/// When the time of `--timeout` is over.
pub(crate) fn deadline(call: &Call) -> Instant {
    Instant::now() + call.flags.duration("timeout").to_std_or_zero()
}

/// What a look at an object says.
pub(crate) enum Seen {
    /// What is waited for has come.
    Done,
    /// Not yet.
    Pending,
    /// It will not come.
    Failed(String),
}

/// Waits until an object is ready for its present generation.
pub(crate) async fn ready(
    client: &Client,
    kind: &Kind,
    name: (&str, &str),
    deadline: Instant,
) -> Result<Object, Fail> {
    until(client, &kind.resource(), name, deadline, |object| {
        readiness(kind, object)
    })
    .await
}

/// Waits until `judge` has seen enough of an object.
pub(crate) async fn until(
    client: &Client,
    resource: &Resource,
    name: (&str, &str),
    deadline: Instant,
    mut judge: impl FnMut(&Object) -> Seen,
) -> Result<Object, Fail> {
    let mut states = client.watch_one(resource, name);
    loop {
        let state = tokio::time::timeout_at(deadline, states.next())
            .await
            .map_err(|_| Fail::plain("context deadline exceeded"))?;
        match state {
            Some(Ok(Some(object))) => match judge(&object) {
                Seen::Done => return Ok(object),
                Seen::Pending => {}
                Seen::Failed(why) => return Err(Fail::plain(why)),
            },
            Some(Ok(None)) => {
                let what = resource.full_name();
                return Err(Fail::plain(format!("{what} {:?} not found", name.1)));
            }
            Some(Err(error)) if !error.is_transient() => return Err(connect::failed(&error)),
            Some(Err(_)) => {}
            None => return Err(Fail::plain("the watch ended")),
        }
    }
}

fn readiness(kind: &Kind, object: &Object) -> Seen {
    if !kind.is_static_object(object) && !is_observed(object) {
        return Seen::Pending;
    }
    current(object)
}

/// Whether the status speaks of the present generation.
fn is_observed(object: &Object) -> bool {
    let observed = object
        .get_i64(&["status", "observedGeneration"])
        .unwrap_or(0);
    let Some(ready) = kinds::condition(object, "Ready") else {
        return false;
    };
    let of_condition = ready["observedGeneration"].as_i64().unwrap_or(0);
    let generation = if of_condition > 0 {
        of_condition
    } else {
        observed
    };
    observed >= 1 && generation == object.generation()
}

/// What kstatus says.
pub(crate) fn current(object: &Object) -> Seen {
    match health::compute(object, jiff::Timestamp::now()) {
        Ok(health) => match health.status {
            Status::Current => Seen::Done,
            Status::InProgress => Seen::Pending,
            _ => Seen::Failed(health.message),
        },
        Err(error) => Seen::Failed(error.to_string()),
    }
}
