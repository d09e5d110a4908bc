//! Printer columns: what a table says about an object.

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
            ("string", Value::String(_)) => value.clone(),
            ("string", Value::Null) => Value::Null,
            ("string", other) => other.to_string().into(),
            ("integer", _) => whole(value),
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
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
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |big: i64, unit: &str, small: i64, sub: &str| {
        if small == 0 {
            format!("{big}{unit}")
        } else {
            format!("{big}{unit}{small}{sub}")
        }
    };
    match seconds {
        // Clocks differ a little; what is further in the future is no age.
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(seconds / MINUTE, "m", seconds % MINUTE, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(seconds / HOUR, "h", seconds / MINUTE % 60, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(seconds / DAY, "d", seconds / HOUR % 24, "h"),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(seconds / YEAR, "y", seconds / DAY % 365, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}
