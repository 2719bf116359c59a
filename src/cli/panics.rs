//! A panic is a fault of groupsim: it is caught and becomes exit code 70, never an abort of the other scenarios.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Once;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does the work; `Err` holds what a panic said and where. Whatever the work touched must not be used after that.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| set_hook(Box::new(|info| LAST.with(|last| *last.borrow_mut() = Some(info.to_string())))));
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let message = LAST.with(|last| last.borrow_mut().take());
        message.unwrap_or_else(|| "panicked".to_owned()).replace('\n', " ")
    })
}
