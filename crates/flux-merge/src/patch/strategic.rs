//! Strategic merge patch: a merge patch that knows which lists merge by key, with directives.
//!
//! `$patch: delete|replace|merge` beside fields, `$deleteFromPrimitiveList/x`, `$setElementOrder/x` and `$retainKeys`.

use serde_json::{Map, Value};

use crate::patch::{PatchError, go_type};
use crate::schema::{PatchStrategy, Schema, TypeRef};
use crate::typed::same;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const SET_ORDER: &str = "$setElementOrder";

type Object = Map<String, Value>;

/// Applies a strategic merge patch to an object of a built-in type.
///
/// # Errors
/// When a directive is malformed or a list cannot be merged.
pub fn strategic_merge_patch(
    schema: &Schema,
    ty: TypeRef,
    target: &Value,
    patch: &Value,
) -> Result<Value, PatchError> {
    let (Value::Object(target), Value::Object(patch)) = (target, patch) else {
        return Err(PatchError::Malformed("invalid JSON document".to_owned()));
    };
    let merged = Merge { schema }.map(Some(ty), target.clone(), patch.clone())?;
    Ok(Value::Object(merged))
}

#[derive(Debug, Clone, Copy)]
struct Merge<'a> {
    schema: &'a Schema,
}

/// What is known of a list field.
#[derive(Debug, Clone, Copy)]
struct ListMeta<'a> {
    element: Option<TypeRef>,
    merges: bool,
    key: Option<&'a str>,
}

impl<'a> Merge<'a> {
    fn map(
        self,
        ty: Option<TypeRef>,
        mut target: Object,
        mut patch: Object,
    ) -> Result<Object, PatchError> {
        match patch.remove(DIRECTIVE) {
            None => {}
            Some(Value::String(directive)) if directive == "replace" => return Ok(patch),
            Some(Value::String(directive)) if directive == "delete" => return Ok(Object::new()),
            Some(other) => return Err(bad_directive(&other, &patch)),
        }
        retain_keys(&mut target, &mut patch)?;
        self.ordered_lists(ty, &mut target, &mut patch)?;
        for (name, mut change) in patch {
            let deleted_from = match name.strip_prefix(DELETE_FROM) {
                None => None,
                Some(rest) => Some(rest.strip_prefix('/').ok_or_else(|| {
                    PatchError::Malformed("invalid patch format of primitive list".to_owned())
                })?),
            };
            let name = deleted_from.unwrap_or(&name).to_owned();
            if change.is_null() {
                target.remove(&name);
                continue;
            }
            let replaceable = target.get_mut(&name).filter(|old| same_shape(old, &change));
            match (replaceable, deleted_from) {
                (None, Some(_)) => {}
                (None, None) => {
                    discard_nulls(&mut change);
                    match without_directives(change) {
                        Some(value) => target.insert(name, value),
                        None => target.remove(&name),
                    };
                }
                (Some(old), _) => {
                    let is_delete = deleted_from.is_some();
                    let old = std::mem::take(old);
                    let merged = self.value(ty, &name, (old, change), is_delete)?;
                    target.insert(name, merged);
                }
            }
        }
        Ok(target)
    }

    fn value(
        self,
        ty: Option<TypeRef>,
        name: &str,
        (old, change): (Value, Value),
        is_delete: bool,
    ) -> Result<Value, PatchError> {
        match (old, change) {
            (Value::Object(old), Value::Object(change)) => self
                .map(self.type_of(ty, name), old, change)
                .map(Value::Object),
            (Value::Array(old), Value::Array(change)) => {
                let meta = self.list_meta(ty, name);
                if meta.merges || is_delete {
                    self.list(meta, old, change, is_delete).map(Value::Array)
                } else {
                    Ok(Value::Array(change))
                }
            }
            (_, change) => Ok(change),
        }
    }

    fn type_of(self, ty: Option<TypeRef>, name: &str) -> Option<TypeRef> {
        self.schema.resolve(ty?).map.as_ref()?.type_of(name)
    }

    fn list_meta(self, ty: Option<TypeRef>, name: &str) -> ListMeta<'a> {
        let schema: &'a Schema = self.schema;
        let field = ty.and_then(|ty| schema.field(ty, name));
        let strategy: Option<&PatchStrategy> = field.and_then(|field| field.patch.as_ref());
        let list = self
            .type_of(ty, name)
            .and_then(|ty| schema.resolve(ty).list.as_ref());
        ListMeta {
            element: list.map(|list| list.element),
            merges: strategy.is_some_and(|strategy| strategy.merge),
            key: strategy.and_then(|strategy| strategy.merge_key.as_deref()),
        }
    }

    fn list(
        self,
        meta: ListMeta<'_>,
        old: Vec<Value>,
        change: Vec<Value>,
        is_delete: bool,
    ) -> Result<Vec<Value>, PatchError> {
        if old.is_empty() && change.is_empty() {
            return Ok(old);
        }
        if !elements_are_maps(&old, &change)? {
            if is_delete {
                return Ok(without_all(old, &change));
            }
            let mut merged: Vec<Value> = Vec::with_capacity(old.len() + change.len());
            for item in old.iter().chain(&change) {
                if !contains(&merged, item) {
                    merged.push(item.clone());
                }
            }
            let (patched, server) = merged.into_iter().partition(|item| contains(&change, item));
            return Ok(in_order(patched, server, &change, &old, None));
        }
        let Some(key) = meta.key else {
            let name = meta
                .element
                .and_then(|ty| self.schema.resolve(ty).name.clone());
            return Err(PatchError::Internal(format!(
                "cannot merge lists without merge key for {}",
                name.unwrap_or_default()
            )));
        };
        let (old, change) = special_items(old, change, key)?;
        let mut merged = old.clone();
        for item in &change {
            let value = key_of(item, key)?;
            match position(&merged, key, value) {
                Some(at) => {
                    if let (Value::Object(into), Value::Object(item)) =
                        (std::mem::take(&mut merged[at]), item)
                    {
                        let item = self.map(meta.element, into, item.clone())?;
                        merged[at] = Value::Object(item);
                    }
                }
                None => merged.push(item.clone()),
            }
        }
        let (patched, server) = partition(merged, &change, key)?;
        Ok(in_order(patched, server, &change, &old, Some(key)))
    }

    /// Lists with a `$setElementOrder` beside them are merged and put in that order.
    fn ordered_lists(
        self,
        ty: Option<TypeRef>,
        target: &mut Object,
        patch: &mut Object,
    ) -> Result<(), PatchError> {
        let directives: Vec<String> = patch
            .keys()
            .filter(|key| key.starts_with(SET_ORDER))
            .cloned()
            .collect();
        for directive in directives {
            let order = patch.remove(&directive).unwrap_or(Value::Null);
            let order = as_list(order)?;
            let bad =
                || PatchError::Malformed("invalid patch format of setElementOrder list".to_owned());
            let name = directive
                .strip_prefix(SET_ORDER)
                .and_then(|rest| rest.strip_prefix('/'));
            let name = name.ok_or_else(bad)?;
            let old = target.get(name).cloned().map(as_list).transpose()?;
            let change = patch.get(name).cloned().map(as_list).transpose()?;
            let meta = self.list_meta(ty, name);
            check_order(change.as_deref().unwrap_or_default(), &order, meta.key)?;
            let merged = match (old.clone(), change.clone()) {
                (None, None) => continue,
                (Some(old), None) => old,
                (None, Some(change)) => change.into_iter().filter_map(without_directives).collect(),
                (Some(old), Some(change)) if meta.merges => self.list(meta, old, change, false)?,
                (Some(_), Some(change)) => change,
            };
            let (patched, server) = match meta.key {
                None => merged.into_iter().partition(|item| contains(&order, item)),
                Some(key) => partition(merged, &order, key)?,
            };
            let old = old.unwrap_or_default();
            elements_are_maps(&old, &change.unwrap_or_default())?;
            let all = in_order(patched, server, &order, &old, meta.key);
            target.insert(name.to_owned(), Value::Array(all));
            patch.remove(name);
        }
        Ok(())
    }
}

fn bad_directive(directive: &Value, patch: &Object) -> PatchError {
    let directive = directive
        .as_str()
        .map_or_else(|| directive.to_string(), str::to_owned);
    let patch = Value::Object(patch.clone());
    PatchError::Internal(format!("unknown patch type: {directive} in map: {patch}"))
}

fn bad_retain_keys() -> PatchError {
    PatchError::Malformed("invalid patch format of retainKeys".to_owned())
}

fn retain_keys(target: &mut Object, patch: &mut Object) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let Value::Array(keys) = keys else {
        return Err(bad_retain_keys());
    };
    let kept = |name: &str| keys.iter().any(|key| key.as_str() == Some(name));
    let is_directive = |name: &str| name.starts_with(DELETE_FROM) || name.starts_with(SET_ORDER);
    let strange =
        |(name, value): (&String, &Value)| !value.is_null() && !is_directive(name) && !kept(name);
    if patch.iter().any(strange) {
        return Err(bad_retain_keys());
    }
    target.retain(|name, _| kept(name));
    Ok(())
}

fn same_shape(a: &Value, b: &Value) -> bool {
    go_type(a) == go_type(b)
}

fn as_list(value: Value) -> Result<Vec<Value>, PatchError> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(PatchError::Internal(format!(
            "expected a []interface {{}}, but received a {}",
            go_type(&other)
        ))),
    }
}

fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(discard_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// The value without maps that carry a directive; nothing where it is one.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => None,
        Value::Object(fields) => {
            let kept = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name, without_directives(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => Some(Value::Array(
            items.into_iter().filter_map(without_directives).collect(),
        )),
        other => Some(other),
    }
}

/// Whether the items are maps; all items have to be of one type.
fn elements_are_maps(old: &[Value], change: &[Value]) -> Result<bool, PatchError> {
    let mut kind: Option<&'static str> = None;
    for item in old.iter().chain(change) {
        if item.is_array() {
            return Err(PatchError::NotApplicable(
                "lists of lists are not supported".to_owned(),
            ));
        }
        let this = go_type(item);
        if kind.is_some_and(|kind| kind != this) {
            return Err(PatchError::Internal(
                "list element types are not identical".to_owned(),
            ));
        }
        kind = Some(this);
    }
    match kind {
        Some(kind) => Ok(kind.starts_with("map")),
        None => Err(PatchError::Internal(
            "no elements in any of the given slices".to_owned(),
        )),
    }
}

fn contains(items: &[Value], item: &Value) -> bool {
    items.iter().any(|other| same(other, item))
}

fn without_all(items: Vec<Value>, gone: &[Value]) -> Vec<Value> {
    items
        .into_iter()
        .filter(|item| !contains(gone, item))
        .collect()
}

fn key_of<'v>(item: &'v Value, key: &str) -> Result<&'v Value, PatchError> {
    item.get(key).ok_or_else(|| {
        PatchError::Internal(format!(
            "map: {item} does not contain declared merge key: {key}"
        ))
    })
}

fn position(items: &[Value], key: &str, value: &Value) -> Option<usize> {
    items
        .iter()
        .position(|item| item.get(key).is_some_and(|other| same(other, value)))
}

/// Carries out the directives among the items of a patch: what is left of both lists.
fn special_items(
    mut old: Vec<Value>,
    change: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut plain = Vec::with_capacity(change.len());
    let mut replace = false;
    for item in change {
        match item
            .get(DIRECTIVE)
            .map(|directive| directive.as_str().unwrap_or_default())
        {
            None => plain.push(item),
            Some("delete") => {
                let value = key_of(&item, key)?;
                old.retain(|old| !old.get(key).is_some_and(|other| same(other, value)));
            }
            Some("replace") => replace = true,
            Some("merge") => {
                let message = "merging lists cannot yet be specified in the patch";
                return Err(PatchError::Internal(message.to_owned()));
            }
            Some(other) => {
                return Err(PatchError::Internal(format!(
                    "unknown patch type: {other} in map: {item}"
                )));
            }
        }
    }
    Ok(if replace {
        (plain, Vec::new())
    } else {
        (old, plain)
    })
}

/// The items whose key is in `by`, and the others.
fn partition(
    items: Vec<Value>,
    by: &[Value],
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for item in items {
        if position(by, key, key_of(&item, key)?).is_some() {
            inside.push(item);
        } else {
            outside.push(item);
        }
    }
    Ok((inside, outside))
}

/// The items of the patch must come in the order that the directive gives.
fn check_order(change: &[Value], order: &[Value], key: Option<&str>) -> Result<(), PatchError> {
    if order.is_empty() || change.is_empty() {
        return Ok(());
    }
    let directive = |item: &&Value| item.get(DIRECTIVE).cloned();
    let is_delete = |item: &&Value| directive(item).is_some_and(|what| what == "delete");
    let mut items = change
        .iter()
        .filter(|item| key.is_none() || !is_delete(item))
        .peekable();
    let mut rest = order.iter();
    // Parity: an item with another directive is passed over only while there is something left of the order.
    while let Some(item) = items.peek().copied() {
        let Some(other) = rest.as_slice().first() else {
            break;
        };
        if directive(&item).is_some() {
            items.next();
            continue;
        }
        let is_same = match key {
            None => same(item, other),
            Some(key) => same(key_of(item, key)?, key_of(other, key)?),
        };
        if is_same {
            items.next();
        }
        rest.next();
    }
    if items.peek().is_none() {
        return Ok(());
    }
    Err(PatchError::Internal(format!(
        "The order in patch list:\n{}\n doesn't match {SET_ORDER} list:\n{}\n",
        Value::from(change.to_vec()),
        Value::from(order.to_vec())
    )))
}

/// Puts the items of the patch in its order and the others where they were relative to them.
fn in_order(
    mut patched: Vec<Value>,
    mut server: Vec<Value>,
    patch_order: &[Value],
    server_order: &[Value],
    key: Option<&str>,
) -> Vec<Value> {
    let place = |order: &[Value], item: &Value| match key {
        Some(key) => item.get(key).and_then(|value| position(order, key, value)),
        None => order.iter().position(|other| same(other, item)),
    };
    sort_like_go(&mut patched, |item| place(patch_order, item));
    sort_like_go(&mut server, |item| place(server_order, item));
    let mut all = Vec::with_capacity(patched.len() + server.len());
    let (mut server, mut patched) = (
        server.into_iter().peekable(),
        patched.into_iter().peekable(),
    );
    loop {
        let server_first = match (server.peek(), patched.peek()) {
            (None, None) => return all,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(a), Some(b)) => match (place(server_order, a), place(server_order, b)) {
                (Some(a), Some(b)) => a < b,
                _ => false,
            },
        };
        all.extend(if server_first {
            server.next()
        } else {
            patched.next()
        });
    }
}

/// Parity: items without a place count as before every other, which a stable insertion sort turns around.
fn sort_like_go(items: &mut Vec<Value>, place: impl Fn(&Value) -> Option<usize>) {
    let mut placed: Vec<(Option<usize>, Value)> =
        items.drain(..).map(|item| (place(&item), item)).collect();
    for end in 1..placed.len() {
        let mut at = end;
        while at > 0 {
            let is_before = match (placed[at].0, placed[at - 1].0) {
                (Some(a), Some(b)) => a < b,
                _ => true,
            };
            if !is_before {
                break;
            }
            placed.swap(at, at - 1);
            at -= 1;
        }
    }
    items.extend(placed.into_iter().map(|(_, item)| item));
}
