//! Workspace definitions and who marked them.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, broken, containing, to_json},
};
use domain::{
    GroupId, RegistryId, Result, SessionId, Timestamp, UserId, WorkspaceId,
    icon::Icon,
    image::ImageRef,
    lifetime::Lifetime,
    list::{ListQuery, Page},
    workspace::{Definition, Link, Pin, Source, Workspace, no_image},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteExecutor, sqlite::SqliteRow};

/// They are found at the workspaces that they are of.
const NO_TRIALS: &str = " AND w.trial_of IS NULL";

/// A workspace with what one user has to do with it.
#[derive(Debug, Clone, PartialEq)]
pub struct LauncherRow {
    pub workspace: Workspace,
    pub favourite: bool,
    pub last_used_at: Option<Timestamp>,
    pub session: Option<SessionId>,
}

/// What holds a workspace to an earlier image; `None` without its columns' values.
pub(crate) fn pin(row: &SqliteRow) -> Result<Option<Pin>> {
    let id: Option<String> = row.get_or_fault("pinned_id")?;
    let revision: Option<u32> = row.get_or_fault("pinned_revision")?;
    let digest = row.get_or_fault("pinned_digest")?;
    Ok(id.map(|id| Pin { revision: revision.unwrap_or_default(), id, digest }))
}

/// Which image the workspace of a row launches, where the row names its image as `launches`.
pub(crate) fn source(row: &SqliteRow) -> Result<Option<Source>> {
    let Some(image) = row.get_or_fault::<Option<String>>("launches")? else { return Ok(None) };
    if image.is_empty() {
        // A link launches nothing.
        return Ok(None);
    }
    let image: ImageRef = image.parse().map_err(|_| broken("workspaces", "image", &image))?;
    Ok(Some(Source { image, pin: pin(row)? }))
}

pub(crate) fn workspace(row: &SqliteRow) -> Result<Workspace> {
    let image: String = row.get_or_fault("image")?;
    let icon: String = row.get_or_fault("icon")?;
    let registry: Option<String> = row.get_or_fault("registry_id")?;
    let link: String = row.get_or_fault("link")?;
    let link = match link.as_str() {
        "" => None,
        link => Some(Link::parse(link).map_err(|_| broken("workspaces", "link", link))?),
    };
    Ok(Workspace {
        id: row.id("id")?,
        definition: Definition {
            name: row.get_or_fault("name")?,
            description: row.get_or_fault("description")?,
            icon: Icon::try_from(icon).unwrap_or_default(),
            categories: row.json("categories")?,
            image: match &link {
                Some(_) => no_image(),
                None => image.parse().map_err(|_| broken("workspaces", "image", &image))?,
            },
            link,
            registry: registry.map(|id| id.parse()).transpose()?,
            contract: row.json("contract")?,
            environment: row.json("environment")?,
            launch_form: row.json("launch_form")?,
            commands: row.json("commands")?,
            cpu_millis: row.get_or_fault("cpu_millis")?,
            memory_bytes: row.get_or_fault("memory_bytes")?,
            shm_bytes: row.get_or_fault("shm_bytes")?,
            pids: row.get_or_fault("pids")?,
            sessions_limit: row.get_or_fault("sessions_limit")?,
            lifetime: row.json("lifetime")?,
            storage: row.json("storage")?,
            confinement: row.json("confinement")?,
            groups: row.json("groups")?,
            enabled: row.get_or_fault("enabled")?,
            hidden: row.get_or_fault("hidden")?,
            notes: row.get_or_fault("notes")?,
        },
        pin: pin(row)?,
        trial_of: row
            .get_or_fault::<Option<String>>("trial_of")?
            .map(|id| id.parse())
            .transpose()?,
        revision: row.get_or_fault("revision")?,
        created_at: Timestamp(row.get_or_fault("created_at")?),
        updated_at: Timestamp(row.get_or_fault("updated_at")?),
    })
}

async fn one(db: impl SqliteExecutor<'_>, id: &WorkspaceId) -> Result<Option<Workspace>> {
    let row = sqlx::query("SELECT * FROM workspaces WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .fault()?;
    row.as_ref().map(workspace).transpose()
}

/// The condition that the image which launches use is among those `present`, as SQL over `w`.
fn launchable<'a>(
    query: &'a mut QueryBuilder<Sqlite>,
    present: &str,
) -> &'a mut QueryBuilder<Sqlite> {
    // Each list is read once, not for every row.
    query.push("(coalesce(w.pinned_id, w.image_canonical) IN (SELECT value FROM json_each(");
    query.push_bind(present.to_owned());
    query.push(")) OR coalesce(w.pinned_digest, '') IN (SELECT value FROM json_each(");
    query.push_bind(present.to_owned()).push(")))")
}

fn narrow(query: &mut QueryBuilder<Sqlite>, list: &ListQuery, present: &str) {
    query.push(" WHERE 1 = 1");
    match list.state.as_str() {
        "enabled" => query.push(" AND w.enabled"),
        "disabled" => query.push(" AND NOT w.enabled"),
        "hidden" => query.push(" AND w.hidden"),
        "ready" => {
            query.push(" AND ");
            launchable(query, present)
        }
        "unavailable" => {
            query.push(" AND w.link = '' AND NOT ");
            launchable(query, present)
        }
        _ => query,
    };
    if !list.filter.is_empty() {
        query.push(" AND EXISTS (SELECT 1 FROM json_each(w.categories) WHERE value = ");
        query.push_bind(list.filter.clone()).push(" COLLATE NOCASE)");
    }
    if !list.search.is_empty() {
        let words = containing(&list.search);
        query.push(" AND (w.name LIKE ").push_bind(words.clone());
        query.push(" ESCAPE '\\' OR w.description LIKE ").push_bind(words.clone());
        query.push(" ESCAPE '\\' OR w.image LIKE ").push_bind(words.clone());
        query.push(" ESCAPE '\\' OR w.categories LIKE ").push_bind(words).push(" ESCAPE '\\')");
    }
}

impl Store {
    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>> {
        one(&self.read, id).await
    }

    /// All of them but trials, by name.
    pub async fn all_workspaces(&self) -> Result<Vec<Workspace>> {
        let rows = sqlx::query("SELECT * FROM workspaces WHERE trial_of IS NULL ORDER BY name, id")
            .fetch_all(&self.read)
            .await
            .fault()?;
        rows.iter().map(workspace).collect()
    }

    /// One page of definitions, trials left out, with the number of sessions that hold a container of
    /// each.
    ///
    /// `present` are the canonical references and the content ids of images the engine has.
    pub async fn workspaces(
        &self,
        list: &ListQuery,
        present: &[String],
    ) -> Result<Page<(Workspace, i64)>> {
        let present = to_json(&present)?;
        let mut count = QueryBuilder::<Sqlite>::new("SELECT count(*) AS n FROM workspaces w");
        narrow(&mut count, list, &present);
        count.push(NO_TRIALS);
        let total = count.build().fetch_one(&self.read).await.fault()?.get_or_fault("n")?;
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT w.*, (SELECT count(*) FROM sessions s
             WHERE s.workspace_id = w.id AND s.status <> 'deleted') AS sessions FROM workspaces w",
        );
        narrow(&mut query, list, &present);
        query.push(NO_TRIALS);
        query.push(" ORDER BY ").push(match list.sort.as_str() {
            "updated" => "w.updated_at",
            "image" => "w.image",
            "sessions" => "sessions",
            "enabled" => "w.enabled",
            _ => "w.name",
        });
        query.push(if list.descending { " DESC" } else { " ASC" });
        query.push(", w.id LIMIT ").push_bind(list.per_page);
        query.push(" OFFSET ").push_bind(list.offset());
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        let rows = rows
            .iter()
            .map(|row| Ok((workspace(row)?, row.get_or_fault("sessions")?)))
            .collect::<Result<_>>()?;
        Ok(Page { rows, total })
    }

    /// The tiles of a user who is in these groups: enabled, not hidden, and narrowed by words and
    /// category.
    ///
    /// Favourites first, then the recently used, then by name; at the most `most` of them, and how
    /// many there are in all.
    pub async fn launcher(
        &self,
        user: &UserId,
        groups: &[GroupId],
        search: &str,
        category: &str,
        most: u32,
    ) -> Result<Page<LauncherRow>> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT w.*, count(*) OVER () AS total, ");
        query.push(
            "EXISTS (SELECT 1 FROM favourites f WHERE f.workspace_id = w.id AND f.user_id = ",
        );
        query.push_bind(user.as_str()).push(") AS favourite, (SELECT max(s.launched_at) FROM sessions s WHERE s.test = 0 AND s.workspace_id = w.id AND s.owner = ");
        query.push_bind(user.as_str()).push(") AS last_used, (SELECT s.id FROM sessions s WHERE s.test = 0 AND s.workspace_id = w.id AND s.desired <> 'deleted' AND s.owner = ");
        query.push_bind(user.as_str()).push(") AS session_id FROM workspaces w");
        let list = ListQuery {
            search: search.to_owned(),
            filter: category.to_owned(),
            ..ListQuery::default()
        };
        narrow(&mut query, &list, "[]");
        query.push(" AND EXISTS (SELECT 1 FROM json_each(w.groups) WHERE value IN (SELECT value FROM json_each(");
        query.push_bind(to_json(&groups)?).push(")))");
        query.push(
            " AND w.enabled AND NOT w.hidden ORDER BY favourite DESC, last_used DESC, w.name LIMIT ",
        );
        query.push_bind(most);
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        let total = rows.first().map_or(Ok(0), |row| row.get_or_fault("total"))?;
        let rows = rows
            .iter()
            .map(|row| {
                let session: Option<String> = row.get_or_fault("session_id")?;
                Ok(LauncherRow {
                    workspace: workspace(row)?,
                    favourite: row.get_or_fault("favourite")?,
                    last_used_at: row.get_or_fault::<Option<i64>>("last_used")?.map(Timestamp),
                    session: session.map(|id| id.parse()).transpose()?,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Page { rows, total })
    }

    /// Categories of the tiles that members of these groups see, by name.
    pub async fn categories(&self, groups: &[GroupId]) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "SELECT DISTINCT c.value AS category FROM workspaces w, json_each(w.categories) c
             WHERE w.enabled AND NOT w.hidden AND EXISTS (SELECT 1 FROM json_each(w.groups) g
                 WHERE g.value IN (SELECT value FROM json_each(?)))
             ORDER BY c.value COLLATE NOCASE",
        )
        .bind(to_json(&groups)?)
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(|row| row.get_or_fault("category")).collect()
    }

    /// Canonical references of all images that workspaces name.
    pub async fn images_in_use(&self) -> Result<Vec<String>> {
        let rows = sqlx::query("SELECT DISTINCT image_canonical FROM workspaces WHERE link = ''")
            .fetch_all(&self.read)
            .await
            .fault()?;
        rows.iter().map(|row| row.try_get(0).fault()).collect()
    }
}

impl Tx {
    pub async fn workspace(&mut self, id: &WorkspaceId) -> Result<Option<Workspace>> {
        one(&mut *self.0, id).await
    }

    /// Inserts a workspace. One that comes from a preset is inserted once; tells whether it was.
    pub async fn insert_workspace(&mut self, w: &Workspace, preset: Option<&str>) -> Result<bool> {
        let done = sqlx::query(
            "INSERT INTO workspaces (id, name, description, icon, categories, image,
             image_canonical, contract, environment, cpu_millis, memory_bytes, shm_bytes, pids,
             enabled, hidden, notes, preset, trial_of, revision, created_at, updated_at)
             VALUES (?, '', '', 'box', '[]', '', '', '{}', '[]', 0, 0, 0, 0, 0, 0, '', ?, ?, ?, ?, ?)
             ON CONFLICT (preset) DO NOTHING",
        )
        .bind(w.id.as_str())
        .bind(preset)
        .bind(w.trial_of.as_ref().map(WorkspaceId::as_str))
        .bind(w.revision)
        .bind(w.created_at.0)
        .bind(w.updated_at.0)
        .execute(&mut *self.0)
        .await
        .fault()?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.save_workspace(w).await?;
        Ok(true)
    }

    pub async fn save_workspace(&mut self, w: &Workspace) -> Result<()> {
        let d = &w.definition;
        // Told apart from rules at a glance: workspaces without any are most.
        let lifetime = match d.lifetime == Lifetime::default() {
            true => "{}".to_owned(),
            false => to_json(&d.lifetime)?,
        };
        sqlx::query(
            "UPDATE workspaces SET name = ?, description = ?, icon = ?, categories = ?, image = ?,
             image_canonical = ?, link = ?, registry_id = ?, contract = ?, environment = ?,
             launch_form = ?, commands = ?, cpu_millis = ?,
             memory_bytes = ?, shm_bytes = ?, pids = ?, sessions_limit = ?, lifetime = ?, storage = ?,
             confinement = ?,
             groups = ?, enabled = ?, hidden = ?,
             notes = ?, pinned_id = ?, pinned_digest = ?, pinned_revision = ?, revision = ?,
             updated_at = ? WHERE id = ?",
        )
        .bind(&d.name)
        .bind(&d.description)
        .bind(String::from(d.icon.clone()))
        .bind(to_json(&d.categories)?)
        .bind(d.image.to_string())
        .bind(if d.link.is_some() { String::new() } else { d.image.canonical() })
        .bind(d.link.as_ref().map_or("", Link::as_str))
        .bind(d.registry.as_ref().map(RegistryId::as_str))
        .bind(to_json(&d.contract)?)
        .bind(to_json(&d.environment)?)
        .bind(to_json(&d.launch_form)?)
        .bind(to_json(&d.commands)?)
        .bind(d.cpu_millis)
        .bind(d.memory_bytes)
        .bind(d.shm_bytes)
        .bind(d.pids)
        .bind(d.sessions_limit)
        .bind(lifetime)
        .bind(to_json(&d.storage)?)
        .bind(to_json(&d.confinement)?)
        .bind(to_json(&d.groups)?)
        .bind(d.enabled)
        .bind(d.hidden)
        .bind(&d.notes)
        .bind(w.pin.as_ref().map(|pin| pin.id.as_str()))
        .bind(w.pin.as_ref().and_then(|pin| pin.digest.as_deref()))
        .bind(w.pin.as_ref().map(|pin| pin.revision))
        .bind(w.revision)
        .bind(w.updated_at.0)
        .bind(w.id.as_str())
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// The workspace made from a preset, if it was and still exists.
    pub async fn workspace_of_preset(&mut self, preset: &str) -> Result<Option<Workspace>> {
        let row = sqlx::query("SELECT * FROM workspaces WHERE preset = ?")
            .bind(preset)
            .fetch_optional(&mut *self.0)
            .await
            .fault()?;
        row.as_ref().map(workspace).transpose()
    }

    pub async fn delete_workspace(&mut self, id: &WorkspaceId) -> Result<()> {
        sqlx::query("DELETE FROM workspaces WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }

    pub async fn set_favourite(
        &mut self,
        user: &UserId,
        workspace: &WorkspaceId,
        on: bool,
    ) -> Result<()> {
        let sql = if on {
            "INSERT INTO favourites (user_id, workspace_id)
             SELECT ?1, id FROM workspaces WHERE id = ?2 ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM favourites WHERE user_id = ?1 AND workspace_id = ?2"
        };
        sqlx::query(sql)
            .bind(user.as_str())
            .bind(workspace.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(())
    }
}
