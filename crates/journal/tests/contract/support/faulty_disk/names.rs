//! The names of files, which become safe apart from their bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) type Names = BTreeMap<PathBuf, usize>;

#[derive(Clone)]
pub(super) enum NameChange {
    Add(PathBuf, usize),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
}

impl NameChange {
    pub(super) fn apply(&self, names: &mut Names) {
        match self {
            Self::Add(path, id) => {
                names.insert(path.clone(), *id);
            }
            Self::Remove(path) => {
                names.remove(path);
            }
            Self::Rename(from, to) => {
                if let Some(id) = names.remove(from) {
                    names.insert(to.clone(), id);
                }
            }
        }
    }

    pub(super) fn is_in(&self, dir: &Path) -> bool {
        match self {
            Self::Add(path, _) | Self::Remove(path) | Self::Rename(path, _) => path.parent() == Some(dir),
        }
    }
}
