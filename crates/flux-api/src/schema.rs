//! Types that exist only for their schema: what a Go type of upstream looks like on the wire.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A duration that may use hours.
pub(crate) struct Interval;

/// A duration of minutes at most, as upstream bounds remote operations.
pub(crate) struct Timeout;

/// A moment in RFC 3339.
pub(crate) struct DateTime;

/// A whole number without a stated width, as a Go `int`.
pub(crate) struct Int;

/// Anything at all, kept as it is.
pub(crate) struct Anything;

macro_rules! inline_schema {
    ($type:ident, $($schema:tt)*) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($($schema)*)
            }
        }
    };
}

inline_schema!(Interval, { "type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$" });
inline_schema!(Timeout, { "type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$" });
inline_schema!(DateTime, { "type": "string", "format": "date-time" });
inline_schema!(Int, { "type": "integer" });
inline_schema!(Anything, { "x-kubernetes-preserve-unknown-fields": true });

/// For `skip_serializing_if`.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

/// For `skip_serializing_if`.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(crate) fn is_zero(value: &i64) -> bool {
    *value == 0
}
