//! What a vendor may do with the values of a flow in a program with threads.

use kim_flow::send::Step;
use kim_flow::{Call, Conclusion, Protected, Refused, Report, Rules, Run};

fn is_send<T: Send>() {}
fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn a_flow_goes_from_thread_to_thread_and_what_comes_of_it_is_shared() {
    is_send::<Step>();
    is_send::<Call<Step>>();
    is_send_and_sync::<Run>();
    is_send_and_sync::<Rules>();
    is_send_and_sync::<Protected>();
    is_send_and_sync::<Refused>();
    is_send_and_sync::<Conclusion>();
    is_send_and_sync::<Report>();
}
