//! What only Rust inside a server can see: conversions, zones and snapshots. Behaviour is tested in tests/.

#[pgrx::pg_schema]
mod tests {
    use booking_core::follow_up::Kind;
    use booking_core::phone::normalize_phone;
    use booking_core::zone::{Zone, local_time};
    use chrono::{DateTime, TimeZone, Utc};
    use pgrx::prelude::*;

    use crate::follow_up::{self, New};
    use crate::instant;
    use crate::organization::{as_postgres, from_postgres};
    use crate::server_zone::ServerZone;
    use crate::statement::run_fresh;

    #[pg_test]
    fn an_instant_survives_the_way_through_postgres() {
        for text in
            ["2026-03-20T14:30:00Z", "1970-01-01T00:00:00Z", "1900-01-01T00:00:00.000001Z", "9999-12-31T23:59:59Z"]
        {
            let there: DateTime<Utc> = text.parse().expect(text);
            let back = instant::from_postgres(instant::to_postgres(there).expect(text)).expect(text);
            assert_eq!(back, there);
        }
    }

    #[pg_test]
    fn an_instant_out_of_range_is_refused() {
        assert!(instant::to_postgres(DateTime::<Utc>::MIN_UTC).is_err());
        for timestamp in ["infinity", "-infinity", "294276-12-31 23:59:59+00"] {
            let sql = format!("SELECT '{timestamp}'::timestamptz");
            let value: TimestampWithTimeZone = Spi::get_one(&sql).expect("a row").expect("a value");
            assert!(instant::from_postgres(value).is_err(), "{timestamp}");
        }
    }

    #[pg_test]
    fn the_servers_zones_are_read_as_sql_reads_them() {
        for name in ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"] {
            let zone = ServerZone::named(name).expect(name);
            for month in 1..=12 {
                let moment = Utc.with_ymd_and_hms(2026, month, 15, 12, 0, 0).single().expect("a moment");
                let sql = format!("SELECT ('{}'::timestamptz AT TIME ZONE '{name}')::text", moment.to_rfc3339());
                let wall: String = Spi::get_one(&sql).expect("a row").expect("a value");
                assert_eq!(local_time(&zone, moment).to_string(), wall, "{name}");
            }
            assert_eq!(zone.offset_seconds_at(DateTime::<Utc>::MAX_UTC).abs() / 86_400, 0);
        }
    }

    #[pg_test]
    fn what_is_not_a_zone_is_refused() {
        for name in ["", "Mars/Olympus", "XYZ+3", "../etc/passwd", "right/UTC", "a\0b"] {
            assert!(ServerZone::named(name).is_err(), "{name:?}");
        }
    }

    #[pg_test]
    fn what_a_caller_leaves_is_due_as_the_organization_has_set_it() {
        let kept = Spi::connect_mut(|client| -> crate::error::Result<(Option<String>, Option<String>)> {
            let made = run_fresh(client, "SELECT booking.create_organization('Riverside Dental')", &[])?.first()?;
            let org: pgrx::Uuid = made.get(1)?.expect("an id");
            run_fresh(client, "SELECT booking.set_follow_ups($1, 'Front desk', '+12125550100', 15)", &[org.into()])?;
            let phone = normalize_phone("+14155550123", "US")?;
            let new = New {
                kind: Kind::Message,
                note: "call\u{7}back",
                phone: Some(&phone),
                name: Some("Ann\nLee"),
                due_at: None,
                owner: None,
                owner_phone: None,
                call_id: Some("call-1"),
                appointment_id: None,
                contact_id: None,
            };
            let created = follow_up::create(client, from_postgres(org), &new)?;
            assert_eq!((created.due_at - instant::transaction_now()).num_minutes(), 15);
            let id = as_postgres(created.id);
            let sql = "
                SELECT pg_catalog.concat_ws('|', f.kind, f.note, f.name, f.phone, f.call_id), f.owner
                FROM booking.follow_ups AS f WHERE f.org_id = $1 AND f.id = $2";
            let row = run_fresh(client, sql, &[org.into(), id.into()])?.first()?;
            Ok((row.get(1)?, row.get(2)?))
        });
        let (said, owner) = kept.expect("a follow-up");
        assert_eq!(said.as_deref(), Some("message|call back|Ann Lee|+14155550123|call-1"));
        assert_eq!(owner.as_deref(), Some("Front desk"));
    }

    #[pg_test]
    fn a_statement_sees_what_the_one_before_it_wrote() {
        let seen = Spi::connect_mut(|client| -> crate::error::Result<Option<i64>> {
            run_fresh(client, "CREATE TEMPORARY TABLE written AS SELECT 1 AS one", &[])?;
            run_fresh(client, "SELECT count(*) FROM written", &[])?.first()?.get(1)
        });
        assert_eq!(seen.expect("two statements"), Some(1));
    }
}
