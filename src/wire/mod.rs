//! Protocol of client and agent: requests and events ([`protocol`]), the bytes of files ([`frames`]), and the secrets
//! that travel with a request ([`secrets`]).

pub mod frames;
pub mod protocol;
pub mod secrets;
