use super::*;

const SECRET: &str = "a secret of the tests, of at least 32 characters";

fn tokens() -> Tokens {
    Tokens::new(SECRET, None).unwrap()
}

fn signed(header: &Header, claims: &Value, secret: &str) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn from_now(seconds: i64) -> i64 {
    Utc::now().timestamp() + seconds
}

/// The claims of somebody, with what a test is about.
fn claims(changes: Value) -> Value {
    let mut claims = json!({"org_id": Uuid::new_v4(), "role": "authenticated", "exp": from_now(3600)});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn read(changes: Value) -> Option<Caller> {
    tokens().caller(&signed(&Header::default(), &claims(changes), SECRET))
}

#[test]
fn a_token_says_whose_organization_in_which_role_and_until_when() {
    let (org_id, until) = (Uuid::new_v4(), from_now(3600));
    let caller = read(json!({"org_id": org_id, "exp": until})).unwrap();
    assert_eq!((caller.org_id, caller.role.as_str()), (org_id, "authenticated"));
    assert_eq!(caller.expires_at.timestamp(), until + i64::from(LEEWAY));
}

#[test]
fn what_is_signed_here_is_believed_here() {
    let org_id = Uuid::new_v4();
    for tokens in [tokens(), Tokens::new(SECRET, Some("the board")).unwrap()] {
        let token = tokens.sign(org_id, "desk", Utc::now() + TimeDelta::hours(8)).unwrap();
        assert_eq!(tokens.caller(&token).map(|caller| (caller.org_id, caller.role)), Some((org_id, "desk".to_owned())));
    }
}

#[test]
fn clocks_may_be_half_a_minute_apart_and_no_more() {
    assert!(read(json!({"exp": from_now(-20)})).is_some());
    assert!(read(json!({"exp": from_now(-40)})).is_none());
    assert!(read(json!({"nbf": from_now(20)})).is_some());
    assert!(read(json!({"nbf": from_now(40)})).is_none());
}

#[test]
fn times_that_are_no_times_are_not_believed_and_late_ones_do_not_overflow() {
    for exp in [json!(null), json!("tomorrow"), json!(-1), json!([])] {
        assert!(read(json!({"exp": exp})).is_none(), "{exp}");
    }
    assert!(read(json!({"nbf": "tomorrow"})).is_none());
    assert!(read(json!({"exp": u64::MAX})).is_some_and(|caller| caller.expires_at == DateTime::<Utc>::MAX_UTC));
    assert!(read(json!({"exp": from_now(60) as f64 + 0.5})).is_some());
}

#[test]
fn a_token_without_organization_or_role_is_nobodys() {
    for changes in [
        json!({"org_id": null}),
        json!({"org_id": "ours"}),
        json!({"org_id": [Uuid::new_v4()]}),
        json!({"role": null}),
        json!({"role": ""}),
        json!({"role": "a\u{0}b"}),
        json!({"role": "r".repeat(64)}),
    ] {
        assert!(read(changes.clone()).is_none(), "{changes}");
    }
}

#[test]
fn nobody_else_can_sign() {
    let good = signed(&Header::default(), &claims(json!({})), SECRET);
    assert!(tokens().caller(&good).is_some());
    let other = "another secret of the tests, of at least 32 characters";
    assert!(tokens().caller(&signed(&Header::default(), &claims(json!({})), other)).is_none());
    // The same secret, and an algorithm that was not asked for.
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert!(
            tokens().caller(&signed(&Header::new(algorithm), &claims(json!({})), SECRET)).is_none(),
            "{algorithm:?}"
        );
    }
    let critical = Header { crit: Some(vec!["exp".to_owned()]), ..Header::default() };
    assert!(tokens().caller(&signed(&critical, &claims(json!({})), SECRET)).is_none());

    let parts: Vec<&str> = good.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    for forged in [
        String::new(),
        "..".to_owned(),
        good[1..].to_owned(),
        format!("{good}x"),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], parts[1]),
    ] {
        assert!(tokens().caller(&forged).is_none(), "{forged}");
    }
}

#[test]
fn with_an_audience_a_token_for_somebody_else_is_not_believed() {
    let read = |tokens: &Tokens, aud: Value| {
        tokens.caller(&signed(&Header::default(), &claims(json!({"aud": aud})), SECRET)).is_some()
    };
    let ours = Tokens::new(SECRET, Some("authenticated")).unwrap();
    assert!(read(&ours, json!("authenticated")));
    assert!(read(&ours, json!(["others", "authenticated"])));
    for aud in [json!(null), json!("others"), json!([]), json!(7)] {
        assert!(!read(&ours, aud.clone()), "{aud}");
    }
    assert!(read(&tokens(), json!("whoever")));
}

#[test]
fn a_secret_that_could_be_guessed_is_refused_and_not_repeated() {
    let short = "only 31 bytes, which is too few";
    let refusal = Tokens::new(short, None).err().unwrap().to_string();
    assert!(refusal.contains("has 31 bytes and needs 32"), "{refusal}");
    assert!(!refusal.contains(short), "{refusal}");
}

#[test]
fn a_token_comes_in_the_header_the_address_or_the_protocols() {
    let headers = |pairs: &[(header::HeaderName, &str)]| -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    };
    let said = |pairs: &[(header::HeaderName, &str)], query: Option<&str>| stated(&headers(pairs), query);
    assert_eq!(said(&[(header::AUTHORIZATION, "Bearer a.b.c")], None).as_deref(), Some("a.b.c"));
    assert_eq!(said(&[(header::AUTHORIZATION, "bearer a.b.c")], Some("access_token=d")).as_deref(), Some("a.b.c"));
    assert_eq!(said(&[], Some("from=start&access_token=a%2Eb.c")).as_deref(), Some("a.b.c"));
    assert_eq!(said(&[(header::SEC_WEBSOCKET_PROTOCOL, "bearer, a.b.c")], None).as_deref(), Some("a.b.c"));
    assert_eq!(said(&[(header::SEC_WEBSOCKET_PROTOCOL, "bearer")], None), None);
    assert_eq!(said(&[(header::SEC_WEBSOCKET_PROTOCOL, "a.b.c")], None), None);
    assert_eq!(said(&[(header::AUTHORIZATION, "Basic YTpi")], None), None);
    assert_eq!(said(&[], Some("token=a.b.c")), None);
    assert_eq!(said(&[], None), None);
}

#[test]
fn whatever_is_wrong_is_answered_alike() {
    let answer = Refused::Unauthorized.into_response();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], r#"Bearer error="invalid_token""#);
    assert_eq!(Refused::NoSuchPlace.into_response().status(), StatusCode::NOT_FOUND);
}
