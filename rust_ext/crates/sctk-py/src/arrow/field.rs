//! A column's name and type, read out of an Arrow schema.

use std::ffi::CStr;
use std::fmt;

use pyo3::PyResult;

use super::abi::{ArrowSchema, Released};
use crate::errors;

/// The types that this crate reads; everything else is `Other`, which no view accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Fixed-width numbers: the format letter and bytes per value.
    Number(u8, usize),
    Utf8,
    LargeUtf8,
    Utf8View,
    List,
    LargeList,
    FixedSizeList(usize),
    Struct,
    Other(String),
}

impl Type {
    fn parse(format: &str) -> Self {
        let number = |width| Self::Number(format.as_bytes()[0], width);
        match format {
            "c" | "C" => number(1),
            "s" | "S" | "e" => number(2),
            "i" | "I" | "f" => number(4),
            "l" | "L" | "g" => number(8),
            "u" => Self::Utf8,
            "U" => Self::LargeUtf8,
            "vu" => Self::Utf8View,
            "+l" => Self::List,
            "+L" => Self::LargeList,
            "+s" => Self::Struct,
            _ => match format
                .strip_prefix("+w:")
                .and_then(|size| size.parse().ok())
            {
                Some(size) => Self::FixedSizeList(size),
                None => Self::Other(format.to_owned()),
            },
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Number(letter, _) => match letter {
                b'c' => "int8",
                b'C' => "uint8",
                b's' => "int16",
                b'S' => "uint16",
                b'e' => "float16",
                b'i' => "int32",
                b'I' => "uint32",
                b'f' => "float32",
                b'l' => "int64",
                b'L' => "uint64",
                _ => "float64",
            },
            Self::Utf8 => "utf8",
            Self::LargeUtf8 => "large_utf8",
            Self::Utf8View => "utf8_view",
            Self::List => "list",
            Self::LargeList => "large_list",
            Self::FixedSizeList(size) => return write!(f, "fixed_size_list[{size}]"),
            Self::Struct => "struct",
            Self::Other(format) => return write!(f, "arrow format {format:?}"),
        };
        f.write_str(name)
    }
}

/// One field of a schema, with its children.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    pub kind: Type,
    pub children: Vec<Field>,
}

const DEEPEST: usize = 16;
const MOST_COLUMNS: usize = 1 << 20;

impl Field {
    /// The field behind `schema`.
    ///
    /// # Safety
    /// `schema` is a valid, unreleased struct of the C data interface.
    pub unsafe fn read(schema: &ArrowSchema) -> PyResult<Self> {
        // SAFETY: the caller's contract.
        unsafe { Self::read_at(schema, 0) }
    }

    unsafe fn read_at(schema: &ArrowSchema, depth: usize) -> PyResult<Self> {
        // SAFETY: format is required, name may be null; both are null-terminated (specification).
        let (format, name) = unsafe { (text(schema.format), text(schema.name)) };
        if depth > DEEPEST {
            return Err(errors::value(
                format_args!("column {name:?}: nested deeper than {DEEPEST}"),
                "flatten it",
            ));
        }
        let n_children = usize::try_from(schema.n_children).unwrap_or(usize::MAX);
        if n_children > MOST_COLUMNS || (n_children > 0 && schema.children.is_null()) {
            return Err(broken_schema(&name, schema.n_children));
        }
        let mut children = Vec::with_capacity(n_children);
        for i in 0..n_children {
            // SAFETY: a schema has n_children children (specification), each null or a valid struct.
            let child = unsafe { (*schema.children.add(i)).as_ref() };
            let Some(child) = child.filter(|child| !child.released()) else {
                return Err(broken_schema(&name, schema.n_children));
            };
            // SAFETY: a schema's children are valid, and this one is not released.
            children.push(unsafe { Self::read_at(child, depth + 1)? });
        }
        let kind = if schema.dictionary.is_null() {
            Type::parse(&format)
        } else {
            Type::Other("dictionary".into())
        };
        let wanted = match kind {
            Type::List | Type::LargeList | Type::FixedSizeList(_) => 1,
            _ => children.len(),
        };
        if children.len() != wanted {
            return Err(errors::value(
                format_args!("column {name:?}: {kind} with {n_children} children, wanted {wanted}"),
                "the producer of this Arrow data is broken",
            ));
        }
        Ok(Self {
            name,
            kind,
            children,
        })
    }
}

fn broken_schema(name: &str, n_children: i64) -> pyo3::PyErr {
    errors::value(
        format_args!(
            "column {name:?}: got {n_children} children of its type, some of them missing, wanted 0 to {MOST_COLUMNS}"
        ),
        "the producer of this Arrow data is broken",
    )
}

/// The text at `at`, or "" where it is null.
unsafe fn text(at: *const std::ffi::c_char) -> String {
    if at.is_null() {
        return String::new();
    }
    // SAFETY: the caller says that it is null-terminated.
    unsafe { CStr::from_ptr(at) }.to_string_lossy().into_owned()
}
