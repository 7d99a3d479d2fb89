//! Peak rates are measured quickly, and from real work.

use std::time::{Duration, Instant};

use cairn::engine::Engine;
use cairn::engine::reference::Reference;

use crate::common::{Backend, on, on_devices};

on_devices!(a_peak_is_quick_and_of_this_world);

fn a_peak_is_quick_and_of_this_world(backend: Backend) {
    on(backend, &|engine| {
        let start = Instant::now();
        let peak = engine.peak().expect("the device works").expect("it has a peak");
        let took = start.elapsed();
        let (info, software) = (engine.info(), engine.info().software || engine.info().used == "cpu");
        assert!(took < Duration::from_secs(10), "{took:?} on {info:?}"); // a busy machine; alone it is 0.3 s
        // from a phone of ten years ago to ten times the largest of today
        let (flops, bytes) = if software { (1e8..1e15, 1e7..1e13) } else { (1e9..1e15, 1e8..1e14) };
        assert!(flops.contains(&peak.flops), "{peak:?} on {info:?}");
        assert!(bytes.contains(&peak.bytes_per_second), "{peak:?} on {info:?}");
    });
}

#[test]
fn nobody_asks_the_reference() {
    assert_eq!(Reference.peak(), Ok(None));
}
