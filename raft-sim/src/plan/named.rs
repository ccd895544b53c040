//! Enums whose values have names.

/// Defines an enum with the name of each value, as options, files and reports write it, and with the names that it had
/// before, which are read as well. The doc comment of a value is its help text.
macro_rules! named {
    ($(#[$about:meta])* pub enum $enum:ident {
        $(#[doc = $help:literal] $(#[$attribute:meta])* $value:ident = $name:literal $(| $old:literal)*,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $enum {
            $(#[doc = $help] $(#[$attribute])* #[serde(rename = $name, $(alias = $old),*)] $value,)*
        }

        impl $enum {
            /// All values, in order.
            pub const ALL: [$enum; [$($name),*].len()] = [$($enum::$value),*];
            /// The name and the help text of each value.
            pub(crate) const NAMES: [(&'static str, &'static str); [$($name),*].len()] =
                [$(($name, $help)),*];

            /// The name, as options, files and reports write it.
            #[must_use]
            pub fn name(self) -> &'static str {
                $enum::NAMES[self as usize].0
            }

            /// The value of a name, old names included.
            #[must_use]
            pub fn named(name: &str) -> Option<$enum> {
                match name {
                    $($name $(| $old)* => Some($enum::$value),)*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

pub(super) use named;
