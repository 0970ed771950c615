# SPDX-License-Identifier: EUPL-1.2
# Core: intake, workers, writer, and the services. One source a line, sorted.
add_library(sluss_core STATIC
  admit.c
  arena.c
  batch.c
  case_index.c
  core.c
  directory.c
  dues.c
  evidence.c
  exchange_decide.c
  exchange_payload.c
  exchange_read.c
  exchange_room.c
  expiry.c
  files.c
  head.c
  idmap.c
  intake.c
  intake_answers.c
  intake_frames.c
  login_code.c
  logins.c
  url_form.c
  messages.c
  notary.c
  notary_open.c
  notary_stamp.c
  month_counts.c
  notices.c
  outside.c
  policies.c
  queue.c
  recall.c
  receipt_text.c
  recover.c
  report.c
  report_facts.c
  request.c
  rollback.c
  service_table.c
  session_check.c
  session_evidence.c
  settle.c
  shares.c
  stop.c
  svc_acknowledge.c
  svc_admin.c
  svc_agency.c
  svc_audit.c
  svc_audit_timeline.c
  svc_backup.c
  svc_case.c
  svc_case_persons.c
  svc_case_read.c
  svc_common.c
  svc_consent_copy.c
  svc_consent_record.c
  svc_directory.c
  svc_disclosures.c
  svc_erase.c
  svc_exchange.c
  svc_fetch.c
  svc_log_file.c
  svc_log_health.c
  svc_person.c
  svc_person_act.c
  svc_person_ask.c
  svc_person_disclosures.c
  svc_person_notices.c
  svc_person_overview.c
  svc_person_recalls.c
  svc_person_receipt.c
  svc_queues.c
  svc_recall.c
  svc_replay.c
  svc_report.c
  svc_send.c
  svc_send_batch.c
  svc_chunk.c
  exchange_chunks.c
  uploads.c
  svc_login.c
  svc_session.c
  svc_sessions_end.c
  svc_statutory.c
  svc_text.c
  svc_withdraw.c
  svc_witnesses.c
  transfers.c
  txn.c
  verify.c
  wire.c
  workers.c
  world.c
  writer.c)
include(SlussEmbed)
set(texts ${CMAKE_CURRENT_SOURCE_DIR}/texts)
sluss_embed(${CMAKE_CURRENT_BINARY_DIR}/receipt_files.h
  sluss_receipt_file_sv ${texts}/receipt.sv.txt sluss_receipt_file_en ${texts}/receipt.en.txt
  sluss_receipt_file_ar ${texts}/receipt.ar.txt sluss_receipt_file_so ${texts}/receipt.so.txt)
target_include_directories(sluss_core PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
target_link_libraries(sluss_core PUBLIC sluss_flags sluss_proto sluss_ipc sluss_event sluss_base sluss_crypto sluss_statement
  sluss_policy sluss_policy_loader sluss_store sluss_log sluss_log_record sluss_persons sluss_ca sluss_sessions sluss_json sluss_oidc sluss_keeper sluss_timestamp
  PRIVATE sluss_no_cast_qual PkgConfig::SODIUM Threads::Threads)
target_include_directories(sluss_core PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/gateway ${CMAKE_CURRENT_SOURCE_DIR})
