//! Closes a schema: an object has the keys of its type, and no others.

use schemars::Schema;
use serde_json::{Map, Value};

/// Where definitions stand in a schema.
const DEFS: &str = "$defs";

/// Closes every object that lists its keys. One that also refers to a definition, as the content of an enum's variant
/// does, gets the keys of that definition.
pub fn close(schema: &mut Schema) {
    let Some(root) = schema.as_object_mut() else { return };
    let definitions = root.get(DEFS).and_then(Value::as_object).cloned().unwrap_or_default();
    close_object(root, &definitions);
    // A definition that only such an object referred to is left over.
    while let Some(unused) = unused(root) {
        root.get_mut(DEFS).and_then(Value::as_object_mut).and_then(|all| all.remove(&unused));
    }
}

fn close_value(value: &mut Value, definitions: &Map<String, Value>) {
    match value {
        Value::Object(object) => close_object(object, definitions),
        Value::Array(list) => list.iter_mut().for_each(|each| close_value(each, definitions)),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn close_object(object: &mut Map<String, Value>, definitions: &Map<String, Value>) {
    let lists_keys = object.get("properties").is_some_and(Value::is_object);
    if lists_keys && let Some(definition) = object.get("$ref").and_then(Value::as_str).and_then(named) {
        let content = definitions.get(definition).and_then(Value::as_object).cloned();
        object.remove("$ref");
        content.into_iter().for_each(|content| merge(object, content));
    }
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = plain(text);
    }
    object.values_mut().for_each(|value| close_value(value, definitions));
    if lists_keys && !object.contains_key("additionalProperties") {
        let parts = ["oneOf", "anyOf", "allOf"].iter().any(|key| object.contains_key(*key));
        let key = if parts { "unevaluatedProperties" } else { "additionalProperties" };
        object.insert(key.to_string(), Value::Bool(false));
    }
}

/// Returns a comment of the source for readers of a schema: on one line, and names instead of links.
fn plain(comment: &str) -> String {
    let text = comment.replace('\n', " ");
    let (mut plain, mut rest) = (String::new(), text.as_str());
    while let Some((before, (name, after))) =
        rest.split_once("[`").and_then(|(before, link)| Some((before, link.split_once("`]")?)))
    {
        plain += &format!("{before}`{}`", name.rsplit("::").next().unwrap_or(name));
        let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        rest = target.map_or(after, |(_, after)| after);
    }
    plain + rest
}

/// The name in `#/$defs/NAME`.
fn named(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/$defs/")
}

/// Adds the keys of `content` to those of `object`.
fn merge(object: &mut Map<String, Value>, content: Map<String, Value>) {
    for (key, value) in content {
        match (object.get_mut(&key), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more),
            (Some(Value::Array(own)), Value::Array(more)) => own.extend(more),
            (Some(_), _) => {}
            (None, value) => drop(object.insert(key, value)),
        }
    }
}

/// The name of a definition that nothing refers to.
fn unused(root: &Map<String, Value>) -> Option<String> {
    let text = serde_json::to_string(root).unwrap_or_default();
    let definitions = root.get(DEFS)?.as_object()?;
    definitions.keys().find(|name| !text.contains(&format!("\"#/$defs/{name}\""))).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_description_has_names_instead_of_links() {
        for (comment, wanted) in [
            ("Sizes,\nin bytes.", "Sizes, in bytes."),
            ("Schema: [`SCHEMA`].", "Schema: `SCHEMA`."),
            (
                "By [`crate::plan::verdict`] and [`Bundle::id`](crate::render::Bundle::id): a.",
                "By `verdict` and `id`: a.",
            ),
            ("An array [`", "An array [`"),
        ] {
            assert_eq!(plain(comment), wanted);
        }
    }

    #[test]
    fn objects_are_closed_and_a_variants_content_is_merged() {
        let mut schema = Schema::try_from(json!({
            "oneOf": [{
                "type": "object",
                "properties": {"event": {"const": "end"}},
                "required": ["event"],
                "$ref": "#/$defs/End",
            }],
            "$defs": {
                "End": {"type": "object", "properties": {"unit": {"$ref": "#/$defs/Unit"}}, "required": ["unit"]},
                "Unit": {"enum": ["bytes"]},
                "Map": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }))
        .unwrap();
        close(&mut schema);
        let wanted = json!({
            "oneOf": [{
                "type": "object",
                "properties": {"event": {"const": "end"}, "unit": {"$ref": "#/$defs/Unit"}},
                "required": ["event", "unit"],
                "additionalProperties": false,
            }],
            "$defs": {"Unit": {"enum": ["bytes"]}},
        });
        assert_eq!(schema.to_value(), wanted);
    }
}
