//! Protocol of client and agent: requests and events ([`protocol`]), the bytes of files ([`frames`]), a host's certificate
//! ([`certificate`]), what
//! an archive needs of a host ([`needs`]), and the secrets that travel with a request ([`secrets`]).

pub mod certificate;
pub mod frames;
pub mod needs;
pub mod protocol;
pub mod secrets;
