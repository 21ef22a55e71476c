//! Protocol of client and agent: requests and events ([`protocol`]), the bytes of files ([`frames`]), a host's certificate
//! ([`certificate`]), what
//! an archive needs of a host ([`needs`]), what hosts of one plan know of each other ([`peers`]), and the secrets that
//! travel with a request ([`secrets`]).

pub mod certificate;
pub mod frames;
pub mod needs;
pub mod peers;
pub mod protocol;
pub mod secrets;
