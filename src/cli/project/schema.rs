//! The schema of a project file, from the table of its settings.

use super::setting::{Kind, Place, SETTINGS, Setting};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Returns the schema of a project file as JSON.
pub fn schema() -> Schema {
    let mut tables: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for setting in SETTINGS.iter().filter(|setting| setting.place == Place::Any) {
        tables.entry(setting.table).or_default().insert(setting.key.to_string(), value(setting));
    }
    let mut top = tables.remove("").unwrap_or_default();
    top.extend(tables.into_iter().map(|(table, keys)| (table.to_string(), closed(keys))));
    let mut schema = json_schema!({"$schema": "https://json-schema.org/draft/2020-12/schema"});
    if let (Some(object), Value::Object(keys)) = (schema.as_object_mut(), closed(top)) {
        object.extend(keys);
    }
    schema
}

fn closed(keys: Map<String, Value>) -> Value {
    json!({"type": "object", "properties": keys, "additionalProperties": false})
}

fn value(setting: &Setting) -> Value {
    let one = match setting.kind {
        Kind::Whole => json!({"type": "integer"}),
        Kind::Decimal => json!({"type": "number"}),
        Kind::Switch => json!({"type": "boolean"}),
        Kind::OnOff => json!({"enum": ["on", "off", true, false]}),
        Kind::Text | Kind::Path | Kind::Paths | Kind::Model | Kind::Texts | Kind::Hosts => {
            json!({"type": "string", "minLength": 1})
        }
    };
    let mut schema = match setting.kind.is_list() {
        true => json!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}),
        false => one,
    };
    schema["description"] = json!(format!("--{}: {}", setting.flag, setting.kind.wanted()));
    schema
}
