//! The whole table once more, for a client that has an API key instead of a token: whatever goes wrong, neither the key
//! nor its secret, nor the token or the session of the login, is ever shown.

use purge_tests::script::is_login;

use super::play::{self, By, Played};
use super::row::{Place, Row};

/// The cases that the command line can run with another source of the token.
fn rows() -> impl Iterator<Item = Row> {
    let has_a_source = |row: &Row| row.arguments.iter().any(|text| text.starts_with("--token-"));
    super::rows().into_iter().filter(move |row| {
        !row.place.is_for_the_library() && !has_a_source(row) && row.arguments[0] != "plan"
    })
}

fn all(rows: impl Iterator<Item = Row>, check: impl Fn(&Row, &Played) -> Vec<String>) -> usize {
    let (mut count, mut failed) = (0, Vec::new());
    for row in rows {
        count += 1;
        for by in [By::Text, By::Json] {
            let played = play::play(&row, by);
            let faults = [played.shown(by), check(&row, &played)].concat();
            if !faults.is_empty() {
                let Played { out, err, seen, code, .. } = &played;
                failed.push(format!(
                    "{} ({by:?})\n  {}\n  code {code}\n  out: {out}\n  err: {err}\n  requests: {seen:#?}",
                    row.name,
                    faults.join("\n  ")
                ));
            }
        }
    }
    assert!(failed.is_empty(), "{}\n\n{count} cases, {} failed", failed.join("\n\n"), failed.len());
    count
}

#[test]
fn every_fault_has_its_outcome_after_a_login() {
    let count = all(rows().map(|row| row.signing_in(play::signed_in())), |row, played| {
        // Where there is no service, there is no login, and so no report.
        let is_same = row.place != Place::Plain || played.code == row.code;
        let expected = format!("exit code {}, expected {}", played.code, row.code);
        if is_same { Vec::new() } else { vec![expected] }
    });
    println!("{count} cases after a login");
    assert!(count >= 60, "{count}");
}

#[test]
fn login_that_fails_in_any_way_shows_no_secret_and_sends_nothing_else() {
    let plain = rows().filter(|row| row.place == Place::Plain);
    let count = all(plain.map(Row::failing_to_sign_in), |_, played| {
        let mut faults = Vec::new();
        let logins = played.seen.iter().filter(|request| is_login(request)).count();
        if logins < played.seen.len() {
            faults.push("something was sent without a token".to_owned());
        }
        // In some rows, something temporary comes before the refusal.
        if played.code == 0 || logins > 4 || (played.code == 3 && logins > 2) {
            faults.push(format!("{logins} logins, exit code {}", played.code));
        }
        faults
    });
    println!("{count} ways in which a login fails");
    assert!(count >= 60, "{count}");
}
