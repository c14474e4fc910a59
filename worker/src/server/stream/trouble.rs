//! Pauses while the history cannot be read: longer and longer, and never the same for two.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub struct Trouble {
    times: u32,
}

impl Trouble {
    /// Whether it has just begun.
    pub fn is_first(&self) -> bool {
        self.times == 0
    }

    /// Whether there was any until now.
    pub fn is_over(&mut self) -> bool {
        std::mem::take(&mut self.times) > 0
    }

    /// How long to wait before the next attempt.
    pub fn pause(&mut self) -> Duration {
        let longest = SHORTEST.saturating_mul(1_u32.checked_shl(self.times).unwrap_or(u32::MAX)).min(LONGEST);
        self.times = self.times.saturating_add(1).min(u32::BITS);
        // Half of it at least, so that nobody asks without a pause.
        let chance = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        longest.mul_f64(chance.mul_add(0.5, 0.5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_begin_anew_when_the_trouble_is_over() {
        let mut trouble = Trouble::default();
        assert!(trouble.is_first());
        for longest in [200, 400, 800, 1600, 3200, 5000, 5000].map(Duration::from_millis) {
            let pause = trouble.pause();
            assert!((longest / 2..=longest).contains(&pause), "{pause:?} for {longest:?}");
        }
        (0..100).for_each(|_| assert!(trouble.pause() <= LONGEST));
        assert!(!trouble.is_first());
        assert!(trouble.is_over());
        assert!(!trouble.is_over());
        assert!(trouble.pause() <= SHORTEST);
    }
}
