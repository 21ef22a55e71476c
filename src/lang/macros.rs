//! Macros that name a message and its values: `sentence!("fits-short", device = name, short = size)`.

/// Returns a [`Sentence`](crate::lang::Sentence).
macro_rules! sentence {
    ($id:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::lang::Sentence::new(
            $id,
            vec![$((stringify!($name), $crate::lang::Value::from($value))),*],
        )
    };
}

/// Returns a message as a `String`, in the language that comes first.
macro_rules! tr {
    ($lang:expr, $id:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::lang::say($lang, $id, &[$((stringify!($name), $crate::lang::Value::from($value))),*])
    };
}

/// Returns a message as English text, for what is English everywhere: journals, JSON, what an agent says.
macro_rules! english {
    ($id:expr $(, $name:ident = $value:expr)* $(,)?) => {
        tr!($crate::lang::Lang::English, $id $(, $name = $value)*)
    };
}
