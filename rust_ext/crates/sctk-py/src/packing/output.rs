//! What packing writes: one batch of large lists, one list for each bin.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::PyResult;
use sctk_data::buffer::Buffer;
use sctk_data::packing::Plan;
use sctk_data::packing::boundaries::Boundaries;
use sctk_data::packing::copy::Store;
use sctk_data::packing::fill::{Column, Job, Output, fill};
use sctk_data::text::Simd;
use sctk_data::watch::{Stopped, Watch};

use super::memory::Memory;
use super::tables::ListRows;
use crate::arrow::{Array, Batch, Type, Values};
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
    /// The column `name` from the rows of its sides, which have one type.
    pub fn of<const N: usize>(name: String, sides: [ListRows<'a>; N]) -> Self {
        let (kind, width) = (sides[0].kind.clone(), sides[0].width);
        Self {
            name,
            kind,
            column: Column {
                width,
                sides: sides.map(|side| side.rows).into(),
            },
        }
    }
}

/// The filled columns, in order, and position ids where wanted.
pub struct Filled {
    pub columns: Vec<Arc<Buffer<u8>>>,
    pub position_ids: Option<Arc<Buffer<u8>>>,
}

/// Copies every column's tokens into their bins.
pub fn fill_all(
    (plan, boundaries): (&Plan, &Boundaries),
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

/// The batch of `values` (one run of tokens for each column) and the boundaries of its bins.
pub fn batch(
    values: Vec<(String, Values)>,
    positions: Option<Arc<Buffer<u8>>>,
    boundaries: Boundaries,
) -> Batch {
    let n_bins = boundaries.n_bins();
    let (sums, sum_offsets) = boundaries.cumulative();
    let Boundaries {
        n_tokens,
        seq_offsets,
        token_offsets,
        ..
    } = boundaries;
    let token_offsets = Values::own(token_offsets);
    let mut columns: Vec<_> = values
        .into_iter()
        .map(|(name, values)| (name, Array::lists(token_offsets.clone(), values)))
        .collect();
    if let Some(positions) = positions {
        let values = owned_bytes(positions, &Type::Number(b'i', 4));
        columns.push((POSITIONS.to_owned(), Array::lists(token_offsets, values)));
    }
    columns.push((
        LENGTHS.to_owned(),
        Array::lists(Values::own(seq_offsets), Values::own(n_tokens)),
    ));
    columns.push((
        CUMULATIVE.to_owned(),
        Array::lists(Values::own(sum_offsets), Values::own(sums)),
    ));
    Batch::new(n_bins, columns)
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
