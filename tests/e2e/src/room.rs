//! Rooms, as the one who goes from one to the other sees them.

use crate::{
    page::Page,
    wait::{SOON, until},
};
use serde_json::json;

impl Page {
    /// Makes a room and waits until it is open.
    pub async fn make_room(&self, name: &str, about: &str) {
        self.click("#new_room_btn").await;
        self.find("#room_name_str").await;
        self.clear("#room_name_str").await;
        self.insert(name).await;
        self.clear("#room_about_str").await;
        self.insert(about).await;
        self.click("#room_form_btn").await;
        self.is_in(name).await;
    }

    /// Looks for a room of the house and joins it.
    pub async fn join_room(&self, name: &str) {
        self.click("#browse_btn").await;
        self.find("#find_str").await;
        self.clear("#find_str").await;
        self.insert(name).await;
        let only = "#found_rooms li:only-child";
        until(&format!("only {name} to be found by {}", self.name()), SOON, async || {
            let found = self.text(&format!("{only} b")).await;
            if found.as_deref() == Some(&format!("#{name}")) { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
        self.click(&format!("{only} button")).await;
        self.is_in(name).await;
    }

    /// Opens a room by the rail, which is behind the menu on a phone.
    pub async fn open_room(&self, name: &str) {
        let script = "const room = [...document.querySelectorAll('.room_list a')]
            .find((it) => it.querySelector('.room_name').textContent === arguments[0]);
            const open = document.querySelector('#menu_btn');
            if (!room && open && !document.querySelector('dialog[open]')) open.click();
            room?.click(); return Boolean(room)";
        until(&format!("{name} in {}'s rail", self.name()), SOON, async || {
            if self.run::<bool>(script, vec![json!(name)]).await { Ok(()) } else { Err("no such room") }
        })
        .await;
        self.is_in(name).await;
    }

    /// Leaves the open room.
    pub async fn leave_room(&self) {
        self.click("#room_btn").await;
        self.click("#leave_btn").await;
        self.click("#leave_yes").await;
    }

    /// Waits until this room is open, and no dialog before it.
    pub async fn is_in(&self, name: &str) {
        until(&format!("{} to be in {name}", self.name()), SOON, async || {
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

    /// Waits until the rail tells so many new messages of a room; none: no number.
    pub async fn shows_unseen(&self, room: &str, many: Option<u32>) {
        let script = "const room = [...document.querySelectorAll('.room_list a')]
            .find((it) => it.querySelector('.room_name').textContent === arguments[0]);
            return room?.querySelector('.count [aria-hidden]')?.textContent ?? null";
        until(&format!("{many:?} at {room} in {}", self.name()), SOON, async || {
            let shown: Option<String> = self.run(script, vec![json!(room)]).await;
            if shown == many.map(|many| many.to_string()) { Ok(()) } else { Err(format!("{shown:?}")) }
        })
        .await;
    }

    /// Waits until the page tells that so many people are here, away or not.
    pub async fn shows_people(&self, many: usize) {
        until(&format!("{many} to be here in {}", self.name()), SOON, async || {
            let names = self.count(".people_list .name").await;
            if names == many { Ok(()) } else { Err(names) }
        })
        .await;
    }

    /// The path of the page's address.
    pub async fn path(&self) -> String {
        self.run("return location.pathname", vec![]).await
    }
}
