//! Image names, tags and digests.

use flux_gocompat::regexp::Regexp;
use flux_yaml::{Kind, Node, Span};

use crate::error::Result;
use crate::resmap::ResMap;
use crate::spec::{Create, FieldSpec, apply_all};
use crate::transform::expect_kind;

/// What becomes of one image.
#[derive(Debug)]
pub(crate) struct Image {
    /// `None` where the name is no pattern that can be compiled: it matches nothing.
    pattern: Option<Regexp>,
    new_name: String,
    new_tag: String,
    tag_suffix: String,
    digest: String,
}

impl Image {
    /// From an entry of `images`.
    pub(crate) fn of_node(node: &Node) -> Self {
        let text = |key: &str| node.text_at(&[key]).unwrap_or_default().to_owned();
        // Parity: the name goes into the pattern as it is, so its dots match anything.
        let pattern = format!(
            "^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$",
            text("name")
        );
        Self {
            pattern: Regexp::new(&pattern).ok(),
            new_name: text("newName"),
            new_tag: text("newTag"),
            tag_suffix: text("tagSuffix"),
            digest: text("digest"),
        }
    }

    /// The image as it becomes; `None` where it is another one.
    fn changed(&self, image: &str) -> Option<String> {
        if !self.pattern.as_ref()?.is_match(image) {
            return None;
        }
        let (name, tag, digest) = split(image);
        let name = if self.new_name.is_empty() {
            name
        } else {
            &self.new_name
        };
        let (mut tag, mut digest) = (tag.to_owned(), digest.to_owned());
        if !self.new_tag.is_empty() {
            tag.clone_from(&self.new_tag);
            digest.clone_from(&self.digest);
        } else if !self.digest.is_empty() {
            tag.clear();
            digest.clone_from(&self.digest);
        } else if !self.tag_suffix.is_empty() {
            tag.push_str(&self.tag_suffix);
            digest.clear();
        }
        let mut out = name.to_owned();
        if !tag.is_empty() {
            out = format!("{out}:{tag}");
        }
        if !digest.is_empty() {
            out = format!("{out}@{digest}");
        }
        Some(out)
    }
}

/// Name, tag and digest of an image; a port in the host is part of the name.
fn split(image: &str) -> (&str, &str, &str) {
    let host = image.find('/').filter(|at| *at > 0).unwrap_or(0);
    let find = |c: char| image[host..].find(c).map(|at| at + host);
    match (find(':'), find('@')) {
        (None, None) => (image, "", ""),
        (Some(colon), Some(at)) if colon < at => {
            (&image[..colon], &image[colon + 1..at], &image[at + 1..])
        }
        (_, Some(at)) => (&image[..at], "", &image[at + 1..]),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
    }
}

/// Changes one image in all objects: in every list of containers, and wherever the specs lead.
pub(crate) fn set_images(map: &mut ResMap, image: &Image, specs: &[FieldSpec]) -> Result<()> {
    for resource in map.list_mut() {
        if &*resource.gvk().kind == "CustomResourceDefinition" {
            continue;
        }
        if has_containers(resource.node(), image) {
            resource.edit(|node| in_containers(node, image));
        }
        let mut set = |field: &mut Node| {
            expect_kind(field, Kind::Scalar)?;
            set_one(field, image);
            Ok(())
        };
        resource
            .edit(|node| apply_all(node, specs, Create::Never, &mut set))
            .map_err(|e| e.at(&resource.file, Span::default()))?;
    }
    Ok(())
}

fn set_one(field: &mut Node, image: &Image) {
    if let Some(text) = field.text().and_then(|text| image.changed(text)) {
        *field = Node::resolved(&text).at(field.span);
    }
}

fn is_container_list(key: &Node) -> bool {
    matches!(key.text(), Some("containers" | "initContainers"))
}

/// A look before changing anything, so that untouched objects stay shared.
fn has_containers(node: &Node, image: &Image) -> bool {
    match node.kind() {
        Kind::Scalar => false,
        Kind::Seq => node
            .as_seq()
            .unwrap_or_default()
            .iter()
            .any(|item| has_containers(item, image)),
        Kind::Map => node.as_map().into_iter().flatten().any(|e| {
            has_containers(&e.value, image)
                || (is_container_list(&e.key)
                    && e.value.as_seq().unwrap_or_default().iter().any(|c| {
                        c.text_at(&["image"])
                            .is_some_and(|i| image.changed(i).is_some())
                    }))
        }),
    }
}

fn in_containers(node: &mut Node, image: &Image) {
    if !has_containers(node, image) {
        return;
    }
    if let Some(items) = node.as_seq_mut() {
        for item in items {
            in_containers(item, image);
        }
        return;
    }
    for entry in node.as_map_mut().into_iter().flat_map(|map| map.iter_mut()) {
        in_containers(&mut entry.value, image);
        if is_container_list(&entry.key) {
            for container in entry.value.as_seq_mut().into_iter().flatten() {
                if let Some(field) = container.get_mut("image") {
                    set_one(field, image);
                }
            }
        }
    }
}
