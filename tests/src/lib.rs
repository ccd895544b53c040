//! The suite lives in the test targets beside this file.
