//! Rooms of the chat page: creating, finding, opening and leaving them.

use crate::{
    page::Page,
    wait::{TIMEOUT, until},
};
use serde_json::json;

impl Page {
    /// Creates a room and waits until it is open.
    pub async fn create_room(&self, name: &str, about: &str) {
        self.click("#new_room_btn").await;
        self.find("#room_name_str").await;
        self.clear("#room_name_str").await;
        self.insert(name).await;
        self.clear("#room_about_str").await;
        self.insert(about).await;
        self.click("#room_form_btn").await;
        self.expect_room(name).await;
    }

    /// Finds a room in the room directory and joins it.
    pub async fn join_room(&self, name: &str) {
        self.click("#directory_btn").await;
        self.find("#find_str").await;
        self.clear("#find_str").await;
        self.insert(name).await;
        let only = "#directory_rooms li:only-child";
        until(&format!("only {name} to be found by {}", self.name()), TIMEOUT, async || {
            let found = self.text(&format!("{only} b")).await;
            if found.as_deref() == Some(&format!("#{name}")) { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
        self.click(&format!("{only} button")).await;
        self.expect_room(name).await;
    }

    /// Opens a room from the sidebar, which is behind the menu on a phone.
    pub async fn open_room(&self, name: &str) {
        let script = "const room = [...document.querySelectorAll('.room_list a')]
            .find((it) => it.querySelector('.room_name').textContent === arguments[0]);
            const open = document.querySelector('#menu_btn');
            if (!room && open && !document.querySelector('dialog[open]')) open.click();
            room?.click(); return Boolean(room)";
        until(&format!("{name} in {}'s sidebar", self.name()), TIMEOUT, async || {
            if self.execute::<bool>(script, vec![json!(name)]).await { Ok(()) } else { Err("no such room") }
        })
        .await;
        self.expect_room(name).await;
    }

    /// Leaves the open room.
    pub async fn leave_room(&self) {
        self.click("#room_btn").await;
        self.click("#leave_btn").await;
        self.click("#leave_yes").await;
    }

    /// Waits until this room is open and no dialog covers it.
    pub async fn expect_room(&self, name: &str) {
        until(&format!("{} to be in {name}", self.name()), TIMEOUT, async || {
            let open = self.text(".header h1 .room_name").await;
            let dialogs = self.count("dialog[open]").await;
            if open.as_deref() == Some(name) && dialogs == 0 {
                Ok(())
            } else {
                Err(format!("{open:?}, {dialogs}"))
            }
        })
        .await;
    }

    /// Waits until the sidebar shows this number of unread messages of a room. `None` means no number.
    pub async fn expect_unread(&self, room: &str, count: Option<u32>) {
        let script = "const room = [...document.querySelectorAll('.room_list a')]
            .find((it) => it.querySelector('.room_name').textContent === arguments[0]);
            return room?.querySelector('.count [aria-hidden]')?.textContent ?? null";
        until(&format!("{count:?} at {room} in {}", self.name()), TIMEOUT, async || {
            let number: Option<String> = self.execute(script, vec![json!(room)]).await;
            if number == count.map(|count| count.to_string()) { Ok(()) } else { Err(format!("{number:?}")) }
        })
        .await;
    }

    /// Waits until the page lists this number of people, here or away.
    pub async fn expect_people_count(&self, count: usize) {
        until(&format!("{count} to be here in {}", self.name()), TIMEOUT, async || {
            let names = self.count(".people_list .name").await;
            if names == count { Ok(()) } else { Err(names) }
        })
        .await;
    }

    /// Returns the path of the page's URL.
    pub async fn path(&self) -> String {
        self.execute("return location.pathname", vec![]).await
    }
}
