//! A way to log in.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    PublicKey,
    KeyboardInteractive,
    Password,
}

impl Method {
    pub const ALL: [Method; 3] = [Method::PublicKey, Method::KeyboardInteractive, Method::Password];

    pub fn name(self) -> &'static str {
        match self {
            Method::PublicKey => "publickey",
            Method::KeyboardInteractive => "keyboard-interactive",
            Method::Password => "password",
        }
    }
}
