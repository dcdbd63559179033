"""A test's name is a sentence that can be read at a glance."""

from __future__ import annotations

from tests.house.counts import LONGEST_TEST_NAME, long_test_names

STILL_LONG = {
    "test_a_batch_whose_payment_is_in_another_currency_is_refused_as_a_whole",
    "test_a_flood_is_waited_out_until_it_ends_or_somebody_waits_or_it_is_far_behind",
    "test_a_key_made_before_the_first_start_is_asked_for_and_one_revoked_meanwhile_is_refused",
    "test_a_key_of_another_ledger_is_told_the_same_whether_or_not_a_ledger_exists",
    "test_a_late_event_is_listed_with_what_the_history_said_before_and_says_now",
    "test_a_late_purchase_restates_its_contact_where_the_histories_differ_and_nobody_else",
    "test_a_ledger_kept_under_a_clock_that_was_days_ahead_is_as_it_was_signed",
    "test_a_ledger_that_cannot_be_opened_is_told_of_and_the_others_are_served",
    "test_a_merge_and_its_undoing_answer_for_whom_the_stream_counts_after_them",
    "test_a_policy_for_the_past_restates_every_contact_and_goes_on_where_it_was_killed",
    "test_a_reader_that_does_not_read_holds_up_nobody_and_lost_lines_are_counted",
    "test_a_reader_waits_for_rows_of_the_present_where_the_clock_was_put_back",
    "test_a_ref_is_refused_wherever_it_stands_until_the_keys_bring_the_namespace",
    "test_a_round_through_more_than_there_is_room_for_finds_some_the_next_time",
    "test_a_status_is_told_in_sentences_beside_its_evidence_where_that_is_asked_for",
    "test_a_survivor_s_later_purchases_are_told_from_those_of_the_same_id_that_were_merged",
    "test_a_tail_of_a_ledger_that_is_deleted_ends_and_one_of_the_next_begins",
    "test_a_tail_takes_in_whoever_is_merged_and_lets_go_of_whoever_is_separated",
    "test_a_tampered_copy_is_found_by_a_full_examination_and_never_called_sound",
    "test_a_trail_that_was_deleted_while_nothing_ran_is_told_of_at_the_start_and_when_asked",
    "test_a_version_takes_over_at_its_instant_and_is_the_cause_of_what_it_changes",
    "test_an_archive_is_held_against_kept_checkpoints_and_leaves_nothing_behind",
    "test_at_a_terminal_a_suspicious_column_stops_an_import_before_it_writes",
    "test_conditions_about_one_contact_are_refused_where_several_may_be_meant",
    "test_every_operation_is_found_at_its_path_with_what_its_names_stand_for",
    "test_news_of_a_merged_contact_are_taken_in_without_reading_the_group_again",
    "test_of_an_exception_the_class_and_the_place_are_told_and_never_the_text",
    "test_sales_dated_by_the_day_that_come_in_order_one_by_one_are_gone_on_with",
    "test_the_log_is_counted_by_what_is_sealed_and_says_where_it_has_stopped",
    "test_the_newest_event_of_a_stream_is_missed_though_versions_have_no_gap",
    "test_the_same_question_is_answered_once_at_a_time_and_others_within_bounds",
    "test_two_hundred_who_wait_do_not_hold_up_those_whose_position_is_reached",
    "test_what_is_chosen_goes_before_the_environment_and_that_before_the_file",
    "test_what_is_killed_in_a_step_or_in_a_walk_goes_on_from_the_step_before",
    "test_what_is_recorded_as_it_happens_restates_nothing_and_reads_no_history",
    "test_what_was_not_brought_from_elsewhere_is_said_and_what_was_is_not_asked_for_again",
    "test_where_names_are_the_words_of_other_paths_what_the_framework_finds_is_found",
    "test_without_keys_nothing_personal_is_in_it_and_the_ledger_is_for_audit",
}
"""Names from before there was a limit. Shorten one and take it out; nothing is ever added."""


def test_no_test_has_a_long_name_but_those_that_had_one_before() -> None:
    assert set(long_test_names()) - STILL_LONG == set(), f"at most {LONGEST_TEST_NAME} characters"
