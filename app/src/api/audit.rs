//! The audit log, for those who may see it.

use crate::refusal::Refusal;
use domain::{
    audit::AuditLine,
    list::{ListQuery, Page},
};
use leptos::{prelude::*, server_fn::codec::Json};

#[server(prefix = "/fn", endpoint = "list_audit", input = Json)]
pub async fn list_audit(query: ListQuery) -> Result<Page<AuditLine>, Refusal> {
    super::signed_in(
        |request, actor| async move { request.services.audit.page(&actor, &query).await },
    )
    .await
}
