//! A plan's JSON, read and written. Reading checks the plan as a whole, wherever it comes from: a file, a
//! bundle, or a message to a host.

use super::document::{Plan, SCHEMA};
use super::runtime::distribution;
use crate::engine::server::MOST;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Plan::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for Plan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Plan, D::Error> {
        let plan = Plan::deserialize(from)?;
        plan.check().map_err(de::Error::custom)?;
        Ok(plan)
    }
}

impl Plan {
    /// Refuses a plan whose servers are not the ones that its build and its models make.
    fn check(&self) -> Result<(), String> {
        if self.further.len() + usize::from(self.rag.is_some()) > usize::from(MOST) {
            return Err(format!("more than {MOST} embedding servers"));
        }
        if let Some(over) = &self.over_hosts {
            over.check()?;
            if self.llama_server.image.is_some() || !self.llama_server.packages.is_empty() {
                return Err(
                    "over_hosts: workers are served from an archive or a program of their host".to_string()
                );
            }
        }
        distribution::check(&self.llama_server.packages)?;
        if self.llama_server.image.is_some() && !self.llama_server.packages.is_empty() {
            return Err("llama_server: it has an image and packages, and one of them serves".to_string());
        }
        for server in self.servers() {
            server.check(self).map_err(|why| format!("{}: {why}", server.place()))?;
        }
        Ok(())
    }

    /// Reads a plan; says which schema it found when it is another one.
    pub fn from_json(text: &str) -> anyhow::Result<Plan> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            schema: String,
        }
        let head: Head = serde_json::from_str(text)?;
        anyhow::ensure!(head.schema == SCHEMA, "not a plan: its schema is {:?}, not {SCHEMA:?}", head.schema);
        Ok(serde_json::from_str(text)?)
    }

    /// Pretty JSON with a final newline; the bytes are a function of the plan alone.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a plan is plain data");
        text.push('\n');
        text
    }
}
