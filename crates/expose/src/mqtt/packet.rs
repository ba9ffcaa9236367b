//! The packets we need, made and read by rumqttc's code; a message of ours without a copy of its topic.

use bytes::{BufMut, BytesMut};
use rumqttc::mqttbytes::v4::{Connect, Disconnect, LastWill, Packet, PingReq};
use rumqttc::mqttbytes::{self, QoS};

use super::{Message, Settings};

/// The broker has no reason to send more: acknowledgements have four bytes.
const MAX_INCOMING: usize = 16 * 1024;
/// Seconds after which the broker gives us up; we speak three times as often.
pub(super) const KEEP_ALIVE: u16 = 30;

pub(super) const ONLINE: &[u8] = br#"{"state":"online"}"#;
pub(super) const OFFLINE: &[u8] = br#"{"state":"offline"}"#;

/// PUBLISH (MQTT 3.1.1 §3.3); with an identifier it is QoS 1.
pub(super) fn publish(out: &mut BytesMut, message: &Message, id: Option<u16>, retain: bool) {
    let qos = if id.is_some() { 0b0010 } else { 0 };
    out.put_u8(0b0011_0000 | qos | u8::from(retain));
    let topic = message.topic.len().min(usize::from(u16::MAX));
    let mut left = 2 + topic + id.map_or(0, |_| 2) + message.payload.len();
    // the length in groups of seven bits, the lowest first (§2.2.3)
    loop {
        let seven = u8::try_from(left % 128).unwrap_or(0);
        left /= 128;
        out.put_u8(if left > 0 { seven | 0x80 } else { seven });
        if left == 0 {
            break;
        }
    }
    out.put_u16(u16::try_from(topic).unwrap_or(u16::MAX));
    out.put_slice(message.topic.as_bytes().get(..topic).unwrap_or_default());
    if let Some(id) = id {
        out.put_u16(id);
    }
    out.put_slice(&message.payload);
}

/// CONNECT with a clean session and a last will.
pub(super) fn connect(settings: &Settings, password: &str) -> Result<BytesMut, mqttbytes::Error> {
    let mut connect = Connect::new(settings.client_id.clone());
    connect.keep_alive = KEEP_ALIVE;
    connect.last_will = Some(LastWill::new(settings.status_topic.clone(), OFFLINE, QoS::AtLeastOnce, true));
    if let Some(user) = &settings.user {
        connect.set_login(user, password);
    }
    let mut out = BytesMut::new();
    connect.write(&mut out)?;
    Ok(out)
}

pub(super) fn ping(out: &mut BytesMut) {
    let _length = PingReq.write(out);
}

pub(super) fn disconnect(out: &mut BytesMut) {
    let _length = Disconnect.write(out);
}

/// The next whole packet of what came in, taken out of it.
pub(super) fn read(came: &mut BytesMut) -> Result<Option<Packet>, mqttbytes::Error> {
    match Packet::read(came, MAX_INCOMING) {
        Ok(packet) => Ok(Some(packet)),
        Err(mqttbytes::Error::InsufficientBytes(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn our_message_reads_as_rumqttc_reads_it(
            topic in "[a-zA-Z0-9/äß_-]{1,200}",
            payload in prop::collection::vec(any::<u8>(), 0..12_000),
            id in proptest::option::of(1..=u16::MAX),
            retain in any::<bool>(),
        ) {
            let mut out = BytesMut::new();
            publish(&mut out, &Message { topic: topic.as_str().into(), payload: payload.clone() }, id, retain);
            let Ok(Some(Packet::Publish(read))) = read(&mut out) else { panic!("no PUBLISH") };
            prop_assert_eq!((read.topic, read.payload.to_vec()), (topic, payload));
            prop_assert_eq!((read.pkid, read.retain), (id.unwrap_or(0), retain));
            prop_assert_eq!(read.qos == QoS::AtLeastOnce, id.is_some());
            prop_assert!(out.is_empty());
        }
    }
}
