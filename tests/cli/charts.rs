//! `groupsim chart`: what cannot be drawn.

use super::{GOOD, Place};

#[test]
fn charts_of_what_is_not_there_are_refused() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    for (args, why) in [
        (["--members", "billing-1,nobody"], "no member `nobody`"),
        (["--group", "audit"], "no group `audit`"),
        (["--around", "e999999"], "no event e999999"),
        (["--from", "40s"], "nothing to draw"),
    ] {
        let run = place.groupsim(&["chart", "good.toml", "-o", "x.svg", args[0], args[1]]).exits(2);
        assert!(run.err.contains(why), "{}", run.err);
    }
    assert_eq!(place.entries(), ["good.toml"]);
}
