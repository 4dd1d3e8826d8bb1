//! The console: pages, server functions, and what belongs to them.

use crate::{
    config::Config,
    faces::{
        assets, audit,
        context::{self, Context, Reach, cookie_name},
        definitions, events, guard, health, hooks, icons, log,
        metrics::{self, Metrics},
        sign_in_store::SignInStore,
        terminal,
    },
    serve::Stopping,
};
use app::{App, request::Request, shell};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state, map_response},
    response::Response,
    routing::{get, post},
};
use domain::Result;
use http::{HeaderValue, header, request::Parts};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use services::{Services, StreamMode, access};
use std::sync::{Arc, LazyLock};
use tower_http::compression::{
    CompressionLayer,
    predicate::{NotForContentType, Predicate, SizeAbove},
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite};

/// The paths of all pages. Found once in a process: while Leptos looks for them, no page anywhere
/// in the process can read anything, and one that tries waits for ever.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// The console's routes with everything around them.
///
/// # Errors
/// When metrics are wanted and cannot be set up.
pub fn router(config: &Config, services: Services, stopping: Stopping) -> Result<Router> {
    let hash = assets::bundle_hash();
    let options = LeptosOptions::builder()
        .output_name("app")
        .site_root("dist")
        .site_pkg_dir(format!("pkg/{hash}"))
        .site_addr(config.listen)
        .build();
    let secure = config.is_secure();
    let sign_ins = SessionManagerLayer::new(SignInStore(services.clone()))
        .with_name(cookie_name(secure))
        .with_http_only(true)
        .with_secure(secure)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::seconds(access::LONGEST_S)));
    let context = Context {
        services: services.clone(),
        cookie: cookie_name(secure),
        reach: Arc::new(Reach::new(config)),
    };
    let frames = frames(services.streams.mode());
    let chunks = assets::chunks();

    let page = move |options: LeptosOptions| {
        provide_context(chunks.clone());
        forbid_foreign_content(&frames);
        shell(options)
    };
    let fallback = leptos_axum::file_and_error_handler_with_context::<LeptosOptions, _>(
        provide_request,
        page.clone(),
    );
    let page = {
        let options = options.clone();
        move || page(options.clone())
    };
    // The stock handler would look for files on disk; there are none, so every unknown path is the
    // console's own "not found" page.
    let pages = Router::new()
        .leptos_routes_with_context(&options, ROUTES.clone(), provide_request, page)
        .fallback(fallback)
        .with_state(options);

    let mut own = Router::new()
        .route("/events", get(events::events))
        .route("/sessions/{id}/log/follow", get(log::follow))
        .with_state(stopping)
        .route("/sessions/{id}/log/download", get(log::download))
        .route("/audit/export", get(audit::export))
        .route("/icons/{id}", get(icons::show))
        .route("/workspaces/export", get(definitions::export))
        .route("/workspaces/import/file", post(definitions::read))
        .route("/sessions/{id}/terminal", get(terminal::page))
        .route("/sessions/{id}/terminal/socket", get(terminal::socket))
        .route("/workspaces/{id}/icon", post(icons::upload));
    own = own.merge(pages);
    let mut console = own
        .layer(from_fn(guard::show_the_door))
        .layer(from_fn(guard::own_pages_only))
        .layer(from_fn_with_state(context, context::provide))
        .layer(sign_ins)
        .layer(DefaultBodyLimit::max(services::LARGEST_FORM))
        .layer(CompressionLayer::new().br(true).gzip(true).compress_when(worth_compressing()))
        .route("/pkg/{hash}/{file}", get(assets::bundle).with_state(hash))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz).with_state(services.clone()))
        .route("/hooks/{id}", post(hooks::call).with_state(services.clone()));
    for file in assets::public_files() {
        console = console.route(&format!("/{file}"), get(assets::public));
    }
    if config.metrics {
        let metrics = Metrics::install(services)?;
        console = console.route("/metrics", get(metrics::metrics).with_state(metrics));
    }
    Ok(console.layer(map_response(move |response| plain_headers(response, secure))))
}

/// The event stream must not be held back by a compressor, and small answers gain nothing.
fn worth_compressing() -> impl Predicate {
    SizeAbove::new(512)
        .and(NotForContentType::new("text/event-stream"))
        .and(NotForContentType::IMAGES)
}

/// Gives pages and server functions the request that the middleware understood.
fn provide_request() {
    let request =
        use_context::<Parts>().and_then(|parts| parts.extensions.get::<Request>().cloned());
    if let Some(request) = request {
        provide_context(request);
    }
}

/// Which origins the session page may frame.
fn frames(mode: &StreamMode) -> Frames {
    match mode {
        StreamMode::ByPort { .. } => Frames::Ports,
        StreamMode::ByHost { domain } => Frames::Below(domain.clone()),
    }
}

#[derive(Clone)]
enum Frames {
    Ports,
    Below(String),
}

/// The content security policy of a page: its own scripts by nonce, frames from session origins.
fn forbid_foreign_content(frames: &Frames) {
    let (Some(options), Some(nonce), Some(request)) =
        (use_context::<ResponseOptions>(), leptos::nonce::use_nonce(), use_context::<Request>())
    else {
        return;
    };
    let origin = &request.origin;
    let frames = match frames {
        Frames::Ports => format!("{}://{}:*", origin.scheme, origin.host),
        Frames::Below(domain) => {
            let port = origin.port.map(|p| format!(":{p}")).unwrap_or_default();
            format!("{}://*.{domain}{port}", origin.scheme)
        }
    };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src {frames}; \
         object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, value);
    }
}

/// Headers that every answer of the console has.
async fn plain_headers(mut response: Response, secure: bool) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "same-origin");
    set("x-frame-options", "DENY");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
    set("cache-control", "no-store");
    if secure {
        set("strict-transport-security", "max-age=31536000");
    }
    response
}
