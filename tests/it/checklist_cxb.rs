//! The checklist of the CXB API (issue 4): lines and the tests that show them, in the form of [`crate::checklist`]. A line stands here once
//! a test shows it.

use std::collections::BTreeSet;

use crate::checklist::known;

#[rustfmt::skip]
const TABLE: &[(&str, &[&str])] = &[
    // M. Results of calls, what is left of them, and the engine's outbox
    ("218", &["it/call_results::only_the_internal_secret_opens_it_and_it_is_asked_for_first"]),
    ("219", &["it/call_results::only_the_internal_secret_opens_it_and_it_is_asked_for_first"]),
    ("220", &["it/call_results::only_the_internal_secret_opens_it_and_it_is_asked_for_first"]),
    ("221", &["it/call_results::what_does_not_fit_is_422_names_the_field_and_stores_nothing", "features/calls/tests::what_does_not_fit_is_refused_by_field_and_nothing_is_stored"]),
    ("222", &["it/call_results::absent_and_null_fields_change_nothing_and_a_repeat_neither"]),
    ("223", &["features/calls/tests::an_unknown_session_becomes_a_call_and_a_repeat_changes_nothing", "it/call_results::all_documented_fields_are_stored_as_sent_and_unknown_ones_are_not"]),
    ("224", &["it/call_results::absent_and_null_fields_change_nothing_and_a_repeat_neither"]),
    ("225", &["it/call_results::absent_and_null_fields_change_nothing_and_a_repeat_neither"]),
    ("226", &["features/calls/tests::absent_and_null_fields_leave_the_skeleton_alone", "it/call_results::absent_and_null_fields_change_nothing_and_a_repeat_neither"]),
    ("227", &["features/calls/tests::absent_and_null_fields_leave_the_skeleton_alone"]),
    ("228", &["it/call_results::every_way_to_end_gives_its_status_and_the_moment_is_kept"]),
    ("229", &["it/call_results::every_way_to_end_gives_its_status_and_the_moment_is_kept"]),
    ("230", &["it/call_results::every_way_to_end_gives_its_status_and_the_moment_is_kept"]),
    ("231", &["it/call_results::every_way_to_end_gives_its_status_and_the_moment_is_kept"]),
    ("232", &["it/call_results::every_way_to_end_gives_its_status_and_the_moment_is_kept"]),
    ("233", &["it/call_results::every_way_to_end_gives_its_status_and_the_moment_is_kept"]),
    ("234", &["features/calls/tests::a_token_is_minted_once_reused_and_gives_way_to_a_sent_one"]),
    ("235", &["features/calls/tests::a_token_is_minted_once_reused_and_gives_way_to_a_sent_one"]),
    ("236", &["features/calls/tests::a_token_is_minted_once_reused_and_gives_way_to_a_sent_one"]),
    ("237", &["features/calls/tests::a_token_is_minted_once_reused_and_gives_way_to_a_sent_one"]),
    ("238", &["it/call_results::absent_and_null_fields_change_nothing_and_a_repeat_neither"]),
    ("239", &["features/calls/tests::the_summary_of_the_cache_is_computed_and_free_of_prices"]),
    ("240", &["features/calls/cache_summary::only_analysis_and_quality_entries_count_and_never_money"]),
    ("241", &["features/calls/tests::the_summary_of_the_cache_is_computed_and_free_of_prices"]),
    ("242", &["it/call_results::all_documented_fields_are_stored_as_sent_and_unknown_ones_are_not"]),
    ("243", &["it/call_results::all_documented_fields_are_stored_as_sent_and_unknown_ones_are_not"]),
    ("244", &["it/call_results::all_documented_fields_are_stored_as_sent_and_unknown_ones_are_not"]),
    ("251", &["it/cdr::the_last_record_wins_and_what_it_lacks_stays", "features/calls/tests::absent_and_null_fields_leave_the_skeleton_alone"]),
    ("273", &["e2e/inbound::calls_in_progress_outlive_a_killed_control_plane_and_their_results_arrive_later", "e2e/killed_calls::calls_outlive_a_killed_serve_and_their_results_arrive_after_its_restart"]),
    ("275", &["e2e/lifecycle::a_weak_secret_stops_the_start_with_exit_78_and_a_way_to_mend_it"]),
    // N. CXB API
    ("252", &["it/users::the_stored_role_counts_at_once_and_a_switched_off_user_is_out", "it/walk::every_route_turns_away_whoever_has_no_business_there"]),
    ("253", &["it/mass_assignment::no_route_takes_a_field_that_its_caller_may_not_set", "it/walk::every_route_turns_away_whoever_has_no_business_there", "it/object_matrix::whoever_may_not_use_a_route_learns_nothing_and_changes_nothing_and_what_is_not_there_is_said_to_whoever_may", "it/object_access::a_bot_is_hidden_from_those_below_admin_whether_it_exists_or_not"]),
    ("254", &["it/bots::a_bot_is_made_read_changed_and_removed", "it/bots_fields::every_field_is_kept_and_every_credential_is_masked"]),
    ("255", &["it/config_contract::control_flags_steer_the_call_and_are_no_variables", "it/bots_fields::every_field_is_kept_and_every_credential_is_masked", "features/runtime/assemble::the_settings_reach_only_providers_that_name_neither_address_nor_key"]),
    ("256", &["it/config_contract::the_secret_the_bot_and_the_hours_decide_in_this_order", "it/bots_versions::a_bot_is_switched_on_and_off_without_a_new_version"]),
    ("257", &["it/config_contract::control_flags_steer_the_call_and_are_no_variables", "it/crm_push::calls_that_ask_for_none_are_skipped_and_bots_without_a_push_push_nothing", "it/dialout::a_crm_s_key_alone_places_a_call_with_its_variables"]),
    ("269", &["it/knowledge::a_document_is_uploaded_indexed_and_found_with_its_place", "it/knowledge_sources::a_bot_finds_what_its_settings_let_it_find", "it/knowledge::what_is_deleted_is_gone_everywhere"]),
    ("271", &["it/walk::every_route_turns_away_whoever_has_no_business_there"]),
    ("272", &["tidy::floors_hold"]),
    ("279", &["it/console::the_brand_is_what_people_may_know_and_its_picture_is_all_that_comes_from_elsewhere", "it/shares::whoever_has_the_link_reads_a_page_that_runs_nothing", "it/mail::a_finished_call_is_mailed_once_with_its_outcome_and_what_was_said", "it/bots_fields::every_field_is_kept_and_every_credential_is_masked", "it/settings::admins_read_super_admins_write_and_keys_do_neither"]),
    // Further behaviours
    ("X1", &["it/config_contract::the_secret_the_bot_and_the_hours_decide_in_this_order", "it/users_and_keys::the_internal_secret_has_two_spellings_that_must_agree"]),
    ("X2", &["it/users::the_stored_role_counts_at_once_and_a_switched_off_user_is_out"]),
    ("X3", &["it/users::the_stored_role_counts_at_once_and_a_switched_off_user_is_out"]),
    ("X4", &["it/users::registering_needs_an_admin_and_gives_up_to_ones_own_rank", "it/object_access::each_rank_reaches_only_the_people_it_may"]),
    ("X5", &["it/object_access::each_rank_reaches_only_the_people_it_may", "it/settings::admins_read_super_admins_write_and_keys_do_neither"]),
    ("X9", &["it/config_contract::the_secret_the_bot_and_the_hours_decide_in_this_order"]),
    ("X10", &["it/config_contract::hostile_events_and_templates_end_as_text"]),
    ("X11", &["it/config_contract::control_flags_steer_the_call_and_are_no_variables"]),
    ("X12", &["it/config_contract::control_flags_steer_the_call_and_are_no_variables"]),
    ("X13", &["it/config_contract::the_secret_the_bot_and_the_hours_decide_in_this_order", "features/runtime/hours::a_window_over_midnight_belongs_to_the_day_it_began_on"]),
    ("X14", &["features/runtime/hours::hours_are_those_of_the_bots_zone"]),
    ("X15", &["it/config_contract::texts_keep_what_cannot_be_resolved_and_flat_names_look_in_three_places"]),
    ("X16", &["it/config_contract::texts_keep_what_cannot_be_resolved_and_flat_names_look_in_three_places", "it/crm_prefetch::slow_wrong_or_down_the_call_goes_on_and_says_why", "it/crm_push::a_call_is_pushed_once_with_every_namespace_in_its_place"]),
    ("X17", &["it/config_contract::texts_keep_what_cannot_be_resolved_and_flat_names_look_in_three_places", "base/template::known_variables_are_replaced_and_unknown_ones_stay", "base/mapping/names::a_flat_name_looks_in_system_crm_and_call_and_nowhere_else"]),
    ("X50", &["it/knowledge::every_format_is_read", "it/knowledge::uploads_are_refused_with_a_sentence", "it/knowledge::hostile_files_end_with_a_reason_and_harm_nobody", "features/knowledge/ingest/chunk::long_prose_is_cut_between_sentences_and_neighbours_share_words"]),
    ("X49", &["it/bots_fields::each_block_is_refused_with_the_path_of_what_is_wrong"]),
    // Recordings and operation
    ("258", &["it/recording_links::a_revoked_link_is_gone_at_once_and_for_good_and_a_new_one_opens", "it/recordings::the_link_needs_no_login_and_gives_the_whole_recording"]),
    ("259", &["it/recordings::the_link_needs_no_login_and_gives_the_whole_recording", "it/recording_links::a_signed_link_lives_its_minutes_and_cannot_be_made_longer", "it/crm_push::a_call_is_pushed_once_with_every_namespace_in_its_place"]),
    ("X19", &["it/crm_link::a_crm_is_told_the_lasting_link_else_a_signed_one_and_none_that_was_revoked", "it/crm_push::a_call_is_pushed_once_with_every_namespace_in_its_place"]),
    ("X23", &["it/recordings::the_link_needs_no_login_and_gives_the_whole_recording", "it/recordings::unknown_links_are_404_and_guessing_is_slowed_down"]),
    ("X24", &["it/object_store::what_the_store_has_lost_is_looked_for_at_every_engine_with_the_secret"]),
    ("X52", &["it/object_store::the_store_of_the_settings_is_masked_checked_and_no_way_to_internal_addresses"]),
    // CRM, CDR, dialout
    ("245", &["it/crm_push::a_call_is_pushed_once_with_every_namespace_in_its_place"]),
    ("247", &["it/crm_push::calls_that_ask_for_none_are_skipped_and_bots_without_a_push_push_nothing"]),
    ("248", &["it/crm_push::calls_that_ask_for_none_are_skipped_and_bots_without_a_push_push_nothing"]),
    ("249", &["it/crm_push::a_call_is_pushed_once_with_every_namespace_in_its_place"]),
    ("250", &["it/crm_push::a_crm_that_is_slow_wrong_and_down_is_tried_again_and_given_up_and_the_call_stays"]),
    ("265", &["it/dialout::a_crm_s_key_alone_places_a_call_with_its_variables"]),
    ("266", &["it/users_and_keys::a_key_is_shown_once_and_stored_as_its_hash", "it/users_and_keys::a_vx_key_is_for_dialling_only_and_403_when_it_is_off_or_over", "it/dialout::a_key_for_some_bots_dials_with_those_alone"]),
    ("268", &["it/crm_push::a_call_is_pushed_once_with_every_namespace_in_its_place", "features/crm/mapping::dots_nest_and_types_stay_only_where_it_is_asked_for"]),
    ("274", &["it/cdr::a_record_has_three_answers_and_joins_its_call"]),
    ("X6", &["it/users_and_keys::a_key_is_shown_once_and_stored_as_its_hash"]),
    ("X7", &["it/users_and_keys::a_vx_key_is_for_dialling_only_and_403_when_it_is_off_or_over", "it/dialout::an_expiry_that_cannot_be_read_is_403_and_none_never_ends"]),
    ("X8", &["it/oidc_clients::the_use_of_a_key_shows_and_its_end_comes_at_once", "it/dialout::a_key_for_some_bots_dials_with_those_alone"]),
    ("X18", &["features/crm/names::a_disposition_has_three_words"]),
    ("X20", &["it/crm_push::a_call_is_pushed_once_with_every_namespace_in_its_place"]),
    ("X21", &["it/cdr::a_record_has_three_answers_and_joins_its_call"]),
    ("X22", &["it/cdr::a_record_has_three_answers_and_joins_its_call", "it/cdr::the_last_record_wins_and_what_it_lacks_stays"]),
    ("X25", &["it/dialout::things_are_checked_in_the_order_of_the_contract"]),
    ("X26", &["it/dialout::things_are_checked_in_the_order_of_the_contract", "it/dialout::without_an_engine_it_is_503_and_without_a_carrier_404"]),
    ("X27", &["it/dialout::a_crm_s_key_alone_places_a_call_with_its_variables"]),
    ("X28", &["it/dialout::what_an_engine_refuses_is_passed_on_as_it_said_it"]),
    ("X29", &["it/dialout::engines_look_numbers_and_trunks_up_and_calls_show_the_number_they_ask_for"]),
    ("267", &["it/crm_prefetch::what_the_crm_says_is_in_the_prompts_and_kept_with_the_call"]),
    ("262", &["it/fleet::the_freest_healthy_host_takes_the_call_and_the_sums_count_healthy_hosts_only", "it/fleet::a_host_that_refuses_lets_the_next_one_have_the_call_and_none_is_503"]),
    ("263", &["it/settings::adding_and_removing_a_fleet_host_changes_where_calls_go_without_a_restart", "it/fleet::a_host_that_refuses_lets_the_next_one_have_the_call_and_none_is_503"]),
    ("264", &["it/carrier_dids::a_call_goes_to_the_routes_then_to_the_numbers_bot_then_to_the_catch_all", "features/carriers/choose::the_carrier_that_has_the_number_comes_first_then_the_oldest"]),
    ("276", &["it/carrier_states::what_an_engine_sees_is_shown_until_the_carrier_changes_or_the_engine_falls_silent", "e2e/trunks::a_carrier_that_falls_silent_is_passed_over_until_it_is_back"]),
    ("X30", &["features/fleet/place::the_freest_healthy_host_wins_and_ties_are_spread", "it/fleet::the_freest_healthy_host_takes_the_call_and_the_sums_count_healthy_hosts_only"]),
    ("X31", &["features/fleet/place::the_freest_healthy_host_wins_and_ties_are_spread"]),
    ("X32", &["it/fleet::the_freest_healthy_host_takes_the_call_and_the_sums_count_healthy_hosts_only"]),
    ("X33", &["it/carriers::a_carrier_is_made_by_a_super_admin_and_read_by_an_admin"]),
    ("X34", &["it/carriers::a_carrier_is_made_by_a_super_admin_and_read_by_an_admin", "features/carriers/check::each_refusal_names_its_field"]),
];

/// Lines of the issue that belong to others, and why.
const ELSEWHERE: &[(&str, &str)] =
    &[("246", "reconciliation of campaigns comes with campaigns; until then nothing of a result depends on them")];

/// Every line of the issue: results (218 to 251), the control plane (252 to 259, 262 to 268, 271 to 276, 279), X1 to X34 and X52.
fn lines() -> impl Iterator<Item = String> {
    let numbers = (218..=259).chain(262..=268).chain(271..=276).chain([279]);
    numbers.map(|n| n.to_string()).chain((1..=34).chain([52]).map(|n| format!("X{n}")))
}

#[test]
fn no_line_of_the_issue_is_missing() {
    let shown: BTreeSet<&str> = TABLE.iter().map(|(line, _)| *line).chain(ELSEWHERE.iter().map(|(line, _)| *line)).collect();
    let missing: Vec<_> = lines().filter(|line| !shown.contains(line.as_str())).collect();
    assert!(missing.is_empty() && ELSEWHERE.iter().all(|(_, reason)| !reason.is_empty()), "{missing:?}");
}

#[test]
fn every_test_that_is_named_exists() {
    let known = known();
    let named = TABLE.iter().flat_map(|(line, tests)| tests.iter().map(move |test| (line, test)));
    let missing: Vec<_> = named.filter(|(_, test)| !known.contains(**test)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

#[test]
fn no_line_stands_twice_or_alone() {
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = TABLE.iter().map(|(line, _)| line).filter(|line| !seen.insert(**line)).collect();
    assert!(twice.is_empty() && TABLE.iter().all(|(_, tests)| !tests.is_empty()), "{twice:?}");
}
