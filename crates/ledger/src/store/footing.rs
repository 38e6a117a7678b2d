//! Check that sled has all it needs to be opened. It cannot be opened for reading alone, and on a full disk or without
//! descriptors what it says of itself is not to be believed: it is left as it is then, and nothing of it called damaged.

use super::db::Unusable;
use detente_journal::Obstacle;
use rustix::fs::{Access, access};
use std::io;
use std::path::Path;

/// Maximum bytes that sled writes when it is opened, generously.
const NEEDED: u64 = 8 << 20;

/// The obstacle to opening sled in a directory now, if there is one.
pub(super) fn obstacle(dir: &Path) -> Option<String> {
    if !dir.exists() {
        return obstacle(dir.parent()?);
    }
    let database = dir.join("db");
    let place = if database.exists() { database.as_path() } else { dir };
    if let Err(error) = access(place, Access::READ_OK | Access::WRITE_OK) {
        return Some(format!("{}: {}", place.display(), io::Error::from(error)));
    }
    match fs4::available_space(dir) {
        Ok(available) if available < NEEDED => {
            Some(format!("{}: the disk is full, {available} bytes are free and {NEEDED} needed", dir.display()))
        }
        Ok(_) => None,
        Err(error) => Some(format!("{}: {error}", dir.display())),
    }
}

/// The same, where sled failed: its own words, if they tell of such a thing, or what stands in the way now.
pub(super) fn obstacle_behind(error: &Unusable, dir: &Path) -> Option<String> {
    match error {
        Unusable::Foreign | Unusable::OtherFolding | Unusable::Damaged(_) => None,
        _ if error.io().and_then(Obstacle::of).is_some() => Some(error.to_string()),
        _ => obstacle(dir),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_sled_can_be_written_nothing_stands_in_its_way_even_before_it_is_made() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(obstacle(dir.path()), None);
        assert_eq!(obstacle(&dir.path().join("store")), None);
        let damaged = Unusable::Damaged("row 3".to_owned());
        assert_eq!(obstacle_behind(&damaged, dir.path()), None);
        assert_eq!(obstacle_behind(&Unusable::Panicked, dir.path()), None);
    }
}
