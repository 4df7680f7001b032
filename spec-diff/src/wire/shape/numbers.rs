//! Numbers and other values, compared without loss: integers beyond 2^53 are not rounded, and 1 is 1.0.

use serde_json::{Number, Value};

/// The integer below a number and the distance to it. Numbers that are too large for the integer have themselves as the
/// distance, so that the order is that of the numbers.
pub(in crate::wire) type Exact = (i128, f64);

/// The number, or the negative of it.
pub(in crate::wire) fn exact(number: &Number, negative: bool) -> Exact {
    match integer(number) {
        Some(whole) => (if negative { -whole } else { whole }, 0.0),
        None => {
            let float = number.as_f64().unwrap_or(f64::NAN);
            exact_float(if negative { -float } else { float })
        }
    }
}

pub(in crate::wire) fn exact_float(float: f64) -> Exact {
    let below = float.floor();
    // A cast of a number that is too large is the largest one.
    #[allow(clippy::cast_possible_truncation)]
    let whole = below as i128;
    (whole, if float.abs() < 1e38 { float - below } else { float })
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// Whether two values are the same in JSON.
pub(in crate::wire) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => exact(one, false) == exact(other, false),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(key, value): (&String, &Value)| {
                other.get(key).is_some_and(|other| equal(value, other))
            };
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

pub(in crate::wire) fn contains(list: &[&Value], value: &Value) -> bool {
    list.iter().any(|other| equal(other, value))
}

/// Whether one number is a multiple of another.
pub(in crate::wire) fn is_multiple(number: &Value, of: &Value) -> bool {
    if let (Some(number), Some(of)) = (whole(number), whole(of)) {
        return number.checked_rem(of) == Some(0);
    }
    let (Some(number), Some(of)) = (number.as_f64(), of.as_f64()) else { return false };
    // 0.3 / 0.1 is 2.9999999999999996.
    let quotient = number / of;
    (quotient - quotient.round()).abs() <= 4.0 * f64::EPSILON * quotient.abs()
}

/// The value of an integer, also if it is written with a fraction of zero.
fn whole(value: &Value) -> Option<i128> {
    let (whole, above) = exact(value.as_number()?, false);
    (above == 0.0).then_some(whole)
}

/// The least number that is a multiple of all integers among these, if there are any.
pub(in crate::wire) fn common_multiple(numbers: &[&Value]) -> Option<Value> {
    let integers = numbers.iter().filter_map(|number| whole(number)).filter(|number| *number > 0);
    let common = integers.map(Some).reduce(|known, number| {
        let (known, number) = (known?, number?);
        let (mut divisor, mut rest) = (known, number);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        known.checked_mul(number / divisor)
    });
    Some(Value::from(u64::try_from(common??).ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_equal_as_in_json() {
        assert!(equal(&json!([1, { "a": 2.0 }]), &json!([1.0, { "a": 2 }])));
        assert!(!equal(&json!(9_007_199_254_740_992_u64), &json!(9_007_199_254_740_993_u64)));
        assert!(!equal(&json!({ "a": 1 }), &json!({ "b": 1 })));
        assert!(!equal(&json!(1), &json!("1")));
    }

    #[test]
    fn numbers_are_ordered_without_loss() {
        let numbers = json!([-1e300, -1e40, i64::MIN, -1.5, -1, 0.25, 1, i64::MAX, u64::MAX, 1e40]);
        let order = |negative| {
            let numbers = numbers.as_array().expect("a list").iter();
            numbers.map(|n| exact(n.as_number().expect("one"), negative)).collect::<Vec<_>>()
        };
        assert!(order(false).is_sorted_by(|one, other| one < other));
        assert!(order(true).is_sorted_by(|one, other| one > other));
    }

    #[test]
    fn multiples_are_found_in_spite_of_rounding() {
        for (number, of) in
            [(json!(0.3), json!(0.1)), (json!(12), json!(4)), (json!(1), json!(0.5))]
        {
            assert!(is_multiple(&number, &of), "{number} of {of}");
        }
        let others = [
            (json!(10_000_000_000.5), json!(1)),
            (json!(9_007_199_254_740_993_u64), json!(2)),
            (json!(0.35), json!(0.1)),
            (json!(1), json!(0)),
        ];
        for (number, of) in others {
            assert!(!is_multiple(&number, &of), "{number} of {of}");
        }
        assert_eq!(common_multiple(&[&json!(4), &json!(6.0), &json!(0.5)]), Some(json!(12)));
        assert_eq!(common_multiple(&[&json!(0.5)]), None);
    }
}
