//! Events: what is posted, and that a dead receiver costs a reconcile nothing.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::controller::start;
use crate::world::{repositories, repository, soon, world};

/// Takes one POST and returns its body.
async fn receive(listener: &TcpListener) -> Value {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut text = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        text.extend_from_slice(&buffer[..read]);
        let all = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = all.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|l| {
                l.to_lowercase()
                    .strip_prefix("content-length:")
                    .map(str::to_owned)
            })
            .and_then(|l| l.trim().parse::<usize>().ok())
            .unwrap_or(0);
        if body.len() >= length {
            let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            return serde_json::from_str(body).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_posted() {
    let world = world().await.with_repositories().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("--events-addr=http://{}/", listener.local_addr().unwrap());
    let _stage = start(&world, &[&address]).await.unwrap();
    let mut object = repository("happy");
    object.set_annotation("event.toolkit.fluxcd.io/team", "blue");
    world.create(&repositories(), &object).await;
    let event = soon(receive(&listener)).await;
    assert_eq!(event["involvedObject"]["kind"], "GitRepository");
    assert_eq!(event["involvedObject"]["name"], "happy");
    assert_eq!(event["severity"], "info");
    assert_eq!(event["reason"], "NewArtifact");
    assert_eq!(event["message"], "stored happy");
    assert_eq!(event["reportingController"], "test-controller");
    assert_eq!(
        event["metadata"]["source.toolkit.fluxcd.io/revision"],
        "main@sha1:0"
    );
    assert_eq!(event["metadata"]["event.toolkit.fluxcd.io/team"], "blue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_receiver_costs_nothing() {
    let world = world().await.with_repositories().await;
    // Accepts connections into its backlog and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("--events-addr=http://{}/", listener.local_addr().unwrap());
    let _stage = start(&world, &[&address, "--concurrent=1"]).await.unwrap();
    let began = tokio::time::Instant::now();
    for n in 0..20 {
        world
            .create(&repositories(), &repository(&format!("r{n}")))
            .await;
    }
    for n in 0..20 {
        world.ready(&format!("r{n}"), "True").await;
    }
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}
