//! Some places of a JSON text, read without building the rest of it: as a tree, what a stranger sends can be a hundred times as
//! long as its text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The longest text that is kept, in characters: no id and no number is longer.
const LONGEST_TEXT: usize = 300;
/// Of one list: two organizations that differ are refused already, so that a third makes no difference.
const MOST_ITEMS: usize = 2;

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// A text without what surrounds it; what is no text is left out.
    Text,
    /// An organization: a uuid in its usual form, or `false` for what is none and has to be refused. Null says nothing.
    OrgId,
    /// Static parameters, `[{"key", "value"}]`: only those of this key are kept, their values as those of [`Leaf::OrgId`].
    OrgIdParameters,
}

/// A JSON pointer, in which `-` stands for every item of a list, and what is kept there.
pub type Place<'p> = (&'p str, Leaf);

/// The key of a static parameter that names the organization.
const ORG_ID: &str = "org_id";

/// The object that `text` holds, with nothing but these places and the objects and lists on the way to them. Of a field that is
/// stated twice the last one counts. An error where it is no JSON; `None` where it is no object.
pub fn read(text: &str, places: &[Place<'_>]) -> Result<Option<Value>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = Node::Below(places.to_vec()).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(found)
}

/// What is read next.
enum Node<'p> {
    /// Something with these places below it.
    Below(Vec<Place<'p>>),
    Leaf(Leaf),
    /// One of [`Leaf::OrgIdParameters`].
    Parameter,
    /// The key of such a one, whose name is that and no other: it is not trimmed.
    Key,
}

impl<'p> Node<'p> {
    /// What of this node stands in the field; `None` where nothing is wanted of it.
    fn field(&self, name: &str) -> Option<Node<'p>> {
        let Node::Below(places) = self else { return None };
        // The name is one step of the way, also if it looks like two.
        if name.contains('/') {
            return None;
        }
        let rest_of = |place: &'p str| {
            let rest = place.strip_prefix('/')?.strip_prefix(name)?;
            Some(rest).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let below: Vec<Place<'p>> = places.iter().filter_map(|(place, leaf)| Some((rest_of(place)?, *leaf))).collect();
        match below.as_slice() {
            [] => None,
            [("", leaf)] => Some(Node::Leaf(*leaf)),
            _ => Some(Node::Below(below)),
        }
    }

    /// What of this node stands in each item of it.
    fn item(&self) -> Option<Node<'p>> {
        match self {
            Node::Leaf(Leaf::OrgIdParameters) => Some(Node::Parameter),
            node => node.field("-"),
        }
    }

    /// What is kept of something that is not what is wanted.
    fn other(&self) -> Option<Value> {
        matches!(self, Node::Leaf(Leaf::OrgId)).then_some(Value::Bool(false))
    }

    fn fields<'de, A: MapAccess<'de>>(&self, mut map: A) -> Result<Option<Value>, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let Some(node) = self.field(&name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            match map.next_value_seed(node)? {
                Some(value) => drop(fields.insert(name, value)),
                None => drop(fields.shift_remove(&name)),
            }
        }
        Ok(Some(Value::Object(fields)))
    }
}

/// The static parameter, if it names an organization.
fn parameter<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Value>, A::Error> {
    let (mut key, mut value) = (None, None);
    while let Some(name) = map.next_key::<String>()? {
        match name.as_str() {
            "key" => key = map.next_value_seed(Node::Key)?,
            "value" => value = map.next_value_seed(Node::Leaf(Leaf::OrgId))?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
    }
    Ok(value.filter(|_| key == Some(Value::Bool(true))).map(|value| json!({"key": ORG_ID, "value": value})))
}

fn org_id(text: &str) -> Value {
    Uuid::try_parse(text.trim()).map_or(Value::Bool(false), |org_id| org_id.to_string().into())
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(self.other())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(self.other())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(self.other())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(self.other())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(match self {
            Node::Leaf(Leaf::Text) => Some(text.trim().chars().take(LONGEST_TEXT).collect::<String>().into()),
            Node::Leaf(Leaf::OrgId) => Some(org_id(text)),
            Node::Key => Some((text == ORG_ID).into()),
            _ => None,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items: Vec<Value> = Vec::new();
        loop {
            let Some(node) = self.item() else {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(self.other());
            };
            let Some(item) = list.next_element_seed(node)? else { break };
            let item = item.filter(|item| item.as_object().is_some_and(|fields| !fields.is_empty()));
            items.extend(item.filter(|item| items.len() < MOST_ITEMS && !items.contains(item)));
        }
        Ok((!items.is_empty()).then_some(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match self {
            Node::Below(_) => self.fields(map),
            Node::Parameter => parameter(map),
            Node::Leaf(_) | Node::Key => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(self.other())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [Place<'_>; 4] = [
        ("/message/call/id", Leaf::Text),
        ("/message/call/metadata/org_id", Leaf::OrgId),
        ("/message/list/-/parameters", Leaf::OrgIdParameters),
        ("/type", Leaf::Text),
    ];
    const ORG: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn found(text: &str) -> Value {
        read(text, &PLACES).unwrap().unwrap()
    }

    #[test]
    fn nothing_but_the_places_is_read() {
        let text = r#"{"type": " call ", "typed": "x", "message": {"a": [{"": 1}], "call": {"id": "c", "x": 7}, "list": [7, {}]}}"#;
        assert_eq!(found(text), json!({"type": "call", "message": {"call": {"id": "c"}}}));
        assert_eq!(found(r#"{"message": [{"call": 7}], "type": [[]]}"#), json!({}));
        assert_eq!(found(r#"{"message/call": {"id": "c"}, "message": {"call/id": "c"}}"#), json!({"message": {}}));
        assert_eq!(found(r#"{"message": {"call": {}}}"#), json!({"message": {"call": {}}}));
    }

    #[test]
    fn of_what_is_stated_twice_the_last_counts() {
        let text = r#"{"type": "a", "message": {"call": {"id": "a"}}, "type": "b", "message": {"call": {}}}"#;
        assert_eq!(found(text), json!({"type": "b", "message": {"call": {}}}));
        assert_eq!(found(r#"{"message": {"call": {"id": "a"}}, "message": 7, "type": "a", "type": null}"#), json!({}));
    }

    #[test]
    fn an_organization_is_a_uuid_or_is_none() {
        let org = |value: &str| {
            found(&format!(r#"{{"message": {{"call": {{"metadata": {{"org_id": {value}}}}}}}}}"#))
                .pointer("/message/call/metadata/org_id")
                .cloned()
        };
        assert_eq!(org(&format!("\" {} \"", ORG.to_uppercase())), Some(json!(ORG)));
        assert_eq!(org(&format!("\"{}{ORG}\"", " ".repeat(1000))), Some(json!(ORG)));
        assert_eq!(org("null"), None);
        for none in ["7", "-7", "0.5", "true", "[]", "[1]", "{}", r#"{"a": 1}"#, r#""""#, r#""nobody""#] {
            assert_eq!(org(none), Some(json!(false)), "{none}");
        }
    }

    #[test]
    fn of_the_static_parameters_those_of_organizations_are_kept_and_of_them_two() {
        let parameter = |value: &Value| json!({"key": "org_id", "value": value});
        let list: Vec<Value> = (0..9).map(|n| parameter(&json!(Uuid::from_u128(n / 3).to_string()))).collect();
        let text = json!({"message": {"list": [
            {"parameters": {"key": "org_id", "value": ORG}}, {"parameters": [{"key": "call_id", "value": "x"}, 7, {"key": "org_id"}]},
            {"parameters": [{"key": " org_id", "value": ORG}, {"key": ["org_id"], "value": ORG}, {"key": {"org_id": 1}, "value": ORG}]},
            {"parameters": list}, {"parameters": [parameter(&Value::Null)]}, {"x": 1}]}});
        let kept =
            [parameter(&json!(Uuid::from_u128(0).to_string())), parameter(&json!(Uuid::from_u128(1).to_string()))];
        assert_eq!(found(&text.to_string()), json!({"message": {"list": [{"parameters": kept}]}}));
    }

    #[test]
    fn a_text_is_cut_where_no_id_is_that_long() {
        let kept = found(&json!({"type": "é".repeat(100_000)}).to_string());
        assert_eq!(kept["type"].as_str().unwrap().chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn what_is_no_object_is_nothing_and_what_is_no_json_is_an_error() {
        for text in ["[]", "7", "null", "\"text\"", "[{\"type\": 1}]"] {
            assert_eq!(read(text, &PLACES).unwrap(), None, "{text}");
        }
        for text in ["", "{", "{} {}", r#"{"x": "}"#, r#"{"message": {"call": {"id": "\ud83d"}}}"#] {
            assert!(read(text, &PLACES).is_err(), "{text}");
        }
    }
}
