//! Bytes as texts that any language can carry, and back.
//!
//! A command belongs to the testbed: its text is kept short and plain. A snapshot's data belongs to the subject: a
//! text that the subject chooses comes back to it unchanged.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::Command;

/// The largest number of zero bytes at the end of a command's text: the largest length of a line.
const MOST_ZEROS: usize = 1 << 24;

/// A command as a text: itself, if its bytes are printable ASCII and it does not begin with `#`. Else `#`, its bytes
/// in hexadecimal, and `+7` for seven bytes of zero at the end.
pub(super) fn of_command(bytes: &[u8]) -> Cow<'_, str> {
    let plain =
        bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) && bytes.first() != Some(&b'#');
    match str::from_utf8(bytes) {
        Ok(text) if plain => Cow::Borrowed(text),
        Ok(_) | Err(_) => {
            let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
            let mut text = hex(&bytes[..bytes.len() - zeros]);
            if zeros > 0 {
                // A write to a string does not fail.
                let _ = write!(text, "+{zeros}");
            }
            Cow::Owned(text)
        }
    }
}

/// The command of a text. A text that [`of_command`] does not make is a command of its own bytes.
pub(super) fn command(text: &str) -> Command {
    if !text.starts_with('#') {
        return Command::from(text.as_bytes());
    }
    let (digits, zeros) = text.split_once('+').unwrap_or((text, "0"));
    match (unhex(digits), zeros.parse::<usize>()) {
        (Some(mut bytes), Ok(zeros)) if zeros <= MOST_ZEROS => {
            bytes.resize(bytes.len() + zeros, 0);
            Command::from(&*bytes)
        }
        (Some(_) | None, Ok(_) | Err(_)) => Command::from(text.as_bytes()),
    }
}

/// A snapshot's data as a text: the same text if it is one, else in hexadecimal. [`data`] is the exact inverse.
pub(super) fn of_data(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if hidden(text).is_none() => Cow::Borrowed(text),
        Ok(_) | Err(_) => Cow::Owned(hex(bytes)),
    }
}

/// The data of a text: its bytes in UTF-8, unless it encodes other bytes.
pub(super) fn data(text: &str) -> Cow<'_, [u8]> {
    hidden(text).map_or(Cow::Borrowed(text.as_bytes()), Cow::Owned)
}

/// The bytes that a text encodes, if they are not UTF-8, or are a text that encodes bytes itself.
fn hidden(text: &str) -> Option<Vec<u8>> {
    let bytes = unhex(text)?;
    let plain = str::from_utf8(&bytes).is_ok_and(|inner| hidden(inner).is_none());
    (!plain).then_some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    std::iter::once('#').chain(digits).collect()
}

/// The inverse of [`hex`]; `None` for any text that `hex` does not make.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix('#')?.as_bytes();
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_short_and_plain_texts_and_come_back() {
        let pairs = [
            (&b"set x 1"[..], "set x 1"),
            (b"", ""),
            (b"#1", "#2331"),
            (b"a\nb", "#610a62"),
            (b"\x07\0\0\0\0\0\0\0", "#07+7"),
            (b"\0\0", "#+2"),
            ("é".as_bytes(), "#c3a9"),
            (b"\xff", "#ff"),
        ];
        for (bytes, text) in pairs {
            assert_eq!(of_command(bytes), text);
            assert_eq!(&*command(text), bytes, "{text}");
        }
        for made_up in ["#", "#xyz", "#abc", "#+99999999999", "#00+x", "é"] {
            let kept = if made_up == "#" { "" } else { made_up };
            assert_eq!(&*command(made_up), kept.as_bytes(), "{made_up}");
        }
    }

    #[test]
    fn every_text_and_all_bytes_of_a_snapshot_come_back() {
        let texts =
            ["", "{\"x\":1}", "é\n\0", "#", "#6162", "#ff", "#FF", "#23666600", "#236666", "#zz"];
        for text in texts {
            assert_eq!(of_data(&data(text)), text);
            assert_eq!(data(&of_data(text.as_bytes())), text.as_bytes(), "{text}");
        }
        for bytes in [&b"\xff"[..], b"#\xff", b"\0\x80", b"abc\xc3"] {
            assert_eq!(data(&of_data(bytes)), bytes);
        }
    }
}
