//! What the edge and its worker say to each other over two pipes: length-prefixed binary frames.
//!
//! A frame is `length u32 | version u8 | kind u8 | request id u32 | body`; `length` counts what follows it. All numbers
//! are little-endian. Tensors travel as their bytes. Both sides are the same binary, so the version only guards against
//! a mistake; nothing here is stored.

use std::time::Duration;

use super::{Limits, Loaded, Port, Refusal};
use crate::tensor::{Dtype, Elements, Named, Tensor};

/// Version of the frames.
pub(crate) const VERSION: u8 = 1;
/// The largest frame that either side takes.
pub(crate) const MAX_FRAME: usize = 64 << 20;
/// Bytes of a frame before its body.
pub(crate) const HEADER: usize = 10;
/// Set in the number of an element type where there is a list of tensors of it.
const LIST: u8 = 0x80;
/// Dimensions of a tensor at most.
const MAX_RANK: usize = 32;

/// From the edge to its worker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// The first: the limits to take on and the library to use.
    Hello { limits: Limits, library: String },
    /// Load the model in this file.
    LoadFile(String),
    /// Load these bytes.
    LoadBytes(Vec<u8>),
    /// Run the model; empty `wanted` = all outputs.
    Run { inputs: Vec<Named>, wanted: Vec<String> },
}

/// From the worker to its edge.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    /// Limits are on.
    Ready,
    /// The model is loaded.
    Loaded(Loaded),
    /// What the model gave, and how long it took (whole nanoseconds on the wire).
    Outputs { took: Duration, outputs: Vec<Named> },
    /// It did not work; the worker lives on.
    Refused(Refusal, String),
}

/// Why bytes are not a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of {0} bytes is larger than the {MAX_FRAME} allowed")]
    TooLarge(usize),
    #[error("it speaks version {0} of the worker protocol, not {VERSION}")]
    Version(u8),
    #[error("a frame ends too early or does not make sense")]
    Malformed,
}

/// What the header of a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: u8,
    pub(crate) id: u32,
    /// Bytes of the body.
    pub(crate) body: usize,
}

impl Head {
    pub(crate) fn parse(bytes: &[u8; HEADER]) -> Result<Self, FrameError> {
        let [l0, l1, l2, l3, version, kind, id @ ..] = *bytes;
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).map_err(|_| FrameError::Malformed)?;
        if length > MAX_FRAME {
            return Err(FrameError::TooLarge(length));
        }
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        let body = length.checked_sub(HEADER - 4).ok_or(FrameError::Malformed)?;
        Ok(Self { kind, id: u32::from_le_bytes(id), body })
    }
}

impl Request {
    /// The whole frame.
    pub(crate) fn frame(&self, id: u32) -> Result<Vec<u8>, FrameError> {
        let mut writer = Writer::new(id);
        let kind = match self {
            Self::Hello { limits, library } => {
                writer.u64(limits.address_space);
                writer.u32(limits.niceness);
                writer.text(library);
                1
            }
            Self::LoadFile(path) => {
                writer.text(path);
                2
            }
            Self::LoadBytes(bytes) => return load_frame(id, bytes),
            Self::Run { inputs, wanted } => return run_frame(id, inputs, wanted),
        };
        writer.finish(kind)
    }

    pub(crate) fn parse(kind: u8, body: &[u8]) -> Result<Self, FrameError> {
        let mut reader = Reader(body);
        let request = match kind {
            1 => Self::Hello {
                limits: Limits { address_space: reader.u64()?, niceness: reader.u32()? },
                library: reader.text()?,
            },
            2 => Self::LoadFile(reader.text()?),
            3 => return Ok(Self::LoadBytes(body.to_vec())),
            4 => Self::Run { inputs: reader.tensors()?, wanted: reader.list(Reader::text)? },
            _ => return Err(FrameError::Malformed),
        };
        reader.end(request)
    }
}

/// The frame of [`Request::Run`] from borrowed parts, since it is the one that is sent all the time.
pub(crate) fn run_frame(id: u32, inputs: &[Named], wanted: &[String]) -> Result<Vec<u8>, FrameError> {
    let mut writer = Writer::new(id);
    writer.tensors(inputs);
    writer.u32(u32::try_from(wanted.len()).map_err(|_| FrameError::Malformed)?);
    for name in wanted {
        writer.text(name);
    }
    writer.finish(4)
}

/// The frame of [`Request::LoadBytes`] from borrowed bytes: a model is large enough to be copied only once.
pub(crate) fn load_frame(id: u32, model: &[u8]) -> Result<Vec<u8>, FrameError> {
    if model.len() > MAX_FRAME {
        return Err(FrameError::TooLarge(model.len()));
    }
    let mut writer = Writer::new(id);
    writer.0.extend_from_slice(model);
    writer.finish(3)
}

impl Reply {
    /// The whole frame.
    pub(crate) fn frame(&self, id: u32) -> Result<Vec<u8>, FrameError> {
        let mut writer = Writer::new(id);
        let kind = match self {
            Self::Ready => 1,
            Self::Loaded(loaded) => {
                writer.text(&loaded.digest);
                writer.text(&loaded.runtime);
                writer.ports(&loaded.inputs);
                writer.ports(&loaded.outputs);
                2
            }
            Self::Outputs { took, outputs } => {
                // before anything is copied: what a model gives may be as large as its whole memory
                let size = size_of_tensors(outputs);
                if size > MAX_FRAME {
                    return Err(FrameError::TooLarge(size));
                }
                writer.0.reserve_exact(size + 12);
                writer.u64(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
                writer.tensors(outputs);
                3
            }
            Self::Refused(refusal, what) => {
                writer.0.push(*refusal as u8);
                writer.text(what);
                4
            }
        };
        writer.finish(kind)
    }

    pub(crate) fn parse(kind: u8, body: &[u8]) -> Result<Self, FrameError> {
        let mut reader = Reader(body);
        let reply = match kind {
            1 => Self::Ready,
            2 => Self::Loaded(Loaded {
                digest: reader.text()?,
                runtime: reader.text()?,
                inputs: reader.list(Reader::port)?,
                outputs: reader.list(Reader::port)?,
            }),
            3 => Self::Outputs { took: Duration::from_nanos(reader.u64()?), outputs: reader.tensors()? },
            4 => Self::Refused(Refusal::from_code(reader.u8()?).ok_or(FrameError::Malformed)?, reader.text()?),
            _ => return Err(FrameError::Malformed),
        };
        reader.end(reply)
    }
}

/// Bytes that tensors take in a frame.
fn size_of_tensors(tensors: &[Named]) -> usize {
    tensors.iter().map(|(name, tensor)| name.len() + 4 + size_of_tensor(tensor)).sum()
}

fn size_of_tensor(tensor: &Tensor) -> usize {
    let elements: usize = match tensor.elements() {
        Elements::Bytes(bytes) => bytes.len(),
        Elements::Texts(texts) => texts.iter().map(|text| text.len() + 4).sum(),
        Elements::List(list) => list.iter().map(size_of_tensor).sum(),
    };
    9 + 8 * tensor.shape().len() + elements
}

struct Writer(Vec<u8>);

impl Writer {
    fn new(id: u32) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4] = VERSION;
        bytes[6..HEADER].copy_from_slice(&id.to_le_bytes());
        Self(bytes)
    }

    fn finish(mut self, kind: u8) -> Result<Vec<u8>, FrameError> {
        let length = self.0.len() - 4;
        if length > MAX_FRAME {
            return Err(FrameError::TooLarge(length));
        }
        let length = u32::try_from(length).map_err(|_| FrameError::Malformed)?;
        self.0[..4].copy_from_slice(&length.to_le_bytes());
        self.0[5] = kind;
        Ok(self.0)
    }

    fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Lengths beyond u32 make the frame too large anyway, which [`Writer::finish`] refuses.
    fn length(&mut self, length: usize) {
        self.u32(u32::try_from(length).unwrap_or(u32::MAX));
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn tensors(&mut self, tensors: &[Named]) {
        self.length(tensors.len());
        for (name, tensor) in tensors {
            self.text(name);
            self.tensor(tensor);
        }
    }

    fn tensor(&mut self, tensor: &Tensor) {
        self.0.push(tensor.dtype() as u8 | if tensor.is_list() { LIST } else { 0 });
        self.length(tensor.shape().len());
        tensor.shape().iter().for_each(|dimension| self.u64(*dimension as u64));
        match tensor.elements() {
            Elements::Bytes(bytes) => {
                self.length(bytes.len());
                self.0.extend_from_slice(bytes);
            }
            Elements::Texts(texts) => {
                self.length(texts.len());
                for text in texts {
                    self.text(text);
                }
            }
            Elements::List(list) => {
                self.length(list.len());
                for tensor in list {
                    self.tensor(tensor);
                }
            }
        }
    }

    fn ports(&mut self, ports: &[Port]) {
        self.length(ports.len());
        for port in ports {
            self.text(&port.name);
            self.text(&port.kind);
            let list = port.list_of.map_or(0, |dtype| dtype as u8 | LIST);
            self.0.push(port.dtype.map_or(list, |dtype| dtype as u8));
            self.length(port.shape.len());
            port.shape.iter().for_each(|dimension| self.0.extend_from_slice(&dimension.to_le_bytes()));
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(FrameError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(FrameError::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, FrameError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, FrameError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, FrameError> {
        self.array().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Result<usize, FrameError> {
        usize::try_from(self.u32()?).map_err(|_| FrameError::Malformed)
    }

    fn text(&mut self) -> Result<String, FrameError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        str::from_utf8(bytes).map(str::to_owned).map_err(|_| FrameError::Malformed)
    }

    /// Every item has at least one byte, so a lying count ends with the bytes and never allocates ahead.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, FrameError>) -> Result<Vec<T>, FrameError> {
        let count = self.length()?;
        (0..count).map(|_| item(self)).collect()
    }

    fn tensors(&mut self) -> Result<Vec<Named>, FrameError> {
        self.list(|reader| {
            let name = reader.text()?;
            Ok((name, reader.tensor(true)?))
        })
    }

    /// A list holds no lists, so this is never more than two deep.
    fn tensor(&mut self, may_be_list: bool) -> Result<Tensor, FrameError> {
        let code = self.u8()?;
        let dtype = Dtype::from_code(code & !LIST).ok_or(FrameError::Malformed)?;
        let rank = self.length()?;
        if rank > MAX_RANK {
            return Err(FrameError::Malformed);
        }
        let shape: Vec<usize> = (0..rank)
            .map(|_| usize::try_from(self.u64()?).map_err(|_| FrameError::Malformed))
            .collect::<Result<_, _>>()?;
        let elements = match (code & LIST != 0, dtype) {
            (true, _) if may_be_list => Elements::List(self.list(|reader| reader.tensor(false))?),
            (true, _) => return Err(FrameError::Malformed),
            (false, Dtype::Text) => Elements::Texts(self.list(Reader::text)?),
            (false, _) => {
                let length = self.length()?;
                Elements::Bytes(self.take(length)?.to_vec())
            }
        };
        Tensor::new(dtype, shape, elements).ok_or(FrameError::Malformed)
    }

    fn port(&mut self) -> Result<Port, FrameError> {
        let (name, kind) = (self.text()?, self.text()?);
        let code = self.u8()?;
        let dtype = Dtype::from_code(code);
        let list_of = if code & LIST == 0 { None } else { Dtype::from_code(code & !LIST) };
        let rank = self.length()?;
        let shape = (0..rank).map(|_| self.array().map(i64::from_le_bytes)).collect::<Result<_, _>>()?;
        Ok(Port { name, kind, dtype, list_of, shape })
    }

    fn end<T>(self, value: T) -> Result<T, FrameError> {
        if self.0.is_empty() { Ok(value) } else { Err(FrameError::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head_of(frame: &[u8]) -> Head {
        Head::parse(frame.first_chunk().unwrap()).unwrap()
    }

    fn tensor() -> impl Strategy<Value = Named> {
        let floats = (any::<String>(), prop::collection::vec(any::<u32>(), 0..6)).prop_map(|(name, bits)| {
            let bytes = bits.iter().flat_map(|bits| bits.to_le_bytes()).collect();
            (name, Tensor::new(Dtype::F32, vec![1, bits.len()], Elements::Bytes(bytes)).unwrap())
        });
        let texts = (any::<String>(), prop::collection::vec(any::<String>(), 0..4)).prop_map(|(name, texts)| {
            (name, Tensor::new(Dtype::Text, vec![texts.len()], Elements::Texts(texts)).unwrap())
        });
        let lists = (any::<String>(), prop::collection::vec(any::<u8>(), 0..4)).prop_map(|(name, bytes)| {
            let one = |byte: &u8| Tensor::new(Dtype::U8, vec![], Elements::Bytes(vec![*byte])).unwrap();
            (name, Tensor::list(Dtype::U8, bytes.iter().map(one).collect()).unwrap())
        });
        prop_oneof![floats, texts, lists]
    }

    proptest! {
        #[test]
        fn a_request_comes_out_as_it_went_in(
            inputs in prop::collection::vec(tensor(), 0..4), wanted: Vec<String>, id: u32,
        ) {
            let request = Request::Run { inputs, wanted };
            let frame = request.frame(id).unwrap();
            let head = head_of(&frame);
            prop_assert_eq!((head.id, head.body), (id, frame.len() - HEADER));
            prop_assert_eq!(Request::parse(head.kind, &frame[HEADER..]).unwrap(), request);
        }

        #[test]
        fn a_reply_comes_out_as_it_went_in(outputs in prop::collection::vec(tensor(), 0..4), text: String, shape: Vec<i64>) {
            let port = Port { name: text.clone(), kind: text.clone(), dtype: None, list_of: Some(Dtype::I64), shape };
            let loaded = Loaded { digest: text.clone(), runtime: text.clone(), inputs: vec![port.clone()], outputs: vec![port] };
            let size = size_of_tensors(&outputs);
            let given = Reply::Outputs { took: Duration::from_nanos(7), outputs };
            prop_assert_eq!(given.frame(7).unwrap().len(), HEADER + 12 + size);
            for reply in [given, Reply::Loaded(loaded), Reply::Refused(Refusal::Memory, text), Reply::Ready] {
                let frame = reply.frame(7).unwrap();
                prop_assert_eq!(Reply::parse(head_of(&frame).kind, &frame[HEADER..]).unwrap(), reply);
            }
        }

        #[test]
        fn garbage_is_refused_and_nothing_panics(kind in 0_u8..6, body: Vec<u8>, header: [u8; HEADER]) {
            let _ = Head::parse(&header);
            let _ = Request::parse(kind, &body);
            let _ = Reply::parse(kind, &body);
        }

        #[test]
        fn a_cut_frame_is_refused(inputs in prop::collection::vec(tensor(), 1..3), cut in 1_usize..20) {
            let frame = Request::Run { inputs, wanted: vec![] }.frame(1).unwrap();
            let body = &frame[HEADER..];
            let cut = body.len().saturating_sub(cut);
            prop_assert!(Request::parse(4, &body[..cut]).is_err());
        }
    }
}
