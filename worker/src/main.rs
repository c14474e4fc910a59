//! `booking-worker`: the courier between the database and Twilio, Google Calendar and Vapi.

use std::process::ExitCode;

use booking_worker::{command, config, logs};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match config::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    logs::start(cli.options.log_format);
    match command::run(cli).await {
        Ok(status) => status,
        Err(error) => {
            eprintln!("booking-worker: {error}");
            ExitCode::FAILURE
        }
    }
}
