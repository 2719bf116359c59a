//! Short names (m1, m2, ...) for the member ids that a coordinator makes up, given by the rule of the harness.

use std::collections::HashMap;

#[derive(Default)]
pub struct MemberNames {
    name_by_id: HashMap<String, String>,
    id_by_name: HashMap<String, String>,
    /// Ids that callers made up and that were passed on as they are.
    foreign: HashMap<String, ()>,
}

impl MemberNames {
    /// The name of an id in an answer; the first sight of a made-up id names it.
    pub fn name_of(&mut self, id: &str) -> String {
        if let Some(name) = self.name_by_id.get(id) {
            return name.clone();
        }
        if id.is_empty() || self.foreign.contains_key(id) {
            return id.to_owned();
        }
        let name = format!("m{}", self.name_by_id.len() + 1);
        self.name_by_id.insert(id.to_owned(), name.clone());
        self.id_by_name.insert(name.clone(), id.to_owned());
        name
    }

    /// The id behind a name in a request.
    pub fn id_of(&mut self, name: &str) -> String {
        if let Some(id) = self.id_by_name.get(name) {
            return id.clone();
        }
        self.foreign.insert(name.to_owned(), ());
        name.to_owned()
    }
}
