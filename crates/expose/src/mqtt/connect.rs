//! From nothing to a broker that has accepted us; each way to fail in words.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use domain::Problem;
use rumqttc::mqttbytes::v4::{ConnectReturnCode, Packet};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Settings, packet, tls};

/// Each step of connecting ends within this.
const STEP: Duration = Duration::from_secs(10);

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects, and speaks until the broker said yes.
pub(super) async fn connect(settings: &Settings) -> Result<Box<dyn Stream>, Problem> {
    let password = password(settings)?;
    let mut stream = open(settings).await?;
    let hello = packet::connect(settings, &password).map_err(|error| failed(settings, &error.to_string()))?;
    let greeted = timeout(STEP, async {
        stream.write_all(&hello).await?;
        stream.flush().await?;
        answer(&mut stream).await
    });
    match greeted.await {
        Err(_) => {
            Err(Problem::new("outlet.no-answer", &settings.name, "the broker took the connection and says nothing")
                .hint("is it an MQTT broker, and is it `mqtts` where encryption is wanted?"))
        }
        Ok(Err(error)) => Err(failed(settings, &error.to_string())
            .hint("is it an MQTT broker, and is it `mqtts` where encryption is wanted?")),
        Ok(Ok(ConnectReturnCode::Success)) => Ok(stream),
        Ok(Ok(refused)) => Err(refusal(settings, refused)),
    }
}

async fn open(settings: &Settings) -> Result<Box<dyn Stream>, Problem> {
    let address = (settings.host.as_str(), settings.port);
    let place = || format!("{}:{}", settings.host, settings.port);
    let unreachable = |why: String| {
        let what = format!("the broker at {} cannot be reached", place());
        Problem::new("outlet.unreachable", &settings.name, what).why(why)
    };
    let tcp = match timeout(STEP, TcpStream::connect(address)).await {
        Err(_) => return Err(unreachable("nobody answers".to_owned())),
        Ok(Err(error)) => return Err(unreachable(error.to_string())),
        Ok(Ok(tcp)) => tcp,
    };
    tcp.set_nodelay(true).map_err(|error| unreachable(error.to_string()))?;
    let Some(files) = &settings.tls else { return Ok(Box::new(tcp)) };
    let (connector, server) = tls::connector(settings, files)?;
    match timeout(STEP, connector.connect(server, tcp)).await {
        Err(_) => Err(unreachable("it does not answer in TLS".to_owned())),
        Ok(Err(error)) => {
            Err(tls::handshake_problem(settings, &error).unwrap_or_else(|| unreachable(error.to_string())))
        }
        Ok(Ok(encrypted)) => Ok(Box::new(encrypted)),
    }
}

/// CONNACK, the first packet of every broker.
async fn answer(stream: &mut Box<dyn Stream>) -> io::Result<ConnectReturnCode> {
    let mut came = BytesMut::with_capacity(64);
    loop {
        if let Some(packet) = packet::read(&mut came).map_err(|error| nonsense(&error.to_string()))? {
            let Packet::ConnAck(answer) = packet else { return Err(nonsense("it did not begin with CONNACK")) };
            return Ok(answer.code);
        }
        if stream.read_buf(&mut came).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn nonsense(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the broker does not speak MQTT 3.1.1: {why}"))
}

fn failed(settings: &Settings, why: &str) -> Problem {
    Problem::new("outlet.no-answer", &settings.name, "the broker does not accept the connection").why(why)
}

fn refusal(settings: &Settings, code: ConnectReturnCode) -> Problem {
    let (what, hint) = match code {
        ConnectReturnCode::BadUserNamePassword => (
            "the broker does not know this user or password",
            "look at `user` and at the first line of `password_file`",
        ),
        ConnectReturnCode::NotAuthorized => {
            ("the broker does not let us in", "have this user or certificate allowed at the broker")
        }
        ConnectReturnCode::BadClientId => ("the broker does not take our client id", "write another `client_id`"),
        ConnectReturnCode::RefusedProtocolVersion => {
            ("the broker does not speak MQTT 3.1.1", "allow protocol version 3.1.1 at the broker")
        }
        ConnectReturnCode::ServiceUnavailable | ConnectReturnCode::Success => {
            ("the broker is there and not available", "look at the broker")
        }
    };
    Problem::new("outlet.refused", &settings.name, what).hint(hint)
}

/// The first line of the password file; empty when there is none.
fn password(settings: &Settings) -> Result<String, Problem> {
    let Some(file) = &settings.password_file else { return Ok(String::new()) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Problem::new(
            "outlet.bad-file",
            &settings.name,
            format!("the password file `{}` cannot be read", file.display()),
        )
        .why(error.to_string())
        .hint("it must be readable for the user of this service, and for nobody else")
    })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
