//! The numbering plans of the world, out of the metadata that the `phonenumber` crate carries. This is the only room
//! that knows the crate: its parser is not used, because it strips the trunk prefix of the caller's region from numbers
//! of other countries and accepts numbers that are too long (docs/phones.md). The rules are in `reading`.

use phonenumber::Metadata;
use phonenumber::metadata::{DATABASE, Descriptor};
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// A pattern of the metadata, compiled when first used: there are some 2,500, and one region needs a dozen.
struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn whole(source: &str) -> Self {
        Pattern { source: format!("^(?:{source}\n)$"), compiled: OnceLock::new() }
    }

    fn at_start(source: &str) -> Self {
        Pattern { source: format!("^(?:{source}\n)"), compiled: OnceLock::new() }
    }

    /// The metadata is fixed when this crate is built and a test compiles all of it, so `None` does not happen; if it
    /// did, the pattern would match nothing and the number would be refused.
    fn regex(&self) -> Option<&Regex> {
        // Bytes without Unicode classes: the subject is ASCII digits, and `\d` over all of Unicode compiles slowly.
        let build = || RegexBuilder::new(&self.source).unicode(false).ignore_whitespace(true).build().ok();
        self.compiled.get_or_init(build).as_ref()
    }

    fn is_match(&self, digits: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(digits.as_bytes()))
    }

    fn captures<'t>(&self, digits: &'t str) -> Option<Captures<'t>> {
        self.regex()?.captures(digits.as_bytes())
    }
}

/// One kind of number (fixed line, mobile, toll-free) of one territory.
struct Kind {
    pattern: Pattern,
    lengths: Vec<usize>,
    toll_free: bool,
}

impl Kind {
    fn is_match(&self, national: &str) -> bool {
        (self.lengths.is_empty() || self.lengths.contains(&national.len())) && self.pattern.is_match(national)
    }
}

/// How the length of a national number compares with those the territory has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Possible,
    LocalOnly,
    TooShort,
    TooLong,
    Between,
}

/// The numbering plan of one region, or of one international service such as +800.
pub(super) struct Territory {
    pub calling_code: u16,
    dialling_out: Option<Pattern>,
    trunk_prefix: Option<Pattern>,
    trunk_rule: Option<String>,
    leading_digits: Option<Pattern>,
    general: Pattern,
    kinds: Vec<Kind>,
    lengths: Vec<usize>,
    local_lengths: Vec<usize>,
}

impl Territory {
    fn new(metadata: &Metadata) -> Self {
        let of_kinds = |lengths: fn(&Descriptor) -> &[u16]| {
            let mut all: Vec<usize> = kinds_of(metadata).flat_map(lengths).copied().map(usize::from).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let lengths = of_kinds(Descriptor::possible_length);
        let mut local_lengths = of_kinds(Descriptor::possible_local_length);
        local_lengths.retain(|length| !lengths.contains(length));
        // Where the metadata names no prefix for reading, the one for writing is meant; it does so by inheritance.
        let trunk_prefix = metadata.national_prefix_for_parsing().map(|pattern| pattern.as_str());
        Territory {
            calling_code: metadata.country_code(),
            dialling_out: metadata.international_prefix().map(|pattern| Pattern::at_start(pattern.as_str())),
            trunk_prefix: trunk_prefix.or(metadata.national_prefix()).map(Pattern::at_start),
            trunk_rule: metadata.national_prefix_transform_rule().map(str::to_owned),
            leading_digits: metadata.leading_digits().map(|pattern| Pattern::at_start(pattern.as_str())),
            general: Pattern::whole(metadata.descriptors().general().national_number().as_str()),
            kinds: kinds_of(metadata).map(|kind| kind_from(kind, metadata)).collect(),
            lengths,
            local_lengths,
        }
    }

    /// The digits after the prefix that dials out of the country (00, 011, 810), if they start with it.
    pub fn after_dialling_out<'d>(&self, digits: &'d str) -> Option<&'d str> {
        let end = self.dialling_out.as_ref()?.captures(digits)?.get(0)?.end();
        digits.get(end..)
    }

    pub fn is_generally_national(&self, national: &str) -> bool {
        self.general.is_match(national)
    }

    pub fn length(&self, national: &str) -> Length {
        let length = national.len();
        if self.local_lengths.contains(&length) {
            return Length::LocalOnly;
        }
        match (self.lengths.first(), self.lengths.last()) {
            _ if self.lengths.contains(&length) => Length::Possible,
            (Some(shortest), _) if length < *shortest => Length::TooShort,
            (_, Some(longest)) if length > *longest => Length::TooLong,
            _ => Length::Between,
        }
    }

    /// The number without its trunk prefix and carrier code, transformed where the plan says so (Argentina writes the
    /// mobile 0343 15 555 1212 as 9 343 555 1212). `None` if it has none, or if stripping would break a good number.
    pub fn without_trunk_prefix(&self, national: &str) -> Option<String> {
        let captures = self.trunk_prefix.as_ref()?.captures(national)?;
        let rest = national.get(captures.get(0)?.end()..)?;
        let last_group = captures.get(captures.len() - 1).filter(|_| captures.len() > 1);
        let stripped = match (&self.trunk_rule, last_group) {
            (Some(rule), Some(_)) => format!("{}{rest}", transformed(rule, &captures)),
            _ => rest.to_owned(),
        };
        let breaks = self.is_generally_national(national) && !self.is_generally_national(&stripped);
        (!breaks).then_some(stripped)
    }

    fn is_valid(&self, national: &str) -> bool {
        self.general.is_match(national) && self.kinds.iter().any(|kind| kind.is_match(national))
    }
}

/// Writes a rule such as `9$1` with its groups filled in; each group is one digit after the dollar.
fn transformed(rule: &str, captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut characters = rule.chars();
    while let Some(character) = characters.next() {
        if character != '$' {
            out.push(character);
            continue;
        }
        let group =
            characters.next().and_then(|digit| digit.to_digit(10)).and_then(|digit| usize::try_from(digit).ok());
        let matched = group.and_then(|group| captures.get(group)).map(|found| found.as_bytes());
        out.push_str(matched.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default());
    }
    out
}

/// The kinds that make a number valid. Numbers that cannot be dialled from abroad are a subset of these, not a kind.
fn kinds_of(metadata: &Metadata) -> impl Iterator<Item = &Descriptor> {
    let kinds = metadata.descriptors();
    [
        kinds.premium_rate(),
        kinds.toll_free(),
        kinds.shared_cost(),
        kinds.voip(),
        kinds.personal_number(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
        kinds.fixed_line(),
        kinds.mobile(),
    ]
    .into_iter()
    .flatten()
}

fn kind_from(kind: &Descriptor, metadata: &Metadata) -> Kind {
    let toll_free = metadata.descriptors().toll_free().is_some_and(|found| std::ptr::eq(found, kind));
    let lengths = kind.possible_length().iter().copied().map(usize::from).collect();
    Kind { pattern: Pattern::whole(kind.national_number().as_str()), lengths, toll_free }
}

struct Plans {
    /// By calling code; the main region of a shared code comes first.
    by_code: HashMap<u16, Vec<Territory>>,
    /// Where a region stands in `by_code`.
    by_region: HashMap<String, (u16, usize)>,
}

const HIGHEST_CALLING_CODE: u16 = 999;

static PLANS: LazyLock<Plans> = LazyLock::new(|| {
    let mut plans = Plans { by_code: HashMap::new(), by_region: HashMap::new() };
    for code in 1..=HIGHEST_CALLING_CODE {
        let Some(found) = DATABASE.by_code(&code) else { continue };
        for (place, metadata) in found.iter().enumerate() {
            plans.by_region.insert(metadata.id().to_owned(), (code, place));
        }
        plans.by_code.insert(code, found.into_iter().map(Territory::new).collect());
    }
    plans
});

pub(super) fn load() {
    LazyLock::force(&PLANS);
}

/// The plan of an ISO 3166 alpha-2 region. The services without a region ("001" in the metadata) are not regions.
pub(super) fn territory_of_region(region: &str) -> Option<&'static Territory> {
    if region.len() != 2 || !region.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let (code, place) = PLANS.by_region.get(&region.to_ascii_uppercase())?;
    PLANS.by_code.get(code)?.get(*place)
}

/// The plan that reads numbers of a calling code: that of its main region.
pub(super) fn territory_of_code(calling_code: u16) -> Option<&'static Territory> {
    PLANS.by_code.get(&calling_code)?.first()
}

/// The territory among those that share a calling code to which a national number belongs.
fn owner(calling_code: u16, national: &str) -> Option<&'static Territory> {
    let territories = PLANS.by_code.get(&calling_code)?;
    if let [only] = territories.as_slice() {
        return Some(only);
    }
    territories.iter().find(|territory| match &territory.leading_digits {
        Some(leading) => leading.is_match(national),
        None => territory.is_valid(national),
    })
}

/// Whether the national number is one that its plan gives out.
pub(super) fn is_valid(calling_code: u16, national: &str) -> bool {
    owner(calling_code, national).is_some_and(|territory| territory.is_valid(national))
}

/// Whether the national number is free of charge to its caller. Premium and toll-free patterns do not overlap.
pub(super) fn is_toll_free(calling_code: u16, national: &str) -> bool {
    let of_kind = |territory: &Territory| territory.kinds.iter().any(|kind| kind.toll_free && kind.is_match(national));
    owner(calling_code, national).is_some_and(of_kind)
}

#[cfg(test)]
pub(super) fn regions() -> Vec<&'static str> {
    PLANS.by_region.keys().map(String::as_str).filter(|region| *region != "001").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_the_metadata_compiles() {
        for territory in PLANS.by_code.values().flatten() {
            let kinds = territory.kinds.iter().map(|kind| &kind.pattern);
            let others = [&territory.dialling_out, &territory.trunk_prefix, &territory.leading_digits];
            for pattern in kinds.chain(others.into_iter().flatten()).chain([&territory.general]) {
                assert!(pattern.regex().is_some(), "+{}: {}", territory.calling_code, pattern.source);
            }
        }
    }

    #[test]
    fn the_plans_of_the_whole_world_are_loaded() {
        assert_eq!(regions().len(), 245);
        assert!(territory_of_region("us").is_some() && territory_of_region("001").is_none());
    }
}
