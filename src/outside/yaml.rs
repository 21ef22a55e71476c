//! YAML that anyone may have written. The library's own loader calls itself for each level and copies what an
//! alias stands for as often as it stands there; this one keeps a stack and a count.

use super::show::quoted;
use std::collections::HashMap;
use yaml_rust2::Yaml;
use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;
use yaml_rust2::yaml::Hash;

/// Most lists and tables inside each other.
const DEEPEST: usize = 64;
/// Most values, with those that aliases repeat.
const MOST_VALUES: usize = 300_000;
/// Most bytes of text that aliases repeat, and of what anchors keep for them.
const MOST_REPEATED: usize = 8 << 20;

/// The first document of `text`; `None` where there is none.
///
/// # Errors
/// With the line where the text is not YAML or goes beyond a bound, in one sentence.
pub fn load(text: &str) -> Result<Option<Yaml>, String> {
    let mut parser = Parser::new_from_str(text);
    let mut loader = Loader::default();
    loop {
        let (event, mark) = parser.next_token().map_err(|error| error.to_string())?;
        if event == Event::StreamEnd {
            return Ok(loader.first);
        }
        loader.take(event).map_err(|why| format!("line {}: {why}", mark.line()))?;
    }
}

#[derive(Default)]
struct Loader {
    first: Option<Yaml>,
    /// Lists and tables that are not complete, the outermost first.
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    values: usize,
    repeated: usize,
}

struct Open {
    anchor: usize,
    node: Node,
    weight: Weight,
}

enum Node {
    List(Vec<Yaml>),
    /// The key is one whose value has not come yet.
    Table(Hash, Option<Yaml>),
}

struct Anchored {
    value: Yaml,
    weight: Weight,
}

/// The size of a value with everything in it.
#[derive(Clone, Copy, Default)]
struct Weight {
    values: usize,
    bytes: usize,
}

impl Loader {
    fn take(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::SequenceStart(anchor, _) => self.open(anchor, Node::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(anchor, Node::Table(Hash::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { anchor, node, weight }) = self.open.pop() else { return Ok(()) };
                let value = match node {
                    Node::List(values) => Yaml::Array(values),
                    Node::Table(table, _) => Yaml::Hash(table),
                };
                self.put(value, anchor, weight)
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1)?;
                let weight = Weight { values: 1, bytes: text.len() };
                let resolved =
                    tag.is_none_or(|tag| tag.handle == "tag:yaml.org,2002:" && tag.suffix != "str");
                let value = match style == TScalarStyle::Plain && resolved {
                    true => Yaml::from_str(&text),
                    false => Yaml::String(text),
                };
                self.put(value, anchor, weight)
            }
            Event::Alias(anchor) => {
                let Some(found) = self.anchors.get(&anchor) else {
                    return Err("an alias stands inside what it stands for".to_string());
                };
                let (weight, depth) = (found.weight, depth(&found.value));
                self.count(weight.values)?;
                self.repeat(weight.bytes)?;
                self.fits(depth)?;
                let value = self.anchors[&anchor].value.clone();
                self.put(value, 0, weight)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, node: Node) -> Result<(), String> {
        self.count(1)?;
        self.fits(1)?;
        self.open.push(Open { anchor, node, weight: Weight { values: 1, bytes: 0 } });
        Ok(())
    }

    /// Adds a complete value to the list or table that it stands in.
    fn put(&mut self, value: Yaml, anchor: usize, weight: Weight) -> Result<(), String> {
        if anchor > 0 {
            self.repeat(weight.bytes)?;
            self.count(weight.values)?;
            self.anchors.insert(anchor, Anchored { value: value.clone(), weight });
        }
        let Some(parent) = self.open.last_mut() else {
            self.first.get_or_insert(value);
            return Ok(());
        };
        parent.weight.values += weight.values;
        parent.weight.bytes += weight.bytes;
        match &mut parent.node {
            Node::List(values) => values.push(value),
            Node::Table(table, key) => match key.take() {
                None => *key = Some(value),
                // Two tables to merge in are no mistake (`<<` twice is written by hand).
                Some(name) => {
                    if table.contains_key(&name) {
                        let name = name.into_string().unwrap_or_else(|| "a key".to_string());
                        return Err(format!("{} is there twice", quoted(&name)));
                    }
                    table.insert(name, value);
                }
            },
        }
        Ok(())
    }

    fn count(&mut self, values: usize) -> Result<(), String> {
        self.values = self.values.saturating_add(values);
        match self.values > MOST_VALUES {
            true => Err(format!("it has more than {MOST_VALUES} values, with those that aliases repeat")),
            false => Ok(()),
        }
    }

    fn repeat(&mut self, bytes: usize) -> Result<(), String> {
        self.repeated = self.repeated.saturating_add(bytes);
        match self.repeated > MOST_REPEATED {
            true => Err(format!("its aliases repeat more than {MOST_REPEATED} bytes")),
            false => Ok(()),
        }
    }

    fn fits(&self, levels: usize) -> Result<(), String> {
        match self.open.len() + levels > DEEPEST {
            true => Err(format!("more than {DEEPEST} lists and tables are inside each other")),
            false => Ok(()),
        }
    }
}

/// Levels of lists and tables. Looks at each value once: what is kept was counted.
fn depth(value: &Yaml) -> usize {
    match value {
        Yaml::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Yaml::Hash(table) => 1 + table.iter().map(|(k, v)| depth(k).max(depth(v))).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_library_reads_them() {
        for text in [
            "a: 1\nb: [x, 'y', \"z\", 0x10, 010, 1.5, true, ~, null]\nc: {d: e}\n",
            "a: &x {b: 1}\nc: *x\n",
            "- !!str 5\n- !!int 5\n- !vault secret\n- |\n  text\n",
            "? [1, 2]\n: pair\n",
            "",
            "---\na: b\n---\nc: d\n",
        ] {
            let want = yaml_rust2::YamlLoader::load_from_str(text).unwrap().into_iter().next();
            assert_eq!(load(text).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn depth_values_and_aliases_are_bounded() {
        let laughs = |n: usize| {
            let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_string();
            (1..n).for_each(|i| {
                let alias = format!("*a{}", i - 1);
                text += &format!("a{i}: &a{i} [{}]\n", vec![alias; 9].join(", "));
            });
            text
        };
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 20].join(", "));
        for (text, why) in [
            ("[".repeat(200_000), "recursion limit"),
            ("{a: ".repeat(100_000), "recursion limit"),
            ("- ".repeat(100_000), "64"),
            ("? ".repeat(100_000), "64"),
            ((0..3000).map(|i| format!("{}a:\n", " ".repeat(i))).collect(), "64"),
            (laughs(12), "300000 values"),
            (long, "8388608 bytes"),
            ("a: &x\n  b: *x\n".to_string(), "inside what it stands for"),
            ("- x\n".repeat(300_001), "300000 values"),
            ("a: 1\na: 2\n".to_string(), "\"a\" is there twice"),
        ] {
            let error = load(&text).unwrap_err();
            assert!(error.contains(why) && error.len() < 200, "{error}");
        }
        assert!(load(&laughs(4)).is_ok());
    }
}
