//! ONNX Runtime behind a small face: load one model, run it. Lives in the worker process only.
//!
//! One thread, CPU, no telemetry, no memory arena (a model that runs once a second gains nothing from it), no external
//! data. The library is loaded at run time; see [`library_path`].

mod onnx;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use domain::Problem;
use ort::ep::CPU;
use ort::logging::LogLevel;
use ort::memory::Allocator;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{OutputSelector, RunOptions, Session, SessionInputValue};
use ort::value::{
    DynSequenceValueType, DynTensor, DynTensorValueType, DynValue, Sequence, TensorElementType, ValueType,
};

use crate::tensor::{Dtype, Elements, Named, Tensor};
use crate::worker::{Port, Refusal};

/// The environment variable that names the ONNX Runtime library.
pub const LIBRARY_VARIABLE: &str = "LASTMILE_ONNXRUNTIME";

/// What went wrong, for the protocol.
pub(crate) type Refused = (Refusal, String);

/// Where the ONNX Runtime library is: `LASTMILE_ONNXRUNTIME`, else `libonnxruntime.so*` beside this program or in the
/// `lib` folder next to its own.
pub fn library_path() -> Result<PathBuf, Problem> {
    let hint = format!(
        "install lastmile's package, which brings the library, or set {LIBRARY_VARIABLE} to a libonnxruntime.so \
         (the Python package onnxruntime holds one in its folder `capi`)"
    );
    if let Some(named) = std::env::var_os(LIBRARY_VARIABLE).filter(|named| !named.is_empty()) {
        let path = PathBuf::from(named);
        if path.is_file() {
            return Ok(path);
        }
        let what = format!("there is no ONNX Runtime library at {}", path.display());
        return Err(Problem::new("runtime.not-found", LIBRARY_VARIABLE, what).hint(hint));
    }
    let folder = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
    let folders = folder.iter().flat_map(|folder| [folder.clone(), folder.join("../lib/lastmile")]);
    for folder in folders {
        if let Some(library) = newest_library(&folder) {
            return Ok(library);
        }
    }
    let place = folder.map_or_else(|| "this program".to_owned(), |folder| folder.display().to_string());
    Err(Problem::new("runtime.not-found", place, "the ONNX Runtime library is not beside this program").hint(hint))
}

fn newest_library(folder: &Path) -> Option<PathBuf> {
    let names = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    names
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with("libonnxruntime.so") && path.is_file()
        })
        .max()
}

/// One loaded model.
pub(crate) struct Engine {
    session: Session,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    pub(crate) runtime: String,
}

impl Engine {
    /// Loads the library (once per process) and a model.
    pub(crate) fn load(library: &str, bytes: &[u8]) -> Result<Self, Refused> {
        onnx::check(bytes).map_err(|finding| (Refusal::Model, finding.to_string()))?;
        let environment = ort::init_from(library)
            .map_err(|error| (Refusal::Library, format!("the ONNX Runtime library cannot be used: {error}")))?
            .with_name("lastmile")
            .with_telemetry(false)
            .build()
            .map_err(|error| (Refusal::Library, error.message().to_owned()))?;
        environment.set_log_level(LogLevel::Error);
        let session = (|| {
            let builder = Session::builder(&environment)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                .with_parallel_execution(false)?
                .with_memory_pattern(false)?
                .with_deterministic_compute(true)?
                .with_optimization_level(GraphOptimizationLevel::All)?
                .with_log_level(LogLevel::Error)?
                .with_config_entry("session.load_model_format", "ONNX")?
                .with_execution_providers([CPU::default().with_arena_allocator(false).build()])?;
            let mut builder = builder;
            builder.commit_from_memory(bytes)
        })();
        let session = session.map_err(|error: ort::Error| (refusal_of(&error, Refusal::Model), said(&error)))?;
        let ports = |list: &[ort::value::Outlet]| list.iter().map(|one| port(one.name(), one.dtype())).collect();
        let (inputs, outputs) = (ports(session.inputs()), ports(session.outputs()));
        let runtime = library_version(library);
        Ok(Self { session, inputs, outputs, runtime })
    }

    /// One inference. `wanted` names outputs; empty = all that are tensors.
    pub(crate) fn run(&mut self, inputs: &[Named], wanted: &[String]) -> Result<Vec<Named>, Refused> {
        self.check_inputs(inputs)?;
        let names: Vec<String> = if wanted.is_empty() {
            self.outputs.iter().filter(|port| port.is_carried()).map(|port| port.name.clone()).collect()
        } else {
            self.check_wanted(wanted)?;
            wanted.to_vec()
        };
        if names.is_empty() {
            return Err((Refusal::Run, "the model has no output that is a tensor".to_owned()));
        }
        let failed = |error: ort::Error| (refusal_of(&error, Refusal::Run), said(&error));
        let selector = names.iter().fold(OutputSelector::no_default(), OutputSelector::with);
        let options = RunOptions::new().map_err(failed)?.with_outputs(selector);
        let fed: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = inputs
            .iter()
            .map(|(name, tensor)| Ok((Cow::from(name.as_str()), SessionInputValue::from(to_value(tensor)?))))
            .collect::<Result<_, ort::Error>>()
            .map_err(failed)?;
        let mut given = self.session.run_with_options(fed, &options).map_err(failed)?;
        let mut outputs = Vec::with_capacity(names.len());
        for name in names {
            let value = given.remove(&name);
            let value = value.ok_or_else(|| (Refusal::Run, format!("the model gave no output `{name}`")))?;
            let tensor = from_value(value).map_err(|what| (Refusal::Run, format!("output `{name}`: {what}")))?;
            outputs.push((name, tensor));
        }
        Ok(outputs)
    }

    fn check_inputs(&self, inputs: &[Named]) -> Result<(), Refused> {
        let refuse = |what: String| Err((Refusal::Input, what));
        let known = || self.inputs.iter().map(|port| port.name.as_str()).collect::<Vec<_>>().join(", ");
        for port in &self.inputs {
            let Some((_, tensor)) = inputs.iter().find(|(name, _)| *name == port.name) else {
                return refuse(format!("input `{}` ({}) is missing", port.name, port.kind));
            };
            let kind = if tensor.is_list() { port.list_of } else { port.dtype };
            if kind != Some(tensor.dtype()) {
                return refuse(format!("input `{}` is {}, not {}", port.name, port.kind, tensor.dtype()));
            }
            let fits = tensor.is_list()
                || port.shape.len() == tensor.shape().len()
                    && port
                        .shape
                        .iter()
                        .zip(tensor.shape())
                        .all(|(has, is)| *has < 0 || usize::try_from(*has) == Ok(*is));
            if !fits {
                return refuse(format!("input `{}` is {}, not of shape {:?}", port.name, port.kind, tensor.shape()));
            }
        }
        match inputs.iter().find(|(name, _)| !self.inputs.iter().any(|port| port.name == *name)) {
            Some((name, _)) => refuse(format!("the model has no input `{name}`, it has {}", known())),
            None => Ok(()),
        }
    }

    fn check_wanted(&self, wanted: &[String]) -> Result<(), Refused> {
        for name in wanted {
            match self.outputs.iter().find(|port| port.name == *name) {
                None => return Err((Refusal::Input, format!("the model has no output `{name}`"))),
                Some(port) if !port.is_carried() => {
                    return Err((Refusal::Input, format!("output `{name}` is {}, not a tensor", port.kind)));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// The version is in the file's name (`libonnxruntime.so.1.31.1`) or nowhere that can be read without more FFI.
fn library_version(library: &str) -> String {
    let name = Path::new(library).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.trim_start_matches("libonnxruntime.so").trim_start_matches('.').to_owned()
}

fn refusal_of(error: &ort::Error, otherwise: Refusal) -> Refusal {
    let text = error.message().to_ascii_lowercase();
    let memory = ["bad_alloc", "failed to allocate memory", "out of memory", "bad allocation", "length_error"];
    if memory.iter().any(|sign| text.contains(sign)) { Refusal::Memory } else { otherwise }
}

/// The engine's own words, on one line, without the file and line of its source.
fn said(error: &ort::Error) -> String {
    let text = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(600).collect()
}

fn port(name: &str, kind: &ValueType) -> Port {
    let (dtype, list_of, shape) = match kind {
        ValueType::Tensor { ty, shape, .. } => (dtype_of(*ty), None, shape.to_vec()),
        ValueType::Sequence(of) => match of.as_ref() {
            ValueType::Tensor { ty, .. } => (None, dtype_of(*ty), Vec::new()),
            _ => (None, None, Vec::new()),
        },
        _ => (None, None, Vec::new()),
    };
    let kind = match (kind, dtype) {
        (ValueType::Tensor { .. }, Some(dtype)) => {
            let dimension = |length: &i64| if *length < 0 { "?".to_owned() } else { length.to_string() };
            format!("{dtype}[{}]", shape.iter().map(dimension).collect::<Vec<_>>().join(", "))
        }
        _ => list_of.map_or_else(|| kind.to_string(), |dtype| format!("a list of {dtype}")),
    };
    Port { name: name.to_owned(), kind, dtype, list_of, shape }
}

fn dtype_of(element: TensorElementType) -> Option<Dtype> {
    Some(match element {
        TensorElementType::Float32 => Dtype::F32,
        TensorElementType::Float64 => Dtype::F64,
        TensorElementType::Float16 => Dtype::F16,
        TensorElementType::Bfloat16 => Dtype::Bf16,
        TensorElementType::Int8 => Dtype::I8,
        TensorElementType::Int16 => Dtype::I16,
        TensorElementType::Int32 => Dtype::I32,
        TensorElementType::Int64 => Dtype::I64,
        TensorElementType::Uint8 => Dtype::U8,
        TensorElementType::Uint16 => Dtype::U16,
        TensorElementType::Uint32 => Dtype::U32,
        TensorElementType::Uint64 => Dtype::U64,
        TensorElementType::Bool => Dtype::Bool,
        TensorElementType::String => Dtype::Text,
        _ => return None,
    })
}

fn element_of(dtype: Dtype) -> TensorElementType {
    match dtype {
        Dtype::F32 => TensorElementType::Float32,
        Dtype::F64 => TensorElementType::Float64,
        Dtype::F16 => TensorElementType::Float16,
        Dtype::Bf16 => TensorElementType::Bfloat16,
        Dtype::I8 => TensorElementType::Int8,
        Dtype::I16 => TensorElementType::Int16,
        Dtype::I32 => TensorElementType::Int32,
        Dtype::I64 => TensorElementType::Int64,
        Dtype::U8 => TensorElementType::Uint8,
        Dtype::U16 => TensorElementType::Uint16,
        Dtype::U32 => TensorElementType::Uint32,
        Dtype::U64 => TensorElementType::Uint64,
        Dtype::Bool => TensorElementType::Bool,
        Dtype::Text => TensorElementType::String,
    }
}

fn to_value(tensor: &Tensor) -> Result<DynValue, ort::Error> {
    match tensor.elements() {
        Elements::List(list) if list.is_empty() => Err(ort::Error::new("an empty list cannot be given to the engine")),
        Elements::List(list) => {
            let each = list.iter().map(|one| to_value(one)?.downcast::<DynTensorValueType>());
            Ok(Sequence::new(each.collect::<Result<Vec<_>, _>>()?)?.into_dyn())
        }
        Elements::Texts(texts) => {
            let value = ort::value::Tensor::from_string_array((tensor.shape().to_vec(), texts.as_slice()))?;
            Ok(value.into_dyn())
        }
        Elements::Bytes(bytes) => {
            let mut value = DynTensor::new(&Allocator::default(), element_of(tensor.dtype()), tensor.shape().to_vec())?;
            if value.size() != Some(bytes.len()) {
                return Err(ort::Error::new("the engine sees another size of the input than we do"));
            }
            let to = value.data_ptr_mut();
            if !to.is_null() {
                #[expect(
                    unsafe_code,
                    reason = "the engine has no safe way to fill a tensor of a type known only at run time"
                )]
                // SAFETY: the engine has just allocated `size()` bytes on the CPU at `to`, which is as many as `bytes` has;
                // the two do not overlap, and little-endian bytes of any of our types are what it expects there.
                unsafe {
                    std::ptr::copy_nonoverlapping(bytes.as_ptr(), to.cast::<u8>(), bytes.len());
                }
            }
            Ok(value.into_dyn())
        }
    }
}

fn from_value(value: DynValue) -> Result<Tensor, String> {
    let of_list = match value.dtype() {
        ValueType::Sequence(of) => Some(of.as_ref().clone()),
        _ => None,
    };
    match of_list {
        None => from_tensor(value),
        Some(ValueType::Tensor { ty, .. }) => {
            let value = value.downcast::<DynSequenceValueType>().map_err(|error| said(&error))?;
            let each = value.try_extract_sequence::<DynTensorValueType>().map_err(|error| said(&error))?;
            let each = each.into_iter().map(|one| from_tensor(one.into_dyn())).collect::<Result<Vec<_>, _>>()?;
            let list = Tensor::list(supported(ty)?, each);
            list.ok_or_else(|| "its tensors are not all of one type".to_owned())
        }
        Some(other) => Err(format!("it is a list of {other}, not of tensors")),
    }
}

fn supported(element: TensorElementType) -> Result<Dtype, String> {
    dtype_of(element).ok_or_else(|| format!("elements of type {element} are not supported"))
}

fn from_tensor(value: DynValue) -> Result<Tensor, String> {
    let (element, shape) = match value.dtype() {
        ValueType::Tensor { ty, shape, .. } => (*ty, shape.to_vec()),
        other => return Err(format!("it is {other}, not a tensor")),
    };
    let dtype = supported(element)?;
    let shape: Vec<usize> = shape
        .iter()
        .map(|length| usize::try_from(*length))
        .collect::<Result<_, _>>()
        .map_err(|_| "its shape is not known".to_owned())?;
    let value = value.downcast::<DynTensorValueType>().map_err(|error| said(&error))?;
    let elements = if dtype == Dtype::Text {
        let (_, texts) = value.try_extract_strings().map_err(|error| said(&error))?;
        Elements::Texts(texts)
    } else {
        Elements::Bytes(bytes_of(&value))
    };
    Tensor::new(dtype, shape, elements).ok_or_else(|| "its size is not what its shape says".to_owned())
}

fn bytes_of(value: &DynTensor) -> Vec<u8> {
    let from = value.data_ptr();
    let size = value.size().unwrap_or(0);
    if from.is_null() || size == 0 || !value.memory_info().is_cpu_accessible() {
        return Vec::new();
    }
    #[expect(unsafe_code, reason = "the engine has no safe way to read a tensor of a type known only at run time")]
    // SAFETY: the tensor lives on the CPU and owns `size()` initialised bytes at `data_ptr()` for as long as `value` lives.
    unsafe {
        std::slice::from_raw_parts(from.cast::<u8>(), size).to_vec()
    }
}
