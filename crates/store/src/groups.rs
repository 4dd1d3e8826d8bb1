//! Groups, who is in them, and what they may launch.

use crate::{
    Store, Tx,
    fault::{Columns, Fault, containing, to_json},
};
use domain::{
    Error, GroupId, Result, Timestamp, UserId, WorkspaceId,
    group::{ADMINISTRATORS, EVERYBODY, Group, GroupRow},
    list::{ListQuery, Page},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteExecutor, sqlite::SqliteRow};
use std::collections::HashMap;

fn group(row: &SqliteRow) -> Result<Group> {
    Ok(Group {
        id: row.id("id")?,
        name: row.get_or_fault("name")?,
        description: row.get_or_fault("description")?,
        priority: row.get_or_fault("priority")?,
        settings: row.json("settings")?,
        revision: row.get_or_fault("revision")?,
        created_at: Timestamp(row.get_or_fault("created_at")?),
        updated_at: Timestamp(row.get_or_fault("updated_at")?),
    })
}

fn taken(group: &Group) -> Error {
    Error::at("name", format!("There is already a group named “{}”.", group.name))
}

async fn one(db: impl SqliteExecutor<'_>, id: &GroupId) -> Result<Option<Group>> {
    let row = sqlx::query("SELECT * FROM groups WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .fault()?;
    row.as_ref().map(group).transpose()
}

impl Store {
    /// All of them, and who was put into which.
    pub async fn groups(&self) -> Result<(Vec<Group>, HashMap<UserId, Vec<GroupId>>)> {
        let rows = sqlx::query("SELECT * FROM groups").fetch_all(&self.read).await.fault()?;
        let groups = rows.iter().map(group).collect::<Result<_>>()?;
        let rows = sqlx::query("SELECT group_id, user_id FROM group_members")
            .fetch_all(&self.read)
            .await
            .fault()?;
        let mut members: HashMap<UserId, Vec<GroupId>> = HashMap::new();
        for row in &rows {
            members.entry(row.id("user_id")?).or_default().push(row.id("group_id")?);
        }
        Ok((groups, members))
    }

    pub async fn group(&self, id: &GroupId) -> Result<Option<Group>> {
        one(&self.read, id).await
    }

    /// One page of groups, with how many are in each and how much they may launch.
    pub async fn list_groups(&self, list: &ListQuery) -> Result<Page<GroupRow>> {
        let narrow = |query: &mut QueryBuilder<Sqlite>| {
            query.push(" WHERE 1 = 1");
            if !list.search.is_empty() {
                let words = containing(&list.search);
                query.push(" AND (g.name LIKE ").push_bind(words.clone());
                query.push(" ESCAPE '\\' OR g.description LIKE ").push_bind(words);
                query.push(" ESCAPE '\\')");
            }
        };
        let mut count = QueryBuilder::<Sqlite>::new("SELECT count(*) AS n FROM groups g");
        narrow(&mut count);
        let total = count.build().fetch_one(&self.read).await.fault()?.get_or_fault("n")?;
        let mut query = QueryBuilder::<Sqlite>::new("SELECT g.*, CASE g.id WHEN ");
        query.push_bind(EVERYBODY).push(" THEN (SELECT count(*) FROM users) WHEN ");
        query.push_bind(ADMINISTRATORS).push(
            " THEN (SELECT count(*) FROM users WHERE role = 'administrator')
             ELSE (SELECT count(*) FROM group_members m WHERE m.group_id = g.id) END AS members,
             (SELECT count(*) FROM workspaces w, json_each(w.groups) j
              WHERE j.value = g.id AND w.trial_of IS NULL) AS workspaces FROM groups g",
        );
        narrow(&mut query);
        query.push(" ORDER BY ").push(match list.sort.as_str() {
            "name" => "g.name",
            "members" => "members",
            "workspaces" => "workspaces",
            _ => "g.priority",
        });
        query.push(if list.descending { " DESC" } else { " ASC" });
        query.push(", g.name LIMIT ").push_bind(list.per_page);
        query.push(" OFFSET ").push_bind(list.offset());
        let rows = query.build().fetch_all(&self.read).await.fault()?;
        let rows = rows
            .iter()
            .map(|row| {
                Ok(GroupRow {
                    group: group(row)?,
                    members: row.get_or_fault("members")?,
                    workspaces: row.get_or_fault("workspaces")?,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Page { rows, total })
    }

    /// Names of those who were put into a group.
    pub async fn members(&self, id: &GroupId) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "SELECT u.name FROM group_members m JOIN users u ON u.id = m.user_id
             WHERE m.group_id = ? ORDER BY u.name",
        )
        .bind(id.as_str())
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(|row| row.try_get(0).fault()).collect()
    }

    /// Every workspace by name, trials left out, and whether the group's members may launch it.
    pub async fn workspaces_of_group(
        &self,
        id: &GroupId,
    ) -> Result<Vec<(WorkspaceId, String, bool)>> {
        let rows = sqlx::query(
            "SELECT w.id, w.name, EXISTS (SELECT 1 FROM json_each(w.groups) WHERE value = ?) AS own
             FROM workspaces w WHERE w.trial_of IS NULL ORDER BY w.name",
        )
        .bind(id.as_str())
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter()
            .map(|row| Ok((row.id("id")?, row.get_or_fault("name")?, row.get_or_fault("own")?)))
            .collect()
    }

    /// Names of the workspaces that only this group may launch.
    pub async fn workspaces_only_of(&self, id: &GroupId) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "SELECT name FROM workspaces w WHERE json_array_length(w.groups) = 1
             AND json_extract(w.groups, '$[0]') = ? ORDER BY name",
        )
        .bind(id.as_str())
        .fetch_all(&self.read)
        .await
        .fault()?;
        rows.iter().map(|row| row.try_get(0).fault()).collect()
    }
}

impl Tx {
    pub async fn group(&mut self, id: &GroupId) -> Result<Option<Group>> {
        one(&mut *self.0, id).await
    }

    /// # Errors
    /// `Invalid` at `name` when the name is taken.
    pub async fn insert_group(&mut self, new: &Group) -> Result<()> {
        sqlx::query(
            "INSERT INTO groups
             (id, name, description, priority, settings, revision, created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(new.id.as_str())
        .bind(&new.name)
        .bind(&new.description)
        .bind(new.priority)
        .bind(to_json(&new.settings)?)
        .bind(new.revision)
        .bind(new.created_at.0)
        .bind(new.updated_at.0)
        .execute(&mut *self.0)
        .await
        .unless_taken("groups.name", || taken(new))?;
        Ok(())
    }

    /// # Errors
    /// `Invalid` at `name` when the name is taken.
    pub async fn save_group(&mut self, changed: &Group) -> Result<()> {
        sqlx::query(
            "UPDATE groups SET name = ?, description = ?, priority = ?, settings = ?,
             revision = ?, updated_at = ? WHERE id = ?",
        )
        .bind(&changed.name)
        .bind(&changed.description)
        .bind(changed.priority)
        .bind(to_json(&changed.settings)?)
        .bind(changed.revision)
        .bind(changed.updated_at.0)
        .bind(changed.id.as_str())
        .execute(&mut *self.0)
        .await
        .unless_taken("groups.name", || taken(changed))?;
        Ok(())
    }

    /// Makes these the members of a group; returns the names that are no user's.
    pub async fn set_members(&mut self, id: &GroupId, names: &[String]) -> Result<Vec<String>> {
        sqlx::query("DELETE FROM group_members WHERE group_id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        let mut unknown = Vec::new();
        for name in names {
            let done = sqlx::query(
                "INSERT INTO group_members (group_id, user_id) SELECT ?, id FROM users WHERE name = ?",
            )
            .bind(id.as_str())
            .bind(name)
            .execute(&mut *self.0)
            .await
            .fault()?;
            if done.rows_affected() == 0 {
                unknown.push(name.clone());
            }
        }
        Ok(unknown)
    }

    /// Lets a group's members launch these workspaces and no others; who tries what is left alone.
    /// Those that change are counted as changed, so that an open form does not undo it unseen.
    pub async fn set_workspaces_of_group(
        &mut self,
        id: &GroupId,
        workspaces: &[String],
    ) -> Result<()> {
        let ids = to_json(&workspaces)?;
        sqlx::query(
            "UPDATE workspaces SET revision = revision + 1, groups =
               (SELECT json_group_array(value) FROM json_each(groups) WHERE value <> ?1)
             WHERE trial_of IS NULL AND id NOT IN (SELECT value FROM json_each(?2))
             AND EXISTS (SELECT 1 FROM json_each(groups) WHERE value = ?1)",
        )
        .bind(id.as_str())
        .bind(&ids)
        .execute(&mut *self.0)
        .await
        .fault()?;
        sqlx::query(
            "UPDATE workspaces SET revision = revision + 1, groups = json_insert(groups, '$[#]', ?1)
             WHERE trial_of IS NULL AND id IN (SELECT value FROM json_each(?2))
             AND NOT EXISTS (SELECT 1 FROM json_each(groups) WHERE value = ?1)",
        )
        .bind(id.as_str())
        .bind(&ids)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Counts groups as changed, because what their members may launch has.
    pub async fn touch_groups<'a>(
        &mut self,
        ids: impl IntoIterator<Item = &'a GroupId>,
    ) -> Result<()> {
        let ids: Vec<&str> = ids.into_iter().map(GroupId::as_str).collect();
        sqlx::query(
            "UPDATE groups SET revision = revision + 1
             WHERE id IN (SELECT value FROM json_each(?))",
        )
        .bind(to_json(&ids)?)
        .execute(&mut *self.0)
        .await
        .fault()?;
        Ok(())
    }

    /// Whether there was one.
    pub async fn delete_group(&mut self, id: &GroupId) -> Result<bool> {
        let done = sqlx::query("DELETE FROM groups WHERE id = ?")
            .bind(id.as_str())
            .execute(&mut *self.0)
            .await
            .fault()?;
        Ok(done.rows_affected() > 0)
    }
}
