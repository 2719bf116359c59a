use super::NONE;
use crate::ids::*;
use crate::oracle::forge::Forge;
use crate::protocol::{Api, ErrorCode};
use crate::trace::Kind;

const SENT: Kind = Kind::RequestSent {
    api: Api::Heartbeat,
    request: CorrelationId(7),
    group: GroupId::EMPTY,
    member: MemberId::EMPTY,
    generation: Generation::NONE,
};
const SEEN: Kind = Kind::RequestReplySeen { api: Api::Heartbeat, request: CorrelationId(7), code: ErrorCode::None };
const LOST: Kind = Kind::RequestLost { api: Api::Heartbeat, request: CorrelationId(7) };

#[test]
fn o13_a_request_that_ends_twice_or_never_began_is_a_bug_of_groupsim() {
    for kinds in [&[SENT, SEEN, LOST][..], &[SEEN], &[SENT, SENT]] {
        let mut forge = Forge::running();
        for &kind in kinds {
            forge.by(0, kind);
        }
        assert_eq!(forge.end(3_000).wrong(), vec!["O13"], "{kinds:?}");
    }
}

#[test]
fn o13_each_request_with_one_end_or_still_open_is_silent() {
    let mut forge = Forge::running();
    for kind in [SENT, SEEN, SENT, LOST, SENT] {
        forge.by(0, kind);
    }
    assert_eq!(forge.end(3_000).wrong(), NONE);
}

#[test]
fn o13_nothing_comes_from_a_crashed_or_frozen_process() {
    for last in [Kind::Crash {}, Kind::Closed {}, Kind::Pause {}] {
        let mut forge = Forge::running();
        forge.at(2_000).by(0, last).at(2_001).by(0, Kind::Poll {});
        assert_eq!(forge.end(3_000).wrong(), vec!["O13"], "{last:?}");
    }
}

#[test]
fn o13_an_old_incarnation_does_nothing() {
    let mut forge = Forge::running();
    forge.at(2_000).crash(0).at(2_500).start(0).emit(Forge::actor(0), 1, Kind::Poll {});
    assert_eq!(forge.end(3_000).wrong(), vec!["O13"]);
}

#[test]
fn o13_a_process_may_go_on_after_a_pause_and_come_back_after_a_crash() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 4, 100).at(2_100).done(0, 0, 0, 1).by(0, Kind::Pause {}).at(2_500);
    forge.by(0, Kind::Resume {}).by(0, Kind::Poll {}).crash(0).done(0, 0, 1, 2).at(3_000).start(0).by(0, Kind::Poll {});
    assert_eq!(forge.end(4_000).wrong(), NONE);
}
