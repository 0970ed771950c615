# SPDX-License-Identifier: EUPL-1.2
# Core: intake, workers, writer, and the services.
add_library(sluss_core STATIC
  core.c outside.c intake.c intake_frames.c intake_answers.c wire.c queue.c workers.c verify.c request.c arena.c
  writer.c admit.c batch.c settle.c stop.c recover.c txn.c transfers.c
  world.c policies.c directory.c messages.c notices.c idmap.c
  service_table.c exchange_read.c exchange_decide.c exchange_payload.c
  session_check.c login_code.c svc_session.c
  expiry.c dues.c svc_exchange.c svc_send.c svc_fetch.c svc_acknowledge.c svc_withdraw.c
  svc_common.c svc_agency.c svc_directory.c svc_admin.c svc_case_read.c svc_case.c svc_consent_record.c svc_statutory.c svc_audit.c svc_disclosures.c
  files.c svc_log_file.c)
target_link_libraries(sluss_core PUBLIC sluss_flags sluss_proto sluss_ipc sluss_event sluss_base sluss_crypto sluss_statement
  sluss_policy sluss_policy_loader sluss_store sluss_log sluss_log_record sluss_persons sluss_ca sluss_sessions
  PRIVATE sluss_no_cast_qual PkgConfig::SODIUM Threads::Threads)
target_include_directories(sluss_core PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/gateway ${CMAKE_CURRENT_SOURCE_DIR})
