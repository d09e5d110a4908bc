//! Flags and what they mean.

use flux_runtime::FlagSet;

use super::{Config, flags};

fn config(arguments: &[&str]) -> Result<Config, String> {
    let mut set = FlagSet::default();
    // Standard flags that these tests touch; the chassis adds them all.
    set.add(
        "default-service-account",
        flux_runtime::FlagType::String,
        "",
        "",
    );
    flags(&mut set);
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    set.parse(&arguments).map_err(|error| error.to_string())?;
    Config::read(&set, |_| false).map_err(|error| format!("{error}: {}", error.source))
}

#[test]
fn defaults() {
    let config = config(&[]).expect("usable");
    assert_eq!(config.storage_path.to_str(), Some("/data"));
    assert_eq!(
        (config.retention.ttl.as_secs(), config.retention.records),
        (60, 2)
    );
    assert_eq!(config.algorithm.as_str(), "sha256");
    assert_eq!(config.requeue_dependency.to_string(), "30s");
}

#[test]
fn the_advertised_host() {
    let advertised =
        |arguments: &[&str]| config(arguments).expect("usable").advertised(None, "pod-1");
    assert_eq!(advertised(&["--storage-addr=:9090"]), "localhost:9090");
    assert_eq!(advertised(&["--storage-addr=0.0.0.0:9090"]), "pod-1:9090");
    assert_eq!(
        advertised(&["--storage-addr=127.0.0.1:9090"]),
        "127.0.0.1:9090"
    );
    assert_eq!(
        advertised(&["--storage-adv-addr=sc.flux-system.svc."]),
        "sc.flux-system.svc."
    );
    let bound = "127.0.0.1:4711".parse().ok();
    let ephemeral = config(&["--storage-addr=127.0.0.1:0"]).expect("usable");
    assert_eq!(ephemeral.advertised(bound, "pod-1"), "127.0.0.1:4711");
}

#[test]
fn what_cannot_be_meant() {
    assert_eq!(
        config(&["--artifact-digest-algo=md5"]).expect_err("unknown"),
        "unable to configure canonical digest algorithm: unsupported digest algorithm: md5"
    );
    assert_eq!(
        config(&["--default-service-account=x"]).expect_err("gate is off"),
        "invalid configuration: cannot set default service accounts when the feature gate ObjectLevelWorkloadIdentity is not enabled"
    );
    assert!(config(&["--helm-cache-ttl=never"]).is_err());
    assert!(config(&["--no-cross-namespace-refs=true"]).is_err());
}
