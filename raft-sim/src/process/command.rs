//! The command of a subject, split into words as by a shell. No shell reads it.

/// The words of a command: quotation marks and backslashes mean what they mean to a shell.
///
/// # Errors
/// A quotation mark without its partner, and whatever only a shell could do: it is said how to have one do it.
pub(super) fn words(command: &str) -> Result<Vec<String>, String> {
    let words = shlex::split(command)
        .ok_or("expected a command; a quotation mark or a backslash has no partner")?;
    match of_a_shell(command) {
        None => Ok(words),
        Some(what) => Err(format!(
            "`{what}` is for a shell, and none reads the command; quote it, or let one: sh -c '…'"
        )),
    }
}

/// The first part of the command that a shell would not take as it is.
fn of_a_shell(command: &str) -> Option<String> {
    let mut quoted = None;
    let mut at_start = true;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quoted = None,
            (Some('\''), _) => {}
            (_, '\\') => {
                chars.next();
            }
            (_, '$' | '`') => return Some(c.to_string()),
            (Some(_), _) => {}
            (None, '\'' | '"') => quoted = Some(c),
            (None, '|' | '&' | ';' | '<' | '>' | '(' | ')' | '*' | '?' | '[') => {
                return Some(c.to_string());
            }
            (None, '~') if at_start => return Some(c.to_string()),
            (None, '#') if at_start => return None,
            (None, _) => {}
        }
        at_start = c.is_whitespace() && quoted.is_none();
    }
    let first = command.split_whitespace().next()?;
    let (name, _) = first.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| format!("{name}="))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_and_backslashes_are_those_of_a_shell() {
        for (command, expected) in [
            ("my-raft --port 1", &["my-raft", "--port", "1"][..]),
            (r#"'my raft' "a b" c\ d e"f 'g'"h"#, &["my raft", "a b", "c d", "ef 'g'h"]),
            (
                r"sh -c 'exec ./a | tee $HOME/*.log; true'",
                &["sh", "-c", "exec ./a | tee $HOME/*.log; true"],
            ),
            (r#"a "\$x \"y\"" \; \*"#, &["a", r#"$x "y""#, ";", "*"]),
            ("a b~c x=1 # the rest | is a comment", &["a", "b~c", "x=1"]),
            ("a\nb", &["a", "b"]),
        ] {
            assert_eq!(
                words(command),
                Ok(expected.iter().map(ToString::to_string).collect()),
                "{command}"
            );
        }
    }

    #[test]
    fn what_a_shell_alone_can_do_is_refused_with_the_way_to_have_it_done() {
        for (command, what) in [
            ("cd a && ./b", "&"),
            ("a | tee log", "|"),
            ("a > log", ">"),
            ("a $HOME", "$"),
            (r#"a "$HOME""#, "$"),
            ("a `b`", "`"),
            ("~/a", "~"),
            ("a *.py", "*"),
            ("a; b", ";"),
            ("RUST_LOG=1 a", "RUST_LOG="),
        ] {
            let error = words(command).expect_err(command);
            assert_eq!(
                error,
                format!(
                    "`{what}` is for a shell, and none reads the command; quote it, or let one: sh -c '…'"
                )
            );
        }
        assert!(words("a 'b").is_err_and(|why| why.contains("has no partner")));
    }
}
