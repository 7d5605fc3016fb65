use serde_json::Value;

use super::schema;

#[test]
fn every_key_is_known_and_explained() {
    let text = schema();
    assert!(text.ends_with("}\n"));
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(
        schema["required"],
        serde_json::json!(["version", "default"])
    );
    let definitions = schema["$defs"].as_object().unwrap();
    let objects = definitions
        .iter()
        .filter(|(_, one)| one["type"] == "object")
        .chain([(&String::new(), &schema)])
        .map(|(name, one)| (name.clone(), one.clone()))
        .collect::<Vec<_>>();
    assert!(objects.len() > 8, "{objects:?}");
    for (name, object) in objects {
        assert_eq!(object["additionalProperties"], false, "{name}");
        for (key, property) in object["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{name}.{key}");
            assert_eq!(key, &key.to_lowercase(), "{name}.{key}");
        }
    }
}
