//! What the recorded builds do not show: places in errors, the record of what was read, confinement, scale.

use std::sync::Arc;

use flux_tree::{FileTree, MemoryTree, TreePath};

use crate::flux::{Action, GenerateOptions, Overlay, complete};
use crate::{BuildError, Built, NoRemotes, Options, ReadKind, RemoteSpec, Remotes, build};

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    let files = files
        .iter()
        .map(|(path, text)| (*path, text.as_bytes().to_vec()));
    MemoryTree::from_files(files).expect("a tree")
}

fn run(files: &[(&str, &str)]) -> Result<Built, BuildError> {
    build(&tree(files), ".", &Options::flux(), &NoRemotes)
}

fn fails(files: &[(&str, &str)]) -> BuildError {
    run(files).expect_err("the build fails")
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\ndata:\n  a: b\n";

#[test]
fn an_error_names_file_line_and_column() {
    let error = fails(&[
        ("kustomization.yaml", "resources:\n- ok.yaml\n- bad.yaml\n"),
        ("ok.yaml", CONFIG),
        ("bad.yaml", "apiVersion: v1\nkind: ConfigMap\n---\na: [\n"),
    ]);
    assert_eq!(error.file(), Some("bad.yaml"));
    assert_eq!(error.span().line, 5);
    assert!(error.to_string().contains("bad.yaml:5:1"), "{error}");
}

#[test]
fn an_unknown_field_is_pointed_at() {
    let error = fails(&[
        ("base/x", ""),
        ("kustomization.yaml", "resources: []\nresource: []\n"),
    ]);
    assert_eq!(error.file(), Some("kustomization.yaml"));
    assert_eq!((error.span().line, error.span().column), (2, 1));
    assert!(error.text().contains("unknown field \"resource\""));
}

#[test]
fn a_patch_that_cannot_be_applied_names_the_object_and_its_own_place() {
    let patch = "resources: [cm.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: |-\n    - op: remove\n      path: /data/none\n";
    let error = fails(&[("kustomization.yaml", patch), ("cm.yaml", CONFIG)]);
    assert_eq!(error.object_id(), Some("ConfigMap.v1.[noGrp]/conf.[noNs]"));
    assert_eq!(error.span().line, 3);
}

#[test]
fn all_resources_that_fail_are_reported() {
    let error = fails(&[("kustomization.yaml", "resources: [one.yaml, two.yaml]\n")]);
    assert_eq!(error.others().len(), 1);
    let text = error.to_string();
    assert!(
        text.contains("one.yaml") && text.contains("two.yaml"),
        "{text}"
    );
}

#[test]
fn objects_know_where_they_were_read() {
    let two = format!("{CONFIG}---\n{}", CONFIG.replace("conf", "other"));
    let built = run(&[
        (
            "kustomization.yaml",
            "resources: [a/cm.yaml]\nnamePrefix: p-\n",
        ),
        ("a/cm.yaml", &two),
    ])
    .expect("builds");
    let places: Vec<_> = built
        .objects
        .iter()
        .map(|o| (&*o.file, o.span.line))
        .collect();
    assert_eq!(places, [("a/cm.yaml", 1), ("a/cm.yaml", 8)]);
}

#[test]
fn the_read_set_holds_what_was_read_and_what_was_looked_for() {
    let built = run(&[
        ("kustomization.yaml", "resources: [cm.yaml]\n"),
        ("cm.yaml", CONFIG),
        ("forgotten.yaml", CONFIG),
        ("notes.txt", ""),
        ("other/kustomization.yaml", "resources: [x.yaml]\n"),
        ("other/x.yaml", CONFIG),
    ])
    .expect("builds");
    let kind = |path: &str| {
        built
            .read_set
            .get(&TreePath::clean(path).expect("a path"))
            .copied()
    };
    assert_eq!(kind("cm.yaml"), Some(ReadKind::File));
    assert_eq!(kind("kustomization.yml"), Some(ReadKind::Absent));
    assert_eq!(kind("forgotten.yaml"), None);
    let unread: Vec<_> = built.unread.iter().map(TreePath::as_str).collect();
    assert_eq!(unread, ["forgotten.yaml"]);
}

#[test]
fn nothing_outside_of_the_tree_is_read() {
    for path in ["../../etc/passwd", "/etc/passwd", "../.."] {
        let file = format!("resources: [\"{path}\"]\n");
        fails(&[("kustomization.yaml", &file)]);
    }
    let mut builder = tree(&[("kustomization.yaml", "resources: [link.yaml]\n")]).to_builder();
    let link = TreePath::clean("link.yaml").expect("a path");
    builder.symlink(&link, "../secret.yaml").expect("a link");
    let built = build(&builder.build(), ".", &Options::flux(), &NoRemotes);
    assert!(built.is_err());
}

#[test]
fn remote_bases_are_asked_for() {
    struct Library;
    impl Remotes for Library {
        fn repository(&self, spec: &RemoteSpec) -> Result<Arc<dyn FileTree>, String> {
            assert_eq!(spec.repository, "https://example.com/repo.git");
            assert_eq!(
                (spec.path.as_str(), spec.reference.as_str()),
                ("base", "v1")
            );
            Ok(Arc::new(tree(&[
                ("base/kustomization.yaml", "resources: [cm.yaml]\n"),
                ("base/cm.yaml", CONFIG),
            ])))
        }

        fn file(&self, _: &str) -> Result<Vec<u8>, String> {
            Err("no such file".to_owned())
        }
    }
    let file = "resources: [\"https://example.com/repo.git//base?ref=v1\"]\n";
    let tree = tree(&[("kustomization.yaml", file)]);
    let built = build(&tree, ".", &Options::flux(), &Library).expect("builds");
    assert_eq!(built.objects.len(), 1);
    let error = build(&tree, ".", &Options::flux(), &NoRemotes).expect_err("disabled");
    assert!(error.to_string().contains("disabled"), "{error}");
}

#[test]
fn charts_and_programs_are_refused() {
    let chart = "helmCharts:\n- name: c\n  repo: https://example.com\n";
    let error = fails(&[("kustomization.yaml", chart)]);
    assert!(error.text().contains("must specify --enable-helm"));
    let program = "generators:\n- |-\n  apiVersion: example.com/v1\n  kind: Maker\n  metadata:\n    name: m\n    annotations: {config.kubernetes.io/function: \"exec: {path: /bin/true}\"}\n";
    let error = fails(&[("kustomization.yaml", program)]);
    assert!(
        error.text().contains("external plugins disabled"),
        "{error}"
    );
}

#[test]
fn a_merge_patch_takes_lists_apart_by_key() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: a, image: one}\n      - {name: b, image: two}\n";
    let file = "resources: [d.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: d}\n    spec: {template: {spec: {containers: [{name: b, image: new}, {name: a, $patch: delete}]}}}\n";
    let built = run(&[("kustomization.yaml", file), ("d.yaml", deployment)]).expect("builds");
    let object = built.objects[0].to_json().expect("json");
    assert_eq!(
        object["spec"]["template"]["spec"]["containers"],
        serde_json::json!([{"name": "b", "image": "new"}])
    );
}

#[test]
fn a_directory_without_a_file_gets_one_and_builds() {
    let tree = tree(&[("app/b.yaml", CONFIG), ("app/notes.txt", "x")]);
    let dir = TreePath::clean("app").expect("a path");
    let spec =
        serde_json::json!({"targetNamespace": "tn", "images": [{"name": "n", "newTag": "1"}]});
    let options = GenerateOptions {
        overlay: Overlay::from_spec(&spec).expect("a spec"),
        ignore: None,
    };
    let (generated, tree) = complete(&tree, &dir, &options).expect("generated");
    assert_eq!(generated.action, Action::Created);
    assert_eq!(generated.file.as_str(), "app/kustomization.yaml");
    assert_eq!(generated.read_set.get(&dir), Some(&ReadKind::Directory));
    let built = build(&tree, "app", &Options::flux(), &NoRemotes).expect("builds");
    let object = built.objects[0].to_json().expect("json");
    assert_eq!(object["metadata"]["namespace"], "tn");
}

#[test]
fn many_objects_with_references_build() {
    let documents: Vec<String> = (0..2000)
        .map(|n| {
            format!(
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}}}\nspec: {{volumes: [{{name: v, configMap: {{name: c{n}}}}}]}}\n"
            )
        })
        .collect();
    let text = documents.concat();
    let built = run(&[
        (
            "kustomization.yaml",
            "resources: [all.yaml]\nnamePrefix: x-\nnamespace: ns\n",
        ),
        ("all.yaml", &text),
    ])
    .expect("builds");
    assert_eq!(built.objects.len(), 4000);
    let last = built.objects[3999].to_json().expect("json");
    assert_eq!(last["spec"]["volumes"][0]["configMap"]["name"], "x-c1999");
}

#[test]
fn the_deepest_object_allowed_does_not_exhaust_the_stack() {
    let depth = 250;
    let deep = format!(
        "{CONFIG}  deep: {}{}\n",
        "[".repeat(depth),
        "]".repeat(depth)
    );
    let file = "resources: [cm.yaml]\nimages: [{name: x, newTag: v1}]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: conf}\n    data: {deep: null}\n";
    run(&[("kustomization.yaml", file), ("cm.yaml", &deep)]).expect("builds");
    let built = run(&[
        ("kustomization.yaml", "resources: [cm.yaml]\n"),
        ("cm.yaml", &deep),
    ]);
    let text = built.and_then(|built| built.to_yaml()).expect("text");
    assert!(text.len() > depth);
}

#[test]
fn urls_are_taken_apart_as_upstream_does() {
    for (url, repository, path, reference) in [
        (
            "https://github.com/o/r/deep/dir?ref=v1",
            "https://github.com/o/r",
            "deep/dir",
            "v1",
        ),
        ("github.com/o/r", "https://github.com/o/r", "", ""),
        (
            "git@github.com:o/r.git/dir",
            "git@github.com:o/r.git",
            "dir",
            "",
        ),
        (
            "ssh://git@host.example/o/r.git//dir",
            "ssh://git@host.example/o/r.git",
            "dir",
            "",
        ),
        (
            "git::https://dev.azure.com/o/p/_git/r/dir",
            "https://dev.azure.com/o/p/_git/r",
            "dir",
            "",
        ),
        ("file:///srv/r?version=b", "file:///srv/r", "", "b"),
    ] {
        let spec = RemoteSpec::parse(url).expect(url);
        assert_eq!(spec.repository, repository, "{url}");
        assert_eq!(
            (spec.path.as_str(), spec.reference.as_str()),
            (path, reference),
            "{url}"
        );
    }
    for local in ["../base", "base/x", "/abs", "a.yaml", "https://host-only"] {
        assert_eq!(RemoteSpec::parse(local), None, "{local}");
    }
}

#[test]
fn bases_that_double_with_every_level_are_stopped() {
    let mut files = vec![(
        "l0/kustomization.yaml".to_owned(),
        "resources: [cm.yaml]\n".to_owned(),
    )];
    files.push(("l0/cm.yaml".to_owned(), CONFIG.to_owned()));
    for level in 1..20 {
        let below = level - 1;
        for (side, target) in [("a", "../l"), ("b", "../l")] {
            files.push((
                format!("{side}{level}/kustomization.yaml"),
                format!("resources: [{target}{below}]\nnamePrefix: {side}{level}-\n"),
            ));
        }
        files.push((
            format!("l{level}/kustomization.yaml"),
            format!("resources: [../a{level}, ../b{level}]\n"),
        ));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    let error = build(&tree(&files), "l19", &Options::flux(), &NoRemotes).expect_err("too many");
    assert!(
        error.to_string().contains("more than 10000 kustomizations"),
        "{error}"
    );
}

#[test]
fn a_long_chain_of_bases_is_stopped() {
    let mut files = vec![(
        "d0/kustomization.yaml".to_owned(),
        "resources: []\nnamePrefix: x\n".to_owned(),
    )];
    for level in 1..200 {
        files.push((
            format!("d{level}/kustomization.yaml"),
            format!("resources: [../d{}]\n", level - 1),
        ));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    let error = build(&tree(&files), "d199", &Options::flux(), &NoRemotes).expect_err("too deep");
    assert!(error.to_string().contains("levels of bases"));
}

#[test]
fn a_configuration_with_an_unknown_field_is_refused() {
    let error = fails(&[
        (
            "kustomization.yaml",
            "resources: [cm.yaml]\nconfigurations: [c.yaml]\n",
        ),
        ("c.yaml", "nameprefix: []\nnamePrefixes: []\n"),
        ("cm.yaml", CONFIG),
    ]);
    assert_eq!((error.file(), error.span().line), (Some("c.yaml"), 2));
}
