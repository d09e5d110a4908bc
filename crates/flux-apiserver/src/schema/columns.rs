//! Printer columns: what a table says about an object.

use flux_gocompat::GoDuration;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::jsonpath::{JsonPath, JsonPathError};

/// One column of the table of a custom resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: String,
    /// What the values are meant as, such as `int64` or `date-time`; may be empty.
    pub format: String,
    /// What the column says; may be empty.
    pub description: String,
    /// Above zero: only in wide output.
    pub priority: i64,
    path: JsonPath,
}

/// The content of a cell; `null` where the object has no value.
pub type Cell = Value;

impl Column {
    /// Reads `additionalPrinterColumns` of a version. Where it has none, there is one column, the age.
    pub fn read_all(version: &Value) -> Result<Vec<Self>, JsonPathError> {
        let age = json!([{
            "description": "Time since creation.",
            "jsonPath": ".metadata.creationTimestamp",
            "name": "Age",
            "type": "date",
        }]);
        let stated = version
            .get("additionalPrinterColumns")
            .and_then(Value::as_array);
        let columns = stated
            .filter(|columns| !columns.is_empty())
            .or(age.as_array());
        columns.into_iter().flatten().map(Self::read).collect()
    }

    fn read(column: &Value) -> Result<Self, JsonPathError> {
        let text = |key: &str| column.get(key).and_then(Value::as_str).unwrap_or_default();
        Ok(Self {
            name: text("name").to_owned(),
            kind: text("type").to_owned(),
            format: text("format").to_owned(),
            description: text("description").to_owned(),
            priority: column.get("priority").and_then(Value::as_i64).unwrap_or(0),
            path: JsonPath::parse(text("jsonPath"))?,
        })
    }

    /// The cell of an object at a moment.
    pub fn cell(&self, object: &Value, now: Timestamp) -> Cell {
        let Some(value) = self.path.find(object).into_iter().next() else {
            return Value::Null;
        };
        match (self.kind.as_str(), value) {
            ("integer", _) => whole(value),
            ("string", Value::String(_))
            | ("number", Value::Number(_))
            | ("boolean", Value::Bool(_)) => value.clone(),
            ("string", Value::Null) => Value::Null,
            ("string", other) => other.to_string().into(),
            ("date", Value::String(text)) => match text.parse::<Timestamp>() {
                Ok(moment) => human_duration(now.as_second() - moment.as_second()).into(),
                Err(_) => "<invalid>".into(),
            },
            _ => Value::Null,
        }
    }
}

fn whole(value: &Value) -> Value {
    match (value.as_i64(), value.as_f64()) {
        (Some(whole), _) => whole.into(),
        (None, Some(float)) => format!("{:.0}", float.trunc())
            .parse::<i64>()
            .map_or(Value::Null, Value::from),
        (None, None) => Value::Null,
    }
}

/// A span of seconds as tables print it: two units at most, fewer the longer it is.
pub fn human_duration(seconds: i64) -> String {
    GoDuration::from_nanos(seconds.saturating_mul(1_000_000_000)).human()
}
