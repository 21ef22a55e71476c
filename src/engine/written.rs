//! A server's arguments in a plan's JSON: `engine`, left out for the default one, and `args`, a list of texts.

use super::arguments::ServerArgs;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Written {
    #[serde(default = "default", skip_serializing_if = "is_default")]
    engine: String,
    args: Vec<String>,
}

fn default() -> String {
    super::default().name().to_string()
}

fn is_default(engine: &str) -> bool {
    engine == super::default().name()
}

impl schemars::JsonSchema for ServerArgs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ServerArgs".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::json_schema(generator)
    }
}

impl Serialize for ServerArgs {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written { engine: self.engine().to_string(), args: self.to_argv() }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for ServerArgs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ServerArgs, D::Error> {
        let Written { engine, args } = Written::deserialize(from)?;
        let engine = super::named(&engine).map_err(de::Error::custom)?;
        ServerArgs::parse(engine.grammar(), &args).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::Plan;

    const CPU: &str = include_str!("../../tests/golden/plans/cpu.json");

    #[test]
    fn a_plan_without_an_engine_is_one_of_the_default_engine() {
        let plan = Plan::from_json(CPU).unwrap();
        assert_eq!(plan.llama_server.args.engine(), "llama.cpp");
        assert!(!plan.to_json().contains("\"engine\""), "the key is left out for it");
        let mut named: serde_json::Value = serde_json::from_str(CPU).unwrap();
        named["llama_server"]["engine"] = "llama.cpp".into();
        assert_eq!(Plan::from_json(&named.to_string()).unwrap(), plan);
    }

    #[test]
    fn an_engine_that_this_version_does_not_have_is_refused_by_its_name() {
        let mut other: serde_json::Value = serde_json::from_str(CPU).unwrap();
        other["llama_server"]["engine"] = "miner".into();
        let refused = Plan::from_json(&other.to_string()).unwrap_err().to_string();
        assert!(refused.contains("no engine is called \"miner\": llama.cpp"), "{refused}");
    }
}
