//! Sentences that are cheap to make and not too cheap to index: words of a list of 2,000 (125 stems with 16 endings),
//! common ones more often than rare ones, from a generator that always makes the same.

const STEMS: &str = "accord agree aid air ally appeal army arrest assert assist attack back ban bar border build call \
    camp cancel captur charg claim clash climat close command commit common compl concern condemn confirm confront \
    consent consult contact control convoy counter court credit crisis cross deal debt declar defend delay deliver demand \
    depart deploy detain develop disput document donor draft drill embargo embass end energ enforc engag enter escort \
    event exchang expel expert export extend farm feder field fight final finan fleet flight forc foreign form fram front \
    fuel fund gas gather govern grain grant guard harbour help hold host import inspect intend invest join judg junct \
    land launch law lead leas legal lend letter limit link list loan local market meet member mine miss monitor move";
const ENDINGS: [&str; 16] = [
    "", "s", "ed", "ing", "er", "ers", "al", "ation", "ations", "ment", "able", "ive", "ary", "ation's", "ingly", "ity",
];

/// A generator of numbers: splitmix64.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The generator that begins here.
    pub const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below a bound that is not 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Returns a sentence of exactly the given number of bytes.
pub fn sentence(chance: &mut Chance, bytes: usize) -> String {
    let stems: Vec<&str> = STEMS.split_whitespace().collect();
    let words = (stems.len() * ENDINGS.len()) as u64;
    let mut text = String::with_capacity(bytes + 24);
    while text.len() < bytes {
        // The lesser of two draws: the first words of the list are the common ones.
        let word = chance.below(words).min(chance.below(words)) as usize;
        text.push_str(stems[word % stems.len()]);
        text.push_str(ENDINGS[word / stems.len()]);
        text.push(' ');
    }
    text.truncate(bytes - 1);
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two_thousand_words() {
        assert_eq!(STEMS.split_whitespace().count() * ENDINGS.len(), 2_000);
    }

    #[test]
    fn a_sentence_is_as_long_as_asked_and_the_same_each_time() {
        let one = sentence(&mut Chance::from_seed(7), 120);
        assert_eq!(one.len(), 120);
        assert_eq!(one, sentence(&mut Chance::from_seed(7), 120));
    }
}
