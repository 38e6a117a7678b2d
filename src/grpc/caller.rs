//! The caller of a call, known to all that runs for it, in whichever protocol it came; as its peer is.
//!
//! A server that asks nobody knows no caller. One that does answers no call without one: the door of the server sees to that.

use super::status::CallRefusal;
use detente_identity::Principal;
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Arc<Caller>;
}

/// A caller that has proven who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name.
    pub principal: Principal,
    /// True if it may record under other names.
    pub may_record_as: bool,
}

impl Caller {
    /// The caller of the call that is being answered; none where nobody is asked.
    #[must_use]
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Runs what belongs to a call of this caller.
    pub fn scope<T>(self: &Arc<Self>, run: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(Arc::clone(self), run)
    }
}

/// The recorder of what a call records: its caller, or the name that the request has where nobody is asked or the caller may
/// record as others.
pub(super) fn recorder(named: String) -> Result<String, CallRefusal> {
    let Some(caller) = Caller::current() else { return Ok(named) };
    let own = caller.principal.name();
    match named.as_str() {
        "" => Ok(own.to_owned()),
        _ if named == own || caller.may_record_as => Ok(named),
        _ => {
            Err(CallRefusal::Grant("record_as", format!("{own} may not record as {named:?}: leave recorded_by empty")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::ErrorReason;

    #[test]
    fn the_caller_is_the_recorder_and_only_a_permission_changes_that() {
        let caller = |may_record_as| Arc::new(Caller { principal: Principal::of_key("desk").unwrap(), may_record_as });
        let of = |named: &str| recorder(named.to_owned()).map_err(|refusal| refusal.reason());
        assert_eq!((of("desk"), of("")), (Ok("desk".to_owned()), Ok(String::new())), "nobody is asked");
        caller(false).scope(|| {
            assert_eq!((of(""), of("key:desk")), (Ok("key:desk".to_owned()), Ok("key:desk".to_owned())));
            assert_eq!(of("archivist"), Err(ErrorReason::GrantMissing));
        });
        caller(true)
            .scope(|| assert_eq!((of("archivist"), of("")), (Ok("archivist".to_owned()), Ok("key:desk".to_owned()))));
    }
}
