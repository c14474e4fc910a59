//! Snapshots and positions of any shape: what they see, and what becomes of texts.

use std::collections::BTreeSet;

use booking_core::history::{Home, Position, Snapshot};
use proptest::collection::btree_set;
use proptest::prelude::*;
use uuid::Uuid;

/// A snapshot over a few transactions, so that two of them often have something in common.
fn snapshot() -> impl Strategy<Value = Snapshot> {
    (1_u64..30, 0_u64..30, btree_set(0_u64..30, 0..8)).prop_map(|(oldest, span, under_way)| {
        let next = oldest + span;
        let under_way: BTreeSet<u64> =
            under_way.into_iter().map(|after| oldest + after).filter(|one| *one < next).collect();
        Snapshot::new(oldest, next, under_way.into_iter().collect()).unwrap()
    })
}

fn home() -> impl Strategy<Value = Home> {
    (any::<u64>(), any::<u32>(), any::<u32>(), any::<i64>())
        .prop_map(|(system, database, timeline, recovered_at)| Home { system, database, timeline, recovered_at })
}

fn position() -> impl Strategy<Value = Position> {
    (snapshot(), proptest::option::of((snapshot(), any::<u128>().prop_map(Uuid::from_u128)))).prop_map(
        |(seen, within)| {
            let within = within.filter(|(snapshot, _)| snapshot.saw_all_of(&seen));
            Position { seen, within }
        },
    )
}

proptest! {
    #[test]
    fn a_snapshot_is_read_as_it_was_written(snapshot in snapshot()) {
        prop_assert_eq!(Snapshot::parse(&snapshot.to_string()), Some(snapshot));
    }

    #[test]
    fn whoever_saw_all_of_another_saw_each_transaction_of_it(one in snapshot(), other in snapshot()) {
        let each = (1..70).all(|transaction| !other.saw(transaction) || one.saw(transaction));
        prop_assert!(!one.saw_all_of(&other) || each);
    }

    #[test]
    fn a_later_snapshot_saw_all_of_an_earlier_one(
        begun in btree_set(1_u64..30, 1..9), over in btree_set(1_u64..30, 0..9), more in btree_set(30_u64..50, 0..5),
    ) {
        let under_way = |which: Vec<u64>, next: u64| Snapshot::new(*which.first().unwrap_or(&next), next, which).unwrap();
        let earlier = under_way(begun.iter().copied().collect(), 30);
        let later = under_way(begun.difference(&over).chain(&more).copied().collect(), 50);
        prop_assert!(later.saw_all_of(&earlier));
    }

    #[test]
    fn a_position_is_read_as_it_was_written_and_nowhere_else(position in position(), home in home(), other in home()) {
        let text = position.to_text(home);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)));
        prop_assert_eq!(Position::parse(&text, home), Some(position));
        prop_assert!(home == other || Position::parse(&text, other).is_none());
    }

    #[test]
    fn any_text_is_a_position_or_none(text in any::<String>(), home in home()) {
        prop_assert_eq!(Position::parse(&text, home), None);
    }

    /// What is taken for a position is one, and there is no second text for it.
    #[test]
    fn a_text_that_was_changed_is_none_or_another(
        position in position(), home in home(), at in any::<prop::sample::Index>(), byte in prop::sample::select(&b"0123456789abcdef.-:, "[..]),
    ) {
        let mut text = position.to_text(home).into_bytes();
        let place = at.index(text.len());
        text[place] = byte;
        let text = String::from_utf8(text).unwrap();
        if let Some(read) = Position::parse(&text, home) {
            prop_assert_eq!(read.to_text(home), text);
        }
    }
}
