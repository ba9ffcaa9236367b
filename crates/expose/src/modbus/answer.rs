//! A request's bytes to an answer's bytes. Pure: no connection in sight.

use drivers::modbus::Table;

use super::registers::{Refusal, Registers};

/// The largest PDU (specification V1.1b3 §4.1).
pub(crate) const MAX_PDU: usize = 253;

/// The answer's PDU: function code and data, or the function code with its top bit set and the exception code.
pub(crate) async fn answer(registers: &dyn Registers, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let Some(function) = pdu.first().copied() else { return vec![0x80, Refusal::Function.code()] };
    match reply(registers, unit, function, pdu).await {
        Ok(reply) if reply.len() <= MAX_PDU => reply,
        Ok(_) => vec![function | 0x80, Refusal::Failure.code()],
        Err(refusal) => vec![function | 0x80, refusal.code()],
    }
}

async fn reply(registers: &dyn Registers, unit: u8, function: u8, pdu: &[u8]) -> Result<Vec<u8>, Refusal> {
    let data = Data(pdu.get(1..).unwrap_or_default());
    let confirmed = || pdu.iter().copied().take(5).collect();
    match function {
        1 => read_bits(registers, unit, Table::Coil, data),
        2 => read_bits(registers, unit, Table::Discrete, data),
        3 => read_words(registers, unit, Table::Holding, data),
        4 => read_words(registers, unit, Table::Input, data),
        5 => {
            let [at, value] = data.words()?;
            let on = match value {
                0xFF00 => true,
                0 => false,
                _ => return Err(Refusal::Value),
            };
            registers.write_bits(unit, at, &[on]).await.map(|()| pdu.to_vec())
        }
        6 => {
            let [at, word] = data.words()?;
            registers.write_words(unit, at, &[word]).await.map(|()| pdu.to_vec())
        }
        // "return query data": the echo by which a master proves that we are in step
        8 if pdu.get(1..3) == Some(&[0, 0]) => Ok(pdu.to_vec()),
        15 => {
            let (start, bits) = data.bits_to_write()?;
            registers.write_bits(unit, start, &bits).await.map(|()| confirmed())
        }
        16 => {
            let (start, words) = data.words_to_write()?;
            registers.write_words(unit, start, &words).await.map(|()| confirmed())
        }
        22 => {
            let [at, and, or] = data.words()?;
            registers.mask_word(unit, at, and, or).await.map(|()| pdu.to_vec())
        }
        23 => read_and_write(registers, unit, data).await,
        43 if pdu.get(1) == Some(&14) => identify(registers, unit, pdu),
        _ => Err(Refusal::Function),
    }
}

/// What follows the function code. Every count that a master sends is checked against what it sent.
#[derive(Clone, Copy)]
struct Data<'a>(&'a [u8]);

impl Data<'_> {
    /// Exactly so many words.
    fn words<const N: usize>(self) -> Result<[u16; N], Refusal> {
        to_words(self.0).try_into().ok().filter(|_| self.0.len() == 2 * N).ok_or(Refusal::Value)
    }

    /// Start, count, byte count, words.
    fn words_to_write(self) -> Result<(u16, Vec<u16>), Refusal> {
        /// Specification V1.1b3 §6.12.
        const LIMIT: u16 = 123;
        let (start, count, bytes) = self.parts()?;
        if !(1..=LIMIT).contains(&count) || bytes.len() != 2 * usize::from(count) {
            return Err(Refusal::Value);
        }
        Ok((start, to_words(bytes)))
    }

    /// Start, count, byte count, packed bits.
    fn bits_to_write(self) -> Result<(u16, Vec<bool>), Refusal> {
        /// Specification V1.1b3 §6.11.
        const LIMIT: u16 = 1968;
        let (start, count, bytes) = self.parts()?;
        if !(1..=LIMIT).contains(&count) || bytes.len() != usize::from(count).div_ceil(8) {
            return Err(Refusal::Value);
        }
        let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        Ok((start, bits.take(usize::from(count)).collect()))
    }

    fn parts(&self) -> Result<(u16, u16, &[u8]), Refusal> {
        let (head, rest) = self.0.split_at_checked(4).ok_or(Refusal::Value)?;
        let [start, count] = Data(head).words()?;
        let (length, bytes) = rest.split_first().ok_or(Refusal::Value)?;
        if usize::from(*length) == bytes.len() { Ok((start, count, bytes)) } else { Err(Refusal::Value) }
    }
}

fn to_words(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
}

/// Function 23 writes first.
async fn read_and_write(registers: &dyn Registers, unit: u8, data: Data<'_>) -> Result<Vec<u8>, Refusal> {
    let (to_read, to_write) = data.0.split_at_checked(4).ok_or(Refusal::Value)?;
    let [_, count] = Data(to_read).words()?;
    within(count, Table::Holding)?;
    let (start, words) = Data(to_write).words_to_write()?;
    registers.write_words(unit, start, &words).await?;
    let mut reply = read_words(registers, unit, Table::Holding, Data(to_read))?;
    reply.splice(..1, [23]);
    Ok(reply)
}

fn within(count: u16, table: Table) -> Result<(), Refusal> {
    if (1..=table.read_limit()).contains(&count) { Ok(()) } else { Err(Refusal::Value) }
}

fn read_bits(registers: &dyn Registers, unit: u8, table: Table, data: Data<'_>) -> Result<Vec<u8>, Refusal> {
    let [start, count] = data.words()?;
    within(count, table)?;
    let bits = registers.read_bits(unit, table, start, count)?;
    let bytes: Vec<u8> =
        bits.chunks(8).map(|eight| eight.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect();
    let function = if table == Table::Coil { 1 } else { 2 };
    Ok(counted(function, &bytes))
}

fn read_words(registers: &dyn Registers, unit: u8, table: Table, data: Data<'_>) -> Result<Vec<u8>, Refusal> {
    let [start, count] = data.words()?;
    within(count, table)?;
    let words = registers.read_words(unit, table, start, count)?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    let function = if table == Table::Holding { 3 } else { 4 };
    Ok(counted(function, &bytes))
}

fn counted(function: u8, bytes: &[u8]) -> Vec<u8> {
    let count = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    [&[function, count], bytes].concat()
}

/// Function 43/14: the three basic objects, whatever was asked for (stream access, conformity level 1).
fn identify(registers: &dyn Registers, unit: u8, pdu: &[u8]) -> Result<Vec<u8>, Refusal> {
    let identity = registers.identity(unit).ok_or(Refusal::Function)?;
    let code = pdu.get(2).copied().unwrap_or(1);
    let mut reply = vec![43, 14, code, 1, 0, 0, 3];
    for (id, text) in (0..).zip([identity.vendor, identity.product, identity.version]) {
        let text: Vec<u8> = text.bytes().take(60).collect();
        reply.push(id);
        reply.push(u8::try_from(text.len()).unwrap_or(0));
        reply.extend(text);
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::super::image::{Image, UnitImage};
    use super::super::registers::Identity;
    use super::super::registers::Registers;
    use super::{MAX_PDU, Table};
    use proptest::prelude::*;
    use tokio_modbus::Response;
    use tokio_modbus::bytes::Bytes;

    /// The answer of registers that never wait.
    fn answer(registers: &dyn Registers, unit: u8, pdu: &[u8]) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(super::answer(registers, unit, pdu))
    }

    /// As a master reads it.
    fn decode(reply: &[u8]) -> std::io::Result<Response> {
        Response::try_from(Bytes::copy_from_slice(reply))
    }

    fn image() -> Image {
        let mut unit = UnitImage::new();
        unit.set_words(Table::Holding, 0, &(0..200).collect::<Vec<u16>>());
        unit.set_bits(Table::Coil, 0, &[true, false, true, true, false, false, false, false, true]);
        unit.allow_words(10, 4);
        unit.allow_bits(0, 9);
        unit.identity = Some(Identity { vendor: "V".into(), product: "P".into(), version: "1.0".into() });
        Image::new([(1, unit)])
    }

    #[test]
    fn every_function_answers_as_the_specification_says() {
        let image = image();
        let ask = |pdu: &[u8]| answer(&image, 1, pdu);
        assert_eq!(ask(&[3, 0, 7, 0, 2]), [3, 4, 0, 7, 0, 8]);
        assert_eq!(ask(&[1, 0, 0, 0, 9]), [1, 2, 0b0000_1101, 1]);
        assert_eq!(ask(&[6, 0, 10, 0, 99]), [6, 0, 10, 0, 99]);
        assert_eq!(ask(&[16, 0, 11, 0, 2, 4, 0, 1, 0, 2]), [16, 0, 11, 0, 2]);
        assert_eq!(ask(&[22, 0, 13, 0, 0, 0, 5]), [22, 0, 13, 0, 0, 0, 5]);
        assert_eq!(ask(&[23, 0, 10, 0, 4, 0, 12, 0, 1, 2, 0, 7]), [23, 8, 0, 99, 0, 1, 0, 7, 0, 5]);
        assert_eq!(ask(&[5, 0, 1, 0xFF, 0]), [5, 0, 1, 0xFF, 0]);
        assert_eq!(ask(&[15, 0, 0, 0, 3, 1, 0b010]), [15, 0, 0, 0, 3]);
        assert_eq!(ask(&[1, 0, 0, 0, 3]), [1, 1, 0b010]);
        assert_eq!(ask(&[8, 0, 0, 0x12, 0x34]), [8, 0, 0, 0x12, 0x34]);
        assert!(matches!(decode(&ask(&[43, 14, 1, 0])), Ok(Response::ReadDeviceIdentification(_))));
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_right_code() {
        let image = image();
        let ask = |pdu: &[u8]| answer(&image, 1, pdu);
        assert_eq!(ask(&[3, 0, 199, 0, 2]), [0x83, 2], "beyond the map");
        assert_eq!(ask(&[3, 0, 0, 0, 126]), [0x83, 3], "too many");
        assert_eq!(ask(&[3, 0, 0, 0, 0]), [0x83, 3], "none");
        assert_eq!(ask(&[6, 0, 1, 0, 1]), [0x86, 2], "not writable");
        assert_eq!(ask(&[5, 0, 1, 0x12, 0x34]), [0x85, 3], "neither on nor off");
        assert_eq!(ask(&[16, 0, 11, 0, 2, 3, 0, 1, 0]), [0x90, 3], "counts that contradict each other");
        assert_eq!(ask(&[16, 0, 11, 0x80, 0, 0]), [0x90, 3], "a count that overflows when doubled");
        assert_eq!(ask(&[15, 0, 0, 0xFF, 0xFF, 1, 0]), [0x8F, 3], "more bits than sent");
        assert_eq!(ask(&[7]), [0x87, 1], "an unknown function");
        assert_eq!(ask(&[3, 0]), [0x83, 3], "cut off");
    }

    proptest! {
        #[test]
        fn no_request_makes_the_server_panic_or_answer_too_long(pdu in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(answer(&image(), 1, &pdu).len() <= MAX_PDU);
        }

        #[test]
        fn requests_that_look_right_get_answers_that_can_be_read(
            function in prop::sample::select(vec![1u8, 2, 3, 4, 5, 6, 15, 16, 22, 23]),
            rest in prop::collection::vec(any::<u8>(), 4..20),
        ) {
            let pdu = [&[function], rest.as_slice()].concat();
            let reply = answer(&image(), 1, &pdu);
            prop_assert!(reply[0] & 0x80 != 0 || decode(&reply).is_ok());
        }
    }
}
