//! Numbers of the index: claims, contents, terms and appends. Each has a type of its own, so that none is taken for another.
//!
//! A number is the place of its element in a list that only grows, except that of an append, which is counted from 1.

macro_rules! place_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub(crate) struct $name(u32);

        impl $name {
            /// The largest number.
            pub(crate) const MAX: Self = Self(u32::MAX);

            /// The number as it was stored or counted.
            #[inline]
            pub(crate) const fn new(number: u32) -> Self {
                Self(number)
            }

            /// The number of the element at a place; [`Self::MAX`] where there are more elements than numbers.
            #[inline]
            pub(crate) fn of_place(place: usize) -> Self {
                u32::try_from(place).map_or(Self::MAX, Self)
            }

            /// The number as it is stored.
            #[inline]
            pub(crate) const fn get(self) -> u32 {
                self.0
            }

            /// The place of its element.
            #[inline]
            pub(crate) const fn place(self) -> usize {
                self.0 as usize
            }
        }
    };
}

place_number! {
    /// The number of a claim: its place in the order in which claims were first recorded.
    ClaimNo
}
place_number! {
    /// The number of a content.
    ContentNo
}
place_number! {
    /// The number of a facet.
    Term
}

impl ClaimNo {
    /// The claim with a place in the order of all; the last possible one where there is no such number.
    #[inline]
    pub(crate) fn of_order(order: u64) -> Self {
        u32::try_from(order).map_or(Self::MAX, Self)
    }
}

/// The number of an append, from 1; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub(crate) struct AppendNo(u32);

impl AppendNo {
    /// The number before the first append.
    pub(crate) const NONE: Self = Self(0);

    /// The append with a number.
    #[inline]
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The last of `count` appends.
    #[inline]
    pub(crate) fn last_of(count: usize) -> Self {
        Self(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// The number itself, which is that of the appends up to it.
    #[inline]
    pub(crate) const fn get(self) -> u32 {
        self.0
    }

    /// The place of its row; none before the first append.
    #[inline]
    pub(crate) const fn place(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }

    /// The next append.
    #[inline]
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The append that many later.
    #[inline]
    pub(crate) fn plus(self, count: usize) -> Self {
        Self(self.0.saturating_add(u32::try_from(count).unwrap_or(u32::MAX)))
    }

    /// The append before this one.
    #[inline]
    pub(crate) const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}
