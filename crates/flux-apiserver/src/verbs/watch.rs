//! Watches: a stream of lines, one JSON event each.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand::Rng;
use serde_json::json;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::cluster::Cluster;
use crate::error::ApiError;
use crate::http::{Form, Reply, Shape};
use crate::print;
use crate::registry::Resource;
use crate::store::{Delivery, Filter, History, Start, WatchItem};
use crate::verbs::Call;
use crate::verbs::read::{parse_version, selection};

/// Frames are joined up to this size, so that a large initial list is few writes.
const JOIN: usize = 64 * 1024;

pub(crate) fn watch(call: &Call<'_>) -> Result<Reply, ApiError> {
    let params = &call.ask.params;
    check_initial(call)?;
    let filter = Filter {
        namespace: call.namespace().map(str::to_owned),
        selection: selection(call)?,
    };
    let version = match params.resource_version.as_str() {
        "" => 0,
        text => parse_version(text)?,
    };
    let start = match params.send_initial_events {
        Some(true) => Start::Now,
        Some(false) if version == 0 => Start::Latest,
        _ if version == 0 => Start::Now,
        _ => Start::After(version),
    };
    match call
        .cluster
        .store
        .watch(&call.resource.table, filter, start)
    {
        Ok(delivery) => Ok(stream(call, delivery)),
        // Parity: once the parameters are understood, failures are events of the stream.
        Err(History::Gone(floor)) => {
            let text = format!("too old resource version: {version} ({floor})");
            Ok(failed(&ApiError::expired(text)))
        }
        Err(History::Future(now)) => {
            Ok(failed(&ApiError::too_large_resource_version(version, now)))
        }
    }
}

fn check_initial(call: &Call<'_>) -> Result<(), ApiError> {
    let params = &call.ask.params;
    if params.send_initial_events.is_some() && params.resource_version_match != "NotOlderThan" {
        return Err(ApiError::new(
            422,
            "Invalid",
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: \
             sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ));
    }
    if params.send_initial_events.is_none() && !params.resource_version_match.is_empty() {
        return Err(ApiError::new(
            422,
            "Invalid",
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: \
             resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ));
    }
    Ok(())
}

fn failed(error: &ApiError) -> Reply {
    let mut frame = b"{\"type\":\"ERROR\",\"object\":".to_vec();
    frame.extend_from_slice(error.body().trim_ascii_end());
    frame.extend_from_slice(b"}\n");
    Reply::json_bytes(200, frame)
}

struct Stream {
    cluster: Arc<Cluster>,
    resource: Arc<Resource>,
    form: Form,
    waiting: VecDeque<WatchItem>,
    /// Version to close the initial list with, if that was asked for.
    initial_end: Option<u64>,
    items: mpsc::Receiver<WatchItem>,
    cut: broadcast::Receiver<()>,
    bookmarks: Option<Interval>,
    deadline: Instant,
    sent: u64,
    table_header: bool,
    /// What each row of a table carries.
    include: String,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.items.close();
        self.cluster.store.sweep(&self.resource.table);
    }
}

fn stream(call: &Call<'_>, delivery: Delivery) -> Reply {
    let params = &call.ask.params;
    let now = Instant::now();
    let seconds = params
        .timeout_seconds
        .filter(|s| *s > 0)
        .unwrap_or_else(|| rand::rng().random_range(1800..3600));
    let bookmarks = params.bookmarks.then(|| {
        let every = call.cluster.options.bookmark_interval;
        let mut interval = tokio::time::interval_at(now + every, every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval
    });
    let state = Stream {
        cluster: Arc::clone(call.cluster),
        resource: Arc::clone(&call.resource),
        form: call.form,
        waiting: delivery.first.into(),
        initial_end: (params.send_initial_events == Some(true) && params.bookmarks)
            .then_some(delivery.version),
        items: delivery.items,
        cut: call.cluster.faults.cuts(),
        bookmarks,
        deadline: now + Duration::from_secs(seconds),
        sent: delivery.version,
        table_header: true,
        include: params.include_object.clone(),
    };
    Reply::stream(futures::stream::unfold(state, |mut state| async move {
        let frame = state.next().await?;
        Some((frame, state))
    }))
}

impl Stream {
    async fn next(&mut self) -> Option<Bytes> {
        let mut buffer = Vec::new();
        if !self.waiting.is_empty() || self.initial_end.is_some() {
            while buffer.len() < JOIN
                && let Some(item) = self.waiting.pop_front()
            {
                self.write(&mut buffer, &item);
            }
            if self.waiting.is_empty()
                && let Some(version) = self.initial_end.take()
            {
                self.bookmark(&mut buffer, version, true);
            }
            return Some(buffer.into());
        }
        tokio::select! {
            biased;
            _ = self.cut.recv() => return None,
            item = self.items.recv() => self.write(&mut buffer, &item?),
            () = tokio::time::sleep_until(self.deadline) => return None,
            () = tick(self.bookmarks.as_mut()) => {
                let version = self.current();
                self.bookmark(&mut buffer, version, false);
            }
        }
        while buffer.len() < JOIN
            && let Ok(item) = self.items.try_recv()
        {
            self.write(&mut buffer, &item);
        }
        Some(buffer.into())
    }

    /// The version all items up to which have been sent. Reading it before checking that nothing
    /// is queued makes it safe.
    fn current(&self) -> u64 {
        let version = self.cluster.store.version();
        if self.items.is_empty() {
            version
        } else {
            self.sent
        }
    }

    fn write(&mut self, buffer: &mut Vec<u8>, item: &WatchItem) {
        self.sent = self.sent.max(item.object.version);
        buffer.extend_from_slice(b"{\"type\":\"");
        buffer.extend_from_slice(item.kind.as_str().as_bytes());
        buffer.extend_from_slice(b"\",\"object\":");
        match self.form.shape {
            Shape::Table => {
                let header = std::mem::take(&mut self.table_header);
                let table = print::watch_table(&self.resource, &item.object, &self.include, header);
                buffer.extend_from_slice(table.to_string().as_bytes());
            }
            shape => print::write_object(buffer, &self.resource, shape, &item.object),
        }
        buffer.extend_from_slice(b"}\n");
    }

    fn bookmark(&mut self, buffer: &mut Vec<u8>, version: u64, initial_end: bool) {
        let (api_version, kind) = match self.form.shape {
            Shape::Object => (self.resource.api_version(), self.resource.kind.clone()),
            Shape::Metadata => (
                "meta.k8s.io/v1".to_owned(),
                "PartialObjectMetadata".to_owned(),
            ),
            Shape::Table => ("meta.k8s.io/v1".to_owned(), "Table".to_owned()),
        };
        let mut meta = json!({"resourceVersion": version.to_string()});
        if self.form.shape != Shape::Table {
            meta["creationTimestamp"] = serde_json::Value::Null;
        }
        if initial_end {
            meta["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = json!({"kind": kind, "apiVersion": api_version, "metadata": meta});
        let event = json!({"type": "BOOKMARK", "object": object});
        buffer.extend_from_slice(event.to_string().as_bytes());
        buffer.push(b'\n');
    }
}

async fn tick(interval: Option<&mut Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}
