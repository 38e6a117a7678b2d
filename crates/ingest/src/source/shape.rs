//! Changes to a row before a mapping sees it: an empty row is dropped, `split` and `unpivot` make several rows of one.
//!
//! ```text
//!   split, a list in a cell        members = "A; B"          a row for A, a row for B
//!   split, a list of objects       interests.0.share, ...    a row each, with interests.share
//!   unpivot                        every other cell          a row each, with @column and @value
//! ```
//!
//! The plan follows from the columns. It is made once for each set of columns.

use super::columns::Columns;
use super::row::{Row, RowResult};
use super::{LIST_SEPARATOR, Take};
use crate::fault::{BadFile, BadMapping};
use crate::mapping::{FileSpec, SplitSpec};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name of the column with the number of an item, from 0.
const ITEM: &str = "@item";

/// Shapes the rows of a file.
pub(super) struct RowShape<'s> {
    spec: &'s FileSpec,
    known: Option<(Arc<Columns>, ShapePlan)>,
}

/// The plan for rows that have certain columns.
enum ShapePlan {
    AsIs,
    /// The cells that are kept, and those that become rows, with their names.
    Unpivot {
        kept: Vec<Option<usize>>,
        others: Vec<(usize, String)>,
        columns: Arc<Columns>,
    },
    /// The cell with a list, and the cells that an item gets: that of the column, and of JSON that of the list.
    Cell {
        at: usize,
        item: Vec<usize>,
        columns: Arc<Columns>,
    },
    /// The cells that every item keeps, and by item its number and the cells of its own.
    List {
        kept: Vec<usize>,
        items: Vec<(usize, Vec<Option<usize>>)>,
        columns: Arc<Columns>,
    },
}

impl<'s> RowShape<'s> {
    /// Returns the shape for the rows of a file.
    ///
    /// # Errors
    /// Returns a fault if both `split` and `unpivot` are given.
    pub(super) fn new(spec: &'s FileSpec) -> Result<Self, BadFile> {
        if spec.split.is_some() && spec.unpivot.is_some() {
            return Err(BadMapping::at("source.split", "and `unpivot` cannot both be given").into());
        }
        Ok(Self { spec, known: None })
    }

    /// Gives on what a row becomes.
    pub(super) fn give(&mut self, columns: &Arc<Columns>, read: RowResult, take: Take<'_>) -> Result<(), String> {
        let row = match read {
            RowResult::Row(row) if row.says_nothing() => return Ok(()),
            RowResult::Row(row) => row,
            bad @ RowResult::Bad { .. } => return take(columns, bad),
        };
        let known = self.known.take().filter(|(known, _)| Arc::ptr_eq(known, columns));
        let plan = match known {
            Some((_, plan)) => plan,
            None => self.plan(columns)?,
        };
        let given = plan.give(columns, row, self.spec.split.as_ref(), take);
        self.known = Some((Arc::clone(columns), plan));
        given
    }

    fn plan(&self, columns: &Columns) -> Result<ShapePlan, String> {
        match (&self.spec.split, &self.spec.unpivot) {
            (Some(split), _) => split_plan(split, columns),
            (None, Some(kept)) => unpivot_plan(kept, columns),
            (None, None) => Ok(ShapePlan::AsIs),
        }
    }
}

fn unpivot_plan(kept: &[String], columns: &Columns) -> Result<ShapePlan, String> {
    let mut places = Vec::with_capacity(kept.len());
    for name in kept {
        let at = columns.iter().position(|known| known == name);
        if at.is_none() && !columns.open {
            return Err(format!("source.unpivot: there is no column `{name}`; there are: {}", columns.join(", ")));
        }
        places.push(at);
    }
    let is_other = |at: &usize, name: &str| !places.contains(&Some(*at)) && !name.ends_with(".*");
    let others = columns.iter().enumerate().filter(|(at, name)| is_other(at, name));
    let others = others.map(|(at, name)| (at, name.clone())).collect();
    let names = kept.iter().cloned().chain(["@column".to_owned(), "@value".to_owned()]).collect();
    Ok(ShapePlan::Unpivot { kept: places, others, columns: Arc::new(Columns::of_names(names)) })
}

fn split_plan(split: &SplitSpec, columns: &Columns) -> Result<ShapePlan, String> {
    let item = [ITEM.to_owned()];
    if split.by.is_some() || !columns.open {
        // A text that other rows have in the place of a list is in the cell of the list, too.
        let at = columns.iter().position(|known| *known == format!("{}.*", split.column));
        let at = at.or_else(|| columns.iter().position(|known| *known == split.column));
        let Some(at) = at else {
            if columns.open {
                return Ok(ShapePlan::AsIs);
            }
            let there = columns.join(", ");
            return Err(format!("source.split: there is no column `{}`; there are: {there}", split.column));
        };
        let named = columns.iter().position(|known| *known == split.column);
        let added = named.is_none().then(|| split.column.clone());
        let cells = [at, named.unwrap_or(columns.len())].into();
        let names = columns.iter().cloned().chain(added).chain(item).collect();
        return Ok(ShapePlan::Cell { at, item: cells, columns: Arc::new(columns.like(names)) });
    }
    let prefix = format!("{}.", split.column);
    let mut kept = Vec::new();
    let mut items: BTreeMap<usize, BTreeMap<String, usize>> = BTreeMap::new();
    // A text or an object in the place of the list is a list of one.
    let mut single: BTreeMap<String, usize> = BTreeMap::new();
    for (at, name) in columns.iter().enumerate() {
        match name.strip_prefix(&prefix).map(|rest| rest.split_once('.').unwrap_or((rest, ""))) {
            Some(("*", _)) => {}
            Some((number, rest)) if number.parse::<usize>().is_ok() => {
                items.entry(number.parse().unwrap_or_default()).or_default().insert(rest.to_owned(), at);
            }
            _ => match name.strip_prefix(&prefix).or_else(|| (*name == split.column).then_some("")) {
                Some(rest) => drop(single.insert(rest.to_owned(), at)),
                None => kept.push(at),
            },
        }
    }
    let mut rests: Vec<&String> = items.values().chain([&single]).flat_map(BTreeMap::keys).collect();
    rests.sort_unstable();
    rests.dedup();
    let named = |rest: &String| if rest.is_empty() { split.column.clone() } else { format!("{prefix}{rest}") };
    let kept_names = kept.iter().filter_map(|at| columns.get(*at).cloned());
    let names = kept_names.chain(rests.iter().map(|rest| named(rest))).chain(item).collect();
    let cells = |of: &BTreeMap<String, usize>| rests.iter().map(|rest| of.get(*rest).copied()).collect();
    let single = (!single.is_empty()).then(|| (0, cells(&single)));
    let items = single.into_iter().chain(items.iter().map(|(number, of)| (*number, cells(of)))).collect();
    Ok(ShapePlan::List { kept, items, columns: Arc::new(columns.like(names)) })
}

impl ShapePlan {
    fn give(&self, columns: &Arc<Columns>, row: Row, split: Option<&SplitSpec>, take: Take<'_>) -> Result<(), String> {
        match self {
            Self::AsIs => take(columns, RowResult::Row(row)),
            Self::Unpivot { kept, others, columns } => {
                for (at, name) in others.iter().filter(|(at, _)| !row.cell(*at).is_empty()) {
                    let mut picked = row.pick(kept.iter().copied());
                    picked.push_text(name);
                    picked.push_cell_of(&row, *at);
                    take(columns, RowResult::Row(picked))?;
                }
                Ok(())
            }
            Self::Cell { at, item: cells, columns } => {
                let by = split.and_then(|split| split.by.as_deref()).unwrap_or_default();
                let items = pieces(row.cell(*at), by).map(str::to_owned).collect::<Vec<_>>();
                let all = (0..columns.len() - 1).map(Some);
                if items.is_empty() {
                    return take(columns, RowResult::Row(row.pick(all)));
                }
                for (number, item) in items.iter().enumerate() {
                    let mut picked = row.pick(all.clone());
                    cells.iter().for_each(|at| picked.set(*at, item));
                    picked.push_text(&number.to_string());
                    take(columns, RowResult::Row(picked))?;
                }
                Ok(())
            }
            Self::List { kept, items, columns } => {
                let mut given = false;
                for (number, cells) in items {
                    if cells.iter().flatten().all(|at| row.cell(*at).is_empty()) {
                        continue;
                    }
                    let mut picked = row.pick(kept.iter().copied().map(Some).chain(cells.iter().copied()));
                    picked.push_text(&number.to_string());
                    take(columns, RowResult::Row(picked))?;
                    given = true;
                }
                if given {
                    return Ok(());
                }
                let nothing = vec![None; columns.len() - kept.len()];
                take(columns, RowResult::Row(row.pick(kept.iter().copied().map(Some).chain(nothing))))
            }
        }
    }
}

/// The pieces of a list in a text: between separators, and always between the items of a list of JSON.
pub fn pieces<'t>(text: &'t str, by: &str) -> impl Iterator<Item = &'t str> {
    let items = text.split(LIST_SEPARATOR);
    let by = by.to_owned();
    let split = items.flat_map(move |item| {
        let pieces: Vec<&str> = if by.is_empty() { vec![item] } else { item.split(by.as_str()).collect() };
        pieces
    });
    split.map(str::trim).filter(|piece| !piece.is_empty())
}
