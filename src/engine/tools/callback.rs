//! The wish to be called back at another time: the control plane plans the call, or says why it cannot.

use std::sync::Arc;

use serde_json::Value;

use super::{Gave, Tool};
use crate::base::id::SessionId;
use crate::contract::callback::{Callback, CallbackAsk};
use crate::engine::providers::Soon;

/// Where call backs are planned.
pub trait CallbackDesk: Send + Sync {
    /// Plans a call to the other end of this call, in the place of one that was planned on it before. An error is a sentence for the model.
    fn plan<'a>(&'a self, session_id: &'a SessionId, ask: CallbackAsk) -> Soon<'a, Result<Callback, String>>;
}

/// The tool of one call.
pub struct CallbackTool {
    desk: Arc<dyn CallbackDesk>,
    session_id: SessionId,
}

impl CallbackTool {
    /// The tool of this call.
    pub fn new(desk: Arc<dyn CallbackDesk>, session_id: SessionId) -> Self {
        Self { desk, session_id }
    }
}

impl Tool for CallbackTool {
    fn run<'a>(&'a self, arguments: &'a Value) -> Soon<'a, Gave> {
        Box::pin(async move {
            let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default().to_owned();
            let ask = CallbackAsk { time: text("time"), reason: text("reason") };
            if ask.time.is_empty() {
                return Gave::error("the arguments are wrong: time is required");
            }
            match self.desk.plan(&self.session_id, ask).await {
                Ok(Callback { local_time, time_zone, .. }) => {
                    Gave { text: format!("A call is planned for {local_time} ({time_zone})."), is_error: false }
                }
                Err(why) => Gave::error(format!("No call is planned: {why}")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::Millis;

    struct Desk(Result<(), &'static str>);

    impl CallbackDesk for Desk {
        fn plan<'a>(&'a self, session_id: &'a SessionId, ask: CallbackAsk) -> Soon<'a, Result<Callback, String>> {
            Box::pin(async move {
                assert_eq!((session_id.as_str(), ask.reason.as_str()), ("s", "the invoice"));
                let planned =
                    Callback { call_id: "oac-1".into(), at: Millis(0), local_time: ask.time, time_zone: "Europe/Malta".to_owned() };
                self.0.map(|()| planned).map_err(str::to_owned)
            })
        }
    }

    #[tokio::test]
    async fn the_model_is_told_when_the_call_will_be_or_why_there_is_none() {
        let wish = json!({ "time": " 15:30 ", "reason": "the invoice" });
        for (desk, wish, text, is_error) in [
            (Ok(()), wish.clone(), "A call is planned for 15:30 (Europe/Malta).", false),
            (Err("that is in the past"), wish, "No call is planned: that is in the past", true),
            (Ok(()), json!({ "reason": "x" }), "the arguments are wrong: time is required", true),
        ] {
            let gave = CallbackTool::new(Arc::new(Desk(desk)), "s".into()).run(&wish).await;
            assert_eq!(gave, Gave { text: text.to_owned(), is_error });
        }
    }
}
