//! Devices and gateways that answer something else than they were asked: an error, never a value, and a new connection.

use std::time::Duration;

use anyhow::Result;
use domain::Value;
use drivers::{DeviceUrl, Limits, Scope};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The right answer to a request for one register: its own address. 7 bytes of header, then the PDU.
fn right_answer(request: &[u8; 12]) -> Vec<u8> {
    let [first, second, ..] = *request;
    vec![first, second, 0, 0, 0, 5, request[6], 3, 2, request[8], request[9]]
}

type Spoil = fn(&mut Vec<u8>);

/// Spoils the answer to the first request; later ones are right.
async fn liar(listener: TcpListener, spoil: Spoil) {
    let mut first = true;
    while let Ok((mut master, _)) = listener.accept().await {
        let mut request = [0; 12];
        while master.read_exact(&mut request).await.is_ok() {
            let mut answer = right_answer(&request);
            if std::mem::take(&mut first) {
                spoil(&mut answer);
            }
            if master.write_all(&answer).await.is_err() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_costs_the_connection_and_is_never_a_value() -> Result<()> {
    let lies: [(&str, Spoil); 9] = [
        ("another transaction", |answer| answer[1] ^= 1),
        ("another unit", |answer| answer[6] = 9),
        ("another function", |answer| answer[7] = 4),
        ("another protocol", |answer| answer[3] = 1),
        ("more words than asked for", |answer| *answer = [&answer[..5], &[7, 1, 3, 4, 0, 7, 0, 8]].concat()),
        ("fewer words than asked for", |answer| *answer = [&answer[..5], &[3, 1, 3, 0]].concat()),
        ("a byte count that lies", |answer| answer[8] = 200),
        ("an odd byte count", |answer| *answer = [&answer[..5], &[4, 1, 3, 1, 7]].concat()),
        ("an exception of no function", |answer| *answer = [&answer[..5], &[3, 1, 0x80, 1]].concat()),
    ];
    for (lie, spoil) in lies {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url: DeviceUrl = format!("modbus-tcp://{}/1", listener.local_addr()?).parse()?;
        let device = tokio::spawn(liar(listener, spoil));
        let limits = Limits { timeout: Duration::from_millis(500), ..Limits::default() };
        let mut group = url.plan(&["holding:7"], &limits).group;
        let mut driver = url.open();
        driver.connect(Duration::from_secs(5)).await?;
        let error = driver.read(&mut group).await.expect_err(lie);
        assert_eq!((error.scope(), error.reconnect()), (Scope::Unit, true), "{lie}: {error}");
        assert!(!driver.is_connected(), "{lie}");
        driver.connect(Duration::from_secs(5)).await?;
        assert_eq!(driver.read(&mut group).await?[0].value, Some(Value::U64(7)), "after {lie}");
        device.abort();
    }
    Ok(())
}
