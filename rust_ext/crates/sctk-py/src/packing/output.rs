//! What packing writes: one batch of large lists, one list for each bin.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::PyResult;
use sctk_data::buffer::Buffer;
use sctk_data::packing::Plan;
use sctk_data::packing::boundaries::{Boundaries, cumulative, sum_offsets};
use sctk_data::packing::copy::Store;
use sctk_data::packing::fill::{Column, Job, Output, fill};
use sctk_data::text::Simd;
use sctk_data::watch::{Stopped, Watch};

use super::memory::Memory;
use super::tables::ListColumn;
use crate::arrow::{Array, Batch, Layout, Type, Values};
use crate::errors;

/// Outputs of this many bytes leave the caches before anybody reads them, so they are written past them.
const STREAM_FROM: usize = 4 << 20;

pub const POSITIONS: &str = "position_ids";
pub const LENGTHS: &str = "seq_lengths";
pub const CUMULATIVE: &str = "cu_seqlens";

/// One column to write: its name, its type, and where its tokens come from.
pub struct Target<'a> {
    pub name: String,
    pub kind: Type,
    pub column: Column<'a>,
}

impl<'a> Target<'a> {
    /// The column `name` from those of its sides, which have one type.
    pub fn of<const N: usize>(name: String, sides: [ListColumn<'a>; N]) -> Self {
        let (kind, width) = (sides[0].kind.clone(), sides[0].width);
        Self {
            name,
            kind,
            column: Column {
                width,
                sides: sides.map(|side| side.rows()).into(),
            },
        }
    }
}

/// The filled columns, in order, and position ids where wanted.
pub struct Filled {
    pub columns: Vec<Arc<Buffer<u8>>>,
    pub position_ids: Option<Arc<Buffer<u8>>>,
}

/// Copies every column's tokens into their bins, by a plan where there are columns.
pub fn fill_all(
    (plan, boundaries): (Option<&Plan>, &Boundaries),
    columns: &[Column<'_>],
    position_ids: bool,
    memory: &Mutex<Memory>,
    (threads, store): (usize, Option<Store>),
    watch: &dyn Watch,
) -> Result<Filled, Stopped> {
    let n_tokens = boundaries.n_tokens();
    let widths = columns
        .iter()
        .map(|column| column.width)
        .chain(position_ids.then_some(size_of::<i32>()));
    let mut buffers: Vec<_> = {
        let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
        widths.map(|width| memory.take(n_tokens * width)).collect()
    };
    let n_bytes: usize = buffers.iter().map(Buffer::capacity).sum();
    let store = store.unwrap_or(if n_bytes >= STREAM_FROM {
        Store::Streaming(Simd::best())
    } else {
        Store::Plain
    });
    let mut rooms: Vec<_> = buffers.iter_mut().map(Buffer::room).collect();
    let positions = if position_ids { rooms.pop() } else { None };
    let positions = positions.map(|room| {
        // SAFETY: MaybeUninit<i32> may hold any bytes; buffers are aligned to 64 bytes, so nothing is cut off.
        let (head, positions, _) = unsafe { room.align_to_mut() };
        assert!(head.is_empty(), "buffers are aligned");
        &mut positions[..n_tokens]
    });
    let cut = |(room, column): (_, &Column<'_>)| -> &mut [_] {
        let room: &mut [std::mem::MaybeUninit<u8>] = room;
        &mut room[..n_tokens * column.width]
    };
    let output = Output {
        columns: rooms.into_iter().zip(columns).map(cut).collect(),
        position_ids: positions,
    };
    fill(
        &Job {
            plan,
            boundaries,
            columns,
            store,
        },
        output,
        threads,
        watch,
    )?;
    let widths = columns
        .iter()
        .map(|column| column.width)
        .chain([size_of::<i32>()]);
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    let share = |(mut buffer, width): (Buffer<u8>, usize)| {
        // SAFETY: `fill` succeeded, so it wrote every one of the n_tokens * width bytes.
        unsafe { buffer.set_len(n_tokens * width) };
        memory.share(buffer)
    };
    let mut columns: Vec<_> = buffers.into_iter().zip(widths).map(share).collect();
    let position_ids = if position_ids { columns.pop() } else { None };
    Ok(Filled {
        columns,
        position_ids,
    })
}

/// The boundaries of bins and of their sequences, as columns are made of them.
pub struct Ends {
    token_offsets: Values,
    pub seq_offsets: Arc<Buffer<i64>>,
    pub n_tokens: Arc<Buffer<i32>>,
}

impl From<Boundaries> for Ends {
    fn from(boundaries: Boundaries) -> Self {
        Self {
            token_offsets: Values::own(boundaries.token_offsets),
            seq_offsets: Arc::new(boundaries.seq_offsets),
            n_tokens: Arc::new(boundaries.n_tokens),
        }
    }
}

/// The batch of `values` (one run of tokens for each column) and of what says where its bins and sequences end.
pub fn batch(
    values: Vec<(String, Values)>,
    positions: Option<Arc<Buffer<u8>>>,
    ends: Ends,
) -> Batch {
    let token_offsets = ends.token_offsets;
    let n_bins = token_offsets.len() - 1;
    let mut columns: Vec<_> = values
        .into_iter()
        .map(|(name, values)| (name, Array::lists(token_offsets.clone(), values)))
        .collect();
    if let Some(positions) = positions {
        let values = owned_bytes(positions, &Type::Number(b'i', 4));
        columns.push((POSITIONS.to_owned(), Array::lists(token_offsets, values)));
    }
    let (offsets, n_tokens) = (ends.seq_offsets, ends.n_tokens);
    columns.push((
        LENGTHS.to_owned(),
        Array::lists(Values::own(offsets.clone()), Values::own(n_tokens.clone())),
    ));
    Batch::new(n_bins, columns).and_late(CUMULATIVE.to_owned(), move || {
        let sums = Values::own(cumulative(&offsets, &n_tokens));
        Layout::lists(Values::own(sum_offsets(&offsets)), sums)
    })
}

/// The numbers of type `kind` that `buffer` holds.
pub fn owned_bytes(buffer: Arc<Buffer<u8>>, kind: &Type) -> Values {
    let bytes: *const [u8] = &raw const **buffer;
    // SAFETY: the bytes are those of `buffer`, which the values keep alive and nobody changes while they do.
    unsafe { Values::lent(buffer, &*bytes, kind) }
}

/// An error where a column has the name of a result.
pub fn free_names<'a>(
    mut names: impl Iterator<Item = &'a String>,
    position_ids: bool,
) -> PyResult<()> {
    let taken = |name: &&String| {
        *name == LENGTHS || *name == CUMULATIVE || (position_ids && *name == POSITIONS)
    };
    match names.find(taken) {
        None => Ok(()),
        Some(name) => Err(errors::value(
            format_args!("the table has a column {name:?}, which packing makes itself"),
            "leave it out: columns=[...] names those to pack",
        )),
    }
}
