//! Welch's t-test between the times of two classes, as in "Dude, is my code constant time?" (Reparaz, Balasch,
//! Verbauwhede 2017). The test is run over all times, and repeatedly without the slowest times, because an interrupt is
//! slower than any leak.

/// The times of two classes, in nanoseconds.
#[derive(Default)]
pub(crate) struct Times {
    pub(crate) classes: [Vec<u32>; 2],
}

/// The difference between the means of two classes.
pub(crate) struct Welch {
    pub(crate) difference: f64,
    /// The difference's standard error.
    error: f64,
}

impl Welch {
    pub(crate) fn t(&self) -> f64 {
        self.difference / self.error
    }

    /// Half the width of the difference's 95 % confidence interval.
    pub(crate) fn margin(&self) -> f64 {
        1.96 * self.error
    }
}

impl Times {
    pub(crate) fn count(&self) -> usize {
        self.classes.iter().map(Vec::len).sum()
    }

    /// The largest |t| over all croppings: the paper's percentiles, and no cropping.
    pub(crate) fn worst_t(&self) -> f64 {
        let sorted = self.sorted();
        let shares = (1..=100).map(|step| 1.0 - 0.5_f64.powf(f64::from(step) / 10.0));
        let limits = shares
            .map(|share| quantile(&sorted, share))
            .chain([u32::MAX]);
        limits
            .map(|limit| self.compare(limit).t().abs())
            .filter(|t| t.is_finite())
            .fold(0.0, f64::max)
    }

    /// The difference without the slowest tenth of the times.
    pub(crate) fn of_the_faster(&self) -> Welch {
        self.compare(quantile(&self.sorted(), 0.9))
    }

    fn sorted(&self) -> Vec<u32> {
        let mut all = self.classes.concat();
        all.sort_unstable();
        all
    }

    fn compare(&self, limit: u32) -> Welch {
        let [(mean, error), (other_mean, other_error)] =
            [0, 1].map(|class| mean_and_squared_error(&self.classes[class], limit));
        Welch {
            difference: other_mean - mean,
            error: (error + other_error).sqrt(),
        }
    }
}

/// The mean of the times up to the limit, and the squared standard error of that mean.
fn mean_and_squared_error(times: &[u32], limit: u32) -> (f64, f64) {
    let kept = || {
        times
            .iter()
            .filter(|time| **time <= limit)
            .map(|time| f64::from(*time))
    };
    let count = kept().count() as f64;
    let mean = kept().sum::<f64>() / count;
    let squares: f64 = kept().map(|time| (time - mean).powi(2)).sum();
    (mean, squares / (count - 1.0) / count)
}

fn quantile(sorted: &[u32], share: f64) -> u32 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}
