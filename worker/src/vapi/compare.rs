//! What differs between what is wanted and what is there. Only what is wanted is looked at: Vapi adds fields of its own, and
//! others have theirs.

use std::fmt;

use serde_json::Value;
use similar::TextDiff;

/// The most characters of a value in one line.
const LONGEST_SHOWN: usize = 80;

/// A field that is not as it should be. `None`: it is not there, or is not to be there.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// As `function.parameters.required[0]`.
    pub path: String,
    pub old: Option<Value>,
    pub new: Option<Value>,
}

impl Difference {
    /// Whether it is at this path or below it.
    pub fn is_below(&self, path: &str) -> bool {
        self.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }
}

/// `path: old -> new` in one line; of prompts and other texts of many lines, the lines that differ.
impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { path, old, new } = self;
        if let (Some(Value::String(old)), Some(Value::String(new))) = (old, new)
            && (self.is_below("model.messages") || old.contains('\n') || new.contains('\n'))
        {
            write!(formatter, "{path}:")?;
            let diff = TextDiff::from_lines(old.as_str(), new.as_str());
            let lines = diff.unified_diff().context_radius(2).missing_newline_hint(false).to_string();
            return lines.lines().try_for_each(|line| write!(formatter, "\n  {}", printable(line)));
        }
        write!(formatter, "{path}: {} -> {}", shown(old.as_ref()), shown(new.as_ref()))
    }
}

/// What `found` has otherwise than `wanted`, in the order of `wanted`.
pub fn differences(wanted: &Value, found: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare("", wanted, Some(found), &mut differences);
    differences
}

fn compare(path: &str, wanted: &Value, found: Option<&Value>, differences: &mut Vec<Difference>) {
    // Nothing is as good as null, and as an object or a list without anything in it.
    let found = found.filter(|found| !found.is_null());
    match (wanted, found) {
        (Value::Object(fields), None | Some(Value::Object(_))) => {
            let others = found.and_then(Value::as_object);
            for (name, value) in fields {
                compare(&below(path, name), value, others.and_then(|others| others.get(name)), differences);
            }
            // The properties of a schema are what a model fills in: one more is another schema.
            if path == "properties" || path.ends_with(".properties") {
                let others = others.into_iter().flatten().filter(|(name, _)| !fields.contains_key(*name));
                differences.extend(others.map(|(name, value)| gone(below(path, name), value)));
            }
        }
        (Value::Array(items), None | Some(Value::Array(_))) => {
            let others = found.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
            for (position, item) in items.iter().enumerate() {
                compare(&format!("{path}[{position}]"), item, others.get(position), differences);
            }
            let others = others.iter().enumerate().skip(items.len());
            differences.extend(others.map(|(position, other)| gone(format!("{path}[{position}]"), other)));
        }
        _ if is_same(wanted, found) => {}
        _ => differences.push(Difference { path: path.to_owned(), old: found.cloned(), new: Some(wanted.clone()) }),
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn gone(path: String, old: &Value) -> Difference {
    Difference { path, old: Some(old.clone()), new: None }
}

/// Of values that are not both objects or both lists.
fn is_same(wanted: &Value, found: Option<&Value>) -> bool {
    match (wanted, found) {
        (Value::Null, None) => true,
        // 20 and 20.0 are one number.
        (Value::Number(one), Some(Value::Number(other))) => one == other || one.as_f64() == other.as_f64(),
        (wanted, found) => Some(wanted) == found,
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let text = printable(&value.to_string());
    if text.chars().count() <= LONGEST_SHOWN {
        return text;
    }
    text.chars().take(LONGEST_SHOWN).chain("...".chars()).collect()
}

/// What others have written must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(wanted: Value, found: Value) -> Vec<String> {
        differences(&wanted, &found).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_vapi_and_others_add_is_no_difference() {
        let wanted = json!({"function": {"name": "f", "parameters": {"type": "object", "required": ["a"]}},
            "messages": [{"type": "request-start", "content": "One moment."}], "server": {"url": "u", "timeoutSeconds": 20}});
        let found = json!({"id": "1", "orgId": "2", "createdAt": "now", "type": "function",
            "function": {"parameters": {"required": ["a"], "type": "object", "extra": 1}, "name": "f", "strict": false},
            "messages": [{"id": "3", "content": "One moment.", "type": "request-start", "blocking": false}],
            "server": {"url": "u", "timeoutSeconds": 20.0, "credentialId": "c", "backoffPlan": {}}});
        assert_eq!(lines(wanted, found), [""; 0]);
    }

    #[test]
    fn what_differs_is_told_by_its_path_in_one_line_each() {
        let wanted = json!({"function": {"description": "new", "parameters": {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}},
            "async": false, "list": [1, 2, {"x": 1}]});
        let found = json!({"function": {"description": "old", "parameters": {"properties": {"a": {"type": "number"}, "c": {}}}},
            "async": true, "list": [1, 3, {"x": 1}, 4]});
        let expected = [
            r#"function.description: "old" -> "new""#,
            r#"function.parameters.properties.a.type: "number" -> "string""#,
            r#"function.parameters.properties.b.type: nothing -> "string""#,
            "function.parameters.properties.c: {} -> nothing",
            "async: true -> false",
            "list[1]: 3 -> 2",
            "list[3]: 4 -> nothing",
        ];
        assert_eq!(lines(wanted, found), expected);
    }

    #[test]
    fn nothing_null_and_empty_are_one() {
        let wanted = json!({"a": null, "b": [], "c": {}, "d": null});
        assert_eq!(lines(wanted.clone(), json!({"d": null})), [""; 0]);
        assert_eq!(lines(wanted, json!({"d": 1, "b": [2]})), ["b[0]: 2 -> nothing", "d: 1 -> null"]);
        assert_eq!(lines(json!({"a": false, "b": 0}), json!({})), ["a: nothing -> false", "b: nothing -> 0"]);
    }

    #[test]
    fn long_texts_are_shortened_and_cannot_steer_a_terminal() {
        let told = lines(json!({"a": "é".repeat(200)}), json!({"a": "\u{1b}[2J"}));
        assert_eq!(told, [format!("a: \"\\u001b[2J\" -> \"{}...", "é".repeat(79))]);
    }

    #[test]
    fn of_texts_with_many_lines_the_lines_that_differ_are_told() {
        let (old, new) = ("one\ntwo\nthree\nfour\nfive\nsix", "one\ntwo\nthree\nfour\nfive \u{1b}\nsix");
        let told = lines(json!({"content": new}), json!({"content": old}));
        assert_eq!(told, ["content:\n  @@ -3,4 +3,4 @@\n   three\n   four\n  -five\n  +five  \n   six"]);
    }

    #[test]
    fn a_path_is_below_another_by_whole_names() {
        let difference = &differences(&json!({"server": {"url": "u"}}), &json!({}))[0];
        assert!(difference.is_below("server") && !difference.is_below("serv") && !difference.is_below("server.url.x"));
        let difference = &differences(&json!({"toolIds": ["t"]}), &json!({"toolIds": []}))[0];
        assert!(difference.is_below("toolIds") && difference.is_below("toolIds[0]"));
    }
}
