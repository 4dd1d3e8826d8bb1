//! `/metrics` in Prometheus' text format; served only when switched on.

use crate::faces::unusable;
use axum::{extract::State, response::IntoResponse};
use domain::Result;
use http::header;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use services::Services;

#[derive(Clone)]
pub(crate) struct Metrics {
    services: Services,
    handle: PrometheusHandle,
}

impl Metrics {
    pub(crate) fn install(services: Services) -> Result<Self> {
        let handle = PrometheusBuilder::new()
            .install_recorder()
            .map_err(|error| unusable("metrics recorder", &error))?;
        metrics::describe_gauge!("slipway_sessions", "Sessions by state");
        metrics::describe_gauge!("slipway_streams_open", "Upgraded streams through the proxy");
        metrics::describe_counter!("slipway_proxy_requests_total", "Requests to session origins");
        Ok(Self { services, handle })
    }
}

pub(crate) async fn metrics(State(metrics): State<Metrics>) -> impl IntoResponse {
    if let Ok(counts) = metrics.services.session_counts().await {
        for (state, count) in counts {
            metrics::gauge!("slipway_sessions", "state" => state.as_str()).set(count as f64);
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.handle.render())
}
