//! What a phone becomes, one sentence a test. The comparison with Google's library over tens of thousands of inputs is
//! in tests/phones.

use super::{E164, engine, is_known_region, normalize_phone};
use crate::refusal::Code;
use proptest::prelude::*;
use regex::Regex;

/// Asserts that each input of a region becomes the number beside it.
fn all_become(region: &str, expected: &[(&str, &str)]) {
    for (phone, number) in expected {
        let found = normalize_phone(phone, region).map(E164::into_string);
        assert_eq!(found.as_deref().map_err(|refusal| refusal.message.as_str()), Ok(*number), "{phone:?} in {region}");
    }
}

fn all_are_refused(region: &str, phones: &[&str]) {
    for phone in phones {
        let found = normalize_phone(phone, region);
        assert!(matches!(&found, Err(refusal) if refusal.code == Code::InvalidPhone), "{phone:?} {region}: {found:?}");
    }
}

#[test]
fn a_number_is_read_as_its_region_writes_it() {
    all_become("US", &[("(415) 555-0123", "+14155550123"), ("1.415.555.0123", "+14155550123")]);
    all_become("us", &[("415/555/0123", "+14155550123"), ("[415] 555–0123", "+14155550123")]);
    all_become("GB", &[("020 7183 8750", "+442071838750"), ("tel: (020) 7183 8750.", "+442071838750")]);
    all_become("IT", &[("06 1234 5678", "+390612345678"), ("312 345 6789", "+393123456789")]);
    all_become("AR", &[("0343 15 555 1212", "+5493435551212")]);
}

#[test]
fn a_plus_is_never_followed_by_the_callers_own_trunk_prefix() {
    all_become("US", &[("+49 1512 3456789", "+4915123456789"), ("+44 (0) 20 7183 8750", "+442071838750")]);
    all_become("RU", &[("+8180 1234 5678", "+818012345678"), ("+1 800 555 0199", "+18005550199")]);
}

#[test]
fn the_prefix_that_dials_out_is_that_of_the_region() {
    all_become("US", &[("011 44 20 7183 8750", "+442071838750")]);
    all_become("DE", &[("00 44 20 7183 8750", "+442071838750")]);
    all_become("AU", &[("0011 44 20 7183 8750", "+442071838750")]);
    all_become("JP", &[("010 44 20 7183 8750", "+442071838750")]);
    for region in ["RU", "BY", "KZ"] {
        all_become(region, &[("8~10 44 20 7183 8750", "+442071838750"), ("810442071838750", "+442071838750")]);
    }
    all_are_refused("US", &["00 44 20 7183 8750"]);
}

#[test]
fn an_extension_is_dropped() {
    for extension in ["x123", " x 123", " ext. 123", " EXT:123", " #123", " extension 12", ";ext=12", ", 7", ",,7"] {
        all_become("US", &[(format!("415-555-0123{extension}").as_str(), "+14155550123")]);
    }
    all_become("US", &[("415-555-0123 x302/x2303", "+14155550123"), ("415 555 0123 - 503#", "+14155550123")]);
}

#[test]
fn two_numbers_in_one_text_are_refused() {
    all_are_refused("US", &["415-555-0123 415-555-0199", "4155550123,4155550199", "415 555 0123 or 415 555 0199"]);
    all_are_refused("DE", &["030 123456\n030 654321", "030 123456, 030 654321"]);
}

#[test]
fn a_tel_address_is_read_with_its_parameters() {
    all_become("DE", &[("tel:+1-415-555-0123;ext=7", "+14155550123")]);
    all_become("US", &[("tel:03-331-6005;phone-context=+64", "+6433316005")]);
    all_become("US", &[("TEL:03-331-6005;isub=12;phone-context=+64", "+6433316005")]);
    all_become("US", &[("tel:415-555-0123;phone-context=example.com", "+14155550123")]);
    all_are_refused("US", &["tel:415-555-0123;phone-context=", "tel:415-555-0123;phone-context=-"]);
}

#[test]
fn digits_and_marks_of_every_script_are_read() {
    all_become("US", &[("＋１（４１５）５５５－０１２３", "+14155550123"), ("٤١٥٥٥٥٠١٢٣", "+14155550123")]);
    all_become(
        "US",
        &[("\u{202A}+1 415\u{200B}555\u{A0}0123\u{202C}", "+14155550123"), ("𝟒𝟏𝟓𝟓𝟓𝟓𝟎𝟏𝟐𝟑", "+14155550123")],
    );
}

#[test]
fn control_characters_are_refused_and_ordinary_space_is_not() {
    all_become("US", &[(" \t415\t555 0123\r\n", "+14155550123")]);
    all_are_refused("US", &["415 555\u{0} 0123", "415 555\u{7} 0123", "415 555 0123\u{1b}[0m", "415 555\n0123"]);
}

#[test]
fn words_are_read_as_digits() {
    all_become("US", &[("four one five five five five oh one two three", "+14155550123")]);
    all_become("GB", &[("plus one 415 555 0123", "+14155550123")]);
    all_become("GB", &[("Plus one, four one five. Triple five, zero one two three!", "+14155550123")]);
    all_become("US", &[("My number is 415 triple 5 oh-one-two-three, thank you", "+14155550123")]);
    all_become("US", &[("one eight hundred five five five oh one double nine", "+18005550199")]);
    all_become("US", &[("four fifteen five fifty-five o one twenty three", "+14155550123")]);
    all_become(
        "DE",
        &[("country code four four, twenty, seventy-one eighty three eighty seven fifty", "+442071838750")],
    );
    all_become("US", &[("four one five five five five oh one two three extension twelve", "+14155550123")]);
}

#[test]
fn a_country_code_that_is_announced_is_never_read_as_a_national_number() {
    all_become(
        "DE",
        &[("country code four four, two oh, seven one eight three, eight seven five oh", "+442071838750")],
    );
    all_become("DE", &[("Country code: plus one. Area code: four one five, number 555 0123", "+14155550123")]);
    all_are_refused("DE", &["country four one five 555", "my country code is unknown"]);
}

#[test]
fn words_that_are_not_a_number_are_not_guessed_at() {
    all_are_refused("US", &["for one five five five five oh one two three", "four one five no wait 555 0123"]);
    all_are_refused(
        "US",
        &["double", "plus", "double plus one", "oh, my number is", "4O8 555 0123", "hello", "x", "+"],
    );
    all_are_refused("US", &["four one five 555 0123 plus 1 415 555 0199", "one thousand", "hundred", "double 55"]);
    all_are_refused("DE", &["oh it's three zero one two three four five six"]);
}

#[test]
fn letters_are_keys_in_toll_free_north_american_numbers_only() {
    all_become("US", &[("1-800-FLOWERS", "+18003569377"), ("call 1 800 go fedex", "+18004633339")]);
    all_are_refused("US", &["1-415-FLOWERS", "415 555 0123 home!", "call Bob 415 555 0123", "800 555 0123 o'clock"]);
    all_are_refused("DE", &["030 123456 privat", "0800 123 456 home", "0800 1234567 abc"]);
}

#[test]
fn a_country_code_without_its_plus_is_taken_where_nothing_else_is_valid() {
    all_become("GB", &[("442071838750", "+442071838750"), ("44 (0) 20 7183 8750", "+442071838750")]);
    all_become("IN", &[("919876543210", "+919876543210")]);
    all_are_refused("US", &["442071838750"]);
}

#[test]
fn two_valid_readings_without_a_rule_are_refused() {
    // +49 151 23456789, a mobile, or +49 4915 123456789, a fixed line.
    let refusal = normalize_phone("4915123456789", "DE").map_err(|refusal| refusal.message);
    assert_eq!(refusal, Err("phone \"4915123456789\" can be read as two different numbers in region DE".to_owned()));
    all_are_refused("IT", &["+39 (0) 312 345 6789"]);
}

#[test]
fn too_short_and_too_long_are_refused() {
    all_are_refused("US", &["", " ", "555", "555-0123", "415 555 012", "415 555 01234", "+1 415 555 01234"]);
    all_are_refused("DE", &["+4930123456123456"]);
    all_are_refused("US", &[&"4".repeat(251), &format!("{}4155550123", " ".repeat(241))]);
}

#[test]
fn stars_and_network_codes_are_refused() {
    all_are_refused("US", &["*67 415 555 0123", "#31#4155550123", "415*555*0123"]);
}

#[test]
fn a_refusal_names_the_value_the_rule_and_the_way_out() {
    let refusal = normalize_phone("555", "us").err();
    let words = refusal.as_ref().map(|refusal| (refusal.message.as_str(), refusal.hint.as_str()));
    let hint = "pass it with its country code, as +14155550123";
    assert_eq!(words, Some(("phone \"555\" is not a valid number in region US", hint)));
}

#[test]
fn an_unknown_region_is_refused_even_before_a_plus() {
    for region in ["", "XX", "UK", "USA", "001", "U\u{17F}", "🇺🇸"] {
        assert!(!is_known_region(region));
        all_are_refused(region, &["+14155550123"]);
    }
    assert!(is_known_region("us") && is_known_region("GB"));
}

fn any_region() -> impl Strategy<Value = &'static str> {
    let mut regions = engine::regions();
    regions.sort_unstable();
    proptest::sample::select(regions)
}

/// Texts that come close to phones: figures, words, marks, and whatever else there is.
fn phone_like() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => "[0-9]{1,12}",
        2 => "[-+ .,;#*()/x~]{1,3}",
        2 => proptest::sample::select(vec![
            " plus ", " oh ", " five ", " double ", " twenty ", " hundred ", " ext ", "tel:", ";ext=", "(0)",
            ";phone-context=+", "00", "011", "8~10", "\u{200B}", "\u{0}", "٣", "FLOWERS", " call me at ",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_it_panic(phone in any::<String>(), region in any::<String>(), known in any_region()) {
        let _ = normalize_phone(&phone, &region);
        let _ = normalize_phone(&phone, known);
    }

    #[test]
    fn an_accepted_number_is_e164_and_stays_itself_in_every_region(
        phone in phone_like(), region in any_region(), other in any_region(),
    ) {
        if let Ok(number) = normalize_phone(&phone, region) {
            let form = Regex::new(r"^\+[1-9][0-9]{6,14}$");
            prop_assert!(form.is_ok_and(|form| form.is_match(number.as_str())), "{number}");
            prop_assert_eq!(normalize_phone(number.as_str(), other), Ok(number));
        }
    }

    #[test]
    fn digits_said_and_digits_written_are_one_number(digits in "[0-9]{5,14}", region in any_region()) {
        let words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
        let word = |digit: u8| words.get(usize::from(digit - b'0')).copied();
        let said: Vec<&str> = digits.bytes().filter_map(word).collect();
        prop_assert_eq!(normalize_phone(&said.join(" "), region).ok(), normalize_phone(&digits, region).ok());
    }
}
