//! What every engine must do: one suite, run against the engine in memory and against a real one.
//!
//! The real one is at `SLIPWAY_TEST_ENGINE` (for example `unix:///var/run/docker.sock`; without it
//! that half is skipped and says so) and must have `SLIPWAY_TEST_IMAGE`, `debian:bookworm-slim`
//! unless set. Everything made carries a label of its own and is removed, also after a failure.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed expectation ends a test, also in a helper; the lint only knows the tests"
)]

mod commit;
mod confinement;
mod events;
mod giving;
mod images;
mod inside;
mod leaving;
mod lifecycle;
mod networks;
mod reading;
mod real;
mod registry;
mod terminals;
mod unreachable;
mod volumes;
mod world;

/// Runs each behaviour against both engines.
macro_rules! contract {
    ($($area:ident::$behaviour:ident)*) => {
        mod memory {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    crate::$area::$behaviour(&crate::world::World::memory()).await;
                }
            )*
        }
        mod docker {
            $(
                #[tokio::test]
                async fn $behaviour() {
                    if let Some(world) = crate::world::World::real() {
                        crate::$area::$behaviour(&world).await;
                    }
                }
            )*
        }
    };
}

contract! {
    lifecycle::a_container_is_made_started_paused_resumed_stopped_and_removed
    lifecycle::everything_may_be_asked_twice
    lifecycle::what_is_missing_is_not_found_except_where_that_is_the_aim
    lifecycle::making_it_again_keeps_the_container_there_is
    lifecycle::a_name_taken_by_another_installation_is_refused
    lifecycle::a_paused_container_can_be_stopped
    lifecycle::a_paused_container_can_be_removed
    lifecycle::starting_a_paused_container_resumes_it
    lifecycle::what_does_not_run_cannot_be_paused
    lifecycle::an_image_that_is_missing_is_not_found
    lifecycle::two_installations_do_not_see_each_other
    networks::a_network_is_made_once_and_removed_once
    networks::overlapping_subnets_are_a_conflict
    networks::a_network_in_use_is_not_removed
    networks::a_container_does_not_start_without_its_network
    networks::a_container_starts_again_on_a_network_made_anew
    networks::two_requests_at_once_make_one_network
    events::what_happens_to_a_session_is_told_with_its_id
    events::what_happens_elsewhere_is_not_told
    events::nothing_is_missed_between_asking_and_reading
    reading::a_running_container_can_be_measured
    reading::what_does_not_run_has_no_measure
    inside::a_log_is_read_line_by_line_from_and_to_a_moment
    inside::a_followed_log_goes_on_until_the_container_ends
    inside::processes_are_listed_while_it_runs
    inside::changed_files_are_listed_and_looked_at_unread
    inside::what_is_missing_has_no_inside
    giving::files_are_there_from_the_first_start
    giving::a_command_says_how_it_ended_and_what_it_wrote
    giving::a_command_is_ended_when_its_time_is_up
    giving::nothing_is_run_where_nothing_runs
    images::images_are_listed_and_found_by_tag_and_id
    images::an_image_gets_more_names_and_loses_them
    images::an_image_says_what_it_is_and_how_much_room_it_takes
    images::the_engine_describes_itself
    volumes::a_volume_stays_when_its_container_goes
    confinement::a_container_is_put_on_further_networks_and_reached_on_its_own
    confinement::a_directory_of_the_host_must_be_there
    confinement::a_volume_is_given_an_owner
    confinement::graphics_processors_are_refused_without_a_driver
    commit::a_container_becomes_an_image_and_goes_on
    commit::what_is_not_there_cannot_be_pushed
    terminals::a_shell_obeys_and_knows_its_size
    terminals::shells_of_one_container_are_apart
    terminals::a_shell_ends_with_its_container
    terminals::what_does_not_run_has_no_shell
}
