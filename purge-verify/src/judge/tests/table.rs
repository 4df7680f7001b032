//! The table of cases, `cases.txt`.

use std::time::{Duration, SystemTime};

use super::*;

const CASES: &str = include_str!("../cases.txt");

/// When every response arrives.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn before(seconds: &str) -> SystemTime {
    let seconds: f64 = seconds.parse().expect("seconds");
    match seconds < 0.0 {
        true => now() + Duration::from_secs_f64(-seconds),
        false => now() - Duration::from_secs_f64(seconds),
    }
}

fn digest(word: &str) -> Digest {
    let mut digest = [0; 32];
    digest[..word.len()].copy_from_slice(word.as_bytes());
    Digest(digest)
}

fn body(word: &str) -> Body {
    match word {
        "huge" => Body::TooLarge,
        "damaged" => Body::Damaged,
        "br,br" => Body::Coded("br,br".to_owned()),
        word => Body::Hashed(digest(word)),
    }
}

#[derive(Default)]
struct Asked {
    expected: Expected,
    elapsed: Option<Elapsed>,
    origin: Option<Origin>,
    earlier: Option<Sight>,
}

fn origin(text: &str) -> Origin {
    let (text, sends_age) = text.strip_suffix("+age").map_or((text, false), |text| (text, true));
    let (status, digest) = match text.parse() {
        // An error has a page.
        Ok(status) => (status, Some(digest("error"))),
        Err(_) => (200, body(text).digest()),
    };
    let answer = OriginAnswer { status, digest, tag: Some("\"tag\"".to_owned()) };
    Origin { answer: Some(answer).filter(|_| text != "none"), sends_age, clock: None }
}

fn asked(text: &str) -> Asked {
    let mut asked = Asked::default();
    for word in text.split_whitespace() {
        if word == "doubt" {
            asked.expected.is_in_doubt = true;
            continue;
        }
        let (key, value) = word.split_once('=').expect(word);
        match key {
            "since" => {
                let (first, last) = value.split_once("..").unwrap_or((value, value));
                let time = |text: &str| Duration::from_secs_f64(text.parse().expect("seconds"));
                let (until_answer, until_request) = (time(first), time(last));
                asked.elapsed = Some(Elapsed { until_answer, until_request, sent: before(first) });
            }
            "site" if value == "gone" => asked.expected.new = New::Gone,
            "site" => asked.expected.new = New::Is(digest(value)),
            "base" => asked.expected.old = Some(digest(value)),
            "origin" => asked.origin = Some(origin(value)),
            "clock" => {
                let (least, most) = value.split_once("..").expect(value);
                let millis = |text: &str| 1000 * text.parse::<i64>().expect("seconds");
                let clock = Some(Offset { least: millis(least), most: millis(most) });
                asked.origin.as_mut().expect("an origin before its clock").clock = clock;
            }
            "earlier" => {
                let parts: Vec<_> = value.split('/').collect();
                let age = parts[0].parse().expect("seconds");
                let (date, received) = (before(parts[1]), before(parts[2]));
                asked.earlier = Some(Sight { age, date, received });
            }
            _ => panic!("{word}"),
        }
    }
    asked
}

fn answer(text: &str) -> Answer {
    let mut words = text.split_whitespace();
    let status = words.next().expect("a status").parse().expect("a status");
    let headers = http::HeaderMap::new();
    let mut answer = Answer::new(status, &headers, now(), body("nothing"));
    for word in words {
        match word.split_once('=') {
            Some(("age", value)) => answer.age = Some(value.parse().expect("seconds")),
            Some(("date", value)) => answer.date = Some(before(value)),
            Some(_) => panic!("{word}"),
            None => match word {
                "personal" => answer.is_personal = true,
                "no-store" => answer.is_not_stored = true,
                "challenge" => answer.is_challenge = true,
                "vary-all" => answer.varies_by_all = true,
                "tag" => answer.tag = Some("\"tag\"".to_owned()),
                word => answer.body = body(word),
            },
        }
    }
    answer
}

#[test]
fn every_case_has_the_verdict_of_the_table() {
    let mut count = 0;
    let mut wrong = Vec::new();
    let lines = CASES.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    for line in lines {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [name, question, response, expected] = columns[..] else { panic!("{line}") };
        let Asked { expected: file, elapsed, origin, earlier } = asked(question);
        let question = Question { expected: file, elapsed, origin: origin.as_ref(), earlier };
        let found = judge(&question, &answer(response)).name();
        if found != expected {
            wrong.push(format!("{name}: {found}, not {expected}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 60, "{count} cases");
}

#[test]
fn every_reason_of_a_response_is_in_the_table() {
    // The verifier gives these, not the judge.
    let never = ["unreachable", "to_folder", "no_path", "not_purgeable", "no_edge"];
    let reasons = include_str!("../../verdict.rs");
    let names = reasons.lines().filter_map(|line| {
        let (variant, name) = line.trim().split_once(" => \"")?;
        let name = name.strip_suffix("\",")?;
        (variant.starts_with("Self::") && !name.contains(' ')).then_some(name)
    });
    let words = ["fresh", "unverifiable", "differs", "stale"];
    let names: Vec<_> =
        names.filter(|name| !words.contains(name) && !never.contains(name)).collect();
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        assert!(CASES.lines().any(|line| line.ends_with(&format!("| {name}"))), "{name}");
    }
}
