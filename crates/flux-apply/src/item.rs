//! One desired object, made ready for an apply.

use flux_object::{Object, ObjectId, stage};

use crate::change::{Action, Change};
use crate::engine::IgnoreRule;
use crate::error::ApplyError;
use crate::record::{Digest, OwnedKeys, digest};
use crate::rules::{Owner, Wishes};

/// One desired object as it is sent.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) object: Object,
    pub(crate) id: ObjectId,
    pub(crate) version: String,
    pub(crate) desired: Digest,
    pub(crate) wishes: Wishes,
    /// JSON pointers of fields that are left to others.
    pub(crate) ignore: Vec<String>,
}

impl Item {
    pub(crate) fn new(
        mut object: Object,
        owner: &Owner,
        rules: &[IgnoreRule],
    ) -> Result<Self, ApplyError> {
        let id = object.id();
        if is_encrypted(&object) {
            return Err(ApplyError::Encrypted(id));
        }
        flux_drift::normalize::normalize(&mut object);
        owner.mark(&mut object);
        Ok(Self {
            version: object.gvk().version,
            desired: digest(&object.as_value()),
            wishes: Wishes::of(&object, &owner.group),
            ignore: rules
                .iter()
                .filter(|rule| rule.selector.matches(&object))
                .flat_map(|rule| rule.paths.iter().cloned())
                .collect(),
            id,
            object,
        })
    }

    pub(crate) fn keys(&self) -> OwnedKeys {
        OwnedKeys::of(&self.object)
    }

    pub(crate) fn change(&self, action: Action) -> Change {
        Change {
            id: self.id.clone(),
            version: self.version.clone(),
            action,
            expires: stage::is_job(&self.id)
                && self
                    .object
                    .get(&["spec", "ttlSecondsAfterFinished"])
                    .is_some(),
        }
    }
}

/// A Secret whose data is still encrypted.
///
/// Parity: encrypted `stringData` is applied as it is; upstream loses the `sops` field of such Secrets before it looks.
fn is_encrypted(object: &Object) -> bool {
    stage::is_secret(&object.id())
        && object.as_map().contains_key("sops")
        && object.as_map().contains_key("data")
}
