//! Numbers beyond the range of `f64`, as text: exact products of integers and powers of two, then rounded once.

use super::significant;

/// Digits in a limb.
const LIMB: u64 = 1_000_000_000;

/// `whole * factor * 2^exponent`, with this many significant digits. As [`significant`] if an `f64` can hold the value,
/// else with an exponent: `1.23e412`. `factor` is finite and positive.
#[must_use]
pub fn product(whole: u128, factor: f64, exponent: i32, digits: usize) -> String {
    let near = libm::ldexp(whole as f64, exponent) * factor;
    if whole == 0 || near.is_normal() {
        return significant(near, digits);
    }
    let (fraction, power) = libm::frexp(factor);
    let factor = libm::ldexp(fraction, 53) as u128; // all 53 bits
    rounded(&decimal(whole, factor, exponent + power - 53), exponent + power - 53, digits)
}

/// `x * 2^exponent`, as [`product`].
#[must_use]
pub fn times_power_of_two(x: f64, exponent: i32, digits: usize) -> String {
    let near = libm::ldexp(x, exponent);
    if x == 0.0 || !x.is_finite() || near.is_normal() {
        return significant(near, digits);
    }
    let sign = if x < 0.0 { "-" } else { "" };
    sign.to_owned() + &product(1, x.abs(), exponent, digits)
}

/// The digits of `a * b * 2^exponent`, without the decimal point: of `a * b * 5^-exponent` for a negative exponent.
fn decimal(a: u128, b: u128, exponent: i32) -> String {
    let mut limbs = multiplied(&limbs(a), &limbs(b));
    let (base, step) = if exponent >= 0 { (2u64, 29) } else { (5, 12) };
    let mut left = exponent.unsigned_abs();
    while left > 0 {
        let power = left.min(step);
        multiply(&mut limbs, base.pow(power));
        left -= power;
    }
    let digits: String = limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
    digits.trim_start_matches('0').to_owned()
}

/// Limbs of a number, least first.
fn limbs(mut x: u128) -> Vec<u64> {
    let mut limbs = Vec::new();
    while x > 0 {
        limbs.push((x % u128::from(LIMB)) as u64);
        x /= u128::from(LIMB);
    }
    limbs
}

fn multiplied(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut product = vec![0; a.len() + b.len() + 1];
    for (i, x) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, place) in product[i..].iter_mut().enumerate() {
            let sum = *place + x * b.get(j).copied().unwrap_or(0) + carry;
            (*place, carry) = (sum % LIMB, sum / LIMB);
        }
    }
    product
}

/// Multiplies by a number below 2^30.
fn multiply(limbs: &mut Vec<u64>, by: u64) {
    let mut carry = 0;
    for limb in limbs.iter_mut() {
        let product = *limb * by + carry;
        (*limb, carry) = (product % LIMB, product / LIMB);
    }
    if carry > 0 {
        limbs.push(carry);
    }
}

/// Rounds exact digits, ties to even, and writes them with an exponent. A negative `exponent` means as many decimals.
fn rounded(exact: &str, exponent: i32, digits: usize) -> String {
    let decimals = exponent.min(0).unsigned_abs() as i64;
    let mut power = exact.len() as i64 - 1 - decimals;
    let digits = digits.max(1);
    let mut kept: Vec<u8> = exact.bytes().chain(std::iter::repeat(b'0')).take(digits).collect();
    let rest = exact.get(digits..).unwrap_or_default();
    let half = "5".to_owned() + &"0".repeat(rest.len().saturating_sub(1));
    let odd = kept.last().is_some_and(|digit| digit % 2 == 1);
    if !rest.is_empty() && (rest > half.as_str() || rest == half && odd) {
        power += i64::from(raise(&mut kept));
    }
    let text = String::from_utf8_lossy(&kept);
    let point = if digits > 1 { "." } else { "" };
    format!("{}{point}{}e{power}", &text[..1], &text[1..])
}

/// Adds one to the last digit; returns whether all were nines, which become a one and zeros.
fn raise(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return false;
        }
        *digit = b'0';
    }
    digits[0] = b'1';
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_float_holds_looks_as_ever() {
        assert_eq!(product(1_165_132, 1.0, 0, 10), "1165132");
        assert_eq!(product(0, 1.0, 4000, 10), "0");
        assert_eq!(times_power_of_two(-1.5, 1, 3), "-3");
    }

    #[test]
    fn exponents_are_exact() {
        // 2^2000 = 1.14813069527425..e602, 2^-2000 = 8.70980981621721..e-603
        assert_eq!(product(1, 1.0, 2000, 10), "1.148130695e602");
        assert_eq!(product(1, 1.0, -2000, 10), "8.709809816e-603");
        assert_eq!(product(1, 1.0, 2000, 15), "1.14813069527425e602");
        // 10^38 * 10^300 * 2^0
        assert_eq!(product(10u128.pow(38), 1e300, 0, 3), "1.00e338");
        assert_eq!(times_power_of_two(-3.0, 2000, 4), "-3.444e602");
        assert_eq!(product(u128::MAX, 1.0, 1000, 5), "3.6462e339");
    }

    #[test]
    fn ties_go_to_even_and_nines_carry() {
        assert_eq!(rounded("125", 0, 2), "1.2e2");
        assert_eq!(rounded("135", 0, 2), "1.4e2");
        assert_eq!(rounded("1251", -10, 2), "1.3e-7");
        assert_eq!(rounded("9996", 0, 3), "1.00e4");
        assert_eq!(rounded("7", 0, 3), "7.00e0");
    }

    #[test]
    fn digits_agree_with_those_of_floats() {
        for (whole, factor, exponent) in
            [(12_345u128, 0.1, 900), (7, 3.3e-5, -1000), (u128::MAX >> 4, 1.7, -300)]
        {
            let x = libm::ldexp(whole as f64, exponent) * factor;
            let (fraction, power) = libm::frexp(factor);
            let e = exponent + power - 53;
            let exact = rounded(&decimal(whole, libm::ldexp(fraction, 53) as u128, e), e, 12);
            assert_eq!(exact, format!("{x:.11e}"));
        }
    }
}
