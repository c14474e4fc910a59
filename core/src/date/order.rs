//! Whether 3/4 is the fourth of March or the third of April: decided by where the clinic is, and left open where that
//! is not known.

/// The order of day and month in a date written with numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 12/25/2026, as in the United States.
    MonthFirst,
    /// 25/12/2026, as nearly everywhere else.
    DayFirst,
    /// Not known: only a date with one reading is taken.
    Unknown,
}

/// The United States and its territories, as ISO 3166 has them.
const MONTH_FIRST_REGIONS: &[&str] = &["US", "PR", "GU", "VI", "AS", "MP", "UM"];

/// The zones of the same places in the tz database, aliases included, beside the folders of `MONTH_FIRST_FOLDERS`.
const MONTH_FIRST_ZONES: &[&str] = &[
    "america/new_york",
    "america/chicago",
    "america/denver",
    "america/los_angeles",
    "america/phoenix",
    "america/anchorage",
    "america/adak",
    "america/atka",
    "america/boise",
    "america/detroit",
    "america/juneau",
    "america/sitka",
    "america/metlakatla",
    "america/yakutat",
    "america/nome",
    "america/menominee",
    "america/fort_wayne",
    "america/indianapolis",
    "america/knox_in",
    "america/louisville",
    "america/shiprock",
    "america/puerto_rico",
    "america/st_thomas",
    "america/virgin",
    "pacific/honolulu",
    "pacific/johnston",
    "pacific/guam",
    "pacific/saipan",
    "pacific/pago_pago",
    "pacific/midway",
    "pacific/samoa",
    "pacific/wake",
    "est",
    "mst",
    "hst",
    "est5edt",
    "cst6cdt",
    "mst7mdt",
    "pst8pdt",
    "navajo",
];
const MONTH_FIRST_FOLDERS: &[&str] = &["us/", "america/indiana/", "america/kentucky/", "america/north_dakota/"];

/// Zones named after a whole country, without a folder. Other names without one are no place: UTC, GMT, CET, Zulu.
const COUNTRY_ZONES: &[&str] = &[
    "cuba",
    "egypt",
    "eire",
    "gb",
    "gb-eire",
    "hongkong",
    "iceland",
    "iran",
    "israel",
    "jamaica",
    "japan",
    "kwajalein",
    "libya",
    "nz",
    "nz-chat",
    "poland",
    "portugal",
    "prc",
    "roc",
    "rok",
    "singapore",
    "turkey",
    "w-su",
];

impl DateOrder {
    /// The order in a region given by its two-letter code. What is no such code, and `ZZ`, is [`DateOrder::Unknown`].
    ///
    /// ```
    /// use booking_core::date::DateOrder;
    /// assert_eq!(DateOrder::for_region("US"), DateOrder::MonthFirst);
    /// assert_eq!(DateOrder::for_region("GB"), DateOrder::DayFirst);
    /// ```
    pub fn for_region(region: &str) -> DateOrder {
        let region = region.trim();
        let is_code = region.len() == 2 && region.chars().all(|character| character.is_ascii_alphabetic());
        if !is_code || region.eq_ignore_ascii_case("ZZ") {
            DateOrder::Unknown
        } else if MONTH_FIRST_REGIONS.iter().any(|known| region.eq_ignore_ascii_case(known)) {
            DateOrder::MonthFirst
        } else {
            DateOrder::DayFirst
        }
    }

    /// The order at the place an IANA time zone is named after; [`DateOrder::Unknown`] for zones without a place.
    ///
    /// ```
    /// use booking_core::date::DateOrder;
    /// assert_eq!(DateOrder::for_timezone("America/New_York"), DateOrder::MonthFirst);
    /// assert_eq!(DateOrder::for_timezone("Europe/Berlin"), DateOrder::DayFirst);
    /// assert_eq!(DateOrder::for_timezone("UTC"), DateOrder::Unknown);
    /// ```
    pub fn for_timezone(timezone: &str) -> DateOrder {
        let timezone = timezone.trim().to_ascii_lowercase();
        let name = ["posix/", "right/"].iter().find_map(|folder| timezone.strip_prefix(folder)).unwrap_or(&timezone);
        if MONTH_FIRST_ZONES.contains(&name) || MONTH_FIRST_FOLDERS.iter().any(|folder| name.starts_with(folder)) {
            return DateOrder::MonthFirst;
        }
        let is_place = match name.split_once('/') {
            Some((folder, _)) => folder != "etc" && folder.chars().all(|character| character.is_ascii_alphabetic()),
            None => COUNTRY_ZONES.contains(&name),
        };
        if is_place { DateOrder::DayFirst } else { DateOrder::Unknown }
    }
}
