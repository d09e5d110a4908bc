//! The inventory: how a Kustomization remembers the objects that it applied.
//!
//! An entry's id is `namespace_name_group_kind` (cli-utils object metadata); `:` of RBAC names becomes `__`.

use crate::ObjectId;

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
const COLON: &str = "__";

/// Why an inventory id cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unable to parse stored object metadata: {0}")]
pub struct InventoryError(
    /// The part of the id that could not be split further.
    pub String,
);

/// The inventory id of an object.
pub fn format(id: &ObjectId) -> String {
    let rbac = id.group == RBAC_GROUP
        && matches!(
            id.kind.as_str(),
            "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding"
        );
    let name = if rbac {
        id.name.replace(':', COLON)
    } else {
        id.name.clone()
    };
    format!("{}_{name}_{}_{}", id.namespace, id.group, id.kind)
}

/// Reads an inventory id.
///
/// # Errors
/// When it does not have the four parts.
pub fn parse(text: &str) -> Result<ObjectId, InventoryError> {
    let split = |at: Option<(_, _)>, rest: &str| at.ok_or_else(|| InventoryError(rest.to_owned()));
    let (namespace, rest) = split(text.split_once('_'), text)?;
    let (rest, kind) = split(rest.rsplit_once('_'), rest)?;
    let (name, group) = split(rest.rsplit_once('_'), rest)?;
    Ok(ObjectId {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        // Parity: every kind's name is translated back, though only RBAC names are translated.
        name: name.replace(COLON, ":"),
    })
}
