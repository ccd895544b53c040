//! stub
/// One message in the paper's words.
pub fn message(message: &crate::words::Message) -> String {
    format!("{message:?}")
}
