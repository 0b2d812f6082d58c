//! The checklist of the CodeB surface: each line and the tests that show it. What belongs to other issues stands below the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Lines and tests, as `file::test`; the file is its path below `tests/` or `src/`, without its ending.
#[rustfmt::skip]
const TABLE: &[(&str, &[&str])] = &[
    // A. Self-description and general HTTP
    ("1", &["it/rest_v1::the_surface_describes_itself_to_everybody_with_the_thirteen_rows_in_order"]),
    ("2", &["it/rest_v1::the_surface_describes_itself_to_everybody_with_the_thirteen_rows_in_order"]),
    ("3", &["it/rest_v1::the_surface_describes_itself_to_everybody_with_the_thirteen_rows_in_order"]),
    ("4", &["it/rest_v1::the_surface_describes_itself_to_everybody_with_the_thirteen_rows_in_order"]),
    ("5", &["it/rest_v1::the_surface_describes_itself_to_everybody_with_the_thirteen_rows_in_order"]),
    ("6", &["it/rest_v1::the_surface_describes_itself_to_everybody_with_the_thirteen_rows_in_order"]),
    ("7", &["it/rest_v1::the_surface_describes_itself_to_everybody_with_the_thirteen_rows_in_order"]),
    ("8", &["it/rest_v1::routes_catalogue_and_committed_description_are_the_same", "it/rest_v1_bearers::an_oidc_token_of_an_admin_and_an_ak_key_are_served_on_all_thirteen_routes"]),
    ("9", &["it/rest_v1::routes_catalogue_and_committed_description_are_the_same", "it/rest_v1::a_wrong_method_is_405_with_those_that_are_right"]),
    ("10", &["it/rest_v1::a_body_that_is_no_object_is_400_and_unknown_keys_are_ignored", "it/ops::each_surface_refuses_in_its_own_shape"]),
    ("11", &["it/rest_v1::a_wrong_method_is_405_with_those_that_are_right"]),
    ("12", &["it/rest_v1::an_unknown_path_is_404_in_json_for_everybody_and_every_method"]),
    ("13", &["it/rest_v1::a_body_that_is_no_object_is_400_and_unknown_keys_are_ignored"]),
    ("14", &["it/rest_v1::every_list_has_its_envelope_clamps_its_page_and_writes_times_in_one_way", "it/rest_v1::routes_catalogue_and_committed_description_are_the_same"]),
    ("15", &["it/outbound::without_a_carrier_it_is_503_and_without_an_engine_502"]),
    ("16", &["it/outbound::without_a_carrier_it_is_503_and_without_an_engine_502", "e2e/outbound::without_a_carrier_a_call_is_refused_with_503"]),
    ("17", &["it/rest_v1::the_configured_public_url_names_the_tenant_and_begins_every_link"]),
    // B. Authentication
    ("18", &["it/codeb_access::lines_18_to_22_without_a_valid_token_it_is_401_and_below_admin_403", "it/rest_v1::routes_catalogue_and_committed_description_are_the_same", "it/walk::every_route_turns_away_whoever_has_no_business_there"]),
    ("19", &["it/bad_tokens::of_more_than_five_hundred_tokens_that_are_almost_right_none_is_taken", "it/codeb_access::lines_18_to_22_without_a_valid_token_it_is_401_and_below_admin_403"]),
    ("20", &["it/auth::tokens_end_when_their_time_is_over", "it/bad_tokens::a_token_ends_at_its_second_and_below_admin_it_is_403"]),
    ("21", &["it/bad_tokens::of_more_than_five_hundred_tokens_that_are_almost_right_none_is_taken", "it/bad_tokens::tokens_of_another_box_and_of_another_tenant_on_the_same_keys_are_refused"]),
    ("22", &["it/bad_tokens::a_token_ends_at_its_second_and_below_admin_it_is_403", "it/walk::every_route_turns_away_whoever_has_no_business_there"]),
    ("23", &["it/rest_v1_bearers::an_oidc_token_of_an_admin_and_an_ak_key_are_served_on_all_thirteen_routes", "it/codeb_access::lines_23_and_32_an_admin_s_token_and_a_key_get_through_alike"]),
    ("24", &["it/auth::the_password_grant_gives_the_same_token_under_its_three_addresses"]),
    ("25", &["it/auth::a_refused_grant_answers_in_the_words_of_rfc_6749", "it/auth::an_unknown_user_a_wrong_password_and_a_deactivated_user_get_the_same_answer"]),
    ("26", &["it/auth::the_password_grant_gives_the_same_token_under_its_three_addresses"]),
    ("27", &["it/oidc_tokens::a_refresh_token_comes_only_with_offline_access_and_gives_the_next_one", "it/oidc_tokens::the_password_grant_gives_refresh_tokens_too_and_only_to_the_built_in_client"]),
    ("28", &["it/oidc_tokens::a_refresh_token_comes_only_with_offline_access_and_gives_the_next_one"]),
    ("30", &["it/users_and_keys::a_key_is_shown_once_and_stored_as_its_hash"]),
    ("31", &["it/users_and_keys::a_key_is_shown_once_and_stored_as_its_hash"]),
    ("32", &["it/rest_v1_bearers::an_oidc_token_of_an_admin_and_an_ak_key_are_served_on_all_thirteen_routes"]),
    ("33", &["it/oidc_clients::the_use_of_a_key_shows_and_its_end_comes_at_once"]),
    ("34", &["it/oidc_clients::the_use_of_a_key_shows_and_its_end_comes_at_once"]),
    ("35", &["it/oidc_clients::an_ak_key_is_minted_in_an_oidc_session_only", "it/users_and_keys::an_ak_key_ranks_admin_cannot_mint_and_dies_with_its_minter"]),
    ("36", &["it/bad_tokens::tokens_of_another_box_and_of_another_tenant_on_the_same_keys_are_refused"]),
    ("37", &["e2e/quiet_log::tokens_keys_prompts_and_full_numbers_are_in_no_log_line"]),
    // C. Pagination and casing
    ("38", &["it/rest_v1::every_list_has_its_envelope_clamps_its_page_and_writes_times_in_one_way"]),
    ("39", &["it/rest_v1::every_list_has_its_envelope_clamps_its_page_and_writes_times_in_one_way", "base/page::nonsense_is_clamped"]),
    ("40", &["it/rest_v1::every_list_has_its_envelope_clamps_its_page_and_writes_times_in_one_way"]),
    ("41", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs", "it/rest_v1::following_next_visits_every_row_of_every_list_once_with_the_filters_kept"]),
    ("42", &["it/rest_v1::following_next_visits_every_row_of_every_list_once_with_the_filters_kept"]),
    ("43", &["it/rest_v1::following_next_visits_every_row_of_every_list_once_with_the_filters_kept"]),
    ("44", &["it/rest_v1::following_next_visits_every_row_of_every_list_once_with_the_filters_kept"]),
    ("45", &["it/rest_v1::every_list_has_its_envelope_clamps_its_page_and_writes_times_in_one_way", "it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("46", &["it/rest_v1::every_list_has_its_envelope_clamps_its_page_and_writes_times_in_one_way"]),
    ("47", &["it/rest_v1::either_case_of_the_first_letter_means_the_same"]),
    ("48", &["it/rest_v1::every_list_has_its_envelope_clamps_its_page_and_writes_times_in_one_way", "base/clock::a_moment_is_written_with_milliseconds_and_z_and_read_back"]),
    // D. POST /v1/calls
    ("49", &["it/outbound::a_body_in_pascal_case_is_the_same_and_every_field_is_shown_as_it_was_sent", "it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("50", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("51", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("52", &["it/outbound::bad_input_is_400_and_names_the_field"]),
    ("53", &["it/outbound::bad_input_is_400_and_names_the_field"]),
    ("54", &["it/outbound::bad_input_is_400_and_names_the_field"]),
    ("55", &["features/outbound/ask::what_is_not_said_has_the_defaults_of_the_seed"]),
    ("56", &["features/outbound/ask::what_is_not_said_has_the_defaults_of_the_seed", "it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("57", &["features/outbound/ask::what_is_not_said_has_the_defaults_of_the_seed", "it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("58", &["features/outbound/ask::what_is_not_said_has_the_defaults_of_the_seed", "features/outbound/ask::limits_hold_at_both_ends"]),
    ("59", &["features/outbound/ask::what_is_not_said_has_the_defaults_of_the_seed", "features/outbound/ask::limits_hold_at_both_ends"]),
    ("60", &["features/outbound/ask::what_is_not_said_has_the_defaults_of_the_seed", "features/outbound/ask::limits_hold_at_both_ends"]),
    ("61", &["it/outbound::a_body_in_pascal_case_is_the_same_and_every_field_is_shown_as_it_was_sent", "features/outbound/ask::what_is_not_said_has_the_defaults_of_the_seed"]),
    ("62", &["it/outbound_life::a_scheduled_call_waits_for_its_time_and_one_that_was_due_while_the_box_was_down_is_dialled_once"]),
    ("63", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier", "it/outbound_life::a_finished_conversation_goes_from_dispatching_over_in_flight_to_success"]),
    ("64", &["it/outbound::bad_input_is_400_and_names_the_field", "features/outbound/ask::a_schedule_in_the_past_means_now_and_a_time_without_a_zone_is_utc"]),
    ("65", &["it/outbound_once::a_stored_prompt_is_read_anew_for_every_attempt"]),
    ("66", &["it/outbound_once::a_stored_prompt_is_read_anew_for_every_attempt"]),
    ("67", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("68", &["it/told::a_number_that_cannot_be_whitelisted_is_reported_and_called_all_the_same"]),
    ("69", &["it/mail::a_finished_call_is_mailed_once_with_its_outcome_and_what_was_said", "it/mail::a_call_that_nobody_answered_is_mailed_without_a_conversation"]),
    ("70", &["it/outbound_once::a_callers_key_reaches_the_engine_on_every_attempt_and_is_gone_when_the_order_is_over"]),
    ("71", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("72", &["it/outbound::a_body_in_pascal_case_is_the_same_and_every_field_is_shown_as_it_was_sent", "it/rest_v1::either_case_of_the_first_letter_means_the_same"]),
    // E. GET /v1/calls
    ("73", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier", "it/outbound::a_body_in_pascal_case_is_the_same_and_every_field_is_shown_as_it_was_sent"]),
    ("74", &["it/outbound::lists_are_filtered_paged_and_counted"]),
    ("75", &["it/outbound::lists_are_filtered_paged_and_counted"]),
    ("76", &["it/outbound::bad_input_is_400_and_names_the_field"]),
    ("77", &["it/outbound::lists_are_filtered_paged_and_counted"]),
    ("78", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier", "it/outbound_life::an_unanswered_call_is_dialled_again_after_its_delay_until_no_attempt_is_left"]),
    ("79", &["it/outbound_life::a_finished_conversation_goes_from_dispatching_over_in_flight_to_success"]),
    ("80", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier", "it/outbound_life::a_finished_conversation_goes_from_dispatching_over_in_flight_to_success"]),
    ("81", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier", "it/outbound_life::a_scheduled_call_waits_for_its_time_and_one_that_was_due_while_the_box_was_down_is_dialled_once"]),
    ("82", &["it/outbound_life::a_finished_conversation_goes_from_dispatching_over_in_flight_to_success", "features/calls/tests::durations_and_turns_follow_from_the_result"]),
    ("83", &["it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("84", &["it/transcripts::both_kinds_are_listed_with_the_documented_fields_and_lie_on_disk", "it/outbound_life::a_finished_conversation_goes_from_dispatching_over_in_flight_to_success"]),
    ("85", &["it/outbound_life::a_finished_conversation_goes_from_dispatching_over_in_flight_to_success"]),
    ("86", &["it/outbound::a_body_in_pascal_case_is_the_same_and_every_field_is_shown_as_it_was_sent"]),
    ("87", &["it/outbound::lists_are_filtered_paged_and_counted"]),
    ("88", &["it/outbound_life::hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards"]),
    // F. Call state machine and hangup
    ("89", &["it/outbound_life::a_scheduled_call_waits_for_its_time_and_one_that_was_due_while_the_box_was_down_is_dialled_once", "features/outbound/machine::every_state_knows_what_each_event_means"]),
    ("90", &["it/outbound_life::a_finished_conversation_goes_from_dispatching_over_in_flight_to_success"]),
    ("91", &["it/outbound_life::an_unanswered_call_is_dialled_again_after_its_delay_until_no_attempt_is_left"]),
    ("92", &["it/outbound_life::an_unanswered_call_is_dialled_again_after_its_delay_until_no_attempt_is_left"]),
    ("93", &["it/outbound_life::an_unanswered_call_is_dialled_again_after_its_delay_until_no_attempt_is_left"]),
    ("94", &["it/outbound_life::only_failures_are_retried", "features/outbound/machine::an_outcome_is_retried_only_if_the_glossary_says_so_and_attempts_are_left"]),
    ("95", &["it/outbound_life::only_failures_are_retried"]),
    ("96", &["e2e/inbound::the_bot_hangs_up_when_the_longest_duration_is_reached", "engine/pipeline/turn/tests::the_longest_call_ends_in_the_middle_of_a_word", "it/outbound::the_quick_start_places_a_call_through_the_first_carrier"]),
    ("97", &["it/outbound_life::hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards"]),
    ("98", &["e2e/outbound::a_hangup_ends_a_conversation"]),
    ("99", &["it/outbound_life::hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards"]),
    ("100", &["it/outbound_life::hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards", "it/outbound_life::hanging_up_a_call_that_succeeded_reports_how_it_stands"]),
    ("101", &["it/outbound_life::hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards"]),
    ("102", &["it/outbound_life::hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards"]),
    ("103", &["it/outbound_life::hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards"]),
    ("106", &["it/outbound_life::a_scheduled_call_waits_for_its_time_and_one_that_was_due_while_the_box_was_down_is_dialled_once", "e2e/outbound::a_call_that_became_due_while_the_box_was_dead_is_dialled_once_after_the_start"]),
    // G. Numbers
    ("107", &["it/numbers_modes::lines_107_to_111_the_codeb_list_has_exactly_the_documented_fields"]),
    ("108", &["it/numbers_modes::lines_107_to_111_the_codeb_list_has_exactly_the_documented_fields"]),
    ("109", &["it/numbers_modes::lines_107_to_111_the_codeb_list_has_exactly_the_documented_fields"]),
    ("110", &["it/numbers_modes::lines_107_to_111_the_codeb_list_has_exactly_the_documented_fields"]),
    ("111", &["it/numbers_modes::lines_107_to_111_the_codeb_list_has_exactly_the_documented_fields"]),
    ("112", &["it/numbers_modes::line_112_with_reveal_secrets_the_codeb_view_has_the_key_in_full", "e2e/quiet_log::tokens_keys_prompts_and_full_numbers_are_in_no_log_line"]),
    ("113", &["it/transcripts::a_number_that_keeps_no_transcripts_leaves_neither_file_nor_event"]),
    ("114", &["it/numbers_modes::line_114_the_limit_is_3500_unless_the_number_says_otherwise_and_the_bots_own_holds_too", "e2e/inbound::the_bot_hangs_up_when_the_longest_duration_is_reached"]),
    ("115", &["it/browser_calls::visitors_call_public_numbers_when_that_is_on_and_learn_nothing_of_others", "it/phones::a_signed_in_number_cannot_be_called_anonymously_and_a_public_one_can"]),
    // H. Transcripts
    ("116", &["it/transcripts::both_kinds_are_listed_with_the_documented_fields_and_lie_on_disk"]),
    ("117", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("118", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("119", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("120", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("121", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("122", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("123", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("124", &["it/transcripts::filters_are_applied_together_before_paging_and_the_total_is_theirs"]),
    ("125", &["it/transcripts::both_kinds_are_listed_with_the_documented_fields_and_lie_on_disk"]),
    ("126", &["it/transcripts::the_detail_is_found_by_call_or_file_and_nothing_leaves_the_folder"]),
    ("127", &["it/transcripts::the_detail_is_found_by_call_or_file_and_nothing_leaves_the_folder"]),
    ("128", &["it/transcripts::the_detail_is_found_by_call_or_file_and_nothing_leaves_the_folder"]),
    ("129", &["it/transcripts::the_detail_is_found_by_call_or_file_and_nothing_leaves_the_folder"]),
    ("130", &["it/transcripts::a_number_that_keeps_no_transcripts_leaves_neither_file_nor_event"]),
    ("131", &["it/transcripts::both_kinds_are_listed_with_the_documented_fields_and_lie_on_disk"]),
    // I. Inbound routes
    ("132", &["it/inbound_routes_lines::line_132_a_fresh_tenant_lists_exactly_the_catch_all"]),
    ("133", &["it/inbound_routes_lines::line_133_a_catch_all_that_was_removed_from_storage_is_inserted_again"]),
    ("134", &["it/inbound_routes_lines::line_134_the_list_is_in_match_order_and_the_catch_all_is_last"]),
    ("135", &["it/inbound_routes_lines::line_135_a_post_with_did_and_user_is_201_with_the_created_row"]),
    ("136", &["it/inbound_routes_lines::line_136_a_new_row_is_placed_before_the_catch_all"]),
    ("137", &["it/inbound_routes_lines::line_137_a_post_without_did_or_without_user_is_400"]),
    ("138", &["it/inbound_routes_lines::line_138_the_same_pair_twice_is_409_duplicate_route_that_names_the_did"]),
    ("139", &["it/inbound_routes_lines::line_139_the_same_did_with_another_filter_is_201"]),
    ("140", &["it/inbound_routes_lines::line_140_a_second_catch_all_is_409"]),
    ("141", &["it/inbound_routes_lines::line_141_without_from_number_there_is_no_filter_and_no_such_key_in_the_row"]),
    ("142", &["it/inbound_routes_lines::line_142_the_did_of_a_path_is_decoded"]),
    ("143", &["it/inbound_routes_lines::line_143_an_unknown_did_is_404_that_names_it"]),
    ("144", &["it/inbound_routes_lines::line_144_percent_2a_is_the_catch_all"]),
    ("145", &["it/inbound_routes_lines::line_145_put_changes_the_user_and_nothing_else"]),
    ("146", &["it/inbound_routes_lines::line_146_put_without_from_number_means_the_row_without_a_filter"]),
    ("147", &["it/inbound_routes_lines::line_147_put_with_from_number_star_means_the_row_filtered_by_a_star"]),
    ("148", &["it/inbound_routes_lines::line_148_put_without_a_match_is_404_that_names_both_keys"]),
    ("149", &["it/inbound_routes_lines::line_149_put_gives_the_catch_all_another_user"]),
    ("150", &["it/inbound_routes_lines::line_150_put_without_a_user_is_400"]),
    ("151", &["it/inbound_routes_lines::line_151_delete_is_200_with_the_deleted_row_and_the_row_is_gone"]),
    ("152", &["it/inbound_routes_lines::line_152_the_catch_all_cannot_be_deleted"]),
    ("153", &["it/inbound_routes_lines::line_153_delete_of_what_is_not_there_is_404"]),
    ("154", &["e2e/phones::a_registered_baresip_is_rung_by_a_call_from_outside_and_both_hear_each_other", "it/inbound_routes_lines::line_154_a_call_to_a_listed_did_is_for_that_rows_user"]),
    ("155", &["it/inbound_routes_lines::line_155_the_first_row_that_fits_wins"]),
    ("156", &["it/inbound_routes_lines::line_156_a_call_that_no_row_takes_is_for_the_catch_alls_user"]),
    ("157", &["it/inbound_routes_lines::line_157_a_call_without_caller_id_takes_the_anonymous_row"]),
    ("158", &["it/inbound_routes_lines::line_158_a_beginning_with_a_star_fits_numbers_that_begin_so"]),
    ("159", &["it/inbound_routes_lines::line_159_of_legacy_doubles_put_and_delete_touch_the_first_only"]),
    ("160", &["it/inbound_routes_lines::line_160_a_change_holds_from_the_next_call_on_without_a_restart"]),
    // J. Webhook subscriptions and delivery
    ("161", &["it/webhooks::a_subscription_shows_its_secret_once_and_is_listed_on_both_surfaces"]),
    ("162", &["it/webhooks::a_subscription_shows_its_secret_once_and_is_listed_on_both_surfaces"]),
    ("163", &["it/webhooks::a_subscription_shows_its_secret_once_and_is_listed_on_both_surfaces"]),
    ("165", &["it/webhooks::only_the_named_events_arrive_and_each_in_its_calls_order"]),
    ("166", &["it/webhooks::twenty_failures_in_a_row_pause_and_a_resume_replays_what_was_parked"]),
    ("167", &["it/webhooks_verify::genuine_deliveries_pass_and_changed_ones_do_not", "features/webhooks/payload_table::the_envelope_has_four_fields_in_order"]),
    ("168", &["it/told::an_answered_outbound_call_is_told_in_order_and_its_outcome_reads_the_same_everywhere"]),
    ("169", &["it/webhooks_verify::genuine_deliveries_pass_and_changed_ones_do_not", "features/webhooks/sign::the_signature_is_the_hmac_of_rfc_4231"]),
    ("170", &["e2e/webhook_peers::flask_and_express_take_genuine_deliveries_by_both_schemes_and_refuse_others", "it/webhooks_verify::genuine_deliveries_pass_and_changed_ones_do_not"]),
    ("171", &["it/webhooks::a_failing_receiver_is_tried_four_times_on_schedule_with_identical_bytes", "it/webhooks::what_waits_survives_a_restart_under_the_same_id"]),
    ("172", &["it/webhooks::a_failing_receiver_is_tried_four_times_on_schedule_with_identical_bytes"]),
    ("173", &["it/webhooks::a_failing_receiver_is_tried_four_times_on_schedule_with_identical_bytes", "features/webhooks/retry::attempts_follow_after_5_30_and_120_seconds_and_then_end"]),
    ("174", &["it/webhooks::a_failing_receiver_is_tried_four_times_on_schedule_with_identical_bytes"]),
    ("175", &["it/webhooks::a_failing_receiver_is_tried_four_times_on_schedule_with_identical_bytes"]),
    ("176", &["it/webhooks::a_failing_receiver_is_tried_four_times_on_schedule_with_identical_bytes"]),
    ("177", &["it/webhooks::twenty_failures_in_a_row_pause_and_a_resume_replays_what_was_parked"]),
    ("178", &["it/webhooks::a_success_resets_the_tally_and_a_wish_to_wait_is_granted"]),
    ("179", &["it/webhooks::a_subscription_shows_its_secret_once_and_is_listed_on_both_surfaces"]),
    ("180", &["it/told::a_test_fire_goes_to_its_own_subscription_and_to_no_other"]),
    ("181", &["it/webhooks_hostile::they_do_not_hold_up_the_others"]),
    ("182", &["it/webhooks::what_waits_survives_a_restart_under_the_same_id"]),
    ("183", &["it/told::a_receiver_hears_of_its_own_box_only"]),
    // K. Event contents and order
    ("184", &["it/told::an_answered_outbound_call_is_told_in_order_and_its_outcome_reads_the_same_everywhere"]),
    ("185", &["it/told_fields::a_call_that_nobody_answered_is_told_once_and_a_technical_failure_says_why", "features/webhooks/payload_table::an_outbound_call_that_never_came_about"]),
    ("186", &["it/browser_calls::receivers_are_told_of_a_room_and_never_of_an_answer"]),
    ("187", &["it/told_fields::a_call_over_sip_is_told_with_the_number_that_was_dialled_and_the_number_that_called", "features/webhooks/payload_table::a_call_over_sip"]),
    ("188", &["it/told_fields::a_call_over_sip_is_told_with_the_number_that_was_dialled_and_the_number_that_called", "features/webhooks/payload_table::a_call_over_sip", "features/webhooks/payload_table::an_outbound_call"]),
    ("189", &["it/told_fields::a_call_over_sip_is_told_with_the_number_that_was_dialled_and_the_number_that_called", "features/webhooks/payload_table::a_call_over_sip", "features/webhooks/payload_table::an_outbound_call", "features/webhooks/payload_table::a_call_from_a_browser"]),
    ("190", &["it/told_fields::a_call_over_sip_is_told_with_the_number_that_was_dialled_and_the_number_that_called", "it/browser_calls::receivers_are_told_of_a_room_and_never_of_an_answer", "features/webhooks/payload_table::a_call_over_sip"]),
    ("191", &["it/told_fields::a_call_that_nobody_answered_is_told_once_and_a_technical_failure_says_why", "features/webhooks/payload_table::an_outbound_call"]),
    ("192", &["it/told_fields::a_call_over_sip_is_told_with_the_number_that_was_dialled_and_the_number_that_called", "features/webhooks/payload_table::a_call_over_sip", "features/webhooks/payload_table::a_call_from_a_browser"]),
    ("193", &["it/told::an_answered_outbound_call_is_told_in_order_and_its_outcome_reads_the_same_everywhere", "features/webhooks/payload_table::the_end_of_a_call_has_one_event_by_its_direction"]),
    ("194", &["it/told_fields::a_call_that_nobody_answered_is_told_once_and_a_technical_failure_says_why", "features/webhooks/payload_table::an_outbound_call"]),
    ("195", &["it/told_fields::a_call_that_nobody_answered_is_told_once_and_a_technical_failure_says_why", "features/webhooks/payload_table::an_outbound_call_that_never_came_about"]),
    ("196", &["it/webhooks::only_the_named_events_arrive_and_each_in_its_calls_order", "it/transcripts::a_number_that_keeps_no_transcripts_leaves_neither_file_nor_event"]),
    ("197", &["it/told_fields::a_call_over_sip_is_told_with_the_number_that_was_dialled_and_the_number_that_called", "features/webhooks/payload_table::an_outbound_call", "features/webhooks/payload_table::a_call_over_sip"]),
    ("198", &["e2e/transfers::a_caller_is_handed_on_to_another_telephone_and_receivers_are_told", "engine/transfers::the_target_is_told_what_it_is_about_and_then_has_the_caller", "it/told_fields::a_call_that_is_handed_on_is_told_by_where_it_came_from_and_where_it_went"]),
    ("199", &["e2e/transfers::a_caller_is_handed_on_to_another_telephone_and_receivers_are_told", "it/told_fields::a_call_that_is_handed_on_is_told_by_where_it_came_from_and_where_it_went", "features/webhooks/payload_table::a_transfer_says_from_where_and_to_whom"]),
    ("200", &["it/told_fields::a_call_that_is_handed_on_is_told_by_where_it_came_from_and_where_it_went", "features/webhooks/payload_table::a_transfer_says_from_where_and_to_whom"]),
    ("201", &["it/shares::receivers_are_told_of_shares_with_the_documented_fields_and_never_the_token", "features/transcripts/shares/model::events_have_exactly_the_documented_fields_and_only_the_end_of_the_token"]),
    ("202", &["it/shares::receivers_are_told_of_shares_with_the_documented_fields_and_never_the_token", "it/shares::a_link_ends_at_its_time_and_one_without_an_end_stays"]),
    ("203", &["it/shares::receivers_are_told_of_shares_with_the_documented_fields_and_never_the_token", "it/shares::a_link_ends_at_its_time_and_one_without_an_end_stays"]),
    ("204", &["it/shares::receivers_are_told_of_shares_with_the_documented_fields_and_never_the_token"]),
    ("205", &["it/shares::receivers_are_told_of_shares_with_the_documented_fields_and_never_the_token", "it/shares::a_link_that_was_taken_back_opens_nothing_and_that_is_told_once"]),
    ("206", &["it/shares::receivers_are_told_of_shares_with_the_documented_fields_and_never_the_token"]),
    ("207", &["it/transcripts::a_number_that_keeps_no_transcripts_leaves_neither_file_nor_event"]),
    // L. Outcomes
    ("208", &["engine/call/state::a_caller_who_hangs_up_after_the_goodbye_has_finished", "engine/call/state::every_end_has_its_words", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("212", &["engine/answering::a_machine_is_hung_up_on_and_the_call_says_so", "engine/answering::people_and_machines_are_told_apart_in_at_least_19_of_20_cases", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("213", &["engine/tools::somebody_who_has_no_time_is_called_back_and_the_outcome_is_not_now", "it/callbacks::a_wish_becomes_a_scheduled_call_by_the_clocks_of_the_other_end", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("211", &["engine/transfers::the_target_is_told_what_it_is_about_and_then_has_the_caller", "engine/call/state::a_transfer_ends_the_call_or_gives_the_caller_back", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("209", &["e2e/inbound::a_caller_who_hangs_up_is_a_completed_call_with_a_recording_behind_a_token", "engine/call/state::every_end_has_its_words", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("210", &["engine/browser::a_browser_that_leaves_without_a_word_leaves_an_empty_room", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("214", &["e2e/outbound::a_callee_who_is_busy_declines_or_does_not_answer_is_a_failure_with_its_own_outcome", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("215", &["it/outbound_life::hanging_up_ends_an_order_wherever_it_stands_and_is_harmless_afterwards", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("216", &["e2e/inbound::the_bot_hangs_up_when_the_longest_duration_is_reached", "engine/outcomes::every_outcome_is_made_by_a_real_call"]),
    ("217", &["it/told::an_answered_outbound_call_is_told_in_order_and_its_outcome_reads_the_same_everywhere"]),
    // Further behaviours
    ("X53", &["it/oidc_code::a_person_signs_in_and_the_client_gets_tokens_that_say_so", "it/oidc_tokens::introspection_tells_confidential_clients_and_admins_what_a_token_is", "it/oidc_tokens::revoking_either_token_ends_both_and_only_for_whom_they_were_given_to", "it/oidc_tokens::signing_out_forgets_the_browser_and_returns_only_to_registered_addresses", "e2e/oidc_peers::relying_parties_of_other_people_sign_in_refresh_revoke_and_leave"]),
    ("X54", &["it/oidc_code::the_eleventh_wrong_password_on_the_page_is_429_and_the_token_endpoint_counts_with_it", "it/auth::the_eleventh_failure_of_an_address_is_429_and_success_is_never_counted"]),
    ("X55", &["it/oidc_clients::redirect_addresses_that_are_not_https_or_local_are_refused", "it/oidc_clients::the_built_in_client_returns_to_this_box_and_cannot_be_overridden_or_removed"]),
    ("X56", &["engine/tools::a_model_cannot_transfer_off_the_list_whatever_it_asks_for", "engine/call/adversary_tests::of_ten_thousand_transfers_a_model_asks_for_none_leaves_the_list", "engine/announcements::a_transfer_that_is_not_on_the_numbers_list_is_refused_before_anything_is_sent"]),
    ("X57", &["it/outbound_once::a_stored_prompt_is_read_anew_for_every_attempt"]),
    ("X58", &["it/numbers::line_x58_saving_a_number_that_can_be_dialled_puts_it_on_the_whitelist"]),
    ("X59", &["engine/announcements::a_text_is_spoken_after_its_pause_keys_are_ignored_and_the_call_ends", "engine/announcements::a_looped_text_is_spoken_until_the_longest_duration_is_reached"]),
];

/// Lines that belong to other issues, and which.
#[rustfmt::skip]
const ELSEWHERE: &[(&str, &str)] = &[
    ("29", "a page of the console"),
    ("104", "a page of the console"),
    ("105", "a page of the console"),
    ("164", "a page of the console"),
];

/// Every line of the issue: 1 to 217 and X53 to X59.
fn lines() -> impl Iterator<Item = String> {
    (1..=217).map(|n| n.to_string()).chain((53..=59).map(|n| format!("X{n}")))
}

/// Names of the tests of every file below a folder, as `file::test`.
fn tests_below(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, root, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let file = path.strip_prefix(root).unwrap().with_extension("").display().to_string();
            found.extend(tests_of(&std::fs::read_to_string(&path).unwrap()).into_iter().map(|name| format!("{file}::{name}")));
        }
    }
}

/// Names of the functions that stand right below a line that marks a test.
fn tests_of(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_marked = false;
    for line in text.lines().map(str::trim) {
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            is_marked = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_marked) {
            names.push(rest.split(['(', '<']).next().unwrap_or_default().to_owned());
            is_marked = false;
        } else if !line.starts_with("#[") && !line.is_empty() {
            // Tests that a macro makes: the mark stands inside it, the names outside.
            is_marked = is_marked && line.starts_with("//");
        }
    }
    names
}

pub(crate) fn known() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in ["tests", "src"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        tests_below(&root, &root, &mut found);
    }
    found
}

#[test]
fn every_test_that_is_named_exists() {
    let known = known();
    assert!(known.len() > 300, "only {} tests were found", known.len());
    let missing: Vec<_> = TABLE
        .iter()
        .flat_map(|(line, tests)| tests.iter().map(move |test| (line, test)))
        .filter(|(_, test)| !known.contains(**test))
        .collect();
    assert!(missing.is_empty(), "no such tests: {missing:#?}");
}

#[test]
fn no_line_is_missing_or_stands_twice() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for line in TABLE.iter().map(|(line, _)| *line).chain(ELSEWHERE.iter().map(|(line, _)| *line)) {
        *seen.entry(line).or_default() += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, n)| **n > 1).collect();
    let missing: Vec<_> = lines().filter(|line| !seen.contains_key(line.as_str())).collect();
    let unknown: Vec<_> = seen.keys().filter(|line| !lines().any(|known| known == **line)).collect();
    assert!(twice.is_empty() && missing.is_empty() && unknown.is_empty(), "twice {twice:?}, missing {missing:?}, unknown {unknown:?}");
    assert!(TABLE.iter().all(|(_, tests)| !tests.is_empty()) && ELSEWHERE.iter().all(|(_, reason)| !reason.is_empty()));
}
