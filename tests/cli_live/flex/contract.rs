//! The published schemas, where they lie: `dsx-flex.asyncapi.yaml` in the folder that `WATTLOOP_REFERENCE_DIR` names. What of YAML and of JSON Schema stands in
//! there is read, and no more.

use serde_json::{Map, Value};

/// The schemas by their names.
pub struct Contract(Value);

impl Contract {
    /// Nothing where they do not lie.
    pub fn found() -> Option<Self> {
        let folder = std::env::var_os("WATTLOOP_REFERENCE_DIR")?;
        let text = std::fs::read_to_string(std::path::Path::new(&folder).join("dsx-flex.asyncapi.yaml")).ok()?;
        let found = Self::of(&text);
        assert!(found.0["FeedState"]["properties"]["compliant"]["type"] == "boolean", "they are read");
        Some(found)
    }

    fn of(text: &str) -> Self {
        let lines: Vec<(usize, &str)> = text
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
            .map(|line| (line.len() - line.trim_start().len(), line.trim()))
            .collect();
        let (whole, _) = block(&lines, 0);
        Self(whole["components"]["schemas"].clone())
    }

    /// A value keeps a schema, or the test fails.
    pub fn holds(&self, name: &str, value: &Value) {
        let faults = self.faults(name, value);
        assert!(faults.is_empty(), "{faults:#?} in {value:#}");
    }

    fn faults(&self, name: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0[name], value, name, &mut faults);
        faults
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().expect("a name");
            assert!(self.0[name].is_object(), "no schema {name}");
            return self.check(&self.0[name], value, at, faults);
        }
        let mut fail = |what: &str| faults.push(format!("{at}: {what}"));
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if let Some(wanted) =
            schema["type"].as_str().filter(|of| *of != kind && !(*of == "number" && kind == "integer"))
        {
            return fail(&format!("is {kind} and must be {wanted}"));
        }
        if schema.get("const").is_some_and(|of| of != value) {
            fail(&format!("must be {}", schema["const"]));
        }
        if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
            fail(&format!("must be one of {}", schema["enum"]));
        }
        if schema["minimum"].as_f64().zip(value.as_f64()).is_some_and(|(least, of)| of < least) {
            fail("is too small");
        }
        let many = |of: &Value| value.as_array().map(|all| u64::try_from(all.len()).ok()).zip(of.as_u64());
        if many(&schema["minItems"]).is_some_and(|(len, least)| len.is_none_or(|len| len < least)) {
            fail("has too few entries");
        }
        if let Some(text) = value.as_str() {
            let fits = match (schema["format"].as_str(), schema["pattern"].as_str()) {
                (Some("uuid"), _) => uuid(text),
                (Some("date-time"), _) => text.parse::<jiff::Timestamp>().is_ok(),
                (_, Some(of)) if of.starts_with("^//grid") => {
                    text.split('/').count() == 6 && text.starts_with("//grid/v1/")
                }
                (_, Some(of)) if of.starts_with("^[0-9a-f]{2}-") => text.split('-').map(str::len).eq([2, 32, 16, 2]),
                (_, Some(_)) => text.split('.').count() == 3 && !text.contains(['=', '+', '/', ' ']),
                (Some(_) | None, None) => true,
            };
            if !fits {
                fail("has not its form");
            }
        }
        for wanted in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value.get(wanted).is_none() {
                fail(&format!("lacks {wanted}"));
            }
        }
        self.within(schema, value, at, faults);
    }

    /// What is in a value, and what its schema is joined of.
    fn within(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        for (key, of) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(key) {
                self.check(of, value, &format!("{at}.{key}"), faults);
            }
        }
        if schema["additionalProperties"].is_object() {
            for (key, value) in value.as_object().into_iter().flatten() {
                self.check(&schema["additionalProperties"], value, &format!("{at}.{key}"), faults);
            }
        }
        if schema["items"].is_object() {
            for value in value.as_array().into_iter().flatten() {
                self.check(&schema["items"], value, &format!("{at}[]"), faults);
            }
        }
        for of in schema["allOf"].as_array().into_iter().flatten() {
            self.check(of, value, at, faults);
        }
        if let Some(all) = schema["oneOf"].as_array() {
            let fits = |of: &&Value| {
                let mut faults = Vec::new();
                self.check(of, value, at, &mut faults);
                faults.is_empty()
            };
            if all.iter().filter(fits).count() != 1 {
                faults.push(format!("{at}: is not one of what it may be"));
            }
        }
    }
}

fn uuid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// A block of lines that stand at least so far in: a mapping or a list. How many lines it took.
fn block(lines: &[(usize, &str)], least: usize) -> (Value, usize) {
    let Some((indent, first)) = lines.first().filter(|(indent, _)| *indent >= least) else { return (Value::Null, 0) };
    let (mut map, mut list, mut at) = (Map::new(), Vec::new(), 0);
    let is_list = first.starts_with("- ");
    while let Some((_, line)) = lines.get(at).filter(|(of, line)| of == indent && line.starts_with("- ") == is_list) {
        if let Some(item) = line.strip_prefix("- ") {
            let (value, taken) = match item.split_once(": ").or_else(|| item.strip_suffix(':').map(|key| (key, ""))) {
                // A mapping that begins behind the dash goes on two further in.
                Some(_) if !item.starts_with(['\'', '"', '[']) => {
                    let mut rows = vec![(indent + 2, item)];
                    rows.extend(lines[at + 1..].iter().take_while(|(of, _)| of > indent).copied());
                    block(&rows, indent + 2)
                }
                Some(_) | None => (scalar(item), 1),
            };
            list.push(value);
            at += taken.max(1);
            continue;
        }
        let (key, rest) = line.split_once(':').expect("a key");
        let rest = rest.trim();
        let under = &lines[at + 1..];
        let deeper = under.iter().take_while(|(of, _)| of > indent).count();
        let value = match rest {
            "" => block(&under[..deeper], indent + 1).0,
            "|" => Value::Null,
            rest => scalar(rest),
        };
        map.insert(key.trim_matches(['\'', '"']).to_owned(), value);
        at += 1 + deeper;
    }
    (if is_list { Value::Array(list) } else { Value::Object(map) }, at)
}

fn scalar(text: &str) -> Value {
    if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return Value::Array(inner.split(',').map(|item| scalar(item.trim())).collect());
    }
    let bare = text.trim_matches(['\'', '"']);
    if bare.len() == text.len() && (text == "true" || text == "false" || text.parse::<f64>().is_ok()) {
        return serde_json::from_str(text).expect("a word of JSON");
    }
    Value::String(bare.to_owned())
}

const OWN: &str = r"
components:
  schemas:
    Limit:
      type: object
      required:
        - id
        - watts
        - feeds
      properties:
        id:
          type: string
          format: uuid
        watts:
          type: number
          minimum: 0
        at:
          type: string
          format: date-time
        word:
          type: string
          enum: [on, away]
        feeds:
          type: array
          minItems: 1
          items:
            $ref: '#/components/schemas/Feed'
    Feed:
      type: object
      required: [name]
      properties:
        name:
          type: string
";

/// Without the published file, too: whoever holds messages against it must find what is wrong with one.
#[test]
fn what_keeps_no_schema_is_told() {
    let contract = Contract::of(OWN);
    let good = serde_json::json!({
        "id": "6f1c2b9e-4a5d-4c7e-9f0a-112233445566", "watts": 0, "at": "2026-11-30T02:00:00Z", "word": "away", "feeds": [{ "name": "ups-a" }],
    });
    assert_eq!(contract.faults("Limit", &good), [""; 0]);
    for (key, value, said) in [
        ("id", Value::from("no-id"), "Limit.id: has not its form"),
        ("watts", Value::from(-1), "Limit.watts: is too small"),
        ("watts", Value::from("much"), "Limit.watts: is string and must be number"),
        ("watts", Value::Null, "Limit.watts: is null and must be number"),
        ("at", Value::from("noon"), "Limit.at: has not its form"),
        ("word", Value::from("off"), "Limit.word: must be one of"),
        ("feeds", Value::from(Vec::<Value>::new()), "Limit.feeds: has too few entries"),
        ("feeds", serde_json::json!([{ "nom": "ups-a" }]), "Limit.feeds[]: lacks name"),
    ] {
        let mut bent = good.clone();
        bent[key] = value;
        let faults = contract.faults("Limit", &bent);
        assert!(faults.len() == 1 && faults[0].starts_with(said), "{key}: {faults:?}");
    }
    let mut bent = good;
    bent.as_object_mut().expect("fields").remove("id");
    assert_eq!(contract.faults("Limit", &bent), ["Limit: lacks id"]);
}
