//! Prompts about a person's own work: the day's activities, and tasks.

use serde_json::json;

use super::desk::{Desk, Steps};
use super::{Argument, Prompt};
use crate::error::Result;
use crate::schema::Operation;
use crate::server::completion::Source;

const ACTIVITY: &str = "mail.activity";
const EVENT: &str = "calendar.event";
const TASK: &str = "project.task";

/// What waits for the signed-in user today.
pub(super) const MY_DAY: Prompt = Prompt {
    name: "my_day",
    title: "My day",
    description: "Your activities that are due, your meetings of today and your open tasks, in order of urgency",
    arguments: &[],
    needs: &[(ACTIVITY, Operation::Search)],
    uses: &[(EVENT, Operation::Search), (TASK, Operation::Search)],
    write: my_day,
};

fn my_day(desk: &Desk<'_>) -> Result<String> {
    let activities = desk.search(
        ACTIVITY,
        [
            json!(["user_id", "=", desk.user]),
            json!(["date_deadline", "<=", desk.today.to_string()]),
        ],
        &[
            "summary",
            "activity_type_id",
            "date_deadline",
            "res_model",
            "res_id",
            "res_name",
        ],
        "date_deadline",
    );
    let meetings = desk.search(
        EVENT,
        [
            json!(["partner_ids.user_ids", "in", [desk.user]]),
            json!(["start", "<", format!("{} 00:00:00", desk.day(2))]),
            json!(["stop", ">=", format!("{} 00:00:00", desk.today)]),
        ],
        &["name", "start", "stop", "location", "videocall_location"],
        "start",
    );
    let tasks = desk.search(
        TASK,
        [
            json!(["user_ids", "in", [desk.user]]),
            json!(["is_closed", "=", false]),
        ],
        &[
            "name",
            "project_id",
            "stage_id",
            "date_deadline",
            "priority",
        ],
        "priority desc, date_deadline",
    );
    Ok(Steps::new(desk, "Show what waits for me today.")
        .call(
            "My activities that are due",
            desk.call(ACTIVITY, &Operation::Search, activities)?,
        )
        .call(
            "My meetings of today and tomorrow",
            desk.optional_call(EVENT, &Operation::Search, meetings),
        )
        .call("My open tasks", desk.optional_call(TASK, &Operation::Search, tasks))
        .say("Show one list in order of urgency: what is late, what is due today, meetings by time, then tasks. Name the record behind each activity; odoo://<model>/<id> is its resource.")
        .say("Offer to look into the first of them. Mark nothing as done before I have said so.")
        .finish())
}

/// What is open in a project or for a person.
pub(super) const OPEN_TASKS: Prompt = Prompt {
    name: "open_tasks",
    title: "Open tasks",
    description: "Open tasks of a project or a person: what is late, what is next, what is nobody's",
    arguments: &[
        Argument {
            name: "project",
            title: "Project",
            description: "Name or id of a project; left out: all",
            is_required: false,
            source: Source::Name("project.project"),
        },
        Argument {
            name: "assignee",
            title: "Assignee",
            description: "Name or id of a user; left out: everybody",
            is_required: false,
            source: Source::Name("res.users"),
        },
    ],
    needs: &[(TASK, Operation::Search)],
    uses: &[],
    write: open_tasks,
};

fn open_tasks(desk: &Desk<'_>) -> Result<String> {
    let mut domain = vec![json!(["is_closed", "=", false])];
    domain.extend(desk.condition("project_id", "project"));
    domain.extend(desk.condition("user_ids", "assignee"));
    let fields = [
        "name",
        "project_id",
        "stage_id",
        "user_ids",
        "date_deadline",
        "priority",
        "partner_id",
    ];
    let search = desk.search(TASK, domain, &fields, "date_deadline, priority desc");
    Ok(Steps::new(desk, "Show which tasks are open and where help is needed.")
        .call("Find them", desk.call(TASK, &Operation::Search, search)?)
        .say("Show them by project and stage: task, assignees, deadline. Mark what is late, what is due within a week, and what has no assignee or no deadline.")
        .say("Name the three that need attention most and say why. Change nothing before the user has approved it.")
        .finish())
}
