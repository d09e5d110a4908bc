//! The artifact folder on a real disk.

use std::fs::{self, FileTimes, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use flux_tree::MemoryTree;
use flux_tree::ignore::Matcher;

use super::{Folder, Location, Retention, Storage, StorageError, StorageOptions, Verification};
use crate::digest::Algorithm;
use crate::unpack::{Limits, unpack};

fn storage() -> (tempfile::TempDir, Storage) {
    let root = tempfile::tempdir().expect("a folder");
    let options = StorageOptions {
        root: root.path().to_owned(),
        advertised: "sc.flux-system.svc.cluster.local.".to_owned(),
        algorithm: Algorithm::Sha256,
        retention: Retention::default(),
    };
    (root, Storage::open(options).expect("opened"))
}

fn folder() -> Folder {
    Folder::new("GitRepository", "apps", "web").expect("a folder")
}

#[test]
fn a_tree_is_archived_and_verified() {
    let (root, storage) = storage();
    let tree = MemoryTree::from_files([("a.yaml", "a: 1\n")]).expect("tree");
    let location = folder().file("abc.tar.gz").expect("a location");
    let stored = storage
        .archive(&location, &tree, &Matcher::default())
        .expect("archived");
    assert_eq!(stored.path, "gitrepository/apps/web/abc.tar.gz");
    assert_eq!(
        stored.url,
        "http://sc.flux-system.svc.cluster.local./gitrepository/apps/web/abc.tar.gz"
    );
    let on_disk = root.path().join(&stored.path);
    let mode =
        |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&on_disk), 0o600);
    assert_eq!(mode(on_disk.parent().expect("a parent")), 0o700);
    let bytes = storage.read(&location).expect("read");
    assert_eq!(bytes.len() as u64, stored.size);
    unpack(&bytes, &Limits::default()).expect("unpacked");

    let digest = stored.digest.to_string();
    assert_eq!(
        storage.verify(&location, &digest).expect("looked"),
        Verification::Intact
    );
    fs::write(&on_disk, "other").expect("written");
    assert!(matches!(
        storage.verify(&location, &digest).expect("looked"),
        Verification::Changed { .. }
    ));
    storage.remove(&location).expect("removed");
    storage.remove(&location).expect("gone already");
    assert_eq!(
        storage.verify(&location, &digest).expect("looked"),
        Verification::Missing
    );
    assert!(matches!(
        storage.verify(&location, "md5:x"),
        Err(StorageError::Digest(_))
    ));
}

#[test]
fn a_failed_archive_leaves_nothing_behind() {
    let (root, storage) = storage();
    let location = folder().file("abc.tar.gz").expect("a location");
    let failed = storage.publish(&location, |output| {
        output.write_all(b"half").expect("written");
        Err(StorageError::NotADirectory(root.path().to_owned()))
    });
    assert!(failed.is_err());
    let names: Vec<_> = fs::read_dir(root.path().join("gitrepository/apps/web"))
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(names, ["abc.tar.gz.lock"]);
}

fn put(storage: &Storage, root: &std::path::Path, name: &str, age: Duration) -> Location {
    let location = folder().file(name).expect("a location");
    let stored = storage.put(&location, name.as_bytes()).expect("put");
    let file = OpenOptions::new()
        .write(true)
        .open(root.join(stored.path))
        .expect("opened");
    file.set_times(FileTimes::new().set_modified(SystemTime::now() - age))
        .expect("aged");
    location
}

#[test]
fn garbage_is_collected_by_age_and_number() {
    let (root, storage) = storage();
    let seconds = Duration::from_secs;
    let current = put(&storage, root.path(), "current", seconds(600));
    for (name, age) in [("old", 90), ("a", 30), ("b", 20), ("c", 10)] {
        put(&storage, root.path(), name, seconds(age));
    }
    let mut removed = storage
        .collect_garbage(&current, SystemTime::now())
        .expect("collected");
    removed.sort();
    assert_eq!(removed, ["a", "b", "old"]);
    assert!(!root.path().join("gitrepository/apps/web/old.lock").exists());
    assert!(storage.read(&current).is_ok());
    assert_eq!(
        storage
            .collect_garbage(&current, SystemTime::now())
            .expect("collected"),
        Vec::<String>::new()
    );
    assert!(storage.remove_folder(&folder()).expect("removed"));
    assert!(!storage.remove_folder(&folder()).expect("nothing there"));
    assert_eq!(
        storage
            .collect_garbage(&current, SystemTime::now())
            .expect("collected"),
        Vec::<String>::new()
    );
}

#[test]
fn links_and_urls_follow_the_storage() {
    let (root, storage) = storage();
    let location = put(&storage, root.path(), "x.tar.gz", Duration::ZERO);
    let url = storage.link(&location, "latest.tar.gz").expect("linked");
    assert!(url.ends_with("/gitrepository/apps/web/latest.tar.gz"));
    storage
        .link(&location, "latest.tar.gz")
        .expect("linked again");
    let link =
        fs::read_link(root.path().join("gitrepository/apps/web/latest.tar.gz")).expect("a link");
    assert_eq!(link.as_os_str(), "x.tar.gz");
    assert_eq!(
        storage.with_current_host("http://old:9090/gitrepository/apps/web/x.tar.gz"),
        storage.url(&location)
    );
}

#[test]
fn names_cannot_leave_the_folder() {
    assert!(Folder::new("GitRepository", "..", "web").is_err());
    assert!(Folder::new("GitRepository", "a/b", "web").is_err());
    assert!(folder().file("../x").is_err());
    assert!(Location::recorded("gitrepository/apps/../x").is_err());
    assert!(Location::recorded("gitrepository/apps/web").is_err());
    assert!(Location::recorded("gitrepository/apps/web/x.tar.gz").is_ok());
}

#[test]
fn a_storage_needs_its_folder() {
    let options = StorageOptions {
        root: "/nonexistent/storage".into(),
        advertised: String::new(),
        algorithm: Algorithm::Sha256,
        retention: Retention::default(),
    };
    let error = Storage::open(options).expect_err("no folder");
    assert_eq!(error.to_string(), "invalid dir path: /nonexistent/storage");
}
