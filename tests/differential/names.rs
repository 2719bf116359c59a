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

    /// What a caller calls an id: by its name, or as it is if the id is of the caller's own making.
    pub fn sent(&mut self, id: &str) -> String {
        if let Some(name) = self.name_by_id.get(id) {
            return name.clone();
        }
        self.foreign.insert(id.to_owned(), ());
        id.to_owned()
    }

    /// Whether this id needs no name any more.
    pub fn is_named(&self, id: &str) -> bool {
        id.is_empty() || self.name_by_id.contains_key(id) || self.foreign.contains_key(id)
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

#[test]
fn ids_get_names_and_names_give_ids() {
    let mut names = MemberNames::default();
    assert_eq!((names.sent("mine"), names.name_of("mine")), ("mine".to_owned(), "mine".to_owned()));
    assert!(!names.is_named("a-1"));
    assert_eq!((names.name_of("a-1"), names.name_of("b-2")), ("m1".to_owned(), "m2".to_owned()));
    assert!(names.is_named("a-1"));
    assert_eq!(
        (names.sent("b-2"), names.id_of("m2"), names.id_of("m3")),
        ("m2".to_owned(), "b-2".to_owned(), "m3".to_owned())
    );
}
