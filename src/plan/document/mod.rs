//! The plan as a document: `agi-provision/plan/1`. Everything after planning reads this and
//! nothing else. All sizes are bytes, speeds tokens/s, prices per hour or month in `currency`.
//!
//! Unknown keys are ignored on reading, so that a newer plan still reads; missing ones are an error.

mod basics;
mod embedding;
mod over_hosts;
mod plan;
mod price;

pub use basics::{Interval, ModelFile, Verdict};
pub use embedding::{EmbeddingModel, Further, Index, Place, Rag, RagMemory};
pub use over_hosts::{OverHosts, WorkerArgs};
pub use plan::*;
pub use price::{Alternative, Arrival, Converted, Cost, NearMiss, OfferRef, RentedBeside};
