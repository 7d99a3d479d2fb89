//! The output of the programs in `examples/`, which is the same on every machine.

macro_rules! example {
    ($name:ident, $path:literal) => {
        #[path = $path]
        #[allow(dead_code, reason = "`main` prints what the tests compare")]
        mod $name;
    };
}
example!(device, "../../examples/device.rs");
example!(digits, "../../examples/digits.rs");
example!(own_array, "../../examples/own_array.rs");
example!(predict, "../../examples/predict.rs");
example!(progress, "../../examples/progress.rs");
example!(save_and_load, "../../examples/save_and_load.rs");

/// Of the digits, 20 restarts from seed 42.
const FINGERPRINT: &str = "4e07e63ebc362f6b20633533f2b43740d64557d18c1cb3b1340bed6a526db6a2";

#[test]
fn digits_are_clustered_as_readme_says() {
    insta::assert_snapshot!(digits::digits().unwrap(), @r"
    inertia 1165151, found by 1 of 20 restarts
    accuracy 79.2%
    fingerprint 4e07e63ebc362f6b20633533f2b43740d64557d18c1cb3b1340bed6a526db6a2
    ");
}

#[test]
fn arrays_of_both_widths_and_weights_are_taken() {
    insta::assert_snapshot!(own_array::own_array().unwrap(), @r"
    centroids
    [[10.37, 20.36],
     [0.36, 0.38],
     [20.38, 40.38]]
    f32 gives the same fingerprint: true
    inertia 11.161, with weights 22.322, of copies 22.322
    ");
}

#[test]
fn new_rows_are_named() {
    insta::assert_snapshot!(predict::predict().unwrap(), @r"
    263 of 297 new rows are named rightly
    the first is 24.274 from its centroid
    ");
}

#[test]
fn a_fit_is_watched_and_cancelled() {
    insta::assert_snapshot!(progress::progress().unwrap(), @r"
    10 of 1000 restarts, best inertia 1165436.2
    20 of 1000 restarts, best inertia 1165224.6
    30 of 1000 restarts, best inertia 1165224.6
    cancelled after 30 of 1000 restarts
    ");
}

#[test]
fn whatever_device_there_is_gives_the_same_bits() {
    let said = device::device().unwrap();
    assert!(["gpu", "cpu"].map(|used| format!("{used}: {FINGERPRINT}")).contains(&said), "{said}");
}

#[test]
fn a_model_comes_back_as_it_was() {
    insta::assert_snapshot!(save_and_load::save_and_load().unwrap(), @r#"
    the same: true
    10 clusters of 64 features, the first named "the first cluster"
    fingerprint a85b30ffded58cbc8227df2ca9f6429ea1be8af0aba363263c48609f3eac62ee
    "#);
}
