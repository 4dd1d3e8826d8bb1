//! `slipway healthcheck`: for images without a shell.

use crate::config::Config;
use domain::{Error, Result};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(super) async fn run(config: &Config) -> Result<()> {
    let address = config.listen;
    let silent =
        |why: String| Error::unavailable(format!("No Slipway answers at {address}.")).detail(why);
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(3), ask)
        .await
        .map_err(|_| silent("It took longer than 3 s.".into()))?
        .map_err(|error| silent(error.to_string()))?;
    if answer.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        Err(silent(answer.lines().next().unwrap_or_default().to_owned()))
    }
}
