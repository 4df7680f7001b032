use super::*;

#[tokio::test]
async fn tokens_are_trimmed_and_refused_without_echo() {
    let fetch = async |text: &str| {
        let text = text.to_owned();
        let provider = TokenProvider::from_fn(move || {
            std::future::ready(Ok::<_, std::convert::Infallible>(text.clone()))
        });
        provider.fetch().await.map(|token| token.expose_secret().to_owned())
    };
    for text in ["c4nary", "c4nary\n", "c4nary\r\n", " \t c4nary \r\n\r\n"] {
        assert_eq!(fetch(text).await.expect("a token"), "c4nary", "{text:?}");
    }
    assert_eq!(fetch("\u{feff}c4nary\r\n").await.expect("a token"), "c4nary");
    for (text, why) in [
        ("", "it is empty"),
        ("\u{feff}\n", "it is empty"),
        ("c4nary two", "it has more than one word"),
        ("c4nary\u{0}", "it contains control characters"),
        ("c4nary\nc4nary", "it has more than one line"),
        ("c4narý", "it contains characters that are not ASCII"),
        ("Bearer c4nary", "it begins with `Bearer`: remove that"),
        ("bearer\tc4nary", "it begins with `Bearer`: remove that"),
        ("\"c4nary\"", "it is in quotes: remove them"),
        ("'c4nary'\n", "it is in quotes: remove them"),
        ("\u{201c}c4nary\u{201d}", "it is in quotes: remove them"),
        ("***", "it is only `*`, with which CI systems mask secrets: set the value itself"),
        ("$c4nary", "it is the name of a variable that no shell has expanded: set its value"),
        ("%c4nary%", "it is the name of a variable that no shell has expanded: set its value"),
        ("{\"token\":\"c4nary\"}", "it is JSON: set the value itself"),
        ("PURGE_TOKEN=c4nary", "it begins with `PURGE_TOKEN=`: remove that"),
        ("export PURGE_TOKEN=c4nary", "it begins with `export PURGE_TOKEN=`: remove that"),
    ] {
        let error = fetch(text).await.expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text:?}");
        let expected = format!("the token function provided no usable token: {why}");
        assert_eq!(error.to_string(), expected, "{text:?}");
        assert!(!format!("{error} {error:?}").contains("c4nar"), "{error:?}");
    }
    for token in ["a=", "c4nary==", "a/b+c=", "-x", "OTHER_NAME=x", "50%off"] {
        assert_eq!(fetch(token).await.expect(token), token);
    }
    let error = fetch(&"a".repeat(MAX_BYTES + 1)).await.expect_err("too long");
    assert_eq!(error.to_string(), "the token function provided more than 64 KiB");
}

#[test]
fn providers_with_the_same_source_are_recognized() {
    let function = TokenProvider::from_fn(|| async { Ok::<_, std::io::Error>("c4nary") });
    let providers = [
        "c4nary".into(),
        "c4nary2".into(),
        TokenProvider::from_env("A"),
        TokenProvider::from_env("B"),
        TokenProvider::from_file("a"),
        TokenProvider::from_file("b"),
        TokenProvider::from_command("a", ["b"]),
        TokenProvider::from_command("a", ["c"]),
        TokenProvider::from_command("b", ["b"]),
        TokenProvider::from_api_key("a", "b"),
        TokenProvider::from_api_key("a", "c"),
        TokenProvider::from_api_key("b", "b"),
        TokenProvider::from_api_key_file("a"),
        TokenProvider::from_api_key_file("b"),
        TokenProvider::from_fn(|| async { Ok::<_, std::io::Error>("c4nary") }),
        function,
    ];
    for (place, one) in providers.iter().enumerate() {
        for (other, provider) in providers.iter().enumerate() {
            let same = one.has_source_of(&provider.clone().timeout(Duration::ZERO));
            assert_eq!(same, place == other, "{one:?} {provider:?}");
        }
    }
}

#[tokio::test]
async fn names_that_look_like_a_token_are_not_shown() {
    for name in [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Bearer c4nary",
        "Bq0xk7jW2n9tYp4s8vLr",
        "Bq0xk7jW2n9tYp4s8vLr/wZ1+c3e5g7i9kAbCdEfGh==",
        "/Bq0xk7jW2n9tYp4s8vLr/c3e5g7i9kAbCdEfGh",
        &format!("eyJ{}", "a1".repeat(4_000)),
        // The folder exists, but no file with such a name.
        "/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ] {
        for provider in [TokenProvider::from_file(name), TokenProvider::from_command(name, [""; 0])]
        {
            let error = provider.fetch().await.expect_err(name);
            let shown = format!("{error} {error:?} {provider:?}");
            assert!(!shown.contains(&name[..6]), "{shown}");
            assert!(error.to_string().contains("its name looks like a token"), "{error}");
        }
    }
    for name in
        ["token", "/run/secrets/cdn-token", "secrets/production.txt", "/tmp/Bq0xk7jW2n9tYp4s8vLr"]
    {
        let provider = TokenProvider::from_file(name);
        let error = provider.fetch().await.expect_err(name);
        assert!(error.to_string().contains(name), "{error}");
        assert!(format!("{provider:?}").contains(name), "{provider:?}");
    }
}

#[tokio::test]
async fn token_is_read_from_an_environment_variable() {
    // Cargo sets this one for every test.
    let provider = TokenProvider::from_env("CARGO_PKG_NAME");
    let token = provider.fetch().await.expect("a token");
    assert_eq!(token.expose_secret(), "purge-api-ext");
    let error = TokenProvider::from_env("NO_SUCH\nVARIABLE").fetch().await.expect_err("unset");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        error.to_string(),
        r"the environment variable `NO_SUCH\nVARIABLE` is not set; set it to the token"
    );
}

#[tokio::test]
async fn functions_can_fail() {
    let provider = TokenProvider::from_fn(|| async {
        Err::<String, _>(std::io::Error::other("the login server\nis down"))
    });
    let error = provider.fetch().await.expect_err("down");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.to_string(), r"the token function failed: the login server\nis down");
}

#[tokio::test(start_paused = true)]
async fn functions_have_a_time_limit() {
    let provider = TokenProvider::from_fn(std::future::pending::<Result<String, BoxError>>);
    let started = tokio::time::Instant::now();
    let error = provider.fetch().await.expect_err("too late");
    assert_eq!(error.to_string(), "the token function returned no token within 30s");
    assert_eq!(started.elapsed().as_secs(), 30);
}

#[test]
fn debug_shows_no_secret() {
    let shown = |provider: TokenProvider| format!("{provider:?}");
    assert_eq!(shown("c4nary".into()), "TokenProvider::fixed(..)");
    assert_eq!(shown(String::from("c4nary").into()), "TokenProvider::fixed(..)");
    assert_eq!(shown(SecretString::from("c4nary").into()), "TokenProvider::fixed(..)");
    let command = TokenProvider::from_command("login", ["--key", "c4nary"]);
    assert_eq!(shown(command), r#"TokenProvider::from_command("login", ..)"#);
    assert_eq!(shown(TokenProvider::from_env("A")), r#"TokenProvider::from_env("A")"#);
    assert_eq!(shown(TokenProvider::from_file("a")), r#"TokenProvider::from_file("a")"#);
}
