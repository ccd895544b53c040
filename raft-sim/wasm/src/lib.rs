//! The exports of the module. `README.md` has the requests, `raft_sim::desk::Desk` answers them.
//!
//! A module is an object with functions and one memory, so what it knows between two calls is in a variable of its own; nothing
//! in the simulator is. No function takes or returns anything but numbers.
#![expect(unsafe_code, reason = "an export has a name that is not mangled; no block is unsafe")]

use std::cell::RefCell;

use raft_sim::desk::Desk;
use raft_sim::reference::Reference;

/// What the module knows between two calls.
struct Module {
    desk: Desk<'static>,
    request: Vec<u8>,
    answer: String,
}

thread_local! {
    static MODULE: RefCell<Module> = RefCell::new(Module {
        desk: Desk::new(&Reference),
        request: Vec::new(),
        answer: String::new(),
    });
}

/// Makes room for a request of this many bytes of UTF-8, and returns its place in the memory.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    MODULE.with_borrow_mut(|module| {
        module.request.clear();
        module.request.resize(length, 0);
        module.request.as_mut_ptr()
    })
}

/// Answers the request, and returns the place of the answer in the memory.
#[unsafe(no_mangle)]
pub extern "C" fn call() -> *const u8 {
    MODULE.with_borrow_mut(|module| {
        let request = String::from_utf8_lossy(&module.request);
        module.answer = module.desk.ask(&request);
        module.answer.as_ptr()
    })
}

/// The length of the answer in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> usize {
    MODULE.with_borrow(|module| module.answer.len())
}
