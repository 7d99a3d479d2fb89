//! A quick check of a device: each step on small tables against the definition, bit for bit.
