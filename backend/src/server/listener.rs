//! Serves an app on listeners, as actix-web's own server does, but over [`ServerSocket`]s.

use crate::connection::address_limits::AddressLimits;
use crate::connection::deadlines::Deadlines;
use crate::connection::server_socket::ServerSocket;
use crate::limits::{DISPATCHER_BYTES_MAX, LINGER, SHUTDOWN, UNACKNOWLEDGED};
use crate::metrics::{refusal_reason::RefusalReason, worker_counts::count_refusal};
use actix_http::{HttpServiceBuilder, KeepAlive, Request, body::BoxBody, error::DispatchError};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_web::{Error, HttpResponse, body::MessageBody, dev::AppConfig, rt::net::TcpStream};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

/// The workers of one server.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// Number of workers, each with a thread of its own.
    pub count: usize,
    /// Connections of each worker.
    pub connections_max: usize,
}

/// Serves the apps that `app` makes. Each worker calls it once for each listener, on its own thread. The
/// direct writer, the request cycle and the read-ahead of a connection are in its requests' `conn_data`, and the guard
/// of its IP address if there are `limits`.
///
/// # Errors
///
/// A listener failed.
pub fn serve<F, I, S, B>(
    listeners: Vec<TcpListener>,
    Workers { count: workers, connections_max }: Workers,
    deadlines: Deadlines,
    limits: Option<Arc<AddressLimits>>,
    app: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<actix_http::Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let mut builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(connections_max)
        .disable_signals()
        .shutdown_timeout(SHUTDOWN.as_secs() / 2);
    let ending = builder.graceful_shutdown_signal();
    let service = move || {
        let ending = ending.clone();
        let app = app().into_factory().map_err(|error| HttpResponse::from_error(error.into()));
        let http = http_service()
            .graceful_shutdown_signal(move || {
                let ending = ending.clone();
                async move { ending.notified().await }
            })
            .on_connect_ext(|socket: &ServerSocket, data| {
                data.insert(socket.direct_writer());
                data.insert(socket.request_cycle());
                data.insert(socket.read_ahead());
                if let Some(guard) = socket.address_guard() {
                    data.insert(guard);
                }
            })
            // The app does not read this configuration: the server's own settings hold its address.
            .h1(map_config(app, |()| AppConfig::default()));
        let limits = limits.clone();
        fn_service(move |stream: TcpStream| {
            let accepted = accept(stream, deadlines, limits.as_ref());
            async move { accepted.map_err(DispatchError::Io) }
        })
        .and_then(http.map_err(|error| {
            if let DispatchError::Parse(_) = error {
                count_refusal(RefusalReason::Malformed);
            }
            error
        }))
    };
    for listener in listeners {
        builder = builder.listen("teahouse", listener, service.clone())?;
    }
    Ok(builder.run())
}

/// The settings of actix-http for every connection.
pub(crate) fn http_service<T, S>() -> HttpServiceBuilder<T, S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Error: Into<actix_http::Response<BoxBody>> + 'static,
    S::InitError: std::fmt::Debug,
    <S::Service as Service<Request>>::Future: 'static,
{
    HttpServiceBuilder::default()
        // The socket has the deadlines of heads and idle connections: actix-http has none for a second head.
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER)
        .h1_write_buffer_size(DISPATCHER_BYTES_MAX)
        .h1_allow_half_closed(false)
}

type Accepted = (ServerSocket, Option<SocketAddr>);

/// Makes the socket of a new connection. An error ends it.
fn accept(
    stream: TcpStream,
    deadlines: Deadlines,
    limits: Option<&Arc<AddressLimits>>,
) -> io::Result<Accepted> {
    let peer = stream.peer_addr()?;
    set_up(&stream)?;
    let guard = match limits {
        Some(limits) => Some(limits.accept(peer.ip()).ok_or(io::ErrorKind::ConnectionRefused)?),
        None => None,
    };
    Ok((ServerSocket::new(stream, deadlines, guard.map(Rc::new)), Some(peer)))
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // The kernel cuts off a peer that stops reading (RFC 5482): while actix-http's buffer is full, its
    // dispatcher never polls the body again, so `connection/slow_reader.rs` has nothing to judge. If this
    // option fails, the connection still works, and ends later.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = UNACKNOWLEDGED;
    Ok(())
}
