//! `tunnel`: a host's API on this machine, through SSH.

use super::hosts::HostArgs;
use super::next::curl;
use super::output::print;
use super::project::Settings;
use crate::apply::show::Silent;
use crate::apply::{Host, Work, session};
use crate::engine::server::ServerName;
use crate::error::{Exit, Failure, Result, exit_code};
use crate::outside;
use crate::ssh::{Connection, Options, Target};
use crate::wire::protocol::{Event, Op};
use serde_json::Value;
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

/// A host that cannot be reached again for this long is given up.
const PATIENCE: Duration = Duration::from_secs(600);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    hosts: HostArgs,
    /// Port on this machine; the host's own by default, 0 for any that is free
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Lead to the embedding server of a plan with --rag instead
    #[arg(long)]
    embedding: bool,
    /// Lead to a server of the plan by its name, such as embed-2
    #[arg(long, value_name = "NAME", conflicts_with = "embedding")]
    server: Option<ServerName>,
}

impl Args {
    fn server(&self) -> ServerName {
        let usual = if self.embedding { ServerName::EMBEDDING } else { ServerName::CHAT };
        self.server.unwrap_or(usual)
    }
}

pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let hosts = args.hosts.hosts()?;
    let [Host::Ssh { target, options, .. }] = hosts.as_slice() else {
        return Err(Failure::usage("tunnel leads to one host")
            .hint("give one --host [user@]name[:port]; for several, start several with --port")
            .into());
    };
    let (far_host, far_port) = listens(args, &hosts[0])?;
    let wanted = args.port.unwrap_or(far_port);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(|error| {
        Failure::failed(format!("port {wanted} of this machine cannot be used: {error}"))
            .hint("name another with --port N; --port 0 takes any that is free")
    })?;
    let port = listener.local_addr()?.port();
    let mut connection = Connection::connect(target, options)?;
    print(&format!(
        "http://127.0.0.1:{port} leads to {target} until Ctrl-C\n\n{}",
        curl(port, &settings.needed(&args.hosts.only(&hosts[0])), args.server().role())
    ))?;
    loop {
        let ended = connection.forward(&listener, &far_host, far_port, &mut |error| {
            warn!("{}", outside::line(&format!("{error:#}")));
        });
        let Err(error) = ended;
        say!("{}; connecting again", outside::line(&format!("{error:#}")));
        connection = again(target, options)?;
        say!("connected again");
    }
}

/// Where the server listens on the host, whether it is ready or not.
fn listens(args: &Args, host: &Host) -> Result<(String, u16)> {
    let work = Work {
        op: Op::Status,
        agent: args.hosts.agent()?,
        files: Vec::new(),
        token: None,
        certificate: None,
    };
    let outcome = session::run(host, &work, &mut Silent)?;
    let wanted = args.server();
    let named = |value: &&Value| value["name"] == wanted.to_string();
    let server = outcome.events.iter().find_map(|event| match event {
        Event::Document { value } if wanted == ServerName::CHAT => Some(value),
        Event::Document { value } => value["servers"].as_array()?.iter().find(named),
        _ => None,
    });
    // The key would be sent to whoever that is.
    if let Some(server) = server.filter(|server| server["stranger"] == true) {
        let who = outside::line(server["health"].as_str().unwrap_or("another program has its port"));
        return Err(Failure::failed(format!("it is not our server that listens there: {who}"))
            .hint("stop that program on the host, then apply again")
            .into());
    }
    let listen = server.map(|server| &server["listen"]);
    let failure = outcome.end.failure();
    match listen.and_then(|listen| Some((listen["host"].as_str()?, listen["port"].as_u64()?))) {
        Some((host, port)) => {
            if let Some(failure) = failure {
                warn!("{}", outside::line(&failure.message));
            }
            // A server on every address listens on this one too.
            let host = if matches!(host, "0.0.0.0" | "::") { "127.0.0.1" } else { host };
            Ok((host.to_string(), u16::try_from(port)?))
        }
        None if wanted == ServerName::EMBEDDING && failure.is_none() => {
            Err(Failure::failed("this host has no embedding server")
                .hint("apply a plan with --rag; without --embedding the tunnel leads to the model")
                .into())
        }
        None if wanted != ServerName::CHAT && failure.is_none() => {
            Err(Failure::failed(format!("this host has no server {wanted}"))
                .hint("`agi-provision status` lists those that it has")
                .into())
        }
        None => Err(failure
            .unwrap_or_else(|| {
                Failure::failed("the host does not say where it listens")
                    .hint("`agi-provision status` shows what serves there")
            })
            .into()),
    }
}

/// Tries until it works, fails for good, or patience ends.
fn again(target: &Target, options: &Options) -> Result<Connection> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(500);
    loop {
        match Connection::connect(target, options) {
            Ok(connection) => return Ok(connection),
            Err(error) if exit_code(&error) != Exit::Failed || start.elapsed() > PATIENCE => {
                return Err(error.context(format!("connecting to {target} again")));
            }
            Err(_) => {}
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
