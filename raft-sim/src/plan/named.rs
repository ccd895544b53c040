//! Enums whose values have names.

/// Defines an enum with the name of each value, as options, files and reports write it. The comment above a value is
/// its meaning in help texts.
macro_rules! named {
    ($(#[$about:meta])* pub enum $enum:ident {
        $(#[doc = $help:literal] $(#[$attribute:meta])* $value:ident = $name:literal,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $enum {
            $(#[doc = $help] $(#[$attribute])* #[serde(rename = $name)] $value,)*
        }

        impl $enum {
            /// All of them.
            pub const ALL: [$enum; [$($name),*].len()] = [$($enum::$value),*];
            /// The name of each, and its meaning.
            pub(super) const NAMES: [(&'static str, &'static str); [$($name),*].len()] =
                [$(($name, $help)),*];
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($enum::NAMES[*self as usize].0)
            }
        }
    };
}

pub(super) use named;
